//! Confidence sequences for means in [0, 1] in closed form: Hoeffding and empirical Bernstein.
//!
//! Wider than betting but O(1) a value with an interval at every look.
//!
//! - **Assume** values in [0, 1] whose conditional mean, given the past, is constant.
//! - **Guarantee** coverage ≥ 1 − α at all looks at once. **Cost** O(1); **state** below ten numbers;
//!   none of them merges but [`HoeffdingBound`], which needs only count and sum.
//! - **Source**: Waudby-Smith and Ramdas 2024 (predictable mixtures); Howard et al. 2021 (conjugate
//!   mixtures).

use serde::{Deserialize, Serialize};

use super::betting::PlugIn;
use crate::statistics::boundary::{GammaExponentialMixture, NormalMixture, Sides};
use crate::statistics::numeric::ln_1p;
use crate::statistics::{Alpha, Interval, StatisticsError};

fn in_unit(x: f64) -> Result<f64, StatisticsError> {
    if x.is_nan() {
        return Err(StatisticsError::NotFinite);
    }
    if (0.0..=1.0).contains(&x) {
        Ok(x)
    } else {
        Err(StatisticsError::OutOfRange {
            value: x,
            low: 0.0,
            high: 1.0,
        })
    }
}

/// Weighted sums of one side of a predictable mixture.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
struct Weighted {
    weights: f64,
    values: f64,
    penalty: f64,
}

impl Weighted {
    fn record(&mut self, x: f64, weight: f64, penalty: f64) {
        self.weights += weight;
        self.values += weight * x;
        self.penalty += penalty;
    }

    fn lower(&self, threshold: f64) -> f64 {
        if self.weights <= 0.0 {
            return 0.0;
        }
        ((self.values - threshold - self.penalty) / self.weights).max(0.0)
    }
}

/// The predictable-mixture empirical Bernstein confidence sequence; narrow where the variance is low.
///
/// ```
/// use phasegate_sla::statistics::Alpha;
/// use phasegate_sla::statistics::mean::PredictableBernstein;
/// let mut mean = PredictableBernstein::new(Alpha::new(0.05)?);
/// for _ in 0..1_000 {
///     mean.record(0.25)?;
/// }
/// assert!(mean.interval().contains(0.25) && mean.interval().upper < 0.3);
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct PredictableBernstein {
    threshold: f64,
    bets: PlugIn,
    count: f64,
    sum: f64,
    below: Weighted,
    above: Weighted,
}

impl PredictableBernstein {
    /// Two-sided at `alpha`.
    #[must_use]
    pub fn new(alpha: Alpha) -> Self {
        let threshold = alpha.divided_by(2).threshold();
        Self {
            threshold,
            bets: PlugIn::new(threshold),
            count: 0.0,
            sum: 0.0,
            below: Weighted::default(),
            above: Weighted::default(),
        }
    }

    /// Takes in the next value.
    ///
    /// # Errors
    /// When it is not in [0, 1].
    pub fn record(&mut self, value: f64) -> Result<(), StatisticsError> {
        let x = in_unit(value)?;
        let weight = self.bets.next_bet().min(0.5);
        let psi = -ln_1p(-weight) - weight;
        // Each side measures deviations from its own running mean, which starts at its zero.
        let (mean_below, mean_above) = if self.count > 0.0 {
            (self.sum / self.count, 1.0 - self.sum / self.count)
        } else {
            (0.0, 0.0)
        };
        self.below.record(x, weight, psi * (x - mean_below).powi(2));
        self.above
            .record(1.0 - x, weight, psi * (1.0 - x - mean_above).powi(2));
        self.bets.record(x);
        self.count += 1.0;
        self.sum += x;
        Ok(())
    }

    /// The interval at this look.
    #[must_use]
    pub fn interval(&self) -> Interval {
        Interval {
            lower: self.below.lower(self.threshold),
            upper: 1.0 - self.above.lower(self.threshold),
        }
    }
}

/// The predictable-mixture Hoeffding confidence sequence: as wide as if the variance were ¼.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct PredictableHoeffding {
    threshold: f64,
    count: f64,
    below: Weighted,
    above: Weighted,
}

impl PredictableHoeffding {
    /// Two-sided at `alpha`.
    #[must_use]
    pub fn new(alpha: Alpha) -> Self {
        Self {
            threshold: alpha.divided_by(2).threshold(),
            count: 0.0,
            below: Weighted::default(),
            above: Weighted::default(),
        }
    }

