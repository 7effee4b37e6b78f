//! Recorded numbers: three formats say the same, what is damaged is told, and counters that begin anew lose nothing.

use phasegate_backtest::{Series, read_csv, read_openmetrics, read_prometheus_range};
use phasegate_core::{Span, Timestamp, Window, WindowKind};

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
fn what_is_damaged_is_told_with_its_line() {
    for (text, line) in [
        ("", "line 1"),
        ("time,a\n1,2\n3", "line 3"),
        ("time,a\nsoon,2", "line 2"),
        ("time,a\n1,two", "line 2"),
        ("time,\"a\n1,2", "line 1"),
        ("time,a\n1e300,2", "line 2"),
    ] {
        let told = read_csv(text).expect_err("a fault").to_string();
        assert!(told.starts_with(line), "{text:?}: {told}");
    }
    for text in [
        "up 1",
        "up",
        "{a=\"b\"} 1 2",
        "up{a=\"b} 1 2",
        "up one 2",
        "up 1 -5",
    ] {
        let told = read_openmetrics(text).expect_err("a fault").to_string();
        assert!(told.starts_with("line 1"), "{text:?}: {told}");
    }
    for json in ["", "[]", "{\"status\": \"error\", \"error\": \"no\"}"] {
        assert!(read_prometheus_range(json.as_bytes()).is_err(), "{json}");
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
