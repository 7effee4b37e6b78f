//! Limits that settle a comparison before anything is measured: outside of what a number of the kind can be,
//! or at its very end.

use std::fmt;

use phasegate_core::{BaseUnit, Dimension, Fraction, Quantity};

use super::measure::{Expects, Measured};
use super::{Fault, FaultCode};
use crate::kpi::{Kpi, Possible, Shape};
use crate::tree::{Aggregate, Assertion, Band, Cmp, Fact, Given, Measure, Operand, Test, Value};

pub(super) fn check(test: &Test, measured: &Measured<'_>, faults: &mut Vec<Fault>) {
    let measure = &test.subject.measure;
    let mut one =
        |op: Option<Cmp>, value: &Value| settle(test, measure, (op, value), measured, faults);
    match &test.assertion {
        Assertion::Bands { warn, crit } => {
            for band in warn.iter().chain(crit) {
                one(Some(band.op), &band.value);
            }
        }
        Assertion::Compare(Band {
            op,
            value: Operand::Value(value),
        }) => {
            one(Some(*op), value);
            of_many(test, *op, value, measured, faults);
        }
        Assertion::Reach { from, op, to } => {
            for start in from.iter().flat_map(ends) {
                one(None, start);
            }
            one(op.or_else(|| measured.direction.goal()), to);
        }
        Assertion::Within(limits) => {
            one(None, &limits.low);
            one(None, &limits.high);
        }
        Assertion::Comparable(_)
        | Assertion::Compare(_)
        | Assertion::NoWorse(_)
        | Assertion::Stable => {}
    }
}

fn ends(given: &Given) -> Vec<&Value> {
    match given {
        Given::Point(value) => vec![value],
        Given::Range(range) => vec![&range.low, &range.high],
        Given::Unknown => Vec::new(),
    }
}

/// The figures of a fact.
pub(super) fn of_fact(fact: &Fact, measured: &Measured<'_>, faults: &mut Vec<Fault>) {
    for value in ends(&fact.figure) {
        let measure = &fact.subject.measure;
        settle(fact, measure, (None, value), measured, faults);
    }
}

/// Where the single numbers of a KPI lie, if this is none of them.
pub(super) fn out_of_range(kpi: &Kpi, quantity: &Quantity) -> Option<String> {
    let possible = Possible::of(kpi);
    let outside = !possible.holds(quantity.base()?);
    outside.then(|| Range(possible, quantity).to_string())
}

/// Between what a measure lies, as far as it is compared with a value of this dimension. A relative change is
/// from something above zero: below minus all of it lies nothing that a percentage says.
pub(super) fn of_value(measure: &Measure, value: &Value, measured: &Measured<'_>) -> Possible {
    let possible = of_measure(measure, measured);
    let dimension = value.quantity().dimension();
    match measured.expects {
        Expects::Count if dimension == Dimension::RATING => Possible::PART,
        Expects::Change { .. } if dimension != Dimension::POINTS => Possible {
            least: Fraction::new(-1, 1),
            most: None,
            ..possible
        },
        Expects::Change { .. }
        | Expects::Count
        | Expects::Quantity(_)
        | Expects::Rate(_)
        | Expects::Rating(_)
        | Expects::Share => possible,
    }
}

/// Between what the values of a KPI lie. Values that are times are durations, even where nobody says so: a trigger at
/// `p95(latency) > -5ms` is a slip.
fn possible(kpi: &Kpi) -> Possible {
    match (kpi.shape, kpi.unit.base()) {
        (Shape::Distribution | Shape::Quantile { .. }, BaseUnit::Time(_)) => Possible::NOT_NEGATIVE,
        _ => Possible::of(kpi),
    }
}

/// Between what a measure lies.
fn of_measure(measure: &Measure, measured: &Measured<'_>) -> Possible {
    let mut kinds = measured.sources.iter().map(|source| possible(source.kpi));
    match measure {
        Measure::Aggregate { by, .. } => match by {
            Aggregate::Count | Aggregate::Deviation => Possible::NOT_NEGATIVE,
            Aggregate::Frequency | Aggregate::Rate | Aggregate::Sum => added_up(kinds),
            Aggregate::Age
            | Aggregate::Average
            | Aggregate::Equal
            | Aggregate::Interval
            | Aggregate::Last
            | Aggregate::Max
            | Aggregate::Median
            | Aggregate::Min
            | Aggregate::Percentile(_)
            | Aggregate::Rating
            | Aggregate::Ratio
            | Aggregate::Share
            | Aggregate::Time
            | Aggregate::Usage => kinds.next().unwrap_or(Possible::ANYTHING),
        },
        Measure::Apdex { .. } | Measure::Below { .. } => Possible::PART,
        Measure::BudgetLeft { .. } => Possible {
            least: None,
            ..Possible::PART
        },
        Measure::BurnRate { .. } => Possible::NOT_NEGATIVE,
        Measure::Change(of) => change(of_measure(of, measured)),
        Measure::Plain { .. } if measured.sources.len() > 1 => added_up(kinds),
        Measure::Plain { .. } => kinds.next().unwrap_or(Possible::ANYTHING),
        Measure::Query(_) => Possible::ANYTHING,
    }
}

