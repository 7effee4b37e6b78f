//! Recorded numbers: three formats say the same, what is damaged is told, and counters that begin anew lose nothing.

use phasegate_backtest::{
    Recorded, Recording, Series, read_csv, read_openmetrics, read_prometheus_range,
    recording_by_name,
};
use phasegate_core::{Arm, BindingId, Span, Timestamp, Unit, Window, WindowKind};
use phasegate_criterion::{Kpi, Queries, Shape};

const START: i64 = 1_757_408_400;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_millis((START + seconds) * 1000)
}

fn window(from: i64, to: i64) -> Window {
    Window {
        start: at(from),
        end: at(to),
        kind: WindowKind::Rolling,
    }
}

#[test]
fn three_formats_say_the_same() {
    let json = format!(
        r#"{{"status": "success", "data": {{"resultType": "matrix", "result": [{{"metric":
        {{"__name__": "errors_total", "code": "5\"x", "app": "shop"}}, "values": [[{START}, "3"], [{}.5, "4"]]}}]}}}}"#,
        START + 15
    );
    let name = r#"errors_total{app="shop",code="5\"x"}"#;
    // Labels stand in any order there.
    let text = format!(
        "# TYPE errors counter\nerrors_total{{code=\"5\\\"x\",app=\"shop\"}} 3 {START}\nerrors_total{{app=\"shop\",code=\"5\\\"x\"}} 4 {}.5\n# EOF\n",
        START + 15
    );
    let table = format!("time,errors\n2025-09-09T09:00:00Z,3\n{}.5,4\n", START + 15);
    let json = read_prometheus_range(json.as_bytes()).expect("an answer");
    let text = read_openmetrics(&text).expect("a text");
    let table = read_csv(&table).expect("a table");
    assert_eq!(json[name].len(), 2);
    assert_eq!(json[name], text[name]);
    assert_eq!(json[name], table["errors"]);
}

#[test]
fn what_is_wrong_with_a_table_is_told_with_its_line_and_how_to_mend_it() {
    for (text, told) in [
        (
            "",
            "line 1: there is no column beside the time; name the columns",
        ),
        (
            "time\n1",
            "line 1: there is no column beside the time; name",
        ),
        (
            "time,a,a\n1,2,3",
            "line 1: two columns are called \"a\"; give each",
        ),
        (
            "time,a\n1,2\n3",
            "line 3: it has 1 cells, and the head has 2; leave",
        ),
        (
            "time,a\n\n1,2,3",
            "line 3: it has 3 cells, and the head has 2; leave",
        ),
        (
            "time,a\nsoon,2",
            "line 2: \"soon\" is no time; write seconds since",
        ),
        (
            "time,a\n1,2ms",
            "line 2: \"2ms\" is no number; write it with",
        ),
        (
            "time,a\n1,\u{1b}[2J",
            "line 2: \"\\u{1b}[2J\" is no number; write",
        ),
        (
            "time,\"a\n1,2",
            "line 1: a quotation mark is not closed; close it",
        ),
        ("time,a\n1e300,2", "line 2: \"1e300\" is no time; write"),
    ] {
        let found = read_csv(text).expect_err("a fault").to_string();
        assert!(found.starts_with(told), "{text:?}: {found}");
    }
    // A long cell is shown in part.
    let long = format!("time,a\n{},2", "x".repeat(100_000));
    let found = read_csv(&long).expect_err("a fault").to_string();
    assert!(found.len() < 200, "{found}");
}

#[test]
fn what_is_wrong_with_a_dump_is_told_with_its_line_and_how_to_mend_it() {
    for (text, told) in [
        (
            "a 1 2\nup 1",
            "line 2: \"\" is no timestamp; behind each value",
        ),
        ("up", "line 1: \"up\" is no sample; a sample is"),
        (
            "{a=\"b\"} 1 2",
            "line 1: \"{a=\\\"b\\\"} 1 2\" is no sample",
        ),
        ("up{a=\"b} 1 2", "line 1: \"up{a=\\\"b} 1 2\" is no sample"),
        ("up one 2", "line 1: \"one\" is no number; behind the name"),
        ("up 1 -5", "line 1: \"-5\" is no timestamp"),
    ] {
        let found = read_openmetrics(text).expect_err("a fault").to_string();
        assert!(found.starts_with(told), "{text:?}: {found}");
    }
}

#[test]
fn what_is_wrong_with_an_answer_is_told_with_its_series_and_how_to_mend_it() {
    let point = |at: &str, value: &str| {
        let result = format!(
            "[{{\"metric\": {{\"__name__\": \"up\"}}, \"values\": [[{at}, \"{value}\"]]}}]"
        );
        format!("{{\"status\": \"success\", \"data\": {{\"result\": {result}}}}}")
    };
    for (json, told) in [
        ("".to_owned(), "this is no answer to a range query: EOF"),
        ("[]".to_owned(), "this is no answer to a range query"),
        (
            "{\"status\": \"error\", \"error\": \"no\"}".to_owned(),
            "Prometheus answered with an error: no",
        ),
        (
            "{\"status\": \"success\", \"data\": null}".to_owned(),
            "this is no answer to a range query: it has no data; ask",
        ),
        (
            point("1", "two"),
            "series \"up\": \"two\" is no number; a point is",
        ),
        (
            point("-1", "2"),
            "series \"up\": -1 is no moment; moments are",
        ),
    ] {
        let found = read_prometheus_range(json.as_bytes()).expect_err("a fault");
        assert!(found.to_string().starts_with(told), "{json}: {found}");
    }
}

