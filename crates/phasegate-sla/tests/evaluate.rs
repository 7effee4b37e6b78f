//! Each kind of criterion seen to pass, to fail and to be inconclusive.
#![expect(
    clippy::too_many_lines,
    clippy::unnecessary_wraps,
    clippy::wildcard_enum_match_arm,
    reason = "tables of cases are long, and a case that is not meant is a failure"
)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may stop the test"
)]

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{
    Absence, Answer, Arm, Capability, Measurement, Observed, Ratio, Span, Timestamp, Wants, Window,
    WindowKind,
};
use phasegate_criterion::{Criterion, Direction, Kpi, KpiRegistry, Queries, Shape, Slo, SloMethod};
use phasegate_percentile::Histogram;
use phasegate_sla::{
    Finding, Means, Need, NeedFault, Prepared, Testimony, Verdict, Why, evaluate, evaluate_trigger,
    evaluate_with, needs,
};

fn at() -> Timestamp {
    Timestamp::EPOCH + Span::from_secs(3_600)
}

fn kpi(id: &str, unit: &str, shape: Shape, direction: Direction) -> Kpi {
    let parse = |id: &str| id.parse().expect("an id");
    let mut kpi = Kpi::new(
        parse(id),
        unit.parse().expect("a unit"),
        shape,
        "prom".parse().expect("an id"),
    );
    kpi.direction = direction;
    kpi.queries = Queries {
        whole: Some(id.to_owned()),
        ..Queries::arms(format!("{id} new"), format!("{id} old"))
    };
    kpi
}

fn registry() -> KpiRegistry {
    use Direction::{HigherIsBetter as Higher, LowerIsBetter as Lower};
    let whole = |mut kpi: Kpi, parts: &[&str]| {
        kpi.queries = Queries::whole(kpi.id.to_string());
        kpi.parts = parts
            .iter()
            .map(|part| ((*part).to_owned(), Queries::whole(*part)))
            .collect();
        kpi
    };
    let based = |mut kpi: Kpi, baseline: &str| {
        kpi.baseline = baseline.parse().expect("a baseline");
        kpi
    };
    let mut cost = whole(kpi("cost", "$", Shape::Gauge, Lower), &[]);
    cost.budget = Some("$500".parse().expect("a budget"));
    cost.target = Some("$350".parse().expect("a target"));
    let share = Ratio::from_percent(99).expect("a share");
    let mut registry = KpiRegistry::new();
    for kpi in [
        kpi("latency", "ms", Shape::Distribution, Lower),
        kpi("errors", "%", Shape::Ratio, Lower),
        kpi("hits", "%", Shape::Ratio, Higher),
        kpi("build", "m", Shape::Gauge, Lower),
        based(whole(kpi("job", "m", Shape::Gauge, Lower), &[]), "20m"),
        based(
            whole(kpi("rough", "m", Shape::Gauge, Lower), &[]),
            "15m..20m",
        ),
        based(whole(kpi("guess", "m", Shape::Gauge, Lower), &[]), "~20m"),
        based(whole(kpi("ran", "m", Shape::Gauge, Lower), &[]), "previous"),
        whole(kpi("coverage", "%", Shape::Score, Higher), &[]),
        whole(kpi("mood", "/5", Shape::Rating, Higher), &[]),
        whole(
            kpi("bugs", "", Shape::Counter, Lower),
            &["critical", "high"],
        ),
        whole(kpi("beta", "%", Shape::Ratio, Higher), &["processed"]),
        whole(kpi("deploys", "", Shape::Counter, Higher), &[]),
        whole(kpi("rollback", "m", Shape::Duration, Lower), &[]),
        whole(kpi("availability", "%", Shape::Ratio, Higher), &[]),
        whole(kpi("slowest", "ms", Shape::Quantile { share }, Lower), &[]),
        cost,
    ] {
        registry.declare(kpi).expect("declared once");
    }
    registry
        .declare_slo(Slo {
            id: "availability".parse().expect("an id"),
            kpi: "availability".parse().expect("an id"),
            objective: "99.9%".parse().expect("a share"),
            period: Span::from_secs(30 * 86_400),
            method: SloMethod::Occurrences,
        })
        .expect("declared once");
    registry.answer_inline_queries_from("prom".parse().expect("an id"));
    registry
}

fn measured(observed: Observed, samples: u64) -> Answer {
    let end = at();
    let window = Window {
        start: end.before(Span::from_secs(300)),
        end,
        kind: WindowKind::Rolling,
    };
    Ok(Measurement {
        window,
        samples,
        observed,
    })
}

