//! The role that breaks things on purpose, and undoes it.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Provider, Receipt};
use crate::{Call, ProviderError};

/// Something that is broken on purpose now.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "adapters write it out")]
pub struct Broken {
    /// The experiment for which it is.
    pub experiment: String,
    /// The fault, by the name that the plan uses.
    pub fault: String,
    /// What that is, for people: `latency of 200 ms on 50 % of the connections to 127.0.0.1:6379`.
    pub native: String,
}

/// Breaks things on purpose, and undoes it.
///
/// What a fault's name means stands in the bindings, never in a plan; an unknown one is
/// [`Misuse`](crate::ErrorKind::Misuse) and nothing is broken. A fault that nobody stops ends by itself after
/// a time that the adapter's configuration states, so that one whose experiment was lost does not stay.
///
/// Dropping a future of `start` or `stop` leaves it unknown whether the change was made.
#[async_trait]
pub trait FaultInjector: Provider {
    /// What is broken for this experiment now.
    async fn read(&self, experiment: &str, call: &Call) -> Result<Option<Broken>, ProviderError>;

    /// Breaks it. Starting the same fault again is harmless and does not make it last longer; where something
    /// else is broken already, it is a [`Conflict`](crate::ErrorKind::Conflict).
    async fn start(
        &self,
        experiment: &str,
        fault: &str,
        call: &Call,
    ) -> Result<Receipt, ProviderError>;

    /// Mends what is broken for this experiment, whatever that is. Where nothing is, that is harmless.
    async fn stop(&self, experiment: &str, call: &Call) -> Result<Receipt, ProviderError>;
}
