//! Multi-window multi-burn-rate alerts: a pair of windows fires when the budget burns too fast over both.
//! The long one says that it matters, the short one that it still goes on.

use phasegate_core::{Decimal, Fraction, Ratio, Span};
use phasegate_criterion::{Criterion, Name, ParseError};
use serde::{Deserialize, Serialize};

use super::Slice;
use super::attainment::burn_rate;

/// Two windows, and the part of the budget that may burn within the long one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct BurnPair {
    /// What to do about it.
    pub severity: BurnSeverity,
    /// The part of the budget that burns within the long window when it fires.
    pub spent: Ratio,
    /// The long window.
    pub long: Span,
    /// The short window.
    pub short: Span,
}

/// What to do about an alert.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "wake somebody, or do not")]
pub enum BurnSeverity {
    /// Look at it in working hours.
    Ticket,
    /// Wake somebody.
    Page,
}

/// The four pairs of the site reliability workbook: 2 % in an hour, 5 % in six, 10 % in a day, 10 % in three.
#[must_use]
pub fn standard_pairs() -> [BurnPair; 4] {
    use BurnSeverity::{Page, Ticket};
    let pairs = [
        (Page, 2, 60, 5),
        (Page, 5, 360, 30),
        (Ticket, 10, 1_440, 120),
        (Ticket, 10, 4_320, 360),
    ];
    pairs.map(|(severity, percent, long, short)| BurnPair {
        severity,
        spent: Ratio::from_percent(percent).unwrap_or(Ratio::ONE),
        long: Span::from_secs(long * 60),
        short: Span::from_secs(short * 60),
    })
}

/// The alerts of an SLO.
///
/// ```
/// use phasegate_core::Span;
/// use phasegate_sla::slo::{BurnAlert, standard_pairs};
/// let alert = BurnAlert::new("99.9%".parse()?, Span::from_secs(30 * 86_400)).ok_or("no budget")?;
/// let factor = alert.factor(&standard_pairs()[0]).ok_or("too large")?;
/// assert_eq!(factor.to_string(), "14.4");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BurnAlert {
    objective: Ratio,
    period: Span,
}

/// Why a pair of windows makes a poor alert for a period.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, thiserror::Error)]
#[non_exhaustive]
pub enum BurnLint {
    /// It fires although the budget would last the period.
    #[error("its factor lies below 1: it fires although the budget would last")]
    FactorBelowOne,
    /// The long window is longer than the period.
    #[error("its long window is longer than the period")]
    LongerThanPeriod,
    /// The short window is not the shorter one.
    #[error("its short window is not shorter than its long one")]
    ShortNotShorter,
    /// Even without a single good event it cannot fire.
    #[error(
        "its factor cannot be reached: even if all events were bad, the budget would burn more slowly"
    )]
    Unreachable,
}

impl BurnAlert {
    /// For an objective over a period; `None` for an objective of 100 %, which has no budget, and for no time.
    #[must_use]
    pub fn new(objective: Ratio, period: Span) -> Option<Self> {
        (objective < Ratio::ONE && !period.is_zero()).then_some(Self { objective, period })
    }

    /// The burn rate from which a pair fires: the part spent, times the period over the long window.
    #[must_use]
    pub fn factor(&self, pair: &BurnPair) -> Option<Fraction> {
        let spent = Fraction::from_decimal(pair.spent.to_decimal())?;
        let windows = Fraction::of_counts(self.period.as_nanos(), pair.long.as_nanos())?;
        spent.checked_mul(windows)
    }

    /// The share of bad events from which a pair fires.
    #[must_use]
    pub fn error_threshold(&self, pair: &BurnPair) -> Option<Fraction> {
        self.factor(pair)?.checked_mul(self.budget()?)
    }

    /// How long it takes to fire from the moment that this share of events turns bad; `None` where it never does.
    #[must_use]
    pub fn time_to_fire(&self, pair: &BurnPair, bad: Fraction) -> Option<Span> {
        let part = self.error_threshold(pair)?.checked_div(bad)?;
        if part > Fraction::ONE {
            return None;
        }
        scaled(pair.long, part)
    }

    /// How long the whole budget lasts at a burn rate.
    #[must_use]
    pub fn exhaustion(&self, burn: Fraction) -> Option<Span> {
        scaled(self.period, Fraction::ONE.checked_div(burn)?)
    }

    /// How long everything may be bad within the period.
    #[must_use]
    pub fn downtime_allowed(&self) -> Option<Span> {
        scaled(self.period, self.budget()?)
    }

    /// Does a pair fire: is the burn rate above its factor over both windows? `None` where one of them
    /// has no events: what cannot be measured neither fires nor resolves.
    #[must_use]
    pub fn fires(&self, pair: &BurnPair, long: Slice, short: Slice) -> Option<bool> {
        let factor = self.factor(pair)?;
        let above = |slice: Slice| -> Option<bool> {
            let good = Fraction::of_counts(slice.good.min(slice.total), slice.total)?;
            Some(burn_rate(good, self.objective)? > factor)
        };
        match (above(long), above(short)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            (None, Some(true) | None) | (Some(true), None) => None,
        }
    }

    /// The pair as a criterion. Its factor is rounded up to six decimals, where it has no exact ones, so
    /// that the criterion never fires before the pair.
    ///
    /// # Errors
    /// [`ParseError`] where the factor is too large to be written.
    pub fn criterion(&self, slo: &Name, pair: &BurnPair) -> Result<Criterion, ParseError> {
        let factor = self
            .factor(pair)
            .and_then(rounded_up)
            .map_or("?".to_owned(), |f| f.to_string());
        let (long, short) = (pair.long, pair.short);
        format!("burn_rate({slo}, {long}) > {factor} and burn_rate({slo}, {short}) > {factor}")
            .parse()
    }

    /// What is wrong with a pair for this period.
    #[must_use]
    pub fn lint(&self, pair: &BurnPair) -> Vec<BurnLint> {
        let mut found = Vec::new();
        if self
            .factor(pair)
            .is_none_or(|factor| factor < Fraction::ONE)
        {
            found.push(BurnLint::FactorBelowOne);
        }
        if pair.long > self.period {
            found.push(BurnLint::LongerThanPeriod);
        }
        if pair.short >= pair.long {
            found.push(BurnLint::ShortNotShorter);
        }
        if self
            .error_threshold(pair)
            .is_none_or(|threshold| threshold >= Fraction::ONE)
        {
            found.push(BurnLint::Unreachable);
        }
        found
    }

    fn budget(&self) -> Option<Fraction> {
        Fraction::ONE.checked_sub(Fraction::from_decimal(self.objective.to_decimal())?)
    }
}

/// A part of a span, rounded down to the nanosecond.
fn scaled(span: Span, part: Fraction) -> Option<Span> {
    let (top, bottom) = Fraction::from(span.as_nanos()).checked_mul(part)?.parts();
    let nanos = u128::try_from(top).ok()? / bottom;
    u64::try_from(nanos).ok().map(Span::from_nanos)
}

fn rounded_up(factor: Fraction) -> Option<Decimal> {
    if let Some(exact) = factor.to_decimal_exact() {
        return Some(exact.normalized());
    }
    let near = factor.to_decimal_rounded(6)?;
    if Fraction::from_decimal(near)? >= factor {
        return Some(near);
    }
    near.checked_add(Decimal::new(1, 6)?)
}
