//! Query texts: a JSON object with one series and how its values become a number, or with two whose values are
//! counted.

use phasegate_core::Wants;
use serde::Deserialize;

use crate::ProviderError;

/// The longest text, in bytes.
const BYTES_MAX: usize = 16 << 10;

/// How the values of a window become one number.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "whoever reduces must know each")]
pub enum Reduce {
    /// Their arithmetic mean.
    Average,
    /// The youngest.
    Last,
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// All of them together.
    Sum,
}

/// A text as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    value: Option<String>,
    reduce: Option<Reduce>,
    matching: Option<String>,
    total: Option<String>,
}

/// What a text asks for. How a series is called is the adapter's: a column, a target.
///
/// ```
/// use phasegate_core::Wants;
/// use phasegate_provider::points::{PointsText, Reduce};
/// let text = r#"{"value": "app.queue", "reduce": "max"}"#;
/// let read = PointsText::parse(text, Wants::Scalar, "ask for queue")?;
/// let (value, reduce) = ("app.queue".to_owned(), Reduce::Max);
/// assert_eq!(read, PointsText::Scalar { value, reduce });
/// # Ok::<(), phasegate_provider::ProviderError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "an adapter must answer each")]
pub enum PointsText {
    /// One number.
    Scalar {
        /// Of which series.
        value: String,
        /// How its values become one.
        reduce: Reduce,
    },
    /// A share of events.
    Share {
        /// Which series counts those that match.
        matching: String,
        /// Which one counts all.
        total: String,
    },
}

impl PointsText {
    /// Reads a text. `act` says in errors what was done.
    ///
    /// # Errors
    /// Misuse: what is wrong with a text is the plan's fault.
    pub fn parse(text: &str, wants: Wants, act: &str) -> Result<Self, ProviderError> {
        let misuse = |why: &str| Err(ProviderError::misuse(format!("{act}: {why}")));
        if text.len() > BYTES_MAX {
            return misuse("the text is longer than 16 KiB");
        }
        let written: Written = match serde_json::from_str(text) {
            Ok(written) => written,
            Err(error) => {
                return misuse(&format!("the text is none that is understood: {error}"));
            }
        };
        let series = [&written.value, &written.matching, &written.total];
        let is_empty = |name: &String| name.trim().is_empty();
        if series.into_iter().flatten().any(is_empty) {
            return misuse("a series has no name");
        }
        match (wants, written) {
            (
                Wants::Scalar,
                Written {
                    value: Some(value),
                    reduce: Some(reduce),
                    matching: None,
                    total: None,
                },
            ) => Ok(Self::Scalar { value, reduce }),
            (
                Wants::Share,
                Written {
                    value: None,
                    reduce: None,
                    matching: Some(matching),
                    total: Some(total),
                },
            ) => Ok(Self::Share { matching, total }),
            (Wants::Scalar, _) => misuse("one number needs value and reduce, and nothing else"),
            (Wants::Share, _) => misuse("a share needs matching and total, and nothing else"),
            (Wants::Below { .. } | Wants::Distribution | _, _) => {
                misuse("there is no answer in the form wanted: one number or a share")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use phasegate_core::Decimal;

    use super::*;

    #[test]
    fn a_text_that_cannot_be_meant_says_why() {
        const BELOW: Wants = Wants::Below {
            threshold: Decimal::ONE,
            inclusive: true,
        };
        let (scalar, share) = (Wants::Scalar, Wants::Share);
        for (text, wants, says) in [
            ("app.errors", scalar, "none that is understood"),
            (r#"{"value": "a", "reduce": "mean"}"#, scalar, "mean"),
            (r#"{"value": "a", "reduse": "sum"}"#, scalar, "reduse"),
            (r#"{"value": "a"}"#, scalar, "needs value and reduce"),
            (r#"{"value": " ", "reduce": "sum"}"#, scalar, "has no name"),
            (
                r#"{"value": "a", "reduce": "sum", "total": "b"}"#,
                scalar,
                "nothing else",
            ),
            (
                r#"{"value": "a", "reduce": "sum"}"#,
                share,
                "needs matching",
            ),
            (r#"{"matching": "a"}"#, share, "needs matching"),
            (
                r#"{"matching": "a", "total": "b", "reduce": "sum"}"#,
                share,
                "nothing else",
            ),
            (r#"{"value": "a", "reduce": "sum"}"#, BELOW, "form wanted"),
            (
                r#"{"value": "a", "reduce": "sum"}"#,
                Wants::Distribution,
                "form wanted",
            ),
        ] {
            let error = PointsText::parse(text, wants, "ask")
                .expect_err(text)
                .to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
        let long = "x".repeat(BYTES_MAX + 1);
        assert!(PointsText::parse(&long, scalar, "ask").is_err());
        let text = r#"{"value": "a", "reduce": "last"}"#;
        let want = PointsText::Scalar {
            value: "a".to_owned(),
            reduce: Reduce::Last,
        };
        assert_eq!(PointsText::parse(text, scalar, "ask").ok(), Some(want));
    }
}
