//! Durations as people write them: `250ms`, `1m30s`.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::Misuse;

const UNITS: [(&str, u64); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// A duration in a configuration: whole numbers with the units h, m, s, ms, us, ns.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::config::Span;
///
/// assert_eq!("1m30s".parse::<Span>()?.0, Duration::from_secs(90));
/// assert_eq!(Span(Duration::from_millis(1500)).to_string(), "1s500ms");
/// assert!("5".parse::<Span>().is_err());
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_structs, reason = "a duration and its spelling")]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = Misuse;

    fn from_str(text: &str) -> Result<Self, Misuse> {
        let mut rest = text.trim();
        let mut nanos = 0_u64;
        if rest.is_empty() {
            return Err(Misuse::NoDuration);
        }
        while !rest.is_empty() {
            let digits = rest
                .find(|c: char| !c.is_ascii_digit())
                .ok_or(Misuse::NoDuration)?;
            let (number, tail) = rest.split_at(digits);
            let end = tail
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(end);
            let number: u64 = number.parse().ok().ok_or(Misuse::NoDuration)?;
            let size = UNITS
                .iter()
                .find(|(name, _)| *name == unit)
                .ok_or(Misuse::NoDuration)?
                .1;
            nanos = number
                .checked_mul(size)
                .and_then(|part| nanos.checked_add(part))
                .ok_or(Misuse::NoDuration)?;
            rest = tail;
        }
        Ok(Self(Duration::from_nanos(nanos)))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = crate::time::nanos(self.0);
        if rest == 0 {
            return f.write_str("0s");
        }
        for (name, size) in UNITS {
            if rest >= size {
                write!(f, "{}{name}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|misuse: Misuse| D::Error::custom(format!("{misuse}: {text:?}")))
    }
}
