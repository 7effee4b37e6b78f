//! What a registry keeps over a restart: states of breakers, waits of credentials, balances.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::breaker::SavedBreaker;
use crate::budget::RetryBudget;
use crate::time::Clock;

use super::registry::{BreakerKey, Registry};

/// The version of [`SavedRegistry`] that this crate writes.
const VERSION: u32 = 1;

/// Everything worth keeping of a [`Registry`]. Times are durations; whoever saves notes the wall
/// time beside it.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::Tick;
/// use phasegate_resilience::config::{Registry, RegistrySettings, SavedRegistry};
///
/// let registry = Registry::new(RegistrySettings::default())?;
/// let saved: SavedRegistry = registry.save(&Tick::ZERO);
/// let text = serde_json::to_string(&saved).unwrap();
/// assert!(registry.restore(&serde_json::from_str(&text).unwrap(), Duration::ZERO, &Tick::ZERO));
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SavedRegistry {
    /// The version of this form.
    pub version: u32,
    /// What is kept of each policy, in the order of keys.
    pub policies: Vec<SavedPolicy>,
    /// What servers asked of each credential.
    pub waits: Vec<SavedWait>,
}

/// What is kept of one policy.
///
/// ```
/// use phasegate_resilience::config::{SavedPolicy, SavedRegistry};
///
/// /// Which policies are worth a word after a restart.
/// fn open(saved: &SavedRegistry) -> impl Iterator<Item = &SavedPolicy> {
///     let left = |kept: &&SavedPolicy| kept.breaker.is_some_and(|b| b.open_left_millis > 0);
///     saved.policies.iter().filter(left)
/// }
/// assert_eq!(open(&SavedRegistry::default()).count(), 0);
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SavedPolicy {
    /// Whose.
    pub key: BreakerKey,
    /// The state of its breaker, if it has one.
    pub breaker: Option<SavedBreaker>,
    /// What is left in its token budget, in thousandths, if it has one.
    pub budget_milli: Option<u64>,
}

/// How long a credential has to wait.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::Tick;
/// use phasegate_resilience::config::{Registry, RegistrySettings, SavedWait};
///
/// let text = "default = { not_before = '1h' }";
/// let registry = Registry::new(toml::from_str::<RegistrySettings>(text).unwrap())?;
/// let gate = registry.not_before("github", "deploy").expect("room");
/// gate.wait_for(Duration::from_secs(60), &Tick::ZERO);
/// let waits: Vec<SavedWait> = registry.save(&Tick::ZERO).waits;
/// assert_eq!((waits[0].provider.as_str(), waits[0].left_millis), ("github", 60_000));
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SavedWait {
    /// The system that asked.
    pub provider: String,
    /// The credential's name.
    pub credential: String,
    /// For how many more milliseconds, rounded up.
    pub left_millis: u64,
}

impl Registry {
    /// What is worth keeping over a restart, so that a program that is started again neither
    /// hammers a server that told it to stop nor forgets why.
    pub fn save<C: Clock>(&self, clock: &C) -> SavedRegistry {
        let policies = self.made().into_iter().map(|(key, policy)| SavedPolicy {
            key,
            breaker: policy.breaker_ref().map(|breaker| breaker.save(clock)),
            budget_milli: match policy.budget_ref() {
                Some(RetryBudget::Token(tokens)) => Some(tokens.left_milli()),
                Some(RetryBudget::Concurrent(_) | RetryBudget::Expiring(_)) | None => None,
            },
        });
        let waits = self
            .gates()
            .into_iter()
            .map(|((provider, credential), gate)| SavedWait {
                provider,
                credential,
                left_millis: crate::time::millis_up(gate.left(clock)),
            });
        SavedRegistry {
            version: VERSION,
            policies: policies.collect(),
            waits: waits.filter(|wait| wait.left_millis > 0).collect(),
        }
    }

    /// Takes up a saved state, `since_saved` later by the wall clock. Everything is cut to what
    /// *this* configuration allows: neither a wrong clock nor a changed file can hold a breaker
    /// open or a credential back beyond its longest. Keys that have no such piece any more are
    /// left out. A state of an unknown version is ignored; `false` says so.
    pub fn restore<C: Clock>(
        &self,
        saved: &SavedRegistry,
        since_saved: Duration,
        clock: &C,
    ) -> bool {
        if saved.version != VERSION {
            return false;
        }
        for kept in &saved.policies {
            let Ok(policy) = self.policy(&kept.key) else {
                continue;
            };
            if let (Some(state), Some(breaker)) = (&kept.breaker, policy.breaker_ref()) {
                let _known = breaker.restore(state, since_saved, clock);
            }
            if let (Some(milli), Some(RetryBudget::Token(tokens))) =
                (kept.budget_milli, policy.budget_ref())
            {
                tokens.restore_milli(milli);
            }
        }
        for wait in &saved.waits {
            if let Some(gate) = self.not_before(&wait.provider, &wait.credential) {
                gate.restore(Duration::from_millis(wait.left_millis), since_saved, clock);
            }
        }
        true
    }
}
