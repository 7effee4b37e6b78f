//! Against a real Prometheus that scrapes numbers which the test knows.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "tests, and helpers beside them"
)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use phasegate_core::{Decimal, Observed, Query, Span, Timestamp, Wants};
use phasegate_percentile::mapping::Base2;
use phasegate_percentile::{Histogram, MappedHistogram, wire};
use phasegate_provider::{ErrorKind, HttpEndpoint, MetricSource, ProviderError};
use phasegate_provider_prometheus::{Absent, PrometheusConfig, PrometheusSource};
use phasegate_testkit::conformance::{Violation, metric_source};

use support::{Exporter, Scraper, call, client, now, query};

const SHARE: &str = r#"label_replace(requests_total{track="canary",code="500"}, "phasegate", "matching", "", "")
  or label_replace(requests_total{track="canary"}, "phasegate", "total", "", "")"#;
const BUCKETS: &str = r#"took_seconds_bucket{track="canary"}"#;

/// What an exporter says after so many good and bad requests of the canary, a third of them slow.
fn page(good: u64, bad: u64, stable: u64) -> String {
    let all = good + bad;
    let fast = all - all / 3;
    format!(
        "# TYPE requests_total counter\n\
         requests_total{{track=\"canary\",code=\"200\"}} {good}\n\
         requests_total{{track=\"canary\",code=\"500\"}} {bad}\n\
         requests_total{{track=\"stable\",code=\"200\"}} {stable}\n\
         # TYPE took_seconds histogram\n\
         took_seconds_bucket{{track=\"canary\",le=\"0.05\"}} {fast}\n\
         took_seconds_bucket{{track=\"canary\",le=\"0.1\"}} {all}\n\
         took_seconds_bucket{{track=\"canary\",le=\"+Inf\"}} {all}\n\
         took_seconds_sum{{track=\"canary\"}} 1\n\
         took_seconds_count{{track=\"canary\"}} {all}\n\
         # TYPE odd gauge\nodd NaN\nfraction 0.5\n"
    )
}

fn source(url: String) -> PrometheusSource {
    let config = PrometheusConfig::new(HttpEndpoint::new(url)).with_step(Span::from_millis(200));
    let config = config.with_lookback(Span::from_secs(60));
    PrometheusSource::new(config, client(Duration::from_secs(10))).expect("a source")
}

