//! Clauses that say nothing where they stand, and lengths of time that are none. What a plan says and nobody
//! heeds is worse than what it does not say.

use phasegate_core::{Quantity, Span};

use super::measure::Measured;
use super::{Fault, FaultCode};
use crate::tree::{Assertion, Band, Cmp, Condition, Criterion, Length, Measure, Operand, Test};

/// The clauses of a test.
pub(super) fn check(test: &Test, measured: &Measured<'_>, faults: &mut Vec<Fault>) {
    let is_near = matches!(
        test.assertion,
        Assertion::Comparable(_) | Assertion::NoWorse(_) | Assertion::Stable
    );
    if let Some(margin) = &test.margin
        && !is_near
        && !is_about_equal(test)
    {
        let message = format!("'margin {margin}' widens nothing: the limit is taken as it stands");
        let mend = "write the limit that is meant, or 'no worse than', 'comparable to', '= ~'";
        ignored(test, message, mend, faults);
    }
    if let Some(derived) = &test.derived
        && !matches!(test.assertion, Assertion::Reach { .. })
    {
        let message = format!("'derived change = {derived}' follows from nothing that stands here");
        ignored(test, message, "write it behind 'START -> GOAL'", faults);
    }
    if let Some(against) = &test.against
        && matches!(
            test.assertion,
            Assertion::Comparable(_) | Assertion::NoWorse(_)
        )
    {
        let message = format!(
            "'vs {against}' is not looked at: it is compared with what the comparison names"
        );
        ignored(test, message, "name one of the two", faults);
    }
    if test.samples_min == Some(0) {
        let message = "'min 0 samples' asks for none";
        ignored(test, message, "leave it out, or write how many", faults);
    }
    if let Some(over) = &test.over {
        positive(test, "over", over, faults);
    }
    if let Measure::BurnRate { window, .. } = &test.subject.measure {
        positive(test, "the window of a burn rate", window, faults);
    }
    of_many(test, measured, faults);
}

/// The clauses of a condition that people and time decide.
pub(super) fn of_condition(condition: &Condition, faults: &mut Vec<Fault>) {
    match condition {
        Condition::Monitor(length) => positive(condition, "monitor for", length, faults),
        Condition::Delivered(length) => positive(condition, "delivered within", length, faults),
        Condition::All(_)
        | Condition::Any(_)
        | Condition::Approve(_)
        | Condition::Check(_)
        | Condition::Event(_)
        | Condition::ForAll { .. }
        | Condition::Group(_)
        | Condition::Not(_)
        | Condition::Score(_)
        | Condition::Test(_) => {}
    }
}

/// The clauses about the whole.
pub(super) fn of_criterion(criterion: &Criterion, faults: &mut Vec<Fault>) {
    if let Some(every) = &criterion.every {
        positive(criterion, "every", every, faults);
    }
    if criterion.hold.points_min == Some(0) {
        let message = "'min 0 points' asks for none";
        ignored(
            criterion,
            message,
            "leave it out, or write how many",
            faults,
        );
    }
}

fn ignored(
    about: &impl std::fmt::Display,
    message: impl Into<String>,
    mend: &str,
    faults: &mut Vec<Fault>,
) {
    faults.push(Fault::new(FaultCode::ClauseIgnored, about, message, mend));
}

/// A stretch of time over which something is looked at is one.
fn positive(about: &impl std::fmt::Display, what: &str, length: &Length, faults: &mut Vec<Fault>) {
    if length.span().is_some_and(Span::is_zero) {
        let message = format!("{what} {length} is no time at all");
        let mend = "write how long, such as 5m";
        faults.push(Fault::new(FaultCode::LimitOutOfRange, about, message, mend));
    }
}

/// `= ~20%`: near enough.
fn is_about_equal(test: &Test) -> bool {
    match &test.assertion {
        Assertion::Compare(Band {
            op: Cmp::Equal | Cmp::NotEqual,
            value: Operand::Value(value),
        }) => value.is_approximate(),
        Assertion::Bands { .. }
        | Assertion::Comparable(_)
        | Assertion::Compare(_)
        | Assertion::NoWorse(_)
        | Assertion::Reach { .. }
        | Assertion::Stable
        | Assertion::Within(_) => false,
    }
}

/// `= 4.5/5` of counts: nothing is counted by halves.
fn of_many(test: &Test, measured: &Measured<'_>, faults: &mut Vec<Fault>) {
    let Assertion::Compare(Band {
        value: Operand::Value(value),
        ..
    }) = &test.assertion
    else {
        return;
    };
    let quantity: &Quantity = value.quantity();
    let phasegate_core::BaseUnit::OutOf(many) = quantity.unit().base() else {
        return;
    };
    let exactly = matches!(
        test.assertion,
        Assertion::Compare(Band { op: Cmp::Equal, .. })
    );
    if matches!(measured.expects, super::Expects::Rating(_)) && exactly && !value.is_approximate() {
        let message = "a mean of answers is hardly ever exactly so much";
        let mend = format!("write '>= {value}' if that is meant");
        faults.push(Fault::new(FaultCode::EqualOfMany, test, message, mend));
    }
    let whole = |number: phasegate_core::Decimal| number.rounded(0) == number;
    let counted = measured.expects == super::Expects::Count;
    if counted && !(whole(quantity.number()) && whole(*many)) {
        let message = format!("'{value}' is no whole number of so many");
        let mend = "write whole numbers, or a share of events in percent";
        faults.push(Fault::new(FaultCode::RatingScale, test, message, mend));
    }
}
