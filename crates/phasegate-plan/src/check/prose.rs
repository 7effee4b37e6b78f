//! Words of people that state a number with a unit, or a comparison: what a machine could tell should not hang on
//! anybody's word. Names, versions and counts are left alone.

use super::Scope;
use super::walk::{Met, walk};
use crate::fault::Code;

pub(super) fn check(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    walk(draft, &mut |at, met| {
        let Met::Words(text) = met else {
            return;
        };
        if !scope.keeps(Code::NumberInWords, Code::NumberInWords.severity()) {
            return;
        }
        if let Some(number) = measured(text) {
            let message = format!("'{number}' is said in words only: nothing measures it");
            let help = "give the item 'criteria:', or the task 'within:' or criteria of its step";
            scope.report(Code::NumberInWords, at, message, help);
        }
    });
}

/// Units of what is usually measured.
const UNITS: [&str; 16] = [
    "GB", "GiB", "KB", "KiB", "MB", "MiB", "h", "hour", "hours", "min", "minute", "minutes", "ms",
    "s", "second", "seconds",
];

/// The first number of a text that has a unit or is compared, with both.
fn measured(text: &str) -> Option<&str> {
    let mut from = 0;
    while let Some(start) = text.get(from..)?.find(|c: char| c.is_ascii_digit()) {
        let start = from + start;
        let rest = text.get(start..)?;
        let len = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',')));
        let end = start + len.unwrap_or(rest.len());
        let before = text.get(..start)?;
        // A digit within a word is part of a name: `p95`, `v1.5`, `HEAD~1`.
        let within = before.ends_with(|c: char| c.is_alphanumeric() || "_-/~#.:".contains(c));
        let near = before.trim_end();
        let compared = near.ends_with(['<', '>', '≤', '≥', '=']);
        let behind = text.get(end..)?;
        // `HTTP 500s` are answers.
        let unit = if near.ends_with("HTTP") {
            0
        } else {
            unit(behind)
        };
        if !within && (compared || unit > 0) {
            let sign = near.chars().next_back().filter(|_| compared);
            let begin = sign.map_or(start, |sign| near.len() - sign.len_utf8());
            return text.get(begin..end + unit);
        }
        from = end;
    }
    None
}

/// How many bytes at the beginning of a text are a unit, with the space before it.
fn unit(text: &str) -> usize {
    let bare = text.strip_prefix(' ').unwrap_or(text);
    let space = text.len() - bare.len();
    if bare.starts_with('%') {
        return space + 1;
    }
    let word = bare
        .split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    if UNITS.contains(&word) {
        space + word.len()
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::measured;

    #[test]
    fn numbers_with_units_and_comparisons_are_found_and_names_are_not() {
        for (text, found) in [
            ("Errors stay below 1 % for all", Some("1 %")),
            ("Coverage ≥ 85%", Some("≥ 85%")),
            ("It answers within 200 ms", Some("200 ms")),
            ("Back in 1.5 hours", Some("1.5 hours")),
            ("Restored in 5min.", Some("5min")),
            ("Fewer than < 3 issues", Some("< 3")),
            ("First 2, then 30s", Some("30s")),
            ("Version 2.0 is out", None),
            ("p95 and v1.5.0-beta of 2025-09-30", None),
            ("All 5 of phase 1", None),
            ("HTTP/2 at port:443 s", None),
            ("4 hourly reports, 3 shops", None),
            ("HTTP 500s are understood", None),
            ("", None),
        ] {
            assert_eq!(measured(text), found, "{text}");
        }
    }
}
