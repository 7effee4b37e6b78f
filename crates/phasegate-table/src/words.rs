//! What single words of a recording say, and how they are shown in messages.

use phasegate_core::Timestamp;

/// What stands in a place, for a message: short, in quotation marks, with nothing hidden in it.
///
/// ```
/// assert_eq!(phasegate_table::shown("12\u{1b}"), "\"12\\u{1b}\"");
/// ```
pub fn shown(text: &str) -> String {
    const MOST: usize = 40;
    let short: String = text.chars().take(MOST).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{short:?}{more}")
}

/// Seconds since 1970 as a moment, to the millisecond; none before 1970 or behind the year 9999.
///
/// ```
/// use phasegate_core::Timestamp;
/// assert_eq!(phasegate_table::moment(1.5), Some(Timestamp::from_unix_millis(1500)));
/// assert_eq!(phasegate_table::moment(-1.0), None);
/// ```
#[expect(clippy::cast_possible_truncation, reason = "checked to lie far within")]
pub fn moment(seconds: f64) -> Option<Timestamp> {
    /// The year 9999.
    const LAST: f64 = 253_402_300_799.0;
    let fits = (0.0..=LAST).contains(&seconds);
    fits.then(|| Timestamp::from_unix_millis((seconds * 1000.0).round() as i64))
}