/// Answers written as `12`, `3/500`, `@` and a histogram's values, or the name of an absence.
fn answer(text: &str, need: &Need) -> Answer {
    let absent = match text {
        "nothing" => Some(Absence::NoData),
        "throttled" => Some(Absence::Throttled { until: None }),
        "down" => Some(Absence::Unavailable {
            detail: "refused".to_owned(),
        }),
        "nan" => Some(Absence::Invalid {
            detail: "NaN".to_owned(),
        }),
        _ => None,
    };
    if let Some(absence) = absent {
        return Err(absence);
    }
    if let Some(values) = text.strip_prefix('@') {
        let mut histogram = Histogram::new();
        for value in values.split(' ').filter(|value| !value.is_empty()) {
            let (value, times) = value.split_once('x').unwrap_or((value, "1"));
            histogram.record_n(
                value.parse().expect("a number"),
                times.parse().expect("a count"),
            );
        }
        let samples = histogram.count();
        return measured(
            Observed::Distribution {
                sketch: histogram.encode(),
            },
            samples,
        );
    }
    let (first, total) = match text.split_once('/') {
        Some((first, total)) => (first, Some(total.parse().expect("a count"))),
        None => (text, None),
    };
    match (total, need.wants) {
        (Some(total), Wants::Below { threshold, .. }) => {
            let below = first.parse().expect("a count");
            measured(
                Observed::Below {
                    threshold,
                    below,
                    total,
                },
                total,
            )
        }
        (Some(total), _) => {
            let matching = first.parse().expect("a count");
            measured(Observed::Share { matching, total }, total)
        }
        (None, _) => measured(
            Observed::Scalar {
                value: first.parse().expect("a number"),
            },
            100,
        ),
    }
}

/// Evaluates with these answers: first those of the canary or whole, in the order of needs, then stable.
fn run(text: &str, answers: &[&str]) -> Finding {
    run_by(evaluate, text, answers)
}

type Evaluate = fn(&Criterion, &KpiRegistry, &BTreeMap<Need, Answer>, Timestamp) -> Finding;

fn run_by(evaluate: Evaluate, text: &str, answers: &[&str]) -> Finding {
    let criterion: Criterion = text.parse().expect(text);
    let registry = registry();
    // A source that can do everything but distributions, unless the answer is one.
    let sketch = answers.iter().any(|answer| answer.starts_with('@'));
    let can = |_: &phasegate_core::BindingId, what: Capability| match what {
        Capability::MeasureDistribution => true,
        Capability::MeasureBelow => !sketch,
        _ => true,
    };
    let needs =
        needs(&criterion, &registry, &can).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    assert_eq!(needs.len(), answers.len(), "{text}: {needs:#?}");
    let answers: BTreeMap<Need, Answer> = needs
        .into_iter()
        .zip(answers)
        .map(|(need, text)| (need.clone(), answer(text, &need)))
        .collect();
    evaluate(&criterion, &registry, &answers, at())
}

fn short(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Pass => "pass".to_owned(),
        Verdict::Warn => "warn".to_owned(),
        Verdict::Fail => "fail".to_owned(),
        Verdict::Inconclusive(why) => why.to_string(),
    }
}

const UNDECIDED: &str = "undecided";
const MISFIT: &str = "the criterion cannot be used so";
const NO_DATA: &str = "no data";
const OUT_OF_RANGE: &str = "a number is out of range";
const MISSING: &str = "the baseline is missing";
const ROUGH: &str = "the baseline is only approximate, and its ends disagree";

