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
