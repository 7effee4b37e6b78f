//! Checks of one test: do its values fit its measure, and what is doubtful about it?

use std::cmp::Ordering;

use phasegate_core::{BaseUnit, Dimension, Fraction, Quantity};

use super::measure::{self, Expects, Measured};
use super::{Fault, FaultCode, clause, confidence, limit};
use crate::kpi::{Baseline, Direction, KpiRegistry};
use crate::tree::{
    Against, Assertion, Band, Cmp, Given, Measure, Operand, Reference, Test, Value, ValueRange,
};

pub(super) fn check(test: &Test, registry: &KpiRegistry, faults: &mut Vec<Fault>) {
    let Some(measured) = measure::subject(&test.subject, registry, faults) else {
        return;
    };
    match &test.assertion {
        Assertion::Bands { warn, crit } => {
            bands(test, (warn.as_ref(), crit.as_ref()), &measured, faults);
        }
        Assertion::Comparable(reference) | Assertion::NoWorse(reference) => {
            compared(test, reference, &measured, faults);
        }
        Assertion::Compare(band) => compare(test, band, &measured, faults),
        Assertion::Reach { from, op, to } => {
            reach(test, (from.as_ref(), *op, to), &measured, faults);
        }
        Assertion::Stable => {
            let reference = test.against.clone();
            let reference = reference.unwrap_or(Reference {
                against: Against::Baseline,
                given: None,
            });
            compared(test, &reference, &measured, faults);
        }
        Assertion::Within(limits) => {
            range(limits, &measured, faults);
            if matches!(test.subject.measure, Measure::Change(_)) {
                faults.push(Fault::new(
                    FaultCode::ChangeRange,
                    test,
                    "the end nearer to zero is required; beyond the other end is a pass with a warning",
                    "write the required change alone if that is all that is meant",
                ));
            }
        }
    }
    change_compared(test, faults);
    clause::check(test, &measured, faults);
    limit::check(test, &measured, faults);
    references(test, &measured, registry, faults);
    confidence::check(test, &measured, faults);
}

/// A change has its reference in it: it is compared with a value, not with a reference once more.
fn change_compared(test: &Test, faults: &mut Vec<Fault>) {
    let Measure::Change(of) = &test.subject.measure else {
        return;
    };
    let assertion = match &test.assertion {
        Assertion::Comparable(_)
        | Assertion::NoWorse(_)
        | Assertion::Stable
        | Assertion::Compare(Band {
            value: Operand::Baseline | Operand::Budget | Operand::Target,
            ..
        }) => &test.assertion,
        Assertion::Bands { .. }
        | Assertion::Compare(_)
        | Assertion::Reach { .. }
        | Assertion::Within(_) => return,
    };
    let message =
        format!("a change is compared with a value: '{assertion}' is said of the measure");
    let mend = format!("write '{of} {assertion}', or a limit such as '< 10%'");
    faults.push(Fault::new(FaultCode::ChangeOfChange, test, message, mend));
}

/// Does a value fit the measure?
pub(super) fn fits(value: &Value, measured: &Measured<'_>, faults: &mut Vec<Fault>) {
    let dimension = value.quantity().dimension();
    if !measured.expects.takes(&dimension) {
        let code = match (&measured.expects, dimension.per()) {
            (Expects::Rate(base), Some(_)) if dimension.base() == base => FaultCode::CalendarRate,
            (Expects::Rating(_), _) => FaultCode::RatingScale,
            _ => FaultCode::UnitMismatch,
        };
        let (wanted, such_as) = measured.expects.describe();
        let (message, mend) = if code == FaultCode::CalendarRate {
            (
                format!("events are counted per second, and '{value}' is per a period of the calendar, which has no fixed length"),
                "write it per week or less, such as 0.5/week; or let the source count it, as a gauge whose unit is '/month'".to_owned(),
            )
        } else {
            (
                format!("'{value}' is not {wanted}"),
                format!("write {such_as}"),
            )
        };
        faults.push(Fault::new(code, value, message, mend));
        return;
    }
    if measured.expects == Expects::Share && dimension == Dimension::NUMBER {
        fraction(value, faults);
    }
    if let (Expects::Rating(scale), BaseUnit::OutOf(said)) =
        (&measured.expects, value.quantity().unit().base())
        && said != scale
    {
        let message = format!("the rating is out of {scale}, not out of {said}");
        faults.push(Fault::new(
            FaultCode::RatingScale,
            value,
            message,
            format!("write it out of {scale}"),
        ));
    }
}

