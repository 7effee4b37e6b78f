//! Criteria with `confidence`: shown, refuted, undecided; never decided on overlapping windows.
#![expect(
    clippy::unnecessary_wraps,
    clippy::wildcard_enum_match_arm,
    reason = "tables of cases are long, and a case that is not meant is a failure"
)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may stop the test"
)]

use std::collections::BTreeMap;

use phasegate_core::{
    Answer, Capability, Measurement, Observed, Span, Timestamp, Wants, Window, WindowKind,
};
use phasegate_criterion::{Criterion, Direction, Kpi, KpiRegistry, Queries, Shape};
use phasegate_percentile::Histogram;
use phasegate_sla::{Finding, Method, Need, Verdict, Why, evaluate, needs, sample_advice};

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
    ] {
        let source = "prom".parse().expect("an id");
        let mut kpi = Kpi::new(
            id.parse().expect("an id"),
            unit.parse().expect("a unit"),
            shape,
            source,
        );
        kpi.direction = direction;
        kpi.queries = Queries::arms(format!("{id} new"), format!("{id} old"));
        registry.declare(kpi).expect("declared once");
    }
    registry
}

/// `3/500`, or `@` and a histogram of a uniform spread: from, to, count; or `^` and one of two values.
fn answer(text: &str, need: &Need, kind: WindowKind) -> Answer {
    let end = Timestamp::EPOCH + Span::from_secs(600);
    let window = Window {
        start: Timestamp::EPOCH,
        end,
        kind,
    };
    let number = |text: &str| text.parse::<u32>().expect("a number");
    let (observed, samples) = if let Some(spread) = text.strip_prefix('^') {
        // So many of the second value among so many in all.
        let parts: Vec<u32> = spread.split(' ').map(number).collect();
        let [usual, heavy, some, all] = parts.as_slice() else {
            panic!("{text}")
        };
        let mut histogram = Histogram::new();
        for index in 0..*all {
            histogram.record(f64::from(if index < *some { *heavy } else { *usual }));
        }
        (
            Observed::Distribution {
                sketch: histogram.encode(),
            },
            histogram.count(),
        )
    } else if let Some(spread) = text.strip_prefix('@') {
        let parts: Vec<u32> = spread.split(' ').map(number).collect();
        let [from, to, count] = parts.as_slice() else {
            panic!("{text}")
        };
        let mut histogram = Histogram::new();
        for index in 0..*count {
            let part = f64::from(index) / f64::from(*count);
            histogram.record(f64::from(*from) + part * f64::from(to - from));
        }
        (
            Observed::Distribution {
                sketch: histogram.encode(),
            },
            histogram.count(),
        )
    } else {
        let (first, total) = text.split_once('/').expect("counts");
        let (first, total) = (number(first).into(), number(total).into());
        let observed = match need.wants {
            Wants::Below { threshold, .. } => Observed::Below {
                threshold,
                below: first,
                total,
            },
            _ => Observed::Share {
                matching: first,
                total,
            },
        };
        (observed, total)
    };
    Ok(Measurement {
        window,
        samples,
        observed,
    })
}

fn run(text: &str, answers: &[&str], kind: WindowKind) -> Finding {
    let criterion: Criterion = text.parse().expect(text);
    let registry = registry();
    let sketch = answers.iter().any(|answer| answer.starts_with(['@', '^']));
    let can = |_: &phasegate_core::BindingId, what: Capability| {
        !sketch || what != Capability::MeasureBelow
    };
    let needs =
        needs(&criterion, &registry, &can).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    assert_eq!(needs.len(), answers.len(), "{text}: {needs:#?}");
    let answers: BTreeMap<Need, Answer> = needs
        .into_iter()
        .zip(answers)
        .map(|(need, text)| (need.clone(), answer(text, &need, kind)))
        .collect();
    evaluate(
        &criterion,
        &registry,
        &answers,
        Timestamp::EPOCH + Span::from_secs(600),
    )
}

const PASS: Verdict = Verdict::Pass;
const WARN: Verdict = Verdict::Warn;
const FAIL: Verdict = Verdict::Fail;
const OPEN: Verdict = Verdict::Inconclusive(Why::Undecided);
const ROLLING: Verdict = Verdict::Inconclusive(Why::RollingWindow);

