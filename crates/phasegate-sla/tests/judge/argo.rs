//! Argo Rollouts: every recorded condition and run, verdict for verdict.

use std::collections::BTreeMap;

use phasegate_sla::judge::argo::{
    AnalysisRun, Condition, Limits, MetricResult, MetricSpec, Phase, Value, measure,
};

use crate::vectors::{number, numbers, rows};

fn value(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(value) => Value::Float(value.as_f64().unwrap()),
        serde_json::Value::String(value) => Value::Text(value.clone()),
        serde_json::Value::Array(values) => Value::Array(values.iter().map(value).collect()),
        serde_json::Value::Object(map) => Value::Map(
            map.iter()
                .map(|(key, inner)| (key.clone(), value(inner)))
                .collect(),
        ),
    }
}

fn result(row: &serde_json::Value) -> MetricResult {
    let result = &row["result"];
    match row["resultType"].as_str().unwrap() {
        "float64" | "*float64" => MetricResult::Number(number(result)),
        "float64[]" => MetricResult::Numbers(numbers(result)),
        "json" => MetricResult::Json(value(result)),
        "nil *float64" | "null" => MetricResult::Missing,
        other => panic!("{other}"),
    }
}

fn phase(text: &str) -> Phase {
    match text {
        "Error" => Phase::Error,
        "Failed" => Phase::Failed,
        "Inconclusive" => Phase::Inconclusive,
        "Pending" => Phase::Pending,
        "Running" => Phase::Running,
        "Successful" => Phase::Successful,
        other => panic!("{other}"),
    }
}

/// The phase with a condition that may not even be readable: that is an error, too.
fn measured(condition: &str, result: &MetricResult, as_success: bool) -> Phase {
    match Condition::parse(condition) {
        Err(_) => Phase::Error,
        Ok(condition) if as_success => measure(result, Some(&condition), None).0,
        Ok(condition) => measure(result, None, Some(&condition)).0,
    }
}

