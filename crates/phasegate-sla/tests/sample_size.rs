//! What samples can show, against tabled values.
#![expect(clippy::expect_used, reason = "helpers of tests may stop the test")]

use phasegate_core::Span;
use phasegate_criterion::{Criterion, Direction, Kpi, KpiRegistry, Queries, Shape};
use phasegate_criterion::{Slo, SloMethod};
use phasegate_sla::{SampleAdvice, sample_advice, sample_advice_shared};

fn advice(text: &str) -> Option<SampleAdvice> {
    all(text).into_iter().next()
}

fn all(text: &str) -> Vec<SampleAdvice> {
    let criterion: Criterion = text.parse().expect(text);
    sample_advice(&criterion, &registry())
}

fn registry() -> KpiRegistry {
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
    for (id, method) in [
        ("availability", SloMethod::Occurrences),
        (
            "slices",
            SloMethod::RatioOfSlices {
                slice: Span::from_secs(60),
            },
        ),
    ] {
        let slo = Slo {
            id: id.parse().expect("an id"),
            kpi: "hits".parse().expect("an id"),
            objective: "99.9%".parse().expect("a share"),
            period: Span::from_secs(30 * 86_400),
            method,
        };
        registry.declare_slo(slo).expect("declared once");
    }
    registry
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
fn alternatives_share_the_chance_of_error_and_what_must_all_hold_does_not() {
    let judged = |text: &str| -> Vec<(u32, Option<u64>)> {
        all(text)
            .iter()
            .map(|advice| (advice.alternatives, advice.judged))
            .collect()
    };
    let one = "ratio(errors) < 1% confidence 95%";
    let other = "ratio(hits) > 99% confidence 95%";
    assert_eq!(judged(one), [(1, Some(338))]);
    // As evaluation has it: 404 is the first number that passes.
    let either = format!("{one} or {other}");
    assert_eq!(judged(&either), [(2, Some(404)), (2, Some(404))]);
    let both = format!("{one} and {other}");
    assert_eq!(judged(&both), [(1, Some(338)), (1, Some(338))]);
    let score = format!("score [1: {one}, 1: {other}] >= 50%");
    assert_eq!(judged(&score), [(2, Some(404)), (2, Some(404))]);
    let nested = format!("{one} or ({other} and ({one} or {other}))");
    let found: Vec<u32> = all(&nested).iter().map(|one| one.alternatives).collect();
    assert_eq!(found, [2, 2, 4, 4]);
    // What is compared literally shares nothing.
    assert_eq!(
        judged("ratio(errors) < 1% or ratio(hits) > 99%"),
        [(1, Some(338)), (1, Some(338))]
    );
    let criterion: Criterion = one.parse().expect(one);
    let trigger = sample_advice_shared(&criterion, &registry(), 2).remove(0);
    assert_eq!((trigger.alternatives, trigger.judged), (2, Some(404)));
    assert!(
        trigger
            .sentence
            .contains("at 95% (one of 2 alternatives, which share the chance of error) when"),
        "{}",
        trigger.sentence
    );
}

#[test]
fn budgets_and_burn_rates_are_shares_of_bad_events() {
    // A tenth of a budget of 0.1 % may not be spent: 0.09 % of the events are bad.
    let left = advice("budget_left(availability) > 10%").expect("a budget");
    assert_eq!((left.once, left.judged), (Some(3_328), None));
    assert!(!left.sentence.contains("with 'confidence'"), "{left:?}");
    let burn = advice("burn_rate(availability, 1h) < 0.9").expect("a burn rate");
    assert_eq!((burn.once, burn.looking), (left.once, left.looking));
    let share = advice("ratio(errors) < 0.09%").expect("a share");
    assert_eq!((share.once, share.looking), (left.once, left.looking));
    // How many of them must be bad until it fires at so much of the budget: as of any share.
    let fires = advice("burn_rate(availability, 1h) > 14.4").expect("a burn rate");
    assert_eq!(
        fires.once,
        advice("ratio(errors) > 1.44%").and_then(|one| one.once)
    );
    // Slices are not events.
    assert_eq!(advice("budget_left(slices) > 10%"), None);
}

#[test]
fn bands_ranges_and_apdex_have_their_numbers() {
    let bands = all("ratio(errors) warn > 1% crit > 5% confidence 95%");
    let found: Vec<Option<u64>> = bands.iter().map(|band| band.judged).collect();
    assert_eq!(found, [Some(338), Some(83)]);
    assert!(bands[0].sentence.contains(", not warned: "), "{bands:?}");
    assert!(bands[1].sentence.contains(", not critical: "), "{bands:?}");
    let apdex = advice("apdex(latency, 5ms) >= 0.95").expect("a mean of zeros and ones");
    assert_eq!((apdex.once, apdex.looking), (Some(59), Some((83, 162))));
    let percentile = all("p90(latency) in 1ms..5ms");
    let found: Vec<Option<u64>> = percentile.iter().map(|side| side.once).collect();
    assert_eq!(found, [Some(2), Some(29)]);
    // An end at an end of the scale asks for nothing.
    let one_sided = advice("ratio(errors) in 0%..1%").expect("a share");
    assert_eq!(one_sided.once, Some(299));
    assert_eq!(all("ratio(errors) in 0%..100%"), Vec::new());
    let range = advice("ratio(hits) in 40%..60%").expect("a share");
    let once = range.once.expect("a number");
    assert!((60..=100).contains(&once), "{range:?}");
    let (low, high) = range.looking.expect("numbers");
    assert!(once < low && low <= high && high < 1_000, "{range:?}");
    assert!(range.sentence.contains("in the middle of it"), "{range:?}");
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
