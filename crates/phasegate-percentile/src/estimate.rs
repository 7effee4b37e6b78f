//! The answer to a quantile question: a value and the interval that holds the true one.

/// A value read from a histogram, with the interval in which the true value lies.
///
/// The interval is closed: the recorded value at the asked rank is at least [`low`](Self::low) and
/// at most [`high`](Self::high). Where both are equal the answer is exact.
///
/// ```
/// use phasegate_percentile::Histogram;
///
/// let mut histogram = Histogram::new();
/// histogram.record_slice(&[1.0, 2.0, 3.0]);
/// let median = histogram.quantile(0.5).expect("three values were recorded");
/// assert!(median.low <= 2.0 && 2.0 <= median.high);
/// assert!(median.guaranteed);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub struct Estimate {
    /// The point answer, in the unit of the recorded values.
    pub value: f64,
    /// The least value that the true one can have.
    pub low: f64,
    /// The greatest value that the true one can have.
    pub high: f64,
    /// Whether `value` is within the mapping's relative error of the true one. It is `false` only
    /// where the asked rank fell among the values outside the histogram's range.
    pub guaranteed: bool,
}

impl Estimate {
    /// An answer without error.
    #[must_use]
    pub const fn exact(value: f64) -> Self {
        Self {
            value,
            low: value,
            high: value,
            guaranteed: true,
        }
    }

    /// An answer between two bounds, `value` moved into them.
    #[inline(always)]
    pub(crate) const fn between(value: f64, low: f64, high: f64, guaranteed: bool) -> Self {
        // Comparisons, and not `clamp`: none of the three is NaN, and this is one instruction each.
        let value = if value < low { low } else { value };
        let value = if value > high { high } else { value };
        Self {
            value,
            low,
            high,
            guaranteed,
        }
    }

    /// Whether the answer is exact.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.low >= self.high
    }
}
