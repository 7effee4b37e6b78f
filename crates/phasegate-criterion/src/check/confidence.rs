//! Checks of what is said with confidence: is there a method for it, and can any number of samples show it?

use phasegate_core::{Dimension, Fraction};

use super::measure::{Expects, Measured, Source};
use super::{Fault, FaultCode, limit};
use crate::kpi::{Possible, Shape};
use crate::tree::{Aggregate, Assertion, Band, Cmp, Measure, Operand, Test, Value};

pub(super) fn check(test: &Test, measured: &Measured<'_>, faults: &mut Vec<Fault>) {
    if test.significant && test.confidence.is_none() {
        let message = "'significant' is taken as 'confidence 95%'";
        faults.push(Fault::new(
            FaultCode::SignificantWithoutConfidence,
            test,
            message,
            "write the confidence",
        ));
    }
    if test.level().is_some() && !can_be_shown(test, measured) {
        let message =
            "with confidence one can speak of shares of events, of percentiles and of means only";
        let mend = "leave the confidence out, or write ratio(..), share(..), below(..), apdex(..), avg(..) or a percentile";
        faults.push(Fault::new(
            FaultCode::ConfidenceWithoutSamples,
            test,
            message,
            mend,
        ));
    }
    capped(test, is_sampled_mean(test, measured), measured, faults);
    if test.level().is_none() {
        return;
    }
    if test.over.is_some() {
        let message = "a window that slides counts the same sample many times: with confidence it decides nothing";
        let mend =
            "leave 'over' out: with confidence, all samples since the start are the evidence";
        faults.push(Fault::new(
            FaultCode::RollingConfidence,
            test,
            message,
            mend,
        ));
    }
    shown(test, measured, faults);
}

/// Is there a method by which samples could show it with confidence: of shares of events, percentiles, means of
/// single values, an Apdex and n of m? There is none for numbers that a source has already made (gauges, scores,
/// ratings, sums, extremes), nor for burn rates and budgets, whose windows slide. What has none is a fault
/// ([`FaultCode::ConfidenceWithoutSamples`]) where a confidence is asked for, and is never evaluated.
///
/// ```
/// use phasegate_criterion::{Condition, Criterion, Kpi, KpiRegistry, Shape, can_be_shown, measured};
/// let mut kpis = KpiRegistry::new();
/// kpis.declare(Kpi::new("errors".parse()?, "%".parse()?, Shape::Ratio, "prom".parse()?))?;
/// kpis.declare(Kpi::new("heat".parse()?, "".parse()?, Shape::Gauge, "prom".parse()?))?;
/// let shown = |text: &str| -> Result<bool, Box<dyn std::error::Error>> {
///     let criterion: Criterion = text.parse()?;
///     let Some(test) = criterion.condition.tests().next() else { return Ok(false) };
///     let of = measured(&test.subject.measure, &kpis).map_err(|fault| fault.to_string())?;
///     Ok(can_be_shown(test, &of))
/// };
/// assert!(shown("ratio(errors) < 1% confidence 95%")?);
/// assert!(!shown("heat < 5 confidence 95%")?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn can_be_shown(test: &Test, measured: &Measured<'_>) -> bool {
    let by_events = measured
        .sources
        .iter()
        .all(|source| matches!(source.kpi.shape, Shape::Distribution | Shape::Ratio));
    let sampled = by_events && !measured.sources.is_empty();
    is_sampled_mean(test, measured)
        || sampled && is_share_or_percentile(&test.subject.measure)
        || is_of_many(test, measured)
}

fn is_sampled_mean(test: &Test, measured: &Measured<'_>) -> bool {
    is_mean(&test.subject.measure)
        && matches!(measured.sources.as_slice(), [one] if one.kpi.shape == Shape::Distribution)
}

/// `count(issues, handled) = 4/5`: a share of events by another name.
fn is_of_many(test: &Test, measured: &Measured<'_>) -> bool {
    let Assertion::Compare(Band {
        value: Operand::Value(value),
        ..
    }) = &test.assertion
    else {
        return false;
    };
    let counted = |source: &Source<'_>| matches!(source.kpi.shape, Shape::Counter | Shape::Ratio);
    measured.expects == Expects::Count
        && value.quantity().dimension() == Dimension::RATING
        && measured.sources.iter().all(counted)
}

/// What no number of samples shows: that something is exactly so much, or that it lies at the very end of
/// what it can be.
fn shown(test: &Test, measured: &Measured<'_>, faults: &mut Vec<Fault>) {
    let (op, value) = match &test.assertion {
        Assertion::Compare(Band {
            op,
            value: Operand::Value(value),
        }) => (*op, value),
        Assertion::Reach { op, to, .. } => match op.or_else(|| measured.direction.goal()) {
            Some(op) => (op, to),
            None => return,
        },
        Assertion::Bands { .. }
        | Assertion::Comparable(_)
        | Assertion::Compare(_)
        | Assertion::NoWorse(_)
        | Assertion::Stable
        | Assertion::Within(_) => return,
    };
    let (message, mend) = if op == Cmp::Equal {
        (
            format!("samples may show that it is not exactly {value}, and never that it is"),
            "leave the confidence out, or compare with < <= > >=",
        )
    } else if op == Cmp::NotEqual && !has_two_sides(&test.subject.measure) {
        (
            format!(
                "of percentiles and of changes only one side at a time is shown, and not that it is anything but {value}"
            ),
            "leave the confidence out, or compare with < <= > >=",
        )
    } else if at_end(test, op, value, measured) {
        (
            format!(
                "no number of samples shows that it is {} {value}",
                op.text()
            ),
            "leave the confidence out, or leave some room before the end",
        )
    } else if capped_below(test, value) {
        (
            format!(
                "of values capped there, the mean cannot lie beyond {value}, whatever they are"
            ),
            "let the cap lie above the limit",
        )
    } else {
        return;
    };
    faults.push(Fault::new(FaultCode::NeverShown, test, message, mend));
}

