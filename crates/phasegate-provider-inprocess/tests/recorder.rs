//! What the recorder answers for windows, thresholds and units.

#![expect(
    clippy::expect_used,
    clippy::too_many_lines,
    reason = "tests: tables, and helpers beside them"
)]

use phasegate_core::{
    Arm, Decimal, Measurement, Observed, Query, Span, Timestamp, Wants, Window, WindowKind,
};
use phasegate_percentile::Histogram;
use phasegate_provider::{Call, ErrorKind, MetricSource as _, ProviderError};
use phasegate_provider_inprocess::{Ended, Recorder, RecorderConfig, RecorderError};
use proptest::prelude::*;

fn at(millis: u64) -> Timestamp {
    Timestamp::EPOCH + Span::from_millis(millis)
}

fn recorder(slot: u64, keep: u64, thresholds: &[u64]) -> Recorder {
    let mut config = RecorderConfig::default();
    config.slot = Span::from_millis(slot);
    config.keep = Span::from_millis(keep);
    config.thresholds = thresholds.iter().copied().map(Span::from_millis).collect();
    Recorder::new(config).expect("a recorder")
}

fn query(text: &str, unit: &str, arm: Arm, (start, end): (u64, u64), wants: Wants) -> Query {
    Query {
        to: "r".parse().expect("an id"),
        kpi: "k".parse().expect("an id"),
        text: text.to_owned(),
        arm,
        window: Window {
            start: at(start),
            end: at(end),
            kind: WindowKind::Rolling,
        },
        unit: unit.to_owned(),
        wants,
    }
}

/// Asks long after everything.
async fn ask(recorder: &Recorder, query: &Query) -> Result<Measurement, ProviderError> {
    recorder.measure(query, &call(1 << 40)).await
}

fn call(now: u64) -> Call {
    Call::new(at(now), Span::from_secs(1))
}

fn below(threshold: &str, inclusive: bool) -> Wants {
    Wants::Below {
        threshold: threshold.parse().expect("a decimal"),
        inclusive,
    }
}

/// Canary: a request every 10 ms with latencies 0, 10, 20, … ms; every fourth fails. Stable: one.
fn filled() -> Recorder {
    let recorder = recorder(100, 100_000, &[100]);
    for n in 0..100u64 {
        let ended = if n % 4 == 3 {
            Ended::Failed
        } else {
            Ended::Served
        };
        recorder.record(Arm::Canary, at(n * 10), Span::from_millis(n * 10), ended);
    }
    recorder.record(Arm::Stable, at(0), Span::from_millis(7), Ended::Served);
    recorder
}

