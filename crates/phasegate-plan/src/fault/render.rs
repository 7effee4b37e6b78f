//! Faults as text for people, in the manner of a compiler.

use super::{Fault, Faults, Severity};

impl Fault {
    /// The fault with its source line, an underline and the help, ending in a newline.
    pub fn render(&self) -> String {
        let mut out = format!("{}[{}]: {}\n", self.severity, self.code, self.message);
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
            out.push_str(&format!("{pad}--> {place}\n"));
            out.push_str(&format!("{pad} |\n"));
            out.push_str(&format!("{number} | {cut}{snippet}\n"));
            out.push_str(&format!(
                "{pad} | {}{lead}{}\n",
                " ".repeat(cut.len()),
                "^".repeat(width.min(200))
            ));
            if let Some(help) = &self.help {
                out.push_str(&format!("{pad} = help: {help}\n"));
            }
        } else if let Some(help) = &self.help {
            out.push_str(&format!(" = help: {help}\n"));
        }
        out
    }
}

/// Control characters of hostile documents do not reach the terminal.
fn visible(c: char) -> char {
    if c.is_control() && c != '\t' {
        '\u{fffd}'
    } else {
        c
    }
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
