//! Query texts: NRQL as it is, but for the window, which is the rollout's and not the text's. Pure.

use phasegate_core::{Query, Wants, Window};
use phasegate_provider::ProviderError;

/// The longest text, in bytes.
const BYTES_MAX: usize = 16 << 10;
/// Clauses that say which time is asked about, or make several numbers of one.
const CLAUSES: [&str; 5] = ["SINCE", "UNTIL", "COMPARE", "TIMESERIES", "FACET"];

/// What a text asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Text {
    nrql: String,
    /// What the attributes of the answer are called; the second may be missing for one number.
    pub(crate) columns: [&'static str; 2],
}

impl Text {
    /// Reads a text. What is wrong with it is the plan's fault.
    pub(crate) fn parse(query: &Query, act: &str) -> Result<Self, ProviderError> {
        let misuse = |why: &str| Err(ProviderError::misuse(format!("{act}: {why}")));
        let text = query.text.trim();
        if text.len() > BYTES_MAX {
            return misuse("the text is longer than 16 KiB");
        }
        let Some(words) = words(text) else {
            return misuse("a quote is opened and not closed");
        };
        if !words
            .first()
            .is_some_and(|word| ["SELECT", "FROM"].contains(&&**word))
        {
            return misuse("the text must begin with SELECT or FROM");
        }
        if let Some(clause) = CLAUSES
            .iter()
            .find(|clause| words.iter().any(|word| word == *clause))
        {
            return misuse(&format!(
                "{clause}: the text is about the rollout's window, and one number"
            ));
        }
        let columns = match query.wants {
            Wants::Scalar => ["value", "samples"],
            Wants::Share => ["matching", "total"],
            Wants::Below { .. } | Wants::Distribution | _ => {
                return misuse("there is no answer in the form wanted: one number or a share");
            }
        };
        let nrql = text.to_owned();
        Ok(Self { nrql, columns })
    }

    /// The text about a window. Its bounds are numbers, and stand on a line of their own, which no comment hides.
    pub(crate) fn about(&self, window: Window) -> String {
        let (start, end) = (window.start.as_unix_millis(), window.end.as_unix_millis());
        format!("{}\nSINCE {start} UNTIL {end}", self.nrql)
    }
}

/// The words outside of quotes, in capitals; `None` where a quote is not closed.
fn words(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter.is_alphanumeric() || letter == '_' || letter == '.' {
            word.extend(letter.to_uppercase());
            continue;
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if ['\'', '"', '`'].contains(&letter) {
            loop {
                match letters.next()? {
                    '\\' => drop(letters.next()?),
                    other if other == letter => break,
                    _ => {}
                }
            }
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use phasegate_core::{Arm, Decimal, Timestamp, WindowKind};

    use super::*;

    fn query(text: &str, wants: Wants) -> Query {
        Query {
            to: "newrelic".parse().expect("an id"),
            kpi: "k".parse().expect("an id"),
            text: text.to_owned(),
            arm: Arm::Canary,
            window: Window {
                start: Timestamp::from_unix_millis(1_000),
                end: Timestamp::from_unix_millis(61_000),
                kind: WindowKind::Rolling,
            },
            unit: String::new(),
            wants,
        }
    }

    #[test]
    fn a_text_that_cannot_be_meant_says_why() {
        for (text, says) in [
            ("", "must begin"),
            ("DELETE FROM Transaction", "must begin"),
            ("'SELECT'", "must begin"),
            ("SELECT count(*) FROM T WHERE a = 'b", "not closed"),
            ("SELECT count(*) FROM T WHERE a = 'b\\'", "not closed"),
            ("SELECT count(*) FROM T since 1 hour ago", "SINCE"),
            ("SELECT count(*) FROM T\nUntil now", "UNTIL"),
            ("SELECT count(*) FROM T FACET host", "FACET"),
            ("SELECT count(*) FROM T TIMESERIES", "TIMESERIES"),
            ("SELECT count(*) FROM T COMPARE WITH 1 day ago", "COMPARE"),
        ] {
            let error = Text::parse(&query(text, Wants::Scalar), "ask").expect_err(text);
            assert!(error.to_string().contains(says), "{text}: {error}");
        }
        let below = Wants::Below {
            threshold: Decimal::ONE,
            inclusive: true,
        };
        for wants in [below, Wants::Distribution] {
            assert!(Text::parse(&query("SELECT 1 FROM T", wants), "ask").is_err());
        }
        let long = format!("SELECT {}", "x".repeat(BYTES_MAX));
        assert!(Text::parse(&query(&long, Wants::Scalar), "ask").is_err());
    }

    #[test]
    fn what_stands_in_quotes_or_in_names_is_no_clause() {
        let text = "FROM Transaction SELECT average(`since`) AS 'value' WHERE name = 'SINCE \\' until' \
                    AND facet.name = \"compare\" -- all of it";
        let question = query(text, Wants::Scalar);
        let read = Text::parse(&question, "ask").expect("read");
        let sent = read.about(question.window);
        assert_eq!(sent, format!("{text}\nSINCE 1000 UNTIL 61000"));
    }
}
