//! What once passed and may not: answers that are no values, measures that no method judges, windows that nobody
//! asked for; and findings that carry what they say.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unnecessary_wraps,
    reason = "helpers of tests may stop the test, and answers are results"
)]

use std::collections::BTreeMap;

use phasegate_core::{
    Answer, Arm, Measurement, Observed, Span, Timestamp, Wants, Window, WindowKind,
};
use phasegate_criterion::{Criterion, Direction, Kpi, KpiRegistry, Queries, Shape, Slo, SloMethod};
use phasegate_percentile::Histogram;
use phasegate_sla::{
    ANSWER_AGE_MAX, Finding, Need, Prepared, Testimony, Verdict, Why, WindowFault, evaluate,
    evaluate_with, needs,
};

const PASS: Verdict = Verdict::Pass;
const FAIL: Verdict = Verdict::Fail;
const UNUSABLE: Verdict = Verdict::Inconclusive(Why::CriterionUnusable);
const INVALID: Verdict = Verdict::Inconclusive(Why::Invalid);
const OPEN: Verdict = Verdict::Inconclusive(Why::Undecided);
const OUT_OF_RANGE: Verdict = Verdict::Inconclusive(Why::OutOfRange);

fn second(n: u64) -> Timestamp {
    Timestamp::EPOCH + Span::from_secs(n)
}

const AT: u64 = 1_000_000;

fn registry() -> KpiRegistry {
    use Direction::{HigherIsBetter as Higher, LowerIsBetter as Lower};
    let mut registry = KpiRegistry::new();
    for (id, unit, shape, direction) in [
        ("errors", "%", Shape::Ratio, Lower),
        ("availability", "%", Shape::Ratio, Higher),
        ("latency", "ms", Shape::Distribution, Lower),
        ("job", "m", Shape::Gauge, Lower),
        ("ran", "m", Shape::Gauge, Lower),
        ("mood", "/5", Shape::Rating, Higher),
        ("cost", "$", Shape::Distribution, Lower),
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
        if id == "job" {
            kpi.baseline = "20m".parse().expect("a baseline");
        }
        if id == "ran" {
            kpi.baseline = "previous".parse().expect("a baseline");
        }
        registry.declare(kpi).expect("declared once");
    }
    let slo = Slo {
        id: "availability".parse().expect("an id"),
        kpi: "availability".parse().expect("an id"),
        objective: "99.9%".parse().expect("a share"),
        period: Span::from_secs(30 * 86_400),
        method: SloMethod::Occurrences,
    };
    registry.declare_slo(slo).expect("declared once");
    registry
}

fn since_start() -> Window {
    Window {
        start: second(AT - 600),
        end: second(AT),
        kind: WindowKind::SinceStart,
    }
}

fn sketch(values: &[(f64, u64)]) -> Observed {
    let mut histogram = Histogram::new();
    for (value, times) in values {
        histogram.record_n(*value, *times);
    }
    Observed::Distribution {
        sketch: histogram.encode(),
    }
}

/// Between two ends, so many values evenly.
fn spread(from: u32, to: u32, count: u32) -> Observed {
    let step = |n: u32| f64::from(from) + f64::from(to - from) * f64::from(n) / f64::from(count);
    let values: Vec<(f64, u64)> = (0..count).map(|n| (step(n), 1)).collect();
    sketch(&values)
}

fn share(matching: u64, total: u64) -> Observed {
    Observed::Share { matching, total }
}

fn told(window: Window, observed: Observed) -> Answer {
    Ok(Measurement {
        window,
        samples: 100,
        observed,
    })
}

/// Asks only for forms that these answers have, and evaluates.
fn run(text: &str, answers: &[(Window, Observed)]) -> Finding {
    let criterion: Criterion = text.parse().expect(text);
    let registry = registry();
    let sketches = |(_, one): &(Window, Observed)| matches!(one, Observed::Distribution { .. });
    let below = !answers.iter().any(sketches);
    let can = |_: &phasegate_core::BindingId, what: phasegate_core::Capability| {
        below || what != phasegate_core::Capability::MeasureBelow
    };
    let asked =
        needs(&criterion, &registry, &can).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    assert_eq!(asked.len(), answers.len(), "{text}: {asked:#?}");
    let given: BTreeMap<Need, Answer> = asked
        .into_iter()
        .zip(answers)
        .map(|(need, (window, observed))| (need, told(*window, observed.clone())))
        .collect();
    let finding = evaluate(&criterion, &registry, &given, second(AT));
    // A prepared criterion comes to the same.
    let prepared = Prepared::new(criterion, &registry, &can).expect(text);
    let in_order: Vec<Option<&Answer>> = prepared
        .needs()
        .iter()
        .map(|need| given.get(need))
        .collect();
    let testimony = Testimony::default();
    let verdict = prepared.verdict(&registry, &in_order, &testimony, second(AT));
    let found = prepared.finding(&registry, &in_order, &testimony, second(AT));
    assert_eq!((&verdict, &found), (&finding.verdict, &finding), "{text}");
    finding
}

