//! The words of a criterion: names, quoted texts, lengths of time, dates. Each is checked when built,
//! so that every tree can be printed and read back.

use std::fmt;
use std::str::FromStr;

use phasegate_core::{
    BaseDimension, Dimension, Fraction, IdError, KpiId, Quantity, QuantityError, Span,
};

/// Words with a meaning of their own. Nothing can be named so in a criterion.
pub(crate) const RESERVED: &[&str] = &[
    "actual",
    "age",
    "all",
    "and",
    "apdex",
    "approve",
    "at",
    "avg",
    "baseline",
    "below",
    "budget",
    "budget_left",
    "burn_rate",
    "by",
    "cap",
    "change",
    "check",
    "comparable",
    "confidence",
    "count",
    "crit",
    "decide",
    "delivered",
    "derived",
    "do",
    "down",
    "during",
    "equal",
    "estimate",
    "every",
    "for",
    "frequency",
    "gap",
    "in",
    "interval",
    "keep",
    "last",
    "limits",
    "margin",
    "max",
    "median",
    "min",
    "monitor",
    "no",
    "not",
    "on",
    "or",
    "over",
    "per",
    "query",
    "rate",
    "rating",
    "ratio",
    "satisfy",
    "score",
    "severity",
    "share",
    "significant",
    "stable",
    "std",
    "steps",
    "sum",
    "target",
    "throughout",
    "time",
    "up",
    "usage",
    "vs",
    "warn",
    "within",
];

/// A name in a criterion: an id that begins with a letter and is no reserved word.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Name(KpiId);

/// Why a text is no [`Name`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Not even an id.
    #[error(transparent)]
    Id(#[from] IdError),
    /// Begins with a digit, or holds two hyphens on end or one at the end.
    #[error(
        "'{text}' cannot stand in a criterion: names begin with a letter and hold single hyphens inside only"
    )]
    Shape {
        /// The text.
        text: String,
    },
    /// A word of the language.
    #[error("'{text}' is a word of the criterion language and cannot be a name")]
    Reserved {
        /// The text.
        text: String,
    },
}

/// Is it `p` and a number, as the percentile functions are called?
pub(crate) fn is_percentile(text: &str) -> bool {
    let digits = text.strip_prefix('p').unwrap_or("");
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
}

impl Name {
    /// Checks a name.
    ///
    /// # Errors
    /// [`NameError`] for what cannot be read back from a criterion.
    pub fn new(text: &str) -> Result<Self, NameError> {
        Self::try_from(text.parse::<KpiId>()?)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Does it name what has that id? Whatever the case of letters, with hyphens for underscores: ids of
    /// plans are often written `data-loss`, names in criteria `data_loss`.
    ///
    /// ```
    /// use phasegate_criterion::Name;
    ///
    /// assert!(Name::new("VP_Engineering")?.means("vp-engineering"));
    /// assert!(!Name::new("CTO")?.means("coo"));
    /// # Ok::<(), phasegate_criterion::NameError>(())
    /// ```
    #[must_use]
    pub fn means(&self, id: &str) -> bool {
        let plain = |byte: u8| match byte {
            b'-' => b'_',
            other => other.to_ascii_lowercase(),
        };
        self.as_str().bytes().map(plain).eq(id.bytes().map(plain))
    }

    /// The name as the id of a KPI.
    #[must_use]
    pub const fn kpi(&self) -> &KpiId {
        &self.0
    }
}

/// How bad something is, in a word of the plan's own: `critical`, `p1`. Percentiles are called like some of
/// them (`p1`), and where a severity stands no function can.
///
/// ```
/// use phasegate_criterion::{Criterion, Severity};
/// let trigger: Criterion = "ratio(errors) > 5% severity p1 do rollback".parse()?;
/// assert_eq!(trigger.response.severity, Some(Severity::new("p1")?));
/// assert_eq!(trigger.to_string(), "ratio(errors) > 5% severity p1 do rollback");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Severity(KpiId);

impl Severity {
    /// Checks a severity: a name, or `p` and a number.
    ///
    /// # Errors
    /// [`NameError`] for what cannot be read back from a criterion.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let ranked = is_percentile(text) && !text.contains('.');
        if ranked {
            return Ok(Self(text.parse()?));
        }
        Name::new(text).map(|name| Self(name.0))
    }

    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<Name> for Severity {
    fn from(name: Name) -> Self {
        Self(name.0)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl TryFrom<KpiId> for Name {
    type Error = NameError;

    /// Checks that the id of a KPI can be read back from a criterion.
    fn try_from(id: KpiId) -> Result<Self, NameError> {
        let text = id.as_str();
        let shaped = text.starts_with(|c: char| c.is_ascii_alphabetic())
            && !text.as_bytes().windows(2).any(|pair| pair == b"--")
            && !text.ends_with('-');
        if !shaped {
            return Err(NameError::Shape {
                text: text.to_owned(),
            });
        }
        if RESERVED.binary_search(&text).is_ok() || is_percentile(text) {
            return Err(NameError::Reserved {
                text: text.to_owned(),
            });
        }
        Ok(Self(id))
    }
}

impl FromStr for Name {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::new(text)
    }
}

/// A quoted text that people can read: not blank, and without control characters other than newline and
/// tab, and without marks that turn the direction of what is shown.
///
/// A newline or tab may stand between the quotes as it is or as `\n` and `\t`, which is the same text; it is
/// printed the second way, so that a criterion stays on one line and shows what it holds.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Text(String);

/// Why a text cannot be quoted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// Nothing can be seen of it.
    #[error("it is blank")]
    Blank,
    /// A character that does not show what it does.
    #[error("character U+{code:04X} cannot stand in a text")]
    Character {
        /// Its code point.
        code: u32,
    },
}

impl Text {
    /// Checks a text.
    ///
    /// # Errors
    /// [`TextError`] for blank texts, control characters and marks of direction.
    pub fn new(text: impl Into<String>) -> Result<Self, TextError> {
        let text = text.into();
        match text.chars().find(|c| is_hidden(*c)) {
            Some(found) => Err(TextError::Character {
                code: u32::from(found),
            }),
            None if text.trim().is_empty() => Err(TextError::Blank),
            None => Ok(Self(text)),
        }
    }

