//! Ratios that cannot leave 0..=1 and compare exactly.
//!
//! A rate is kept as a fraction of two integers, and `failures / calls >= rate` is decided by cross
//! multiplication: 4 of 1000 reaches 0.004 and 495 of 1000 does not reach one half.

use core::fmt;
use core::num::NonZeroU32;

use crate::error::Misuse;

/// The largest denominator that [`Rate::new`] derives from a float.
const DENOMINATOR_MAX: u64 = 1_000_000;

/// A share between nothing and all, kept exactly.
///
/// ```
/// use phasegate_resilience::Rate;
///
/// let rate = Rate::new(0.004)?;
/// assert!(rate.is_reached(4, 1000));
/// assert!(!rate.is_reached(3, 1000));
/// assert_eq!(Rate::percent(50)?, Rate::fraction(1, 2)?);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Rate {
    part: u32,
    /// Never zero, so that "no rate" needs no room of its own.
    whole: NonZeroU32,
}

impl Rate {
    /// Nothing.
    pub const ZERO: Self = Self::of_parts(0, 0);
    /// All.
    pub const ONE: Self = Self::of_parts(1, 0);
    /// One half.
    pub const HALF: Self = Self::of_parts(1, 1);

    /// `part` of `above_one + 1`.
    const fn of_parts(part: u32, above_one: u32) -> Self {
        let whole = NonZeroU32::MIN.saturating_add(above_one);
        Self { part, whole }
    }

    /// The rate written as a float, as the simplest fraction that reads the same: `0.004` is 1/250
    /// and `2.0 / 3.0` is 2/3.
    ///
    /// # Errors
    /// [`Misuse::RateOutOfRange`] unless `0.0 <= value <= 1.0`; a NaN is refused too.
    pub fn new(value: f64) -> Result<Self, Misuse> {
        if !(0.0..=1.0).contains(&value) {
            return Err(Misuse::RateOutOfRange);
        }
        // Convergents of the continued fraction, until one reads back as the same float.
        let (mut h0, mut k0, mut h1, mut k1) = (0_u64, 1_u64, 1_u64, 0_u64);
        let mut rest = value;
        for _ in 0..40 {
            let whole = floor(rest);
            let h2 = whole.saturating_mul(h1).saturating_add(h0);
            let k2 = whole.saturating_mul(k1).saturating_add(k0);
            if k2 > DENOMINATOR_MAX {
                break;
            }
            (h0, k0, h1, k1) = (h1, k1, h2, k2);
            let back = to_f64(h1) / to_f64(k1);
            let left = rest - to_f64(whole);
            if (back - value).abs() <= f64::EPSILON * value || left < 1e-12 {
                break;
            }
            rest = 1.0 / left;
        }
        Self::reduced(h1, k1)
    }

    /// `part` of `whole`, reduced.
    ///
    /// # Errors
    /// [`Misuse::RateOutOfRange`] when `whole` is zero or `part` is more than `whole`.
    pub fn fraction(part: u32, whole: u32) -> Result<Self, Misuse> {
        Self::reduced(u64::from(part), u64::from(whole))
    }

    /// So many of a hundred.
    ///
    /// # Errors
    /// [`Misuse::RateOutOfRange`] above 100.
    pub fn percent(percent: u32) -> Result<Self, Misuse> {
        Self::fraction(percent, 100)
    }

    /// Whether `part / whole >= self`. Nothing of nothing reaches no rate, not even zero.
    pub fn is_reached(self, part: u64, whole: u64) -> bool {
        whole > 0
            && u128::from(part) * u128::from(self.whole.get())
                >= u128::from(whole) * u128::from(self.part)
    }

    /// This share of `amount`, rounded down.
    pub fn of(self, amount: u64) -> u64 {
        let scaled = u128::from(amount) * u128::from(self.part) / u128::from(self.whole.get());
        u64::try_from(scaled).unwrap_or(u64::MAX)
    }

    /// The nearest float, for display.
    pub fn as_f64(self) -> f64 {
        f64::from(self.part) / f64::from(self.whole.get())
    }

    /// Numerator and denominator, reduced.
    pub const fn parts(self) -> (u32, u32) {
        (self.part, self.whole.get())
    }

    fn reduced(part: u64, whole: u64) -> Result<Self, Misuse> {
        if whole == 0 || part > whole {
            return Err(Misuse::RateOutOfRange);
        }
        let (mut a, mut b) = (whole, part);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let part = u32::try_from(part / a).ok().ok_or(Misuse::RateOutOfRange)?;
        let whole = u32::try_from(whole / a)
            .ok()
            .and_then(NonZeroU32::new)
            .ok_or(Misuse::RateOutOfRange)?;
        Ok(Self { part, whole })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.as_f64() * 100.0)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is not negative, and `as` saturates, which the caller bounds"
)]
fn floor(value: f64) -> u64 {
    value as u64
}

fn to_f64(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_becomes_the_fraction_it_was_written_as() {
        let rows: &[(f64, u32, u32)] = &[
            (0.0, 0, 1),
            (1.0, 1, 1),
            (0.5, 1, 2),
            (0.004, 1, 250),
            (0.1, 1, 10),
            (0.3, 3, 10),
            (0.999, 999, 1000),
            (2.0 / 3.0, 2, 3),
            (0.000_001, 1, 1_000_000),
        ];
        for &(float, part, whole) in rows {
            assert_eq!(
                Rate::new(float).map(Rate::parts),
                Ok((part, whole)),
                "{float}"
            );
        }
        for percent in 0..=1000_u32 {
            let float = f64::from(percent) / 1000.0;
            assert_eq!(Rate::new(float), Rate::fraction(percent, 1000), "{float}");
        }
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for bad in [-0.1, 1.000_1, f64::NAN, f64::INFINITY] {
            assert_eq!(Rate::new(bad), Err(Misuse::RateOutOfRange));
        }
        assert_eq!(Rate::fraction(2, 1), Err(Misuse::RateOutOfRange));
        assert_eq!(Rate::fraction(0, 0), Err(Misuse::RateOutOfRange));
    }
}
