//! What the adapter is told, with defaults that are safe.

use std::time::Duration;

use phasegate_core::{Span, Unit};
use phasegate_provider::{HttpEndpoint, Pace};
use phasegate_resilience::{Misuse, Policy};
use serde::{Deserialize, Serialize};

/// What to do with an answer that the server itself has doubts about.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Warnings {
    /// Take it.
    Accept,
    /// Refuse it: there is no measurement.
    #[default]
    Refuse,
}

/// What it means that no series of matching events exists while there is one of all events.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Absent {
    /// Perhaps a typing error: there is no measurement.
    #[default]
    Unknown,
    /// That none has happened yet: many clients make a series with its first event.
    Zero,
}

/// Why a configuration cannot be meant.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PrometheusConfigError {
    /// Not a unit.
    #[error("'{unit}' is no unit such as s, ms or B")]
    HistogramUnit {
        /// What was given.
        unit: String,
    },
    /// Shorter than the API can say.
    #[error("the step must be at least a millisecond")]
    Step,
}

/// Which server, and how its numbers are read.
///
/// ```
/// use phasegate_core::Span;
/// use phasegate_provider::HttpEndpoint;
/// use phasegate_provider_prometheus::PrometheusConfig;
/// let config = PrometheusConfig::new(HttpEndpoint::new("http://prometheus:9090"))
///     .with_step(Span::from_secs(5));
/// assert_eq!(config.histogram_unit, "s");
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct PrometheusConfig {
    /// The server.
    pub endpoint: HttpEndpoint,
    /// How far apart the points of a range query lie; the scrape interval is right. Longer windows than
    /// 2000 steps are asked for in 2000 longer ones. Default 15 s.
    #[serde(default = "step")]
    pub step: Span,
    /// How far before a window's start the last point of a counter is looked for where it has none at the
    /// start itself, so that a missed scrape there does not hide what was counted across it. Default 5 min,
    /// as far as Prometheus itself looks back; zero looks no further than the server does.
    #[serde(default = "lookback")]
    pub lookback: Span,
    /// The unit in which histograms count. Default `s`, as Prometheus' naming rules ask.
    #[serde(default = "histogram_unit")]
    pub histogram_unit: String,
    /// What to do with an answer that carries warnings or is said to be partial. Default: refuse it.
    #[serde(default)]
    pub warnings: Warnings,
    /// What it means that no matching series exists. Default: nobody knows.
    #[serde(default)]
    pub absent_matching: Absent,
}

fn step() -> Span {
    Span::from_secs(15)
}

fn lookback() -> Span {
    Span::from_secs(300)
}

fn histogram_unit() -> String {
    "s".to_owned()
}

impl PrometheusConfig {
    /// A server, read with the defaults.
    pub fn new(endpoint: HttpEndpoint) -> Self {
        Self {
            endpoint,
            step: step(),
            lookback: lookback(),
            histogram_unit: histogram_unit(),
            warnings: Warnings::Refuse,
            absent_matching: Absent::Unknown,
        }
    }

    /// The same with another step.
    #[must_use]
    pub fn with_step(mut self, step: Span) -> Self {
        self.step = step;
        self
    }

    /// The same, looking further or less far back for what a counter had at a window's start.
    #[must_use]
    pub fn with_lookback(mut self, lookback: Span) -> Self {
        self.lookback = lookback;
        self
    }

    /// The same with histograms that count in another unit.
    #[must_use]
    pub fn with_histogram_unit(mut self, unit: impl Into<String>) -> Self {
        self.histogram_unit = unit.into();
        self
    }

    /// The same with another way with warnings.
    #[must_use]
    pub fn with_warnings(mut self, warnings: Warnings) -> Self {
        self.warnings = warnings;
        self
    }

    /// The same with another reading of absent series.
    #[must_use]
    pub fn with_absent_matching(mut self, absent: Absent) -> Self {
        self.absent_matching = absent;
        self
    }

    pub(crate) fn checked(&self) -> Result<Unit, PrometheusConfigError> {
        if self.step.as_millis() == 0 {
            return Err(PrometheusConfigError::Step);
        }
        let unit = &self.histogram_unit;
        let parsed = unit.parse::<Unit>().ok();
        parsed.ok_or_else(|| PrometheusConfigError::HistogramUnit { unit: unit.clone() })
    }
}

/// A policy that suits one server: three attempts within ten seconds, 10 s for each, a breaker that opens
/// after five failures in a row, and 20 queries at once as the server itself allows by default
/// (`--query.max-concurrency`).
///
/// # Errors
/// None in fact; the parts check their numbers.
pub fn default_policy() -> Result<Policy, Misuse> {
    Pace::OWN.limited(20, Duration::from_secs(1), Duration::from_secs(1))
}
