//! Numbers with units: exact decimals that know what they count. Conversion is exact or refused;
//! calendar lengths (months) never turn into days.

mod fraction;
mod read;
mod short;
mod unit;

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Decimal;

pub use fraction::Fraction;
pub use unit::{
    BaseDimension, BaseUnit, Currency, Dimension, PerKind, Period, Unit, UnitError, UnitName,
};
pub use unit::{ByteUnit, Magnitude, TimeUnit};

/// An exact number with its unit, as written: `200ms`, `99.9%`, `$0.05`, `10M/month`, `4.5/5`.
///
/// Two quantities that say the same in different units are not `==`; compare them with
/// [`Quantity::compare`], which converts exactly.
///
/// ```
/// use std::cmp::Ordering;
/// use phasegate_core::Quantity;
/// let limit: Quantity = "5000ms".parse()?;
/// assert_eq!(limit.compare(&"5s".parse()?), Some(Ordering::Equal));
/// assert_eq!(limit.compare(&"5%".parse()?), None);
/// assert_eq!(limit.to_string(), "5000ms");
/// # Ok::<(), phasegate_core::QuantityError>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Quantity {
    number: Decimal,
    unit: Unit,
}

/// Why a text is no [`Quantity`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantityError {
    /// No number where one must stand.
    #[error(
        "'{text}' is not a quantity: write a number and a unit, as 200ms, 99.9%, $0.05 or 10/month"
    )]
    Number {
        /// The text, shortened to 80 characters.
        text: String,
    },
    /// More digits than can be held exactly.
    #[error("'{text}' has more digits than can be held exactly (28)")]
    TooPrecise {
        /// The text, shortened to 80 characters.
        text: String,
    },
    /// The unit is not known or does not fit.
    #[error(transparent)]
    Unit(#[from] UnitError),
    /// Something follows the quantity.
    #[error("'{rest}' after the quantity")]
    Trailing {
        /// What follows, shortened to 80 characters.
        rest: String,
    },
}

impl Quantity {
    /// A number of a unit.
    #[must_use]
    pub const fn new(number: Decimal, unit: Unit) -> Self {
        Self { number, unit }
    }

    /// The number, in [`Quantity::unit`].
    #[must_use]
    pub const fn number(&self) -> Decimal {
        self.number
    }

    /// The unit, as written.
    #[must_use]
    pub const fn unit(&self) -> &Unit {
        &self.unit
    }

    /// What it measures: quantities of one dimension compare.
    #[must_use]
    pub fn dimension(&self) -> Dimension {
        self.unit.dimension()
    }

    /// Its exact size in the dimension's base: 1 for shares (100 %), seconds, months, bytes, events
    /// per second or per month. `None` where 127 bits cannot hold it.
    #[must_use]
    pub fn base(&self) -> Option<Fraction> {
        Fraction::from_decimal(self.number)?.checked_mul(self.unit.factor()?)
    }

    /// Compares exactly, across units of one dimension; `None` for different dimensions or for
    /// numbers too large to compare.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        if self.dimension() != other.dimension() {
            return None;
        }
        Some(self.base()?.cmp(&other.base()?))
    }

    /// The same size in another unit of its dimension; `None` where there is no exact decimal for it.
    #[must_use]
    pub fn in_unit(&self, unit: &Unit) -> Option<Self> {
        if self.dimension() != unit.dimension() {
            return None;
        }
        let number = self
            .base()?
            .checked_div(unit.factor()?)?
            .to_decimal_exact()?;
        Some(Self::new(number, unit.clone()))
    }

    /// Reads a quantity off the front of a text; returns it and how many bytes it took.
    ///
    /// # Errors
    /// [`QuantityError`] where the text does not begin with a quantity.
    pub fn read_prefix(text: &str) -> Result<(Self, usize), QuantityError> {
        read::quantity(text)
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let (quantity, len) = read::quantity(text)?;
        match text.get(len..) {
            None | Some("") => Ok(quantity),
            Some(rest) => Err(QuantityError::Trailing {
                rest: rest.chars().take(80).collect(),
            }),
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, size) = if self.number.is_negative() {
            ("-", self.number.abs())
        } else {
            ("", self.number)
        };
        let (prefix, suffix) = (self.unit.prefix(), self.unit.suffix());
        if f.width().is_none() && f.precision().is_none() {
            return write!(f, "{sign}{prefix}{size}{suffix}");
        }
        f.pad(&format!("{sign}{prefix}{size}{suffix}"))
    }
}