/// Waits until the server has a number. VictoriaMetrics shows its first sample ten seconds after its start
/// and each later one a second after the scrape; a busy machine takes its time on top.
async fn seen(source: &PrometheusSource, text: &str, value: u64) {
    let wanted = Observed::Scalar {
        value: Decimal::from(value),
    };
    let mut last = None;
    for _ in 0..1200 {
        let at = now();
        let question = query(text, "", (at.before(Span::from_secs(1)), at), Wants::Scalar);
        let found = source.measure(&question, &call()).await;
        if found.as_ref().is_ok_and(|found| found.observed == wanted) {
            return;
        }
        last = Some(found);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{text} never became {value}, last it was {last:?}");
}

/// Asks until the answer is the wanted one: VictoriaMetrics' ranges know the newest samples later than its
/// instant queries do, by up to a few seconds on a busy machine.
async fn becomes(source: &PrometheusSource, question: &Query, wanted: &Observed) {
    let mut last = None;
    for _ in 0..300 {
        let found = source.measure(question, &call()).await;
        if found.as_ref().is_ok_and(|found| found.observed == *wanted) {
            return;
        }
        last = Some(found);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{question:?} never became {wanted:?}, last it was {last:?}");
}

fn below(threshold: &str, inclusive: bool) -> Wants {
    let threshold = threshold.parse().expect("a decimal");
    Wants::Below {
        threshold,
        inclusive,
    }
}

/// A story of three pages with a restart between the second and the third; its window.
async fn told(exporter: &Exporter, source: &PrometheusSource) -> (Timestamp, Timestamp) {
    let good = r#"requests_total{track="canary",code="200"}"#;
    exporter.tell(&page(1000, 10, 5));
    seen(source, good, 1000).await;
    let start = now();
    exporter.tell(&page(1290, 20, 6));
    seen(source, good, 1290).await;
    // Restarted: counts begin at zero again.
    exporter.tell(&page(30, 0, 0));
    seen(source, good, 30).await;
    (start, now())
}

#[tokio::test]
async fn what_was_counted_is_what_is_measured() {
    let exporter = Exporter::start();
    exporter.tell(&page(1, 1, 1));
    let Some(server) = Scraper::prometheus(&exporter) else {
        return;
    };
    let source = source(server.url());
    let window = told(&exporter, &source).await;
    let ask = async |text: &str, unit: &str, wants| {
        let found = source
            .measure(&query(text, unit, window, wants), &call())
            .await;
        found.map(|found| (found.observed, found.samples))
    };

    // 290 good ones and 10 bad ones, then 30 good ones after the restart.
    let share = ask(SHARE, "%", Wants::Share).await.expect("a share");
    assert_eq!(
        share,
        (
            Observed::Share {
                matching: 10,
                total: 330
            },
            330
        )
    );

    // 1010 requests of which 674 fast; 1310 of which 874; 30 of which 20.
    for (threshold, unit, count) in [("50", "ms", 220), ("0.1", "s", 330), ("0.05", "", 220)] {
        let (found, samples) = ask(BUCKETS, unit, below(threshold, true))
            .await
            .expect("counts");
        let threshold = threshold.parse().expect("a decimal");
        let wanted = Observed::Below {
            threshold,
            below: count,
            total: 330,
        };
        assert_eq!((found, samples), (wanted, 330), "{threshold}{unit}");
    }

    for (text, value, samples) in [
        ("fraction", "0.5", 1),
        ("scalar(fraction)", "0.5", 1),
        ("sum(requests_total)", "30", 1),
        (
            r#"label_replace(fraction,"phasegate","value","","") or label_replace(fraction*400,"phasegate","samples","","")"#,
            "0.5",
            200,
        ),
    ] {
        let found = ask(text, "", Wants::Scalar).await.expect(text);
        let value = value.parse().expect("a decimal");
        assert_eq!(found, (Observed::Scalar { value }, samples), "{text}");
    }
    refusals(&source, window).await;
    conformance(source, window).await;
}

#[tokio::test]
async fn another_server_with_the_same_api_gives_the_same_counts() {
    let exporter = Exporter::start();
    exporter.tell(&page(1, 1, 1));
    let Some(server) = Scraper::victoria_metrics(&exporter) else {
        return;
    };
    let source = source(server.url());
    let window = told(&exporter, &source).await;
    let share = Observed::Share {
        matching: 10,
        total: 330,
    };
    becomes(&source, &query(SHARE, "%", window, Wants::Share), &share).await;
    let counts = Observed::Below {
        threshold: "50".parse().expect("a decimal"),
        below: 220,
        total: 330,
    };
    let question = query(BUCKETS, "ms", window, below("50", true));
    becomes(&source, &question, &counts).await;
    for (text, kind) in [("sum(", ErrorKind::Misuse), ("nothing", ErrorKind::NoData)] {
        let error = source
            .measure(&query(text, "", window, Wants::Scalar), &call())
            .await;
        assert_eq!(error.expect_err(text).kind(), kind, "{text}");
    }
}

/// Its target is away when the window begins, and what happened meanwhile is counted.
async fn gap(exporter: &Exporter, source: &PrometheusSource) {
    exporter.tell(&page(1000, 10, 5));
    seen(source, r#"requests_total{track="canary",code="200"}"#, 1000).await;
    exporter.tell("");
    seen(source, "up", 0).await;
    // So long that no server takes what was before for what is now.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let start = now();
    exporter.tell(&page(1290, 20, 6));
    seen(source, r#"requests_total{track="canary",code="200"}"#, 1290).await;
    let share = Observed::Share {
        matching: 10,
        total: 300,
    };
    let question = query(SHARE, "%", (start, now()), Wants::Share);
    becomes(source, &question, &share).await;
}

#[tokio::test]
async fn a_missed_scrape_at_the_start_hides_nothing() {
    for start in [Scraper::prometheus, Scraper::victoria_metrics] {
        let exporter = Exporter::start();
        exporter.tell(&page(1, 1, 1));
        if let Some(server) = start(&exporter) {
            gap(&exporter, &source(server.url())).await;
        }
    }
}

async fn refusals(source: &PrometheusSource, window: (Timestamp, Timestamp)) {
    use ErrorKind as K;
    for (text, unit, wants, kind, says) in [
        ("odd", "", Wants::Scalar, K::Invalid, "NaN"),
        ("1/0", "", Wants::Scalar, K::Invalid, "+Inf"),
        ("requests_total", "", Wants::Scalar, K::Invalid, "3 series"),
        (
            "requests_total[1m]",
            "",
            Wants::Scalar,
            K::Invalid,
            "a range",
        ),
        ("\"text\"", "", Wants::Scalar, K::Invalid, "a text"),
        ("nothing", "", Wants::Scalar, K::NoData, ""),
        ("sum(", "", Wants::Scalar, K::Misuse, "bad_data"),
        (
            "requests_total * on(track) requests_total",
            "",
            Wants::Scalar,
            K::Invalid,
            "execution",
        ),
        ("requests_total", "", Wants::Share, K::Invalid, "phasegate"),
        ("nothing", "", Wants::Share, K::NoData, ""),
        (
            "label_replace(requests_total, \"phasegate\", \"total\", \"\", \"\")",
            "",
            Wants::Share,
            K::Invalid,
            "absent-matching",
        ),
        (
            "label_replace(fraction, \"phasegate\", \"total\", \"\", \"\")",
            "",
            Wants::Share,
            K::Invalid,
            "whole events",
        ),
        (
            BUCKETS,
            "ms",
            below("60", true),
            K::Invalid,
            "buckets end at 0.05, 0.1",
        ),
        (BUCKETS, "B", below("60", true), K::Misuse, "count in 's'"),
        (BUCKETS, "ms", Wants::Distribution, K::Invalid, "too wide"),
        (
            "requests_total",
            "ms",
            below("50", true),
            K::Invalid,
            "label le",
        ),
    ] {
        let error = source
            .measure(&query(text, unit, window, wants), &call())
            .await;
        let error = error.expect_err(text);
        assert_eq!(error.kind(), kind, "{text}: {error}");
        assert!(error.to_string().contains(says), "{text}: {error}");
    }
}

async fn conformance(source: PrometheusSource, window: (Timestamp, Timestamp)) {
    let source: Arc<dyn MetricSource> = Arc::new(source);
    let asked: Vec<Query> = vec![
        query(SHARE, "%", window, Wants::Share),
        query("fraction", "", window, Wants::Scalar),
        query(BUCKETS, "ms", window, below("50", false)),
    ];
    let found = metric_source(&source, &asked, "sum(", &call()).await;
    // Distributions need a native histogram, which the other test has.
    let only = |one: &Violation| {
        one.rule == "each claimed form is shown" && one.found.contains("MeasureDistribution")
    };
    assert!(found.len() == 1 && found.iter().all(only), "{found:?}");
}

#[tokio::test]
async fn an_absent_series_of_failures_is_zero_only_where_that_is_said() {
    let exporter = Exporter::start();
    exporter.tell("requests_total{track=\"canary\",code=\"200\"} 1\n");
    let Some(server) = Scraper::prometheus(&exporter) else {
        return;
    };
    let strict = source(server.url());
    seen(&strict, "requests_total", 1).await;
    let start = now();
    exporter.tell("requests_total{track=\"canary\",code=\"200\"} 41\n");
    seen(&strict, "requests_total", 41).await;
    let question = query(SHARE, "%", (start, now()), Wants::Share);
    let error = strict
        .measure(&question, &call())
        .await
        .expect_err("unknown");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let config = PrometheusConfig::new(HttpEndpoint::new(server.url()))
        .with_step(Span::from_millis(200))
        .with_absent_matching(Absent::Zero);
    let lenient = PrometheusSource::new(config, client(Duration::from_secs(10))).expect("a source");
    let found = lenient.measure(&question, &call()).await.expect("zero");
    assert_eq!(
        found.observed,
        Observed::Share {
            matching: 0,
            total: 40
        }
    );
}

/// `io.prometheus.client.MetricFamily` with one native histogram, delimited.
fn family(histogram: &MappedHistogram<Base2>) -> Vec<u8> {
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2];
        varint(&mut out, bytes.len());
        out.extend_from_slice(bytes);
        out
    }
    fn varint(out: &mut Vec<u8>, mut value: usize) {
        while value > 127 {
            out.push(u8::try_from(value & 127).expect("7 bits") | 128);
            value >>= 7;
        }
        out.push(u8::try_from(value).expect("7 bits"));
    }
    let histogram = wire::prometheus::encode(histogram);
    let mut message = field(1, b"native_seconds");
    message.extend([3 << 3, 4]);
    message.extend(field(4, &field(7, &histogram.bytes)));
    let mut out = Vec::new();
    varint(&mut out, message.len());
    out.extend(message);
    out
}

#[tokio::test]
async fn a_native_histogram_is_a_distribution() {
    let exporter = Exporter::start();
    let mut histogram: MappedHistogram<Base2> = MappedHistogram::new();
    histogram.record(0.004);
    exporter.tell_protobuf(family(&histogram));
    let Some(server) = Scraper::prometheus(&exporter) else {
        return;
    };
    let source = source(server.url());
    seen(&source, "histogram_count(native_seconds)", 1).await;
    let start = now();
    for n in 1..=1000u32 {
        histogram.record(f64::from(n) / 1000.0);
    }
    exporter.tell_protobuf(family(&histogram));
    seen(&source, "histogram_count(native_seconds)", 1001).await;
    let window = (start, now());
    let question = query("native_seconds", "ms", window, Wants::Distribution);
    let found = source
        .measure(&question, &call())
        .await
        .expect("a distribution");
    let Observed::Distribution { sketch } = &found.observed else {
        panic!("{found:?}");
    };
    let sketch = Histogram::decode(sketch).expect("the core's own form");
    assert_eq!((found.samples, sketch.count()), (1000, 1000));
    for (q, millis) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0)] {
        let estimate = sketch.quantile(q).expect("values").value;
        assert!((estimate / millis - 1.0f64).abs() < 0.06, "{q}: {estimate}");
    }
    // A power of two is a bound of every schema; something inside a bucket is none.
    let counted = query("native_seconds", "s", window, below("0.5", true));
    let found = source.measure(&counted, &call()).await.expect("counts");
    let threshold = "0.5".parse().expect("a decimal");
    assert_eq!(
        found.observed,
        Observed::Below {
            threshold,
            below: 500,
            total: 1000
        }
    );
    let inside = query("native_seconds", "s", window, below("0.501", true));
    let error: ProviderError = source.measure(&inside, &call()).await.expect_err("inside");
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    let source: Arc<dyn MetricSource> = Arc::new(source);
    let found = metric_source(&source, &[question], "sum(", &call()).await;
    let others = |claim: &str| !claim.contains("MeasureDistribution");
    assert!(
        found
            .iter()
            .all(|one| one.rule == "each claimed form is shown" && others(&one.found))
    );
}
