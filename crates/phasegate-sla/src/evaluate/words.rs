//! Amounts as people read them: quantities in the right unit, sentences.

use std::fmt::{self, Display, Formatter};

use phasegate_core::{Dimension, Fraction, Quantity, Ratio, Unit};
use phasegate_criterion::{Aggregate, Expects, Measure, Measured, Test};

use super::Polarity;
use super::amount::Amount;
use crate::need::aggregate;
use crate::verdict::{Method, Verdict, Why};

/// How many decimals a quantity in a finding keeps where it has no exact ones.
const DECIMALS: u32 = 9;

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
    // Floats of a sketch have digits that mean nothing; very small numbers have none but the last ones.
    let is_short = |exact: &phasegate_core::Decimal| exact.parts().1 <= DECIMALS;
    let is_small = Fraction::new(1, 1_000).is_none_or(|least| number.abs() < least);
    let kept = exact.filter(|exact| is_short(exact) || is_small);
    let rounded = || {
        let mut fewer = (0..=DECIMALS).rev();
        fewer.find_map(|decimals| number.to_decimal_rounded(decimals))
    };
    Some(Quantity::new(kept.or_else(rounded)?, unit.clone()))
}

/// A share as percent.
pub(super) fn percent(share: Option<Fraction>) -> Option<Quantity> {
    quantity(share?, &Unit::PERCENT)
}

/// The texts of a test, which depend on nothing that is measured.
#[derive(Clone, Debug)]
pub(super) struct Worded {
    /// The whole test.
    pub(super) rule: String,
    subject: String,
    assertion: String,
    /// Of a percentile, which share of the values must lie within its threshold.
    needed: Option<Quantity>,
}

impl Worded {
    pub(super) fn of(test: &Test) -> Self {
        let quantile = aggregate(&test.subject.measure).and_then(Aggregate::quantile);
        Self {
            rule: test.to_string(),
            subject: test.subject.to_string(),
            assertion: match &test.margin {
                Some(margin) => format!("{} margin {margin}", test.assertion),
                None => test.assertion.to_string(),
            },
            needed: quantile.and_then(|share| percent(Fraction::from_decimal(share.to_decimal()))),
        }
    }
}

/// What was seen of a test.
#[derive(Clone, Copy)]
pub(super) enum Said<'s> {
    /// There is no number to be shown, but perhaps something stands behind it.
    Unknown(Option<&'s Amount>),
    /// The measure's value.
    Value(&'s Amount, Option<&'s Quantity>),
    /// Of a percentile, how many of the values lie within its threshold.
    Within {
        amount: &'s Amount,
        share: Option<&'s Quantity>,
        threshold: &'s Quantity,
    },
}

/// What a measure is compared with.
#[derive(Clone, Copy)]
pub(super) struct Against<'s> {
    pub(super) reference: &'s Quantity,
    /// Of a change, what was measured itself.
    pub(super) own: Option<&'s Quantity>,
    /// How far from the reference is still near, where the test does not say it in so many words.
    pub(super) limit: Option<&'s Quantity>,
}

impl Display for Against<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(" (")?;
        if let Some(own) = self.own {
            write!(f, "{} ", own.shortened(Some(self.reference)))?;
        }
        write!(f, "against {}", self.reference.shortened(self.own))?;
        if let Some(limit) = self.limit {
            write!(f, ", limit {}", limit.shortened(Some(self.reference)))?;
        }
        f.write_str(")")
    }
}

/// At which confidence something is decided, and how.
#[derive(Clone, Copy)]
pub(super) struct Confidence {
    /// As the criterion says.
    pub(super) level: Ratio,
    /// Among how many alternatives the chance of error is shared.
    pub(super) alternatives: u32,
    pub(super) method: Option<Method>,
}

impl Display for Confidence {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            level,
            alternatives,
            method,
        } = self;
        write!(f, " with {level} confidence")?;
        if *alternatives > 1 {
            let own = level_of_one(*level, *alternatives);
            write!(f, " shared by {alternatives} alternatives, {own} each")?;
        }
        match method {
            Some(method) => write!(f, " ({method})"),
            None => Ok(()),
        }
    }
}

/// At which confidence one of so many alternatives is decided that share the chance of error: at least this.
pub(super) fn level_of_one(level: Ratio, alternatives: u32) -> Ratio {
    let error = 1_000_000u32.saturating_sub(level.ppm());
    let own = error.div_ceil(alternatives.max(1));
    Ratio::from_ppm(1_000_000u32.saturating_sub(own)).unwrap_or(level)
}

