//! Who is told what a comparer finds. Comparers begin and end comparisons as [`Effector`](crate::Effector)s; what they find
//! goes this way.

use std::fmt;

use async_trait::async_trait;
use phasegate_core::TargetId;

use crate::ProviderError;

/// One way in which old and new differ.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "comparers write it out")]
pub struct Found {
    /// What runs twice.
    pub target: TargetId,
    /// The way, the same for every sighting: `body/total`.
    pub id: String,
    /// How often it has been seen in all by now.
    pub count: u64,
    /// One sighting of it, for people. It holds what the two sides said.
    pub detail: String,
}

/// Takes in what comparers find.
///
/// Telling the same twice is harmless, as counts are of all sightings. Dropping the future leaves it unknown
/// whether it was taken in: tell it again.
#[async_trait]
pub trait DifferenceSink: fmt::Debug + Send + Sync {
    /// Takes it in; when this returns it is not forgotten any more.
    async fn differed(&self, found: &Found) -> Result<(), ProviderError>;
}
