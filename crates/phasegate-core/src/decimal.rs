//! Exact decimals: thresholds and counts compare without rounding. Wraps a library, shows none of it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An exact decimal number of up to 28 digits. `0.30` keeps its scale and equals `0.3`.
///
/// ```
/// use phasegate_core::Decimal;
/// let a: Decimal = "0.30".parse()?;
/// assert_eq!(a.to_string(), "0.30");
/// assert_eq!(a, "0.3".parse()?);
/// assert_eq!(Decimal::from_f64(0.1)?, "0.1".parse()?);
/// assert!(Decimal::from_f64(f64::NAN).is_err());
/// # Ok::<(), phasegate_core::DecimalError>(())
/// ```
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Decimal(rust_decimal::Decimal);

/// Whole numbers up to here are floats.
const FLOAT_EXACT: u64 = 1 << 53;

/// The powers of ten that are floats.
const POWERS_OF_TEN: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// Why a text or float is no [`Decimal`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DecimalError {
    /// Not a decimal number.
    #[error("'{text}' is not a decimal number such as 12 or 0.05")]
    Invalid {
        /// The text, shortened to 80 characters.
        text: String,
    },
    /// A number that 28 digits cannot hold exactly, or NaN or infinite.
    #[error("{text} cannot be held exactly in 28 digits")]
    OutOfRange {
        /// The number as text, shortened to 80 characters.
        text: String,
    },
}

impl Decimal {
    /// Nothing.
    pub const ZERO: Self = Self(rust_decimal::Decimal::ZERO);
    /// One.
    pub const ONE: Self = Self(rust_decimal::Decimal::ONE);
    /// A hundred.
    pub const HUNDRED: Self = Self(rust_decimal::Decimal::ONE_HUNDRED);

    /// `mantissa` × 10^-`scale`; `None` above scale 28.
    pub fn new(mantissa: i64, scale: u32) -> Option<Self> {
        rust_decimal::Decimal::try_new(mantissa, scale)
            .ok()
            .map(Self)
    }

    /// The decimal of the float's shortest text that reads back as the same float.
    ///
    /// # Errors
    /// [`DecimalError::OutOfRange`] for NaN, infinities and what 28 digits cannot hold.
    pub fn from_f64(value: f64) -> Result<Self, DecimalError> {
        let text = format!("{value}");
        let out = |text: String| DecimalError::OutOfRange { text };
        if !value.is_finite() {
            return Err(out(text));
        }
        match rust_decimal::Decimal::from_str_exact(&text) {
            Ok(exact) => Ok(Self(exact)),
            Err(_) => Err(out(text.chars().take(80).collect())),
        }
    }

    /// The nearest float. For display and statistics, never for a decision at a threshold.
    pub fn to_f64(self) -> f64 {
        // A division of two exact floats is the nearest one.
        let power = POWERS_OF_TEN.get(self.0.scale() as usize);
        match (i64::try_from(self.0.mantissa()), power) {
            (Ok(digits), Some(power)) if digits.unsigned_abs() <= FLOAT_EXACT => {
                digits as f64 / power
            }
            // By way of text: the library's own conversion is off by one bit for some values.
            _ => self.0.to_string().parse().unwrap_or(f64::NAN),
        }
    }

    /// The whole number it is, if it is one that fits.
    pub fn to_u64(self) -> Option<u64> {
        use rust_decimal::prelude::ToPrimitive as _;
        if self.0.is_integer() {
            self.0.to_u64()
        } else {
            None
        }
    }

    /// Sum; `None` on overflow.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// Difference; `None` on overflow.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// Product, rounded to 28 digits; `None` on overflow.
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        self.0.checked_mul(other.0).map(Self)
    }

    /// Quotient, rounded to 28 digits; `None` on overflow or division by zero.
    #[must_use]
    pub fn checked_div(self, other: Self) -> Option<Self> {
        self.0.checked_div(other.0).map(Self)
    }

    /// The number without its sign.
    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// Rounded half away from zero to so many decimals: for display.
    #[must_use]
    pub fn rounded(self, decimals: u32) -> Self {
        let strategy = rust_decimal::RoundingStrategy::MidpointAwayFromZero;
        Self(self.0.round_dp_with_strategy(decimals, strategy))
    }

    /// The same number without trailing zeros.
    #[must_use]
    pub fn normalized(self) -> Self {
        Self(self.0.normalize())
    }

    /// Is it below zero?
    pub fn is_negative(self) -> bool {
        self.0.is_sign_negative() && !self.0.is_zero()
    }

    /// Is it zero?
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Integer mantissa and scale: the number is mantissa × 10^-scale.
    pub fn parts(self) -> (i128, u32) {
        (self.0.mantissa(), self.0.scale())
    }
}

impl From<u64> for Decimal {
    fn from(value: u64) -> Self {
        Self(value.into())
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self(value.into())
    }
}

impl From<u32> for Decimal {
    fn from(value: u32) -> Self {
        Self(value.into())
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let short = || text.chars().take(80).collect::<String>();
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        let shaped = digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.ends_with(|c: char| c.is_ascii_digit())
            && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
        if !shaped {
            return Err(DecimalError::Invalid { text: short() });
        }
        match rust_decimal::Decimal::from_str_exact(text) {
            Ok(exact) => Ok(Self(exact)),
            Err(_) if digits.matches('.').count() > 1 => {
                Err(DecimalError::Invalid { text: short() })
            }
            Err(_) => Err(DecimalError::OutOfRange { text: short() }),
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl TryFrom<String> for Decimal {
    type Error = DecimalError;
    fn try_from(text: String) -> Result<Self, DecimalError> {
        text.parse()
    }
}

impl From<Decimal> for String {
    fn from(value: Decimal) -> String {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_plain_decimals_are_read() {
        for (text, fits) in [
            ("0", true),
            ("-0.05", true),
            ("+10", true),
            ("007", true),
            ("1e3", false),
            (".5", false),
            ("5.", false),
            ("1.2.3", false),
            ("1_000", false),
            ("NaN", false),
            ("", false),
            ("99999999999999999999999999999", false),
        ] {
            assert_eq!(text.parse::<Decimal>().is_ok(), fits, "{text:?}");
        }
    }

    #[test]
    fn out_of_range_floats_are_refused() {
        for value in [f64::NAN, f64::INFINITY, 1e300, 5e-324, -1e40] {
            assert!(Decimal::from_f64(value).is_err(), "{value}");
        }
        assert_eq!(Decimal::from_f64(1e-5), "0.00001".parse());
    }

    proptest! {
        #[test]
        fn a_decimal_reads_back_as_it_prints(mantissa: i64, scale in 0u32..=18) {
            let value = Decimal::new(mantissa, scale).expect("in range");
            prop_assert_eq!(value.to_string().parse::<Decimal>(), Ok(value));
        }

        #[test]
        fn a_float_keeps_its_shortest_text(value in -1e9f64..1e9) {
            if let Ok(decimal) = Decimal::from_f64(value) {
                prop_assert_eq!(decimal.to_f64().to_bits(), (value + 0.0).to_bits());
            }
        }
    }
}
