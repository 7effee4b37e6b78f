//! Units and what they measure. Every unit has an exact factor to its dimension's base; months are
//! a dimension of their own, because no number of days is a month.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Fraction, read};
use crate::Decimal;

/// A unit as written: a base unit, perhaps per period. Text form: `ms`, `%`, `GB/month`, `/5`, empty.
///
/// ```
/// use phasegate_core::{Dimension, Unit};
/// let unit: Unit = "GB/month".parse()?;
/// assert_eq!(unit.to_string(), "GB/month");
/// assert_eq!("ms".parse::<Unit>()?.dimension(), Dimension::TIME);
/// # Ok::<(), phasegate_core::UnitError>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Unit {
    base: BaseUnit,
    per: Option<Period>,
}

/// A unit without a period.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(
    clippy::exhaustive_enums,
    reason = "each unit has a factor and a dimension; no unit may be forgotten"
)]
pub enum BaseUnit {
    /// Bytes and their multiples.
    Bytes(ByteUnit),
    /// Money; different currencies do not compare.
    Money(Currency),
    /// Somebody's own unit, such as `CU`: compares with itself only.
    Named(UnitName),
    /// A plain number, perhaps in thousands or millions.
    Number(Magnitude),
    /// Out of so many: the rating `4/5`, or 5 of 5.
    OutOf(Decimal),
    /// Hundredths of a whole.
    Percent,
    /// Hundredths, as a difference of two percentages.
    PercentPoint,
    /// A length of time.
    Time(TimeUnit),
}

/// Why a text is no unit.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UnitError {
    /// Not a unit.
    #[error(
        "'{text}' is not a unit: write ms, s, m, h, d, w, mo, %, pp, GB, $, /day, /5 or a name"
    )]
    Unknown {
        /// The text, shortened to 80 characters.
        text: String,
    },
    /// What follows the slash is neither a period nor a number above zero.
    #[error(
        "'{text}' after '/' is neither a period (s, min, h, day, week, month, quarter, year) nor a number above zero"
    )]
    Per {
        /// The text, shortened to 80 characters.
        text: String,
    },
    /// A unit that cannot have a period or a scale.
    #[error("{unit} cannot be taken per period or out of a number")]
    NotPer {
        /// The unit.
        unit: String,
    },
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal, $top:literal / $bottom:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[expect(clippy::exhaustive_enums, reason = "each has its exact factor")]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// All of them, smallest first.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As it is written.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            fn factor(self) -> Option<Fraction> {
                match self { $(Self::$variant => Fraction::new($top, $bottom),)* }
            }
        }
    };
}

words! {
    /// Multiples of a byte.
    ByteUnit {
        /// One byte.
        Byte = "B", 1 / 1;
        /// 1000 bytes.
        Kilobyte = "KB", 1_000 / 1;
        /// 1024 bytes.
        Kibibyte = "KiB", 1_024 / 1;
        /// A million bytes.
        Megabyte = "MB", 1_000_000 / 1;
        /// 2^20 bytes.
        Mebibyte = "MiB", 1_048_576 / 1;
        /// 10^9 bytes.
        Gigabyte = "GB", 1_000_000_000 / 1;
        /// 2^30 bytes.
        Gibibyte = "GiB", 1_073_741_824 / 1;
        /// 10^12 bytes.
        Terabyte = "TB", 1_000_000_000_000 / 1;
        /// 2^40 bytes.
        Tebibyte = "TiB", 1_099_511_627_776 / 1;
        /// 10^15 bytes.
        Petabyte = "PB", 1_000_000_000_000_000 / 1;
    }
}

words! {
    /// Multiples of a plain number.
    Magnitude {
        /// As it stands.
        One = "", 1 / 1;
        /// Thousands.
        Kilo = "K", 1_000 / 1;
        /// Millions.
        Mega = "M", 1_000_000 / 1;
        /// Thousand millions.
        Giga = "G", 1_000_000_000 / 1;
    }
}

