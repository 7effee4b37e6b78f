//! Faults as text for people, in the manner of a compiler.

use super::{Fault, Faults, Severity};

impl Fault {
    /// The fault with its source line, an underline and the help, ending in a newline.
    pub fn render(&self) -> String {
        let message = escaped(&self.message);
        let mut out = format!("{}[{}]: {message}\n", self.severity, self.code);
        if let Some(place) = &self.place {
            let number = place.line.to_string();
            let pad = " ".repeat(number.len());
            let column = place.column.saturating_sub(place.snippet_column);
            let column = usize::try_from(column).unwrap_or(0);
            let cut = if place.snippet_column > 1 { "..." } else { "" };
            // Tabs stay tabs, so that the underline keeps its place under the source.
            let lead: String = place
                .snippet
                .chars()
                .chain(std::iter::repeat(' '))
                .take(column)
                .map(|c| if c == '\t' { '\t' } else { ' ' })
                .collect();
            let width = usize::try_from(place.width.max(1)).unwrap_or(1);
            let snippet: String = place.snippet.chars().map(visible).collect();
            let place = escaped(&place.to_string());
            out.push_str(&format!("{pad}--> {place}\n"));
            out.push_str(&format!("{pad} |\n"));
            out.push_str(&format!("{number} | {cut}{snippet}\n"));
            out.push_str(&format!(
                "{pad} | {}{lead}{}\n",
                " ".repeat(cut.len()),
                "^".repeat(width.min(200))
            ));
            if let Some(help) = &self.help {
                out.push_str(&format!("{pad} = help: {}\n", escaped(help)));
            }
        } else if let Some(help) = &self.help {
            out.push_str(&format!(" = help: {}\n", escaped(help)));
        }
        out
    }
}

/// In the source line one character stands for one, so that the underline keeps its place.
fn visible(c: char) -> char {
    if misleads(c) && c != '\t' {
        '\u{fffd}'
    } else {
        c
    }
}

/// A text of a hostile document as it may reach a terminal: what misleads is written out.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if misleads(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// Controls move the cursor, and marks of direction show a line in another order than it has (the
/// explicit ones of Unicode's bidirectional algorithm, UAX 9 section 2).
fn misleads(c: char) -> bool {
    let direction = matches!(c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || direction
}

impl Faults {
    /// All faults, each with its source line, and a closing line that counts them.
    pub fn render(&self) -> String {
        let mut out = String::new();
        for fault in self {
            out.push_str(&fault.render());
            out.push('\n');
        }
        let errors = self
            .iter()
            .filter(|f| f.severity == Severity::Error)
            .count();
        let warnings = self.len() - errors;
        out.push_str(&format!("{}\n", tally(errors, warnings)));
        out
    }
}

fn tally(errors: usize, warnings: usize) -> String {
    let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    format!("{}, {}", count(errors, "error"), count(warnings, "warning"))
}