fn now(text: &str, observed: &[Observed]) -> Finding {
    let answers: Vec<(Window, Observed)> = observed
        .iter()
        .map(|observed| (since_start(), observed.clone()))
        .collect();
    run(text, &answers)
}

#[test]
fn what_no_method_judges_is_not_judged_with_confidence() {
    for (text, observed) in [
        (
            "burn_rate(availability, 1h) < 5 significant",
            share(0, 10_000),
        ),
        (
            "burn_rate(availability, 1h) > 14.4 significant",
            share(0, 10_000),
        ),
        (
            "budget_left(availability) > 10% significant",
            share(9_000, 10_000),
        ),
        (
            "budget_left(availability) > 10% confidence 95%",
            share(9_000, 10_000),
        ),
        ("max(latency) < 200ms significant", sketch(&[(10.0, 1000)])),
    ] {
        let finding = now(text, &[observed]);
        assert_eq!(finding.verdict, UNUSABLE, "{}", finding.sentence);
    }
    // Literally they are exact.
    let burns = now("burn_rate(availability, 1h) < 5", &[share(0, 10_000)]);
    assert_eq!(burns.verdict, FAIL, "{}", burns.sentence);
}

#[test]
fn infinite_values_and_what_is_no_number_pass_nothing() {
    let infinite = sketch(&[(10.0, 1), (f64::INFINITY, 99)]);
    let below = sketch(&[(10.0, 1), (f64::NEG_INFINITY, 99)]);
    for text in [
        "avg(latency) < 200ms",
        "avg(latency) < 200ms min 50 samples",
        "sum(latency) < 200ms",
        "avg(latency) < 200ms confidence 95%",
    ] {
        for observed in [&infinite, &below] {
            let finding = now(text, std::slice::from_ref(observed));
            assert_eq!(
                finding.verdict, OUT_OF_RANGE,
                "{text}: {}",
                finding.sentence
            );
        }
    }
    let control = sketch(&[(10.0, 100)]);
    let half = sketch(&[(10.0, 50), (f64::INFINITY, 50)]);
    let change = now("change(avg(latency)) < 10% vs control", &[half, control]);
    assert_eq!(change.verdict, OUT_OF_RANGE, "{}", change.sentence);
    // A percentile has its place among infinite values, too.
    let p95 = now("p95(latency) < 200ms", std::slice::from_ref(&infinite));
    assert_eq!(p95.verdict, FAIL, "{}", p95.sentence);
    let max = now("max(latency) < 200ms", &[infinite]);
    assert_eq!(max.verdict, OUT_OF_RANGE, "{}", max.sentence);

    let no_numbers = sketch(&[(10.0, 1_000), (f64::NAN, 90_000)]);
    for text in [
        "avg(latency) < 200ms",
        "avg(latency) < 200ms cap 2s confidence 95%",
        "sum(latency) < 20000000ms",
        "p95(latency) < 200ms",
        "p95(latency) < 200ms confidence 95%",
        "below(latency, 200ms) > 90%",
    ] {
        let finding = now(text, std::slice::from_ref(&no_numbers));
        assert_eq!(finding.verdict, INVALID, "{text}: {}", finding.sentence);
    }
}

#[test]
fn the_mean_of_capped_values_is_shown_as_it_is_judged() {
    let some = sketch(&[(100.0, 3_000), (f64::INFINITY, 30)]);
    let finding = now("avg(latency) < 200ms cap 2s confidence 95%", &[some]);
    assert_eq!(finding.verdict, PASS, "{}", finding.sentence);
    let observed = finding.observed.clone().expect("a number");
    // 30 of 3,030 are taken as two seconds: 118.8 ms.
    let near = |text: &str| observed.compare(&text.parse().expect("a time"));
    assert!(
        near("117ms").is_some_and(|order| order.is_gt()),
        "{observed}"
    );
    assert!(
        near("121ms").is_some_and(|order| order.is_lt()),
        "{observed}"
    );
    let all = now(
        "avg(latency) < 200ms cap 2s confidence 95%",
        &[sketch(&[(f64::INFINITY, 3_000)])],
    );
    assert_eq!(all.verdict, FAIL, "{}", all.sentence);
}

