//! What a router is told, and the checks before it starts.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use http::HeaderName;
use http::uri::Authority;
use phasegate_core::{Ratio, Span, TargetId};
use serde::{Deserialize, Serialize};

/// Why a router cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RouterError {
    /// An upstream is not of the form `host:port`.
    #[error("upstream '{text}' is not of the form host:port")]
    Upstream {
        /// What was given.
        text: String,
    },
    /// Not a header's name.
    #[error("'{text}' is not the name of a header")]
    Header {
        /// What was given.
        text: String,
    },
    /// A count or time that must not be zero.
    #[error("{field} must be more than zero")]
    Zero {
        /// The field of [`RouterConfig`].
        field: &'static str,
    },
    /// The address cannot be listened on.
    #[error("listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
}

/// A route with two upstreams.
///
/// ```
/// use phasegate_provider_inprocess::RouterConfig;
/// let config = RouterConfig::new("checkout".parse()?, "127.0.0.1:8001", "127.0.0.1:8002");
/// assert_eq!(config.arm_header.as_deref(), Some("x-phasegate-arm"));
/// # Ok::<(), phasegate_core::IdError>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RouterConfig {
    /// The name by which plans move this route's traffic.
    pub target: TargetId,
    /// Where the stable version listens: `host:port`, plain HTTP.
    pub stable: String,
    /// Where the canary listens: `host:port`, plain HTTP.
    pub canary: String,
    /// The canary's share when the router starts. Found again after a restart, it counts as resting.
    #[serde(default)]
    pub resting: Ratio,
    /// Seeds the draws that split requests: the same seed and the same order give the same split.
    #[serde(default)]
    pub seed: u64,
    /// Requests with the same value of this header go the same way at the same weight, and one that goes
    /// to the canary stays there while the weight grows. Requests without it are drawn.
    #[serde(default)]
    pub sticky_header: Option<String>,
    /// Answers say in this header which arm they come from. Default `x-phasegate-arm`.
    #[serde(default = "arm_header")]
    pub arm_header: Option<String>,
    /// How long connecting to an upstream may take. Default 2 s.
    #[serde(default = "connect_within")]
    pub connect_within: Span,
    /// How long an upstream may take until its answer begins, the request's body included. Default 30 s.
    #[serde(default = "answer_within")]
    pub answer_within: Span,
    /// How long a client may take to send its request's head. Default 10 s.
    #[serde(default = "head_within")]
    pub head_within: Span,
    /// How long an idle connection to an upstream is kept. Keep it below the upstreams' own limit.
    /// Default 10 s.
    #[serde(default = "keep_idle")]
    pub keep_idle: Span,
    /// The most client connections at the same time; more wait to be accepted. Default 4096, below the
    /// usual hard limit on open files with as many connections to upstreams.
    #[serde(default = "connections_max")]
    pub connections_max: usize,
    /// Where copies of requests are sent, as [`Router::mirror`](super::Router::mirror) is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<ShadowConfig>,
}

/// A third version that gets copies of requests, and whose answers nobody sees. It gets all kinds of requests, ones that change
/// something too: its own storage must bear that. A copy has the header `x-phasegate-copy`, follows the request when that has
/// been passed on as a whole, and is never waited for.
///
/// ```
/// use phasegate_provider_inprocess::{RouterConfig, ShadowConfig};
/// let config = RouterConfig::new("checkout".parse()?, "127.0.0.1:8001", "127.0.0.1:8002");
/// let config = config.with_shadow(ShadowConfig::new("127.0.0.1:8003"));
/// assert_eq!(config.shadow.map(|shadow| shadow.body_max), Some(64 * 1024));
/// # Ok::<(), phasegate_core::IdError>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ShadowConfig {
    /// Where it listens: `host:port`, plain HTTP.
    pub to: String,
    /// The most bytes of a body that is copied; requests with longer ones are left out. Default 64 KiB.
    #[serde(default = "body_max")]
    pub body_max: usize,
    /// The most copies under way at the same time; what would be more is left out. Default 64.
    #[serde(default = "at_once")]
    pub at_once: usize,
}

impl ShadowConfig {
    /// A shadow with defaults for everything else.
    pub fn new(to: impl Into<String>) -> Self {
        Self {
            to: to.into(),
            body_max: body_max(),
            at_once: at_once(),
        }
    }

    fn check(self) -> Result<CheckedShadow, RouterError> {
        if self.at_once == 0 {
            let field = "shadow.at_once";
            return Err(RouterError::Zero { field });
        }
        Ok(CheckedShadow {
            to: authority(self.to)?,
            body_max: self.body_max,
            at_once: self.at_once,
        })
    }
}

