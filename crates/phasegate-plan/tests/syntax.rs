//! What people get wrong in a document's syntax is told with its place, in plain words, and with what to
//! write instead.

use phasegate_plan::{Code, PlanDocument, check};

/// File name, text, code, line and column, a part of the message, a part of the help.
type Row = (
    &'static str,
    &'static str,
    Code,
    (u32, u32),
    &'static str,
    &'static str,
);

const ROWS: &[Row] = &[
    (
        "a.yaml",
        "holidays: [\n  - a\n",
        Code::Syntax,
        (2, 3),
        "a bracket that was opened before this is not closed",
        "close it",
    ),
    (
        "a.yaml",
        "channels:\n  - {id: pay, binding: mail, to: #pay}\n  - {id: b, binding: mail}\nowner: x\n",
        Code::Syntax,
        (2, 34),
        "begins a comment",
        "quote the text that begins with '#'",
    ),
    (
        "a.yaml",
        "a:\n\t- b\n",
        Code::Syntax,
        (2, 1),
        "a tab",
        "two blanks",
    ),
    (
        "a.yaml",
        "phases:\n  - id: a\n\ttitle: x\n",
        Code::Syntax,
        (3, 1),
        "a tab",
        "two blanks",
    ),
    (
        "a.yaml",
        "a: |\n\tx\n",
        Code::Syntax,
        (2, 1),
        "a tab",
        "two blanks",
    ),
    (
        "a.yaml",
        "title: Canary: first part\n",
        Code::Syntax,
        (1, 14),
        "a colon and a blank",
        "title: \"Canary: first part\"",
    ),
    (
        "a.yaml",
        "phases:\n  - title: X: it's\n",
        Code::Syntax,
        (2, 13),
        "a colon and a blank",
        "title: 'X: it''s'",
    ),
    (
        "a.yaml",
        "a:\n  - b\n c: d\n",
        Code::Syntax,
        (3, 2),
        "indented by 1",
        "alike",
    ),
    (
        "a.yaml",
        "a:\n  b: 1\n   c: 2\n",
        Code::Syntax,
        (3, 4),
        "indented by 3, the one before by 2",
        "alike",
    ),
    (
        "a.yaml",
        "a:\n   b: 1\n  c: 2\n",
        Code::Syntax,
        (3, 3),
        "indented by 2",
        "alike",
    ),
    (
        "a.yaml",
        "a: b\n- c\n",
        Code::Syntax,
        (2, 1),
        "a list item among the keys",
        "indented further",
    ),
    (
        "a.yaml",
        "a: {b: c} d\n",
        Code::Syntax,
        (1, 11),
        "the value ends before this",
        "quote the whole text",
    ),
    (
        "a.yaml",
        "b: c\nkey:value\nd: e\n",
        Code::Syntax,
        (2, 1),
        "blank is missing behind the colon",
        "'key: value'",
    ),
    (
        "a.yaml",
        "key:value\nb: c\n",
        Code::Syntax,
        (2, 2),
        "no blank behind its colon",
        "'key: value'",
    ),
    (
        "a.yaml",
        "a:\n- b\nc\n",
        Code::Syntax,
        (3, 1),
        "neither a key nor a list item",
        "key: value",
    ),
    (
        "a.yaml",
        "- a\nb: c\n",
        Code::Syntax,
        (2, 1),
        "a list item begins with '- '",
        "'- '",
    ),
    (
        "a.yaml",
        "a: - b\n",
        Code::Syntax,
        (1, 4),
        "behind a key on the same line",
        "[a, b]",
    ),
    (
        "a.yaml",
        "a: @lead\n",
        Code::Syntax,
        (1, 4),
        "'@' has a meaning of its own",
        "\"@lead\"",
    ),
    (
        "a.yaml",
        "a: %x\n",
        Code::Syntax,
        (1, 4),
        "'%' has a meaning of its own",
        "\"%x\"",
    ),
    (
        "a.yaml",
        "a: > 5%\n",
        Code::Syntax,
        (1, 4),
        "'>' has a meaning of its own",
        "\"> 5%\"",
    ),
    (
        "a.yaml",
        "a: b\u{0}c\n",
        Code::Syntax,
        (1, 5),
        "U+0000 is a control character",
        "remove it",
    ),
    (
        "a.yaml",
        "a: \"x\nb: c\n",
        Code::Syntax,
        (1, 4),
        "not closed on its line",
        "closing quote",
    ),
    (
        "a.yaml",
        "a: 'it's fine'\nb: c\n",
        Code::Syntax,
        (1, 8),
        "the quoted text ends before this",
        "twice ('')",
    ),
    (
        "a.yaml",
        "a: \"C:\\path\"\n",
        Code::Syntax,
        (1, 7),
        "a backslash begins an escape",
        "single quotes",
    ),
    (
        "a.yaml",
        "a: [1, 2\nb: 3\n",
        Code::Syntax,
        (2, 2),
        "not closed, or a comma is missing",
        "close it",
    ),
    (
        "a.yaml",
        "a: {x: 1\nb: 3\n",
        Code::Syntax,
        (2, 2),
        "not closed, or a comma is missing",
        "close it",
    ),
    (
        "a.yaml",
        "a: [1]]\n",
        Code::Syntax,
        (1, 7),
        "a bracket is closed that nothing opened",
        "remove it",
    ),
    (
        "a.yaml",
        "a: [1}\n",
        Code::Syntax,
        (1, 4),
        "'[' is closed by '}'",
        "[ is closed by ]",
    ),
    (
        "a.yaml",
        "a: b\n<<<<<<< HEAD\nc: d\n=======\nc: e\n>>>>>>> other\n",
        Code::Syntax,
        (2, 1),
        "an unsettled merge",
        "keep one side",
    ),
    (
        "a.json",
        "{\"a\": 1, // why\n \"b\": 2}\n",
        Code::Syntax,
        (1, 10),
        "JSON has no comments",
        "YAML",
    ),
    (
        "a.json",
        "/* why */\n{\"a\": \"http://x\"}\n",
        Code::Syntax,
        (1, 1),
        "JSON has no comments",
        "YAML",
    ),
    (
        "a.json",
        "{\n  \"a\": \"x # y\", # why\n  \"b\": 2\n}\n",
        Code::Syntax,
        (2, 17),
        "JSON has no comments",
        "YAML",
    ),
    (
        "a.json",
        "{\"a\": 1,\n \"b\": [1, 2,]}\n",
        Code::Syntax,
        (2, 13),
        "not JSON: expected value",
        "name the file .yaml",
    ),
    (
        "a.json",
        "{\"é\": 'b'}\n",
        Code::Syntax,
        (1, 7),
        "not JSON: expected value",
        "double quotes",
    ),
    (
        "a.json",
        "{a: 1}\n",
        Code::Syntax,
        (1, 2),
        "not JSON: key must be a string",
        "double quotes",
    ),
    (
        "a.json",
        "a:\n  - b\n",
        Code::Syntax,
        (1, 1),
        "not JSON: expected value",
        "name the file .yaml",
    ),
    (
        "a.json",
        "{\"a\": &x 1, \"b\": *x}\n",
        Code::Syntax,
        (1, 7),
        "not JSON: expected value",
        "name the file .yaml",
    ),
    (
        "a.json",
        "\u{feff}{\"a\": 01}\n",
        Code::Syntax,
        (1, 9),
        "not JSON: invalid number",
        "name the file .yaml",
    ),
    (
        "a.yaml",
        "a: b\rc: d\r  e: f\r",
        Code::Syntax,
        (3, 3),
        "indented by 2",
        "alike",
    ),
    (
        "a.yaml",
        "bog\u{1b}us: 1\n",
        Code::Syntax,
        (1, 4),
        "U+001B is a control character",
        "remove it",
    ),
    (
        "a.json",
        "{\"a\": 1 \"b\": 2}\n",
        Code::Syntax,
        (1, 12),
        "a comma is missing",
        "','",
    ),
];