    /// The text without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Controls, and the marks by which a text is shown in another order than it has.
pub(crate) fn is_hidden(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            true
        }
        _ => c.is_control(),
    }
}

/// What shows nothing of itself wherever it stands: the hidden ones, and marks of no width such as the one at
/// the beginning of some files.
pub(crate) fn is_invisible(c: char) -> bool {
    is_hidden(c)
        || matches!(
            c,
            '\u{AD}' | '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{200B}'..='\u{200D}'
                | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2064}' | '\u{3164}' | '\u{FEFF}'
                | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}'
        )
}

impl fmt::Display for Text {
    /// With quotes, as in a criterion.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\t' => f.write_str("\\t")?,
                other => write!(f, "{other}")?,
            }
        }
        f.write_str("\"")
    }
}

/// A length of time as written: `10m`, `8w`, `3mo`. Months have no exact length in days.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Length(Quantity);

impl Length {
    /// A length from a quantity of time that is not negative; `None` for anything else.
    #[must_use]
    pub fn new(quantity: Quantity) -> Option<Self> {
        let dimension = quantity.dimension();
        let time = dimension.per().is_none()
            && matches!(
                dimension.base(),
                BaseDimension::Time | BaseDimension::Calendar
            );
        (time && !quantity.number().is_negative()).then_some(Self(quantity))
    }

    /// As a quantity.
    #[must_use]
    pub const fn quantity(&self) -> &Quantity {
        &self.0
    }

    /// Its exact length; `None` for months, quarters and years, below a nanosecond and above 584 years.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        if self.0.dimension() != Dimension::TIME {
            return None;
        }
        let nanos = self.0.base()?.checked_mul(Fraction::from(1_000_000_000))?;
        match nanos.parts() {
            (whole, 1) => u64::try_from(whole).ok().map(Span::from_nanos),
            (_, _) => None,
        }
    }
}

impl From<Span> for Length {
    /// In the largest unit that divides it, up to days.
    fn from(span: Span) -> Self {
        use phasegate_core::{BaseUnit, Decimal, TimeUnit, Unit};
        const SCALES: [(TimeUnit, u64); 7] = [
            (TimeUnit::Day, 86_400_000_000_000),
            (TimeUnit::Hour, 3_600_000_000_000),
            (TimeUnit::Minute, 60_000_000_000),
            (TimeUnit::Second, 1_000_000_000),
            (TimeUnit::Millisecond, 1_000_000),
            (TimeUnit::Microsecond, 1_000),
            (TimeUnit::Nanosecond, 1),
        ];
        let nanos = span.as_nanos();
        let fit = SCALES
            .into_iter()
            .find(|(_, scale)| nanos > 0 && nanos.is_multiple_of(*scale));
        let (unit, scale) = fit.unwrap_or((TimeUnit::Second, 1_000_000_000));
        let unit = Unit::new(BaseUnit::Time(unit)).unwrap_or(Unit::SECONDS);
        Self(Quantity::new(Decimal::from(nanos / scale), unit))
    }
}

