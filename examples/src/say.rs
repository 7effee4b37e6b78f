//! Lines for people. Where nobody reads any more, as behind `| head`, they are dropped quietly: the work goes
//! on and the exit code stays what it is.

use std::fmt::Arguments;
use std::io::Write as _;

/// Writes a line to the standard output.
pub fn line(text: Arguments<'_>) {
    drop(writeln!(std::io::stdout().lock(), "{}", plain(text)));
}

/// Writes a line to the standard error.
pub fn aside(text: Arguments<'_>) {
    drop(writeln!(std::io::stderr().lock(), "{}", plain(text)));
}

/// What a terminal would obey or turn round is shown as a mark: titles of plans are other people's words.
fn plain(text: Arguments<'_>) -> String {
    let shown = |sign: char| match sign {
        '\n' | '\t' => sign,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        sign if sign.is_control() => '\u{fffd}',
        sign => sign,
    };
    text.to_string().chars().map(shown).collect()
}

/// Writes what has its own line ends to the standard output.
pub fn text(text: &str) {
    drop(std::io::stdout().lock().write_all(text.as_bytes()));
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn nothing_reaches_a_terminal_that_it_would_obey() {
        let title = "\u{1b}[31mred\u{202e}\n\tline";
        assert_eq!(
            plain(format_args!("{title}")),
            "\u{fffd}[31mred\u{fffd}\n\tline"
        );
    }
}