#[test]
fn every_recorded_condition_gets_its_recorded_phase() {
    let mut wrong = Vec::new();
    let recorded = rows("argo_condition_vectors");
    let more = [
        "argo_condition_more",
        "argo_condition_language",
        "argo_condition_corners",
        "argo_condition_lists",
        "argo_condition_static",
        "argo_condition_patterns",
    ];
    for row in recorded.into_iter().chain(more.into_iter().flat_map(rows)) {
        let (condition, result) = (row["condition"].as_str().unwrap(), result(&row));
        for (as_success, key) in [(true, "asSuccess"), (false, "asFailure")] {
            let ours = measured(condition, &result, as_success);
            if ours != phase(row[key].as_str().unwrap()) {
                wrong.push(format!("{ours:?} instead of {row}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn both_conditions_together_give_failure_precedence() {
    let condition = |text| Condition::parse(text).unwrap();
    let (over, under) = (condition("result > 1"), condition("result < 0"));
    let phase = |x, success, failure| measure(&MetricResult::Number(x), success, failure).0;
    for (x, success, failure, expected) in [
        (5.0, None, None, Phase::Successful),
        (5.0, Some(&over), Some(&over), Phase::Failed),
        (0.5, Some(&over), Some(&under), Phase::Inconclusive),
        (5.0, Some(&over), Some(&under), Phase::Successful),
        (-1.0, Some(&over), Some(&under), Phase::Failed),
    ] {
        assert_eq!(phase(x, success, failure), expected, "{x}");
    }
    assert_eq!(
        measure(&MetricResult::Missing, Some(&over), None).0,
        Phase::Error
    );
    assert_eq!(
        measure(&MetricResult::Missing, None, None).0,
        Phase::Successful
    );
}

fn specification(row: &serde_json::Value) -> MetricSpec {
    let limit = |key: &str| row[key].as_i64();
    MetricSpec {
        name: row["name"].as_str().unwrap().to_owned(),
        has_interval: row.get("interval").is_some(),
        limits: Limits {
            consecutive_errors: limit("ConsecutiveErrorLimit"),
            consecutive_successes: limit("ConsecutiveSuccessLimit"),
            count: limit("Count"),
            failures: limit("FailureLimit"),
            inconclusive: limit("InconclusiveLimit"),
        },
    }
}

/// Ticks that the recording goes on for at most.
const MOST_TICKS: usize = 40;

#[test]
fn every_recorded_run_goes_through_its_recorded_phases() {
    let mut wrong = Vec::new();
    for row in rows("argo_analysisrun_vectors") {
        let metrics: Vec<MetricSpec> = row["metrics"]
            .as_array()
            .unwrap()
            .iter()
            .map(specification)
            .collect();
        let dry_run: Vec<String> = row["dryRun"]
            .as_array()
            .map(|rules| {
                rules
                    .iter()
                    .map(|rule| rule.as_str().unwrap().to_owned())
                    .collect()
            })
            .unwrap_or_default();
        let names: Vec<String> = metrics.iter().map(|metric| metric.name.clone()).collect();
        let run = AnalysisRun::new(metrics, &dry_run);
        let Ok(mut run) = run else {
            if row.get("invalid").is_none() || row["final"] != "Error" {
                wrong.push(format!("{run:?} instead of {row}"));
            }
            continue;
        };
        if row.get("invalid").is_some() {
            wrong.push(format!("valid instead of {row}"));
            continue;
        }
        let (ticks, phases) = played(&mut run, &names, &row);
        let expected: Vec<Phase> = row["ticks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| phase(t.as_str().unwrap()))
            .collect();
        let expected_phases: BTreeMap<String, Phase> = row["metricPhases"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), phase(value.as_str().unwrap())))
            .collect();
        if ticks != expected || phases != expected_phases {
            wrong.push(format!("{ticks:?} {phases:?} instead of {row}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Plays the script: a tick measures what is due and assesses.
fn played(
    run: &mut AnalysisRun,
    names: &[String],
    row: &serde_json::Value,
) -> (Vec<Phase>, BTreeMap<String, Phase>) {
    let mut places = vec![0; names.len()];
    let terminate_at = row["terminateAt"].as_u64().unwrap();
    let mut ticks = Vec::new();
    let mut state = run.assess();
    for tick in 0..MOST_TICKS {
        if terminate_at > 0 && tick as u64 == terminate_at {
            run.terminate();
        }
        for metric in run.due() {
            let script = row["script"][&names[metric]].as_array().unwrap();
            if let Some(outcome) = script.get(places[metric]) {
                run.record(metric, phase(outcome.as_str().unwrap()));
                places[metric] += 1;
            }
        }
        state = run.assess();
        ticks.push(state.phase);
        let exhausted = names
            .iter()
            .zip(&places)
            .all(|(name, place)| *place >= row["script"][name].as_array().unwrap().len());
        if state.phase.is_completed() || exhausted {
            break;
        }
    }
    let phases = names
        .iter()
        .cloned()
        .zip(state.metrics)
        .filter_map(|(name, phase)| Some((name, phase?)))
        .collect();
    (ticks, phases)
}

#[test]
fn what_is_left_out_is_refused_by_its_name() {
    for name in [
        "now",
        "date",
        "duration",
        "timezone",
        "sortBy",
        "groupBy",
        "toPairs",
        "fromPairs",
        "toBase64",
        "fromBase64",
    ] {
        for text in [
            format!("{name}(result) == 1"),
            format!("result | {name}() == 1"),
        ] {
            let refused = Condition::parse(&text).expect_err(&text).to_string();
            assert!(
                refused.starts_with(&format!("'{name}' is not supported: ")),
                "{refused}"
            );
        }
    }
    let refused = Condition::parse("$env.HOME == ''").expect_err("no environment");
    assert!(refused.to_string().contains("'$env'"), "{refused}");
}

#[test]
fn hostile_conditions_are_refused_and_do_not_hang() {
    let deep = format!("{}1{}", "(".repeat(5_000), ")".repeat(5_000));
    assert!(Condition::parse(&deep).is_err());
    assert!(Condition::parse(&"-".repeat(10_000)).is_err());
    assert!(Condition::parse(&"let a=1;".repeat(1_000)).is_err());
    assert!(Condition::parse(&"if a {1} else ".repeat(1_000)).is_err());
    for long in ["1+", "result.", "result[0] ?? ", "1 < "] {
        assert!(
            Condition::parse(&format!("{}1", long.repeat(2_000))).is_err(),
            "{long}"
        );
    }
    let deep = Condition::parse(&format!("{}1 > 0", "1 + ".repeat(400))).unwrap();
    assert_eq!(deep.holds(&MetricResult::Missing), Ok(true));
    let many = Condition::parse(&format!("{}true", "1;".repeat(8_000))).unwrap();
    assert_eq!(many.holds(&MetricResult::Missing), Ok(true));
    assert!(Condition::parse(&"a".repeat(100_000)).is_err());
    assert!(Condition::parse("'").is_err() && Condition::parse("/*").is_err());
    let slow = Condition::parse("all(1..10000, all(1..10000, all(1..10000, # > 0)))").unwrap();
    assert!(slow.holds(&MetricResult::Missing).is_err());
    // What stands in two places doubles with each level.
    for (inside, open, close) in [
        ("true", "(", " ?: 1)"),
        ("1", "(1 < (", ") < 3 ? 1 : 2)"),
        ("1", "(((1 < 2 ? 1 : 2) + len([", "])) in 1..3 ? 1 : 2)"),
    ] {
        let holds = |levels: usize| {
            let (open, close) = (open.repeat(levels), close.repeat(levels));
            let condition = Condition::parse(&format!("{open}{inside}{close} == 1"));
            condition.is_ok_and(|condition| condition.holds(&MetricResult::Missing).is_ok())
        };
        assert!(holds(2), "{open}");
        assert!(!holds(24), "{open}");
    }
    // Each would be far larger than memory, or deeper than the stack.
    for large in [
        "len(reduce(1..60, #acc + #acc, 'ab')) > 0",
        "len(flatten(reduce(1..60, [#acc, #acc], 1))) > 0",
        "reduce(1..60, ({a: #acc, b: #acc}), 1) == 1",
        "reduce(1..60, replace(#acc, '', #acc), 'ab') == ''",
        "len(reduce(1..90000, [#acc], 1)) > 0",
        "len(join(map(1..90000, 'a'), repeat('b', 900000))) > 0",
        "all(1..900000, string(#) matches string(#))",
    ] {
        let condition = Condition::parse(large).unwrap();
        assert!(condition.holds(&MetricResult::Missing).is_err(), "{large}");
    }
    let huge = Condition::parse("len(1..999999999999) > 0").unwrap();
    assert!(huge.holds(&MetricResult::Missing).is_err());
}

/// Read from the source of expr 1.17.8: `runtime.Equal` compares a list of anything element by element, two
/// lists of different Go types by `reflect.DeepEqual`, which finds none equal; `take` keeps the Go type of its
/// list, and of a `[]any` the check knows no element.
#[test]
fn lists_of_different_kinds_are_never_equal_and_what_is_taken_of_anything_is_anything() {
    let numbers = |values: &[f64]| MetricResult::Numbers(values.to_vec());
    for (text, result, wanted) in [
        ("3..1 != result", numbers(&[]), Some(true)),
        ("3..1 == result", numbers(&[]), Some(false)),
        ("1..2 == result", numbers(&[1.0, 2.0]), Some(false)),
        ("[1, 2] == result", numbers(&[1.0, 2.0]), Some(true)),
        ("map(1..2, #) == result", numbers(&[1.0, 2.0]), Some(true)),
        ("result[1:1] == 3..1", numbers(&[1.0]), Some(false)),
        ("result[5:] == []", numbers(&[1.0]), Some(true)),
        ("result[5:2] == result[:0]", numbers(&[1.0]), Some(true)),
        ("take(result, 1) == 1..1", numbers(&[1.0]), Some(false)),
        ("1..3 == [1, 2, 3]", numbers(&[]), Some(true)),
        ("1..3 == 1..3 and 3..1 == 4..2", numbers(&[]), Some(true)),
        ("len(3..1) == 0 and 5..1 == []", numbers(&[]), Some(true)),
        ("split('', ',')[1:] == 3..1", numbers(&[]), Some(false)),
        ("split('a', ',') == ['a']", numbers(&[]), Some(true)),
        ("take([result][3:], 100) == []", numbers(&[]), Some(true)),
        ("[result] == [1..2]", numbers(&[1.0, 2.0]), Some(false)),
        // What the check knows of the elements: nothing, so that anything may be done with them.
        (
            "any(take([1, 2][3:], 9), # == 'x')",
            numbers(&[]),
            Some(false),
        ),
        ("any(take(1..2, 9), # == 'x')", numbers(&[]), Some(false)),
        (
            "any(take(filter(result, true), 9), # == 'x')",
            numbers(&[]),
            Some(false),
        ),
        ("any([1, 2][3:], # == 'x')", numbers(&[]), None),
        ("any(take(result, 9), # == 'x')", numbers(&[]), None),
        ("any(take(result[1:], 9), # == 'x')", numbers(&[]), None),
    ] {
        let condition = Condition::parse(text).unwrap();
        assert_eq!(condition.holds(&result).ok(), wanted, "{text}");
    }
}
