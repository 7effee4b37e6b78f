//! Query texts: a JSON object with one column and how its rows become a number, or with two whose rows are counted.

use phasegate_core::Wants;
use phasegate_provider::ProviderError;
use serde::Deserialize;

/// The longest text, in bytes.
const BYTES_MAX: usize = 16 << 10;

/// How the rows of a window become one number.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reduce {
    Average,
    Last,
    Max,
    Min,
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

/// A text that can be meant.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Text {
    Scalar { value: String, reduce: Reduce },
    Share { matching: String, total: String },
}

impl Text {
    /// Reads a text. What is wrong with it is the plan's fault.
    pub(crate) fn parse(text: &str, wants: Wants, act: &str) -> Result<Self, ProviderError> {
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
                misuse("a table has no answer in the form wanted")
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
            let error = Text::parse(text, wants, "ask").expect_err(text).to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
        let long = "x".repeat(BYTES_MAX + 1);
        assert!(Text::parse(&long, scalar, "ask").is_err());
        let text = r#"{"value": "a", "reduce": "last"}"#;
        let want = Text::Scalar {
            value: "a".to_owned(),
            reduce: Reduce::Last,
        };
        assert_eq!(Text::parse(text, scalar, "ask").ok(), Some(want));
    }
}
