//! What the adapter is told, and a policy for the API's limit.

use std::collections::BTreeMap;
use std::time::Duration;

use phasegate_core::ChannelId;
use phasegate_provider::{Pace, SecretSource};
use phasegate_resilience::{Misuse, Policy};
use serde::{Deserialize, Serialize};

/// Where an incident stands, in the API's words.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "the API has these")]
pub enum Status {
    /// The cause is known.
    Identified,
    /// Something is wrong.
    Investigating,
    /// It seems mended and is watched.
    Monitoring,
    /// It is over.
    Resolved,
}

/// How a component does, in the API's words.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "the API has these")]
pub enum ComponentStatus {
    /// It works, slowly or badly.
    DegradedPerformance,
    /// It does not work.
    MajorOutage,
    /// It works.
    Operational,
    /// It does not work for some.
    PartialOutage,
    /// It is being worked on.
    UnderMaintenance,
}

/// What a message to one channel means on a page.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Entry {
    /// The page's id: letters and digits.
    pub page: String,
    /// The API key of a person who may change incidents there.
    pub api_key: SecretSource,
    /// Where the incident stands with such a message.
    pub status: Status,
    /// The components it is about, by id, and how they do with such a message. Default: none.
    #[serde(default)]
    pub components: BTreeMap<String, ComponentStatus>,
    /// Are the page's subscribers told? Default: yes.
    #[serde(default = "yes")]
    pub deliver: bool,
}

fn yes() -> bool {
    true
}

impl Entry {
    /// A meaning that touches no component and tells subscribers.
    pub fn new(page: impl Into<String>, api_key: SecretSource, status: Status) -> Self {
        Self {
            page: page.into(),
            api_key,
            status,
            components: BTreeMap::new(),
            deliver: true,
        }
    }

    /// The same with another component.
    #[must_use]
    pub fn with_component(mut self, id: impl Into<String>, status: ComponentStatus) -> Self {
        self.components.insert(id.into(), status);
        self
    }

    /// The same, telling subscribers or not.
    #[must_use]
    pub fn with_deliver(mut self, deliver: bool) -> Self {
        self.deliver = deliver;
        self
    }
}

/// The meanings, by the names that plans use for channels.
///
/// ```
/// use phasegate_provider_statuspage::StatusPageConfig;
/// let config: StatusPageConfig = serde_json::from_str(
///     r#"{"channels": {"public": {"page": "kctbh9vrtdwd", "api-key": {"env": "STATUSPAGE_KEY"},
///         "status": "investigating", "components": {"8kbf7d35c070": "partial_outage"}}}}"#,
/// )?;
/// assert_eq!(config.api, "https://api.statuspage.io");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct StatusPageConfig {
    /// The meanings.
    pub channels: BTreeMap<ChannelId, Entry>,
    /// The API, without its version. Default `https://api.statuspage.io`.
    pub api: String,
}

impl Default for StatusPageConfig {
    fn default() -> Self {
        Self {
            channels: BTreeMap::new(),
            api: "https://api.statuspage.io".to_owned(),
        }
    }
}

impl StatusPageConfig {
    /// The same with another channel.
    #[must_use]
    pub fn with_channel(mut self, name: ChannelId, entry: Entry) -> Self {
        self.channels.insert(name, entry);
        self
    }

    /// The same with another API.
    #[must_use]
    pub fn with_api(mut self, url: impl Into<String>) -> Self {
        self.api = url.into();
        self
    }
}

/// A policy for the limit of Statuspage, one request a second for each key: a message, which takes two, in two seconds
/// and waiting up to ten for its turn; three attempts within a minute, 20 s for each; a breaker that opens after five
/// failures in a row.
///
/// # Errors
/// None in fact; the parts check their numbers.
pub fn default_policy() -> Result<Policy, Misuse> {
    let pace = Pace {
        total: Duration::from_secs(60),
        each: Duration::from_secs(20),
        pause: Duration::from_secs(2),
        pause_max: Duration::from_secs(30),
        ..Pace::HOSTED
    };
    pace.limited(1, Duration::from_secs(2), Duration::from_secs(10))
}
