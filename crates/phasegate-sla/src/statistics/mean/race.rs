//! The conversion race: the simplest sequential test there is, kept for comparison.

use crate::statistics::numeric::{exp, ln_choose};

/// Stop and declare a winner when one arm is ahead by 2√N conversions; give up at N in total.
///
/// - **Assumes** equal traffic, conversions only, N fixed in advance. **Guarantees** a false alarm in at
///   most 5 % (exactly [`false_alarm`](Self::false_alarm)). **State** two integers.
/// - **Source**: E. Miller, "Simple sequential A/B testing", 2015.
///
/// ```
/// use phasegate_sla::statistics::mean::ConversionRace;
/// let race = ConversionRace::new(100);
/// assert_eq!(race.lead(), 20);
/// assert!((race.false_alarm() - 0.04604407).abs() < 1e-8);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ConversionRace {
    total: u64,
    lead: u64,
}

impl ConversionRace {
    /// One-sided, ending at `total` conversions: a lead of 2√`total`, rounded up.
    #[must_use]
    pub fn new(total: u64) -> Self {
        Self {
            total,
            lead: ceil_sqrt(4 * u128::from(total)),
        }
    }

    /// Two-sided: a lead of 2.25√`total`, rounded up.
    #[must_use]
    pub fn two_sided(total: u64) -> Self {
        // 2.25√N = √(81N/16): rounding up the square first does not change the ceiling.
        Self {
            total,
            lead: ceil_sqrt((81 * u128::from(total)).div_ceil(16)),
        }
    }

    /// The lead that wins.
    #[must_use]
    pub const fn lead(self) -> u64 {
        self.lead
    }

    /// The probability that a fair race reaches the lead on one side: by the reflection principle
    /// P(S ≥ d) + P(S > d) at the end.
    #[must_use]
    pub fn false_alarm(self) -> f64 {
        let n = self.total;
        let ln_half_to_n = -(n as f64) * std::f64::consts::LN_2;
        (self.lead.saturating_add(n).div_ceil(2)..=n)
            .map(|wins| {
                let probability = exp(ln_choose(n, wins) + ln_half_to_n);
                if 2 * wins - n == self.lead {
                    probability
                } else {
                    2.0 * probability
                }
            })
            .sum()
    }
}

/// The least integer whose square is at least `square`.
fn ceil_sqrt(square: u128) -> u64 {
    let root = square.isqrt();
    let up = if root * root < square { root + 1 } else { root };
    u64::try_from(up).unwrap_or(u64::MAX)
}