#[test]
fn a_slip_is_told_with_its_place_and_with_what_to_write_instead() {
    let mut wrong = Vec::new();
    for (name, text, code, (line, column), message, help) in ROWS {
        let found = check(&PlanDocument::read(name, text.as_bytes()), None).faults;
        let fits = found.iter().any(|fault| {
            let place = fault.place.as_ref();
            let here = place.is_some_and(|place| (place.line, place.column) == (*line, *column));
            let helps = fault.help.as_deref().unwrap_or_default().contains(help);
            fault.code == *code && here && fault.message.contains(message) && helps
        });
        if !fits || found.of(Code::Syntax).count() != 1 {
            wrong.push(format!("{text:?} in {name}\n{}", found.render()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_merge_of_maps_is_refused_with_what_to_write_instead() {
    let text = "format: phasegate-plan/1\nid: x\ntitle: X\nphases: [&a {id: a, title: A, outline: true}, {<<: *a, id: b}]\n";
    let found = check(&PlanDocument::read("a.yaml", text.as_bytes()), None).faults;
    let fault = found.of(Code::UnknownKey).next().expect("a fault");
    let help = fault.help.as_deref().unwrap_or_default();
    assert!(
        help.contains("maps are not merged here"),
        "{}",
        found.render()
    );
}

#[test]
fn what_is_no_comment_in_json_is_read() {
    for text in [
        "{\"a\": \"http://x\", \"b\": \"/* x */\", \"c\": \"\\\"// x\", \"d\": \"#5\"}",
        "{\n\t\"format\": \"phasegate-plan/1\",\n\t\"id\": \"x\"\n}\n",
    ] {
        let found = check(&PlanDocument::read("a.json", text.as_bytes()), None).faults;
        assert_eq!(
            found.of(Code::Syntax).count(),
            0,
            "{text}\n{}",
            found.render()
        );
    }
}

#[test]
fn utf_16_is_named_and_what_to_do_about_it() {
    let text = "format: phasegate-plan/1\nid: x\ntitle: X\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let marked = |mark: [u8; 2], bytes: &[u8]| [&mark, bytes].concat();
    for bytes in [
        marked([0xff, 0xfe], &little),
        marked([0xfe, 0xff], &big),
        little.clone(),
        big.clone(),
    ] {
        for name in ["a.yaml", "a.json", "a.toml"] {
            let found = check(&PlanDocument::read(name, &bytes), None).faults;
            assert_eq!(found.len(), 1, "{}", found.render());
            let fault = found.of(Code::NotUtf8).next().expect("a fault");
            assert_eq!(fault.message, "the document is UTF-16");
            assert_eq!(fault.help.as_deref(), Some("save it as UTF-8"));
        }
    }
}

#[test]
fn a_byte_order_mark_is_read_over_in_every_format() {
    for (name, text) in [
        (
            "a.yaml",
            "format: phasegate-plan/1\nid: x\ntitle: X\nphases: [{id: a, title: A, outline: true}]\n",
        ),
        (
            "a.json",
            "{\"format\": \"phasegate-plan/1\", \"id\": \"x\", \"title\": \"X\", \"phases\": [{\"id\": \"a\", \"title\": \"A\", \"outline\": true}]}",
        ),
        (
            "a.toml",
            "format = \"phasegate-plan/1\"\nid = \"x\"\ntitle = \"X\"\nphases = [{id = \"a\", title = \"A\", outline = true}]\n",
        ),
    ] {
        let found = check(
            &PlanDocument::read(name, format!("\u{feff}{text}").as_bytes()),
            None,
        );
        assert!(found.plan.is_some(), "{name}\n{}", found.faults.render());
    }
}

#[test]
fn a_tag_is_told_where_it_stands() {
    for (text, place) in [
        ("a: !mine b\n", (1, 4)),
        ("a: !mine &x b\n", (1, 4)),
        ("a: &x !mine b\n", (1, 7)),
        ("a: !mine\n  b: c\n", (1, 4)),
        ("a: [!mine {b: c}]\n", (1, 5)),
        ("a: !mine\nb: c\n", (1, 4)),
    ] {
        let found = check(&PlanDocument::read("a.yaml", text.as_bytes()), None).faults;
        let places = found
            .of(Code::TagNotAllowed)
            .filter_map(|fault| fault.place.as_ref());
        let places: Vec<_> = places
            .map(|place| (place.line, place.column, place.width))
            .collect();
        assert_eq!(
            places,
            [(place.0, place.1, 5)],
            "{text:?}\n{}",
            found.render()
        );
    }
}

#[test]
fn a_key_that_is_too_long_is_told_so() {
    let text = format!("a: b\n{}: c\n", "k".repeat(1025));
    let found = check(&PlanDocument::read("a.yaml", text.as_bytes()), None).faults;
    let told: Vec<&str> = found
        .of(Code::Syntax)
        .map(|fault| fault.message.as_str())
        .collect();
    assert_eq!(told, ["a key has 1024 characters at most"]);
}

#[test]
fn the_escapes_of_json_are_read() {
    let text = "{\"title\": \"\\ud83d\\ude00 \\/ \\u00e9\"}";
    let document = PlanDocument::read("a.json", text.as_bytes());
    let found = check(&document, None).faults;
    assert_eq!(found.of(Code::Syntax).count(), 0, "{}", found.render());
    let title = document.value_at("/title");
    assert_eq!(
        title,
        Some(phasegate_plan::Value::Text("\u{1f600} / é".to_owned()))
    );
}

#[test]
fn what_is_no_key_and_what_stands_twice_is_told_with_what_to_write() {
    for (text, code, help) in [
        (
            "subject: {{plan}} begins\n",
            Code::KeyNotText,
            "quote a text",
        ),
        ("a: 1\na: 2\n", Code::DuplicateKey, "remove one"),
    ] {
        let found = check(&PlanDocument::read("a.yaml", text.as_bytes()), None).faults;
        let one = found.of(code).next();
        let helped = one.and_then(|fault| fault.help.as_deref());
        assert!(
            helped.is_some_and(|said| said.contains(help)),
            "{}",
            found.render()
        );
    }
}

#[test]
fn every_fault_of_reading_says_how_to_mend_it() {
    let long = format!("title: {}\n", "x".repeat(70_000));
    let deep = "[".repeat(100);
    for (name, text) in [
        ("a.yaml", "id: x\ntitle: X\n"),
        ("a.yaml", "title: *x\n"),
        ("a.yaml", "a: 1\na: 2\n"),
        ("a.yaml", "title: !mine x\n"),
        ("a.yaml", "title: a\n---\ntitle: b\n"),
        ("a.yaml", "title: [a\n"),
        ("a.yaml", "outline: {a: b\n"),
        ("a.yaml", "phases: [{id: a, title: A, outline: perhaps}]\n"),
        ("a.yaml", ""),
        ("a.yaml", &long),
        ("a.yaml", &deep),
        ("a.json", "{\"title\": \"x\",,}"),
        ("a.json", "{\"title\": \"x\"}x"),
        ("a.toml", "title = \"x\ny = 1\n"),
        ("a.toml", "a = 1\na = 2\n"),
        ("a.toml", &format!("title = {deep}")),
    ] {
        let found = check(&PlanDocument::read(name, text.as_bytes()), None).faults;
        let silent = found.iter().find(|fault| fault.help.is_none());
        let shown: String = text.chars().take(60).collect();
        assert!(silent.is_none(), "{name} {shown}: {silent:?}");
        assert!(found.has_errors(), "{name} {shown}");
    }
    let found = check(&PlanDocument::read("a.yaml", b"id: x\ntitle: X\n"), None).faults;
    let helps: Vec<&str> = found
        .iter()
        .filter_map(|fault| fault.help.as_deref())
        .collect();
    assert!(
        helps.contains(&"add 'format: phasegate-plan/1'"),
        "{helps:?}"
    );
}
