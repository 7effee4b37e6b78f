//! Dashboards against what Grafana publishes: the required keys and types of its schema, written down here,
//! and its own types in Python where they are installed.

use std::io::Write as _;
use std::process::{Command, Stdio};

use phasegate_plan::model::{Kpi, KpiShape, Phase, PlanDraft, PlanFormat, Queries};
use phasegate_plan::{Catalog, Plan, PlanDocument, check};
use phasegate_report::View;
use phasegate_report::export::{
    GrafanaDashboard, PrometheusOptions, PrometheusServer, grafana_annotations, grafana_dashboard,
};
use serde_json::Value;

use crate::fixtures;

/// What `dashboard_kind.cue` of Grafana 10.1 requires (Apache-2.0, published as the types of
/// `grafana-foundation-sdk`): path, and of which type. `*` is each of a list.
const SCHEMA: &[(&str, &str)] = &[
    ("uid", "string"),
    ("title", "string"),
    ("editable", "boolean"),
    ("graphTooltip", "0..2"),
    ("schemaVersion", "integer"),
    ("time.from", "string"),
    ("time.to", "string"),
    ("templating.list.*.name", "string"),
    (
        "templating.list.*.type",
        "query|adhoc|constant|datasource|interval|textbox|custom|system",
    ),
    ("templating.list.*.hide", "0..2"),
    ("annotations.list.*.name", "string"),
    ("annotations.list.*.enable", "boolean"),
    ("annotations.list.*.iconColor", "string"),
    ("annotations.list.*.datasource.uid", "string"),
    ("panels.*.id", "integer"),
    ("panels.*.type", "row|stat|timeseries|state-timeline"),
    ("panels.*.title", "string"),
    ("panels.*.gridPos.x", "0..23"),
    ("panels.*.gridPos.y", "integer"),
    ("panels.*.gridPos.w", "1..24"),
    ("panels.*.gridPos.h", "integer"),
];

/// What it requires of a panel that is no row.
const PANEL: &[(&str, &str)] = &[
    ("datasource.type", "prometheus"),
    ("datasource.uid", "string"),
    ("targets.*.refId", "string"),
    ("targets.*.expr", "string"),
    ("fieldConfig.defaults.unit", "string"),
    (
        "fieldConfig.defaults.thresholds.mode",
        "absolute|percentage",
    ),
    ("fieldConfig.defaults.thresholds.steps.*.color", "string"),
    ("fieldConfig.overrides", "list"),
];

fn fits(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64(),
        "list" => value.is_array(),
        range if range.contains("..") => {
            let (low, high) = range.split_once("..").expect("a range");
            let inside = |n: u64| {
                (low.parse().expect("a number")..=high.parse().expect("a number")).contains(&n)
            };
            value.as_u64().is_some_and(inside)
        }
        words => value
            .as_str()
            .is_some_and(|word| words.split('|').any(|one| one == word)),
    }
}

/// Every place of a path that is missing or of another type.
fn misfits(value: &Value, path: &str, kind: &str, wrong: &mut Vec<String>) {
    let Some((first, rest)) = path
        .split_once('.')
        .or((!path.is_empty()).then_some((path, "")))
    else {
        if !fits(value, kind) {
            wrong.push(format!("{value} is no {kind}"));
        }
        return;
    };
    if first == "*" {
        for one in value.as_array().into_iter().flatten() {
            misfits(one, rest, kind, wrong);
        }
        return;
    }
    match value.get(first) {
        Some(one) => misfits(one, rest, kind, wrong),
        None => wrong.push(format!("no {first} for {path} in {value}")),
    }
}

