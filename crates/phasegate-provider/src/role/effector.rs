//! The role for what has no narrower one: cohorts, configurations, workflows, comparisons, copies of
//! traffic, faults that a [`FaultInjector`](crate::FaultInjector) does not make, and commands on one of several targets.

use async_trait::async_trait;
use phasegate_core::Desired;

use super::{Provider, Receipt};
use crate::{Call, ProviderError};

/// Brings about what a plan desires where no other role of this crate does.
///
/// The call carries the effect's key: where the other side knows keys, hand it on, since the same effect
/// may be sent again under it. A workflow is done when it has ended well, a fault when it is on or off.
/// Dropping the future leaves it unknown what came of it.
#[async_trait]
pub trait Effector: Provider {
    /// Brings it about, to its end. What an effector does not know is
    /// [`Invalid`](crate::ErrorKind::Invalid) and nothing is sent.
    async fn perform(&self, desired: &Desired, call: &Call) -> Result<Receipt, ProviderError>;
}
