//! A plan's dates as iCalendar ([RFC 5545](https://www.rfc-editor.org/rfc/rfc5545)).

mod events;
mod lines;
mod measured;
mod recurring;
mod zones;

pub use events::icalendar;
