//! What a text may have been meant as, where it is not what is wanted: `5 minutes` is `5m`, `16.09.2025`
//! is `2025-09-16`, `ramp up` is `ramp-up`. Only what can be read is offered.

/// Words that people write for units, and the units that may be meant.
const UNITS: [(&str, &[&str]); 10] = [
    ("millisecond", &["ms"]),
    ("second", &["s"]),
    ("sec", &["s"]),
    ("minute", &["m"]),
    ("min", &["m"]),
    ("hour", &["h"]),
    ("hr", &["h"]),
    ("day", &["d", "bd"]),
    ("week", &["w"]),
    ("month", &["mo"]),
];

/// More text than this is no slip.
const TEXT_LEN_MAX: usize = 40;

/// A hint that names the likeliest readings of a text that can be read, if there are any.
pub(crate) fn mend(text: &str, reads: impl Fn(&str) -> bool) -> Option<String> {
    if text.len() > TEXT_LEN_MAX {
        return None;
    }
    let mut found: Vec<String> = Vec::new();
    for candidate in candidates(text) {
        if reads(&candidate) && !found.contains(&candidate) {
            found.push(candidate);
        }
    }
    found.truncate(3);
    let quoted: Vec<String> = found.iter().map(|one| format!("'{one}'")).collect();
    (!quoted.is_empty()).then(|| format!("did you mean {}?", quoted.join(" or ")))
}

fn candidates(text: &str) -> Vec<String> {
    let close: String = text.split_whitespace().collect();
    let mut out = Vec::new();
    if close.bytes().any(|b| b.is_ascii_digit()) {
        out.push(close.to_lowercase());
    }
    out.extend(units(text));
    out.extend(date(&close));
    // A date where a moment is wanted.
    out.push(format!("{close}T00:00:00Z"));
    // From a later one to an earlier one.
    let ends = close.split_once("..");
    out.extend(ends.map(|(last, first)| format!("{first}..{last}")));
    let bare = !close.is_empty() && close.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if bare {
        out.extend(["%", "m", "h", "d"].map(|unit| format!("{close}{unit}")));
    } else if close.bytes().any(|b| b.is_ascii_alphabetic()) {
        out.push(id(text));
    }
    out
}

/// `1 hour 30 min` as `1h30m`; where a word may mean two units, both.
fn units(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (number, tail) = rest.split_at(end.unwrap_or(rest.len()));
        let tail = tail.trim_start();
        let end = tail.find(|c: char| !c.is_ascii_alphabetic());
        let (word, next) = tail.split_at(end.unwrap_or(tail.len()));
        let word = word.to_ascii_lowercase();
        let one = word.strip_suffix('s').unwrap_or(&word);
        let Some((_, meant)) = UNITS.iter().find(|(name, _)| *name == one) else {
            return Vec::new();
        };
        if number.is_empty() {
            return Vec::new();
        }
        out = out
            .iter()
            .flat_map(|before| {
                meant
                    .iter()
                    .map(move |unit| format!("{before}{number}{unit}"))
            })
            .take(4)
            .collect();
        rest = next.trim_start();
    }
    out
}

/// `16.09.2025`, `2025/9/16` as `2025-09-16`.
fn date(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(['.', '/', '-']).collect();
    let [first, second, third] = parts.as_slice() else {
        return None;
    };
    let (year, month, day) = if first.len() == 4 {
        (first, second, third)
    } else {
        (third, second, first)
    };
    Some(format!("{year}-{month:0>2}-{day:0>2}"))
}

/// Only what ids may hold, the rest as hyphens.
fn id(text: &str) -> String {
    let mut out = String::new();
    for c in text.trim().chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use phasegate_core::{PhaseId, Ratio, Span};

    use super::*;
    use crate::calendar::{Date, Length};

    fn as_a<T: std::str::FromStr>(text: &str) -> Option<String> {
        mend(text, |text| text.parse::<T>().is_ok())
    }

    #[test]
    fn a_slip_is_mended_and_what_means_nothing_is_not() {
        for (found, wanted) in [
            (as_a::<Span>("5 minutes"), Some("did you mean '5m'?")),
            (as_a::<Span>("1 hour 30 min"), Some("did you mean '1h30m'?")),
            (as_a::<Span>("soon"), None),
            (
                as_a::<Length>("5 days"),
                Some("did you mean '5d' or '5bd'?"),
            ),
            (as_a::<Ratio>("25"), Some("did you mean '25%'?")),
            (as_a::<Ratio>("250"), None),
            (
                as_a::<Date>("16.09.2025"),
                Some("did you mean '2025-09-16'?"),
            ),
            (as_a::<Date>("2025/9/6"), Some("did you mean '2025-09-06'?")),
            (
                as_a::<crate::calendar::DateWindow>("2025-09-30..2025-09-16"),
                Some("did you mean '2025-09-16..2025-09-30'?"),
            ),
            (as_a::<Length>("16w..12w"), Some("did you mean '12w..16w'?")),
            (as_a::<PhaseId>("Ramp up!"), Some("did you mean 'Ramp-up'?")),
        ] {
            assert_eq!(found.as_deref(), wanted);
        }
    }
}