/// The finding of a test in words: `p95(latency) is 48ms (1200 samples) over 5m, must be < 50ms: pass`. Of a
/// requirement it says what must be, of a trigger what it fires at.
pub(super) struct Sentence<'s> {
    pub(super) worded: &'s Worded,
    pub(super) said: Said<'s>,
    pub(super) against: Option<Against<'s>>,
    /// What the number is held to.
    pub(super) limit: Option<&'s Quantity>,
    pub(super) confidence: Option<Confidence>,
    pub(super) verdict: &'s Verdict,
    pub(super) polarity: Polarity,
}

impl Display for Sentence<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.seen(f)?;
        f.write_str(match self.polarity {
            Polarity::Requirement => ", must be ",
            Polarity::Trigger => ", fires at ",
        })?;
        f.write_str(&self.worded.assertion)?;
        if let Some(against) = self.against {
            against.fmt(f)?;
        }
        if let Some(confidence) = &self.confidence {
            confidence.fmt(f)?;
        }
        write!(f, ": {}", outcome(self.verdict, self.polarity))
    }
}

impl Sentence<'_> {
    fn seen(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let subject = self.worded.subject.as_str();
        match self.said {
            Said::Unknown(amount) => {
                write!(f, "{subject} is not known")?;
                amount.map_or(Ok(()), |amount| behind(f, amount))
            }
            Said::Value(amount, value) => {
                write!(f, "{subject} is ")?;
                number(f, amount, value, self.limit)?;
                behind(f, amount)
            }
            Said::Within {
                amount,
                share,
                threshold,
            } => {
                write!(f, "{subject}: ")?;
                number(f, amount, share, self.worded.needed.as_ref())?;
                f.write_str(" of the values")?;
                behind(f, amount)?;
                write!(f, " lie within {threshold}")?;
                match &self.worded.needed {
                    Some(needed) => write!(f, " ({needed} needed)"),
                    None => Ok(()),
                }
            }
        }
    }
}

fn number(
    f: &mut Formatter<'_>,
    amount: &Amount,
    shown: Option<&Quantity>,
    limit: Option<&Quantity>,
) -> fmt::Result {
    if !amount.extent.is_exact() {
        f.write_str("about ")?;
    }
    match shown {
        Some(quantity) => quantity.shortened(limit).fmt(f),
        None => f.write_str("a number of more than 28 digits"),
    }
}

/// What stands behind a number: ` (1200 samples) over 5m`.
fn behind(f: &mut Formatter<'_>, amount: &Amount) -> fmt::Result {
    match (amount.counts, amount.samples) {
        (Some((matching, total)), _) => write!(f, " ({matching} of {total})")?,
        (None, 0) => {}
        (None, 1) => f.write_str(" (1 sample)")?,
        (None, samples) => write!(f, " ({samples} samples)")?,
    }
    let over = amount.window.span();
    if over.is_zero() {
        return Ok(());
    }
    write!(f, " over {}", over.rounded())
}

/// A verdict in words: whether what must be is so, or whether what fires is reached.
pub(super) const fn outcome(verdict: &Verdict, polarity: Polarity) -> Outcome<'_> {
    Outcome { verdict, polarity }
}

pub(super) struct Outcome<'v> {
    verdict: &'v Verdict,
    polarity: Polarity,
}

impl Display for Outcome<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (self.polarity, self.verdict) {
            (Polarity::Requirement, verdict) => verdict.fmt(f),
            (Polarity::Trigger, Verdict::Pass | Verdict::Warn) => f.write_str("reached"),
            (Polarity::Trigger, Verdict::Fail) => f.write_str("not reached"),
            (Polarity::Trigger, Verdict::Inconclusive(why @ Why::HumanAnswerMissing)) => {
                write!(f, "open: {why}")
            }
            (Polarity::Trigger, Verdict::Inconclusive(why)) => write!(f, "blind: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_large_or_comes_from_floats_is_shown_with_fewer_decimals() {
        let shown = |base: Option<Fraction>| {
            let quantity = quantity(base?, &Unit::NUMBER)?;
            Some(quantity.to_string())
        };
        let large = Fraction::new(10i128.pow(26), 3);
        let expected = "33333333333333333333333333.333";
        assert_eq!(shown(large).as_deref(), Some(expected));
        let float = |text: &str| Fraction::from_decimal(text.parse().unwrap());
        for (number, expected) in [
            ("33.333333333333336", "33.333333333"),
            ("0.0000000000123456", "0.0000000000123456"),
            ("12.25", "12.25"),
        ] {
            assert_eq!(shown(float(number)).as_deref(), Some(expected));
        }
    }
}