/// Criterion, answers, verdict.
const CASES: &[(&str, &[&str], &str)] = &[
    // Thresholds on shares: counts compare exactly.
    ("ratio(errors) < 1%", &["9/1000"], "pass"),
    ("ratio(errors) < 1%", &["10/1000"], "fail"),
    ("ratio(errors) <= 1%", &["10/1000"], "pass"),
    ("ratio(errors) < 0.01", &["9/1000"], "pass"),
    ("ratio(errors) > 33.3333333333333333%", &["1/3"], "pass"),
    ("ratio(errors) < 1%", &["0/0"], NO_DATA),
    ("ratio(errors) < 1%", &["5/3"], "the answer is not usable"),
    ("ratio(errors) < 1%", &["nothing"], NO_DATA),
    ("ratio(errors) < 1%", &["nan"], "the answer is not usable"),
    (
        "ratio(errors) < 1%",
        &["throttled"],
        "the provider is throttled",
    ),
    (
        "ratio(errors) < 1%",
        &["down"],
        "the provider is unavailable",
    ),
    (
        "ratio(errors) < 1% min 500 samples",
        &["0/499"],
        "too few samples: 499 of 500",
    ),
    ("ratio(errors) < 1% min 500 samples", &["0/500"], "pass"),
    ("ratio(errors) = 0%", &["0/18446744073709551615"], "pass"),
    ("ratio(errors) != 0%", &["1/18446744073709551615"], "pass"),
    // Percentiles: two integers, or a sketch.
    ("p95(latency) < 200ms", &["950/1000"], "pass"),
    ("p95(latency) < 200ms", &["949/1000"], "fail"),
    ("p95(latency) > 200ms", &["949/1000"], "pass"),
    ("p95(latency) >= 0.2s", &["950/1000"], "fail"),
    ("median(latency) <= 200ms", &["1/2"], "pass"),
    ("p95(latency) < 200ms", &["0/0"], NO_DATA),
    ("p50(latency) < 200ms", &["@10x50 300x50"], "pass"),
    ("p50(latency) < 200ms", &["@10x49 300x51"], "fail"),
    ("p50(latency) < 200ms", &["@200x99 1x1"], "fail"),
    (
        "p50(latency) < 200.4ms",
        &["@200x99 1x1 900x100"],
        UNDECIDED,
    ),
    ("p50(latency) < 200ms", &["@"], NO_DATA),
    ("avg(latency) <= 10ms", &["@10x100"], "pass"),
    ("max(latency) < 10ms", &["@5x100 10x1"], "fail"),
    ("slowest < 200ms", &["199.9"], "pass"),
    // Bands.
    (
        "p50(latency) warn > 15ms crit > 30ms",
        &["60/100", "60/100"],
        "pass",
    ),
    (
        "p50(latency) warn > 15ms crit > 30ms",
        &["40/100", "60/100"],
        "warn",
    ),
    (
        "p50(latency) warn > 15ms crit > 30ms",
        &["40/100", "40/100"],
        "fail",
    ),
    (
        "p50(latency) warn > 15ms crit > 30ms",
        &["40/100", "nothing"],
        NO_DATA,
    ),
    ("coverage warn < 90% crit < 80%", &["85"], "warn"),
    ("coverage warn < 90% crit < 80%", &["nothing"], NO_DATA),
    ("bugs warn > 0", &["1"], "warn"),
    // Ranges, and changes in a range.
    ("coverage in 70%..90%", &["70"], "pass"),
    ("coverage in 70%..90%", &["90.1"], "fail"),
    ("coverage in 70%..90%", &["69.9"], "fail"),
    ("coverage in 70%..90%", &["nothing"], NO_DATA),
    ("change(job) in -60%..-40% vs baseline", &["12"], "pass"),
    ("change(job) in -60%..-40% vs baseline", &["12.1"], "fail"),
    ("change(job) in -60%..-40% vs baseline", &["7.9"], "warn"),
    (
        "change(job) in -60%..-40% vs baseline",
        &["nothing"],
        NO_DATA,
    ),
    (
        "change(coverage) in 30%..50% vs baseline 50%",
        &["65"],
        "pass",
    ),
    (
        "change(coverage) in 30%..50% vs baseline 50%",
        &["64"],
        "fail",
    ),
    (
        "change(coverage) in 30%..50% vs baseline 50%",
        &["76"],
        "warn",
    ),
    // Changes: baselines that are exact, ranges, approximate, unknown, previous, zero.
    ("change(job) <= -20% vs baseline", &["16"], "pass"),
    ("change(job) <= -20% vs baseline", &["16.1"], "fail"),
    ("change(rough) <= -20% vs baseline", &["12"], "pass"),
    ("change(rough) <= -20% vs baseline", &["17"], "fail"),
    ("change(rough) <= -20% vs baseline", &["14"], ROUGH),
    ("change(guess) < 0% vs baseline", &["17"], "pass"),
    ("change(guess) < 0% vs baseline", &["19"], ROUGH),
    ("change(coverage) > 5% vs baseline", &["80"], MISSING),
    (
        "change(coverage) > 5% vs baseline unknown",
        &["80"],
        MISSING,
    ),
    ("change(coverage) > 5pp vs baseline 70%", &["75.1"], "pass"),
    ("change(coverage) > 5pp vs baseline 70%", &["75"], "fail"),
    (
        "change(coverage) > 5% vs baseline 0%",
        &["80"],
        OUT_OF_RANGE,
    ),
    ("change(ran) < 0% vs previous", &["5"], MISSING),
    (
        "change(ratio(errors)) <= 10% vs control",
        &["11/1000", "10/1000"],
        "pass",
    ),
    (
        "change(ratio(errors)) <= 10% vs control",
        &["12/1000", "10/1000"],
        "fail",
    ),
    (
        "change(ratio(errors)) <= 10% vs control",
        &["12/1000", "0/1000"],
        OUT_OF_RANGE,
    ),
    (
        "change(ratio(errors)) <= 10% vs control",
        &["11/1000", "nothing"],
        NO_DATA,
    ),
    // No worse, comparable, stable.
    (
        "ratio(errors) no worse than control margin 5%",
        &["105/1000", "100/1000"],
        "pass",
    ),
    (
        "ratio(errors) no worse than control margin 5%",
        &["106/1000", "100/1000"],
        "fail",
    ),
    (
        "ratio(errors) no worse than control margin 1pp",
        &["11/1000", "0/7"],
        "fail",
    ),
    (
        "ratio(errors) no worse than control margin 1pp",
        &["10/1000", "0/7"],
        "pass",
    ),
    (
        "ratio(errors) no worse than control margin 5%",
        &["0/1000", "down"],
        "the provider is unavailable",
    ),
    (
        "ratio(errors) no worse than control min 10 samples",
        &["0/1000", "0/9"],
        "too few samples: 9 of 10",
    ),
    (
        "ratio(hits) no worse than control margin 5%",
        &["95/100", "100/100"],
        "pass",
    ),
    (
        "ratio(hits) no worse than control margin 5%",
        &["94/100", "100/100"],
        "fail",
    ),
    (
        "ratio(errors) comparable to old margin 5%",
        &["106/1000", "100/1000"],
        "fail",
    ),
    (
        "ratio(errors) comparable to old margin 5%",
        &["94/1000", "100/1000"],
        "fail",
    ),
    (
        "ratio(errors) comparable to old margin 5%",
        &["95/1000", "100/1000"],
        "pass",
    ),
    ("job stable margin 10%", &["22"], "pass"),
    ("job stable margin 2m", &["22.5"], "fail"),
    ("rough stable margin 10%", &["18"], ROUGH),
    (
        "p50(latency) no worse than control margin 10%",
        &["@10x99", "@10x99"],
        "pass",
    ),
    (
        "p50(latency) no worse than control margin 10%",
        &["@20x99", "@10x99"],
        "fail",
    ),
    (
        "p50(latency) no worse than control",
        &["@9x1 10x98 11x1", "@9x1 10x98 11x1"],
        UNDECIDED,
    ),
    // Goals.
    ("coverage 70% -> 85%", &["85"], "pass"),
    ("coverage 70% -> 85%", &["84.9"], "fail"),
    ("coverage -> > 80%", &["80"], "fail"),
    ("job 20m -> 8m", &["8"], "pass"),
    ("job 20m -> 8m", &["nothing"], NO_DATA),
    ("ratio(errors) 15% -> < 5% by 3mo", &["4/100"], "pass"),
    // Counts, n of m, ratings, rates.
    ("count(bugs) = 0", &["0"], "pass"),
    ("count(bugs) = 0", &["1"], "fail"),
    ("count(bugs) = 0", &["nothing"], NO_DATA),
    ("count(bugs, critical or high) = 0", &["0", "0"], "pass"),
    ("count(bugs, critical or high) = 0", &["0", "2"], "fail"),
    (
        "count(bugs, critical or high) = 0",
        &["0", "down"],
        "the provider is unavailable",
    ),
    ("count(beta, processed) = 5/5", &["5/5"], "pass"),
    ("count(beta, processed) = 5/5", &["6/6"], "pass"),
    ("count(beta, processed) = 5/5", &["4/5"], "fail"),
    ("count(beta, processed) = 5/5", &["2/3"], "fail"),
    (
        "count(beta, processed) = 5/5",
        &["4/4"],
        "too few samples: 4 of 5",
    ),
    ("count(beta, processed) >= 4/5", &["9/12"], "fail"),
    ("count(beta, processed) >= 4/5", &["10/12"], "pass"),
    (
        "count(beta, processed) >= 4/5",
        &["2/4"],
        "too few samples: 4 of 5",
    ),
    ("rating(mood) > 4/5", &["4.1"], "pass"),
    ("rating(mood) > 4/5", &["4"], "fail"),
    ("rating(mood) > 4/5", &["nothing"], NO_DATA),
    // What nothing of its kind can have is a mistake of the source, and decides neither way.
    ("rating(mood) > 4/5", &["84"], OUT_OF_RANGE),
    ("rating(mood) > 4/5", &["-3"], OUT_OF_RANGE),
    ("rating(mood) > 4/5", &["5"], "pass"),
    ("coverage > 80%", &["8000"], OUT_OF_RANGE),
    ("coverage > 80%", &["100"], "pass"),
    ("coverage < 80%", &["-1"], OUT_OF_RANGE),
    ("count(deploys) < 3", &["-1"], OUT_OF_RANGE),
    ("time(rollback) < 5m", &["-1"], OUT_OF_RANGE),
    ("frequency(deploys) >= 288/day", &["1"], "pass"),
    ("rate(deploys) > 2016/week", &["1"], "fail"),
    // A month has no length in seconds: `check` says so, and nothing is judged without it.
    ("rate(deploys) < 2/month", &["1"], MISFIT),
    (
        "rate(deploys) no worse than baseline 2/month margin 5%",
        &["1"],
        MISFIT,
    ),
    (
        "change(rate(deploys)) < 10% vs baseline 2/month",
        &["1"],
        MISFIT,
    ),
    (
        "rate(deploys) > 1/min",
        &["down"],
        "the provider is unavailable",
    ),
    ("share(hits) = ~20%", &["21/100"], "pass"),
    ("share(hits) = ~20%", &["23/100"], "fail"),
    ("share(hits) = ~20% margin 5pp", &["25/100"], "pass"),
    ("share(hits) = ~20% margin 5pp", &["26/100"], "fail"),
    ("time(rollback) < 5m", &["4.9"], "pass"),
    ("time(rollback) < 300s", &["5"], "fail"),
    // Figures that the KPI declares.
    ("cost <= budget", &["500"], "pass"),
    ("cost <= budget", &["500.01"], "fail"),
    ("cost <= target", &["350.01"], "fail"),
    ("job < baseline", &["19"], "pass"),
    ("rough < baseline", &["17"], ROUGH),
    ("coverage > baseline", &["17"], MISSING),
    // Distributions as shares, Apdex.
    ("below(latency, 200ms) >= 95%", &["95/100"], "pass"),
    ("below(latency, 200ms) >= 95%", &["@100x94 300x6"], "fail"),
    (
        "apdex(latency, 100ms) >= 0.85",
        &["80/100", "90/100"],
        "pass",
    ),
    (
        "apdex(latency, 100ms) >= 0.85",
        &["80/100", "89/100"],
        "fail",
    ),
    (
        "apdex(latency, 100ms) >= 0.85",
        &["80/100", "nothing"],
        NO_DATA,
    ),
    // Burn rates: 14.4 is not rounded to.
    (
        "burn_rate(availability, 1h) > 14.4",
        &["98559/100000"],
        "pass",
    ),
    (
        "burn_rate(availability, 1h) > 14.4",
        &["98560/100000"],
        "fail",
    ),
    ("burn_rate(availability, 1h) > 14.4", &["0/0"], NO_DATA),
    ("budget_left(availability) > 50%", &["99951/100000"], "pass"),
    ("budget_left(availability) > 50%", &["99950/100000"], "fail"),
    // Inline queries.
    ("query \"up\" = 0", &["0"], "pass"),
    ("query \"up\" = 0", &["nothing"], NO_DATA),
    // Joined.
    (
        "ratio(errors) < 1% and coverage > 80%",
        &["85", "9/1000"],
        "pass",
    ),
    (
        "ratio(errors) < 1% and coverage > 80%",
        &["nothing", "10/1000"],
        "fail",
    ),
    (
        "ratio(errors) < 1% and coverage > 80%",
        &["nothing", "9/1000"],
        NO_DATA,
    ),
    (
        "ratio(errors) < 1% or coverage > 80%",
        &["nothing", "9/1000"],
        "pass",
    ),
    (
        "ratio(errors) < 1% or coverage > 80%",
        &["nothing", "10/1000"],
        NO_DATA,
    ),
    (
        "ratio(errors) < 1% or coverage > 80%",
        &["80", "10/1000"],
        "fail",
    ),
    (
        "ratio(errors) < 1% and bugs warn > 0",
        &["1", "9/1000"],
        "warn",
    ),
    (
        "score [2: ratio(errors) < 1%, 1: coverage > 80%] >= 60% warn 30%",
        &["10", "9/1000"],
        "pass",
    ),
    (
        "score [2: ratio(errors) < 1%, 1: coverage > 80%] >= 60% warn 30%",
        &["90", "10/1000"],
        "warn",
    ),
    (
        "score [2: ratio(errors) < 1%, 1: coverage > 80%] >= 60% warn 30%",
        &["10", "10/1000"],
        "fail",
    ),
    (
        "score [2: ratio(errors) < 1%, 1: coverage > 80%] >= 60% warn 30%",
        &["nothing", "9/1000"],
        "pass",
    ),
    (
        "score [2: ratio(errors) < 1%, 1: coverage > 80%] >= 60% warn 30%",
        &["90", "nothing"],
        NO_DATA,
    ),
    (
        "score [1: bugs warn > 0, 1: coverage > 80%] >= 75%",
        &["1", "81"],
        "pass",
    ),
];

