//! Content lines: escaped, folded at 75 octets, ended as the format wants it.

use phasegate_core::Timestamp;
use phasegate_plan::calendar::Date;

use crate::text::clean;

/// The longest line, in octets without its end.
const OCTETS_MAX: usize = 75;

/// Content lines, one after the other.
#[derive(Debug, Default)]
pub(super) struct Lines {
    out: String,
}

impl Lines {
    /// A property whose value is written by this crate: a moment, a rule, a word.
    pub(super) fn put(&mut self, name: &str, value: &str) {
        self.line(&format!("{name}:{value}"));
    }

    /// A property whose value is a text of others.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.line(&format!("{name}:{}", escaped(&clean(text))));
    }

    /// Several texts of others, each on a line of the value; nothing if there is none.
    pub(super) fn texts(&mut self, name: &str, texts: &[String]) {
        let cleaned = texts.iter().map(|text| clean(text));
        let all: Vec<String> = cleaned
            .filter(|text| !text.is_empty())
            .map(|text| escaped(&text))
            .collect();
        if !all.is_empty() {
            self.line(&format!("{name}:{}", all.join("\\n")));
        }
    }

    pub(super) fn into_text(self) -> String {
        self.out
    }

    /// Folds between characters, never inside one.
    fn line(&mut self, line: &str) {
        let mut octets = 0;
        for c in line.chars() {
            if octets + c.len_utf8() > OCTETS_MAX {
                self.out.push_str("\r\n ");
                octets = 1;
            }
            self.out.push(c);
            octets += c.len_utf8();
        }
        self.out.push_str("\r\n");
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace(';', "\\;")
        .replace(',', "\\,")
        .replace('\n', "\\n")
}

/// A moment in universal time: `20250901T090000Z`. `None` for what the format cannot say: years of more
/// than four digits, and those before the first.
pub(super) fn moment(at: Timestamp) -> Option<String> {
    let text = at.to_string();
    let (date, time) = text.split_once('T')?;
    let date = date.replace('-', "");
    let whole = time.trim_end_matches('Z').split('.').next()?;
    (date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit()))
        .then(|| format!("{date}T{}Z", whole.replace(':', "")))
}

/// A day: `20250901`.
pub(super) fn day(date: Date) -> Option<String> {
    let year = u16::try_from(date.year())
        .ok()
        .filter(|year| *year <= 9_999)?;
    Some(format!("{year:04}{:02}{:02}", date.month(), date.day()))
}
