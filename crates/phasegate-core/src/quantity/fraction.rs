//! Exact fractions of 127-bit integers: what quantities and counts are compared with. Operations
//! that do not fit say so; nothing is rounded except where the name says it.

use std::cmp::Ordering;
use std::fmt;

use crate::Decimal;

/// A fraction in lowest terms.
///
/// ```
/// use phasegate_core::Fraction;
/// let errors = Fraction::new(1, 3).ok_or("zero")?;
/// let limit = Fraction::from_decimal("0.3333333333".parse()?).ok_or("size")?;
/// assert!(errors > limit);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Fraction {
    numerator: i128,
    denominator: u128,
}

/// Divisions of 128 bits cost several times those of 64: they go on only until both numbers fit.
fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        if let (Ok(small), Ok(other)) = (u64::try_from(a), u64::try_from(b)) {
            return u128::from(small_gcd(small, other));
        }
        (a, b) = (b, a % b);
    }
    a
}

const fn small_gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Fraction {
    /// Nothing.
    pub const ZERO: Self = Self {
        numerator: 0,
        denominator: 1,
    };
    /// One.
    pub const ONE: Self = Self {
        numerator: 1,
        denominator: 1,
    };

    /// `numerator` / `denominator`; `None` where the denominator is zero.
    #[must_use]
    pub fn new(numerator: i128, denominator: u128) -> Option<Self> {
        if denominator == 0 {
            return None;
        }
        if denominator == 1 && numerator != i128::MIN {
            return Some(Self {
                numerator,
                denominator,
            });
        }
        let common = gcd(numerator.unsigned_abs(), denominator);
        let size = i128::try_from(numerator.unsigned_abs() / common).ok()?;
        Some(Self {
            numerator: if numerator < 0 { -size } else { size },
            denominator: denominator / common,
        })
    }

    /// The part that `part` is of `whole`; `None` where the whole is zero.
    #[must_use]
    pub fn of_counts(part: u64, whole: u64) -> Option<Self> {
        Self::new(i128::from(part), u128::from(whole))
    }

    /// Exactly the decimal.
    #[must_use]
    pub fn from_decimal(value: Decimal) -> Option<Self> {
        let (mantissa, scale) = value.parts();
        Self::new(mantissa, 10u128.checked_pow(scale)?)
    }

    /// Above and below the line.
    #[must_use]
    pub const fn parts(self) -> (i128, u128) {
        (self.numerator, self.denominator)
    }

    /// Is it below zero?
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.numerator < 0
    }

    /// Is it zero?
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.numerator == 0
    }

    /// Sum; `None` where it does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let common = gcd(self.denominator, other.denominator);
        let (left, right) = (other.denominator / common, self.denominator / common);
        let numerator = self
            .numerator
            .checked_mul(i128::try_from(left).ok()?)?
            .checked_add(other.numerator.checked_mul(i128::try_from(right).ok()?)?)?;
        Self::new(numerator, self.denominator.checked_mul(left)?)
    }

    /// Difference; `None` where it does not fit.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(other.negated())
    }

    /// Product; `None` where it does not fit.
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        // Cancelling crosswise first keeps everything as small as the result allows, and leaves nothing to
        // cancel: both are in lowest terms.
        let a = Self::new(self.numerator, other.denominator)?;
        let b = Self::new(other.numerator, self.denominator)?;
        let numerator = a.numerator.checked_mul(b.numerator)?;
        let denominator = a.denominator.checked_mul(b.denominator)?;
        (numerator != i128::MIN).then_some(Self {
            numerator,
            denominator,
        })
    }

    /// Quotient; `None` for division by zero and where it does not fit.
    #[must_use]
    pub fn checked_div(self, other: Self) -> Option<Self> {
        let top = i128::try_from(other.denominator).ok()?;
        let inverse = Self::new(
            if other.numerator < 0 { -top } else { top },
            other.numerator.unsigned_abs(),
        )?;
        self.checked_mul(inverse)
    }

    /// With the other sign.
    #[must_use]
    pub const fn negated(self) -> Self {
        // In lowest terms made by `new`, the numerator is never i128::MIN.
        Self {
            numerator: -self.numerator,
            denominator: self.denominator,
        }
    }

    /// Without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self {
            numerator: self.numerator.abs(),
            denominator: self.denominator,
        }
    }

    /// The decimal that is exactly this fraction, where 18 decimals suffice.
    #[must_use]
    pub fn to_decimal_exact(self) -> Option<Decimal> {
        // What divides no power of ten up to the eighteenth may as well not fit into 64 bits.
        let denominator = u64::try_from(self.denominator).ok()?;
        let mut scale = 0u32;
        let mut power = 1u64;
        while !power.is_multiple_of(denominator) {
            scale += 1;
            if scale > 18 {
                return None;
            }
            power *= 10;
        }
        let factor = i128::from(power / denominator);
        Self::decimal(self.numerator.checked_mul(factor)?, scale)
    }

    /// Rounded half away from zero to so many decimals (at most 18): for display.
    #[must_use]
    pub fn to_decimal_rounded(self, decimals: u32) -> Option<Decimal> {
        let decimals = decimals.min(18);
        let scaled = self.checked_mul(Self::new(10i128.checked_pow(decimals)?, 1)?)?;
        let (whole, rest) = (
            scaled.numerator.unsigned_abs() / scaled.denominator,
            scaled.numerator.unsigned_abs() % scaled.denominator,
        );
        let up = u128::from(rest >= scaled.denominator - rest);
        let size = i128::try_from(whole + up).ok()?;
        let mantissa = if self.is_negative() { -size } else { size };
        Self::decimal(mantissa, decimals).map(Decimal::normalized)
    }

    /// The decimal nearest to it with 15 significant digits: to show, and to put into findings.
    #[must_use]
    pub fn to_decimal(self) -> Option<Decimal> {
        let exact = self.to_decimal_exact();
        if exact.is_some() {
            return exact;
        }
        Decimal::from_f64(self.to_f64()).ok()
    }

    /// The nearest float, to within one unit in the last place or two. For statistics and display.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the method says that it rounds")]
    pub fn to_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    fn decimal(mantissa: i128, scale: u32) -> Option<Decimal> {
        if let Ok(small) = i64::try_from(mantissa) {
            return Decimal::new(small, scale);
        }
        let sign = if mantissa < 0 { "-" } else { "" };
        let digits = format!(
            "{:0>width$}",
            mantissa.unsigned_abs(),
            width = scale as usize + 1
        );
        let (whole, part) = digits.split_at(digits.len() - scale as usize);
        let dot = if part.is_empty() { "" } else { "." };
        format!("{sign}{whole}{dot}{part}").parse().ok()
    }
}