    /// Takes in the next value.
    ///
    /// # Errors
    /// When it is not in [0, 1].
    pub fn record(&mut self, value: f64) -> Result<(), StatisticsError> {
        let x = in_unit(value)?;
        self.count += 1.0;
        let weight = (8.0 * self.threshold / (self.count * ln_1p(self.count)))
            .sqrt()
            .min(1.0);
        self.below.record(x, weight, weight * weight / 8.0);
        self.above.record(1.0 - x, weight, weight * weight / 8.0);
        Ok(())
    }

    /// The interval at this look.
    #[must_use]
    pub fn interval(&self) -> Interval {
        Interval {
            lower: self.below.lower(self.threshold),
            upper: 1.0 - self.above.lower(self.threshold),
        }
    }
}

/// The conjugate-mixture Hoeffding confidence sequence for the mean of values of [0, 1].
///
/// It takes every value to vary as much as one of [0, 1] can, so it is wide where values vary less; in return
/// it is a function of count and sum.
///
/// - **Assumes** values of [0, 1] whose conditional mean, given the past, is the mean in question; neither
///   independence nor any distribution.
/// - **Guarantees** that the mean lies inside at all looks at once with probability at least 1 − α.
/// - **Cost** O(1) a look; **state** a count and a sum; **merge** adds them.
/// - **Source**: Howard, Ramdas, `McAuliffe`, Sekhon, Annals of Statistics 2021 (normal mixture at the variance ¼).
///
/// ```
/// use phasegate_sla::statistics::Alpha;
/// use phasegate_sla::statistics::mean::HoeffdingBound;
/// let bound = HoeffdingBound::tuned_for(1_000.0, Alpha::new(0.05)?)?;
/// let interval = bound.interval(1_000, 100.0);
/// assert!(interval.contains(0.1) && !interval.contains(0.2));
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HoeffdingBound {
    alpha: Alpha,
    mixture: NormalMixture,
}

impl HoeffdingBound {
    /// Narrowest at about `samples` values; to be chosen before the data.
    ///
    /// # Errors
    /// When `samples` is not positive.
    pub fn tuned_for(samples: f64, alpha: Alpha) -> Result<Self, StatisticsError> {
        let mixture = NormalMixture::tuned_for(samples / 4.0, alpha, Sides::Two)?;
        Ok(Self { alpha, mixture })
    }

    /// The interval for `count` values of [0, 1] that add up to `sum`.
    #[must_use]
    pub fn interval(self, count: u64, sum: f64) -> Interval {
        if count == 0 {
            return Interval {
                lower: 0.0,
                upper: 1.0,
            };
        }
        let t = count as f64;
        let radius = self
            .mixture
            .bound(t / 4.0, self.alpha)
            .map_or(1.0, |bound| bound / t);
        Interval {
            lower: (sum / t - radius).max(0.0),
            upper: (sum / t + radius).min(1.0),
        }
    }
}

/// The conjugate-mixture empirical Bernstein confidence sequence: the gamma-exponential mixture on the
/// squared deviations from the running mean.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct MixtureBernstein {
    side: Alpha,
    mixture: GammaExponentialMixture,
    count: f64,
    sum: f64,
    squares: f64,
}

impl MixtureBernstein {
    /// Two-sided at `alpha`, narrowest when the squared deviations add up to `variance_time`.
    ///
    /// # Errors
    /// When `variance_time` is not positive.
    pub fn tuned_for(variance_time: f64, alpha: Alpha) -> Result<Self, StatisticsError> {
        let side = alpha.divided_by(2);
        let mixture = GammaExponentialMixture::tuned_for(variance_time, side, 1.0)?;
        Ok(Self {
            side,
            mixture,
            count: 0.0,
            sum: 0.0,
            squares: 0.0,
        })
    }

    /// Takes in the next value.
    ///
    /// # Errors
    /// When it is not in [0, 1].
    pub fn record(&mut self, value: f64) -> Result<(), StatisticsError> {
        let x = in_unit(value)?;
        let mean = if self.count > 0.0 {
            self.sum / self.count
        } else {
            0.5
        };
        self.squares += (x - mean).powi(2);
        self.count += 1.0;
        self.sum += x;
        Ok(())
    }

    /// The interval at this look.
    #[must_use]
    pub fn interval(&self) -> Interval {
        if self.count <= 0.0 {
            return Interval {
                lower: 0.0,
                upper: 1.0,
            };
        }
        let mean = self.sum / self.count;
        let radius = self
            .mixture
            .bound(self.squares, self.side)
            .map_or(1.0, |bound| bound / self.count);
        Interval {
            lower: (mean - radius).max(0.0),
            upper: (mean + radius).min(1.0),
        }
    }
}