const CASES: &[(&str, &[&str], Verdict)] = &[
    // As many as the sample-size lint says, and not one less.
    ("ratio(errors) < 1% confidence 95%", &["0/338"], PASS),
    ("ratio(errors) < 1% confidence 95%", &["0/337"], OPEN),
    ("ratio(errors) < 1% confidence 99.9%", &["0/338"], OPEN),
    ("ratio(errors) < 1% significant", &["0/338"], PASS),
    ("ratio(errors) < 1% confidence 95%", &["9/120"], FAIL),
    ("ratio(errors) > 1% confidence 95%", &["9/120"], PASS),
    ("ratio(errors) > 1% confidence 95%", &["0/338"], FAIL),
    ("ratio(errors) = 1% confidence 95%", &["1/100"], OPEN),
    // What is shown to lie on either side is shown not to be there; that it is there is never shown.
    ("ratio(errors) != 1% confidence 95%", &["1/100"], OPEN),
    ("ratio(errors) != 1% confidence 95%", &["0/338"], PASS),
    ("ratio(errors) != 1% confidence 95%", &["0/337"], OPEN),
    ("ratio(errors) != 1% confidence 95%", &["9/120"], PASS),
    ("ratio(errors) = 1% confidence 95%", &["0/338"], FAIL),
    ("ratio(errors) = 1% confidence 95%", &["9/120"], FAIL),
    (
        "ratio(errors) = 1% confidence 95%",
        &["10000/1000000"],
        OPEN,
    ),
    ("ratio(errors) != 0% confidence 95%", &["1/1000"], PASS),
    ("ratio(errors) != 0% confidence 95%", &["0/1000"], OPEN),
    ("ratio(errors) = 0% confidence 95%", &["1/1000"], FAIL),
    ("ratio(hits) != 100% confidence 95%", &["999/1000"], PASS),
    // About 50 % is from 45 % to 55 %: in it nothing is shown, whichever end is nearer.
    ("ratio(hits) != ~50% confidence 95%", &["5000/10000"], OPEN),
    ("ratio(hits) != ~50% confidence 95%", &["9000/10000"], PASS),
    (
        "avg(latency) != 500ms cap 1s confidence 95%",
        &["@100 200 600"],
        PASS,
    ),
    (
        "avg(latency) = 500ms cap 1s confidence 95%",
        &["@100 200 600"],
        FAIL,
    ),
    (
        "avg(latency) != 150ms cap 1s confidence 95%",
        &["@100 200 600"],
        OPEN,
    ),
    // One event decides against none, and no number of samples decides for it.
    ("ratio(errors) <= 0% confidence 95%", &["1/100"], FAIL),
    ("ratio(errors) <= 0% confidence 95%", &["0/1000000"], OPEN),
    ("ratio(errors) > 0% confidence 95%", &["1/100"], PASS),
    ("ratio(errors) > 0% confidence 95%", &["0/1000000"], OPEN),
    ("ratio(hits) < 100% confidence 95%", &["100/100"], OPEN),
    ("ratio(hits) < 100% confidence 95%", &["99/100"], PASS),
    ("ratio(hits) >= 0% confidence 95%", &["0/100"], PASS),
    // The same of "all of them", which is about their share and not about their number.
    ("count(hits) = 5/5 confidence 95%", &["1000/1000"], OPEN),
    ("count(hits) = 5/5 confidence 95%", &["999/1000"], FAIL),
    ("count(hits) = 4/5 confidence 95%", &["1000/1000"], PASS),
    ("count(hits) = 4/5 confidence 95%", &["5/5"], OPEN),
    ("count(hits) = 4/5 confidence 95%", &["500/1000"], FAIL),
    (
        "ratio(hits) in 40%..60% confidence 95%",
        &["5000/10000"],
        PASS,
    ),
    (
        "ratio(hits) in 40%..60% confidence 95%",
        &["7000/10000"],
        FAIL,
    ),
    ("ratio(hits) in 40%..60% confidence 95%", &["5/10"], OPEN),
    (
        "ratio(errors) warn > 1% crit > 5% confidence 95%",
        &["0/2000"],
        PASS,
    ),
    (
        "ratio(errors) warn > 1% crit > 5% confidence 95%",
        &["60/2000"],
        WARN,
    ),
    (
        "ratio(errors) warn > 1% crit > 5% confidence 95%",
        &["200/2000"],
        FAIL,
    ),
    (
        "ratio(errors) warn > 1% crit > 5% confidence 95%",
        &["1/20"],
        OPEN,
    ),
    ("ratio(hits) 50% -> 80% confidence 95%", &["950/1000"], PASS),
    // Percentiles: two integers.
    ("p95(latency) < 200ms confidence 95%", &["1000/1000"], PASS),
    ("p95(latency) < 200ms confidence 95%", &["95/100"], OPEN),
    ("p95(latency) < 200ms confidence 95%", &["800/1000"], FAIL),
    ("p95(latency) > 200ms confidence 95%", &["800/1000"], PASS),
    (
        "p50(latency) < 200ms confidence 95%",
        &["@10 100 1000"],
        PASS,
    ),
    (
        "below(latency, 200ms) > 90% confidence 95%",
        &["990/1000"],
        PASS,
    ),
    // Two arms.
    (
        "ratio(errors) no worse than control margin 50% confidence 95%",
        &["100/10000", "1000/90000"],
        PASS,
    ),
    (
        "ratio(errors) no worse than control margin 5% confidence 95%",
        &["100/10000", "900/90000"],
        OPEN,
    ),
    (
        "ratio(errors) no worse than control margin 5% confidence 95%",
        &["300/10000", "900/90000"],
        FAIL,
    ),
    (
        "ratio(hits) no worse than control margin 5% confidence 95%",
        &["8000/10000", "85500/90000"],
        FAIL,
    ),
    (
        "ratio(hits) no worse than control margin 10% confidence 95%",
        &["9500/10000", "85500/90000"],
        PASS,
    ),
    (
        "ratio(errors) comparable to control margin 50% confidence 95%",
        &["10000/100000", "10000/100000"],
        PASS,
    ),
    (
        "ratio(errors) comparable to control margin 50% confidence 95%",
        &["20000/100000", "10000/100000"],
        FAIL,
    ),
    (
        "change(ratio(errors)) < 50% vs control confidence 95%",
        &["100/10000", "1000/90000"],
        PASS,
    ),
    (
        "change(ratio(errors)) < 50% vs control confidence 95%",
        &["300/10000", "900/90000"],
        FAIL,
    ),
    (
        "change(ratio(errors)) < -50% vs baseline 10% confidence 95%",
        &["10/1000"],
        PASS,
    ),
    (
        "change(ratio(errors)) < -50% vs baseline 10% confidence 95%",
        &["90/1000"],
        FAIL,
    ),
    (
        "p50(latency) no worse than control margin 50% confidence 95%",
        &["@100 200 2000", "@100 200 2000"],
        PASS,
    ),
    (
        "p50(latency) no worse than control margin 5% confidence 95%",
        &["@100 200 50", "@100 200 50"],
        OPEN,
    ),
    (
        "p50(latency) no worse than control margin 5% confidence 95%",
        &["@200 400 2000", "@100 200 2000"],
        FAIL,
    ),
    // A distance in points is decided by the shares of both arms, however few events there are.
    (
        "ratio(errors) no worse than control margin 0.5pp confidence 95%",
        &["100/1000000", "100/1000000"],
        PASS,
    ),
    (
        "ratio(errors) no worse than control margin 0.5pp confidence 95%",
        &["10/1000", "10/1000"],
        OPEN,
    ),
    (
        "ratio(errors) no worse than control margin 0.5pp confidence 95%",
        &["300/10000", "100/10000"],
        FAIL,
    ),
    (
        "ratio(hits) no worse than control margin 1pp confidence 95%",
        &["9000/10000", "95000/100000"],
        FAIL,
    ),
    (
        "ratio(errors) comparable to control margin 1pp confidence 95%",
        &["1000/100000", "1000/100000"],
        PASS,
    ),
    (
        "change(ratio(errors)) < 1pp vs control confidence 95%",
        &["1000/100000", "1000/100000"],
        PASS,
    ),
    (
        "avg(latency) no worse than control margin 20ms confidence 95%",
        &["@100 200 2000", "@100 200 2000"],
        PASS,
    ),
    (
        "avg(latency) no worse than control margin 20ms confidence 95%",
        &["@200 300 2000", "@100 200 2000"],
        FAIL,
    ),
    // A distance between percentiles, in any unit of theirs, is decided by the ranks of moved samples.
    (
        "p50(latency) no worse than control margin 20ms confidence 95%",
        &["@100 200 2000", "@100 200 2000"],
        PASS,
    ),
    (
        "p50(latency) no worse than control margin 0.02s confidence 95%",
        &["@100 200 2000", "@100 200 2000"],
        PASS,
    ),
    (
        "p50(latency) no worse than control margin 20ms confidence 95%",
        &["@100 200 50", "@100 200 50"],
        OPEN,
    ),
    (
        "p50(latency) no worse than control margin 20ms confidence 95%",
        &["@118 218 2000", "@100 200 2000"],
        OPEN,
    ),
    (
        "p50(latency) no worse than control margin 20ms confidence 95%",
        &["@140 240 2000", "@100 200 2000"],
        FAIL,
    ),
    (
        "p95(latency) no worse than control margin 20ms confidence 95%",
        &["@100 200 2000", "@100 200 2000"],
        PASS,
    ),
    (
        "p95(latency) no worse than control margin 20ms confidence 95%",
        &["@140 240 2000", "@100 200 2000"],
        FAIL,
    ),
    (
        "p50(latency) comparable to control margin 20ms confidence 95%",
        &["@100 200 2000", "@100 200 2000"],
        PASS,
    ),
    (
        "p50(latency) comparable to control margin 20ms confidence 95%",
        &["@100 200 2000", "@140 240 2000"],
        FAIL,
    ),
    // Figures.
    (
        "ratio(errors) no worse than baseline 5% margin 20% confidence 95%",
        &["10/1000"],
        PASS,
    ),
    (
        "ratio(errors) no worse than baseline 5% margin 1pp confidence 95%",
        &["100/1000"],
        FAIL,
    ),
    (
        "p95(latency) no worse than baseline 100ms margin 20% confidence 95%",
        &["@10 100 2000"],
        PASS,
    ),
    // Means of capped values, exact at any number of them.
    (
        "avg(latency) < 200ms cap 2s confidence 95%",
        &["@100 200 3000"],
        PASS,
    ),
    (
        "avg(latency) < 200ms cap 2s confidence 95%",
        &["@100 200 100"],
        OPEN,
    ),
    (
        "avg(latency) < 200ms cap 2s confidence 95%",
        &["@300 400 3000"],
        FAIL,
    ),
    (
        "avg(latency) >= 200ms cap 2s confidence 95%",
        &["@300 400 3000"],
        PASS,
    ),
    // A cap below the limit makes every mean lie below it, and shows nothing.
    (
        "avg(latency) < 200ms cap 150ms confidence 95%",
        &["@100 200 3000"],
        OPEN,
    ),
    (
        "apdex(latency, 100ms) >= 0.8 confidence 95%",
        &["950/1000", "1000/1000"],
        PASS,
    ),
    (
        "apdex(latency, 100ms) >= 0.8 confidence 95%",
        &["8/10", "10/10"],
        OPEN,
    ),
    (
        "apdex(latency, 100ms) >= 1 confidence 95%",
        &["1000/1000", "1000/1000"],
        OPEN,
    ),
    (
        "apdex(latency, 100ms) >= 1 confidence 95%",
        &["999/1000", "1000/1000"],
        FAIL,
    ),
    (
        "apdex(latency, 100ms) >= 0.8 confidence 95%",
        &["100/1000", "300/1000"],
        FAIL,
    ),
    // Means without an upper end, in the limit.
    (
        "avg(latency) < 200ms confidence 95%",
        &["@100 200 600"],
        PASS,
    ),
    (
        "avg(latency) > 200ms confidence 95%",
        &["@100 200 600"],
        FAIL,
    ),
    (
        "avg(latency) < 150ms confidence 95%",
        &["@100 200 600"],
        OPEN,
    ),
    (
        "avg(latency) no worse than control margin 5% confidence 95%",
        &["@100 200 1000", "@100 200 1000"],
        PASS,
    ),
    (
        "avg(latency) no worse than control margin 1% confidence 95%",
        &["@100 200 1000", "@100 200 1000"],
        OPEN,
    ),
    (
        "avg(latency) no worse than control margin 5% confidence 95%",
        &["@200 400 1000", "@100 200 1000"],
        FAIL,
    ),
    (
        "change(avg(latency)) < -20% vs control confidence 95%",
        &["@100 200 1000", "@200 400 1000"],
        PASS,
    ),
];

