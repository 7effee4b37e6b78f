//! Query texts: a JSON object with one query and how its points become a number, or with two whose points are counted.

use phasegate_core::Wants;
use phasegate_provider::ProviderError;
use serde::Deserialize;

/// The longest text, in bytes.
const BYTES_MAX: usize = 16 << 10;

/// How Datadog makes one number of a window's points.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Reduce {
    Average,
    Last,
    Max,
    Min,
    /// That of the query itself, over all values of the window: `p95:…` of a distribution.
    Percentile,
    Sum,
}

impl Reduce {
    /// As Datadog calls it.
    fn aggregator(self) -> &'static str {
        match self {
            Self::Average => "avg",
            Self::Last => "last",
            Self::Max => "max",
            Self::Min => "min",
            Self::Percentile => "percentile",
            Self::Sum => "sum",
        }
    }
}

/// A text as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    value: Option<String>,
    reduce: Option<Reduce>,
    samples: Option<String>,
    matching: Option<String>,
    total: Option<String>,
}

/// A query in Datadog's language, and what makes one number of its points.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Part {
    pub(crate) query: String,
    pub(crate) aggregator: &'static str,
}

/// What a text asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Text {
    Scalar { value: Part, samples: Option<Part> },
    Share { matching: Part, total: Part },
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
            Err(error) => return misuse(&format!("the text is none that is understood: {error}")),
        };
        let queries = [
            &written.value,
            &written.samples,
            &written.matching,
            &written.total,
        ];
        if queries
            .into_iter()
            .flatten()
            .any(|query| query.trim().is_empty())
        {
            return misuse("a query is empty");
        }
        let counted = |query| Part {
            query,
            aggregator: Reduce::Sum.aggregator(),
        };
        match (wants, written) {
            (
                Wants::Scalar,
                Written {
                    value: Some(query),
                    reduce: Some(reduce),
                    samples,
                    matching: None,
                    total: None,
                },
            ) => Ok(Self::Scalar {
                value: Part {
                    query,
                    aggregator: reduce.aggregator(),
                },
                samples: samples.map(counted),
            }),
            (
                Wants::Share,
                Written {
                    value: None,
                    reduce: None,
                    samples: None,
                    matching: Some(matching),
                    total: Some(total),
                },
            ) => Ok(Self::Share {
                matching: counted(matching),
                total: counted(total),
            }),
            (Wants::Scalar, _) => {
                misuse("one number needs value and reduce, may have samples, and nothing else")
            }
            (Wants::Share, _) => misuse("a share needs matching and total, and nothing else"),
            (Wants::Below { .. } | Wants::Distribution | _, _) => {
                misuse("there is no answer in the form wanted: one number or a share")
            }
        }
    }

    /// The one or two queries.
    pub(crate) fn parts(&self) -> (&Part, Option<&Part>) {
        match self {
            Self::Scalar { value, samples } => (value, samples.as_ref()),
            Self::Share { matching, total } => (matching, Some(total)),
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
            ("avg:a{*}", scalar, "none that is understood"),
            (r#"{"value": "a", "reduce": "p95"}"#, scalar, "p95"),
            (r#"{"value": "a", "reduse": "sum"}"#, scalar, "reduse"),
            (r#"{"value": "a"}"#, scalar, "needs value and reduce"),
            (r#"{"value": " ", "reduce": "sum"}"#, scalar, "is empty"),
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
                r#"{"matching": "a", "total": "b", "samples": "c"}"#,
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
    }
}