/// Is it a share or a mean against a value? Then what lies on either side of the value is shown not to be it.
fn has_two_sides(measure: &Measure) -> bool {
    match measure {
        Measure::Aggregate { by, .. } => by.quantile().is_none(),
        Measure::Change(_) => false,
        Measure::Apdex { .. }
        | Measure::Below { .. }
        | Measure::BudgetLeft { .. }
        | Measure::BurnRate { .. }
        | Measure::Plain { .. }
        | Measure::Query(_) => true,
    }
}

/// Is the limit the last value that the measure can have?
fn at_end(test: &Test, op: Cmp, value: &Value, measured: &Measured<'_>) -> bool {
    let Possible { least, most } = limit::of_value(&test.subject.measure, value, measured);
    let end = match op {
        Cmp::GreaterOrEqual => most,
        Cmp::LessOrEqual => least,
        Cmp::Equal | Cmp::Greater | Cmp::Less | Cmp::NotEqual => None,
    };
    end.is_some() && end == value.quantity().base()
}

/// Does the mean of the capped values lie on one side of the limit whatever they are?
fn capped_below(test: &Test, value: &Value) -> bool {
    let base = |value: &Value| value.quantity().base();
    match test.cap.as_ref().and_then(base).zip(base(value)) {
        Some((cap, limit)) => limit >= cap || limit <= Fraction::ZERO,
        None => false,
    }
}

/// A mean with confidence: exact with a cap, and only in the limit without one. Never one silently.
fn capped(test: &Test, mean: bool, measured: &Measured<'_>, faults: &mut Vec<Fault>) {
    let asked = test.level().is_some() && mean;
    let change = matches!(test.subject.measure, Measure::Change(_));
    let compares = !change && !compared_with_arm(test);
    match &test.cap {
        None if asked => {
            let message = "of values without an upper end, a mean has its confidence only in the limit of many values";
            let mend = if compares {
                "add 'cap VALUE' to judge the mean of values capped there, which holds at any number, or ask for a percentile"
            } else {
                "know that fewer than 500 values a side decide nothing, or ask for a percentile"
            };
            faults.push(Fault::new(FaultCode::MeanUnbounded, test, message, mend));
        }
        None => {}
        Some(_) if !asked || !compares => {
            let message = "'cap' belongs to a mean that is compared with a value, with confidence";
            let mend = "leave it out, or write avg(..) with 'confidence'";
            faults.push(Fault::new(FaultCode::CapWithoutMean, test, message, mend));
        }
        Some(cap) => {
            let unit = measured.sources.first().map(|source| &source.kpi.unit);
            let fits = unit.is_some_and(|unit| unit.dimension() == cap.quantity().dimension());
            let positive =
                !cap.quantity().number().is_negative() && !cap.quantity().number().is_zero();
            if !fits || !positive || cap.is_approximate() {
                let message = format!("'cap {cap}' is no upper end for this measure");
                let mend = "write it in the KPI's unit, above zero";
                faults.push(Fault::new(FaultCode::UnitMismatch, test, message, mend));
            }
        }
    }
}

/// Does the test compare with the other version?
const fn compared_with_arm(test: &Test) -> bool {
    matches!(
        test.assertion,
        Assertion::Comparable(_) | Assertion::NoWorse(_) | Assertion::Stable
    )
}

/// A mean of single values?
fn is_mean(measure: &Measure) -> bool {
    match measure {
        Measure::Aggregate { by, .. } => *by == Aggregate::Average,
        Measure::Change(of) => is_mean(of),
        Measure::Apdex { .. }
        | Measure::Below { .. }
        | Measure::BudgetLeft { .. }
        | Measure::BurnRate { .. }
        | Measure::Plain { .. }
        | Measure::Query(_) => false,
    }
}

/// Is it something that the counts of single events decide?
fn is_share_or_percentile(measure: &Measure) -> bool {
    match measure {
        Measure::Aggregate { by, .. } => {
            let share = matches!(by, Aggregate::Ratio | Aggregate::Share | Aggregate::Equal);
            share || by.quantile().is_some()
        }
        Measure::Change(of) => is_share_or_percentile(of),
        // An Apdex is a mean of 0, ½ and 1, from two counts.
        Measure::Apdex { .. } | Measure::Below { .. } | Measure::Plain { .. } => true,
        Measure::BudgetLeft { .. } | Measure::BurnRate { .. } | Measure::Query(_) => false,
    }
}
