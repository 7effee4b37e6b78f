//! Lengths of time as plans state them: in a unit of the calendar, perhaps a range, perhaps open.

use std::fmt;
use std::str::FromStr;

/// A unit of the calendar. What it amounts to depends on where it begins.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever adds them up has a rule for each"
)]
pub enum LengthUnit {
    /// Minutes by the clock.
    Minutes,
    /// Hours by the clock.
    Hours,
    /// Hours in which people work.
    BusinessHours,
    /// Days of the calendar.
    Days,
    /// Days on which people work.
    BusinessDays,
    /// Seven days of the calendar.
    Weeks,
    /// Months of the calendar.
    Months,
    /// Three months.
    Quarters,
    /// Years of the calendar.
    Years,
}

impl LengthUnit {
    const TEXTS: [(&'static str, Self); 9] = [
        ("m", Self::Minutes),
        ("h", Self::Hours),
        ("bh", Self::BusinessHours),
        ("d", Self::Days),
        ("bd", Self::BusinessDays),
        ("w", Self::Weeks),
        ("mo", Self::Months),
        ("q", Self::Quarters),
        ("y", Self::Years),
    ];

    /// The text that stands for it: `bd`.
    pub fn as_str(self) -> &'static str {
        Self::TEXTS
            .iter()
            .find(|(_, unit)| *unit == self)
            .map_or("", |(text, _)| text)
    }
}

/// A stated length. Text form: `5bd` (five business days), `2w`, `12w..16w`, `8w+` (eight weeks or
/// more). Units: m, h, bh (business hours), d, bd (business days), w, mo, q, y.
///
/// ```
/// use phasegate_plan::calendar::{Length, LengthUnit};
/// let length: Length = "12w..16w".parse()?;
/// assert_eq!((length.least(), length.most(), length.unit()), (12, Some(16), LengthUnit::Weeks));
/// assert_eq!(length.to_string(), "12w..16w");
/// # Ok::<(), phasegate_plan::calendar::LengthError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Length {
    least: u32,
    /// `None`: open.
    most: Option<u32>,
    unit: LengthUnit,
}

/// The largest number in a length: more than a hundred years of days.
const COUNT_MAX: u32 = 50_000;

/// A text that is no length.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("'{text}' is not a length such as 5bd, 2w, 12w..16w or 8w+ (units m h bh d bd w mo q y)")]
pub struct LengthError {
    text: String,
}

impl Length {
    /// So many of a unit; clamped at 50 000.
    pub fn new(count: u32, unit: LengthUnit) -> Self {
        let count = count.min(COUNT_MAX);
        Self {
            least: count,
            most: Some(count),
            unit,
        }
    }

    /// So many business days.
    pub fn business_days(count: u32) -> Self {
        Self::new(count, LengthUnit::BusinessDays)
    }

    /// The least.
    pub fn least(self) -> u32 {
        self.least
    }

    /// The most; `None` if it is open.
    pub fn most(self) -> Option<u32> {
        self.most
    }

    /// The unit.
    pub fn unit(self) -> LengthUnit {
        self.unit
    }

    /// Is it one number, neither a range nor open?
    pub fn is_exact(self) -> bool {
        self.most == Some(self.least)
    }
}

fn part(text: &str) -> Option<(u32, LengthUnit)> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let unit = LengthUnit::TEXTS.iter().find(|(name, _)| *name == unit)?.1;
    let count = number.parse().ok().filter(|count| *count <= COUNT_MAX)?;
    Some((count, unit))
}

impl FromStr for Length {
    type Err = LengthError;
    fn from_str(text: &str) -> Result<Self, LengthError> {
        let wrong = || LengthError {
            text: text.chars().take(80).collect(),
        };
        if let Some(open) = text.strip_suffix('+') {
            let (least, unit) = part(open).ok_or_else(wrong)?;
            let most = None;
            return Ok(Self { least, most, unit });
        }
        if let Some((low, high)) = text.split_once("..") {
            let (least, unit) = part(low).ok_or_else(wrong)?;
            let (most, other) = part(high).ok_or_else(wrong)?;
            if unit != other || most <= least {
                return Err(wrong());
            }
            let most = Some(most);
            return Ok(Self { least, most, unit });
        }
        let (count, unit) = part(text).ok_or_else(wrong)?;
        Ok(Self::new(count, unit))
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = self.unit.as_str();
        match self.most {
            Some(most) if most == self.least => write!(f, "{most}{unit}"),
            Some(most) => write!(f, "{}{unit}..{most}{unit}", self.least),
            None => write!(f, "{}{unit}+", self.least),
        }
    }
}