fn number(quantity: Option<&phasegate_core::Quantity>) -> f64 {
    quantity.expect("a number").number().to_f64()
}

#[test]
fn a_change_with_confidence_is_shown_as_the_change_that_it_is() {
    for (text, observed, seen) in [
        (
            "change(p95(latency)) < 10% vs control confidence 95%",
            vec![spread(200, 320, 2_000), spread(80, 128, 2_000)],
            150.0,
        ),
        (
            "change(avg(latency)) < 10% vs control confidence 95%",
            vec![spread(250, 350, 2_000), spread(50, 150, 2_000)],
            200.0,
        ),
        (
            "change(ratio(errors)) < 10% vs control confidence 95%",
            vec![share(500, 10_000), share(50, 10_000)],
            900.0,
        ),
        (
            "change(ratio(errors)) < 1pp vs control confidence 95%",
            vec![share(500, 10_000), share(50, 10_000)],
            4.5,
        ),
        (
            "change(avg(latency)) < 10% vs baseline 100ms confidence 95%",
            vec![spread(250, 350, 2_000)],
            200.0,
        ),
        (
            "change(p95(latency)) < 10% vs baseline 100ms confidence 95%",
            vec![spread(200, 320, 2_000)],
            214.0,
        ),
        (
            "change(ratio(errors)) < 10% vs baseline 0.5% confidence 95%",
            vec![share(500, 10_000)],
            900.0,
        ),
    ] {
        let finding = now(text, &observed);
        let sentence = &finding.sentence;
        assert_eq!(finding.verdict, FAIL, "{sentence}");
        let change = number(finding.observed.as_ref());
        assert!((change - seen).abs() < seen / 50.0, "{seen}: {sentence}");
        if text.contains("p95") {
            assert_eq!(finding.interval, None, "{sentence}");
            continue;
        }
        let bounds = finding.interval.clone().expect(sentence);
        let (low, high) = (number(bounds.low.as_ref()), number(bounds.high.as_ref()));
        assert!(low < change && change < high, "{low} {high}: {sentence}");
        // What fails lies beyond the limit, all of it.
        assert!(low > number(finding.bound.as_ref()), "{low}: {sentence}");
    }
}

#[test]
fn no_worse_with_confidence_has_a_limit_and_an_interval() {
    for (text, observed, limit, verdict) in [
        (
            "ratio(errors) no worse than control margin 50% confidence 95%",
            vec![share(100, 10_000), share(1_000, 90_000)],
            "1.666666667%",
            PASS,
        ),
        (
            "ratio(errors) no worse than control margin 0.5pp confidence 95%",
            vec![share(300, 10_000), share(100, 10_000)],
            "1.5%",
            FAIL,
        ),
        (
            "avg(latency) no worse than control margin 20ms confidence 95%",
            vec![spread(100, 200, 2_000), spread(100, 200, 2_000)],
            "169.975ms",
            PASS,
        ),
        (
            "avg(latency) no worse than control margin 10% confidence 95%",
            vec![spread(200, 400, 2_000), spread(100, 200, 2_000)],
            "164.9725ms",
            FAIL,
        ),
    ] {
        let finding = now(text, &observed);
        let sentence = &finding.sentence;
        assert_eq!(finding.verdict, verdict, "{sentence}");
        let bound = finding.bound.as_ref().map(ToString::to_string);
        assert_eq!(bound.as_deref(), Some(limit), "{sentence}");
        let bounds = finding.interval.clone().expect(sentence);
        let (low, high) = (number(bounds.low.as_ref()), number(bounds.high.as_ref()));
        let (seen, limit) = (
            number(finding.observed.as_ref()),
            number(finding.bound.as_ref()),
        );
        assert!(low < seen && seen < high, "{low} {high}: {sentence}");
        let beyond = if verdict == PASS {
            high < limit
        } else {
            low > limit
        };
        assert!(beyond, "{low} {high} {limit}: {sentence}");
    }
    let within = now(
        "p95(latency) no worse than baseline 100ms margin 20% confidence 95%",
        &[spread(10, 100, 2_000)],
    );
    assert_eq!(within.verdict, PASS);
    let said = "of the values (2000 of 2000) over 10m lie within 120ms (95% needed)";
    assert!(within.sentence.contains(said), "{}", within.sentence);
}

