//! Hostile documents meet a limit, and get a clear answer.

use phasegate_plan::{Code, Format, Limits, PlanDocument, Severity, check};

fn codes(name: &str, bytes: &[u8]) -> Vec<Code> {
    let document = PlanDocument::read(name, bytes);
    check(&document, None)
        .faults
        .iter()
        .map(|fault| fault.code)
        .collect()
}

#[test]
fn too_much_of_anything_has_a_fault_of_its_own() {
    let deep_yaml = format!("a: {}{}", "[".repeat(80), "]".repeat(80));
    let deep_block: String = (0..80)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    let deep_toml = format!("a = {}{}", "[".repeat(70), "]".repeat(70));
    // What the reader of TOML would overflow the stack with.
    let deeper_toml = format!("a = {}{}", "[".repeat(500_000), "]".repeat(500_000));
    let unclosed_toml = format!("a = {}", "{a = ".repeat(500_000));
    let laughs = (1..10).fold(
        "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(),
        |text, n| {
            let alias = format!("*a{}", n - 1);
            let list = [alias.as_str(); 9].join(", ");
            format!("{text}a{n}: &a{n} [{list}]\n")
        },
    );
    let aliases = format!("a: &a x\nb:\n{}", "  - *a\n".repeat(1001));
    let long = format!("title: {}", "x".repeat(70_000));
    let large = vec![b'#'; (8 << 20) + 1];
    for (name, bytes, code) in [
        ("a.yaml", deep_yaml.as_bytes(), Code::TooDeep),
        ("a.json", deep_yaml.as_bytes(), Code::TooDeep),
        ("a.yaml", deep_block.as_bytes(), Code::TooDeep),
        ("a.toml", deep_toml.as_bytes(), Code::TooDeep),
        ("a.toml", deeper_toml.as_bytes(), Code::TooDeep),
        ("a.toml", unclosed_toml.as_bytes(), Code::TooDeep),
        ("a.yaml", laughs.as_bytes(), Code::ExpansionTooLarge),
        ("a.yaml", aliases.as_bytes(), Code::TooManyAliases),
        ("a.yaml", long.as_bytes(), Code::TextTooLong),
        ("a.yaml", large.as_slice(), Code::TooLarge),
        ("a.yaml", b"title: \xff\xfe".as_slice(), Code::NotUtf8),
    ] {
        let found = codes(name, bytes);
        assert!(found.contains(&code), "{name}: {found:?}, not {code}");
    }
    let limits = Limits::default().with_values_max(100);
    let many = format!("a: [{}]", "x, ".repeat(200));
    let document = PlanDocument::read_with("a.yaml", many.as_bytes(), Format::Yaml, limits);
    let found = check(&document, None).faults;
    assert_eq!(found.of(Code::TooManyValues).count(), 1);
}

/// A small plan, filled up to so many bytes with texts as long as they may be.
fn filled(bytes: usize) -> String {
    let mut text = String::from(
        "format: phasegate-plan/1\nid: x\ntitle: X\nphases:\n  - id: a\n    title: A\n    outline: true\n    objectives:\n",
    );
    let longest = "x".repeat(64 << 10);
    while text.len() + longest.len() + 10 < bytes {
        text.push_str(&format!("      - {longest}\n"));
    }
    text.push_str(&"#".repeat(bytes - text.len()));
    text
}

#[test]
fn eight_mebibytes_are_read_and_one_byte_more_is_not() {
    for (bytes, wanted) in [(8 << 20, None), ((8 << 20) + 1, Some(Code::TooLarge))] {
        let found = codes("a.yaml", filled(bytes).as_bytes());
        assert_eq!(found.first().copied(), wanted, "{found:?}");
    }
}

