//! What is looked at, and what counts as up.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{Span, TargetId};
use phasegate_provider::HttpEndpoint;
use serde::{Deserialize, Serialize};

/// How one thing is looked at.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Probe {
    /// By a command of the binding's command runner.
    Command(CommandProbe),
    /// By a GET.
    Http(HttpProbe),
    /// By a connection.
    Tcp(TcpProbe),
}

/// A command: status 0 is up, the statuses of `degraded` are degraded, all others are down.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct CommandProbe {
    /// Its name for the command runner.
    pub command: String,
    /// Statuses that say that it works in part.
    #[serde(default)]
    pub degraded: BTreeSet<i32>,
    /// How long it may take. Default 2 s.
    #[serde(default = "within")]
    pub within: Span,
}

impl CommandProbe {
    /// A command of this name.
    pub fn new(command: impl Into<String>) -> Self {
        Self {
            command: command.into(),
            degraded: BTreeSet::new(),
            within: within(),
        }
    }

    /// The same probe with another time limit.
    #[must_use]
    pub fn with_within(mut self, within: Span) -> Self {
        self.within = within;
        self
    }
}

/// A GET. Redirects are not followed: a page that asks for a password is not the health of anything.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct HttpProbe {
    /// The server.
    pub endpoint: HttpEndpoint,
    /// Path and query, beginning with `/`.
    pub path: String,
    /// Statuses that are not down. Default: 200 to 299.
    #[serde(default)]
    pub statuses: BTreeSet<u16>,
    /// Is the answer a document of component health? See the crate's documentation. Default no: the
    /// status decides.
    #[serde(default)]
    pub detailed: bool,
    /// Components without which nothing works: down, they make the whole down; others only degrade it.
    #[serde(default)]
    pub critical: BTreeSet<String>,
    /// How long it may take. Default 2 s.
    #[serde(default = "within")]
    pub within: Span,
}

impl HttpProbe {
    /// A probe that looks at the status only (liveness, readiness).
    pub fn new(endpoint: HttpEndpoint, path: impl Into<String>) -> Self {
        Self {
            endpoint,
            path: path.into(),
            statuses: BTreeSet::new(),
            detailed: false,
            critical: BTreeSet::new(),
            within: within(),
        }
    }

    /// The same probe, reading component health; these components are critical.
    #[must_use]
    pub fn with_components(
        mut self,
        critical: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.detailed = true;
        self.critical = critical.into_iter().map(Into::into).collect();
        self
    }

    /// The same probe with another time limit.
    #[must_use]
    pub fn with_within(mut self, within: Span) -> Self {
        self.within = within;
        self
    }
}

/// A TCP connection. Who accepts and never speaks looks up unless a greeting is asked for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct TcpProbe {
    /// Host and port.
    pub address: String,
    /// What is said after connecting. Default: nothing.
    #[serde(default)]
    pub say: String,
    /// How the answer must begin: `220 `, `+PONG`. Default: no answer is waited for.
    #[serde(default)]
    pub expect: String,
    /// How long it may take. Default 2 s.
    #[serde(default = "within")]
    pub within: Span,
}

impl TcpProbe {
    /// A probe that connects.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            say: String::new(),
            expect: String::new(),
            within: within(),
        }
    }

    /// The same probe with a short conversation.
    #[must_use]
    pub fn with_greeting(mut self, say: impl Into<String>, expect: impl Into<String>) -> Self {
        self.say = say.into();
        self.expect = expect.into();
        self
    }

    /// The same probe with another time limit.
    #[must_use]
    pub fn with_within(mut self, within: Span) -> Self {
        self.within = within;
        self
    }
}

/// The probes of one binding by the names that plans use.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct ProbesConfig {
    /// The things that are looked at.
    pub targets: BTreeMap<TargetId, Probe>,
}

fn within() -> Span {
    Span::from_secs(2)
}