#[test]
fn a_counter_that_begins_anew_loses_nothing() {
    let points = [
        (0, 100.0),
        (60, 160.0),
        (120, 10.0),
        (180, 30.0),
        (60, 150.0),
    ];
    let points = points.map(|(seconds, value)| (at(seconds), value));
    let series = Series::new(points.to_vec());
    // Of two at one moment the later one counts: 50, then 10 after it began anew, then 20.
    assert_eq!(series.growth(window(0, 180)), Some(80.0));
    assert_eq!(series.growth(window(60, 120)), Some(10.0));
    // What it had when it was first seen was counted before.
    assert_eq!(series.growth(window(-600, 60)), Some(50.0));
    assert_eq!(series.growth(window(-600, -300)), None);
    assert_eq!(series.growth(window(600, 900)), None);
}

#[test]
fn a_number_stands_for_five_minutes() {
    let series = Series::new(vec![(at(0), 7.0), (at(15), f64::NAN)]);
    assert_eq!(series.len(), 1);
    assert_eq!(series.value_at(at(300)), Some(7.0));
    assert_eq!(series.value_at(at(301)), None);
    assert_eq!(series.value_at(at(-1)), None);
    assert_eq!(series.range(), Some((at(0), at(0))));
    assert_eq!(series.points_in(window(0, 300)), 1);
    assert_eq!(
        Series::new(Vec::new()).value_at(at(0) + Span::from_secs(1)),
        None
    );
}

#[test]
fn columns_are_found_by_their_names() {
    let source: BindingId = "metrics".parse().expect("an id");
    let kpi = |name: &str, unit: Unit, shape| {
        let id = name.parse().expect("an id");
        Kpi::new(id, unit, shape, source.clone())
    };
    let unit = |text: &str| text.parse().expect("a unit");
    let mut latency = kpi("latency", unit("ms"), Shape::Distribution);
    latency.queries = Queries::arms("new_seconds", "old_seconds");
    let p95 = Queries::whole("p95_of_all");
    latency.parts.insert("p95".to_owned(), p95);
    let mut errors = kpi("errors", unit("%"), Shape::Ratio);
    errors.queries = Queries::whole("errors");
    let mut orders = kpi("orders", Unit::NUMBER, Shape::Counter);
    orders.queries = Queries::whole("sum(orders_total)");
    let table = "time,latency.canary.le.inf,latency.canary.le.50,latency.canary.le.250,latency.p95,errors.matching,\
        errors.total,sum(orders_total),latency.stable,cpu\n1757408400,9,5,8,240,1,100,7,33,40\n";
    let columns = read_csv(table).expect("a table");
    let of = |name: &str| columns[name].clone();
    let named = recording_by_name(&[latency, errors, orders], columns.clone());
    let buckets = [(Some(50.0), "50"), (Some(250.0), "250"), (None, "inf")];
    let buckets = buckets.map(|(bound, name)| (bound, of(&format!("latency.canary.le.{name}"))));
    let share = Recorded::Share {
        matching: of("errors.matching"),
        total: of("errors.total"),
    };
    let counter = Recorded::Counter(of("sum(orders_total)"));
    let expected = Recording::new()
        .with(
            "new_seconds",
            Some(Arm::Canary),
            Recorded::Histogram(buckets.to_vec()),
        )
        .with(
            "p95_of_all",
            Some(Arm::Whole),
            Recorded::Gauge(of("latency.p95")),
        )
        .with("errors", Some(Arm::Whole), share)
        .with("sum(orders_total)", Some(Arm::Whole), counter);
    assert_eq!(named.recording, expected);
    // One number is no distribution.
    assert_eq!(named.unused, ["cpu", "latency.stable"]);
    assert_eq!(
        named.missing,
        ["latency.stable.le.BOUND for each bound, and latency.stable.le.inf"]
    );
    let forms = &named.forms[&source];
    assert_eq!(forms.len(), 4, "{forms:?}");
}

#[test]
fn a_counter_that_is_not_recorded_any_more_is_not_known() {
    let counter = Series::new(vec![(at(0), 0.0), (at(30), 5.0)]);
    assert_eq!(counter.growth(window(0, 330)), Some(5.0));
    assert_eq!(counter.growth(window(0, 331)), None);
}

#[test]
fn a_name_of_other_characters_stands_in_quotation_marks() {
    let series = read_openmetrics("{\"http.load\",app=\"shop\"} 3 1757408400\n").expect("a text");
    assert_eq!(series["http.load{app=\"shop\"}"].len(), 1);
    assert!(read_openmetrics("{app=\"shop\"} 3 1757408400\n").is_err());
}

/// Nobody knows how many lie above the last bound.
#[test]
fn buckets_without_one_for_all_values_answer_nothing() {
    let source: BindingId = "metrics".parse().expect("an id");
    let unit: Unit = "ms".parse().expect("a unit");
    let mut latency = Kpi::new(
        "latency".parse().expect("an id"),
        unit,
        Shape::Distribution,
        source,
    );
    latency.queries = Queries::whole("seconds");
    let columns = read_csv("time,latency.le.50,latency.le.250\n1757408400,3,5\n").expect("a table");
    let named = recording_by_name(&[latency], columns);
    assert_eq!(named.recording, Recording::new());
    assert_eq!(
        named.missing,
        ["latency.le.BOUND for each bound, and latency.le.inf"]
    );
}