words! {
    /// Lengths of time. The factors of months, quarters and years are in months.
    TimeUnit {
        /// 10^-9 seconds.
        Nanosecond = "ns", 1 / 1_000_000_000;
        /// 10^-6 seconds.
        Microsecond = "us", 1 / 1_000_000;
        /// 10^-3 seconds.
        Millisecond = "ms", 1 / 1_000;
        /// One second.
        Second = "s", 1 / 1;
        /// 60 seconds.
        Minute = "m", 60 / 1;
        /// 3600 seconds.
        Hour = "h", 3_600 / 1;
        /// 24 hours.
        Day = "d", 86_400 / 1;
        /// 7 days.
        Week = "w", 604_800 / 1;
        /// A calendar month.
        Month = "mo", 1 / 1;
        /// Three calendar months.
        Quarter = "q", 3 / 1;
        /// Twelve calendar months.
        Year = "y", 12 / 1;
    }
}

words! {
    /// What a rate is per. The factors are those of one such period's inverse.
    Period {
        /// Per second.
        Second = "s", 1 / 1;
        /// Per 60 seconds.
        Minute = "min", 1 / 60;
        /// Per hour.
        Hour = "h", 1 / 3_600;
        /// Per 24 hours.
        Day = "day", 1 / 86_400;
        /// Per 7 days.
        Week = "week", 1 / 604_800;
        /// Per calendar month.
        Month = "month", 1 / 1;
        /// Per three months.
        Quarter = "quarter", 1 / 3;
        /// Per twelve months.
        Year = "year", 1 / 12;
    }
}

impl TimeUnit {
    /// Is it counted in months, which have no fixed length?
    #[must_use]
    pub fn is_calendar(self) -> bool {
        self >= Self::Month
    }
}

impl Period {
    /// Is it counted in months?
    #[must_use]
    pub fn is_calendar(self) -> bool {
        self >= Self::Month
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        let alias = match word {
            "sec" | "second" => "s",
            "minute" => "min",
            "hour" => "h",
            "d" => "day",
            "w" => "week",
            "mo" => "month",
            "q" => "quarter",
            "y" => "year",
            other => other,
        };
        Self::ALL
            .iter()
            .copied()
            .find(|period| period.text() == alias)
    }
}

/// A currency by its ISO 4217 code.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Currency(&'static str);

/// The currencies that are known, with the sign that is written before the number, if there is one.
const CURRENCIES: [(&str, &str); 16] = [
    ("AUD", ""),
    ("BRL", ""),
    ("CAD", ""),
    ("CHF", ""),
    ("CNY", ""),
    ("CZK", ""),
    ("DKK", ""),
    ("EUR", "€"),
    ("GBP", "£"),
    ("INR", ""),
    ("JPY", ""),
    ("NOK", ""),
    ("NZD", ""),
    ("PLN", ""),
    ("SEK", ""),
    ("USD", "$"),
];

impl Currency {
    /// The currency of a code such as `EUR`.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        CURRENCIES
            .iter()
            .find(|(known, _)| *known == code)
            .map(|(known, _)| Self(known))
    }

    pub(super) fn from_sign(sign: char) -> Option<Self> {
        let mut buffer = [0; 4];
        let sign: &str = sign.encode_utf8(&mut buffer);
        CURRENCIES
            .iter()
            .find(|(_, known)| *known == sign)
            .map(|(code, _)| Self(code))
    }

    /// The ISO code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.0
    }

    fn sign(self) -> &'static str {
        CURRENCIES
            .iter()
            .find(|(code, _)| *code == self.0)
            .map_or("", |(_, sign)| sign)
    }
}

/// The name of a unit of one's own: 1 to 24 letters and `_`, a letter first, and no unit that
/// is already known.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UnitName(String);

impl UnitName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`UnitError::Unknown`] for anything but a name that is free.
    pub fn new(name: &str) -> Result<Self, UnitError> {
        let fits = name.len() <= 24
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
        if !fits || read::known_unit(name).is_some() {
            return Err(UnitError::Unknown {
                text: name.chars().take(80).collect(),
            });
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a unit measures. Quantities compare within one dimension only.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Dimension {
    base: BaseDimension,
    per: Option<PerKind>,
}

/// What a unit measures, leaving its period aside.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever checks units has a rule for each"
)]
pub enum BaseDimension {
    /// Bytes.
    Bytes,
    /// Months.
    Calendar,
    /// Money of one currency.
    Money(Currency),
    /// A unit of one's own.
    Named(UnitName),
    /// Plain numbers.
    Number,
    /// Differences of percentages.
    Points,
    /// Ratings and n of m.
    Rating,
    /// Parts of a whole.
    Share,
    /// Seconds.
    Time,
}

