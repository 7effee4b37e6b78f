//! The role that splits traffic between the stable version and the canary.

use async_trait::async_trait;
use phasegate_core::{Ratio, Standing, TargetId};
use serde::{Deserialize, Serialize};

use super::{Provider, Receipt};
use crate::{Call, ProviderError};

/// How a route's traffic is split.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "adapters write it out")]
pub struct Traffic {
    /// The canary's share, computed from the other side's own numbers.
    pub canary: Ratio,
    /// The other side's own numbers, for people: `weights 64 and 192 of 256`.
    pub native: String,
}

/// Splits a route's traffic between two versions.
///
/// States are absolute and setting the same state twice is harmless. What was set can be read back,
/// if the capability [`ReadBack`](phasegate_core::Capability::ReadBack) is claimed.
///
/// Dropping a future of `set` leaves it unknown whether the change was made.
#[async_trait]
pub trait TrafficRouter: Provider {
    /// Reads how the route's traffic is split now.
    async fn read(&self, target: &TargetId, call: &Call) -> Result<Traffic, ProviderError>;

    /// Gives the canary this share of the route's traffic and the stable version the rest.
    async fn set(
        &self,
        target: &TargetId,
        canary: Ratio,
        call: &Call,
    ) -> Result<Receipt, ProviderError>;

    /// Says how a split that was found stands to the one that was wanted.
    ///
    /// The default compares exactly and knows no resting state. Adapters of systems that round, or
    /// that fall back to configured weights after a reload, have their own.
    fn judge(
        &self,
        target: &TargetId,
        desired: Ratio,
        before: Option<Ratio>,
        found: &Traffic,
    ) -> Standing {
        let _ = target;
        if found.canary == desired {
            Standing::AsDesired
        } else if before == Some(found.canary) {
            Standing::AsBefore
        } else {
            Standing::Other
        }
    }
}
