//! How far one sample lies above another: the interval that belongs to the Mann–Whitney test.

use crate::statistics::numeric::normal_quantile;
use crate::statistics::quantile::sorted;
use crate::statistics::{Alpha, Interval, StatisticsError};

/// A shift between two samples with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ShiftInterval {
    /// The Hodges–Lehmann estimate: the median of all differences x − y.
    pub estimate: f64,
    /// The interval for the shift.
    pub interval: Interval,
}

/// The shift of `x` against `y`: median of the n·m differences and the interval at 1 − α that the
/// Mann–Whitney test inverts to, by order statistics of the differences.
///
/// With k = ⌊nm/2 − zσ − ½⌋, σ² = nm(n + m + 1)/12, the interval reaches from the (k+1)th smallest
/// difference to the (k+1)th largest. No root search, so it is exact on any scale.
///
/// - **Assumes** independent samples whose distributions differ by a shift.
/// - **Guarantees** that the interval covers the shift with probability of about 1 − α at one look: k is that of the
///   normal approximation, good from some ten samples a side on. **Not under repeated looks.**
/// - **Cost** O((n + m) log (n + m)) to sort, and O(n + m) for each of at most 64 halvings of the three order
///   statistics — the differences are counted, never listed; **state**
///   the samples.
/// - **Source**: Hodges and Lehmann 1963; Moses 1965.
///
/// ```
/// use phasegate_sla::statistics::Alpha;
/// use phasegate_sla::statistics::fixed::shift_interval;
/// let (x, y) = ([10.0, 20.0, 30.0, 40.0], [1.0, 2.0, 3.0, 4.0]);
/// let shift = shift_interval(&x, &y, Alpha::new(0.05)?)?;
/// assert_eq!((shift.interval.lower, shift.estimate, shift.interval.upper), (6.0, 22.5, 39.0));
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
///
/// # Errors
/// When a sample is empty, or has a value that is not finite.
pub fn shift_interval(
    x: &[f64],
    y: &[f64],
    alpha: Alpha,
) -> Result<ShiftInterval, StatisticsError> {
    if x.is_empty() || y.is_empty() {
        return Err(StatisticsError::TooFewSamples {
            needed: 1,
            given: 0,
        });
    }
    if x.iter().chain(y).any(|value| !value.is_finite()) {
        return Err(StatisticsError::NotFinite);
    }
    let differences = Differences {
        x: sorted(x)?,
        y: sorted(y)?,
    };
    let (n, m) = (x.len() as f64, y.len() as f64);
    let sigma = (n * m * (n + m + 1.0) / 12.0).sqrt();
    let z = normal_quantile(1.0 - 0.5 * alpha.value());
    let pairs = x.len() as u64 * y.len() as u64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the number of pairs"
    )]
    let k = (0.5 * n * m - z * sigma - 0.5).floor().max(0.0) as u64;
    let median = if pairs % 2 == 1 {
        differences.smallest(pairs.div_ceil(2))
    } else {
        let low = differences.smallest(pairs / 2);
        low + 0.5 * (differences.smallest(pairs / 2 + 1) - low)
    };
    Ok(ShiftInterval {
        estimate: median,
        interval: Interval {
            lower: differences.smallest(k + 1),
            upper: differences.smallest(pairs - k),
        },
    })
}

/// All differences of two sorted samples, not listed.
struct Differences {
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Differences {
    /// The `rank`th smallest difference (from 1): bisection over the bit patterns of doubles, which
    /// are in the order of the numbers, so that the answer is exactly one of the differences.
    fn smallest(&self, rank: u64) -> f64 {
        let (mut low, mut high) = (order(self.extreme(false)), order(self.extreme(true)));
        while low < high {
            // Rounded down, also below zero: the bracket must shrink.
            let middle = low + (high - low) / 2;
            if self.count_at_most(number(middle)) >= rank {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        number(low)
    }

    fn extreme(&self, greatest: bool) -> f64 {
        let ends = |values: &[f64]| {
            (
                values.first().copied().unwrap_or(0.0),
                values.last().copied().unwrap_or(0.0),
            )
        };
        let ((x_min, x_max), (y_min, y_max)) = (ends(&self.x), ends(&self.y));
        if greatest {
            x_max - y_min
        } else {
            x_min - y_max
        }
    }

    /// Pairs with x − y ≤ d, by one walk along both samples.
    fn count_at_most(&self, d: f64) -> u64 {
        let mut below = 0;
        let mut count = 0;
        for y in &self.y {
            while self.x.get(below).is_some_and(|x| x - y <= d) {
                below += 1;
            }
            count += below as u64;
        }
        count
    }
}

/// A double's place in the order of all doubles.
fn order(x: f64) -> i128 {
    // −0 and 0 share a place: x + 0 is 0 for both.
    let bits = (x + 0.0).to_bits();
    if bits >> 63 == 0 {
        i128::from(bits)
    } else {
        -i128::from(bits & (u64::MAX >> 1))
    }
}

fn number(order: i128) -> f64 {
    let magnitude = u64::try_from(order.unsigned_abs()).unwrap_or(u64::MAX >> 1);
    let value = f64::from_bits(magnitude);
    if order < 0 { -value } else { value }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn order_statistics_equal_those_of_the_listed_differences() {
        let x = [3.5, -2.0, 7.25, 7.25, 0.0, 11.0];
        let y = [1.0, 2.0, 2.0, -4.5, 100.0];
        let mut listed: Vec<f64> = x
            .iter()
            .flat_map(|x| y.iter().map(move |y| x - y))
            .collect();
        listed.sort_unstable_by(f64::total_cmp);
        let differences = Differences {
            x: sorted(&x).unwrap(),
            y: sorted(&y).unwrap(),
        };
        for (index, expected) in listed.iter().enumerate() {
            assert_eq!(differences.smallest(index as u64 + 1), *expected);
        }
    }

    #[test]
    fn tiny_scales_keep_an_ordered_interval() {
        let x: Vec<f64> = (0..40).map(|i| 3e-5 + f64::from(i) * 1e-7).collect();
        let y: Vec<f64> = (0..40).map(|i| 1e-5 + f64::from(i) * 1e-7).collect();
        let shift = shift_interval(&x, &y, Alpha::new(0.02).unwrap()).unwrap();
        assert!(shift.interval.lower <= shift.estimate && shift.estimate <= shift.interval.upper);
        assert!((shift.estimate - 2e-5).abs() < 1e-12);
        assert!(shift_interval(&[], &y, Alpha::new(0.02).unwrap()).is_err());
        assert!(shift_interval(&[f64::INFINITY], &y, Alpha::new(0.02).unwrap()).is_err());
    }
}