#[test]
fn the_largest_of_anything_is_read_and_one_more_is_told_with_its_place_and_number() {
    let head =
        "format: phasegate-plan/1\nid: x\ntitle: X\nphases: [{id: a, title: A, outline: true}]\n";
    let config = |inner: &str| format!("{head}references: [{{title: R, link: {inner}}}]\n");
    let nested = |levels: usize| {
        let levels = levels - 3;
        config(&format!("{}{}", "[".repeat(levels), "]".repeat(levels)))
    };
    let text = |bytes: usize| config(&"x".repeat(bytes));
    let aliases = |count: usize| {
        let list = ["*a"; 3000].get(..count).unwrap_or_default().join(", ");
        format!("{head}owner: &a x\nroles: [{list}]\n")
    };
    let expanded = |count: usize| {
        let list = ["x"; 999].join(", ");
        let all = ["*a"; 1000].get(..count).unwrap_or_default().join(", ");
        format!("{head}roles: &a [{list}]\nkpis: [{all}]\n")
    };
    for (most, over, code, number) in [
        (nested(64), nested(65), Code::TooDeep, "64"),
        (
            text(64 << 10),
            text((64 << 10) + 1),
            Code::TextTooLong,
            "65536",
        ),
        (aliases(1000), aliases(1001), Code::TooManyAliases, "1000"),
        (
            expanded(99),
            expanded(100),
            Code::ExpansionTooLarge,
            "100000",
        ),
    ] {
        let within = codes("a.yaml", most.as_bytes());
        assert!(!within.contains(&code), "{code}: {within:?}");
        let document = PlanDocument::read("a.yaml", over.as_bytes());
        let faults = check(&document, None).faults;
        let fault = faults.of(code).next();
        let told =
            fault.is_some_and(|fault| fault.message.contains(number) && fault.place.is_some());
        assert!(told, "{code}: {}", faults.render());
    }
}

#[test]
fn what_is_within_the_limits_is_read() {
    let deep = format!("a: {}{}", "[".repeat(60), "]".repeat(60));
    let shared = "a: &a [x, y]\nb: [*a, *a]\n";
    for text in [deep.as_str(), shared] {
        let found = codes("a.yaml", text.as_bytes());
        assert!(found.iter().all(|code| code.id() >= "PG100"), "{found:?}");
    }
}

#[test]
fn a_document_of_many_faults_is_answered_within_bounds() {
    let wrong = format!("phases:\n{}", "  - {id: 'a b', tittle: x}\n".repeat(20_000));
    let document = PlanDocument::read("a.yaml", wrong.as_bytes());
    let found = check(&document, None).faults;
    assert!((1_000..=40_000).contains(&found.len()), "{}", found.len());
    assert!(found.render().len() < 32 << 20);
}

#[test]
fn a_single_line_of_many_faults_is_answered_within_bounds_and_shows_what_is_meant() {
    let head = "{\"format\": \"phasegate-plan/1\", \"id\": \"é\", \"phases\": [";
    let phase = "{\"id\": \"a b\", \"tittle\": \"é\", \"colour\": 1},";
    for (name, line) in [
        (
            "phases",
            format!("{head}{}]}}", phase.repeat(45_000).trim_end_matches(',')),
        ),
        ("keys", {
            let keys = (0..400_000).map(|n| format!("\"k{n}\": 1,"));
            format!("{{{}\"id\": 1}}", keys.collect::<String>())
        }),
    ] {
        assert!(line.len() < 8 << 20, "{name}");
        let document = PlanDocument::read("a.json", line.as_bytes());
        let found = check(&document, None).faults;
        assert!(
            (1_000..=40_000).contains(&found.len()),
            "{name}: {}",
            found.len()
        );
        assert!(found.render().len() < 32 << 20, "{name}");
        for fault in found.iter().step_by(100) {
            let place = fault.place.as_ref().expect("a place");
            let byte = usize::try_from(place.start).expect("in range");
            let column = line.get(..byte).expect("a place").chars().count() + 1;
            assert_eq!(usize::try_from(place.column).expect("in range"), column);
            let offset = usize::try_from(place.column - place.snippet_column).expect("in range");
            let shown: String = place.snippet.chars().skip(offset).take(4).collect();
            assert!(
                line.get(byte..).expect("a place").starts_with(&shown),
                "{fault}: {shown}"
            );
        }
    }
}

