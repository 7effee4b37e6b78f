//! Real files: what their rows say, and what says nothing.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::sync::Arc;

use phasegate_core::{
    Arm, Decimal, Measurement, Observed, Query, Span, Timestamp, Wants, Window, WindowKind,
};
use phasegate_provider::{Call, ErrorKind, MetricSource, ProviderError};
use phasegate_provider_csv::{CsvConfig, CsvSource, Gaps};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::Folder;

/// Five minutes each; the third row lacks what failed, the fourth all but the total, the fifth everything.
const ORDERS: &str = "time,orders,failed,p95
2026-09-07T12:00:00Z,100,2,180.25
2026-09-07T12:10:00Z,300,5,190
2026-09-07T12:05:00Z,200,3,170.5
2026-09-07T12:15:00Z,50,,
2026-09-07T12:20:00Z,,,
";

fn at(minutes: u64) -> Timestamp {
    let noon: Timestamp = "2026-09-07T12:00:00Z".parse().expect("a moment");
    noon + Span::from_secs(60 * minutes)
}

/// A question about these minutes after noon.
fn query(text: &str, wants: Wants, from: u64, to: u64) -> Query {
    Query {
        to: "export".parse().expect("an id"),
        kpi: "k".parse().expect("an id"),
        text: text.to_owned(),
        arm: Arm::Canary,
        window: Window {
            start: at(from),
            end: at(to),
            kind: WindowKind::Rolling,
        },
        unit: "ms".to_owned(),
        wants,
    }
}

fn call() -> Call {
    Call::new(at(30), Span::from_secs(5))
}

async fn ask(text: &str, gaps: Gaps, question: &Query) -> Result<(Observed, u64), ProviderError> {
    let folder = Folder::new().expect("a folder");
    let file = folder.write("orders.csv", text).expect("written");
    let source = CsvSource::new(CsvConfig::new(file).with_gaps(gaps));
    let found: Measurement = source.measure(question, &call()).await?;
    Ok((found.observed, found.samples))
}

