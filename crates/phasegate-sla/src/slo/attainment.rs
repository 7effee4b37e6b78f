//! What an SLO attained over its period, by each of the three ways of counting.

use phasegate_core::{Fraction, Ratio};
use phasegate_criterion::{Slo, SloMethod};

/// Counts of one stretch of time: of the whole period, or of one slice of it.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct Slice {
    /// Good events.
    pub good: u64,
    /// All events.
    pub total: u64,
}

/// What an SLO attained.
///
/// ```
/// use phasegate_core::Span;
/// use phasegate_criterion::{Slo, SloMethod};
/// use phasegate_sla::slo::{Attainment, Slice};
/// let slo = Slo {
///     id: "availability".parse()?,
///     kpi: "good_requests".parse()?,
///     objective: "99.9%".parse()?,
///     period: Span::from_secs(30 * 86_400),
///     method: SloMethod::Occurrences,
/// };
/// let attained = Attainment::of(&slo, &[Slice { good: 99_950, total: 100_000 }]);
/// assert_eq!(attained.met(), Some(true));
/// assert_eq!(attained.budget_left().map(|left| left.to_string()), Some("0.5".to_owned()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Attainment {
    objective: Ratio,
    /// Between what the attained share lies; both are the same where it is exact.
    bounds: Option<(Fraction, Fraction)>,
    measured: u64,
    unmeasured: u64,
}

/// In how many parts a slice's share is counted, rounded once down and once up. Exact sums of fractions
/// with thousands of different denominators would not fit anywhere.
const PARTS: u128 = 1_000_000_000_000_000_000;

impl Attainment {
    /// What came of these slices. A slice without events is not measured: it counts neither as good nor as
    /// bad, and nothing is attained by slices without events alone.
    #[must_use]
    pub fn of(slo: &Slo, slices: &[Slice]) -> Self {
        let used = || {
            slices
                .iter()
                .filter(|slice| slice.total > 0 && slice.good <= slice.total)
        };
        let measured = u64::try_from(used().count()).unwrap_or(u64::MAX);
        let all = u64::try_from(slices.len()).unwrap_or(u64::MAX);
        let bounds = match slo.method {
            SloMethod::Occurrences => {
                let good = used().try_fold(0u64, |sum, slice| sum.checked_add(slice.good));
                let total = used().try_fold(0u64, |sum, slice| sum.checked_add(slice.total));
                let share = good
                    .zip(total)
                    .and_then(|(good, total)| Fraction::of_counts(good, total));
                share.map(|share| (share, share))
            }
            SloMethod::TimeSlices { target, .. } => {
                let good = used().filter(|slice| reaches(slice, target)).count();
                let good = u64::try_from(good).unwrap_or(u64::MAX);
                Fraction::of_counts(good, measured).map(|share| (share, share))
            }
            SloMethod::RatioOfSlices { .. } => mean(used(), measured),
        };
        Self {
            objective: slo.objective,
            bounds,
            measured,
            unmeasured: all.saturating_sub(measured),
        }
    }

    /// The attained share; `None` where nothing was measured. For the mean of slices' shares it is known
    /// to within 10^-18.
    #[must_use]
    pub fn share(&self) -> Option<Fraction> {
        self.bounds.map(|(low, _)| low)
    }

    /// Is the objective met? `None` where nothing was measured, or where the two lie closer together than
    /// the share is known.
    #[must_use]
    pub fn met(&self) -> Option<bool> {
        let (low, high) = self.bounds?;
        let objective = Fraction::from_decimal(self.objective.to_decimal())?;
        if low >= objective {
            Some(true)
        } else if high < objective {
            Some(false)
        } else {
            None
        }
    }

    /// Which part of the error budget is left, 1 for all of it; below zero when it is overspent. `None`
    /// where nothing was measured, and for an objective of 100 %, which has no budget.
    #[must_use]
    pub fn budget_left(&self) -> Option<Fraction> {
        let burn = burn_rate(self.share()?, self.objective)?;
        Fraction::ONE.checked_sub(burn)
    }

    /// How many slices had events.
    #[must_use]
    pub const fn measured(&self) -> u64 {
        self.measured
    }

    /// How many slices had none, or more good events than events.
    #[must_use]
    pub const fn unmeasured(&self) -> u64 {
        self.unmeasured
    }
}

/// How many times as fast as allowed the budget is spent at this share of good events.
pub(crate) fn burn_rate(good: Fraction, objective: Ratio) -> Option<Fraction> {
    let objective = Fraction::from_decimal(objective.to_decimal())?;
    let budget = Fraction::ONE.checked_sub(objective)?;
    Fraction::ONE.checked_sub(good)?.checked_div(budget)
}

fn reaches(slice: &Slice, target: Ratio) -> bool {
    u128::from(slice.good) * 1_000_000 >= u128::from(target.ppm()) * u128::from(slice.total)
}

fn mean<'s>(slices: impl Iterator<Item = &'s Slice>, count: u64) -> Option<(Fraction, Fraction)> {
    let (mut low, mut high) = (0u128, 0u128);
    for slice in slices {
        let scaled = u128::from(slice.good).checked_mul(PARTS)?;
        low = low.checked_add(scaled / u128::from(slice.total))?;
        high = high.checked_add(scaled.div_ceil(u128::from(slice.total)))?;
    }
    let parts = u128::from(count).checked_mul(PARTS)?;
    let end = |sum: u128| Fraction::new(i128::try_from(sum).ok()?, parts);
    Some((end(low)?, end(high)?))
}