/// A plain number for a share.
fn fraction(value: &Value, faults: &mut Vec<Fault>) {
    let size = value.quantity().base().unwrap_or(Fraction::ZERO).abs();
    let (code, message) = if size > Fraction::ONE {
        (
            FaultCode::FractionAboveOne,
            format!("'{value}' would be more than the whole"),
        )
    } else {
        (
            FaultCode::FractionAsNumber,
            format!("'{value}' is taken as a fraction of one"),
        )
    };
    faults.push(Fault::new(code, value, message, "write it in percent"));
}

pub(super) fn range(range: &ValueRange, measured: &Measured<'_>, faults: &mut Vec<Fault>) {
    fits(&range.low, measured, faults);
    fits(&range.high, measured, faults);
    if range.low.quantity().compare(range.high.quantity()) == Some(Ordering::Greater) {
        let message = "the first end lies above the second";
        faults.push(Fault::new(
            FaultCode::RangeOrder,
            range,
            message,
            "swap the two",
        ));
    }
}

/// Steps of a ladder rise.
pub(super) fn rising(steps: &[Value], faults: &mut Vec<Fault>) {
    for (one, next) in steps.iter().zip(steps.iter().skip(1)) {
        if one.quantity().compare(next.quantity()) != Some(Ordering::Less) {
            let message = format!("'{next}' does not lie above '{one}'");
            faults.push(Fault::new(
                FaultCode::StepsOrder,
                next,
                message,
                "let each step rise",
            ));
        }
    }
}

pub(super) fn is_share(value: &Value, what: &str, faults: &mut Vec<Fault>) {
    if value.quantity().dimension() != Dimension::SHARE {
        let message = format!("{what} is a share");
        faults.push(Fault::new(
            FaultCode::UnitMismatch,
            value,
            message,
            "write it in percent",
        ));
    }
}

/// The target of scaling lies between where it shrinks and where it grows.
pub(super) fn around(
    down: Option<&Quantity>,
    target: &Quantity,
    up: Option<&Quantity>,
    faults: &mut Vec<Fault>,
) {
    let pairs = [(down, Some(target)), (Some(target), up)];
    for (low, high) in pairs
        .into_iter()
        .filter_map(|(low, high)| Some((low?, high?)))
    {
        if low.compare(high) == Some(Ordering::Greater) {
            let message = format!("'{high}' lies below '{low}'");
            faults.push(Fault::new(
                FaultCode::BandsOrder,
                target,
                message,
                "let it shrink below the target and grow above it",
            ));
        }
    }
}

