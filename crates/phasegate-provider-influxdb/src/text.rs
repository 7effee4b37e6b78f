//! Query texts: one or two SELECT statements, whose parameters and columns say what they measure.
//!
//! The server obeys whatever it is sent, also a DROP in a GET request (it only warns), so a text that could be
//! anything but a look is refused here. Where strings and comments end is not parsed: what looks like more is refused
//! wherever it stands.

use phasegate_core::{Query, Timestamp, Wants};
use phasegate_provider::ProviderError;

/// The longest text, in bytes.
const BYTES_MAX: usize = 16 << 10;
/// Two columns need no more.
const STATEMENTS_MAX: usize = 2;

/// Which time a text asks about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Bounds {
    /// The window.
    Both,
    /// What was so at its end.
    End,
    /// What is so now.
    Now,
}

/// A text that can be meant.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) bounds: Bounds,
    /// The names of the columns: the part and the whole, or the value and its samples.
    pub(crate) columns: [&'static str; 2],
    pub(crate) statements: usize,
}

impl Text {
    /// Looks at a text before anybody is asked. Whether it is InfluxQL is for the server to say.
    pub(crate) fn parse(query: &Query, act: &str) -> Result<Self, ProviderError> {
        let misuse = |why: &str| ProviderError::misuse(format!("{act}: {why}"));
        let text = query.text.as_str();
        if text.len() > BYTES_MAX || text.contains('\0') {
            return Err(misuse(
                "the text is longer than 16 KiB, or holds a zero byte",
            ));
        }
        let statements = statements(text).map_err(misuse)?;
        let stands = |name| stands(text, name);
        let columns = match query.wants {
            Wants::Below { .. } => ["below", "total"],
            Wants::Scalar => ["value", "samples"],
            Wants::Share => ["matching", "total"],
            Wants::Distribution | _ => {
                return Err(misuse("InfluxQL has no answer in the form wanted"));
            }
        };
        let below = matches!(query.wants, Wants::Below { .. });
        if below && !(stands("threshold") && stands("inclusive")) {
            return Err(misuse(
                "counts below a threshold need $threshold, and $inclusive, whether it counts: \
                 (ms < $threshold OR (ms = $threshold AND $inclusive))",
            ));
        }
        let bounds = match (stands("start"), stands("end")) {
            (true, true) => Bounds::Both,
            _ if query.wants != Wants::Scalar => {
                return Err(misuse("counts of events need $start and $end"));
            }
            (false, true) => Bounds::End,
            (false, false) => Bounds::Now,
            (true, false) => {
                return Err(misuse("$start without $end asks for more than the window"));
            }
        };
        Ok(Self {
            bounds,
            columns,
            statements,
        })
    }
}

