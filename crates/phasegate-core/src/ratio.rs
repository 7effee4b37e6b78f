//! Ratios that cannot leave 0..=1. Percent appears only in text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Decimal;

/// A part of a whole, exact to a millionth: a traffic weight, a percentile, a share of users.
///
/// ```
/// use phasegate_core::Ratio;
/// assert_eq!("12.5%".parse::<Ratio>()?, Ratio::from_ppm(125_000)?);
/// assert_eq!(Ratio::from_percent(5)?.to_string(), "5%");
/// assert!(Ratio::from_percent(101).is_err());
/// # Ok::<(), phasegate_core::RatioError>(())
/// ```
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Ratio {
    ppm: u32,
}

/// Why something is no [`Ratio`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RatioError {
    /// Not of the form `25%` or `0.25`.
    #[error("'{text}' is not a ratio: write 25% or 0.25")]
    Invalid {
        /// The text, shortened to 80 characters.
        text: String,
    },
    /// Below 0 or above 1.
    #[error("a ratio lies between 0% and 100%")]
    OutOfRange,
    /// Finer than a millionth.
    #[error("a ratio is exact to 0.0001%, '{text}' is finer")]
    TooFine {
        /// The text, shortened to 80 characters.
        text: String,
    },
}

const WHOLE: u32 = 1_000_000;

impl Ratio {
    /// Nothing of the whole.
    pub const ZERO: Self = Self { ppm: 0 };
    /// All of it.
    pub const ONE: Self = Self { ppm: WHOLE };

    /// From parts per million, 0 to 1 000 000.
    pub const fn from_ppm(ppm: u32) -> Result<Self, RatioError> {
        if ppm > WHOLE {
            Err(RatioError::OutOfRange)
        } else {
            Ok(Self { ppm })
        }
    }

    /// From whole percent, 0 to 100.
    pub const fn from_percent(percent: u32) -> Result<Self, RatioError> {
        if percent > 100 {
            Err(RatioError::OutOfRange)
        } else {
            Ok(Self {
                ppm: percent * 10_000,
            })
        }
    }

    /// Parts per million, 0 to 1 000 000.
    pub const fn ppm(self) -> u32 {
        self.ppm
    }

    /// The nearest float, 0.0 to 1.0. For display and statistics.
    pub fn to_f64(self) -> f64 {
        f64::from(self.ppm) / f64::from(WHOLE)
    }

    /// As a decimal between 0 and 1.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(i64::from(self.ppm), 6).map_or(Decimal::ZERO, Decimal::normalized)
    }

    /// Is the one with this number, counted from 0, among this share of all? Evenly spread: of any `n` that follow each
    /// other, `n` times the share are, give or take one.
    ///
    /// ```
    /// use phasegate_core::Ratio;
    /// let half = Ratio::from_percent(50)?;
    /// assert_eq!([0, 1, 2, 3].map(|number| half.picks(number)), [false, true, false, true]);
    /// # Ok::<(), phasegate_core::RatioError>(())
    /// ```
    pub fn picks(self, number: u64) -> bool {
        let before = |count: u128| count * u128::from(self.ppm) / u128::from(WHOLE);
        let number = u128::from(number);
        before(number + 1) > before(number)
    }

    fn from_decimal(value: Decimal, text: &str) -> Result<Self, RatioError> {
        let short = || text.chars().take(80).collect::<String>();
        if value.is_negative() || value > Decimal::ONE {
            return Err(RatioError::OutOfRange);
        }
        let ppm = value
            .checked_mul(Decimal::from(u64::from(WHOLE)))
            .and_then(Decimal::to_u64)
            .and_then(|ppm| u32::try_from(ppm).ok());
        ppm.map_or_else(
            || Err(RatioError::TooFine { text: short() }),
            Self::from_ppm,
        )
    }
}

impl FromStr for Ratio {
    type Err = RatioError;

    fn from_str(text: &str) -> Result<Self, RatioError> {
        let (number, percent) = match text.strip_suffix('%') {
            Some(number) => (number.trim_end(), true),
            None => (text, false),
        };
        let Ok(value) = number.parse::<Decimal>() else {
            return Err(RatioError::Invalid {
                text: text.chars().take(80).collect(),
            });
        };
        let value = if percent {
            value.checked_div(Decimal::HUNDRED)
        } else {
            Some(value)
        };
        Self::from_decimal(value.ok_or(RatioError::OutOfRange)?, text)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = Decimal::new(i64::from(self.ppm), 4).unwrap_or_default();
        write!(f, "{}%", percent.normalized())
    }
}

impl TryFrom<String> for Ratio {
    type Error = RatioError;
    fn try_from(text: String) -> Result<Self, RatioError> {
        text.parse()
    }
}

impl From<Ratio> for String {
    fn from(ratio: Ratio) -> String {
        ratio.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_share_is_picked_evenly() {
        for percent in [0, 1, 25, 50, 99, 100] {
            let share = Ratio::from_percent(percent).expect("a share");
            for from in [0, 7, u64::MAX - 100] {
                let picked = (from..from + 100).filter(|number| share.picks(*number));
                assert_eq!(picked.count(), percent as usize, "{percent} from {from}");
            }
        }
    }

    #[test]
    fn a_ratio_cannot_leave_the_whole() {
        for (text, ppm) in [
            ("0%", Some(0)),
            ("100%", Some(1_000_000)),
            ("1", Some(1_000_000)),
            ("0.05", Some(50_000)),
            ("99.9 %", Some(999_000)),
            ("100.1%", None),
            ("-1%", None),
            ("0.00001%", None),
            ("five", None),
        ] {
            assert_eq!(text.parse::<Ratio>().ok().map(Ratio::ppm), ppm, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_ratio_reads_back_as_it_prints(ppm in 0u32..=1_000_000) {
            let ratio = Ratio::from_ppm(ppm).expect("in range");
            prop_assert_eq!(ratio.to_string().parse::<Ratio>(), Ok(ratio));
        }
    }
}
