//! Intervals for a rate from one look: Wilson, Clopper–Pearson, Jeffreys; and what a clean run shows.
//!
//! - **Assume** independent trials of one probability and a sample size fixed before the data.
//! - **Guarantee** (Clopper–Pearson) coverage of at least 1 − α; Wilson and Jeffreys about 1 − α on
//!   average. **Not under repeated looks.** **Cost** O(1) (Wilson) or 60 evaluations of an incomplete
//!   beta function; **state** two integers; **merge** adds counts.
//! - **Source**: Wilson 1927; Clopper and Pearson 1934; Brown, Cai, `DasGupta` 2001.

use crate::statistics::numeric::{beta_quantile, ln, normal_quantile};
use crate::statistics::{Alpha, Counts, Interval, Rate};

/// The interval methods by name, where one is to be chosen as data.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RateInterval {
    /// [`clopper_pearson`].
    ClopperPearson,
    /// [`jeffreys`].
    Jeffreys,
    /// [`wilson`].
    Wilson,
}

impl RateInterval {
    /// The two-sided interval at 1 − α.
    #[must_use]
    pub fn of(self, counts: Counts, alpha: Alpha) -> Interval {
        match self {
            Self::ClopperPearson => clopper_pearson(counts, alpha),
            Self::Jeffreys => jeffreys(counts, alpha),
            Self::Wilson => wilson(counts, alpha),
        }
    }
}

const EVERYTHING: Interval = Interval {
    lower: 0.0,
    upper: 1.0,
};

/// Wilson's score interval, two-sided at 1 − α; from 0 to 1 without trials.
///
/// - **Assumes** independent trials of one probability, and a number of trials fixed before the data.
/// - **Guarantees** coverage of 1 − α on average over rates, not at each one: near 0 and 1 it may cover less.
///   **Not under repeated looks**: for those [`RateTest::interval`](crate::statistics::rate::RateTest::interval).
/// - **Cost** O(1); **state** two integers; **merge** adds counts. **Source**: Wilson 1927.
///
/// ```
/// use phasegate_sla::statistics::fixed::wilson;
/// use phasegate_sla::statistics::{Alpha, Counts};
/// let interval = wilson(Counts::new(1, 100)?, Alpha::new(0.05)?);
/// assert!((interval.lower - 0.001767).abs() < 1e-6 && (interval.upper - 0.054486).abs() < 1e-6);
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[must_use]
pub fn wilson(counts: Counts, alpha: Alpha) -> Interval {
    let Some(p) = counts.observed() else {
        return EVERYTHING;
    };
    let n = counts.trials() as f64;
    let z = normal_quantile(1.0 - 0.5 * alpha.value());
    let scale = 1.0 + z * z / n;
    let centre = (p + z * z / (2.0 * n)) / scale;
    let radius = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt() / scale;
    Interval {
        lower: if counts.hits() == 0 {
            0.0
        } else {
            (centre - radius).max(0.0)
        },
        upper: if counts.misses() == 0 {
            1.0
        } else {
            (centre + radius).min(1.0)
        },
    }
}

/// Wilson's interval with continuity correction: closer to guaranteed coverage, wider.
///
/// Assumes, costs and keeps what [`wilson`] does, and is no more valid under repeated looks. **Source**:
/// Newcombe 1998.
#[must_use]
pub fn wilson_with_continuity(counts: Counts, alpha: Alpha) -> Interval {
    let Some(p) = counts.observed() else {
        return EVERYTHING;
    };
    let n = counts.trials() as f64;
    let z = normal_quantile(1.0 - 0.5 * alpha.value());
    let square = z * z;
    let end = |sign: f64, p: f64| {
        let root = (square - 1.0 / n + 4.0 * n * p * (1.0 - p) + sign * (4.0 * p - 2.0)).max(0.0);
        let edge = sign * (z * root.sqrt() + 1.0);
        (2.0 * n * p + square - edge) / (2.0 * (n + square))
    };
    Interval {
        lower: if counts.hits() == 0 {
            0.0
        } else {
            end(1.0, p).max(0.0)
        },
        upper: if counts.misses() == 0 {
            1.0
        } else {
            end(-1.0, p).min(1.0)
        },
    }
}

/// The exact interval of Clopper and Pearson, two-sided at 1 − α; each end errs with probability at most α/2.
///
/// - **Assumes** independent trials of one probability, and a number of trials fixed before the data.
/// - **Guarantees** coverage of at least 1 − α at every rate, and is wider than need be for most. **Not under
///   repeated looks.**
/// - **Cost** some 60 evaluations of an incomplete beta function an end; **state** two integers; **merge** adds
///   counts. **Source**: Clopper and Pearson 1934.
///
/// For a one-sided bound at 1 − α take the end of the interval at 2α.
#[must_use]
pub fn clopper_pearson(counts: Counts, alpha: Alpha) -> Interval {
    let (hits, misses) = (counts.hits() as f64, counts.misses() as f64);
    let tail = 0.5 * alpha.value();
    Interval {
        lower: if hits == 0.0 {
            0.0
        } else {
            beta_quantile(tail, hits, misses + 1.0)
        },
        upper: if misses == 0.0 {
            1.0
        } else {
            beta_quantile(1.0 - tail, hits + 1.0, misses)
        },
    }
}

/// The equal-tailed interval of the Beta(½, ½) prior, two-sided at 1 − α, after Jeffreys.
///
/// - **Assumes** independent trials of one probability, and a number of trials fixed before the data.
/// - **Guarantees** coverage of about 1 − α on average over rates, not at each one. **Not under repeated looks.**
/// - **Cost** and **state** as [`clopper_pearson`]. **Source**: Brown, Cai, `DasGupta` 2001.
#[must_use]
pub fn jeffreys(counts: Counts, alpha: Alpha) -> Interval {
    let (hits, misses) = (counts.hits() as f64, counts.misses() as f64);
    let tail = 0.5 * alpha.value();
    Interval {
        lower: if hits == 0.0 {
            0.0
        } else {
            beta_quantile(tail, hits + 0.5, misses + 0.5)
        },
        upper: if misses == 0.0 {
            1.0
        } else {
            beta_quantile(1.0 - tail, hits + 0.5, misses + 0.5)
        },
    }
}

/// What `n` successes in `n` trials show at best: the success rate is at least α^(1/n).
///
/// `5/5` shows no more than 54.9 %.
///
/// ```
/// use phasegate_sla::statistics::Alpha;
/// use phasegate_sla::statistics::fixed::clean_run_lower_bound;
/// assert!((clean_run_lower_bound(5, Alpha::new(0.05)?) - 0.549280).abs() < 1e-6);
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[must_use]
pub fn clean_run_lower_bound(n: u64, alpha: Alpha) -> f64 {
    if n == 0 {
        0.0
    } else {
        crate::statistics::numeric::exp(ln(alpha.value()) / n as f64)
    }
}

/// How many trials without an event show, at one look, that the rate is below `rate`.
///
/// 299 for 1 % at 95 %. For continuous looking see
/// [`RateTest::clean_samples_needed`](crate::statistics::rate::RateTest::clean_samples_needed).
#[must_use]
pub fn clean_samples_needed(rate: Rate, alpha: Alpha) -> u64 {
    let per_trial = -crate::statistics::numeric::ln_1p(-rate.p());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and saturating is right above 2⁶⁴"
    )]
    let needed = (alpha.threshold() / per_trial).ceil() as u64;
    needed
}