fn bands(
    test: &Test,
    (warn, crit): (Option<&Band>, Option<&Band>),
    measured: &Measured<'_>,
    faults: &mut Vec<Fault>,
) {
    for band in [warn, crit].into_iter().flatten() {
        fits(&band.value, measured, faults);
        let against = match measured.direction {
            Direction::HigherIsBetter => !band.op.is_upper_bound(),
            Direction::LowerIsBetter => !band.op.is_lower_bound(),
            Direction::Neither => !(band.op.is_upper_bound() || band.op.is_lower_bound()),
        };
        if against {
            let message = format!("'{band}' is no band of what is bad for this KPI");
            let mend = "let bands begin where it gets bad: > where less is better, < where more is";
            faults.push(Fault::new(
                FaultCode::BandsAgainstDirection,
                test,
                message,
                mend,
            ));
        }
    }
    let (Some(warn), Some(crit)) = (warn, crit) else {
        return;
    };
    let order = warn.value.quantity().compare(crit.value.quantity());
    let upward = warn.op.is_lower_bound() && crit.op.is_lower_bound();
    let downward = warn.op.is_upper_bound() && crit.op.is_upper_bound();
    let ordered =
        (upward && order == Some(Ordering::Less)) || (downward && order == Some(Ordering::Greater));
    if !ordered {
        let message = "a value would be critical before it is a warning";
        faults.push(Fault::new(
            FaultCode::BandsOrder,
            test,
            message,
            "put the warning nearer to the good side",
        ));
    }
}

fn compare(test: &Test, band: &Band<Operand>, measured: &Measured<'_>, faults: &mut Vec<Fault>) {
    let kpi = measured.sources.first().map(|source| source.kpi);
    let (what, there) = match &band.value {
        Operand::Value(value) => {
            fits(value, measured, faults);
            if value.is_approximate()
                && matches!(band.op, Cmp::Equal | Cmp::NotEqual)
                && test.margin.is_none()
            {
                let message = "approximately equal is taken as within a tenth of the value";
                let mend = "add a margin, such as 'margin 5pp' or 'margin 10%'";
                faults.push(Fault::new(
                    FaultCode::ApproximateEquality,
                    test,
                    message,
                    mend,
                ));
            }
            return;
        }
        Operand::Baseline => (
            "baseline",
            kpi.is_some_and(|kpi| kpi.baseline != Baseline::default()),
        ),
        Operand::Budget => ("budget", kpi.is_some_and(|kpi| kpi.budget.is_some())),
        Operand::Target => ("target", kpi.is_some_and(|kpi| kpi.target.is_some())),
    };
    if !there {
        let message = format!("the KPI declares no {what}");
        faults.push(Fault::new(
            FaultCode::OperandMissing,
            test,
            message,
            "declare it, or write the value",
        ));
    }
}

fn reach(
    test: &Test,
    (from, op, to): (Option<&Given>, Option<Cmp>, &Value),
    measured: &Measured<'_>,
    faults: &mut Vec<Fault>,
) {
    fits(to, measured, faults);
    let start = match from {
        None | Some(Given::Unknown) => None,
        Some(Given::Point(value)) => {
            fits(value, measured, faults);
            Some(value)
        }
        Some(Given::Range(limits)) => {
            range(limits, measured, faults);
            Some(&limits.low)
        }
    };
    let towards = start.and_then(|start| to.quantity().compare(start.quantity()));
    let said = match op {
        Some(op) if op.is_lower_bound() => Some(Direction::HigherIsBetter),
        Some(op) if op.is_upper_bound() => Some(Direction::LowerIsBetter),
        Some(_) | None => None,
    };
    let direction = match (measured.direction, said, towards) {
        (Direction::Neither, Some(said), _) => said,
        (Direction::Neither, None, Some(Ordering::Greater)) => Direction::HigherIsBetter,
        (Direction::Neither, None, Some(Ordering::Less)) => Direction::LowerIsBetter,
        (declared, _, _) => declared,
    };
    let against = match (direction, towards) {
        (Direction::Neither, None | Some(Ordering::Equal)) => {
            let mend = "declare the KPI's direction, or write '-> >= ' or '-> <= '";
            let message = "is the goal a least or a most?";
            faults.push(Fault::new(FaultCode::DirectionMissing, test, message, mend));
            false
        }
        (Direction::HigherIsBetter, Some(Ordering::Less))
        | (Direction::LowerIsBetter, Some(Ordering::Greater)) => true,
        (Direction::HigherIsBetter | Direction::LowerIsBetter | Direction::Neither, _) => {
            said.is_some_and(|said| said != direction)
        }
    };
    if against {
        let message = "the goal lies on the worse side of where it stands";
        faults.push(Fault::new(
            FaultCode::ReachAgainstDirection,
            test,
            message,
            "mend the goal or the direction",
        ));
    }
    derived(test, start, to, faults);
}