impl From<u64> for Fraction {
    fn from(count: u64) -> Self {
        Self {
            numerator: i128::from(count),
            denominator: 1,
        }
    }
}

impl Ord for Fraction {
    /// Exact for all fractions: whole parts first, then the inverses of the rests (Euclid).
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.is_negative(), other.is_negative()) {
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (true, true) => return other.negated().cmp(&self.negated()),
            (false, false) => {}
        }
        let crosswise = |one: &Self, other: &Self| {
            let numerator = u64::try_from(one.numerator).ok()?;
            let denominator = u64::try_from(other.denominator).ok()?;
            Some(u128::from(numerator) * u128::from(denominator))
        };
        if let (Some(left), Some(right)) = (crosswise(self, other), crosswise(other, self)) {
            return left.cmp(&right);
        }
        let (mut a, mut b) = (self.numerator.unsigned_abs(), self.denominator);
        let (mut c, mut d) = (other.numerator.unsigned_abs(), other.denominator);
        loop {
            let whole = (a / b).cmp(&(c / d));
            if whole != Ordering::Equal {
                return whole;
            }
            let (left, right) = (a % b, c % d);
            if left == 0 || right == 0 {
                return left.cmp(&right);
            }
            // left/b against right/d is d/right against b/left.
            (a, b, c, d) = (d, right, b, left);
        }
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_decimal_exact() {
            Some(decimal) => write!(f, "{}", decimal.normalized()),
            None => write!(f, "{}/{}", self.numerator, self.denominator),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fraction(n: i128, d: u128) -> Fraction {
        Fraction::new(n, d).expect("a fraction")
    }

    #[test]
    fn the_largest_counts_compare_exactly() {
        let a = fraction(i128::MAX, u128::MAX);
        let b = fraction(i128::MAX - 1, u128::MAX - 2);
        // (M)/(2M+1) against (M-1)/(2M-1), M = i128::MAX: cross products differ by one sign.
        assert_eq!(a.cmp(&b), Ordering::Greater);
        assert_eq!(b.cmp(&a), Ordering::Less);
        assert_eq!(a.negated().cmp(&b.negated()), Ordering::Less);
        assert!(Fraction::new(i128::MIN, 1).is_none());
    }

    #[test]
    fn decimals_are_exact_or_rounded_by_name() {
        assert_eq!(fraction(1, 8).to_decimal_exact(), "0.125".parse().ok());
        assert_eq!(fraction(1, 3).to_decimal_exact(), None);
        assert_eq!(fraction(-2, 3).to_decimal_rounded(2), "-0.67".parse().ok());
        assert_eq!(fraction(1, 2).to_decimal_rounded(0), "1".parse().ok());
        let large = fraction(i128::from(u64::MAX) * 10, 4);
        assert_eq!(
            large.to_decimal_exact(),
            "46116860184273879037.5".parse().ok()
        );
    }

    proptest! {
        #[test]
        fn order_is_that_of_the_cross_products(a: i64, b in 1u64.., c: i64, d in 1u64..) {
            let left = i128::from(a) * i128::from(d);
            let right = i128::from(c) * i128::from(b);
            let compared = fraction(a.into(), b.into()).cmp(&fraction(c.into(), d.into()));
            prop_assert_eq!(compared, left.cmp(&right));
        }

        #[test]
        fn what_is_added_can_be_taken_away(a: i32, b in 1u32.., c: i32, d in 1u32..) {
            let (x, y) = (fraction(a.into(), b.into()), fraction(c.into(), d.into()));
            prop_assert_eq!(x.checked_add(y).and_then(|s| s.checked_sub(y)), Some(x));
            if !y.is_zero() {
                prop_assert_eq!(x.checked_div(y).and_then(|q| q.checked_mul(y)), Some(x));
            }
        }
    }
}