#[test]
fn a_plan_with_ten_faults_reports_ten_each_with_line_and_column() {
    let text = "\
format: phasegate-plan/1
id: bad id
title: Ten faults
status: redy
color: red
kpis:
  - {id: errors, shape: ratio, unit: '%', source: m, query: {whole: q}}
phases:
  - id: one
    title: One
    no-way-back: nothing
    steps:
      - id: ramp
        traffic: {binding: edge, target: shop, stages: [5%, 250%, 4%, 100%]}
      - id: idle
        wait: soon
    criteria:
      - ratio(errors) < 5ms
      - ratio(latency) <
    gates:
      - {id: go, approvals: [nobody]}
  - id: two
    title: Two
    outline: maybe
";
    let found = check(&PlanDocument::read("ten.yaml", text.as_bytes()), None).faults;
    let places: Vec<(&str, u32, u32)> = found
        .iter()
        .map(|fault| {
            let place = fault.place.as_ref().expect("a place");
            (fault.code.slug(), place.line, place.column)
        })
        .collect();
    let wanted = [
        ("invalid-id", 2, 5),
        ("unknown-choice", 4, 9),
        ("unknown-key", 5, 1),
        ("invalid-ratio", 14, 61),
        ("invalid-span", 16, 15),
        ("ramp-goes-down", 14, 67),
        ("unit-mismatch", 18, 9),
        ("invalid-criterion", 19, 25),
        ("unknown-role", 21, 30),
        ("invalid-truth", 24, 14),
    ];
    for one in wanted {
        assert!(places.contains(&one), "{one:?}\n{}", found.render());
    }
    let errors = found
        .iter()
        .filter(|fault| fault.severity == Severity::Error);
    assert_eq!(
        (wanted.len(), errors.count()),
        (10, 10),
        "{}",
        found.render()
    );
}

#[test]
fn a_fault_is_shown_with_its_line_and_what_is_meant_on_it() {
    let text = "format: phasegate-plan/1\nid: x\ntitle: X\nstatus: redy\nphases: [{id: a, title: A, outline: true}]\n";
    let found = check(&PlanDocument::read("p.yaml", text.as_bytes()), None).faults;
    let shown = "\
error[PG105 unknown-choice]: 'redy' is no choice here
 --> p.yaml:4:9
  |
4 | status: redy
  |         ^^^^
  = help: did you mean 'ready'?

1 error, 0 warnings
";
    assert_eq!(found.render(), shown);
    let json = serde_json::to_value(&found).expect("json");
    let first = json.get(0).expect("a fault");
    assert_eq!(
        first.get("code").and_then(|code| code.as_str()),
        Some("PG105")
    );
    assert_eq!(
        first
            .pointer("/place/line")
            .and_then(serde_json::Value::as_u64),
        Some(4)
    );
    assert_eq!(
        first.get("pointer").and_then(|at| at.as_str()),
        Some("/status")
    );
}

/// Each of these took seconds and gigabytes at 8 MiB; the answer must be a few faults, however long the
/// document is.
#[test]
fn what_would_cost_the_reader_most_is_refused_with_few_faults() {
    let dotted: String = (0..30_000)
        .map(|n| format!("a{n}.b.c.d.e.f.g.h.i.j.k.l=1\n"))
        .collect();
    for (name, text, code) in [
        ("signs.toml", "=".repeat(200_000), Code::Syntax),
        (
            "more signs.toml",
            "=".repeat(4_000_001),
            Code::TooManyValues,
        ),
        ("words.toml", "x\n".repeat(200_000), Code::Syntax),
        ("dotted.toml", dotted, Code::TooManyValues),
        (
            "headers.toml",
            "[[a.b.c.d.e.f]]\n".repeat(40_000),
            Code::TooManyValues,
        ),
        ("twice.toml", "a=1\n".repeat(50_000), Code::DuplicateKey),
        (
            "aliases.yaml",
            format!("[{}]", "*a,".repeat(200_000)),
            Code::UnknownAlias,
        ),
        (
            "tags.yaml",
            format!("[{}]", "!x y,".repeat(200_000)),
            Code::TagNotAllowed,
        ),
        ("twice.yaml", "a: 1\n".repeat(200_000), Code::DuplicateKey),
    ] {
        let faults = check(&PlanDocument::read(name, text.as_bytes()), None).faults;
        assert!(faults.of(code).count() > 0, "{name}: {}", faults.len());
        assert!(faults.len() <= 1_010, "{name}: {} faults", faults.len());
        assert!(faults.render().len() < 1 << 20, "{name}");
    }
}