/// `$500 -> $350 derived change = -30%`: the printed change must be the true one, to half its last digit.
fn derived(test: &Test, start: Option<&Value>, to: &Value, faults: &mut Vec<Fault>) {
    let Some(said) = &test.derived else {
        return;
    };
    let change = start.and_then(|start| {
        let from = start.quantity().base()?;
        to.quantity().base()?.checked_sub(from)?.checked_div(from)
    });
    let (_, scale) = said.quantity().number().parts();
    let half = 10u128
        .checked_pow(scale)
        .and_then(|ten| Fraction::new(1, ten * 200));
    let off = change.and_then(|change| Some(change.checked_sub(said.quantity().base()?)?.abs()));
    let right = off.is_some_and(|off| half.is_some_and(|half| off <= half));
    if right && said.quantity().dimension() == Dimension::SHARE {
        return;
    }
    let percent = change.and_then(|change| change.checked_mul(Fraction::from(100)));
    let is = percent.and_then(|percent| percent.to_decimal_rounded(2));
    let is = is.map_or("not known".to_owned(), |is| format!("{is}%"));
    let message = format!("the change from start to goal is {is}, not {said}");
    faults.push(Fault::new(
        FaultCode::DerivedWrong,
        test,
        message,
        "mend one of the three figures",
    ));
}

/// `no worse than`, `comparable to`, `stable`.
fn compared(test: &Test, reference: &Reference, measured: &Measured<'_>, faults: &mut Vec<Fault>) {
    let is_zero = |margin: &Value| margin.quantity().number().is_zero();
    if test.margin.as_ref().is_none_or(is_zero) {
        let message = "without a margin, the least difference fails";
        let mend = "add a margin; 5% to 10% is usual";
        faults.push(Fault::new(FaultCode::MarginMissing, test, message, mend));
    }
    let sided = !matches!(test.assertion, Assertion::Comparable(_));
    if sided && measured.direction == Direction::Neither {
        let message = "which way is worse?";
        faults.push(Fault::new(
            FaultCode::DirectionMissing,
            test,
            message,
            "declare the KPI's direction",
        ));
    }
    baseline(test, reference, measured, faults);
}

/// What is known of what is compared with.
fn baseline(test: &Test, reference: &Reference, measured: &Measured<'_>, faults: &mut Vec<Fault>) {
    if reference.against != Against::Baseline {
        return;
    }
    if measured.sources.is_empty() && reference.given.is_none() {
        let message = "an inline query has no baseline";
        faults.push(Fault::new(
            FaultCode::BaselineUnknown,
            test,
            message,
            "write the baseline here",
        ));
    }
    let declared = measured
        .sources
        .iter()
        .filter_map(|source| match &source.kpi.baseline {
            Baseline::Figure(given) => Some(given),
            Baseline::Control | Baseline::Previous => None,
        });
    for given in reference
        .given
        .iter()
        .chain(declared.take(usize::from(reference.given.is_none())))
    {
        let (code, message, mend) = match given {
            Given::Unknown => (
                FaultCode::BaselineUnknown,
                "nobody knows the baseline: this stays inconclusive until it is measured",
                "measure it, and declare it",
            ),
            Given::Range(_) => (
                FaultCode::BaselineRange,
                "the baseline is a range: there is a verdict only where both ends lead to it",
                "measure it, and declare one value",
            ),
            Given::Point(value) if value.is_approximate() => (
                FaultCode::BaselineApproximate,
                "the baseline is taken to within a tenth: there is a verdict only where all of it leads to it",
                "measure it, and declare the exact value",
            ),
            Given::Point(_) => continue,
        };
        faults.push(Fault::new(code, test, message, mend));
    }
}