#[test]
fn what_is_shown_passes_what_is_refuted_fails_and_the_rest_is_undecided() {
    let mut wrong = Vec::new();
    for (text, answers, expected) in CASES {
        let finding = run(text, answers, WindowKind::SinceStart);
        if finding.verdict != *expected {
            wrong.push(format!(
                "{text} {answers:?}: wanted {expected}, {}",
                finding.sentence
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn overlapping_windows_and_single_increments_are_no_evidence() {
    for (text, answers, _) in CASES {
        for kind in [WindowKind::Rolling, WindowKind::Increment] {
            let finding = run(text, answers, kind);
            let sentence = &finding.sentence;
            assert_eq!(finding.verdict, ROLLING, "{text} {kind:?}: {sentence}");
            // What was seen is told all the same.
            assert!(finding.samples.is_some(), "{text} {kind:?}: {sentence}");
            assert!(finding.window.is_some(), "{text} {kind:?}: {sentence}");
        }
    }
}

#[test]
fn what_is_undecided_says_what_was_seen() {
    for (text, answers, observed, samples) in [
        (
            "apdex(latency, 100ms) >= 1 confidence 95%",
            &["1000/1000", "1000/1000"][..],
            Some("1"),
            1000,
        ),
        (
            "avg(latency) < 200ms confidence 95%",
            &["@100 200 400"],
            Some("149.875ms"),
            400,
        ),
        (
            "ratio(errors) < 1% min 1000 samples confidence 95%",
            &["0/999"],
            Some("0%"),
            999,
        ),
        (
            "p95(latency) < 200ms min 1000 samples confidence 95%",
            &["990/999"],
            Some("99.099099099%"),
            999,
        ),
        (
            "change(ratio(errors)) < 5pp vs baseline confidence 95%",
            &["10/100"],
            None,
            100,
        ),
    ] {
        let finding = run(text, answers, WindowKind::SinceStart);
        let sentence = &finding.sentence;
        assert_eq!(finding.condition(), None, "{sentence}");
        let seen = finding.observed.as_ref().map(ToString::to_string);
        assert_eq!(seen.as_deref(), observed, "{sentence}");
        assert_eq!(finding.samples, Some(samples), "{sentence}");
        assert!(finding.window.is_some(), "{sentence}");
        assert!(finding.bound.is_some(), "{sentence}");
    }
}

#[test]
fn a_mean_of_skewed_values_waits_for_more_of_them() {
    let skewed = |heavy: u32| {
        let answer = format!("^100 10000 {heavy} 2000");
        run(
            "avg(latency) < 400ms confidence 95%",
            &[&answer],
            WindowKind::SinceStart,
        )
    };
    // One in a thousand a hundred times as large: the skewness is 31, and 100 times its square 98,000.
    let waits = skewed(2);
    assert!(
        matches!(waits.verdict, Verdict::Inconclusive(Why::TooFewSamples { have: 2000, need }) if need > 90_000),
        "{}",
        waits.sentence
    );
    assert_eq!(skewed(0).verdict, PASS);
}

#[test]
fn the_window_of_a_kpi_is_not_for_evidence() {
    let mut registry = KpiRegistry::new();
    let mut errors = Kpi::new(
        "errors".parse().expect("an id"),
        "%".parse().expect("a unit"),
        Shape::Ratio,
        "prom".parse().expect("an id"),
    );
    errors.queries = Queries::whole("errors");
    errors.window = Some(Span::from_secs(300));
    registry.declare(errors).expect("declared once");
    let over = |text: &str| {
        let criterion: Criterion = text.parse().expect(text);
        let mut needs = needs(&criterion, &registry, &|_, _| true).expect("needs");
        needs.remove(0).over
    };
    assert_eq!(over("ratio(errors) < 1%"), Some(Span::from_secs(300)));
    assert_eq!(over("ratio(errors) < 1% confidence 95%"), None);
}

#[test]
fn alternatives_share_the_chance_of_a_false_pass() {
    let one = "ratio(errors) < 1% confidence 95%";
    let other = "p50(latency) < 1ms confidence 95%";
    assert_eq!(run(one, &["0/338"], WindowKind::SinceStart).verdict, PASS);
    let either = |clean: &str| {
        run(
            &format!("{one} or {other}"),
            &[clean, "50/100"],
            WindowKind::SinceStart,
        )
    };
    assert_eq!(either("0/338").verdict, OPEN);
    assert_eq!(either("0/600").verdict, PASS);
    // What must hold together shares nothing.
    let both = run(
        &format!("{one} and {other}"),
        &["0/338", "1000/1000"],
        WindowKind::SinceStart,
    );
    assert_eq!(both.verdict, PASS);
}

#[test]
fn the_finding_carries_the_interval() {
    let finding = run(
        "ratio(errors) < 1% confidence 95%",
        &["0/338"],
        WindowKind::SinceStart,
    );
    let high = finding
        .interval
        .and_then(|bounds| bounds.high)
        .expect("an upper end");
    assert!(
        high.compare(&"2%".parse().expect("a share"))
            .is_some_and(|order| order.is_lt()),
        "{high}"
    );
}

#[test]
fn the_finding_says_by_which_method_it_was_decided_and_in_words() {
    for (text, answers, method, said) in [
        (
            "ratio(errors) < 1% confidence 95%",
            &["0/338"] as &[&str],
            Method::Rate,
            "with 95% confidence (rate): pass",
        ),
        (
            "p95(latency) < 200ms confidence 95%",
            &["1000/1000"],
            Method::Percentile,
            "with 95% confidence (percentile by counts): pass",
        ),
        (
            "avg(latency) < 200ms cap 2s confidence 99%",
            &["@100 200 3000"],
            Method::BoundedMean,
            "with 99% confidence (bounded mean): pass",
        ),
        (
            "avg(latency) < 200ms confidence 95%",
            &["@100 200 600"],
            Method::AsymptoticMean,
            "with 95% confidence (asymptotic mean): pass",
        ),
        (
            "avg(latency) no worse than control margin 5% confidence 95%",
            &["@100 200 1000", "@100 200 1000"],
            Method::TwoArmMeans,
            "with 95% confidence (asymptotic means of two arms): pass",
        ),
        (
            "ratio(errors) no worse than control margin 50% confidence 95%",
            &["100/10000", "1000/90000"],
            Method::TwoArmRates,
            "with 95% confidence (rates of two arms): pass",
        ),
        (
            "p50(latency) no worse than control margin 50% confidence 95%",
            &["@100 200 2000", "@100 200 2000"],
            Method::TwoArmPercentiles,
            "with 95% confidence (percentiles of two arms): pass",
        ),
    ] {
        let finding = run(text, answers, WindowKind::SinceStart);
        assert_eq!(finding.method, Some(method), "{text}");
        assert!(finding.sentence.ends_with(said), "{}", finding.sentence);
        assert!(!method.assumes().is_empty());
    }
    let literal = run(
        "avg(latency) < 200ms",
        &["@100 200 600"],
        WindowKind::SinceStart,
    );
    assert_eq!(literal.method, None);
}

#[test]
fn a_mean_without_an_upper_end_waits_for_five_hundred_values() {
    let run = |count: &str| {
        let answers = [format!("@100 200 {count}")];
        let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
        let text = "avg(latency) < 200ms confidence 95%";
        run(text, &answers, WindowKind::SinceStart).verdict
    };
    let few = Why::TooFewSamples {
        have: 499,
        need: 500,
    };
    assert_eq!(run("499"), Verdict::Inconclusive(few));
    assert_eq!(run("500"), PASS);
}

#[test]
fn the_sample_size_lint_says_after_how_many_samples_evaluation_passes() {
    for (text, clean) in [
        ("ratio(errors) < 1% confidence 95%", "0"),
        ("ratio(errors) < 0.5% confidence 99%", "0"),
        ("ratio(hits) > 99% confidence 90%", "all"),
        ("p95(latency) < 200ms confidence 95%", "all"),
        ("p99(latency) < 200ms confidence 95%", "all"),
        ("below(latency, 200ms) >= 90% confidence 95%", "all"),
    ] {
        let criterion: Criterion = text.parse().expect(text);
        let advice = sample_advice(&criterion, &registry()).remove(0);
        let needed = advice.judged.expect(text);
        let (low, high) = advice.looking.expect(text);
        assert!((low..=high).contains(&needed), "{text}");
        for (samples, expected) in [(needed, PASS), (needed - 1, OPEN)] {
            let matching = if clean == "0" { 0 } else { samples };
            let answer = format!("{matching}/{samples}");
            let finding = run(text, &[&answer], WindowKind::SinceStart);
            assert_eq!(finding.verdict, expected, "{text} {answer}");
        }
    }
}

#[test]
fn a_ready_made_number_is_no_evidence() {
    let criterion: Criterion = "ratio(errors) < 1% confidence 95%"
        .parse()
        .expect("a criterion");
    let scalars = needs(&criterion, &registry(), &|_, what| {
        what == Capability::MeasureScalar
    });
    assert!(scalars.is_err());
}