#[test]
fn what_would_steer_a_terminal_is_shown_escaped() {
    let text = "format: phasegate-plan/1\nid: x\ntitle: X\nstatus: \"\\e[2J\u{202e}ydaer\"\nphases: [{id: a, title: A, outline: true}]\n";
    let name = "a\u{1b}[31m.yaml";
    let faults = check(&PlanDocument::read(name, text.as_bytes()), None).faults;
    let shown = faults.render();
    assert!(faults.of(Code::UnknownChoice).count() == 1, "{shown:?}");
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
    assert!(shown.contains("'\\u{1b}[2J\\u{202e}ydaer'"), "{shown:?}");
    assert!(shown.contains("a\\u{1b}[31m.yaml:4:9"), "{shown:?}");
}

const HEAD: &str = "format: phasegate-plan/1\nid: x\ntitle: X\nkpis: [{id: k, shape: gauge, source: m, query: {whole: q}}]\nphases:\n  - {id: a, title: A, outline: true}\n";

#[test]
fn a_hundred_thousand_criteria_are_read_and_one_more_stops_the_reading() {
    let half = format!(
        "  - {{title: G, criteria: [{}]}}\n",
        "k < 5, ".repeat(50_000)
    );
    let plan = |more: &str| format!("{HEAD}goals:\n{half}{half}{more}");
    assert!(codes("a.yaml", plan("").as_bytes()).is_empty());
    // What stands behind it is not looked at: there is one thing to mend first.
    let more = "  - {title: H, criteria: [k < 5]}\nroles: [{id: r, members: [a, a]}]\nalerts: [{id: a, criterion: nobody > 5, respond: [hold]}]\n";
    let document = PlanDocument::read("a.yaml", plan(more).as_bytes());
    let found = check(&document, None).faults;
    let codes: Vec<Code> = found.iter().map(|fault| fault.code).collect();
    assert_eq!(codes, [Code::TooManyValues], "{}", found.render());
    let fault = found.iter().next().map(|fault| fault.pointer.as_str());
    assert_eq!(fault, Some("/goals/2/criteria/0"));
}

#[test]
fn fifty_thousand_items_stand_in_one_place_and_no_more() {
    let items = |count: usize| {
        let list = "x, ".repeat(count);
        let map: String = (0..count).map(|number| format!("k{number}: x, ")).collect();
        let list = format!("{HEAD}roles: [{{id: r, members: [{list}]}}]\n");
        let step = format!("{{id: s, config: {{binding: b, target: t, path: p, set: {{{map}}}}}}}");
        let map = format!("{HEAD}  - {{id: b, title: B, no-way-back: x, steps: [{step}]}}\n");
        [list, map]
    };
    let over = |text: &String| {
        let found = codes("a.yaml", text.as_bytes());
        found
            .iter()
            .filter(|code| **code == Code::TooManyValues)
            .count()
    };
    assert_eq!(items(50_000).each_ref().map(over), [0, 0]);
    assert_eq!(items(50_001).each_ref().map(over), [1, 1]);
}

#[test]
fn keys_of_toml_count_as_values() {
    let limits = Limits::default().with_values_max(99);
    let faults = |count: usize| {
        let text: String = (0..count)
            .map(|number| format!("k{number} = 1\n"))
            .collect();
        let document = PlanDocument::read_with("a.toml", text.as_bytes(), Format::Toml, limits);
        check(&document, None)
            .faults
            .of(Code::TooManyValues)
            .count()
    };
    assert_eq!((faults(49), faults(50)), (0, 1));
}

