//! The role that answers queries for KPIs. It measures; it never judges.

use async_trait::async_trait;
use phasegate_core::{Measurement, Query, Span};

use super::Provider;
use crate::{Call, ErrorKind, ProviderError, Sent};

/// Answers queries for KPIs.
///
/// An answer covers the window that was asked for or a part of it, in the form that was asked for.
/// NaN, several series where one is wanted, or text where a number is wanted are
/// [`Invalid`](crate::ErrorKind::Invalid); an empty answer is [`NoData`](crate::ErrorKind::NoData);
/// neither is ever a number.
///
/// Dropping the future gives the query up; the source may still work on it.
#[async_trait]
pub trait MetricSource: Provider {
    /// Answers one query.
    async fn measure(&self, query: &Query, call: &Call) -> Result<Measurement, ProviderError>;
}

/// Holds a window against the present, for a source that is asked what is so now: an answer of now stands for the end of
/// the window if that was not longer than `within` before the call was made, and never for the future. `act` says what
/// is tried.
///
/// # Errors
/// [`NoData`](ErrorKind::NoData): the source has nothing for that time.
pub fn answers_now(
    query: &Query,
    call: &Call,
    within: Span,
    act: &str,
) -> Result<(), ProviderError> {
    let end = query.window.end;
    let why = if end > call.at {
        "the window ends in the future"
    } else if call.at.since(end) > within {
        "the window ended too long ago for an answer about now"
    } else {
        return Ok(());
    };
    let told = format!("{act}: {why}");
    Err(ProviderError::new(ErrorKind::NoData, Sent::Nothing, told))
}
