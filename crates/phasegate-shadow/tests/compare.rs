//! What counts as different, row by row.

#![expect(clippy::panic, reason = "helpers beside the tests")]

use phasegate_core::Span;
use phasegate_shadow::{
    Answer, BodyRules, DifferenceKind, RecordError, Records, Rules, compare, compare_records,
};

fn answer(status: u16, headers: &[(&str, &str)], body: &str, millis: u64) -> Answer {
    Answer {
        status,
        headers: headers
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect(),
        body: body.as_bytes().to_vec(),
        latency: Span::from_millis(millis),
    }
}

fn rules(text: &str) -> Rules {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The differences of two bodies as text.
fn bodies(old: &str, new: &str, body_rules: &str) -> Vec<String> {
    let rules = rules(&format!(r#"{{"body": {body_rules}}}"#));
    let found = compare(&answer(200, &[], old, 1), &answer(200, &[], new, 1), &rules);
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn json_is_compared_by_meaning() {
    let rows: &[(&str, &str, &str, &[&str])] = &[
        (r#"{"a":1,"b":2}"#, r#"{"b":2, "a":1.0}"#, "{}", &[]),
        (r#"{"a":1}"#, r#"{"a":2}"#, "{}", &["body/a: 1 became 2"]),
        (r#"{"a":1}"#, r#"{}"#, "{}", &["body/a: 1 became nothing"]),
        (
            r#"{}"#,
            r#"{"a":null}"#,
            "{}",
            &["body/a: nothing became null"],
        ),
        (
            r#"{"a":"1"}"#,
            r#"{"a":1}"#,
            "{}",
            &["body/a: \"1\" became 1"],
        ),
        (
            "[1,2]",
            "[2,1]",
            "{}",
            &["body/0: 1 became 2", "body/1: 2 became 1"],
        ),
        ("[1,2]", "[1]", "{}", &["body/1: 2 became nothing"]),
        (
            "9007199254740993",
            "9007199254740992",
            "{}",
            &["body: 9007199254740993 became 9007199254740992"],
        ),
        (r#""\u0061""#, r#""a""#, "{}", &[]),
        (
            r#"{"a/b":{"c~d":1}}"#,
            r#"{"a/b":{"c~d":2}}"#,
            "{}",
            &["body/a~1b/c~0d: 1 became 2"],
        ),
        (
            r#"{"a/b":{"c~d":1}}"#,
            r#"{"a/b":{"c~d":2}}"#,
            r#"{"ignore":["/a~1b/c~0d"]}"#,
            &[],
        ),
        (
            r#"{"i":[{"t":1,"v":1},{"t":2,"v":1}]}"#,
            r#"{"i":[{"t":8,"v":1},{"t":9,"v":2}]}"#,
            r#"{"ignore":["/i/*/t"]}"#,
            &["body/i/1/v: 1 became 2"],
        ),
        (
            r#"{"i":{"x":{"t":1}}}"#,
            r#"{"i":{}}"#,
            r#"{"ignore":["/i/x"]}"#,
            &[],
        ),
        (
            r#"{"s":1.00}"#,
            r#"{"s":1.05}"#,
            r#"{"tolerances":{"/s":{"absolute":"0.05"}}}"#,
            &[],
        ),
        (
            r#"{"s":1.00}"#,
            r#"{"s":1.06}"#,
            r#"{"tolerances":{"/s":{"absolute":"0.05"}}}"#,
            &["body/s: 1 became 1.06"],
        ),
        (
            r#"{"s":"a"}"#,
            r#"{"s":1}"#,
            r#"{"tolerances":{"/s":{"absolute":"100"}}}"#,
            &["body/s: \"a\" became 1"],
        ),
        (
            "[3,1,2]",
            "[1,2,3]",
            r#"{"unordered":[]}"#,
            &[
                "body/0: 3 became 1",
                "body/1: 1 became 2",
                "body/2: 2 became 3",
            ],
        ),
        (
            r#"{"l":[1,1,2]}"#,
            r#"{"l":[2,1,3]}"#,
            r#"{"unordered":[{"at":"/l"}]}"#,
            &["body/l[1]: 1 became nothing", "body/l[3]: nothing became 3"],
        ),
        (
            r#"{"h":[{"id":1,"s":5},{"id":2,"s":6}]}"#,
            r#"{"h":[{"id":2,"s":6},{"id":3,"s":5}]}"#,
            r#"{"unordered":[{"at":"/h","key":"/id"}]}"#,
            &[
                "body/h[1]: {\"id\":1,\"s\":5} became nothing",
                "body/h[3]: nothing became {\"id\":3,\"s\":5}",
            ],
        ),
        (
            r#"{"h":[{"id":1,"s":5},{"id":1,"s":6}]}"#,
            r#"{"h":[{"id":1,"s":5}]}"#,
            r#"{"unordered":[{"at":"/h","key":"/id"}]}"#,
            &["body/h[1]: [{\"id\":1,\"s\":5},{\"id\":1,\"s\":6}] became [{\"id\":1,\"s\":5}]"],
        ),
        (
            r#"{"h":[{"id":1,"s":5.0},{"id":2,"s":7}]}"#,
            r#"{"h":[{"id":2,"s":7},{"id":1,"s":5.4}]}"#,
            r#"{"unordered":[{"at":"/h","key":"/id"}],"tolerances":{"/h/*/s":{"absolute":"0.5"}}}"#,
            &[],
        ),
        ("not json", "not json", "{}", &[]),
        ("not json", "{}", "{}", &["body: not json became {}"]),
        (
            r#"{"a":1,"a":2}"#,
            r#"{"a":2}"#,
            "{}",
            &[r#"body: {"a":1,"a":2} became {"a":2}"#],
        ),
        ("x", "y", r#"{"ignore_all":true}"#, &[]),
        ("", "", "{}", &[]),
    ];
    for (old, new, body_rules, wanted) in rows {
        assert_eq!(
            bodies(old, new, body_rules),
            *wanted,
            "{old} {new} {body_rules}"
        );
    }
}

#[test]
fn status_headers_and_latency_follow_their_rules() {
    let old = answer(
        200,
        &[
            ("Content-Type", "text/plain"),
            ("date", "1"),
            ("vary", "a"),
            ("Vary", "b"),
        ],
        "x",
        100,
    );
    let new = answer(
        204,
        &[
            ("content-type", " text/plain "),
            ("date", "2"),
            ("vary", "a, b"),
        ],
        "x",
        151,
    );
    for (text, wanted) in [
        ("{}", vec!["status"]),
        (r#"{"status":"class"}"#, vec![]),
        (
            r#"{"status":"ignore","headers":{"only":["Content-Type","VARY"]}}"#,
            vec![],
        ),
        (
            r#"{"status":"ignore","headers":{"all-but":[]}}"#,
            vec!["header date"],
        ),
        (
            r#"{"status":"ignore","headers":{"all-but":["Date"]}}"#,
            vec![],
        ),
        (
            r#"{"status":"ignore","latency":{"percent_max":150,"grace":"1ms"}}"#,
            vec![],
        ),
        (
            r#"{"status":"ignore","latency":{"percent_max":150,"grace":"0ms"}}"#,
            vec!["latency"],
        ),
    ] {
        let found = compare(&old, &new, &rules(text));
        let places: Vec<String> = found.iter().map(|d| d.place.to_string()).collect();
        assert_eq!(places, wanted, "{text}");
    }
    for bad in [
        r#"{"statu":"exact"}"#,
        r#"{"body":{"ignore":["items"]}}"#,
        r#"{"body":{"ignore":["/a~3"]}}"#,
    ] {
        assert!(serde_json::from_str::<Rules>(bad).is_err(), "{bad}");
    }
}

#[test]
fn hostile_bodies_end_as_a_difference() {
    let deep = "[".repeat(100_000);
    let nested = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    for hostile in [
        deep.as_str(),
        &nested,
        "1e999999999999",
        "\u{0}",
        "{\"a\":",
        "nul",
        "[1,]",
    ] {
        let found = compare(
            &answer(200, &[], hostile, 1),
            &answer(200, &[], "{}", 1),
            &Rules::default(),
        );
        assert_eq!(found.len(), 1, "{hostile:.20}");
        assert_eq!(found[0].kind, DifferenceKind::Value);
        assert!(
            found[0]
                .old
                .as_ref()
                .is_some_and(|old| old.chars().count() <= 201)
        );
    }
    let bytes = Answer {
        body: vec![0xff; 9],
        ..Answer::default()
    };
    let found = compare(&bytes, &Answer::default(), &Rules::default());
    assert_eq!(found[0].to_string(), "body: 9 bytes became ");
}

#[test]
fn records_are_paired_by_key_from_arrays_and_lines() {
    let key = "/issue/number".parse().expect("a path");
    let old = br#"
{"issue":{"number":1},"labels":["a","b"],"assignee":"ann"}
{"issue":{"number":2},"labels":["a"],"assignee":null}

{"issue":{"number":3},"labels":[],"assignee":"bob"}
"#;
    let new = br#"[{"issue":{"number":2},"labels":["a"],"assignee":"eve"},
        {"issue":{"number":1},"labels":["b","a"],"assignee":"ann"},
        {"issue":{"number":4},"labels":[]}]"#;
    let rules: BodyRules =
        serde_json::from_str(r#"{"unordered":[{"at":"/labels"}]}"#).expect("rules");
    let (old, new) = (
        Records::read(old, &key).expect("records"),
        Records::read(new, &key).expect("records"),
    );
    assert_eq!((old.len(), new.len(), old.is_empty()), (3, 3, false));
    let found = compare_records(&old, &new, &rules);
    let kinds: Vec<(&str, Vec<DifferenceKind>)> = found
        .iter()
        .map(|(k, d)| (k.as_str(), d.iter().map(|d| d.kind).collect()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("1", vec![]),
            ("2", vec![DifferenceKind::Type]),
            ("3", vec![DifferenceKind::Removed]),
            ("4", vec![DifferenceKind::Added]),
        ]
    );
    for (text, error) in [
        ("{\"a\":1}\n{\"issue\"", "record 2"),
        ("{\"a\":1}", "record 1 has no text or number"),
        (
            "[{\"issue\":{\"number\":1}},{\"issue\":{\"number\":1.0}}]",
            "record 2 has the key '1'",
        ),
    ] {
        let found = Records::read(text.as_bytes(), &key)
            .expect_err("an error")
            .to_string();
        assert!(found.starts_with(error), "{found}");
    }
    let wild = Records::read(b"", &"/a/*".parse().expect("a path"));
    assert!(matches!(wild, Err(RecordError::Wild { .. })));
}
