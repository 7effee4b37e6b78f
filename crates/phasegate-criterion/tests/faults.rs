//! Each fault code, by a criterion that has it and one beside it that has not.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "helpers of tests may stop the test, and tables of cases are long"
)]

use std::collections::BTreeSet;

use phasegate_core::{Ratio, Span};
use phasegate_criterion::{
    Baseline, Criterion, Direction, FaultCode, Kpi, KpiRegistry, Level, Purpose, Queries, Shape,
    Slo, SloMethod, Statement, check_kpi, check_registry, check_statement, check_together,
};

fn kpi(id: &str, unit: &str, shape: Shape, direction: Direction) -> Kpi {
    let mut kpi = Kpi::new(
        id.parse().expect("an id"),
        unit.parse().expect("a unit"),
        shape,
        "metrics".parse().expect("an id"),
    );
    kpi.direction = direction;
    kpi.queries = Queries::arms("new", "old");
    kpi
}

fn registry() -> KpiRegistry {
    use Direction::{HigherIsBetter as Higher, LowerIsBetter as Lower, Neither};
    let share = Ratio::from_percent(99).expect("a share");
    let mut all = vec![
        kpi("latency", "ms", Shape::Distribution, Lower),
        kpi("errors", "%", Shape::Ratio, Lower),
        kpi("coverage", "%", Shape::Score, Higher),
        kpi("mood", "/5", Shape::Rating, Higher),
        kpi("bugs", "", Shape::Counter, Lower),
        kpi("slowest", "ms", Shape::Quantile { share }, Lower),
        kpi("build", "m", Shape::Gauge, Lower),
        kpi("heat", "", Shape::Gauge, Neither),
        kpi("cost", "$", Shape::Gauge, Lower),
        kpi("availability", "%", Shape::Ratio, Higher),
        kpi("rough", "m", Shape::Gauge, Lower),
        kpi("guess", "m", Shape::Gauge, Lower),
    ];
    all[4]
        .parts
        .insert("critical".to_owned(), Queries::whole("critical bugs"));
    all[6].baseline = "10m".parse().expect("a baseline");
    all[6].window = Some(Span::from_secs(60));
    all[8].per = Some("issue".parse().expect("a name"));
    all[10].baseline = "10m..15m".parse().expect("a baseline");
    all[11].baseline = "~10m".parse().expect("a baseline");
    let mut registry = KpiRegistry::new();
    for kpi in all {
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

fn codes(text: &str) -> BTreeSet<FaultCode> {
    let statement: Statement = text.parse().expect(text);
    check_statement(&statement, &registry())
        .into_iter()
        .map(|fault| fault.code)
        .collect()
}

/// A code, a statement that has it, and one beside it that has not.
const CASES: &[(FaultCode, &str, &str)] = &[
    (
        FaultCode::UnknownKpi,
        "p95(latenzy) < 5ms",
        "p95(latency) < 5ms",
    ),
    (
        FaultCode::UnknownPart,
        "count(bugs, minor) = 0",
        "count(bugs, critical) = 0",
    ),
    (
        FaultCode::UnknownSlo,
        "burn_rate(uptime, 1h) > 14.4",
        "burn_rate(availability, 1h) > 14.4",
    ),
    (
        FaultCode::UnitMismatch,
        "p95(latency) < 5%",
        "p95(latency) < 0.2s",
    ),
    (FaultCode::UnitMismatch, "errors < 5ms", "errors < 5%"),
    (
        FaultCode::UnitMismatch,
        "change(errors) < 5ms vs baseline",
        "change(errors) < 5pp vs baseline",
    ),
    (
        FaultCode::UnitMismatch,
        "change(build) < 5pp vs baseline",
        "change(build) < 5% vs baseline",
    ),
    (
        FaultCode::UnitMismatch,
        "build stable margin 5ms vs baseline 3GB",
        "build stable margin 5ms vs baseline 3m",
    ),
    (
        FaultCode::UnitMismatch,
        "below(latency, 5%) > 95%",
        "below(latency, 5s) > 95%",
    ),
    (
        FaultCode::FunctionForShape,
        "p95(errors) < 5%",
        "ratio(errors) < 5%",
    ),
    (
        FaultCode::FunctionForShape,
        "ratio(latency) < 5%",
        "avg(latency) < 5ms",
    ),
    (
        FaultCode::FunctionForShape,
        "p95(latency or build) < 5ms",
        "count(bugs) < 5",
    ),
    (
        FaultCode::PercentileOfPercentile,
        "p99(slowest) < 5ms",
        "slowest < 5ms",
    ),
    (
        FaultCode::PlainDistribution,
        "latency < 5ms",
        "p50(latency) < 5ms",
    ),
    (
        FaultCode::RatingScale,
        "rating(mood) > 8/10",
        "rating(mood) > 4/5",
    ),
    (
        FaultCode::RatingScale,
        "rating(mood) > 4",
        "rating(mood) > 4.5/5",
    ),
    (
        FaultCode::FractionAboveOne,
        "ratio(errors) < 5",
        "ratio(errors) < 5%",
    ),
    (
        FaultCode::FractionAsNumber,
        "ratio(errors) < 0.05",
        "ratio(errors) < 5%",
    ),
    (
        FaultCode::CalendarRate,
        "rate(bugs) < 5/month",
        "rate(bugs) < 5/day",
    ),
    (
        FaultCode::BandsOrder,
        "build warn > 9m crit > 8m",
        "build warn > 8m crit > 9m",
    ),
    (
        FaultCode::BandsOrder,
        "ratio(cpu) target 70% up > 60% by 1",
        "errors warn > 1% crit > 2%",
    ),
    (
        FaultCode::BandsAgainstDirection,
        "coverage warn > 80% crit > 90%",
        "coverage warn < 80% crit < 70%",
    ),
    (FaultCode::RangeOrder, "build in 9m..8m", "build in 8m..9m"),
    (
        FaultCode::RangeOrder,
        "baseline build = 9m..8m",
        "baseline build = 8m..9m",
    ),
    (
        FaultCode::StepsOrder,
        "errors steps 5% -> 5%",
        "errors steps 5% -> 25%",
    ),
    (
        FaultCode::ReachAgainstDirection,
        "coverage 80% -> 70%",
        "coverage 70% -> 80%",
    ),
    (
        FaultCode::ReachAgainstDirection,
        "coverage -> < 70%",
        "coverage -> > 70%",
    ),
    (FaultCode::DirectionMissing, "heat -> 5", "heat -> <= 5"),
    (
        FaultCode::DirectionMissing,
        "heat no worse than control margin 5%",
        "heat comparable to control margin 5%",
    ),
    (
        FaultCode::DerivedWrong,
        "build 10m -> 7m derived change = -31%",
        "build 10m -> 7m derived change = -30%",
    ),
    (
        FaultCode::PerMismatch,
        "cost per user < $1",
        "cost per issue < $1",
    ),
    (
        FaultCode::OperandMissing,
        "cost <= budget",
        "build <= baseline",
    ),
    (
        FaultCode::ControlNotCompared,
        "p95(latency) < 5ms vs control",
        "change(p95(latency)) < 5% vs control",
    ),
    (
        FaultCode::MarginMissing,
        "p95(latency) no worse than control",
        "p95(latency) no worse than control margin 5%",
    ),
    (
        FaultCode::SignificantWithoutConfidence,
        "errors < 5% significant",
        "errors < 5% significant confidence 99%",
    ),
    (
        FaultCode::ConfidenceWithoutSamples,
        "build < 5m confidence 95%",
        "errors < 5% confidence 95%",
    ),
    (
        FaultCode::ConfidenceWithoutSamples,
        "avg(build) < 5m confidence 95%",
        "apdex(latency, 5ms) > 0.8 confidence 95%",
    ),
    (
        FaultCode::ConfidenceWithoutSamples,
        "burn_rate(availability, 1h) < 5 significant",
        "burn_rate(availability, 1h) < 5",
    ),
    (
        FaultCode::ConfidenceWithoutSamples,
        "budget_left(availability) > 10% significant",
        "budget_left(availability) > 10%",
    ),
    (
        FaultCode::ConfidenceWithoutSamples,
        "max(latency) < 5ms significant",
        "avg(latency) < 5ms significant",
    ),
    (
        FaultCode::ConfidenceWithoutSamples,
        "build < 5m significant",
        "errors < 5% significant",
    ),
    (
        FaultCode::ConfidenceWithoutSamples,
        "coverage >= 80% significant",
        "availability >= 80% significant",
    ),
    (
        FaultCode::ConfidenceWithoutSamples,
        "count(bugs) < 5 significant",
        "count(bugs) = 4/5 significant",
    ),
    (
        FaultCode::ConfidenceWithoutSamples,
        "rating(mood) > 4/5 significant",
        "rating(mood) > 4/5",
    ),
    (
        FaultCode::UnitMismatch,
        "change(build) < 5% vs baseline 10%",
        "change(build) < 5% vs baseline 10m",
    ),
    (
        FaultCode::UnitMismatch,
        "below(latency, 5ms) no worse than baseline 5ms margin 1%",
        "below(latency, 5ms) no worse than baseline 95% margin 1%",
    ),
    (
        FaultCode::ClauseIgnored,
        "errors < 5% margin 1pp",
        "errors = ~5% margin 1pp",
    ),
    (
        FaultCode::ClauseIgnored,
        "change(build) < 5% vs baseline margin 1%",
        "build no worse than baseline margin 1%",
    ),
    (
        FaultCode::ClauseIgnored,
        "cost < $300 derived change = -30%",
        "cost $300 -> $200 derived change = -33%",
    ),
    (
        FaultCode::ClauseIgnored,
        "build no worse than control vs baseline margin 5%",
        "build stable vs baseline margin 5%",
    ),
    (
        FaultCode::ClauseIgnored,
        "errors < 5% min 0 samples",
        "errors < 5% min 1 samples",
    ),
    (
        FaultCode::ClauseIgnored,
        "errors < 5% over 1m for 5m min 0 points",
        "errors < 5% over 1m for 5m min 1 points",
    ),
    (
        FaultCode::MarginMissing,
        "build no worse than control margin 0%",
        "build no worse than control margin 1%",
    ),
    (
        FaultCode::LimitOutOfRange,
        "errors < 5% over 0s",
        "errors < 5% over 1s",
    ),
    (
        FaultCode::LimitOutOfRange,
        "burn_rate(availability, 0s) > 1",
        "burn_rate(availability, 1s) > 1",
    ),
    (
        FaultCode::LimitOutOfRange,
        "monitor for 0d",
        "monitor for 1d",
    ),
    (
        FaultCode::LimitOutOfRange,
        "delivered within 0d",
        "delivered within 1d",
    ),
    (
        FaultCode::LimitOutOfRange,
        "errors < 5% every 0s",
        "errors < 5% every 1s for 0s",
    ),
    (
        FaultCode::LimitOutOfRange,
        "baseline ratio(errors) = 160%",
        "baseline ratio(errors) = 60%",
    ),
    (
        FaultCode::LimitOutOfRange,
        "baseline rating(mood) = 4/5..6/5",
        "baseline rating(mood) = 4/5..5/5",
    ),
    (
        FaultCode::LimitOutOfRange,
        "change(build) < -120% vs baseline",
        "change(build) < -90% vs baseline",
    ),
    (
        FaultCode::RatingScale,
        "count(bugs) = 4.5/5",
        "count(bugs) = 4/5",
    ),
    (
        FaultCode::EqualOfMany,
        "rating(mood) = 4.5/5",
        "rating(mood) >= 4.5/5",
    ),
    (
        FaultCode::ChangeOfChange,
        "change(build) stable margin 5% vs baseline",
        "build stable margin 5% vs baseline",
    ),
    (
        FaultCode::ChangeOfChange,
        "change(build) no worse than control margin 5%",
        "build no worse than control margin 5%",
    ),
    (
        FaultCode::ChangeOfChange,
        "change(cost) <= baseline",
        "change(cost) <= 5% vs baseline",
    ),
    (
        FaultCode::CriterionNeverHolds,
        "p95(latency) < 5ms and p95(latency) > 10ms",
        "p95(latency) < 5ms and p99(latency) > 10ms",
    ),
    (
        FaultCode::CriterionNeverHolds,
        "build < 5m and (cost < $5 and build >= 300s)",
        "build < 5m and (cost < $5 or build >= 300s)",
    ),
    (
        FaultCode::CriterionNeverHolds,
        "build in 1m..2m and build > 2m",
        "build in 1m..2m and build >= 2m",
    ),
    (
        FaultCode::CriterionNeverHolds,
        "errors < 1% over 5m and errors > 2% over 5m",
        "errors < 1% over 5m and errors > 2% over 1h",
    ),
    (
        FaultCode::MeanUnbounded,
        "avg(latency) < 5ms confidence 95%",
        "avg(latency) < 5ms cap 1s confidence 95%",
    ),
    (
        FaultCode::MeanUnbounded,
        "avg(latency) no worse than control margin 5% significant",
        "avg(latency) no worse than control margin 5%",
    ),
    (
        FaultCode::CapWithoutMean,
        "avg(latency) < 5ms cap 1s",
        "avg(latency) < 5ms cap 1s confidence 95%",
    ),
    (
        FaultCode::CapWithoutMean,
        "p95(latency) < 5ms cap 1s confidence 95%",
        "p95(latency) < 5ms confidence 95%",
    ),
    (
        FaultCode::CapWithoutMean,
        "avg(latency) no worse than control margin 5% cap 1s confidence 95%",
        "avg(latency) no worse than control margin 5% confidence 95%",
    ),
    (
        FaultCode::UnitMismatch,
        "avg(latency) < 5ms cap 3GB confidence 95%",
        "avg(latency) < 5ms cap 3s confidence 95%",
    ),
    (
        FaultCode::UnitMismatch,
        "avg(latency) < 5ms cap 0s confidence 95%",
        "avg(latency) < 5ms cap 3s confidence 95%",
    ),
    (
        FaultCode::BaselineUnknown,
        "change(coverage) > 5% vs baseline",
        "change(build) < 5% vs baseline",
    ),
    (
        FaultCode::BaselineRange,
        "change(rough) < 5% vs baseline",
        "change(rough) < 5% vs baseline 9m",
    ),
    (
        FaultCode::BaselineApproximate,
        "change(guess) < 5% vs baseline",
        "change(guess) < 5% vs control",
    ),
    (
        FaultCode::ChangeWithoutReference,
        "change(build) < 5%",
        "change(build) < 5% vs baseline",
    ),
    (
        FaultCode::ChangeRange,
        "change(build) in -50%..-30% vs baseline",
        "change(build) < -30% vs baseline",
    ),
    (
        FaultCode::ApproximateEquality,
        "share(errors) = ~20%",
        "share(errors) = ~20% margin 5pp",
    ),
    (
        FaultCode::HoldWithoutWindow,
        "errors > 5% for 5m",
        "errors > 5% over 1m for 5m",
    ),
    (
        FaultCode::HoldWithoutWindow,
        "errors > 5% for 5m",
        "build > 5m for 5m",
    ),
    (
        FaultCode::ThroughoutWithoutLimit,
        "errors < 5% throughout",
        "errors < 5% throughout at most 0 failures",
    ),
    (
        FaultCode::DecisionUnlimited,
        "errors > 5% do rollback within 5m",
        "errors > 5% do rollback decide within 1m within 5m",
    ),
    (
        FaultCode::WarnAbovePass,
        "score [1: errors < 5%] >= 75% warn 90%",
        "score [1: errors < 5%] >= 90% warn 75%",
    ),
    (FaultCode::NoQuery, "query \"up\" = 1", "errors < 5%"),
    (FaultCode::LimitOutOfRange, "errors < 150%", "errors < 99%"),
    (FaultCode::LimitOutOfRange, "errors < -1%", "errors < 1%"),
    (
        FaultCode::LimitOutOfRange,
        "errors warn > 1% crit > 101%",
        "errors warn > 1% crit > 10%",
    ),
    (
        FaultCode::LimitOutOfRange,
        "errors in 1%..200%",
        "errors in 1%..2%",
    ),
    (
        FaultCode::LimitOutOfRange,
        "coverage 60% -> 800%",
        "coverage 60% -> 80%",
    ),
    (
        FaultCode::LimitOutOfRange,
        "coverage >= 8000%",
        "coverage >= 80%",
    ),
    (
        FaultCode::LimitOutOfRange,
        "rating(mood) > 6/5",
        "rating(mood) > 4/5",
    ),
    (
        FaultCode::LimitOutOfRange,
        "count(bugs) >= 6/5",
        "count(bugs) >= 5/6",
    ),
    (
        FaultCode::LimitOutOfRange,
        "count(bugs) > -1",
        "count(bugs) > 0",
    ),
    (
        FaultCode::LimitOutOfRange,
        "apdex(latency, 5ms) >= 1.2",
        "apdex(latency, 5ms) >= 0.9",
    ),
    (
        FaultCode::LimitOutOfRange,
        "below(latency, 5ms) > 101%",
        "below(latency, 5ms) > 99%",
    ),
    (
        FaultCode::LimitOutOfRange,
        "budget_left(availability) < 101%",
        "budget_left(availability) < -50%",
    ),
    (
        FaultCode::LimitOutOfRange,
        "burn_rate(availability, 1h) > -1",
        "burn_rate(availability, 1h) > 1",
    ),
    (
        FaultCode::LimitOutOfRange,
        "change(errors) < -150% vs baseline",
        "change(errors) < 150% vs baseline",
    ),
    (
        FaultCode::LimitOutOfRange,
        "change(errors) < 150pp vs baseline",
        "change(errors) < 50pp vs baseline",
    ),
    (
        FaultCode::AlwaysTrue,
        "ratio(errors) <= 100%",
        "ratio(errors) < 100%",
    ),
    (FaultCode::AlwaysTrue, "count(bugs) >= 0", "count(bugs) = 0"),
    (
        FaultCode::NeverTrue,
        "ratio(errors) > 100%",
        "ratio(errors) >= 100%",
    ),
    (FaultCode::NeverTrue, "count(bugs) < 0", "count(bugs) <= 0"),
    (
        FaultCode::ChangeOfChange,
        "change(change(errors)) < 5% vs baseline",
        "change(errors) < 5% vs baseline",
    ),
    (
        FaultCode::EqualOfMany,
        "count(bugs) = 5/6",
        "count(bugs) = 5/5",
    ),
    (
        FaultCode::RollingConfidence,
        "errors < 5% over 5m confidence 95%",
        "errors < 5% confidence 95%",
    ),
    (
        FaultCode::RollingConfidence,
        "errors < 5% over 5m significant",
        "errors < 5% over 5m",
    ),
    (
        FaultCode::HoldWithoutWindow,
        "errors < 5% for 5m",
        "errors < 5% confidence 95% for 5m",
    ),
    (
        FaultCode::NeverShown,
        "errors = 0% confidence 95%",
        "errors < 1% confidence 95%",
    ),
    (
        FaultCode::NeverShown,
        "errors <= 0% confidence 95%",
        "errors <= 0%",
    ),
    (
        FaultCode::NeverShown,
        "availability >= 100% confidence 95%",
        "availability > 99% confidence 95%",
    ),
    (
        FaultCode::NeverShown,
        "apdex(latency, 5ms) >= 1 confidence 95%",
        "apdex(latency, 5ms) >= 0.9 confidence 95%",
    ),
    (
        FaultCode::NeverShown,
        "avg(latency) < 200ms cap 100ms confidence 95%",
        "avg(latency) < 200ms cap 300ms confidence 95%",
    ),
    // That it is something else is shown, of shares and means.
    (
        FaultCode::NeverShown,
        "errors = 1% confidence 95%",
        "errors != 1% confidence 95%",
    ),
    (
        FaultCode::NeverShown,
        "p95(latency) != 5ms confidence 95%",
        "avg(latency) != 5ms cap 9ms confidence 95%",
    ),
    (
        FaultCode::BurnFactorLow,
        "burn_rate(availability, 3d) > 0.2333",
        "burn_rate(availability, 3d) < 0.2333",
    ),
    (
        FaultCode::BurnFactorLow,
        "burn_rate(availability, 3d) warn > 0.5 crit > 2",
        "burn_rate(availability, 3d) warn > 1 crit > 2",
    ),
    (
        FaultCode::BurnWindowLong,
        "burn_rate(availability, 60d) > 2",
        "burn_rate(availability, 30d) > 2",
    ),
    (
        FaultCode::BurnWindowsSame,
        "burn_rate(availability, 1h) > 14.4 and burn_rate(availability, 60m) > 14.4",
        "burn_rate(availability, 1h) > 14.4 and burn_rate(availability, 5m) > 14.4",
    ),
    (
        FaultCode::LimitOutOfRange,
        "burn_rate(availability, 1h) > 20000",
        "burn_rate(availability, 1h) > 999",
    ),
    (
        FaultCode::NeverTrue,
        "burn_rate(availability, 1h) > 1000",
        "burn_rate(availability, 1h) >= 1000",
    ),
    (
        FaultCode::AlwaysTrue,
        "burn_rate(availability, 1h) <= 1000",
        "burn_rate(availability, 1h) < 1000",
    ),
];

#[test]
fn each_fault_is_found_and_its_absence_too() {
    for (code, with, without) in CASES {
        if !with.contains("cpu") {
            assert!(
                codes(with).contains(code),
                "{code} in {with}: {:?}",
                codes(with)
            );
        }
        assert!(!codes(without).contains(code), "{code} in {without}");
    }
}

#[test]
fn each_of_the_ten_rules_where_plans_are_ambiguous_names_its_lints() {
    let page = include_str!("../README.md");
    let (_, rules) = page
        .split_once("## Rules where plans are ambiguous")
        .expect("the rules");
    for number in 1..=10 {
        let (_, rule) = rules
            .split_once(&format!("\n{number}. "))
            .expect("a rule of this number");
        let (_, named) = rule.split_once("Lint:").expect("its lints");
        let named = named.split_once('.').expect("a full stop").0;
        let named: Vec<&str> = named.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "{number}");
        for code in named {
            let known = FaultCode::ALL.iter().any(|known| known.text() == code);
            assert!(known, "{number}: {code}");
        }
    }
}

#[test]
fn a_derived_figure_is_checked_to_half_its_last_digit() {
    for (text, right) in [
        ("cost $300 -> $200 derived change = -33%", true),
        ("cost $1250 -> $930 derived change = -26%", true),
        ("cost $1250 -> $930 derived change = -25.6%", true),
        ("cost $1250 -> $930 derived change = -26.0%", false),
        ("cost $150 -> $150 derived change = 0%", true),
        ("cost -> $150 derived change = 0%", false),
    ] {
        assert_eq!(
            !codes(text).contains(&FaultCode::DerivedWrong),
            right,
            "{text}"
        );
    }
}

#[test]
fn declarations_are_checked_too() {
    use Direction::{HigherIsBetter as Higher, LowerIsBetter as Lower, Neither};
    use FaultCode as F;
    let changed = |change: fn(&mut Kpi)| {
        let mut kpi = kpi("build", "m", Shape::Gauge, Lower);
        change(&mut kpi);
        kpi
    };
    for (code, wrong) in [
        (F::NameUnusable, kpi("count", "", Shape::Counter, Lower)),
        (F::NameUnusable, kpi("95th", "ms", Shape::Gauge, Lower)),
        (F::UnitMismatch, kpi("errors", "ms", Shape::Ratio, Lower)),
        (F::UnitMismatch, kpi("mood", "", Shape::Rating, Higher)),
        (
            F::UnitMismatch,
            kpi("recovery", "GB", Shape::Duration, Lower),
        ),
        (
            F::UnitMismatch,
            changed(|kpi| kpi.baseline = "5GB".parse().expect("a baseline")),
        ),
        (
            F::UnitMismatch,
            changed(|kpi| kpi.budget = "5GB".parse().ok()),
        ),
        (
            F::UnitMismatch,
            changed(|kpi| kpi.rate = "5GB/s".parse().ok()),
        ),
        (
            F::UnitMismatch,
            changed(|kpi| kpi.rate = "5/month".parse().ok()),
        ),
        (F::PercentOfWhat, kpi("load", "%", Shape::Gauge, Lower)),
        (F::NoQuery, changed(|kpi| kpi.queries = Queries::default())),
        (
            F::DirectionMissing,
            changed(|kpi| kpi.target = "> 5m".parse().ok()),
        ),
        (
            F::DirectionMissing,
            changed(|kpi| {
                kpi.direction = Neither;
                kpi.target = "5m".parse().ok();
            }),
        ),
    ] {
        let found: Vec<FaultCode> = check_kpi(&wrong)
            .into_iter()
            .map(|fault| fault.code)
            .collect();
        assert!(found.contains(&code), "{code} in {wrong:?}: {found:?}");
    }
    let right = changed(|kpi| {
        kpi.baseline = Baseline::Control;
        kpi.target = "5m".parse().ok();
        kpi.rate = "20/s".parse().ok();
    });
    assert_eq!(check_kpi(&right), Vec::new());
}

#[test]
fn an_slo_counts_events_and_leaves_a_budget() {
    let mut registry = registry();
    assert_eq!(check_registry(&registry), Vec::new());
    for (id, kpi, objective, code) in [
        ("a", "nothing", "99%", FaultCode::UnknownKpi),
        ("b", "build", "99%", FaultCode::FunctionForShape),
        ("c", "availability", "100%", FaultCode::RangeOrder),
    ] {
        let slo = Slo {
            id: id.parse().expect("an id"),
            kpi: kpi.parse().expect("an id"),
            objective: objective.parse().expect("a share"),
            period: Span::from_secs(86_400),
            method: SloMethod::Occurrences,
        };
        registry.declare_slo(slo).expect("declared once");
        assert!(
            check_registry(&registry)
                .iter()
                .any(|fault| fault.about == id && fault.code == code)
        );
    }
}

#[test]
fn bands_of_passing_and_rolling_back_neither_overlap_nor_leave_a_gap() {
    for (pass, back, expected) in [
        (
            "ratio(errors) < 1%",
            "ratio(errors) > 5%",
            Some(FaultCode::BandsGap),
        ),
        (
            "ratio(errors) < 5%",
            "ratio(errors) > 1%",
            Some(FaultCode::BandsOverlap),
        ),
        ("ratio(errors) < 5%", "ratio(errors) >= 5%", None),
        ("ratio(errors) <= 5%", "ratio(errors) > 5% for 5m", None),
        (
            "ratio(errors) <= 5%",
            "ratio(errors) >= 5%",
            Some(FaultCode::BandsOverlap),
        ),
        (
            "ratio(errors) < 5%",
            "ratio(errors) > 5%",
            Some(FaultCode::BandsGap),
        ),
        (
            "coverage > 80%",
            "coverage < 70%",
            Some(FaultCode::BandsGap),
        ),
        (
            "coverage > 80%",
            "coverage < 90%",
            Some(FaultCode::BandsOverlap),
        ),
        ("ratio(errors) < 1%", "coverage < 70%", None),
        // Two of one direction.
        (
            "coverage > 80%",
            "coverage > 70%",
            Some(FaultCode::BandsOverlap),
        ),
        (
            "ratio(errors) < 1%",
            "ratio(errors) < 5%",
            Some(FaultCode::BandsOverlap),
        ),
        // What must hold beside it is no overlap: it passes up to 5 % only.
        (
            "ratio(errors) > 0% and ratio(errors) < 5%",
            "ratio(errors) >= 5%",
            None,
        ),
        (
            "ratio(errors) > 0% or ratio(errors) < 5%",
            "ratio(errors) >= 5%",
            Some(FaultCode::BandsOverlap),
        ),
        (
            "ratio(errors) < 5%",
            "ratio(errors) > 1% and ratio(errors) > 5%",
            Some(FaultCode::BandsGap),
        ),
        // Ranges.
        (
            "coverage in 70%..90%",
            "coverage < 75%",
            Some(FaultCode::BandsOverlap),
        ),
        (
            "coverage in 70%..90%",
            "coverage > 95%",
            Some(FaultCode::BandsGap),
        ),
        ("coverage in 70%..90%", "coverage > 90%", None),
        (
            "coverage > 80%",
            "coverage in 10%..20%",
            Some(FaultCode::BandsGap),
        ),
        // Of a change, more than its far end is passed, too.
        (
            "change(coverage) in 10%..20%",
            "change(coverage) > 30%",
            Some(FaultCode::BandsOverlap),
        ),
        (
            "change(coverage) in 10%..20% vs control",
            "change(coverage) > 30% vs baseline",
            None,
        ),
        // Bands: what is not critical passes, and what is critical goes back.
        (
            "ratio(errors) warn > 1% crit > 5%",
            "ratio(errors) > 3%",
            Some(FaultCode::BandsOverlap),
        ),
        (
            "ratio(errors) warn > 1% crit > 5%",
            "ratio(errors) > 5%",
            None,
        ),
        (
            "ratio(errors) < 8%",
            "ratio(errors) warn > 1% crit > 5%",
            Some(FaultCode::BandsOverlap),
        ),
        // One value.
        ("ratio(errors) = 0%", "ratio(errors) > 0%", None),
        (
            "ratio(errors) != 0%",
            "ratio(errors) > 50%",
            Some(FaultCode::BandsOverlap),
        ),
        (
            "coverage -> >= 80%",
            "coverage > 70%",
            Some(FaultCode::BandsOverlap),
        ),
    ] {
        let (one, other): (Criterion, Criterion) =
            (pass.parse().expect(pass), back.parse().expect(back));
        let faults = check_together(&[(&one, Purpose::Pass), (&other, Purpose::Rollback)]);
        let found: Vec<FaultCode> = faults.iter().map(|fault| fault.code).collect();
        assert_eq!(
            found,
            expected.into_iter().collect::<Vec<_>>(),
            "{pass} | {back}"
        );
    }
}

#[test]
fn what_must_hold_for_passing_holds_together() {
    let [low, high, back]: [Criterion; 3] = ["coverage > 20%", "coverage < 30%", "coverage >= 30%"]
        .map(|text| text.parse().expect(text));
    let (pass, rollback) = (Purpose::Pass, Purpose::Rollback);
    assert_eq!(
        check_together(&[(&low, pass), (&high, pass), (&back, rollback)]),
        Vec::new()
    );
    let alone = check_together(&[(&low, pass), (&back, rollback)]);
    assert_eq!(
        alone.first().map(|fault| fault.message.as_str()),
        Some("passing at > 20% and rolling back at >= 30% overlap: some values do both")
    );
}

#[test]
fn a_fault_says_how_to_mend_it() {
    let statement: Statement = "p95(latency) < 5%".parse().expect("a criterion");
    let faults = check_statement(&statement, &registry());
    assert_eq!(faults.len(), 1);
    assert_eq!(
        (faults[0].code.text(), faults[0].level),
        ("unit-mismatch", Level::Error)
    );
    assert_eq!(
        faults[0].to_string(),
        "unit-mismatch in '5%': '5%' is not a length of time; write it with its unit, such as 200ms"
    );
}