#[test]
fn a_key_that_stands_twice_in_toml_is_named() {
    let document = PlanDocument::read(
        "a.toml",
        b"id = \"x\"\nid = \"y\"\n[a.b]\nc = 1\n[a.b]\nd = 1\n",
    );
    let faults = check(&document, None).faults;
    let messages: Vec<&str> = faults
        .of(Code::DuplicateKey)
        .map(|fault| &*fault.message)
        .collect();
    let wanted = ["id", "b"].map(|key| format!("the key '{key}' stands here a second time"));
    assert_eq!(messages, wanted);
}

#[test]
fn two_thousand_faults_of_reading_stop_it() {
    let phases = |count: usize| {
        let list = "  - {id: b, title: B, length: 90000bd, outline: true}\n".repeat(count);
        format!("{HEAD}{list}")
    };
    let count = |text: &str, code: Code| {
        let document = PlanDocument::read("a.yaml", text.as_bytes());
        check(&document, None).faults.of(code).count()
    };
    // Up to there all is read, and what it means is looked at.
    let few = phases(1999);
    assert_eq!(count(&few, Code::InvalidMoment), 1999);
    assert!(count(&few, Code::DuplicateId) > 1000);
    let many = phases(5000);
    assert_eq!(count(&many, Code::InvalidMoment), 2000);
    assert_eq!(count(&many, Code::DuplicateId), 0);
}

#[test]
fn keys_that_stand_twice_are_found_in_small_maps_and_in_large_ones() {
    for (name, open, close) in [("a.yaml", "", ""), ("a.json", "{", "}")] {
        for (first, second) in [
            (0, 1),
            (3, 16),
            (15, 17),
            (16, 17),
            (17, 18),
            (0, 400),
            (200, 399),
        ] {
            let keys = (0..=400).map(|number| {
                let number = if number == second { first } else { number };
                format!("\"k{number}\": 1")
            });
            let mark = if open.is_empty() { "\n" } else { ",\n" };
            let text = format!("{open}{}{close}", keys.collect::<Vec<_>>().join(mark));
            let document = PlanDocument::read(name, text.as_bytes());
            let faults = check(&document, None).faults;
            let lines: Vec<u32> = faults
                .of(Code::DuplicateKey)
                .filter_map(|fault| fault.place.as_ref().map(|place| place.line))
                .collect();
            assert_eq!(
                lines,
                [second + 1],
                "{name}: k{first} again as number {second}"
            );
        }
    }
}

#[test]
fn a_variable_that_stands_in_a_message_a_thousand_times_is_told_once() {
    let text = "{{nobody}}{{neither}}".repeat(1000);
    let text = format!("{HEAD}messages: [{{id: m, subject: '{text}'}}]\n");
    let document = PlanDocument::read("a.yaml", text.as_bytes());
    let found = check(&document, None).faults;
    assert_eq!(
        found.of(Code::UnknownVariable).count(),
        2,
        "{}",
        found.render()
    );
}

#[test]
fn what_names_every_phase_is_looked_at_for_each_of_many_phases_and_triggers() {
    // The one that cannot be undone is the last but one: only the last phase can go back over it.
    let phases: String = (0..3000)
        .map(|number| {
            let irreversible = number == 2998;
            format!("  - {{id: p{number}, title: P, no-way-back: x, steps: [{{id: s, irreversible: {irreversible}, wait: 1h}}]}}\n")
        })
        .collect();
    let triggers: String = (0..3000)
        .map(|number| {
            format!("  - {{id: t{number}, criterion: k > 5, respond: [{{rollback: start}}]}}\n")
        })
        .collect();
    let text = format!("{HEAD}{phases}triggers:\n{triggers}");
    let document = PlanDocument::read("a.yaml", text.as_bytes());
    let found = check(&document, None).faults;
    assert_eq!(found.of(Code::RollbackOverIrreversible).count(), 2000);
}