/// What stands in `vs`.
fn references(
    test: &Test,
    measured: &Measured<'_>,
    registry: &KpiRegistry,
    faults: &mut Vec<Fault>,
) {
    let change = matches!(test.subject.measure, Measure::Change(_));
    match (&test.against, change) {
        (None, false) => {}
        (None, true) => {
            let reference = Reference {
                against: Against::Baseline,
                given: None,
            };
            let message = "the change is taken to be against the KPI's baseline";
            faults.push(Fault::new(
                FaultCode::ChangeWithoutReference,
                test,
                message,
                "add 'vs baseline' or 'vs control'",
            ));
            baseline(test, &reference, measured, faults);
        }
        (Some(reference), true) => baseline(test, reference, measured, faults),
        (Some(reference), false) => {
            let compared = matches!(
                test.assertion,
                Assertion::Stable | Assertion::NoWorse(_) | Assertion::Comparable(_)
            );
            if !compared && reference.against != Against::Baseline {
                let message = "the threshold is absolute: nothing is compared with the other side";
                let mend = "write change(..) around the measure, or 'no worse than control'";
                faults.push(Fault::new(
                    FaultCode::ControlNotCompared,
                    test,
                    message,
                    mend,
                ));
            }
        }
    }
    let inner;
    let own = match &test.subject.measure {
        Measure::Change(of) => {
            inner = measure::measured(of, registry).ok();
            inner.as_ref()
        }
        Measure::Aggregate { .. }
        | Measure::Apdex { .. }
        | Measure::Below { .. }
        | Measure::BudgetLeft { .. }
        | Measure::BurnRate { .. }
        | Measure::Plain { .. }
        | Measure::Query(_) => Some(measured),
    };
    if let Some(own) = own {
        given_fits(test, &own.expects, faults);
    }
    if let Some(margin) = &test.margin {
        margin_fits(test, margin, measured, faults);
    }
}

/// What is given with a reference is a value of the measure itself, not a change of it.
fn given_fits(test: &Test, own: &Expects, faults: &mut Vec<Fault>) {
    let inline = match &test.assertion {
        Assertion::Comparable(reference) | Assertion::NoWorse(reference) => Some(reference),
        Assertion::Bands { .. }
        | Assertion::Compare(_)
        | Assertion::Reach { .. }
        | Assertion::Stable
        | Assertion::Within(_) => None,
    };
    let references = inline.into_iter().chain(&test.against);
    for given in references.filter_map(|reference| reference.given.as_ref()) {
        let ends = match given {
            Given::Unknown => [None, None],
            Given::Point(value) => [Some(value), None],
            Given::Range(limits) => [Some(&limits.low), Some(&limits.high)],
        };
        for value in ends.into_iter().flatten() {
            if !own.takes(&value.quantity().dimension()) {
                let message = format!("'{value}' is no value of what is measured");
                let mend = "write the reference in the measure's own unit";
                faults.push(Fault::new(FaultCode::UnitMismatch, test, message, mend));
            }
        }
    }
}

/// A margin is relative (percent), in points for shares, or in the measure's own unit.
fn margin_fits(test: &Test, margin: &Value, measured: &Measured<'_>, faults: &mut Vec<Fault>) {
    let dimension = margin.quantity().dimension();
    let points = measured.expects == Expects::Share && dimension == Dimension::POINTS;
    let own = measured.expects.takes(&dimension) && measured.expects != Expects::Share;
    if !(dimension == Dimension::SHARE || points || own) || margin.quantity().number().is_negative()
    {
        let message = format!("'{margin}' is no margin for this measure");
        let mend =
            "write it in percent of the reference, in points for shares, or in the KPI's unit";
        faults.push(Fault::new(FaultCode::UnitMismatch, test, message, mend));
    }
}
