//! Count, mean and variance in one pass; mergeable.

use serde::{Deserialize, Serialize};

use crate::statistics::{StatisticsError, state};

/// Welford's running moments: three numbers, merged by Chan's formula.
///
/// ```
/// use phasegate_sla::statistics::mean::Moments;
/// let left: Moments = [1.0, 2.0].into_iter().collect();
/// let right: Moments = [3.0, 4.0].into_iter().collect();
/// let both = left.merge(right);
/// assert_eq!((both.count(), both.mean(), both.variance()), (4, 2.5, Some(5.0 / 3.0)));
/// ```
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Moments {
    count: u64,
    #[serde(with = "state::number")]
    mean: f64,
    #[serde(with = "state::number")]
    squares: f64,
}

impl Moments {
    /// From a count, a mean and a sample variance (divided by count − 1).
    ///
    /// # Errors
    /// When the mean is not finite or the variance is negative or not finite.
    pub fn from_summary(count: u64, mean: f64, variance: f64) -> Result<Self, StatisticsError> {
        if !mean.is_finite() || !variance.is_finite() {
            return Err(StatisticsError::NotFinite);
        }
        if variance < 0.0 {
            return Err(StatisticsError::Parameter {
                name: "variance",
                wanted: "at least 0",
                value: variance,
            });
        }
        Ok(Self {
            count,
            mean,
            squares: variance * (count.saturating_sub(1) as f64),
        })
    }

    /// Takes in one value; NaN and infinities make all later results NaN.
    pub fn record(&mut self, value: f64) {
        self.count += 1;
        let difference = value - self.mean;
        self.mean += difference / self.count as f64;
        self.squares += difference * (value - self.mean);
    }

    /// Both together.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        if self.count == 0 {
            return other;
        }
        if other.count == 0 {
            return self;
        }
        let count = self.count + other.count;
        let share = other.count as f64 / count as f64;
        let difference = other.mean - self.mean;
        Self {
            count,
            mean: self.mean + difference * share,
            squares: self.squares
                + other.squares
                + difference * difference * (self.count as f64) * share,
        }
    }

    /// Values taken in.
    #[must_use]
    pub const fn count(self) -> u64 {
        self.count
    }

    /// Their mean; 0 without values.
    #[must_use]
    pub const fn mean(self) -> f64 {
        self.mean
    }

    /// Their sample variance (divided by count − 1); none below two values.
    #[must_use]
    pub fn variance(self) -> Option<f64> {
        (self.count > 1).then(|| self.squares / (self.count - 1) as f64)
    }
}

impl FromIterator<f64> for Moments {
    fn from_iter<T: IntoIterator<Item = f64>>(values: T) -> Self {
        let mut moments = Self::default();
        values.into_iter().for_each(|value| moments.record(value));
        moments
    }
}