#[test]
fn a_change_is_not_compared_as_if_it_were_the_measure() {
    let minutes = || Observed::Scalar {
        value: "30".parse().expect("a number"),
    };
    for text in [
        "change(job) stable margin 5%",
        "change(job) comparable to baseline margin 5%",
        "change(job) no worse than baseline margin 5%",
        "change(job) <= baseline",
        "change(job) < 10% vs baseline $5",
        "change(job) < 10% vs baseline 10%",
        "job no worse than baseline $5 margin 5%",
    ] {
        let finding = now(text, &[minutes()]);
        assert_eq!(finding.verdict, UNUSABLE, "{}", finding.sentence);
    }
    assert_eq!(now("job stable margin 5%", &[minutes()]).verdict, FAIL);
    assert_eq!(now("change(job) < 60%", &[minutes()]).verdict, PASS);
}

#[test]
fn an_answer_that_is_no_answer_is_told_as_such_in_verdict_and_finding() {
    let below = |threshold: &str, below: u64, total: u64| Observed::Below {
        threshold: threshold.parse().expect("a number"),
        below,
        total,
    };
    for (observed, verdict) in [
        (below("200", 7, 5), INVALID),
        (below("300", 4, 5), INVALID),
        (below("200", 0, 0), Verdict::Inconclusive(Why::NoData)),
        (share(4, 5), INVALID),
        (below("200", 5, 5), PASS),
    ] {
        let finding = now("p95(latency) < 200ms", std::slice::from_ref(&observed));
        assert_eq!(
            finding.verdict, verdict,
            "{observed:?}: {}",
            finding.sentence
        );
    }
}

fn window(start: u64, end: u64) -> Window {
    Window {
        start: second(start),
        end: second(end),
        kind: WindowKind::Rolling,
    }
}

#[test]
fn a_window_that_was_not_asked_for_decides_nothing() {
    let why = |fault| Verdict::Inconclusive(Why::Window { fault });
    let day = ANSWER_AGE_MAX.as_nanos() / 1_000_000_000;
    for (text, seen, verdict) in [
        ("ratio(errors) < 1% over 5m", window(AT - 300, AT), PASS),
        // Shorter ones are clipped at the last change.
        ("ratio(errors) < 1% over 5m", window(AT - 60, AT), PASS),
        (
            "ratio(errors) < 1% over 5m",
            window(AT - 950_400, AT),
            why(WindowFault::TooLong),
        ),
        ("ratio(errors) < 1%", window(AT - 950_400, AT), PASS),
        (
            "ratio(errors) < 1% over 5m",
            window(AT, AT - 300),
            why(WindowFault::Reversed),
        ),
        (
            "ratio(errors) < 1% over 5m",
            window(AT - 950_400, AT - 950_100),
            why(WindowFault::Stale),
        ),
        ("ratio(errors) < 1%", window(AT - day - 300, AT - day), PASS),
        (
            "ratio(errors) < 1%",
            window(AT - day - 300, AT - day - 1),
            why(WindowFault::Stale),
        ),
    ] {
        let finding = run(text, &[(seen, share(0, 500))]);
        assert_eq!(
            finding.verdict, verdict,
            "{text} {seen:?}: {}",
            finding.sentence
        );
    }
    let late = Prepared::new(
        "ratio(errors) < 1%".parse().expect("a criterion"),
        &registry(),
        &|_, _| true,
    );
    let late = late
        .expect("it can be asked")
        .with_lag(Span::from_secs(10 * 86_400));
    let old = told(window(AT - 870_000, AT - 860_000), share(0, 500));
    let testimony = Testimony::default();
    let verdict = late.verdict(&registry(), &[Some(&old)], &testimony, second(AT));
    assert_eq!(verdict, PASS);
}