/// The parameters of a text, as JSON. The server binds them; nothing is spliced.
pub(crate) fn parameters(query: &Query, act: &str) -> Result<String, ProviderError> {
    let nanos = |at: Timestamp| {
        let nanos = i64::try_from(at.since(Timestamp::EPOCH).as_nanos());
        nanos.map_err(|_error| {
            ProviderError::misuse(format!("{act}: {at} is later than InfluxDB can say"))
        })
    };
    let (start, end) = (nanos(query.window.start)?, nanos(query.window.end)?);
    if end <= start {
        return Err(ProviderError::misuse(format!("{act}: the window is empty")));
    }
    let threshold = match query.wants {
        Wants::Below {
            threshold,
            inclusive,
        } => format!(r#","threshold":{threshold},"inclusive":{inclusive}"#),
        Wants::Distribution | Wants::Scalar | Wants::Share | _ => String::new(),
    };
    Ok(format!(r#"{{"start":{start},"end":{end}{threshold}}}"#))
}

/// How many statements there are, if each of them only looks.
fn statements(text: &str) -> Result<usize, &'static str> {
    let text = text.trim();
    let text = text.strip_suffix(';').unwrap_or(text);
    let mut count = 0;
    for statement in text.split(';') {
        let (word, rest) = statement
            .trim_start()
            .split_at_checked(6)
            .unwrap_or_default();
        if !word.eq_ignore_ascii_case("select") || rest.starts_with(is_name) {
            return Err("each statement must begin with SELECT, and hold no ';'");
        }
        count += 1;
    }
    let lower = text.to_ascii_lowercase();
    let writes = lower.match_indices("into").any(|(at, word)| {
        let (before, from) = lower.split_at(at);
        // A digit does not belong to the word that follows it.
        let begins = !before.ends_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        begins
            && !from
                .strip_prefix(word)
                .is_some_and(|rest| rest.starts_with(is_name))
    });
    if writes {
        return Err("a text must not write: the word INTO is refused wherever it stands");
    }
    if count > STATEMENTS_MAX {
        return Err("a text has two statements at most");
    }
    Ok(count)
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Does the parameter stand in the text?
fn stands(text: &str, name: &str) -> bool {
    let mark = format!("${name}");
    let mut after = text.split(&mark).skip(1);
    after.any(|rest| !rest.starts_with(is_name))
}

#[cfg(test)]
mod tests {
    use phasegate_core::{Arm, Decimal, Span, Window, WindowKind};
    use phasegate_provider::ErrorKind;

    use super::*;

    const BELOW: Wants = Wants::Below {
        threshold: Decimal::ONE,
        inclusive: true,
    };

    fn query(text: &str, wants: Wants, from: u64, to: u64) -> Query {
        Query {
            to: "influx".parse().expect("an id"),
            kpi: "k".parse().expect("an id"),
            text: text.to_owned(),
            arm: Arm::Canary,
            window: Window {
                start: Timestamp::EPOCH + Span::from_millis(from),
                end: Timestamp::EPOCH + Span::from_millis(to),
                kind: WindowKind::Rolling,
            },
            unit: String::new(),
            wants,
        }
    }

    fn read(text: &str, wants: Wants) -> Result<Bounds, ProviderError> {
        Text::parse(&query(text, wants, 0, 1), "ask").map(|text| text.bounds)
    }

    #[test]
    fn only_what_looks_is_sent() {
        for text in [
            "SELECT mean(ms) AS value FROM req",
            "  select mean(ms) AS value FROM req ; ",
            "SELECT\"ms\" AS value FROM \"intox\"",
            "SELECT pinto FROM x; SELECT into_1 FROM y",
        ] {
            assert!(read(text, Wants::Scalar).is_ok(), "{text}");
        }
        for text in [
            "",
            ";",
            "DROP DATABASE m",
            "SELECTED",
            "SHOW MEASUREMENTS",
            "EXPLAIN SELECT ms FROM req",
            "SELECT ms FROM req; DROP DATABASE m",
            "SELECT ms FROM req; DROP DATABASE m; SELECT ms FROM req",
            "SELECT ms FROM req;; SELECT ms FROM req",
            "SELECT ms FROM req/*;*/ DROP DATABASE m",
            "SELECT mean(ms) INTO x FROM req",
            "SELECT mean(ms)into\"x\" FROM req",
            "SELECT 1INTO x FROM req",
            "SELECT mean(ms) /**/INTO/**/ x FROM req",
            "SELECT a FROM x; SELECT a FROM y; SELECT a FROM z",
            "SELECT a FROM x\0",
            "SÉLECT a",
        ] {
            let error = read(text, Wants::Scalar).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::Misuse, "{text}");
        }
        let long = format!("SELECT {}", "x".repeat(BYTES_MAX));
        assert!(read(&long, Wants::Scalar).is_err());
    }

    #[test]
    fn a_text_has_the_parameters_that_its_form_needs() {
        for (rest, wants, want) in [
            ("$start $end", Wants::Scalar, Some(Bounds::Both)),
            ("$end", Wants::Scalar, Some(Bounds::End)),
            ("$ending $starts", Wants::Scalar, Some(Bounds::Now)),
            ("$start", Wants::Scalar, None),
            ("$start $end", Wants::Share, Some(Bounds::Both)),
            ("$end", Wants::Share, None),
            ("", Wants::Share, None),
            (
                "$start $end $threshold $inclusive",
                BELOW,
                Some(Bounds::Both),
            ),
            ("$start $end $threshold", BELOW, None),
            ("$start $end $inclusive", BELOW, None),
            ("$threshold $inclusive", BELOW, None),
            ("$start $end", Wants::Distribution, None),
        ] {
            let text = format!("SELECT {rest}");
            assert_eq!(read(&text, wants).ok(), want, "{text} {wants:?}");
        }
    }

    #[test]
    fn parameters_are_numbers_to_the_nanosecond() {
        let told = |wants, from, to| parameters(&query("", wants, from, to), "ask");
        let scalar = told(Wants::Scalar, 1, 2).expect("a window");
        assert_eq!(scalar, r#"{"start":1000000,"end":2000000}"#);
        let below = told(BELOW, 0, 1).expect("a window");
        let want = r#"{"start":0,"end":1000000,"threshold":1,"inclusive":true}"#;
        assert_eq!(below, want);
        for (from, to) in [(1, 1), (2, 1), (0, 10_000_000_000_000)] {
            let error = told(Wants::Scalar, from, to).expect_err("no window");
            assert_eq!(error.kind(), ErrorKind::Misuse);
        }
    }
}
