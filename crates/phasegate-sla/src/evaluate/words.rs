//! Amounts as people read them: quantities in the right unit, sentences.

use phasegate_core::{Dimension, Fraction, Quantity, Unit};
use phasegate_criterion::{Aggregate, Expects, Measure, Measured, Test};

use super::Polarity;
use super::amount::Amount;
use crate::need::aggregate;
use crate::verdict::{Means, Verdict, Why};

/// How many decimals a quantity in a finding keeps where it has no exact ones.
const DECIMALS: u32 = 9;

/// How many decimals a sentence shows.
const SHOWN: u32 = 4;

/// The unit in which a measure's amounts are shown.
pub(super) fn unit_of(test: &Test, measured: &Measured<'_>, bound: Option<&Quantity>) -> Unit {
    let wanted = match (&measured.expects, measured.sources.first()) {
        (Expects::Change { .. } | Expects::Share, _) => Unit::PERCENT,
        (Expects::Count, _)
        | (Expects::Rating(_) | Expects::Quantity(_) | Expects::Rate(_), None) => Unit::NUMBER,
        (Expects::Quantity(dimension), Some(source))
            if source.kpi.unit.dimension() == *dimension =>
        {
            source.kpi.unit.clone()
        }
        (Expects::Quantity(_), Some(_)) => Unit::NUMBER,
        (Expects::Rating(_), Some(source)) => source.kpi.unit.clone(),
        (Expects::Rate(_), Some(source)) => {
            let rate = source.kpi.unit.clone().per(phasegate_core::Period::Second);
            rate.unwrap_or(Unit::NUMBER)
        }
    };
    let points = matches!(test.subject.measure, Measure::Change(_));
    match bound.map(Quantity::unit) {
        // A rate reads best in the unit of its threshold; a difference of shares is in points.
        Some(unit)
            if matches!(measured.expects, Expects::Rate(_))
                && measured.expects.takes(&unit.dimension()) =>
        {
            unit.clone()
        }
        Some(unit) if points && unit.dimension() == Dimension::POINTS => unit.clone(),
        Some(_) | None => wanted,
    }
}

/// A number of a dimension's base, in a unit.
pub(super) fn quantity(base: Fraction, unit: &Unit) -> Option<Quantity> {
    let number = base.checked_div(unit.factor()?)?;
    let exact = number
        .to_decimal_exact()
        .map(phasegate_core::Decimal::normalized);
    Some(Quantity::new(
        exact.or_else(|| number.to_decimal_rounded(DECIMALS))?,
        unit.clone(),
    ))
}

/// A share as percent.
pub(super) fn percent(share: Option<Fraction>) -> Option<Quantity> {
    quantity(share?, &Unit::PERCENT)
}

/// A quantity with few decimals.
pub(super) fn short(quantity: &Quantity) -> String {
    let number = quantity.number().rounded(SHOWN).normalized();
    if number.is_zero() && !quantity.number().is_zero() {
        return quantity.to_string();
    }
    Quantity::new(number, quantity.unit().clone()).to_string()
}

/// What was seen, in words: `p95(latency) is 48ms (1200 samples) over 5m`. Of a percentile that was decided
/// by counting, `within` is its threshold.
pub(super) fn seen(
    test: &Test,
    amount: &Amount,
    observed: Option<&Quantity>,
    within: Option<&Quantity>,
) -> String {
    let subject = &test.subject;
    let value = observed.map_or("a number that cannot be shown".to_owned(), short);
    let about = if amount.extent.is_exact() {
        ""
    } else {
        "about "
    };
    let behind = behind(amount);
    match (within, amount.means) {
        (Some(threshold), _) => {
            let needed = aggregate(&subject.measure)
                .and_then(Aggregate::quantile)
                .and_then(|quantile| percent(Fraction::from_decimal(quantile.to_decimal())))
                .map_or_else(String::new, |share| format!(" ({} needed)", short(&share)));
            format!(
                "{subject}: {about}{value} of the values{behind} lie within {threshold}{needed}"
            )
        }
        (None, Means::CountBelow | Means::Distribution | Means::Scalar | Means::Share) => {
            format!("{subject} is {about}{value}{behind}")
        }
    }
}

/// What stands behind a number, in words: ` (1200 samples) over 5m`.
fn behind(amount: &Amount) -> String {
    let counts = match (amount.counts, amount.samples) {
        (Some((matching, total)), _) => format!(" ({matching} of {total})"),
        (None, 0) => String::new(),
        (None, samples) => format!(" ({samples} samples)"),
    };
    let over = amount.window.span();
    let over = if over.is_zero() {
        String::new()
    } else {
        format!(" over {}", over.rounded())
    };
    format!("{counts}{over}")
}

/// The same where there is no number to be shown.
pub(super) fn unknown(test: &Test, amount: Option<&Amount>) -> String {
    let behind = amount.map(behind).unwrap_or_default();
    format!("{} is not known{behind}", test.subject)
}

/// The whole sentence: of a requirement what must be, of a trigger what it fires at.
pub(super) fn sentence(seen: &str, limit: &str, verdict: &Verdict, polarity: Polarity) -> String {
    let bound = match polarity {
        Polarity::Requirement => "must be",
        Polarity::Trigger => "fires at",
    };
    format!("{seen}, {bound} {limit}: {}", outcome(verdict, polarity))
}

/// A verdict in words: whether what must be is so, or whether what fires is reached.
pub(super) fn outcome(verdict: &Verdict, polarity: Polarity) -> String {
    match (polarity, verdict) {
        (Polarity::Requirement, _) => verdict.to_string(),
        (Polarity::Trigger, Verdict::Pass | Verdict::Warn) => "reached".to_owned(),
        (Polarity::Trigger, Verdict::Fail) => "not reached".to_owned(),
        (Polarity::Trigger, Verdict::Inconclusive(why @ Why::HumanAnswerMissing)) => {
            format!("open: {why}")
        }
        (Polarity::Trigger, Verdict::Inconclusive(why)) => format!("blind: {why}"),
    }
}