#[test]
fn two_versions_are_compared_over_the_same_time() {
    let apart = Verdict::Inconclusive(Why::Window {
        fault: WindowFault::Apart,
    });
    let since = |start: u64, end: u64| Window {
        kind: WindowKind::SinceStart,
        ..window(start, end)
    };
    for text in [
        "ratio(errors) no worse than control margin 50% confidence 95%",
        "ratio(errors) no worse than control margin 50%",
        "change(ratio(errors)) < 50% vs control",
        "change(ratio(errors)) < 50% vs control confidence 95%",
    ] {
        let both = |canary: Window, stable: Window| {
            let answers = [(canary, share(100, 10_000)), (stable, share(1_000, 90_000))];
            run(text, &answers).verdict
        };
        assert_eq!(both(since_start(), since_start()), PASS, "{text}");
        assert_eq!(both(since_start(), since(AT - 300, AT)), PASS, "{text}");
        assert_eq!(
            both(since_start(), since(AT - 2_000, AT - 600)),
            apart,
            "{text}"
        );
        assert_eq!(both(since_start(), since(AT - 7_200, AT)), apart, "{text}");
    }
}

#[test]
fn what_people_and_runs_before_say_must_fit() {
    let ran: Criterion = "change(ran) < 0% vs previous".parse().expect("a criterion");
    let need = needs(&ran, &registry(), &|_, _| true)
        .expect("needs")
        .remove(0);
    assert_eq!((need.arm, need.wants), (Arm::Canary, Wants::Scalar));
    let observed = Observed::Scalar {
        value: "4".parse().expect("a number"),
    };
    let answers = BTreeMap::from([(need, told(since_start(), observed))]);
    for (previous, verdict) in [
        ("5m", PASS),
        ("300s", PASS),
        ("3m", FAIL),
        ("$500000000", INVALID),
        ("9.5", INVALID),
        ("50%", INVALID),
    ] {
        let testimony = Testimony {
            previous: BTreeMap::from([("ran".to_owned(), previous.parse().expect("a quantity"))]),
            ..Testimony::default()
        };
        let finding = evaluate_with(&ran, &registry(), &answers, &testimony, second(AT));
        assert_eq!(finding.verdict, verdict, "{previous}: {}", finding.sentence);
    }
    for (answers, verdict) in [
        (&[("CTO", true), ("cto", false)][..], OPEN),
        (&[("CTO", false), ("cto", true)], OPEN),
        (&[("CTO", true), ("cto", true)], PASS),
        (&[("CTO", false), ("cto", false)], FAIL),
    ] {
        let approvals = answers.iter().map(|(role, yes)| ((*role).to_owned(), *yes));
        let testimony = Testimony {
            approvals: approvals.collect(),
            ..Testimony::default()
        };
        for (text, expected) in [
            ("approve CTO", verdict.clone()),
            (
                "not approve CTO",
                match &verdict {
                    Verdict::Pass => FAIL,
                    Verdict::Fail => PASS,
                    Verdict::Inconclusive(_) | Verdict::Warn => OPEN,
                },
            ),
        ] {
            let criterion: Criterion = text.parse().expect(text);
            let none = BTreeMap::new();
            let finding = evaluate_with(&criterion, &registry(), &none, &testimony, second(AT));
            assert_eq!(finding.verdict, expected, "{answers:?} {text}");
        }
    }
}

#[test]
fn findings_read_well() {
    let beside = now("ratio(errors) < 5% vs baseline ~8%", &[share(10, 1_000)]);
    let said = "ratio(errors) is 1% (10 of 1000) over 10m, must be < 5% (against 8%): pass";
    assert_eq!(beside.sentence, said);
    assert_eq!(beside.reference, "8%".parse().ok());

    let thirds = [(10.0 / 3.0, 3)];
    let mean = now("avg(cost) < $3.34", &[sketch(&thirds)]);
    assert_eq!(number(mean.observed.as_ref()).to_string(), "3.333333333");
    let one = now("avg(latency) < 20ms", &[sketch(&[(10.0, 1)])]);
    assert!(one.sentence.contains("(1 sample) over"), "{}", one.sentence);

    let huge = Observed::Scalar {
        value: "10000000000000000000000001".parse().expect("a number"),
    };
    let rating = Observed::Scalar {
        value: "4.5".parse().expect("a number"),
    };
    let job = now("job > 5m", &[huge]);
    let said = "job is 10000000000000000000000001m (100 samples) over 10m, must be > 5m: pass";
    assert_eq!(job.sentence, said);
    // A rating compares with a rating, whether a function is written or not.
    for text in ["mood > 4/5", "rating(mood) > 4/5"] {
        let finding = now(text, std::slice::from_ref(&rating));
        assert_eq!(finding.verdict, PASS, "{}", finding.sentence);
    }
}
