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

    /// The largest number of it that a length may have.
    fn count_max(self) -> u32 {
        let years = COUNT_MAX / 365;
        match self {
            Self::Minutes | Self::Hours | Self::BusinessHours | Self::Days | Self::BusinessDays => {
                COUNT_MAX
            }
            Self::Weeks => COUNT_MAX / 7,
            Self::Months => years * 12,
            Self::Quarters => years * 4,
            Self::Years => years,
        }
    }

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

/// The largest number in a length, and the most days that weeks, months and years of one may come to: more
/// than a hundred years. Times beyond the year 9999 cannot be told.
const COUNT_MAX: u32 = 50_000;

/// A text that is no length.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "'{text}' is not a length such as 5bd, 2w, 12w..16w or 8w+ (units m h bh d bd w mo q y, at most 136 years)"
)]
pub struct LengthError {
    text: String,
}

impl Length {
    /// So many of a unit; clamped at 50 000, and at 136 years.
    pub fn new(count: u32, unit: LengthUnit) -> Self {
        let count = count.min(unit.count_max());
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

    /// Between how many days of the calendar it takes, with so many working days in a week; `None` behind it
    /// where it is open. What is shorter than a day counts as none at least and as one begun at most.
    pub(crate) fn calendar_days(self, week: u64) -> (u64, Option<u64>) {
        let week = week.clamp(1, 7);
        let least = |n: u64| match self.unit {
            LengthUnit::Minutes => n / 1440,
            LengthUnit::Hours | LengthUnit::BusinessHours => n / 24,
            LengthUnit::Days => n,
            LengthUnit::BusinessDays => n / week * 7 + n % week,
            LengthUnit::Weeks => n * 7,
            LengthUnit::Months => n * 28,
            LengthUnit::Quarters => n * 90,
            LengthUnit::Years => n * 365,
        };
        let most = |n: u64| match self.unit {
            LengthUnit::Minutes => n.div_ceil(1440),
            LengthUnit::Hours => n.div_ceil(24),
            LengthUnit::Days => n,
            // A working day has an hour at least.
            LengthUnit::BusinessHours | LengthUnit::BusinessDays => n.div_ceil(week) * 7,
            LengthUnit::Weeks => n * 7,
            LengthUnit::Months => n * 31,
            LengthUnit::Quarters => n * 92,
            LengthUnit::Years => n * 366,
        };
        (least(self.least.into()), self.most.map(|n| most(n.into())))
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
    let count: u32 = number.parse().ok()?;
    (count <= unit.count_max()).then_some((count, unit))
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
