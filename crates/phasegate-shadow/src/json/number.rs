//! Numbers by their digits: what a float would round together stays apart.

use std::fmt;

use phasegate_core::{Decimal, Ratio};
use serde::{Deserialize, Serialize};

/// A JSON number in one form: digits without zeros at their ends, times a power of ten.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Number {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Number {
    /// Reads a number that JSON's grammar allows; `None` for an exponent beyond all use.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let kept = all.trim_end_matches('0');
        let dropped = i64::try_from(all.len() - kept.len()).ok()?;
        let digits = kept.trim_start_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self {
                negative: false,
                digits,
                exponent: 0,
            });
        }
        let fraction = i64::try_from(fraction.len()).ok()?;
        let exponent = i64::from(exponent) - fraction + dropped;
        Some(Self {
            negative,
            digits,
            exponent,
        })
    }

    /// The number as a decimal, if 28 digits can hold it.
    fn decimal(&self) -> Option<Decimal> {
        if self.digits.is_empty() {
            return Some(Decimal::ZERO);
        }
        let sign = if self.negative { "-" } else { "" };
        let text = match usize::try_from(self.exponent) {
            Ok(zeros) if zeros <= 28 => format!("{sign}{}{}", self.digits, "0".repeat(zeros)),
            Ok(_) => return None,
            Err(_) => {
                let scale = usize::try_from(self.exponent.unsigned_abs()).ok()?;
                if scale > 28 {
                    return None;
                }
                let padded = format!("{:0>width$}", self.digits, width = scale + 1);
                let (whole, fraction) = padded.split_at(padded.len() - scale);
                format!("{sign}{whole}.{fraction}")
            }
        };
        text.parse().ok()
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.decimal() {
            Some(decimal) => fmt::Display::fmt(&decimal, f),
            None => {
                let sign = if self.negative { "-" } else { "" };
                write!(f, "{sign}{}e{}", self.digits, self.exponent)
            }
        }
    }
}

/// How far two numbers may lie apart. Either bound suffices.
///
/// ```
/// use phasegate_shadow::Tolerance;
/// let rule: Tolerance = serde_json::from_str(r#"{"absolute": "0.01", "relative": "1%"}"#)?;
/// assert!(rule.relative.is_some());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct Tolerance {
    /// By at most this much.
    pub absolute: Option<Decimal>,
    /// By at most this part of the larger of the two, without their signs.
    pub relative: Option<Ratio>,
}

impl Tolerance {
    /// Do these count as one? Numbers that 28 digits cannot hold are never near, only equal.
    pub(crate) fn allows(&self, old: &Number, new: &Number) -> bool {
        let near = || {
            let (old, new) = (old.decimal()?, new.decimal()?);
            let apart = old.checked_sub(new)?.abs();
            let absolute = self.absolute.is_some_and(|most| apart <= most);
            let relative = self.relative.is_some_and(|part| {
                let most = old.abs().max(new.abs()).checked_mul(part.to_decimal());
                most.is_some_and(|most| apart <= most)
            });
            Some(absolute || relative)
        };
        old == new || near().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::read(text).expect("a number")
    }

    #[test]
    fn one_number_has_one_form() {
        for (a, b, same) in [
            ("1", "1.0", true),
            ("1e2", "100", true),
            ("1.50e-3", "0.0015", true),
            ("-0", "0", true),
            ("0.0e9", "0", true),
            ("9007199254740993", "9007199254740992", false),
            ("0.1", "0.10000000000000000001", false),
            (
                "340282366920938463463374607431768211456",
                "340282366920938463463374607431768211457",
                false,
            ),
            ("1", "-1", false),
        ] {
            assert_eq!(number(a) == number(b), same, "{a} {b}");
        }
        assert_eq!(Number::read("1e99999999999"), None);
        assert_eq!(number("-12.50").to_string(), "-12.5");
        assert_eq!(number("1200").to_string(), "1200");
        assert_eq!(number("1e40").to_string(), "1e40");
        assert_eq!(number("0.05").to_string(), "0.05");
    }

    #[test]
    fn a_tolerance_has_exact_borders() {
        let rule = |absolute: Option<&str>, relative: Option<&str>| Tolerance {
            absolute: absolute.map(|text| text.parse().expect("a decimal")),
            relative: relative.map(|text| text.parse().expect("a ratio")),
        };
        for (tolerance, a, b, allowed) in [
            (rule(Some("0.1"), None), "1.0", "1.1", true),
            (rule(Some("0.1"), None), "1.0", "1.1000000001", false),
            (rule(None, Some("10%")), "100", "90", true),
            (rule(None, Some("10%")), "100", "89.999", false),
            (rule(None, Some("10%")), "-100", "-90", true),
            (rule(None, Some("10%")), "0", "0.001", false),
            (rule(Some("1"), Some("10%")), "0", "1", true),
            (rule(None, None), "5", "5.0", true),
            (rule(Some("1"), None), "1e40", "1e40", true),
            (rule(Some("1"), None), "1e40", "1e41", false),
        ] {
            assert_eq!(
                tolerance.allows(&number(a), &number(b)),
                allowed,
                "{tolerance:?} {a} {b}"
            );
        }
    }
}
