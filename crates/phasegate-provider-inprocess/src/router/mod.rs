//! A weighted reverse proxy inside this process: HTTP/1.1 on real sockets, two upstreams, one weight.
//!
//! It streams bodies both ways, keeps connections alive on both sides and decides each request once. It
//! terminates no TLS, speaks no HTTP/2, passes no upgrades (WebSocket) on, and repeats a request only
//! where a kept connection closed before any byte of it was sent.

mod body;
mod config;
mod copies;
mod headers;
mod proxy;
mod server;
mod split;
mod tally;
mod upstream;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use phasegate_core::{Arm, Capability, Clock, Ratio, Standing, TargetId};
use phasegate_provider::{
    Call, ErrorKind, Provider, ProviderError, Receipt, Sent, Traffic, TrafficRouter,
};

use crate::Recorder;

pub use config::{RouterConfig, RouterError, ShadowConfig};
pub use copies::RouterMirror;
pub use server::{Drained, RunningRouter};

use self::config::Checked;
use self::copies::Copies;
use self::split::Split;
use self::upstream::Upstreams;

/// The router: splits requests between the stable version and the canary by one absolute weight that may
/// change at any time. Cheap to share; built by [`Router::start`].
pub struct Router {
    config: Checked,
    split: Split,
    copies: Copies,
    upstreams: Upstreams,
    recorder: Arc<Recorder>,
    clock: Arc<dyn Clock>,
    /// The highest lease epoch that has set the weight or the share of copies.
    fence: Mutex<u64>,
    counts: Counts,
}

/// What became of requests that did not end with an answer of an upstream.
#[derive(Debug, Default)]
struct Counts {
    cancelled: AtomicU64,
    unreachable: AtomicU64,
}

impl Router {
    /// How many requests their clients gave up before the answer was complete. They are in no
    /// measurement: they say nothing about the version that served them.
    pub fn cancelled(&self) -> u64 {
        self.counts.cancelled.load(Ordering::Relaxed)
    }

    /// How many requests were answered with 502 or 504 because the upstream could not be reached, broke
    /// off or did not answer in time. They are measured as failures of their arm.
    pub fn unreachable(&self) -> u64 {
        self.counts.unreachable.load(Ordering::Relaxed)
    }

    /// The canary's share now.
    pub fn canary(&self) -> Ratio {
        self.split.now().0
    }

    /// How often the weight has changed since the start.
    pub fn generation(&self) -> u64 {
        self.split.now().1
    }

    /// What the router measures.
    pub fn recorder(&self) -> &Arc<Recorder> {
        &self.recorder
    }

    /// Nobody else writes while this is held, and nobody whose lease is older afterwards.
    fn fenced(&self, target: &TargetId, call: &Call) -> Result<MutexGuard<'_, u64>, ProviderError> {
        let mut fence = self.fence.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(epoch) = call.fencing {
            if epoch < *fence {
                let detail = format!("set route '{target}': lease {epoch} is older than {fence}");
                return Err(ProviderError::new(
                    ErrorKind::Conflict,
                    Sent::Answered,
                    detail,
                ));
            }
            *fence = epoch;
        }
        Ok(fence)
    }

    fn check_target(&self, target: &TargetId) -> Result<(), ProviderError> {
        if *target == self.config.target {
            return Ok(());
        }
        let detail = format!(
            "find route '{target}': this router has '{}'",
            self.config.target
        );
        Err(ProviderError::new(
            ErrorKind::NotFound,
            Sent::Nothing,
            detail,
        ))
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router")
            .field("config", &self.config)
            .field("split", &self.split)
            .field("copies", &self.copies)
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

impl Provider for Router {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::ReadBack, Capability::Weights])
    }
}

#[async_trait]
impl TrafficRouter for Router {
    async fn read(&self, target: &TargetId, _call: &Call) -> Result<Traffic, ProviderError> {
        self.check_target(target)?;
        let (canary, generation) = self.split.now();
        Ok(Traffic {
            canary,
            native: format!("{canary} to {}, generation {generation}", Arm::Canary),
        })
    }

    /// Refuses the write of a holder whose lease is older than the one that wrote last.
    async fn set(
        &self,
        target: &TargetId,
        canary: Ratio,
        call: &Call,
    ) -> Result<Receipt, ProviderError> {
        self.check_target(target)?;
        let _alone = self.fenced(target, call)?;
        let generation = self.split.set(canary);
        Ok(Receipt::new(format!(
            "{canary} set, generation {generation}"
        )))
    }

    fn judge(
        &self,
        _target: &TargetId,
        desired: Ratio,
        before: Option<Ratio>,
        found: &Traffic,
    ) -> Standing {
        if found.canary == desired {
            Standing::AsDesired
        } else if before == Some(found.canary) {
            Standing::AsBefore
        } else if found.canary == self.config.resting {
            Standing::Resting
        } else {
            Standing::Other
        }
    }
}