/// Whether a rate is per fixed time or per calendar time.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "time is fixed or it is not")]
pub enum PerKind {
    /// Per month, quarter or year.
    Calendar,
    /// Per second to week.
    Clock,
}

impl Dimension {
    /// Plain numbers.
    pub const NUMBER: Self = Self {
        base: BaseDimension::Number,
        per: None,
    };
    /// Differences of percentages.
    pub const POINTS: Self = Self {
        base: BaseDimension::Points,
        per: None,
    };
    /// Ratings and n of m.
    pub const RATING: Self = Self {
        base: BaseDimension::Rating,
        per: None,
    };
    /// Parts of a whole.
    pub const SHARE: Self = Self {
        base: BaseDimension::Share,
        per: None,
    };
    /// Seconds.
    pub const TIME: Self = Self {
        base: BaseDimension::Time,
        per: None,
    };

    /// What is measured, leaving the period aside.
    #[must_use]
    pub const fn base(&self) -> &BaseDimension {
        &self.base
    }

    /// The kind of period, for rates.
    #[must_use]
    pub const fn per(&self) -> Option<PerKind> {
        self.per
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.base {
            BaseDimension::Bytes => f.write_str("bytes")?,
            BaseDimension::Calendar => f.write_str("calendar time")?,
            BaseDimension::Money(currency) => f.write_str(currency.code())?,
            BaseDimension::Named(name) => f.write_str(name.as_str())?,
            BaseDimension::Number => f.write_str("a number")?,
            BaseDimension::Points => f.write_str("percentage points")?,
            BaseDimension::Rating => f.write_str("a rating")?,
            BaseDimension::Share => f.write_str("a share in percent")?,
            BaseDimension::Time => f.write_str("time")?,
        }
        match self.per {
            None => Ok(()),
            Some(PerKind::Calendar) => f.write_str(" per calendar period"),
            Some(PerKind::Clock) => f.write_str(" per time"),
        }
    }
}

impl Unit {
    /// Plain numbers.
    pub const NUMBER: Self = Self {
        base: BaseUnit::Number(Magnitude::One),
        per: None,
    };
    /// Percent.
    pub const PERCENT: Self = Self {
        base: BaseUnit::Percent,
        per: None,
    };
    /// Percentage points.
    pub const POINTS: Self = Self {
        base: BaseUnit::PercentPoint,
        per: None,
    };
    /// Seconds.
    pub const SECONDS: Self = Self {
        base: BaseUnit::Time(TimeUnit::Second),
        per: None,
    };
    /// Milliseconds.
    pub const MILLIS: Self = Self {
        base: BaseUnit::Time(TimeUnit::Millisecond),
        per: None,
    };

    /// A unit without a period.
    ///
    /// # Errors
    /// [`UnitError::Per`] for a scale of zero or less.
    pub fn new(base: BaseUnit) -> Result<Self, UnitError> {
        if let BaseUnit::OutOf(scale) = &base
            && (scale.is_zero() || scale.is_negative())
        {
            return Err(UnitError::Per {
                text: scale.to_string(),
            });
        }
        Ok(Self { base, per: None })
    }

    /// This unit per a period.
    ///
    /// # Errors
    /// [`UnitError::NotPer`] for ratings and for what already has a period.
    pub fn per(self, period: Period) -> Result<Self, UnitError> {
        match self {
            Self {
                base: BaseUnit::OutOf(_),
                ..
            }
            | Self { per: Some(_), .. } => Err(UnitError::NotPer {
                unit: self.to_string(),
            }),
            Self { base, per: None } => Ok(Self {
                base,
                per: Some(period),
            }),
        }
    }

    /// The unit without its period.
    #[must_use]
    pub const fn base(&self) -> &BaseUnit {
        &self.base
    }

    /// Its period, for rates.
    #[must_use]
    pub const fn period(&self) -> Option<Period> {
        self.per
    }

