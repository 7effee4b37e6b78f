//! The role: which query each form needs, and what its answer means.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::{
    Capability, Decimal, Measurement, Observed, Quantity, Query, Span, Timestamp, Unit, Wants,
    Window,
};
use phasegate_provider::{Call, HttpTransport, Method, MetricSource, Provider, ProviderError};

use crate::config::{PrometheusConfig, PrometheusConfigError};
use crate::wire::{Found, decode};
use crate::{counts, histogram, scalar};

/// The most points of one range query. The server refuses more than 11 000 for each series; fewer keep
/// answers with a hundred series within a few megabytes.
const POINTS_MAX: u64 = 2000;

/// A Prometheus server, or what speaks its query API.
#[derive(Clone, Debug)]
pub struct PrometheusSource {
    config: PrometheusConfig,
    histogram_unit: Unit,
    transport: Arc<dyn HttpTransport>,
}

impl PrometheusSource {
    /// A source that asks this server over this transport.
    ///
    /// # Errors
    /// [`PrometheusConfigError`] for a configuration that cannot be meant.
    pub fn new(
        config: PrometheusConfig,
        transport: Arc<dyn HttpTransport>,
    ) -> Result<Self, PrometheusConfigError> {
        let histogram_unit = config.checked()?;
        Ok(Self {
            config,
            histogram_unit,
            transport,
        })
    }

    async fn ask(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        call: &Call,
        act: &str,
    ) -> Result<Found, ProviderError> {
        // The server stops working on what nobody waits for.
        let timeout = format!("{}ms", call.deadline.as_millis());
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .append_pair("timeout", &timeout)
            .finish();
        let request = self
            .config
            .endpoint
            .request(Method::Post, path, act)?
            .with_body("application/x-www-form-urlencoded", form);
        let answer = self.transport.send(request, call).await?;
        decode(answer, self.config.warnings, act)
    }

    async fn instant(&self, query: &Query, call: &Call, act: &str) -> Result<Found, ProviderError> {
        let time = seconds(query.window.end);
        let fields = [("query", query.text.as_str()), ("time", time.as_str())];
        self.ask("/api/v1/query", &fields, call, act).await
    }

    /// Points at the window's end and every step back to its start, and for a series that has none there its
    /// last one before; the window that they cover.
    async fn range(
        &self,
        query: &Query,
        call: &Call,
        act: &str,
    ) -> Result<(Found, Window), ProviderError> {
        let length = query.window.span().as_millis();
        let steps = length.div_ceil(self.config.step.as_millis().max(1));
        let steps = steps.clamp(1, POINTS_MAX);
        let step = (length / steps).max(1);
        let covered = Window {
            start: query
                .window
                .end
                .before(Span::from_millis(step.saturating_mul(steps))),
            ..query.window
        };
        if length == 0 || covered.start < query.window.start {
            return Err(ProviderError::misuse(format!("{act}: the window is empty")));
        }
        let back = self.config.lookback.as_millis().div_ceil(step);
        let back = Span::from_millis(step.saturating_mul(back.min(POINTS_MAX)));
        let start = seconds(covered.start.before(back));
        let end = seconds(covered.end);
        let step = format!("{}.{:03}", step / 1000, step % 1000);
        let fields = [
            ("query", query.text.as_str()),
            ("start", start.as_str()),
            ("end", end.as_str()),
            ("step", step.as_str()),
            // VictoriaMetrics else moves start and end to multiples of the step.
            ("nocache", "1"),
        ];
        let found = self.ask("/api/v1/query_range", &fields, call, act).await?;
        Ok((from_start(found, covered.start), covered))
    }

    /// A number in the query's unit, in the histogram's; as it is where the query has no unit.
    fn in_histogram_unit(&self, number: Decimal, unit: &str) -> Option<Decimal> {
        if unit.is_empty() {
            return Some(number);
        }
        let quantity: Quantity = format!("{number}{unit}").parse().ok()?;
        Some(quantity.in_unit(&self.histogram_unit)?.number())
    }

