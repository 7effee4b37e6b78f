//! What samples can show, against tabled values.
#![expect(clippy::expect_used, reason = "helpers of tests may stop the test")]

use phasegate_criterion::{Criterion, Direction, Kpi, KpiRegistry, Queries, Shape};
use phasegate_sla::{SampleAdvice, sample_advice};

fn advice(text: &str) -> Option<SampleAdvice> {
    let mut registry = KpiRegistry::new();
    for (id, unit, shape, direction) in [
        ("errors", "%", Shape::Ratio, Direction::LowerIsBetter),
        ("hits", "%", Shape::Ratio, Direction::HigherIsBetter),
        (
            "latency",
            "ms",
            Shape::Distribution,
            Direction::LowerIsBetter,
        ),
        ("build", "m", Shape::Gauge, Direction::LowerIsBetter),
    ] {
        let source = "prom".parse().expect("an id");
        let mut kpi = Kpi::new(
            id.parse().expect("an id"),
            unit.parse().expect("a unit"),
            shape,
            source,
        );
        kpi.direction = direction;
        kpi.rate = Some("1/s".parse().expect("a rate"));
        kpi.parts.insert("done".to_owned(), Queries::whole("done"));
        registry.declare(kpi).expect("declared once");
    }
    let criterion: Criterion = text.parse().expect(text);
    sample_advice(&criterion, &registry).into_iter().next()
}

#[test]
fn clean_samples_needed_have_their_tabled_values() {
    for (text, once, looking) in [
        ("p50(latency) < 5ms", 5, (13, 31)),
        ("p90(latency) < 5ms", 29, (48, 103)),
        ("p95(latency) < 5ms", 59, (83, 162)),
        ("p99(latency) < 5ms", 299, (338, 499)),
        ("p99.9(latency) < 5ms", 2_995, (3_060, 3_413)),
        ("ratio(errors) < 1%", 299, (338, 499)),
        ("ratio(hits) > 99%", 299, (338, 499)),
        ("ratio(hits) -> 99%", 299, (338, 499)),
        ("below(latency, 5ms) >= 95%", 59, (83, 162)),
    ] {
        let found = advice(text).expect(text);
        assert_eq!(
            (found.once, found.looking),
            (Some(once), Some(looking)),
            "{text}"
        );
        let (short, long) = found.takes.expect("a rate");
        assert_eq!(
            (short.as_secs_f64(), long.as_secs_f64()),
            (once as f64, looking.1 as f64)
        );
    }
}

#[test]
fn n_of_m_shows_little() {
    for (text, shown) in [
        ("count(hits, done) = 5/5", "54.9%"),
        ("count(hits, done) = 20/20", "86.1%"),
        ("count(hits, done) >= 4/5", "34.3%"),
    ] {
        let found = advice(text).expect(text);
        assert_eq!(
            found
                .shows_at_most
                .map(|share| share.to_string())
                .as_deref(),
            Some(shown),
            "{text}"
        );
        assert!(found.sentence.contains(shown), "{}", found.sentence);
    }
}

#[test]
fn other_criteria_have_no_sample_size() {
    for text in [
        "build < 5m",
        "ratio(errors) = 1%",
        "errors no worse than control",
        "approve CTO",
        "ratio(errors) < 0%",
    ] {
        assert_eq!(advice(text), None, "{text}");
    }
}
