//! Weeks of a plan, counted from 1.

use std::fmt;
use std::str::FromStr;

use crate::document::Node;
use crate::fault::Code;
use crate::form::{Form, Lowering, Schema, schema};
use crate::value::Value;

/// Weeks from a first to a last, counted from 1. Text form: `3`, `1..3`, `8+` (from week 8 on).
///
/// ```
/// use phasegate_plan::model::Weeks;
/// let weeks: Weeks = "1..3".parse()?;
/// assert_eq!((weeks.first(), weeks.last()), (1, Some(3)));
/// assert_eq!("8+".parse::<Weeks>()?.last(), None);
/// # Ok::<(), phasegate_plan::model::WeeksError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Weeks {
    first: u32,
    last: Option<u32>,
}

/// A text that is no weeks.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("'{text}' is not weeks such as 3, 1..3 or 8+, counted from 1")]
pub struct WeeksError {
    text: String,
}

impl Weeks {
    /// From a first to a last week; `None` if there is no such stretch.
    pub fn new(first: u32, last: Option<u32>) -> Option<Self> {
        let fits = first > 0 && first < 10_000 && last.is_none_or(|last| last >= first);
        fits.then_some(Self { first, last })
    }

    /// The first week.
    pub fn first(self) -> u32 {
        self.first
    }

    /// The last week; `None` if it is open.
    pub fn last(self) -> Option<u32> {
        self.last
    }

    /// How many weeks it is; `None` if it is open.
    pub fn count(self) -> Option<u32> {
        self.last.map(|last| last - self.first + 1)
    }
}

impl FromStr for Weeks {
    type Err = WeeksError;
    fn from_str(text: &str) -> Result<Self, WeeksError> {
        let wrong = || WeeksError {
            text: text.chars().take(80).collect(),
        };
        let number = |digits: &str| digits.parse::<u32>().ok().ok_or_else(wrong);
        let (first, last) = if let Some(open) = text.strip_suffix('+') {
            (number(open)?, None)
        } else if let Some((first, last)) = text.split_once("..") {
            (number(first)?, Some(number(last)?))
        } else {
            (number(text)?, Some(number(text)?))
        };
        Self::new(first, last).ok_or_else(wrong)
    }
}

impl fmt::Display for Weeks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.last {
            Some(last) if last == self.first => write!(f, "{last}"),
            Some(last) => write!(f, "{}..{last}", self.first),
            None => write!(f, "{}+", self.first),
        }
    }
}

impl Form for Weeks {
    fn read(node: &Node, cx: &mut Lowering<'_>) -> Option<Self> {
        cx.parsed(node, "weeks such as 3, 1..3 or 8+", Code::InvalidMoment)
    }
    fn write(&self) -> Value {
        Value::text(self.to_string())
    }
    fn schema(_: &mut Schema) -> Value {
        schema::either(
            "integer",
            "weeks such as 3, 1..3 or 8+",
            "^[1-9][0-9]{0,3}(\\.\\.[1-9][0-9]*|\\+)?$",
        )
    }
}
