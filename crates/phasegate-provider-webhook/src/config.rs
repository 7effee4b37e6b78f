//! Where messages go, who may send and answer, and where their keys are found.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use phasegate_core::{ChannelId, PersonId, RoleId};
use phasegate_provider::signed::Key;
use phasegate_provider::{ProviderError, SecretSource};
use serde::{Deserialize, Serialize};

/// The channels of a [`WebhookNotifier`](crate::WebhookNotifier), by the names that plans use, and what signs.
///
/// ```
/// use phasegate_provider::SecretSource;
/// use phasegate_provider_webhook::WebhookConfig;
/// let read = r#"{"channels": {"ops": {"file": "/run/secrets/hook-url"}}, "keys": [{"env": "HOOK_KEY"}]}"#;
/// let config: WebhookConfig = serde_json::from_str(read)?;
/// let url = SecretSource::File("/run/secrets/hook-url".into());
/// let key = SecretSource::Env("HOOK_KEY".to_owned());
/// assert_eq!(config, WebhookConfig::default().with_channel("ops".parse()?, url).with_key(key));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct WebhookConfig {
    /// The URL of each channel, which is a secret: read at each message. Default none.
    pub channels: BTreeMap<ChannelId, SecretSource>,
    /// The keys (`whsec_` and base64), read at each message; the first is the current one, others are being
    /// retired. Default none, with which nothing is sent.
    pub keys: Vec<SecretSource>,
}

impl WebhookConfig {
    /// The same with another channel.
    #[must_use]
    pub fn with_channel(mut self, name: ChannelId, url: SecretSource) -> Self {
        self.channels.insert(name, url);
        self
    }

    /// The same with another key, after those that it has.
    #[must_use]
    pub fn with_key(mut self, key: SecretSource) -> Self {
        self.keys.push(key);
        self
    }
}

/// The sender of a [`WebhookInbox`](crate::WebhookInbox), and where is kept what came from it.
///
/// ```
/// use phasegate_provider::SecretSource;
/// use phasegate_provider_webhook::InboxConfig;
/// let read = r#"{"sender": "scanner", "file": "/var/lib/rollout/inbox", "keys": [{"env": "SCANNER_KEY"}]}"#;
/// let config: InboxConfig = serde_json::from_str(read)?;
/// let key = SecretSource::Env("SCANNER_KEY".to_owned());
/// assert_eq!(config, InboxConfig::new("scanner", "/var/lib/rollout/inbox").with_key(key));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct InboxConfig {
    /// Stands in occurrences as who says so.
    pub sender: String,
    /// What was taken in is kept here. It is made if it is missing.
    pub file: PathBuf,
    /// The sender's keys (`whsec_` and base64), read at each webhook; several while one is changed for another.
    /// Default none, with which nothing is taken.
    #[serde(default)]
    pub keys: Vec<SecretSource>,
}

impl InboxConfig {
    /// An inbox of a sender that has no keys yet.
    pub fn new(sender: impl Into<String>, file: impl Into<PathBuf>) -> Self {
        Self {
            sender: sender.into(),
            file: file.into(),
            keys: Vec::new(),
        }
    }

    /// The same with another key, after those that it has.
    #[must_use]
    pub fn with_key(mut self, key: SecretSource) -> Self {
        self.keys.push(key);
        self
    }
}

/// Somebody who may answer.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct Approver {
    /// Their keys (`whsec_` and base64), read at each answer; several while one is changed for another. Default
    /// none, with which they cannot answer.
    #[serde(default)]
    pub keys: Vec<SecretSource>,
    /// The roles in which they may answer. Default none.
    #[serde(default)]
    pub roles: BTreeSet<RoleId>,
}

/// The people of [`CallbackApprovals`](crate::CallbackApprovals), and where their answers are kept.
///
/// ```
/// use phasegate_provider::SecretSource;
/// use phasegate_provider_webhook::{Approver, CallbackConfig};
/// let read = r#"{"file": "/var/lib/rollout/answers",
///     "people": {"ada": {"keys": [{"file": "/run/secrets/ada"}], "roles": ["release-lead"]}}}"#;
/// let config: CallbackConfig = serde_json::from_str(read)?;
/// let ada = Approver {
///     keys: vec![SecretSource::File("/run/secrets/ada".into())],
///     roles: ["release-lead".parse()?].into(),
/// };
/// assert_eq!(config, CallbackConfig::new("/var/lib/rollout/answers").with_person("ada".parse()?, ada));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct CallbackConfig {
    /// Questions and answers are kept here. It is made if it is missing.
    pub file: PathBuf,
    /// Who may answer. Default nobody.
    #[serde(default)]
    pub people: BTreeMap<PersonId, Approver>,
}

impl CallbackConfig {
    /// A source whose questions nobody may answer yet.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            people: BTreeMap::new(),
        }
    }

    /// The same, where this person may answer too.
    #[must_use]
    pub fn with_person(mut self, person: PersonId, known: Approver) -> Self {
        self.people.insert(person, known);
        self
    }
}

/// Reads keys, as they are now.
pub(crate) fn keys(of: &[SecretSource], act: &str) -> Result<Vec<Key>, ProviderError> {
    let read = |source: &SecretSource| {
        Key::new(&source.resolve_for(act)?)
            .map_err(|error| ProviderError::misuse(format!("{act}: a key: {error}")))
    };
    of.iter().map(read).collect()
}
