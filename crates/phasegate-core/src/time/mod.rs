//! Time as values: timestamps, spans, and the two clocks a reading consists of. Nothing here reads a clock.

mod now;
mod span;
mod timestamp;

pub use now::{BootId, Clock, Elapsed, Now};
pub use span::{Span, SpanError};
pub use timestamp::{Timestamp, TimestampError};
