//! Whole rollouts as JSON lines.

mod document;
mod line;

pub use document::{Transcript, TranscriptError};
