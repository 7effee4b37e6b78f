//! What of a test samples are to show: that the share of them on the wrong side lies below a limit, or within two.

use phasegate_core::Fraction;
use phasegate_criterion::{
    Aggregate, Assertion, Band, Cmp, Expects, KpiRegistry, Measure, Measured, Operand, Shape, Slo,
    SloMethod, Test, Value, ValueRange,
};

use crate::need::aggregate;

/// What is to be shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Goal {
    /// That fewer than this share lie on the wrong side.
    Clean(Fraction),
    /// That the share lies between these two.
    Within(Fraction, Fraction),
}

/// Each thing that a test asks to be shown, and which part of it asks; none where it is not about shares of
/// samples. Of bands it is that they are not reached.
pub(super) fn goals(
    test: &Test,
    measured: &Measured<'_>,
    registry: &KpiRegistry,
) -> Vec<(Option<&'static str>, Goal)> {
    let clean = |op: Cmp, value: &Value| {
        let share = wrong_side(test, measured, registry, (op, value))?;
        Some(Goal::Clean(share))
    };
    match &test.assertion {
        Assertion::Compare(Band {
            op,
            value: Operand::Value(value),
        }) => one(clean(*op, value)),
        Assertion::Reach { op, to, .. } => {
            let op = op.or_else(|| measured.direction.goal());
            one(op.and_then(|op| clean(op, to)))
        }
        Assertion::Bands { warn, crit } => {
            let bands = [("not warned", warn), ("not critical", crit)];
            let not_reached = bands.into_iter().filter_map(|(part, band)| {
                let band = band.as_ref()?;
                Some((Some(part), clean(opposite(band.op)?, &band.value)?))
            });
            not_reached.collect()
        }
        Assertion::Within(range) => within(test, measured, registry, range),
        Assertion::Comparable(_)
        | Assertion::Compare(_)
        | Assertion::NoWorse(_)
        | Assertion::Stable => Vec::new(),
    }
}

fn one(goal: Option<Goal>) -> Vec<(Option<&'static str>, Goal)> {
    goal.into_iter().map(|goal| (None, goal)).collect()
}

const fn opposite(op: Cmp) -> Option<Cmp> {
    match op {
        Cmp::Greater => Some(Cmp::LessOrEqual),
        Cmp::GreaterOrEqual => Some(Cmp::Less),
        Cmp::Less => Some(Cmp::GreaterOrEqual),
        Cmp::LessOrEqual => Some(Cmp::Greater),
        Cmp::Equal | Cmp::NotEqual => None,
    }
}

/// A share has two ends, of which one at 0 % or 100 % asks for nothing; a percentile has two thresholds, each with
/// a clean side of its own.
fn within(
    test: &Test,
    measured: &Measured<'_>,
    registry: &KpiRegistry,
    range: &ValueRange,
) -> Vec<(Option<&'static str>, Goal)> {
    let side = |op: Cmp, value: &Value| wrong_side(test, measured, registry, (op, value));
    let above = side(Cmp::GreaterOrEqual, &range.low);
    let below = side(Cmp::LessOrEqual, &range.high);
    let (Some(above), Some(below)) = (above, below) else {
        return Vec::new();
    };
    if matches!(limit_of(test, measured, registry), Some(Limit::Percentile)) {
        return vec![
            (Some("not below"), Goal::Clean(above)),
            (Some("not above"), Goal::Clean(below)),
        ];
    }
    // `below` bounds the share from above, `above` what is not of it.
    let Some(low) = Fraction::ONE.checked_sub(above) else {
        return Vec::new();
    };
    let goal = match (low <= Fraction::ZERO, below >= Fraction::ONE) {
        (true, true) => return Vec::new(),
        (true, false) => Goal::Clean(below),
        (false, true) => Goal::Clean(above),
        (false, false) => Goal::Within(low, below),
    };
    one(Some(goal))
}

/// How a value of the test limits a share of samples.
enum Limit<'r> {
    /// The part of the budget that is left, of a budget of this objective.
    BudgetLeft(&'r Slo),
    /// How many times as fast as it may the budget of this objective burns.
    BurnRate(&'r Slo),
    /// The test's percentile, whatever the value.
    Percentile,
    /// The value is the share.
    Share,
}

fn limit_of<'r>(
    test: &Test,
    measured: &Measured<'_>,
    registry: &'r KpiRegistry,
) -> Option<Limit<'r>> {
    let all = |shape: Shape| {
        let mut sources = measured.sources.iter();
        sources.all(|source| source.kpi.shape == shape)
    };
    // Of slices, samples are not events: so many slices show it, and each lasts its time.
    let by_events = |slo: &phasegate_criterion::Name| {
        let slo = registry.slo(slo.kpi())?;
        (slo.method == SloMethod::Occurrences).then_some(slo)
    };
    match &test.subject.measure {
        Measure::Apdex { .. } if all(Shape::Distribution) => Some(Limit::Share),
        Measure::BudgetLeft { slo } => by_events(slo).map(Limit::BudgetLeft),
        Measure::BurnRate { slo, .. } => by_events(slo).map(Limit::BurnRate),
        Measure::Aggregate { .. } | Measure::Below { .. } | Measure::Plain { .. } => {
            let quantile = aggregate(&test.subject.measure).and_then(Aggregate::quantile);
            match (quantile, &measured.expects) {
                (Some(_), Expects::Quantity(_)) if all(Shape::Distribution) => {
                    Some(Limit::Percentile)
                }
                (_, Expects::Share) if all(Shape::Ratio) || all(Shape::Distribution) => {
                    Some(Limit::Share)
                }
                (Some(_) | None, _) => None,
            }
        }
        Measure::Apdex { .. } | Measure::Change(_) | Measure::Query(_) => None,
    }
}

/// The share of samples that may be on the wrong side: 1 % for `ratio(errors) < 1%`, 5 % for
/// `ratio(hits) > 95%` and for `p95(latency) < 200ms`, 0.09 % for a budget of 0.1 % of which more than a tenth is
/// to be left.
fn wrong_side(
    test: &Test,
    measured: &Measured<'_>,
    registry: &KpiRegistry,
    (op, value): (Cmp, &Value),
) -> Option<Fraction> {
    let upper = op.is_upper_bound();
    if !upper && !op.is_lower_bound() {
        return None;
    }
    let budget =
        |slo: &Slo| Fraction::ONE.checked_sub(Fraction::from_decimal(slo.objective.to_decimal())?);
    let base = || value.quantity().base();
    // A limit of what is bad, or good, and whether the test asks for less than it.
    let (limit, less) = match limit_of(test, measured, registry)? {
        Limit::BudgetLeft(slo) => {
            let spent = Fraction::ONE.checked_sub(base()?)?;
            (spent.checked_mul(budget(slo)?)?, !upper)
        }
        Limit::BurnRate(slo) => (base()?.checked_mul(budget(slo)?)?, upper),
        Limit::Percentile => {
            // Values above the threshold are on the wrong side of "below", and the other way round.
            let quantile = aggregate(&test.subject.measure).and_then(Aggregate::quantile)?;
            let within = Fraction::from_decimal(quantile.to_decimal())?;
            (Fraction::ONE.checked_sub(within)?, upper)
        }
        Limit::Share => (base()?, upper),
    };
    if less {
        Some(limit)
    } else {
        Fraction::ONE.checked_sub(limit)
    }
}