impl Length {
    /// Hours, minutes and seconds of what is two minutes, or two hours, and some: `5m30s` for 330 seconds.
    fn composed(&self) -> Option<String> {
        use phasegate_core::{BaseUnit, TimeUnit};
        let (number, 0) = self.0.number().parts() else {
            return None;
        };
        let number = u64::try_from(number).ok()?;
        let is_in = |unit: TimeUnit| *self.0.unit().base() == BaseUnit::Time(unit);
        let (hours, minutes, seconds) = if is_in(TimeUnit::Minute) {
            (number / 60, number % 60, 0)
        } else if is_in(TimeUnit::Second) {
            (number / 3_600, number / 60 % 60, number % 60)
        } else {
            return None;
        };
        if number < 120 || number.is_multiple_of(60) {
            return None;
        }
        let parts = [(hours, "h"), (minutes, "m"), (seconds, "s")];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0);
        Some(
            parts
                .map(|(count, unit)| format!("{count}{unit}"))
                .collect(),
        )
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(composed) = self.composed() {
            return f.pad(&composed);
        }
        self.0.fmt(f)
    }
}

impl FromStr for Length {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let wrong = || QuantityError::Number {
            text: text.chars().take(80).collect(),
        };
        Self::new(text.parse()?).ok_or_else(wrong)
    }
}

/// A day: `2026-09-16`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// A day of the years 1 to 9999; `None` for what is no day.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 0,
        };
        ((1..=9999).contains(&year) && (1..=days).contains(&day)).then_some(Self {
            year,
            month,
            day,
        })
    }

    /// Year, month and day.
    #[must_use]
    pub const fn parts(self) -> (u16, u8, u8) {
        (self.year, self.month, self.day)
    }

    /// The date at the front of a text, exactly `YYYY-MM-DD`.
    pub(crate) fn read_prefix(text: &str) -> Option<Self> {
        let text = text.get(..10)?;
        let (year, rest) = text.split_once('-')?;
        let (month, day) = rest.split_once('-')?;
        let digits =
            |part: &str, len: usize| part.len() == len && part.chars().all(|c| c.is_ascii_digit());
        if !(digits(year, 4) && digits(month, 2) && digits(day, 2)) {
            return None;
        }
        Self::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_can_be_read_back() {
        for (text, fits) in [
            ("latency", true),
            ("preview-deploy_time", true),
            ("VP_Engineering", true),
            ("p", true),
            ("p95", false),
            ("count", false),
            ("and", false),
            ("9lives", false),
            ("a--b", false),
            ("a-", false),
            ("", false),
            ("a b", false),
        ] {
            assert_eq!(Name::new(text).is_ok(), fits, "{text:?}");
        }
    }

    #[test]
    fn reserved_words_stand_in_order() {
        assert!(RESERVED.is_sorted());
    }

    #[test]
    fn a_month_has_no_exact_length() {
        let length = |text: &str| text.parse::<Length>().expect(text);
        assert_eq!(length("8w").span(), Some(Span::from_secs(8 * 7 * 86_400)));
        assert_eq!(length("3mo").span(), None);
        assert_eq!(length("0.1ns").span(), None);
        assert!("5%".parse::<Length>().is_err());
        assert!("-5s".parse::<Length>().is_err());
        assert_eq!(Length::from(Span::from_secs(5400)).to_string(), "90m");
        assert_eq!(Length::from(Span::ZERO).to_string(), "0s");
    }

    #[test]
    fn days_exist_or_are_refused() {
        assert!(Date::new(2024, 2, 29).is_some());
        assert!(Date::new(2100, 2, 29).is_none());
        assert!(Date::new(2026, 13, 1).is_none());
        assert!(Date::new(0, 1, 1).is_none());
        assert_eq!(Date::read_prefix("2026-09-16 x"), Date::new(2026, 9, 16));
        assert_eq!(Date::read_prefix("2026-9-16"), None);
    }
}