fn scalar(reduce: &str, from: u64, to: u64) -> Query {
    let text = format!(r#"{{"value": "p95", "reduce": "{reduce}"}}"#);
    query(&text, Wants::Scalar, from, to)
}

fn share(from: u64, to: u64) -> Query {
    let text = r#"{"matching": "failed", "total": "orders"}"#;
    query(text, Wants::Share, from, to)
}

#[tokio::test]
async fn the_source_passes_the_suite_of_its_role() {
    let folder = Folder::new().expect("a folder");
    let file = folder.write("orders.csv", ORDERS).expect("written");
    let source: Arc<dyn MetricSource> = Arc::new(CsvSource::new(CsvConfig::new(file)));
    let answered = [scalar("max", 0, 15), share(0, 15)];
    let violations = conformance::metric_source(&source, &answered, "nonsense", &call()).await;
    assert_eq!(violations, []);
}

#[tokio::test]
async fn the_rows_of_the_window_are_what_is_measured() {
    for (reduce, from, to, value, samples) in [
        ("average", 0, 15, "180.25", 3),
        ("last", 0, 30, "190", 3),
        ("max", 0, 15, "190", 3),
        ("min", 0, 15, "170.5", 3),
        ("sum", 0, 15, "540.75", 3),
        // The start belongs to the window and the end does not.
        ("sum", 5, 10, "170.5", 1),
    ] {
        let found = ask(ORDERS, Gaps::NoData, &scalar(reduce, from, to))
            .await
            .expect(reduce);
        let value: Decimal = value.parse().expect("a decimal");
        let Observed::Scalar { value: read } = found.0 else {
            panic!("{found:?}")
        };
        assert_eq!(
            (read.normalized(), found.1),
            (value.normalized(), samples),
            "{reduce}"
        );
    }
    let (matching, total) = (10, 600);
    let found = ask(ORDERS, Gaps::NoData, &share(0, 15)).await;
    assert_eq!(
        found.expect("a share"),
        (Observed::Share { matching, total }, 600)
    );
}

#[tokio::test]
async fn a_gap_is_zero_only_where_that_is_said() {
    for question in [
        scalar("sum", 0, 30),
        share(0, 30),
        scalar("max", 15, 30),
        share(20, 30),
    ] {
        let error = ask(ORDERS, Gaps::NoData, &question)
            .await
            .expect_err("a gap");
        assert_eq!(error.kind(), ErrorKind::NoData, "{error}");
    }
    let found = ask(ORDERS, Gaps::Zero, &share(0, 30))
        .await
        .expect("a share");
    let (matching, total) = (10, 650);
    assert_eq!(found, (Observed::Share { matching, total }, 650));
    assert!(ask(ORDERS, Gaps::Zero, &scalar("sum", 0, 30)).await.is_ok());
    for question in [scalar("sum", 15, 30), share(20, 30), share(40, 50)] {
        assert!(
            ask(ORDERS, Gaps::Zero, &question).await.is_err(),
            "nothing is there"
        );
    }
    let lost = "time,orders,failed\n2026-09-07T12:00:00Z,,1\n";
    let error = ask(lost, Gaps::Zero, &share(0, 5))
        .await
        .expect_err("no total");
    assert_eq!(error.kind(), ErrorKind::NoData);
}

#[tokio::test]
async fn what_does_not_fit_is_told_with_its_line() {
    use ErrorKind as K;
    let head = "time,orders,failed,p95\n";
    let row = |cells: &str| format!("{head}2026-09-07T12:00:00Z,{cells}\n");
    for (text, question, kind, says) in [
        (
            row("1,2"),
            share(0, 5),
            K::Invalid,
            "line 2: it has 3 cells",
        ),
        (
            row("many,1,"),
            share(0, 5),
            K::Invalid,
            "line 2: \"many\" is no number",
        ),
        (row("1.5,1,"), share(0, 5), K::Invalid, "1.5 is no count"),
        (row("-1,0,"), share(0, 5), K::Invalid, "-1 is no count"),
        (row("1,2,"), share(0, 5), K::Invalid, "2 matched, of 1"),
        (row("0,0,"), share(0, 5), K::NoData, "no events"),
        (row(",,NaN"), scalar("max", 0, 5), K::Invalid, "NaN"),
        (
            row(",,1\n2026-09-07T12:00:00Z,,,2"),
            scalar("max", 0, 5),
            K::Invalid,
            "two rows are of",
        ),
        (
            format!("{head}yesterday,1,2,3\n"),
            share(0, 5),
            K::Invalid,
            "is no time",
        ),
        (
            "time,p95,p95\n".to_owned(),
            scalar("max", 0, 5),
            K::Invalid,
            "two columns",
        ),
        (
            "time,p99\n".to_owned(),
            scalar("max", 0, 5),
            K::Misuse,
            "there are: p99",
        ),
        (
            head.to_owned(),
            scalar("max", 0, 5),
            K::NoData,
            "nothing in the window",
        ),
        (String::new(), scalar("max", 0, 5), K::NoData, "no line yet"),
    ] {
        let error = ask(&text, Gaps::NoData, &question).await.expect_err(&text);
        assert_eq!(error.kind(), kind, "{text}: {error}");
        assert!(error.to_string().contains(says), "{text}: {error}");
    }
}

#[tokio::test]
async fn a_line_that_is_being_written_is_not_read() {
    let folder = Folder::new().expect("a folder");
    let file = folder.write("orders.csv", ORDERS).expect("written");
    let source = CsvSource::new(CsvConfig::new(&file));
    let mut open = OpenOptions::new().append(true).open(&file).expect("open");
    let last = scalar("last", 0, 30);
    let ask = async || {
        let found = source.measure(&last, &call()).await.expect("a number");
        let Observed::Scalar { value } = found.observed else {
            panic!("{found:?}")
        };
        value.normalized().to_string()
    };
    for (written, value) in [
        ("2026-09-07T12:25:00Z,,,12", "190"),
        ("5", "190"),
        ("\n", "125"),
    ] {
        open.write_all(written.as_bytes()).expect("written");
        assert_eq!(ask().await, value, "{written:?}");
    }
    fs::remove_file(&file).expect("removed");
    let error = source.measure(&last, &call()).await.expect_err("gone");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let small = folder.write("orders.csv", ORDERS).expect("written");
    let source = CsvSource::new(CsvConfig::new(small).with_bytes_max(20));
    let error = source.measure(&last, &call()).await.expect_err("too long");
    assert_eq!(error.kind(), ErrorKind::Invalid);
}