#[test]
fn what_aliases_add_is_counted_in_bytes_too() {
    let text = "x".repeat(60_000);
    let plan = |aliases: usize| {
        let list = vec!["{title: *a}"; aliases].join(", ");
        format!("{HEAD}owner: &a {text}\nreferences: [{list}]\n")
    };
    let over = |aliases: usize| {
        let document = PlanDocument::read("a.yaml", plan(aliases).as_bytes());
        let faults = check(&document, None).faults;
        let found: Vec<&str> = faults
            .of(Code::ExpansionTooLarge)
            .map(|one| &*one.message)
            .collect();
        found.join(", ")
    };
    // 139 times 60 000 bytes are less than eight mebibytes.
    assert_eq!(over(139), "");
    assert_eq!(over(140), "aliases expand to more than 8388608 bytes");
}

#[test]
fn many_warnings_hide_no_error_and_no_warning_of_another_kind() {
    let unsent: String = (0..3_000)
        .map(|number| format!("  - {{id: m{number}, subject: x}}\n"))
        .collect();
    let circle = "  - {id: b, title: B, outline: true, after: [c]}\n  - {id: c, title: C, outline: true, after: [b]}\n";
    let wrong = format!("{HEAD}{circle}messages:\n{unsent}lengths: [5bd, 9bd]\n");
    let checked = check(&PlanDocument::read("a.yaml", wrong.as_bytes()), None);
    assert_eq!(checked.faults.of(Code::UnusedMessage).count(), 2_000);
    assert_eq!(checked.faults.of(Code::LengthsContradict).count(), 1);
    assert_eq!(checked.faults.of(Code::DependencyCycle).count(), 1);
    assert!(checked.plan.is_none());
}

#[test]
fn comparisons_of_long_criteria_count_one_by_one() {
    let criterion = vec!["k < 5"; 400].join(" or ");
    let plan = |criteria: usize| {
        let list = vec![criterion.as_str(); criteria].join(", ");
        format!("{HEAD}goals: [{{title: G, criteria: [{list}]}}]\n")
    };
    assert!(codes("a.yaml", plan(250).as_bytes()).is_empty());
    assert_eq!(codes("a.yaml", plan(251).as_bytes()), [Code::TooManyValues]);
}

#[test]
fn of_many_freezes_around_a_phase_the_first_are_named() {
    let freezes: String = (0..40)
        .map(|number| {
            let title = format!("F{number}{}", "x".repeat(1_000));
            format!("  - {{title: {title}, from: 2026-01-01T00:00:00Z, until: 2026-03-{:02}T00:00:00Z}}\n", number % 28 + 1)
        })
        .collect();
    let phase =
        "  - {id: b, title: B, window: 2026-02-02..2026-02-06, steps: [{id: s, wait: 1h}]}\n";
    let text = format!("{HEAD}{phase}freezes:\n{freezes}");
    let found = check(&PlanDocument::read("a.yaml", text.as_bytes()), None).faults;
    let fault = found.of(Code::PhaseInFreeze).next().expect("a fault");
    let named = fault.message.matches("'F").count();
    assert_eq!(named, 3, "{}", fault.message);
    assert!(
        fault.message.ends_with("and 37 others"),
        "{}",
        fault.message
    );
    assert!(fault.message.len() < 400, "{}", fault.message);
}

#[test]
fn a_number_is_no_longer_than_a_text_may_be() {
    let digits = "9".repeat(Limits::default().text_bytes_max + 1);
    for (name, text) in [
        ("a.yaml", format!("version: {digits}")),
        ("a.json", format!("{{\"version\": {digits}}}")),
        ("a.toml", format!("version = {digits}")),
        ("a.toml", format!("version = {digits}.5")),
    ] {
        let found = check(&PlanDocument::read(name, text.as_bytes()), None).faults;
        assert_eq!(found.of(Code::TextTooLong).count(), 1, "{name}");
    }
}
