//! Policies by key, made when first asked for.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::breaker::{BreakerSnapshot, OpenLimit};
use crate::error::Misuse;
use crate::not_before::NotBefore;
use crate::policy::Policy;
use crate::sync::{Mutex, lock};

use super::settings::{PolicySettings, RegistrySettings};

/// What a policy, and so a breaker, is for: never a rollout, always a thing that can fail by
/// itself. Failures of the metrics source, of the control interface and of the service under
/// rollout have different providers or endpoint classes, and so never share a breaker.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "written out by every caller")]
pub struct BreakerKey {
    /// The system that is called.
    pub provider: String,
    /// The class of its endpoints that fails together.
    pub endpoint: String,
    /// The credential whose limits apply; a name, never the secret.
    pub credential: String,
}

/// Policies by key. Two callers with the same key share one, with all its pieces.
///
/// ```
/// use phasegate_resilience::config::{BreakerKey, Registry, RegistrySettings};
///
/// let settings: RegistrySettings = toml::from_str(r#"
///     [default]
///     timeout = "10s"
///     [policies."github/deployments"]
///     timeout = "30s"
///     retry = { attempts = 4, total = "2m", backoff = { first = "500ms", cap = "30s" } }
///     breaker = { window = { calls = 20 }, min_calls = 10, open_for = { first = "30s", cap = "10m" } }
/// "#).unwrap();
/// let registry = Registry::new(settings)?;
/// let key = |endpoint: &str| BreakerKey {
///     provider: "github".into(), endpoint: endpoint.into(), credential: "bot".into(),
/// };
/// let deployments = registry.policy(&key("deployments"))?;
/// assert!(deployments.breaker_ref().is_some());
/// assert!(registry.policy(&key("search"))?.breaker_ref().is_none());
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Debug)]
pub struct Registry {
    settings: RegistrySettings,
    most_keys: usize,
    open_limit: Option<Arc<OpenLimit>>,
    made: Mutex<BTreeMap<BreakerKey, Arc<Policy>>>,
    gates: Mutex<BTreeMap<Credential, Arc<NotBefore>>>,
}

/// A provider, and the name of a credential there.
type Credential = (String, String);

impl Registry {
    /// A registry without policies yet. Every entry is tried, so that a fault shows now and not at
    /// the first call.
    ///
    /// # Errors
    /// [`Misuse`] of the first entry that has one.
    pub fn new(settings: RegistrySettings) -> Result<Self, Misuse> {
        let _default = settings.default.build()?;
        for entry in settings.policies.values() {
            let _policy = entry.build()?;
        }
        let most_keys = settings.most_keys.unwrap_or(1024).max(1);
        let open_limit = settings
            .most_open
            .map(|most| Arc::new(OpenLimit::new(most)));
        Ok(Self {
            settings,
            most_keys,
            open_limit,
            made: Mutex::new(BTreeMap::new()),
            gates: Mutex::new(BTreeMap::new()),
        })
    }

    /// The policy of `key`, made if it is new.
    ///
    /// # Errors
    /// [`Misuse::TooManyKeys`] when there are as many keys as allowed: keys come from
    /// configuration, and a stream of new ones is a fault.
    pub fn policy(&self, key: &BreakerKey) -> Result<Arc<Policy>, Misuse> {
        let mut made = lock(&self.made);
        if let Some(policy) = made.get(key) {
            return Ok(Arc::clone(policy));
        }
        if made.len() >= self.most_keys {
            return Err(Misuse::TooManyKeys);
        }
        let settings = self.settings_of(key);
        let mut policy = settings.build_within(self.open_limit.as_ref())?;
        if settings.not_before.is_some()
            && let Some(gate) = self.not_before(&key.provider, &key.credential)
        {
            policy = policy.not_before(gate);
        }
        let policy = Arc::new(policy);
        made.insert(key.clone(), Arc::clone(&policy));
        Ok(policy)
    }

    /// The one gate of a credential, which all its endpoints share: a server limits a credential,
    /// not an endpoint. `None` when no settings of the provider have one.
    ///
    /// It waits at most for the longest time that any of them allows.
    pub fn not_before(&self, provider: &str, credential: &str) -> Option<Arc<NotBefore>> {
        let of = |name: &str| name == provider || name.split('/').next() == Some(provider);
        let own = self.settings.policies.iter().filter(|(name, _)| of(name));
        let longest = own
            .map(|(_, settings)| settings)
            .chain([&self.settings.default])
            .filter_map(|settings| settings.not_before)
            .max()?;
        Some(self.gate(provider, credential, longest.0))
    }

    fn gate(&self, provider: &str, credential: &str, longest: Duration) -> Arc<NotBefore> {
        let key = (provider.to_owned(), credential.to_owned());
        let mut gates = lock(&self.gates);
        let gate = gates
            .entry(key)
            .or_insert_with(|| Arc::new(NotBefore::new(longest)));
        Arc::clone(gate)
    }

    /// Every policy that was asked for, in the order of keys.
    pub(super) fn made(&self) -> Vec<(BreakerKey, Arc<Policy>)> {
        lock(&self.made)
            .iter()
            .map(|(key, policy)| (key.clone(), Arc::clone(policy)))
            .collect()
    }

    /// Every gate there is.
    pub(super) fn gates(&self) -> Vec<(Credential, Arc<NotBefore>)> {
        lock(&self.gates)
            .iter()
            .map(|(key, gate)| (key.clone(), Arc::clone(gate)))
            .collect()
    }

    /// Every breaker there is, with its numbers, in the order of keys.
    pub fn snapshots(&self) -> Vec<(BreakerKey, BreakerSnapshot)> {
        self.made()
            .into_iter()
            .filter_map(|(key, policy)| Some((key, policy.breaker_ref()?.snapshot())))
            .collect()
    }

    fn settings_of(&self, key: &BreakerKey) -> &PolicySettings {
        let policies = &self.settings.policies;
        policies
            .get(&format!("{}/{}", key.provider, key.endpoint))
            .or_else(|| policies.get(&key.provider))
            .unwrap_or(&self.settings.default)
    }
}