impl TryFrom<String> for Quantity {
    type Error = QuantityError;
    fn try_from(text: String) -> Result<Self, QuantityError> {
        text.parse()
    }
}

impl From<Quantity> for String {
    fn from(quantity: Quantity) -> String {
        quantity.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quantity(text: &str) -> Quantity {
        text.parse().expect(text)
    }

    #[test]
    fn quantities_print_as_they_are_written() {
        for text in [
            "0",
            "5",
            "-0.30",
            "95%",
            "2pp",
            "200ms",
            "8w",
            "3mo",
            "1q",
            "2y",
            "100GB",
            "1TB/month",
            "10M",
            "10M/month",
            "10K",
            "2G",
            "$0.05",
            "-$5",
            "€3",
            "£7.50",
            "12 CHF",
            "1 CU",
            "7widgets",
            "4.5/5",
            "0/day",
            "1/week",
            "1000/s",
            "60/min",
            "3/h",
            "2/quarter",
            "9/year",
            "512KiB",
            "5B",
            "$20/month",
        ] {
            assert_eq!(quantity(text).to_string(), text);
        }
    }

    #[test]
    fn other_spellings_are_read() {
        for (text, canonical) in [
            ("+40%", "40%"),
            ("200 ms", "200ms"),
            ("5 %", "5%"),
            ("1h30m", "90m"),
            ("1m1.5s", "61.5s"),
            ("100rps", "100/s"),
            ("1CU", "1 CU"),
            ("10/mo", "10/month"),
            ("2 / day", "2/day"),
            ("3 USD", "$3"),
        ] {
            assert_eq!(quantity(text).to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for text in [
            "",
            "ms",
            "--5",
            "5ms5",
            "$",
            "5/",
            "5/0",
            "5/-1",
            "4/5/5",
            "5%/5",
            "3mo5d",
            "1h30",
            "5ä",
            "99999999999999999999999999999",
            "1e3",
            "5 and",
        ] {
            assert!(text.parse::<Quantity>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn units_of_one_dimension_compare_exactly() {
        use Ordering::{Equal, Greater, Less};
        for (a, b, expected) in [
            ("5%", "0.05", None),
            ("5000ms", "5s", Some(Equal)),
            ("1w", "8d", Some(Less)),
            ("1/day", "7/week", Some(Equal)),
            ("1/week", "1/day", Some(Less)),
            ("3/min", "0.05/s", Some(Equal)),
            ("1q", "3mo", Some(Equal)),
            ("1mo", "30d", None),
            ("10/month", "1/day", None),
            ("1TB", "1000GB", Some(Equal)),
            ("1KiB", "1KB", Some(Greater)),
            ("$5", "€5", None),
            ("8/10", "4/5", Some(Equal)),
            ("10K", "10000", Some(Equal)),
            ("1 CU", "1 VU", None),
            ("5pp", "5%", None),
        ] {
            assert_eq!(quantity(a).compare(&quantity(b)), expected, "{a} {b}");
        }
    }

    #[test]
    fn conversion_is_exact_or_refused() {
        assert_eq!(
            quantity("90s").in_unit(quantity("1m").unit()),
            Some(quantity("1.5m"))
        );
        assert_eq!(quantity("1/week").in_unit(quantity("1/day").unit()), None);
        assert_eq!(quantity("1s").in_unit(quantity("1B").unit()), None);
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "\\PC{0,40}") {
            let read = text.parse::<Quantity>();
            if let Ok(quantity) = read {
                prop_assert_eq!(quantity.to_string().parse::<Quantity>(), Ok(quantity));
            }
        }

        #[test]
        fn near_quantities_read_back_as_they_print(
            text in "[+-]?[$€]?[0-9]{1,6}(\\.[0-9]{1,3})? ?(ms|s|m|h|%|pp|mo|GB|KiB|CU|M|x)?(/(day|s|month|5))?"
        ) {
            if let Ok(quantity) = text.parse::<Quantity>() {
                prop_assert_eq!(quantity.to_string().parse::<Quantity>(), Ok(quantity));
            }
        }
    }
}
