//! What the adapter is told, checked when it is built: names go into command lines.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use phasegate_core::{Span, TargetId};
use phasegate_provider::Pace;
use phasegate_resilience::{Misuse, Policy};
use serde::{Deserialize, Serialize};

/// Where HAProxy's runtime API listens (`stats socket … level admin`, which weights need).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Socket {
    /// Host and port. The API knows no passwords: keep it on loopback.
    Tcp(String),
    /// A Unix socket.
    Unix(PathBuf),
}

/// One route: a backend, and which of its servers are which version.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Route {
    /// The backend's name.
    pub backend: String,
    /// The names of its servers that run the new version; each gets the same weight.
    pub canary: Vec<String>,
    /// The names of its servers that run the stable version; each gets the same weight.
    pub stable: Vec<String>,
}

impl Route {
    /// A backend with one server for each version.
    pub fn new(
        backend: impl Into<String>,
        canary: impl Into<String>,
        stable: impl Into<String>,
    ) -> Self {
        Self {
            backend: backend.into(),
            canary: vec![canary.into()],
            stable: vec![stable.into()],
        }
    }
}

/// Why a configuration cannot be meant.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HaproxyConfigError {
    /// A version without servers.
    #[error("route '{route}' has no server for the {arm} version")]
    Empty {
        /// The route.
        route: TargetId,
        /// Which version.
        arm: phasegate_core::Arm,
    },
    /// A name that HAProxy would not take, or would take for something else.
    #[error("route '{route}': '{name}' is no name: HAProxy's have letters, digits and . : _ -")]
    Name {
        /// The route.
        route: TargetId,
        /// The name.
        name: String,
    },
    /// A server that is named twice.
    #[error("route '{route}' names the server '{name}' twice")]
    Twice {
        /// The route.
        route: TargetId,
        /// The server.
        name: String,
    },
    /// No time at all.
    #[error("within must be more than zero")]
    Within,
}

/// Which HAProxy, and what the names of routes mean.
///
/// ```
/// use phasegate_provider_haproxy::{HaproxyConfig, Route, Socket};
/// let config = HaproxyConfig::new(Socket::Unix("/run/haproxy/admin.sock".into()))
///     .with_route("checkout".parse()?, Route::new("be_checkout", "v2", "v1"));
/// assert_eq!(config.routes.len(), 1);
/// # Ok::<(), phasegate_core::IdError>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct HaproxyConfig {
    /// The runtime API.
    pub socket: Socket,
    /// The routes by the names that plans use.
    #[serde(default)]
    pub routes: BTreeMap<TargetId, Route>,
    /// How long one exchange may take; a call's deadline may be shorter. Default 2 s.
    #[serde(default = "within")]
    pub within: Span,
}

fn within() -> Span {
    Span::from_secs(2)
}

impl HaproxyConfig {
    /// An HAProxy without routes.
    pub fn new(socket: Socket) -> Self {
        Self {
            socket,
            routes: BTreeMap::new(),
            within: within(),
        }
    }

    /// The same with one more route.
    #[must_use]
    pub fn with_route(mut self, name: TargetId, route: Route) -> Self {
        self.routes.insert(name, route);
        self
    }

    /// The same with another time limit.
    #[must_use]
    pub fn with_within(mut self, within: Span) -> Self {
        self.within = within;
        self
    }

    pub(crate) fn check(&self) -> Result<(), HaproxyConfigError> {
        use phasegate_core::Arm;
        if self.within.is_zero() {
            return Err(HaproxyConfigError::Within);
        }
        for (name, route) in &self.routes {
            for (arm, servers) in [(Arm::Canary, &route.canary), (Arm::Stable, &route.stable)] {
                if servers.is_empty() {
                    let route = name.clone();
                    return Err(HaproxyConfigError::Empty { route, arm });
                }
            }
            let servers: Vec<&String> = route.canary.iter().chain(&route.stable).collect();
            for (at, server) in servers.iter().enumerate() {
                if servers.iter().skip(at + 1).any(|other| other == server) {
                    let (route, name) = (name.clone(), (*server).clone());
                    return Err(HaproxyConfigError::Twice { route, name });
                }
            }
            let fits = |text: &str| {
                let letter = |c: char| c.is_ascii_alphanumeric() || ".:_-".contains(c);
                !text.is_empty() && text.chars().all(letter)
            };
            for text in servers.into_iter().chain([&route.backend]) {
                if !fits(text) {
                    let (route, name) = (name.clone(), text.clone());
                    return Err(HaproxyConfigError::Name { route, name });
                }
            }
        }
        Ok(())
    }
}

/// A policy that suits a proxy on the same machine: three attempts within five seconds (weights are
/// absolute, so repeating is harmless) and a breaker that opens after five failures in a row.
///
/// # Errors
/// None in fact; the parts check their numbers.
pub fn default_policy() -> Result<Policy, Misuse> {
    let pace = Pace {
        total: Duration::from_secs(5),
        each: Duration::from_secs(2),
        pause: Duration::from_millis(50),
        pause_max: Duration::from_secs(1),
        open: Duration::from_secs(1),
        open_max: Duration::from_secs(30),
        ..Pace::OWN
    };
    pace.policy()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_be_more_than_a_name_is_refused() {
        let with = |route| {
            HaproxyConfig::new(Socket::Tcp("127.0.0.1:1".to_owned()))
                .with_route("r".parse().expect("an id"), route)
                .check()
        };
        assert_eq!(with(Route::new("b", "c", "s")), Ok(()));
        for bad in ["", "b; disable frontend f", "b/c", "b c", "b\n", "ä"] {
            for route in [
                Route::new(bad, "c", "s"),
                Route::new("b", bad, "s"),
                Route::new("b", "c", bad),
            ] {
                let error = with(route);
                assert!(
                    matches!(error, Err(HaproxyConfigError::Name { .. })),
                    "{bad:?}"
                );
            }
        }
        let twice = with(Route::new("b", "s", "s"));
        assert!(matches!(twice, Err(HaproxyConfigError::Twice { .. })));
        let mut empty = Route::new("b", "c", "s");
        empty.canary.clear();
        assert!(matches!(with(empty), Err(HaproxyConfigError::Empty { .. })));
    }
}
