//! Lines for people. Where nobody reads any more, as behind `| head`, they are dropped quietly: the work goes
//! on and the exit code stays what it is.

use std::fmt::Arguments;
use std::io::Write as _;

/// Writes a line to the standard output.
pub fn line(text: Arguments<'_>) {
    drop(writeln!(std::io::stdout().lock(), "{text}"));
}

/// Writes a line to the standard error.
pub fn aside(text: Arguments<'_>) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

/// Writes what has its own line ends to the standard output.
pub fn text(text: &str) {
    drop(std::io::stdout().lock().write_all(text.as_bytes()));
}
