//! Which server, as whom, and who is written to.

use std::collections::BTreeMap;
use std::time::Duration;

use phasegate_core::ChannelId;
use phasegate_provider::{Pace, SecretSource};
use phasegate_resilience::{Misuse, Policy};
use serde::{Deserialize, Serialize};

/// How the way to the server is kept from others.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "SMTP has these")]
pub enum Security {
    /// Not at all: to a server on this machine only.
    Plain,
    /// By STARTTLS, usually on port 587; a server that does not offer it is refused.
    StartTls,
    /// By TLS from the first byte on, usually on port 465: what RFC 8314 recommends.
    #[default]
    Tls,
}

/// A mail server, and the channels that are addresses.
///
/// ```
/// use phasegate_provider_mail::{MailConfig, Security};
/// let config: MailConfig = serde_json::from_str(
///     r#"{"host": "smtp.example.com", "from": "Rollouts <rollouts@example.com>", "user": "rollouts",
///         "password": {"file": "/run/secrets/smtp"}, "channels": {"ops": ["ops@example.com"]}}"#,
/// )?;
/// assert_eq!((config.security, config.port), (Security::Tls, 465));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct MailConfig {
    /// The server's name, which its certificate must have.
    pub host: String,
    /// Where it listens. Default 465.
    #[serde(default = "port")]
    pub port: u16,
    /// How the way to it is kept from others. Default: TLS.
    #[serde(default)]
    pub security: Security,
    /// As whom; with a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The user's password, read for each message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretSource>,
    /// From whom messages are: `Rollouts <rollouts@example.com>`.
    pub from: String,
    /// To whom each channel's messages go.
    #[serde(default)]
    pub channels: BTreeMap<ChannelId, Vec<String>>,
    /// As which host this side greets. Default `localhost`.
    #[serde(default = "hello")]
    pub hello: String,
    /// Authorities that are trusted besides, as PEM.
    #[serde(default)]
    pub roots_pem: Vec<String>,
    /// Are Mozilla's authorities trusted? Default yes.
    #[serde(default = "yes")]
    pub trust_public_roots: bool,
}

fn port() -> u16 {
    465
}

fn hello() -> String {
    "localhost".to_owned()
}

fn yes() -> bool {
    true
}

impl MailConfig {
    /// A server with TLS on port 465, which asks for no password; no channels yet.
    pub fn new(host: impl Into<String>, from: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: port(),
            security: Security::Tls,
            user: None,
            password: None,
            from: from.into(),
            channels: BTreeMap::new(),
            hello: hello(),
            roots_pem: Vec::new(),
            trust_public_roots: true,
        }
    }

    /// The same on another port, in another way.
    #[must_use]
    pub fn with_security(mut self, security: Security, port: u16) -> Self {
        (self.security, self.port) = (security, port);
        self
    }

    /// The same as this user.
    #[must_use]
    pub fn with_user(mut self, user: impl Into<String>, password: SecretSource) -> Self {
        (self.user, self.password) = (Some(user.into()), Some(password));
        self
    }

    /// The same with another channel.
    #[must_use]
    pub fn with_channel(mut self, name: ChannelId, addresses: Vec<String>) -> Self {
        self.channels.insert(name, addresses);
        self
    }
}

/// A policy that suits a relay of one's own, which publishes no limits: three attempts within thirty seconds, 10 s for
/// each, a breaker that opens after five failures in a row, and thirty messages a minute, so that a rollout that goes
/// wrong does not look like spam.
///
/// # Errors
/// None in fact; the parts check their numbers.
pub fn default_policy() -> Result<Policy, Misuse> {
    let pace = Pace {
        total: Duration::from_secs(30),
        pause: Duration::from_secs(1),
        pause_max: Duration::from_secs(10),
        ..Pace::HOSTED
    };
    pace.limited(30, Duration::from_secs(60), Duration::from_secs(5))
}