#[track_caller]
fn read(dashboard: &GrafanaDashboard) -> Value {
    let json: Value = serde_json::from_str(&dashboard.text).expect("JSON");
    let mut wrong = Vec::new();
    for (path, kind) in SCHEMA {
        misfits(&json, path, kind, &mut wrong);
    }
    let panels = json.get("panels").and_then(Value::as_array);
    let panels = panels.expect("a list");
    for panel in panels
        .iter()
        .filter(|panel| panel.get("type").is_none_or(|kind| kind != "row"))
    {
        for (path, kind) in PANEL {
            misfits(panel, path, kind, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // No two panels share an id or a place.
    let number = |panel: &Value, key: &str| {
        let place = panel.get("gridPos").and_then(|place| place.get(key));
        place.and_then(Value::as_u64).expect("a number")
    };
    for (count, one) in panels.iter().enumerate() {
        for other in panels.iter().skip(count + 1) {
            assert_ne!(one.get("id"), other.get("id"));
            let apart = |at: &str, size: &str| {
                number(one, at) + number(one, size) <= number(other, at)
                    || number(other, at) + number(other, size) <= number(one, at)
            };
            assert!(apart("x", "w") || apart("y", "h"), "{one} lies on {other}");
        }
        assert!(number(one, "x") + number(one, "w") <= 24);
    }
    json
}

/// Reads the dashboard by Grafana's own types, writes it again, and says what got lost or changed.
const ROUND_TRIP: &str = r#"
import json, sys
try:
    from grafana_foundation_sdk.cog import plugins
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.models.dashboard import Dashboard
except ImportError as error:
    print(f"not there: {error}")
    sys.exit(77)
plugins.register_default_plugins()
given = json.load(sys.stdin)
back = json.loads(JSONEncoder().encode(Dashboard.from_json(given)))
def lost(a, b, at):
    if isinstance(a, dict) and isinstance(b, dict):
        return [x for k in a for x in (lost(a[k], b[k], f"{at}.{k}") if k in b else [f"{at}.{k} is not known"])]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return [x for n, (c, d) in enumerate(zip(a, b)) for x in lost(c, d, f"{at}[{n}]")]
    return [] if a == b else [f"{at}: {a!r} became {b!r}"]
wrong = lost(given, back, "")
print("\n".join(wrong))
sys.exit(1 if wrong else 0)
"#;

/// `None` where the types are not installed. `PHASEGATE_PYTHON` names an interpreter that has them.
fn by_grafanas_types(text: &str) -> Option<Result<(), String>> {
    #[expect(
        clippy::disallowed_methods,
        reason = "which interpreter has the types is up to who runs the test"
    )]
    let python = std::env::var("PHASEGATE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut child = Command::new(python)
        .args(["-c", ROUND_TRIP])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(text.as_bytes())
        .ok();
    let output = child.wait_with_output().expect("it ends");
    let told = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    match output.status.code() {
        Some(77) => None,
        Some(0) => Some(Ok(())),
        _ => Some(Err(told)),
    }
}

#[track_caller]
fn accepted(dashboard: &GrafanaDashboard) -> Value {
    let json = read(dashboard);
    if let Some(found) = by_grafanas_types(&dashboard.text) {
        assert_eq!(found, Ok(()));
        // The comparison can fail.
        let wrong = dashboard.text.replacen("\"gridPos\"", "\"gridPlace\"", 1);
        assert!(by_grafanas_types(&wrong).is_some_and(|found| found.is_err()));
    }
    json
}

fn unified() -> (Plan, PrometheusOptions) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/plans");
    let bytes = |name: &str| std::fs::read(folder.join(name)).expect(name);
    let bindings = Catalog::read("bindings.yaml", &bytes("unified-pipeline.bindings.yaml"));
    let catalog = bindings.catalog.expect("no fault");
    let document = PlanDocument::read("unified-pipeline.yaml", &bytes("unified-pipeline.yaml"));
    let plan = check(&document, Some(&catalog)).plan.expect("no fault");
    (
        plan,
        PrometheusOptions::new().with_catalog(&catalog, "prometheus"),
    )
}

#[test]
fn the_first_plan_that_asked_for_a_dashboard_gets_its_panels() {
    let (plan, options) = unified();
    let dashboard = grafana_dashboard(&plan, &options);
    let json = accepted(&dashboard);
    let panels = json["panels"].as_array().expect("a list");
    let panel = |title: &str| {
        let found = panels.iter().find(|panel| panel["title"] == title);
        found.unwrap_or_else(|| panic!("no panel {title}"))
    };
    // Throughput, the length of both stages, errors by stage, cost for each issue, success rate.
    for (title, unit, lines) in [
        ("Issues an hour", "short", 1),
        ("How long the stage of analysis takes", "s", 1),
        ("How long the stage of preparation takes", "s", 1),
        ("Errors of all issues", "percentunit", 3),
        ("API cost per issue", "currencyUSD", 1),
        ("Issues processed well", "percentunit", 1),
    ] {
        let panel = panel(title);
        assert_eq!(panel["fieldConfig"]["defaults"]["unit"], unit, "{title}");
        assert_eq!(
            panel["targets"].as_array().map(Vec::len),
            Some(lines),
            "{title}"
        );
    }
    let steps =
        |title: &str| panel(title)["fieldConfig"]["defaults"]["thresholds"]["steps"].to_string();
    // Target below 1 %, a trigger above 5 %; target above 95 %.
    assert_eq!(
        steps("Errors of all issues"),
        r#"[{"color":"green","value":null},{"color":"yellow","value":0.01},{"color":"red","value":0.05}]"#
    );
    assert_eq!(
        steps("Issues processed well"),
        r#"[{"color":"yellow","value":null},{"color":"green","value":0.95}]"#
    );
    let variables = json["templating"]["list"].as_array().expect("a list");
    assert_eq!(variables[0]["type"], "datasource");
    let left_out: Vec<&str> = dashboard
        .left_out
        .iter()
        .map(|(what, _)| what.as_str())
        .collect();
    assert!(
        left_out.contains(&"kpi bugs") && !left_out.contains(&"kpi errors"),
        "{left_out:?}"
    );
}

#[test]
fn distributions_and_objectives_have_panels() {
    let text = r#"
format: phasegate-plan/1
id: greeter
title: Greeter 2
kpis:
  - {id: latency, shape: distribution, unit: ms, direction: lower, target: < 200ms, source: metrics, query: {canary: 'latency_bucket{track="canary"}', stable: 'latency_bucket{track="stable"}'}}
  - {id: good, shape: ratio, unit: "%", direction: higher, source: metrics, query: {whole: good_requests}}
  - {id: queue, shape: gauge, source: metrics, query: {whole: queue_length}}
slos: [{id: availability, kpi: good, objective: 99%, period: 30d}]
alerts: [{id: long, criterion: queue warn > 15 crit > 30}]
triggers: [{id: slow, criterion: p95(latency) > 500ms, respond: [hold]}]
phases: [{id: canary, title: Canary, no-way-back: nothing is changed}]
"#;
    let plan = check(&PlanDocument::read("plan.yaml", text.as_bytes()), None)
        .plan
        .expect("no fault");
    let options = PrometheusOptions::new()
        .with_server("metrics".parse().expect("an id"), PrometheusServer::new());
    let dashboard = grafana_dashboard(&plan, &options);
    assert!(dashboard.left_out.is_empty(), "{:?}", dashboard.left_out);
    accepted(&dashboard);
    insta::assert_snapshot!("dashboard", dashboard.text);
}

#[test]
fn no_text_of_a_plan_becomes_anything_else() {
    let long = "x".repeat(20_000);
    for text in [
        "${datasource} $rollout $__interval [[rollout]] {{rollout}}",
        "\"}], \"panels\": [",
        "line\n\u{0}\u{1b}[2J\u{202e}\u{ffff}</script><img src=x>",
        long.as_str(),
    ] {
        let queries = Queries::new().whole("queue_length");
        let mut kpi = Kpi::new("queue", KpiShape::Gauge)
            .title(text)
            .query(queries);
        kpi.source = Some("metrics".parse().expect("an id"));
        let draft = PlanDraft::new(PlanFormat::V1, "p", text)
            .summary(text)
            .kpis([kpi])
            .phases([Phase::new("a", "A").no_way_back("nothing")]);
        let plan = draft
            .build()
            .unwrap_or_else(|faults| panic!("{}", faults.render()));
        let options = PrometheusOptions::new()
            .with_server("metrics".parse().expect("an id"), PrometheusServer::new());
        let json = accepted(&grafana_dashboard(&plan, &options));
        let panels = json["panels"].as_array().expect("a list");
        assert_eq!(panels.len(), 9, "{text:?}");
        let shown = [&json["title"], &json["description"], &panels[8]["title"]];
        for shown in shown.map(|shown| shown.as_str().expect("a text")) {
            for never in ["${", "$rollout", "$__", "[["] {
                assert!(!shown.contains(never), "{shown}");
            }
            assert!(!shown.chars().any(char::is_control) && shown.chars().count() <= 300);
        }
    }
}

#[test]
fn moments_are_bodies_of_annotations() {
    for records in [
        fixtures::rolled_back(),
        fixtures::held(),
        fixtures::hostile("${x}\n\u{1b}\"}"),
    ] {
        let view = View::of(&records).expect("a journal");
        let text = grafana_annotations(&view);
        let mut last = 0;
        for line in text.lines() {
            let json: Value = serde_json::from_str(line).expect("JSON");
            let time = json["time"].as_i64().expect("a time");
            assert!(time >= last, "in order");
            last = time;
            assert!(json["timeEnd"].as_i64().is_none_or(|end| end >= time));
            let tags: Vec<&str> = json["tags"]
                .as_array()
                .expect("a list")
                .iter()
                .filter_map(Value::as_str)
                .collect();
            assert_eq!(tags[0], "phasegate");
            assert!(
                !json["text"]
                    .as_str()
                    .expect("a text")
                    .chars()
                    .any(char::is_control)
            );
        }
        assert!(text.lines().count() > view.rollbacks.len() + view.stops.len());
    }
    let view = View::of(&fixtures::rolled_back()).expect("a journal");
    assert_eq!(grafana_annotations(&view).matches("timeEnd").count(), 1);
}