/// A sum of what is never negative is not negative.
fn added_up(mut kinds: impl Iterator<Item = Possible>) -> Possible {
    if kinds.all(|kind| kind.least == Some(Fraction::ZERO)) {
        Possible::NOT_NEGATIVE
    } else {
        Possible::ANYTHING
    }
}

/// From more than nothing to nothing, it changes by minus one; between two parts of a whole, by one at most
/// either way. A relative change has no upper end.
fn change(of: Possible) -> Possible {
    match of.least {
        Some(least) if least == Fraction::ZERO => Possible {
            least: Fraction::new(-1, 1),
            most: of.most,
        },
        Some(_) | None => Possible::ANYTHING,
    }
}

/// What holds of a comparison whatever is measured.
fn settled(op: Cmp, limit: Fraction, possible: Possible) -> Option<bool> {
    let least = possible.least.map(|least| least.cmp(&limit));
    let most = possible.most.map(|most| most.cmp(&limit));
    // All of it lies above, at least at, at most at, below the limit.
    let above = least.is_some_and(std::cmp::Ordering::is_gt);
    let at_least = least.is_some_and(std::cmp::Ordering::is_ge);
    let below = most.is_some_and(std::cmp::Ordering::is_lt);
    let at_most = most.is_some_and(std::cmp::Ordering::is_le);
    let (always, never) = match op {
        Cmp::Equal => (false, above || below),
        Cmp::Greater => (above, at_most),
        Cmp::GreaterOrEqual => (at_least, below),
        Cmp::Less => (below, at_least),
        Cmp::LessOrEqual => (at_most, above),
        Cmp::NotEqual => (above || below, false),
    };
    match (always, never) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    }
}

fn settle(
    about: &impl fmt::Display,
    measure: &Measure,
    (op, value): (Option<Cmp>, &Value),
    measured: &Measured<'_>,
    faults: &mut Vec<Fault>,
) {
    let quantity = value.quantity();
    let dimension = quantity.dimension();
    let (Some(limit), true) = (quantity.base(), measured.expects.takes(&dimension)) else {
        return;
    };
    let possible = of_value(measure, value, measured);
    let said = op.and_then(|op| Some((op, settled(op, limit, possible)?)));
    let outside = !possible.holds(limit);
    if !outside && (said.is_none() || value.is_approximate()) {
        return;
    }
    // A plain number above one for a share has a fault of its own.
    if outside && measured.expects == Expects::Share && dimension == Dimension::NUMBER {
        return;
    }
    let range = Range(possible, quantity);
    let so = match said {
        None => String::new(),
        Some((op, true)) => format!(": all of it is {} {value}", op.text()),
        Some((op, false)) => format!(": nothing of it is {} {value}", op.text()),
    };
    let code = match (outside, said) {
        (true, _) => FaultCode::LimitOutOfRange,
        (false, Some((_, false))) => FaultCode::NeverTrue,
        (false, Some((_, true)) | None) => FaultCode::AlwaysTrue,
    };
    let message = format!("it lies {range}{so}");
    faults.push(Fault::new(
        code,
        about,
        message,
        "mend the value or the comparison",
    ));
}

/// `= 5/6` of counts: how many there are is not to be exactly six.
fn of_many(test: &Test, op: Cmp, value: &Value, measured: &Measured<'_>, faults: &mut Vec<Fault>) {
    let counted =
        measured.expects == Expects::Count && value.quantity().dimension() == Dimension::RATING;
    if counted && op == Cmp::Equal && value.quantity().base() != Some(Fraction::ONE) {
        let message = "it is taken as at least this share of at least so many";
        let mend = format!("write '>= {value}'");
        faults.push(Fault::new(FaultCode::EqualOfMany, test, message, mend));
    }
}

/// A range in the unit in which somebody wrote a value.
struct Range<'q>(Possible, &'q Quantity);

impl fmt::Display for Range<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(possible, written) = self;
        let unit = written.unit();
        let end = |base: Fraction| {
            let number = base.checked_div(unit.factor()?)?.to_decimal_rounded(9)?;
            Some(Quantity::new(number.normalized(), unit.clone()).to_string())
        };
        let ends = (possible.least.and_then(end), possible.most.and_then(end));
        match ends {
            (Some(least), Some(most)) => write!(f, "from {least} to {most}"),
            (Some(least), None) => write!(f, "at {least} or above"),
            (None, Some(most)) => write!(f, "at {most} or below"),
            (None, None) => f.write_str("anywhere"),
        }
    }
}
