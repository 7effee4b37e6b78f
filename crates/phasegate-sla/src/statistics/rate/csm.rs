//! CSM: a rate against a threshold with every rounding on the safe side.

use serde::{Deserialize, Serialize};

use crate::statistics::numeric::ln;
use crate::statistics::{Alpha, Counts, Rate};

/// How far a logarithm of ours may lie below the true value, in units in the last place, doubled.
const LOG_SLACK: u32 = 4;

/// The confidence sequence method for service level objectives (Robbins 1970; Ding, Gandy and Hahn
/// 2017), with directed rounding.
///
/// The level is ln[(n+1) · (n over s) · pˢ (1−p)ⁿ⁻ˢ]: the rate p is rejected when it falls below
/// ln ε. It equals minus the two-sided [`RateTest`](super::RateTest) with a uniform prior. Each
/// logarithm and sum is rounded up and the binomial coefficient is replaced by Robbins' upper bound,
/// so floating point can only delay a decision, never make one. Bits are the same on all platforms.
///
/// - **Assumes** independent trials of one probability. **Guarantees** P(ever rejects a true p) ≤ ε.
/// - **Cost** O(1), 60 ns; **state** two integers; **merge** adds counts.
///
/// ```
/// use phasegate_sla::statistics::rate::SloTest;
/// use phasegate_sla::statistics::{Alpha, Counts, Rate};
/// let test = SloTest::new(Rate::new(0.99)?);
/// let epsilon = Alpha::new((-10.0_f64).exp())?;
/// assert!(!test.rejects(Counts::new(990_596, 1_000_000)?, epsilon));
/// assert!(test.rejects(Counts::new(990_597, 1_000_000)?, epsilon));
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct SloTest {
    rate: Rate,
}

impl SloTest {
    /// Against `rate`.
    #[must_use]
    pub const fn new(rate: Rate) -> Self {
        Self { rate }
    }

    /// An upper bound of the level, in nats.
    #[must_use]
    pub fn level(self, counts: Counts) -> f64 {
        let (hits, misses) = (counts.hits() as f64, counts.misses() as f64);
        // n + 1 rounded up: above 2⁵³ the conversion may have rounded down.
        let prior = ln_up((counts.trials() as f64 + 1.0).next_up_if_inexact());
        [
            ln_choose_up(counts),
            up(hits * ln_up(self.rate.p())),
            up(misses * ln_up(self.rate.q())),
        ]
        .into_iter()
        .fold(
            prior,
            |sum, term| if term == 0.0 { sum } else { up(sum + term) },
        )
    }

    /// Whether the threshold is rejected as the true rate, at error probability `epsilon`.
    #[must_use]
    pub fn rejects(self, counts: Counts, epsilon: Alpha) -> bool {
        self.level(counts) < ln(epsilon.value())
    }

    /// Whether it is rejected because the rate is above it.
    #[must_use]
    pub fn is_above(self, counts: Counts, epsilon: Alpha) -> bool {
        self.rejects(counts, epsilon)
            && counts
                .observed()
                .is_some_and(|observed| observed > self.rate.p())
    }

    /// Whether it is rejected because the rate is below it.
    #[must_use]
    pub fn is_below(self, counts: Counts, epsilon: Alpha) -> bool {
        self.rejects(counts, epsilon)
            && counts
                .observed()
                .is_some_and(|observed| observed < self.rate.p())
    }
}

trait NextUp {
    fn next_up_if_inexact(self) -> Self;
}

impl NextUp for f64 {
    fn next_up_if_inexact(self) -> Self {
        if self < 9_007_199_254_740_992.0 {
            self
        } else {
            self.next_up()
        }
    }
}

/// One unit in the last place up.
fn up(x: f64) -> f64 {
    x.next_up()
}

fn up_by(x: f64, units: u32) -> f64 {
    (0..units).fold(x, |x, _| x.next_up())
}

fn down_by(x: f64, units: u32) -> f64 {
    (0..units).fold(x, |x, _| x.next_down())
}

fn ln_up(x: f64) -> f64 {
    if x == 1.0 {
        0.0
    } else {
        up_by(ln(x), LOG_SLACK)
    }
}

fn ln_down(x: f64) -> f64 {
    if x == 1.0 {
        0.0
    } else {
        down_by(ln(x), LOG_SLACK)
    }
}

/// An upper bound of ln (n over s) from Robbins' bounds of n!:
/// 1/(12n + 1) < ln n! − [(n + ½) ln n − n + ½ ln 2π] < 1/(12n).
pub(crate) fn ln_choose_up(counts: Counts) -> f64 {
    /// ½ ln 2π, rounded down: it is subtracted.
    const HALF_LN_TWO_PI_DOWN: f64 = 0.918_938_533_204_672_7;
    let (hits, misses) = (counts.hits() as f64, counts.misses() as f64);
    if counts.hits() == 0 || counts.misses() == 0 {
        return 0.0;
    }
    let trials = counts.trials() as f64;
    if counts.hits() == 1 || counts.misses() == 1 {
        return ln_up(trials);
    }
    let whole = up(up((trials + 0.5) * ln_up(trials)) + up(1.0 / (12.0 * trials)));
    let part = |n: f64| {
        let robbins = (1.0 / (12.0 * n + 1.0)).next_down();
        (((n + 0.5) * ln_down(n)).next_down() + robbins).next_down()
    };
    // The terms −n + s + (n − s) cancel exactly.
    up(up(up(whole - part(hits)) - part(misses)) - HALF_LN_TWO_PI_DOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_is_never_below_the_exact_value() {
        for (hits, trials, p, exact) in [
            (1, 1, 0.5, 0.0),
            (1, 10, 0.05, 1.243_108_442_750_473_5),
            (0, 299, 0.01, 300.0_f64.ln() + 299.0 * 0.99_f64.ln()),
        ] {
            let level =
                SloTest::new(Rate::new(p).unwrap()).level(Counts::new(hits, trials).unwrap());
            assert!(
                level >= exact && level < exact + 0.05,
                "{hits}/{trials}: {level} {exact}"
            );
        }
    }

    #[test]
    fn directions_are_told_apart() {
        let test = SloTest::new(Rate::new(0.05).unwrap());
        let alpha = Alpha::new(0.01).unwrap();
        let (many, none) = (Counts::new(60, 300).unwrap(), Counts::new(0, 300).unwrap());
        assert!(test.is_above(many, alpha) && !test.is_below(many, alpha));
        assert!(test.is_below(none, alpha) && !test.is_above(none, alpha));
        assert!(!test.rejects(Counts::default(), alpha));
    }
}