#[tokio::test]
async fn counts_are_exact_over_whole_slots() {
    let recorder = filled();
    let percent = "25".parse::<Decimal>().expect("a decimal");
    let share = |matching, total| Observed::Share { matching, total };
    let counted = |threshold: &str, below, total| Observed::Below {
        threshold: threshold.parse().expect("a decimal"),
        below,
        total,
    };
    let scalar = |text: &str| Observed::Scalar {
        value: text.parse().expect("a decimal"),
    };
    for (text, unit, arm, window, wants, samples, observed) in [
        (
            "errors",
            "%",
            Arm::Canary,
            (0, 1000),
            Wants::Share,
            100,
            share(25, 100),
        ),
        (
            "errors",
            "%",
            Arm::Canary,
            (0, 100),
            Wants::Share,
            10,
            share(2, 10),
        ),
        (
            "errors",
            "%",
            Arm::Whole,
            (0, 1000),
            Wants::Share,
            101,
            share(25, 101),
        ),
        (
            "errors",
            "%",
            Arm::Stable,
            (0, 1000),
            Wants::Share,
            1,
            share(0, 1),
        ),
        (
            "errors",
            "%",
            Arm::Canary,
            (0, 1000),
            Wants::Scalar,
            100,
            Observed::Scalar { value: percent },
        ),
        (
            "errors",
            "",
            Arm::Canary,
            (0, 1000),
            Wants::Scalar,
            100,
            scalar("0.25"),
        ),
        (
            "requests",
            "",
            Arm::Canary,
            (0, 500),
            Wants::Scalar,
            50,
            scalar("50"),
        ),
        (
            "requests",
            "",
            Arm::Stable,
            (500, 1000),
            Wants::Scalar,
            0,
            scalar("0"),
        ),
        (
            "rate(requests)",
            "",
            Arm::Canary,
            (0, 500),
            Wants::Scalar,
            50,
            scalar("100"),
        ),
        (
            "latency",
            "ms",
            Arm::Canary,
            (0, 1000),
            below("100", true),
            100,
            counted("100", 11, 100),
        ),
        (
            "latency",
            "s",
            Arm::Canary,
            (0, 1000),
            below("0.1", true),
            100,
            counted("0.1", 11, 100),
        ),
        (
            "latency",
            "ms",
            Arm::Whole,
            (0, 1000),
            below("100", true),
            101,
            counted("100", 12, 101),
        ),
        (
            "p99(latency)",
            "ms",
            Arm::Canary,
            (100, 300),
            below("100", true),
            20,
            counted("100", 1, 20),
        ),
        (
            "max(latency)",
            "ms",
            Arm::Canary,
            (0, 1000),
            Wants::Scalar,
            100,
            scalar("990"),
        ),
        (
            "mean(latency)",
            "s",
            Arm::Canary,
            (0, 1000),
            Wants::Scalar,
            100,
            scalar("0.495"),
        ),
        (
            "latency",
            "ms",
            Arm::Canary,
            (0, 1000),
            below("0", false),
            100,
            counted("0", 0, 100),
        ),
    ] {
        let told = format!("{text} {unit} {arm} {window:?} {wants:?}");
        let found = ask(&recorder, &query(text, unit, arm, window, wants))
            .await
            .expect(&told);
        assert_eq!(
            (found.samples, found.observed),
            (samples, observed),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_window_is_cut_to_whole_slots_that_are_over_and_still_held() {
    let recorder = recorder(100, 500, &[]);
    for n in 0..20 {
        recorder.record(Arm::Canary, at(n * 50), Span::from_millis(1), Ended::Served);
    }
    // Slots 0 to 9 were filled and the last five are held: 500 to 1000.
    for (window, now, covered) in [
        ((500, 1000), 2000, Some((500, 1000))),
        ((501, 999), 2000, Some((600, 900))),
        ((0, 1000), 2000, Some((500, 1000))),
        ((500, 1000), 850, Some((500, 800))),
        ((510, 590), 2000, None),
        ((0, 500), 2000, None),
        ((2000, 3000), 9000, None),
    ] {
        let query = query("errors", "", Arm::Canary, window, Wants::Share);
        let found = recorder.measure(&query, &call(now)).await;
        match covered {
            Some((start, end)) => {
                let found = found.expect("a measurement");
                assert_eq!((found.window.start, found.window.end), (at(start), at(end)));
                assert_eq!(found.samples, (end - start) / 50);
            }
            None => {
                let error = found.expect_err("nothing there");
                assert_eq!(error.kind(), ErrorKind::NoData, "{window:?}");
            }
        }
    }
    // Evidence since a start that is forgotten is none.
    let mut query = query("errors", "", Arm::Canary, (0, 1000), Wants::Share);
    query.window.kind = WindowKind::SinceStart;
    let error = ask(&recorder, &query).await.expect_err("forgotten");
    assert_eq!(error.kind(), ErrorKind::Misuse);
    query.window.start = at(500);
    assert!(ask(&recorder, &query).await.is_ok());
}

#[tokio::test]
async fn a_threshold_that_is_new_is_counted_from_then_on_only() {
    let recorder = recorder(100, 100_000, &[]);
    let record = |millis, latency| {
        recorder.record(
            Arm::Canary,
            at(millis),
            Span::from_millis(latency),
            Ended::Served,
        );
    };
    record(0, 5);
    record(150, 5);
    let mut asked = query("latency", "ms", Arm::Canary, (0, 1000), below("10", true));
    let error = ask(&recorder, &asked)
        .await
        .expect_err("slots 0 and 1 were not counted");
    // The answer must not begin before the threshold is known: 200 is the first full slot.
    assert!(matches!(error.kind(), ErrorKind::NoData));
    record(180, 5);
    record(250, 5);
    record(260, 50);
    let found = ask(&recorder, &asked).await.expect("a measurement");
    assert_eq!(found.window.start, at(200));
    let Observed::Below {
        below: low, total, ..
    } = found.observed
    else {
        unreachable!("asked for a count: {found:?}")
    };
    assert_eq!((low, total), (1, 2));
    // Another one is learnt beside it, and the first one goes on.
    asked.wants = below("100", true);
    assert!(ask(&recorder, &asked).await.is_err());
    record(350, 50);
    let found = ask(&recorder, &asked).await.expect("a measurement");
    assert_eq!((found.window.start, found.samples), (at(300), 1));
    asked.wants = below("10", true);
    let found = ask(&recorder, &asked).await.expect("a measurement");
    assert_eq!((found.window.start, found.samples), (at(200), 3));
}

#[tokio::test]
async fn a_distribution_is_a_sketch_in_milliseconds() {
    let recorder = filled();
    let window = (0, 1000);
    let asked = query("latency", "ms", Arm::Canary, window, Wants::Distribution);
    let found = ask(&recorder, &asked).await.expect("a measurement");
    let Observed::Distribution { sketch } = found.observed else {
        unreachable!("asked for a distribution")
    };
    let histogram = Histogram::decode(&sketch).expect("the percentile core's own form");
    assert_eq!((histogram.count(), histogram.max()), (100, Some(990.0)));
    let median = histogram.quantile(0.5).expect("it is not empty");
    assert!((median.value - 490.0).abs() <= 490.0 / 129.0);
    let wrong = query("latency", "s", Arm::Canary, window, Wants::Distribution);
    assert_eq!(
        ask(&recorder, &wrong).await.expect_err("s").kind(),
        ErrorKind::Misuse
    );
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused() {
    let recorder = filled();
    for (text, unit, wants) in [
        ("up", "", Wants::Scalar),
        ("latency", "ms", Wants::Scalar),
        ("latency", "ms", Wants::Share),
        ("latency", "%", below("1", true)),
        ("p99(latency)", "", Wants::Scalar),
        ("errors", "ms", Wants::Scalar),
        ("requests", "", Wants::Share),
    ] {
        let asked = query(text, unit, Arm::Canary, (0, 1000), wants);
        let error = ask(&recorder, &asked).await.expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Misuse, "{text} {unit} {wants:?}");
    }
    let mut config = RecorderConfig::default();
    config.slot = Span::from_nanos(1_500_000);
    assert!(matches!(
        Recorder::new(config.clone()),
        Err(RecorderError::Slot { .. })
    ));
    config.slot = Span::from_secs(7200);
    assert!(matches!(
        Recorder::new(config),
        Err(RecorderError::Keep { .. })
    ));
}

proptest! {
    /// Against a plain list: shares and counts of any window of whole slots.
    #[test]
    fn any_window_equals_the_list_of_its_requests(
        requests in prop::collection::vec((0u64..2000, 0u64..300, any::<bool>()), 0..200),
        from in 0u64..20,
        length in 1u64..20,
    ) {
        let recorder = recorder(100, 1_000_000, &[100]);
        for (millis, latency, failed) in &requests {
            let ended = if *failed { Ended::Failed } else { Ended::Served };
            recorder.record(Arm::Canary, at(*millis), Span::from_millis(*latency), ended);
        }
        let window = (from * 100, (from + length) * 100);
        let inside: Vec<_> = requests
            .iter()
            .filter(|(millis, _, _)| (window.0..window.1).contains(millis))
            .collect();
        let total = u64::try_from(inside.len()).expect("fits");
        let count = |hits: usize| u64::try_from(hits).expect("fits");
        let failed = count(inside.iter().filter(|(_, _, failed)| *failed).count());
        let low = count(inside.iter().filter(|(_, latency, _)| *latency < 101).count());
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let asked = query("errors", "", Arm::Canary, window, Wants::Share);
        let share = runtime.block_on(ask(&recorder, &asked)).ok().map(|found| found.observed);
        let want = Observed::Share { matching: failed, total };
        prop_assert_eq!(share, (total > 0).then_some(want));
        let asked = query("latency", "ms", Arm::Canary, window, below("100", true));
        let found = runtime.block_on(ask(&recorder, &asked)).ok().map(|found| found.observed);
        let want = Observed::Below { threshold: Decimal::HUNDRED, below: low, total };
        prop_assert_eq!(found, (total > 0).then_some(want));
    }
}