#[test]
fn each_kind_of_criterion_passes_fails_and_is_inconclusive() {
    let mut wrong = Vec::new();
    for (text, answers, expected) in CASES {
        let finding = run(text, answers);
        if short(&finding.verdict) != *expected {
            wrong.push(format!(
                "{text} {answers:?}: wanted {expected}, {}",
                finding.sentence
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_prepared_criterion_comes_to_the_same_verdict() {
    let registry = registry();
    for (text, answers, _) in CASES {
        let sketch = answers.iter().any(|answer| answer.starts_with('@'));
        let can = |_: &phasegate_core::BindingId, what: Capability| {
            !sketch || what != Capability::MeasureBelow
        };
        let criterion: Criterion = text.parse().expect(text);
        let prepared = Prepared::new(criterion, &registry, &can)
            .unwrap_or_else(|fault| panic!("{text}: {fault}"));
        let given: Vec<Option<Answer>> = prepared
            .needs()
            .iter()
            .zip(*answers)
            .map(|(need, text)| Some(answer(text, need)))
            .collect();
        let given: Vec<Option<&Answer>> = given.iter().map(Option::as_ref).collect();
        let finding = run(text, answers);
        let nobody = Testimony::default();
        assert_eq!(
            prepared.verdict(&registry, &given, &nobody, at()),
            finding.verdict,
            "{text} {answers:?}"
        );
        assert_eq!(prepared.finding(&registry, &given, &nobody, at()), finding);
        let nothing = vec![None; given.len()];
        let of_trigger = prepared.clone().of_trigger();
        assert_eq!(
            of_trigger.finding(&registry, &given, &nobody, at()),
            run_by(evaluate_trigger, text, answers)
        );
        assert_eq!(
            prepared
                .verdict(&registry, &nothing, &nobody, at())
                .condition(),
            None,
            "{text}"
        );
    }
}

#[test]
fn a_prepared_criterion_that_does_not_fit_its_measure_is_as_unusable() {
    let registry = registry();
    for (text, given) in [
        ("ratio(errors) < 200ms", "3/500"),
        ("coverage < 80s", "61"),
        ("build < 80%", "61"),
    ] {
        let prepared = Prepared::new(text.parse().expect(text), &registry, &|_, _| true)
            .unwrap_or_else(|fault| panic!("{text}: {fault}"));
        let given = answer(given, &prepared.needs()[0]);
        let (given, nobody) = ([Some(&given)], Testimony::default());
        let finding = prepared.finding(&registry, &given, &nobody, at());
        let unusable = Verdict::Inconclusive(Why::CriterionUnusable);
        assert_eq!(finding.verdict, unusable, "{text}");
        let verdict = prepared.verdict(&registry, &given, &nobody, at());
        assert_eq!(verdict, unusable, "{text}");
    }
}

#[test]
fn below_the_plans_minimum_of_samples_nothing_is_decided() {
    let registry = registry();
    for (text, given, wanted) in [
        ("ratio(errors) < 1%", &["3/500"][..], None),
        ("ratio(errors) < 1%", &["3/501"], Some(true)),
        ("ratio(errors) < 0.1%", &["3/500"], None),
        // The least of the two counts.
        (
            "ratio(errors) < 1% and p95(latency) < 200ms",
            &["3/600", "480/500"],
            None,
        ),
        // Already made of something: how much is not known.
        ("build < 80m", &["5"], Some(true)),
    ] {
        let prepared = Prepared::new(text.parse().expect(text), &registry, &|_, _| true)
            .expect(text)
            .with_samples_min(501);
        let needs = prepared.needs().iter();
        let given: Vec<Answer> = needs
            .zip(given)
            .map(|(need, text)| answer(text, need))
            .collect();
        let given: Vec<Option<&Answer>> = given.iter().map(Some).collect();
        let nobody = Testimony::default();
        let verdict = prepared.verdict(&registry, &given, &nobody, at());
        let finding = prepared.finding(&registry, &given, &nobody, at());
        assert_eq!(verdict, finding.verdict, "{text} {given:?}");
        assert_eq!(verdict.condition(), wanted, "{text} {given:?}");
        let says = finding.sentence.ends_with("too few samples, 500 of 501");
        assert_eq!(says, wanted.is_none(), "{}", finding.sentence);
    }
}

#[test]
fn a_finding_carries_what_it_rests_on() {
    let finding = run("p95(latency) < 200ms", &["950/1000"]);
    assert_eq!(finding.rule, "p95(latency) < 200ms");
    assert_eq!(finding.counts, Some((950, 1000)));
    assert_eq!(finding.samples, Some(1000));
    assert_eq!(finding.means, Some(Means::CountBelow));
    assert_eq!(
        finding
            .observed
            .as_ref()
            .map(ToString::to_string)
            .as_deref(),
        Some("95%")
    );
    assert_eq!(
        finding.bound.as_ref().map(ToString::to_string).as_deref(),
        Some("200ms")
    );
    assert_eq!(
        finding.window.map(|window| window.span()),
        Some(Span::from_secs(300))
    );
    assert_eq!(finding.at, at());
    let json = serde_json::to_string(&finding).expect("json");
    assert_eq!(
        serde_json::from_str::<Finding>(&json).expect("the same"),
        finding
    );
}

#[test]
fn sentences_say_what_was_seen_and_what_must_be() {
    for (text, answers, sentence) in [
        (
            "ratio(errors) < 1%",
            &["3/500"][..],
            "ratio(errors) is 0.6% (3 of 500) over 5m, must be < 1%: pass",
        ),
        (
            "p95(latency) < 200ms",
            &["949/1000"],
            "p95(latency): 94.9% of the values (949 of 1000) over 5m lie within 200ms (95% needed), must be < 200ms: fail",
        ),
        (
            "ratio(errors) no worse than control margin 5%",
            &["106/1000", "100/1000"],
            "ratio(errors) is 10.6% (106 of 1000) over 5m, must be no worse than control margin 5% (against 10%, limit 10.5%): fail",
        ),
        (
            "change(job) <= -20% vs baseline",
            &["15"],
            "change(job) is -25% (100 samples) over 5m, must be <= -20% (15m against 20m): pass",
        ),
        (
            "coverage > 80%",
            &["nothing"],
            "coverage is not known, must be > 80%: inconclusive: no data",
        ),
        (
            "coverage > 80% and count(bugs) = 0",
            &["0", "81"],
            "coverage is 81% (100 samples) over 5m, must be > 80%: pass; and count(bugs) is 0 (100 samples) over 5m, must be = 0: pass",
        ),
    ] {
        assert_eq!(run(text, answers).sentence, sentence);
    }
}

#[test]
fn sentences_of_triggers_say_what_fires_and_whether_it_is_reached() {
    for (text, answers, sentence) in [
        (
            "ratio(errors) > 10%",
            &["106/1000"][..],
            "ratio(errors) is 10.6% (106 of 1000) over 5m, fires at > 10%: reached",
        ),
        (
            "ratio(errors) > 10% for 5m",
            &["3/500"],
            "ratio(errors) is 0.6% (3 of 500) over 5m, fires at > 10%: not reached",
        ),
        (
            "p95(latency) > 200ms",
            &["949/1000"],
            "p95(latency): 94.9% of the values (949 of 1000) over 5m lie within 200ms (95% needed), fires at > 200ms: reached",
        ),
        (
            "coverage < 80%",
            &["nothing"],
            "coverage is not known, fires at < 80%: blind: no data",
        ),
        (
            "coverage < 80% or count(bugs) > 0",
            &["1", "81"],
            "coverage is 81% (100 samples) over 5m, fires at < 80%: not reached; or count(bugs) is 1 (100 samples) over 5m, fires at > 0: reached",
        ),
    ] {
        let fired = run_by(evaluate_trigger, text, answers);
        assert_eq!(fired.sentence, sentence);
        // The words differ, the verdict does not.
        assert_eq!(fired.verdict, run(text, answers).verdict);
    }
}

#[test]
fn bands_do_not_say_at_which_level_a_trigger_fires() {
    for (text, answers) in [
        ("coverage warn < 80% crit < 70%", &["60"]),
        ("ratio(errors) warn > 1% crit > 5%", &["60/1000"]),
        (
            "ratio(errors) warn > 1% crit > 5% confidence 95%",
            &["60/1000"],
        ),
    ] {
        let blind = run_by(evaluate_trigger, text, answers);
        let unusable = Verdict::Inconclusive(Why::CriterionUnusable);
        assert_eq!(blind.verdict, unusable, "{text}");
        assert!(
            blind.sentence.contains("one threshold"),
            "{}",
            blind.sentence
        );
    }
}

#[test]
fn people_events_and_time_decide_what_they_decide() {
    let role = |yes: bool| Testimony {
        approvals: BTreeMap::from([("CTO".to_owned(), yes)]),
        ..Testimony::default()
    };
    let check = "check \"labels move\"";
    let attested = |yes: bool| Testimony {
        attested: BTreeMap::from([(check.to_owned(), yes)]),
        ..Testimony::default()
    };
    let listening = Testimony {
        listening: true,
        ..Testimony::default()
    };
    let seen = Testimony {
        events: BTreeSet::from(["corruption".to_owned()]),
        ..Testimony::default()
    };
    let since = |seconds: u64| Testimony {
        started: Some(at().before(Span::from_secs(seconds))),
        watched_since: Some(at().before(Span::from_secs(seconds))),
        ..Testimony::default()
    };
    let group = |verdict: Verdict| Testimony {
        groups: BTreeMap::from([(String::new(), verdict)]),
        ..Testimony::default()
    };
    let previous = Testimony {
        previous: BTreeMap::from([("ran".to_owned(), "5m".parse().expect("a quantity"))]),
        ..Testimony::default()
    };
    let silent = "a person's answer is missing";
    let event = "on event(data_loss or corruption)";
    for (text, testimony, expected) in [
        ("approve CTO", Testimony::default(), silent),
        ("approve CTO", role(true), "pass"),
        ("approve CTO", role(false), "fail"),
        (check, Testimony::default(), silent),
        (check, attested(true), "pass"),
        (check, attested(false), "fail"),
        (
            "all tests satisfy \"passing\" in [unit]",
            attested(true),
            silent,
        ),
        (event, Testimony::default(), NO_DATA),
        (event, listening.clone(), "fail"),
        (event, seen.clone(), "pass"),
        ("on event(Data-Loss or corruption)", seen.clone(), "pass"),
        ("approve cto", role(true), "pass"),
        ("not approve CTO", role(false), "pass"),
        ("not approve CTO", role(true), "fail"),
        ("not approve CTO", Testimony::default(), silent),
        ("not check \"labels move\"", attested(false), "pass"),
        ("not on event(corruption)", seen.clone(), "fail"),
        ("not on event(corruption)", listening.clone(), "pass"),
        ("not on event(corruption)", Testimony::default(), NO_DATA),
        ("monitor for 2h", since(3_600), "not yet, 1h to go"),
        ("monitor for 1h", since(3_600), "pass"),
        ("monitor for 1h", Testimony::default(), NO_DATA),
        ("delivered within 2h", since(3_600), "not yet, 1h to go"),
        ("delivered within 30m", since(3_600), "fail"),
        (
            "delivered within 2h",
            Testimony {
                delivered: Some(at()),
                ..since(3_600)
            },
            "pass",
        ),
        (
            "delivered within 30m",
            Testimony {
                delivered: Some(at()),
                ..since(3_600)
            },
            "fail",
        ),
        ("all of criteria", Testimony::default(), NO_DATA),
        ("all of criteria", group(Verdict::Fail), "fail"),
        ("all of criteria", group(Verdict::Pass), "pass"),
        ("approve CTO and check \"labels move\"", role(false), "fail"),
        ("approve CTO or check \"labels move\"", role(false), silent),
        ("change(ran) < 0% vs previous", previous.clone(), NO_DATA),
    ] {
        let criterion: Criterion = text.parse().expect(text);
        let finding = evaluate_with(&criterion, &registry(), &BTreeMap::new(), &testimony, at());
        assert_eq!(
            short(&finding.verdict),
            expected,
            "{text}: {}",
            finding.sentence
        );
    }
    let criterion: Criterion = "change(ran) < 0% vs previous".parse().expect("a criterion");
    let needs = needs(&criterion, &registry(), &|_, _| true).expect("needs");
    let answers = needs
        .into_iter()
        .map(|need| (need.clone(), answer("4.9", &need)))
        .collect();
    let finding = evaluate_with(&criterion, &registry(), &answers, &previous, at());
    assert_eq!(finding.verdict, Verdict::Pass);
}

#[test]
fn the_best_form_that_the_source_offers_is_asked_for() {
    use Capability::{
        MeasureBelow, MeasureDistribution, MeasurePerArm, MeasureScalar, MeasureShare,
    };
    let threshold = "200".parse().expect("a number");
    let ask = |text: &str, can: &[Capability]| {
        let criterion: Criterion = text.parse().expect(text);
        needs(&criterion, &registry(), &|_, what| can.contains(&what))
    };
    let wants = |text: &str, can: &[Capability]| -> Vec<(Arm, Wants)> {
        let needs = ask(text, can).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        needs
            .into_iter()
            .map(|need| (need.arm, need.wants))
            .collect()
    };
    let all = [
        MeasureBelow,
        MeasureDistribution,
        MeasurePerArm,
        MeasureScalar,
        MeasureShare,
    ];
    let below = |inclusive: bool| Wants::Below {
        threshold,
        inclusive,
    };
    for (text, can, expected) in [
        (
            "p95(latency) < 0.2s",
            &all[..],
            vec![(Arm::Canary, below(false))],
        ),
        (
            "p95(latency) > 0.2s",
            &all,
            vec![(Arm::Canary, below(true))],
        ),
        (
            "p95(latency) < 0.2s",
            &[MeasureDistribution],
            vec![(Arm::Canary, Wants::Distribution)],
        ),
        (
            "p95(latency) = 0.2s",
            &all,
            vec![(Arm::Canary, Wants::Distribution)],
        ),
        (
            "p95(latency) no worse than control margin 5%",
            &all,
            vec![
                (Arm::Canary, Wants::Distribution),
                (Arm::Stable, Wants::Distribution),
            ],
        ),
        (
            "ratio(errors) < 1%",
            &all,
            vec![(Arm::Canary, Wants::Share)],
        ),
        (
            "ratio(errors) < 1%",
            &[MeasureScalar],
            vec![(Arm::Canary, Wants::Scalar)],
        ),
        ("count(bugs) = 0", &all, vec![(Arm::Whole, Wants::Scalar)]),
        (
            "count(beta, processed) = 5/5",
            &all,
            vec![(Arm::Whole, Wants::Share)],
        ),
        (
            "coverage > 5% and coverage < 90%",
            &all,
            vec![(Arm::Whole, Wants::Scalar)],
        ),
        ("approve CTO", &[], vec![]),
    ] {
        assert_eq!(wants(text, can), expected, "{text}");
    }
    let burn = ask("burn_rate(availability, 1h) > 14.4", &all).expect("needs");
    assert_eq!(
        burn.first().and_then(|need| need.over),
        Some(Span::from_secs(3_600))
    );
    assert!(matches!(
        ask("p95(latency) < 0.2s", &[MeasureScalar]),
        Err(NeedFault::Form { .. })
    ));
    assert!(matches!(
        ask("coverage no worse than control", &all),
        Err(NeedFault::NoQuery {
            arm: Arm::Canary,
            ..
        })
    ));
    assert!(matches!(
        ask("p95(errors) < 5%", &all),
        Err(NeedFault::Criterion(_))
    ));
}

#[test]
fn one_query_for_both_arms_needs_a_source_that_tells_them_apart() {
    let mut shared = kpi("errors", "%", Shape::Ratio, Direction::LowerIsBetter);
    shared.queries = Queries::arms("errors", "errors");
    let mut registry = KpiRegistry::new();
    registry.declare(shared).expect("declared once");
    let criterion: Criterion = "ratio(errors) no worse than control margin 5%"
        .parse()
        .expect("a criterion");
    let apart = needs(&criterion, &registry, &|_, _| true);
    assert_eq!(apart.map(|needs| needs.len()), Ok(2));
    let together = needs(&criterion, &registry, &|_, what| {
        what != Capability::MeasurePerArm
    });
    assert!(matches!(together, Err(NeedFault::NotPerArm { .. })));
}

#[test]
fn an_answer_to_another_threshold_is_not_taken() {
    let criterion: Criterion = "p95(latency) < 200ms".parse().expect("a criterion");
    let need = needs(&criterion, &registry(), &|_, _| true)
        .expect("needs")
        .remove(0);
    let threshold = "100".parse().expect("a number");
    let wrong = measured(
        Observed::Below {
            threshold,
            below: 100,
            total: 100,
        },
        100,
    );
    let finding = evaluate(
        &criterion,
        &registry(),
        &BTreeMap::from([(need, wrong)]),
        at(),
    );
    assert_eq!(finding.condition(), None, "{}", finding.sentence);
}

#[test]
fn a_criterion_with_a_fault_is_inconclusive_and_says_so() {
    let criterion: Criterion = "p95(latenzy) < 200ms".parse().expect("a criterion");
    let finding = evaluate(&criterion, &registry(), &BTreeMap::new(), at());
    let unusable = Verdict::Inconclusive(Why::CriterionUnusable);
    assert_eq!(finding.verdict, unusable);
    assert!(
        finding.sentence.contains("unknown-kpi"),
        "{}",
        finding.sentence
    );
}
