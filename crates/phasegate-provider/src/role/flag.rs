//! The role that holds feature flags.

use async_trait::async_trait;
use phasegate_core::{Ratio, Standing, TargetId};
use serde::{Deserialize, Serialize};

use super::{Provider, Receipt};
use crate::{Call, ProviderError};

/// For how many of its actors a flag is on.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "adapters write it out")]
pub struct Exposure {
    /// The share of actors; 0 % is off, 100 % is on for all.
    pub share: Ratio,
    /// The other side's own words, for people: `percentage_of_actors 25`.
    pub native: String,
}

/// Holds feature flags.
///
/// States are absolute and setting the same state twice is harmless. A flag whose other rules (groups,
/// lists) make its share a guess is [`Invalid`](crate::ErrorKind::Invalid) on reading, not a number.
///
/// Dropping a future of `set` leaves it unknown whether the change was made.
#[async_trait]
pub trait FlagStore: Provider {
    /// Reads for how many the flag is on.
    async fn read(&self, flag: &TargetId, call: &Call) -> Result<Exposure, ProviderError>;

    /// Turns the flag on for this share of its actors and off for the rest.
    async fn set(
        &self,
        flag: &TargetId,
        share: Ratio,
        call: &Call,
    ) -> Result<Receipt, ProviderError>;

    /// Says how an exposure that was found stands to the one that was wanted. The default compares
    /// exactly; adapters of systems that round have their own.
    fn judge(
        &self,
        flag: &TargetId,
        desired: Ratio,
        before: Option<Ratio>,
        found: &Exposure,
    ) -> Standing {
        let _ = flag;
        if found.share == desired {
            Standing::AsDesired
        } else if before == Some(found.share) {
            Standing::AsBefore
        } else {
            Standing::Other
        }
    }
}