    /// How many of the query's units are one of the histogram's.
    fn scale(&self, unit: &str) -> Option<f64> {
        if unit.is_empty() {
            return Some(1.0);
        }
        let one: Quantity = format!("1{}", self.histogram_unit).parse().ok()?;
        let unit: Unit = unit.parse().ok()?;
        Some(one.in_unit(&unit)?.number().to_f64())
    }

    fn another_unit(&self, query: &Query, act: &str) -> ProviderError {
        ProviderError::misuse(format!(
            "{act}: histograms count in '{}', which does not go with '{}'",
            self.histogram_unit, query.unit
        ))
    }
}

/// The series that have a point in the window, without their points from before its start but the last one.
/// Prometheus looks five minutes back for a point; VictoriaMetrics about one scrape interval.
fn from_start(found: Found, start: Timestamp) -> Found {
    let Found::Matrix(mut series) = found else {
        return found;
    };
    // As the server writes it, so that the same moment is the same number.
    let start = seconds(start).parse().unwrap_or(f64::INFINITY);
    series.retain_mut(|one| trim(&mut one.values, start) | trim(&mut one.histograms, start));
    Found::Matrix(series)
}

/// Drops all points before the first that counts; whether any is in the window.
fn trim<T>(points: &mut Vec<(f64, T)>, start: f64) -> bool {
    let known = points.partition_point(|(at, _)| *at <= start);
    let inside = points.last().is_some_and(|(at, _)| *at >= start);
    points.drain(..known.saturating_sub(1));
    inside
}

/// Seconds since 1970 with milliseconds, as the API reads them.
fn seconds(at: Timestamp) -> String {
    let millis = at.as_unix_millis();
    let sign = if millis < 0 { "-" } else { "" };
    let millis = millis.unsigned_abs();
    format!("{sign}{}.{:03}", millis / 1000, millis % 1000)
}

impl Provider for PrometheusSource {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([
            Capability::MeasureBelow,
            Capability::MeasureDistribution,
            Capability::MeasureScalar,
            Capability::MeasureShare,
        ])
    }
}

#[async_trait]
impl MetricSource for PrometheusSource {
    async fn measure(&self, query: &Query, call: &Call) -> Result<Measurement, ProviderError> {
        let act = &format!("query prometheus for {}", query.kpi);
        let (window, samples, observed) = match query.wants {
            Wants::Scalar => {
                let found = self.instant(query, call, act).await?;
                let (value, samples) = scalar::scalar(found, act)?;
                (query.window, samples, Observed::Scalar { value })
            }
            Wants::Share => {
                let (found, window) = self.range(query, call, act).await?;
                let series = counts::matrix(found, act)?;
                let absent = self.config.absent_matching;
                let (matching, total) = counts::share(&series, absent, act)?;
                (window, total, Observed::Share { matching, total })
            }
            Wants::Below { threshold, .. } => {
                let own = self.in_histogram_unit(threshold, &query.unit);
                let own = own.ok_or_else(|| self.another_unit(query, act))?;
                let (found, window) = self.range(query, call, act).await?;
                let buckets = histogram::buckets(&counts::matrix(found, act)?, act)?;
                let (below, total) = histogram::below(&buckets, own, act)?;
                let observed = Observed::Below {
                    threshold,
                    below,
                    total,
                };
                (window, total, observed)
            }
            Wants::Distribution => {
                let scale = self.scale(&query.unit);
                let scale = scale.ok_or_else(|| self.another_unit(query, act))?;
                let (found, window) = self.range(query, call, act).await?;
                let buckets = histogram::buckets(&counts::matrix(found, act)?, act)?;
                let distribution = histogram::distribution(&buckets, scale, act)?;
                let sketch = distribution.encode();
                let observed = Observed::Distribution { sketch };
                (window, distribution.count(), observed)
            }
            _ => {
                let told = format!("{act}: this form of answer is not known");
                return Err(ProviderError::misuse(told));
            }
        };
        Ok(Measurement {
            window,
            samples,
            observed,
        })
    }
}