impl RouterConfig {
    /// A route with defaults for everything else.
    pub fn new(target: TargetId, stable: impl Into<String>, canary: impl Into<String>) -> Self {
        Self {
            target,
            stable: stable.into(),
            canary: canary.into(),
            resting: Ratio::ZERO,
            seed: 0,
            sticky_header: None,
            arm_header: arm_header(),
            connect_within: connect_within(),
            answer_within: answer_within(),
            head_within: head_within(),
            keep_idle: keep_idle(),
            connections_max: connections_max(),
            shadow: None,
        }
    }

    /// Sends copies of requests there.
    #[must_use]
    pub fn with_shadow(mut self, shadow: ShadowConfig) -> Self {
        self.shadow = Some(shadow);
        self
    }

    pub(super) fn check(self) -> Result<Checked, RouterError> {
        for (field, span) in [
            ("connect_within", self.connect_within),
            ("answer_within", self.answer_within),
            ("head_within", self.head_within),
        ] {
            if span.is_zero() {
                return Err(RouterError::Zero { field });
            }
        }
        if self.connections_max == 0 {
            let field = "connections_max";
            return Err(RouterError::Zero { field });
        }
        Ok(Checked {
            stable: authority(self.stable)?,
            canary: authority(self.canary)?,
            sticky_header: self.sticky_header.map(header).transpose()?,
            arm_header: self.arm_header.map(header).transpose()?,
            target: self.target,
            resting: self.resting,
            seed: self.seed,
            connect_within: self.connect_within,
            answer_within: self.answer_within,
            head_within: self.head_within,
            keep_idle: self.keep_idle,
            connections_max: self.connections_max,
            shadow: self.shadow.map(ShadowConfig::check).transpose()?,
        })
    }
}

/// A configuration that can be carried out.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    pub(super) target: TargetId,
    pub(super) stable: Authority,
    pub(super) canary: Authority,
    pub(super) resting: Ratio,
    pub(super) seed: u64,
    pub(super) sticky_header: Option<HeaderName>,
    pub(super) arm_header: Option<HeaderName>,
    pub(super) connect_within: Span,
    pub(super) answer_within: Span,
    pub(super) head_within: Span,
    pub(super) keep_idle: Span,
    pub(super) connections_max: usize,
    pub(super) shadow: Option<CheckedShadow>,
}

/// A shadow that can be sent to.
#[derive(Clone, Debug)]
pub(super) struct CheckedShadow {
    pub(super) to: Authority,
    pub(super) body_max: usize,
    pub(super) at_once: usize,
}

fn authority(text: String) -> Result<Authority, RouterError> {
    match text.parse::<Authority>() {
        Ok(found) if found.port_u16().is_some() && !text.contains('@') => Ok(found),
        Ok(_) | Err(_) => Err(RouterError::Upstream { text }),
    }
}

fn header(text: String) -> Result<HeaderName, RouterError> {
    match text.parse::<HeaderName>() {
        Ok(found) => Ok(found),
        Err(_) => Err(RouterError::Header { text }),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the default of an optional field")]
fn arm_header() -> Option<String> {
    Some("x-phasegate-arm".to_owned())
}

fn connect_within() -> Span {
    Span::from_secs(2)
}

fn answer_within() -> Span {
    Span::from_secs(30)
}

fn head_within() -> Span {
    Span::from_secs(10)
}

fn keep_idle() -> Span {
    Span::from_secs(10)
}

fn connections_max() -> usize {
    4096
}

fn body_max() -> usize {
    64 * 1024
}

fn at_once() -> usize {
    64
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} and {}", self.target, self.stable, self.canary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> RouterConfig {
        RouterConfig::new("r".parse().expect("an id"), "127.0.0.1:1", "[::1]:2")
    }

    #[test]
    fn a_configuration_is_checked_before_the_start() {
        assert!(config().check().is_ok());
        let cases: [fn(&mut RouterConfig); 9] = [
            |c| c.stable = "127.0.0.1".to_owned(),
            |c| c.stable = "http://127.0.0.1:1".to_owned(),
            |c| c.canary = "user@host:1".to_owned(),
            |c| c.canary = String::new(),
            |c| c.sticky_header = Some("no name".to_owned()),
            |c| c.answer_within = Span::ZERO,
            |c| c.connections_max = 0,
            |c| c.shadow = Some(ShadowConfig::new("nowhere")),
            |c| {
                let none_at_once = ShadowConfig {
                    at_once: 0,
                    ..ShadowConfig::new("127.0.0.1:3")
                };
                c.shadow = Some(none_at_once);
            },
        ];
        for (at, spoil) in cases.iter().enumerate() {
            let mut config = config();
            spoil(&mut config);
            assert!(config.check().is_err(), "case {at}");
        }
    }
}
