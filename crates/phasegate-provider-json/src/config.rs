//! What the adapter is told, with defaults that are safe.

use std::time::Duration;

use phasegate_core::Span;
use phasegate_provider::{HttpEndpoint, Pace};
use phasegate_resilience::{Misuse, Policy};
use serde::{Deserialize, Serialize};

/// How the other side writes moments.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TimeForm {
    /// `2026-09-07T12:00:00.5Z`, a text.
    #[default]
    Rfc3339,
    /// Milliseconds since 1970, a number.
    UnixMillis,
    /// Whole seconds since 1970, a number. A window is cut to those that lie in it.
    UnixSeconds,
}

/// What it means that a path finds nothing.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Missing {
    /// That the API has nothing to tell: it leaves out what it has not measured.
    NoData,
    /// Perhaps a typing error: the answer is not usable.
    #[default]
    Refuse,
}

/// Which API, and how its numbers are read.
///
/// ```
/// use phasegate_provider::HttpEndpoint;
/// use phasegate_provider_json::{JsonConfig, TimeForm};
/// let config = JsonConfig::new(HttpEndpoint::new("https://stats.example.com"))
///     .with_time(TimeForm::UnixMillis);
/// let read = r#"{"endpoint": {"url": "https://stats.example.com"}, "time": "unix-millis"}"#;
/// assert_eq!(serde_json::from_str::<JsonConfig>(read)?, config);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct JsonConfig {
    /// The API. Texts name paths below it.
    pub endpoint: HttpEndpoint,
    /// How it writes the bounds of windows. Default RFC 3339.
    #[serde(default)]
    pub time: TimeForm,
    /// What it means that a path finds nothing. Default: the answer is refused.
    #[serde(default)]
    pub missing: Missing,
    /// How long after its end a window is still answered by a text without bounds, which asks what is so
    /// now. Default 1 min.
    #[serde(default = "now_within")]
    pub now_within: Span,
}

fn now_within() -> Span {
    Span::from_secs(60)
}

impl JsonConfig {
    /// An API, read with the defaults.
    pub fn new(endpoint: HttpEndpoint) -> Self {
        Self {
            endpoint,
            time: TimeForm::Rfc3339,
            missing: Missing::Refuse,
            now_within: now_within(),
        }
    }

    /// The same with moments in another form.
    #[must_use]
    pub fn with_time(mut self, time: TimeForm) -> Self {
        self.time = time;
        self
    }

    /// The same with another reading of what is missing.
    #[must_use]
    pub fn with_missing(mut self, missing: Missing) -> Self {
        self.missing = missing;
        self
    }

    /// The same with more or less time between a window's end and the present.
    #[must_use]
    pub fn with_now_within(mut self, span: Span) -> Self {
        self.now_within = span;
        self
    }
}

/// A policy that suits a small service, as nobody publishes limits for all of them: three attempts within ten
/// seconds, 10 s for each, a breaker that opens after five failures in a row, five requests a second.
///
/// # Errors
/// None in fact; the parts check their numbers.
pub fn default_policy() -> Result<Policy, Misuse> {
    Pace::OWN.limited(5, Duration::from_secs(1), Duration::from_secs(1))
}