    /// What it measures.
    #[must_use]
    pub fn dimension(&self) -> Dimension {
        let base = match &self.base {
            BaseUnit::Bytes(_) => BaseDimension::Bytes,
            BaseUnit::Money(currency) => BaseDimension::Money(*currency),
            BaseUnit::Named(name) => BaseDimension::Named(name.clone()),
            BaseUnit::Number(_) => BaseDimension::Number,
            BaseUnit::OutOf(_) => BaseDimension::Rating,
            BaseUnit::Percent => BaseDimension::Share,
            BaseUnit::PercentPoint => BaseDimension::Points,
            BaseUnit::Time(unit) if unit.is_calendar() => BaseDimension::Calendar,
            BaseUnit::Time(_) => BaseDimension::Time,
        };
        let per = self.per.map(|period| match period.is_calendar() {
            true => PerKind::Calendar,
            false => PerKind::Clock,
        });
        Dimension { base, per }
    }

    /// How much one of it is in its dimension's base.
    #[must_use]
    pub fn factor(&self) -> Option<Fraction> {
        let base = match &self.base {
            BaseUnit::Bytes(unit) => unit.factor()?,
            BaseUnit::Money(_) | BaseUnit::Named(_) => Fraction::ONE,
            BaseUnit::Number(magnitude) => magnitude.factor()?,
            BaseUnit::OutOf(scale) => Fraction::ONE.checked_div(Fraction::from_decimal(*scale)?)?,
            BaseUnit::Percent | BaseUnit::PercentPoint => Fraction::new(1, 100)?,
            BaseUnit::Time(unit) => unit.factor()?,
        };
        match self.per {
            None => Some(base),
            Some(period) => base.checked_mul(period.factor()?),
        }
    }

    /// What stands before the number: a currency sign.
    pub(super) fn prefix(&self) -> &'static str {
        match &self.base {
            BaseUnit::Money(currency) => currency.sign(),
            BaseUnit::Bytes(_)
            | BaseUnit::Named(_)
            | BaseUnit::Number(_)
            | BaseUnit::OutOf(_)
            | BaseUnit::Percent
            | BaseUnit::PercentPoint
            | BaseUnit::Time(_) => "",
        }
    }

    /// What stands after the number. A name that begins with a capital stands apart: `1 CU`.
    pub(super) const fn suffix(&self) -> Suffix<'_> {
        Suffix(self)
    }
}

/// The part of a unit that stands after the number.
pub(super) struct Suffix<'u>(&'u Unit);

impl fmt::Display for Suffix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.base {
            BaseUnit::Money(currency) if !currency.sign().is_empty() => {}
            BaseUnit::Money(currency) => write!(f, " {}", currency.code())?,
            BaseUnit::Named(UnitName(name))
                if name.starts_with(|c: char| c.is_ascii_uppercase()) =>
            {
                write!(f, " {name}")?;
            }
            BaseUnit::Named(UnitName(name)) => f.write_str(name)?,
            BaseUnit::Bytes(unit) => f.write_str(unit.text())?,
            BaseUnit::Number(magnitude) => f.write_str(magnitude.text())?,
            BaseUnit::OutOf(scale) => write!(f, "/{scale}")?,
            BaseUnit::Percent => f.write_str("%")?,
            BaseUnit::PercentPoint => f.write_str("pp")?,
            BaseUnit::Time(unit) => f.write_str(unit.text())?,
        }
        match self.0.per {
            Some(period) => write!(f, "/{}", period.text()),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(format!("{}{}", self.prefix(), self.suffix()).trim_start())
    }
}

impl FromStr for Unit {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        read::unit(text)
    }
}

impl TryFrom<String> for Unit {
    type Error = UnitError;
    fn try_from(text: String) -> Result<Self, UnitError> {
        text.parse()
    }
}

impl From<Unit> for String {
    fn from(unit: Unit) -> String {
        unit.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_read_back_as_they_print() {
        for text in [
            "", "%", "pp", "ms", "mo", "GB/month", "/day", "/5", "$", "$/month", "CHF", "CU",
            "rows", "M", "K/s",
        ] {
            let unit: Unit = text.parse().expect(text);
            assert_eq!(unit.to_string(), text);
        }
        for text in [
            "5",
            "ms ms",
            "/",
            "/0",
            "%/5",
            "/5/day",
            "ms/5",
            "a-b",
            "a_name_that_is_far_too_long_for_a_unit",
        ] {
            assert!(text.parse::<Unit>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_known_unit_cannot_be_a_name() {
        for name in ["ms", "USD", "pp", "M", "rps", "", "5x", "a b"] {
            assert!(UnitName::new(name).is_err(), "{name:?}");
        }
        assert!(Unit::new(BaseUnit::OutOf(Decimal::ZERO)).is_err());
    }
}
