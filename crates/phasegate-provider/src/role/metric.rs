//! The role that answers queries for KPIs. It measures; it never judges.

use async_trait::async_trait;
use phasegate_core::{Measurement, Query};

use super::Provider;
use crate::{Call, ProviderError};

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
