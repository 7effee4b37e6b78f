//! Real processes that print numbers, and such that do not.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::collections::BTreeMap;
use std::sync::Arc;

use phasegate_core::{Arm, Decimal, Observed, Query, Span, Timestamp, Wants, Window, WindowKind};
use phasegate_provider::{Call, ErrorKind, MetricSource, ProviderError};
use phasegate_provider_command::{
    CommandConfig, CommandMetrics, MeasureConfig, MetricsConfig, Tells,
};
use phasegate_testkit::conformance;

/// Knows the seventh of September and nothing else.
const DAY: &str = r#"
case "$PHASEGATE_START" in 2026-09-07T*) ;; *) exit 0 ;; esac
case "$1" in
  share) echo matching=3; echo total=40 ;;
  mean) echo "value = 12.5"; echo samples=40 ;;
  below) [ "$PHASEGATE_THRESHOLD $PHASEGATE_INCLUSIVE" = "250 true" ] && echo below=38 && echo total=40 ;;
esac"#;

fn shell(script: &str, name: &str, tells: Tells) -> MeasureConfig {
    MeasureConfig {
        command: CommandConfig::new("/bin/sh", ["-c", script, "sh", name]),
        tells,
    }
}

fn source<const N: usize>(measures: [(&str, MeasureConfig); N]) -> CommandMetrics {
    let named = measures.map(|(name, measure)| (name.to_owned(), measure));
    CommandMetrics::new(MetricsConfig::new(BTreeMap::from(named)))
}

fn at() -> Timestamp {
    "2026-09-07T12:00:00Z".parse().expect("a moment")
}

fn query(text: &str, wants: Wants) -> Query {
    Query {
        to: "commands".parse().expect("an id"),
        kpi: "k".parse().expect("an id"),
        text: text.to_owned(),
        arm: Arm::Canary,
        window: Window {
            start: at().before(Span::from_secs(60)),
            end: at(),
            kind: WindowKind::Rolling,
        },
        unit: "ms".to_owned(),
        wants,
    }
}

fn call() -> Call {
    Call::new(at(), Span::from_secs(10))
}

const BELOW: fn() -> Wants = || Wants::Below {
    threshold: "250".parse().expect("a decimal"),
    inclusive: true,
};

#[tokio::test]
async fn the_source_passes_the_suite_of_its_role() {
    let source: Arc<dyn MetricSource> = Arc::new(source([
        ("share", shell(DAY, "share", Tells::Window)),
        ("mean", shell(DAY, "mean", Tells::Window)),
        ("below", shell(DAY, "below", Tells::Window)),
        ("now", shell("echo value=7", "", Tells::Now)),
    ]));
    let answered = [
        query("share", Wants::Share),
        query("mean", Wants::Scalar),
        query("below", BELOW()),
        query("now", Wants::Scalar),
    ];
    let violations = conformance::metric_source(&source, &answered, "nobody", &call()).await;
    assert_eq!(violations, []);
    let ask = async |text, wants| {
        let found = source.measure(&query(text, wants), &call()).await;
        let found = found.expect(text);
        (found.observed, found.samples)
    };
    let (matching, total) = (3, 40);
    let share = (Observed::Share { matching, total }, 40);
    assert_eq!(ask("share", Wants::Share).await, share);
    let value: Decimal = "12.5".parse().expect("a decimal");
    assert_eq!(
        ask("mean", Wants::Scalar).await,
        (Observed::Scalar { value }, 40)
    );
    let below = Observed::Below {
        threshold: "250".parse().expect("a decimal"),
        below: 38,
        total,
    };
    assert_eq!(ask("below", BELOW()).await, (below, 40));
}

async fn scalar(script: &str) -> Result<Observed, ProviderError> {
    let source = source([("m", shell(script, "", Tells::Now))]);
    let found = source.measure(&query("m", Wants::Scalar), &call()).await;
    found.map(|found| found.observed)
}

#[tokio::test]
async fn what_is_printed_is_a_number_or_an_error() {
    use ErrorKind::{Invalid, NoData, Unavailable};
    for (script, kind, says) in [
        ("true", NoData, ""),
        ("echo value=1; echo samples=0", NoData, ""),
        ("echo 12", Invalid, "neither value= nor samples="),
        ("echo value=twelve", Invalid, "'twelve' is no number"),
        ("echo value=1; echo done", Invalid, "'done'"),
        ("echo value=1; echo value=2", Invalid, "twice"),
        ("echo samples=3", Invalid, "must print value"),
        ("echo value=1; echo samples=1.5", Invalid, "no count"),
        ("echo value=1; echo samples=-1", Invalid, "no count"),
        ("echo value=1; yes", Unavailable, ""),
        (
            "echo value=1; echo broken >&2; exit 3",
            Unavailable,
            "ended with 3: broken",
        ),
        ("echo value=1; kill -9 $$", Unavailable, "signal 9"),
    ] {
        // What never stops is stopped.
        let script = script.replace("yes", "yes | head -c 20000; exit 1");
        let error = scalar(&script).await.expect_err(&script);
        assert_eq!(error.kind(), kind, "{script}: {error}");
        assert!(error.to_string().contains(says), "{script}: {error}");
    }
    let flood = "i=0; while [ $i -lt 2000 ]; do echo; i=$((i+1)); done; echo value=1; \
                 printf '%9000s' ''";
    let error = scalar(flood).await.expect_err("too much");
    assert!(error.to_string().contains("more than is kept"), "{error}");
    let value = Decimal::from(7u64);
    let found = scalar("echo; echo value=7; echo only words >&2").await;
    assert_eq!(found.expect("a number"), Observed::Scalar { value });
}

#[tokio::test]
async fn counts_of_events_are_not_asked_of_a_command_that_knows_no_window() {
    let source = source([("m", shell("echo matching=1; echo total=2", "", Tells::Now))]);
    let error = source.measure(&query("m", Wants::Share), &call()).await;
    assert_eq!(error.expect_err("no window").kind(), ErrorKind::Misuse);
    let error = source
        .measure(&query("m", Wants::Distribution), &call())
        .await;
    assert_eq!(error.expect_err("no such form").kind(), ErrorKind::Misuse);
}
