//! The recorder as a metric source: from windows to slots, from slots to the form that is wanted.

use std::collections::BTreeSet;

use async_trait::async_trait;
use phasegate_core::{
    Arm, Capability, Decimal, Measurement, Observed, Query, Timestamp, Wants, Window, WindowKind,
};
use phasegate_percentile::Histogram;
use phasegate_provider::{Call, MetricSource, Provider, ProviderError};

use super::Recorder;
use super::slots::Totals;
use super::text::{Asked, Statistic, nanos_max, unit_nanos};

/// A stretch of whole slots, and the arms that are asked about.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    arms: &'static [Arm],
    from: i64,
    to: i64,
    kind: WindowKind,
}

impl Provider for Recorder {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([
            Capability::MeasureBelow,
            Capability::MeasureDistribution,
            Capability::MeasurePerArm,
            Capability::MeasureScalar,
            Capability::MeasureShare,
        ])
    }
}

#[async_trait]
impl MetricSource for Recorder {
    async fn measure(&self, query: &Query, call: &Call) -> Result<Measurement, ProviderError> {
        let Some(asked) = Asked::parse(&query.text) else {
            return Err(misuse(query, "this text is unknown to the recorder"));
        };
        let stretch = self.stretch(query, call.at)?;
        match (asked, query.wants) {
            (
                Asked::Latency(_),
                Wants::Below {
                    threshold,
                    inclusive,
                },
            ) => self.below(query, stretch, threshold, inclusive),
            (Asked::Latency(_), Wants::Distribution) => self.distribution(query, stretch),
            (Asked::Latency(statistic), Wants::Scalar) => self.statistic(query, stretch, statistic),
            (Asked::Errors, Wants::Share) => {
                let totals = self.some(query, stretch)?;
                let observed = Observed::Share {
                    matching: totals.failures,
                    total: totals.requests,
                };
                Ok(self.measurement(stretch, totals.requests, observed))
            }
            (Asked::Errors, Wants::Scalar) => {
                let totals = self.some(query, stretch)?;
                let scale = match query.unit.as_str() {
                    "%" => Decimal::HUNDRED,
                    "" => Decimal::ONE,
                    _ => return Err(misuse(query, "a ratio has the unit % or none")),
                };
                let value = Decimal::from(totals.failures)
                    .checked_mul(scale)
                    .and_then(|part| part.checked_div(Decimal::from(totals.requests)));
                self.scalar(query, stretch, totals.requests, value)
            }
            (Asked::Requests, Wants::Scalar) => {
                let totals = self.totals(stretch);
                let value = Some(Decimal::from(totals.requests));
                self.scalar(query, stretch, totals.requests, value)
            }
            (Asked::Rate, Wants::Scalar) => {
                let totals = self.totals(stretch);
                let millis = u64::try_from((stretch.to - stretch.from) * self.slot_millis);
                let value = millis.ok().and_then(|millis| {
                    Decimal::from(totals.requests)
                        .checked_mul(Decimal::from(1000u64))?
                        .checked_div(Decimal::from(millis))
                });
                self.scalar(query, stretch, totals.requests, value)
            }
            _ => Err(misuse(query, "this text has no answer in the form wanted")),
        }
    }
}

impl Recorder {
    /// The whole slots of a window that are over at `now` and still held.
    fn stretch(&self, query: &Query, now: Timestamp) -> Result<Stretch, ProviderError> {
        let arms: &'static [Arm] = match query.arm {
            Arm::Canary => &[Arm::Canary],
            Arm::Stable => &[Arm::Stable],
            Arm::Whole => &[Arm::Canary, Arm::Stable],
        };
        let length = self.slot_millis;
        let start = query.window.start.as_unix_millis();
        let end = query.window.end.min(now).as_unix_millis();
        let mut from = -(-start).div_euclid(length);
        let to = end.div_euclid(length);
        let oldest = arms.iter().map(|arm| self.slots(*arm).oldest()).max();
        if let Some(oldest) = oldest
            && from < oldest
        {
            match query.window.kind {
                WindowKind::SinceStart => {
                    return Err(misuse(query, "the window begins before what is still held"));
                }
                WindowKind::Increment | WindowKind::Rolling => from = oldest,
            }
        }
        if from >= to {
            return Err(no_data(query));
        }
        Ok(Stretch {
            arms,
            from,
            to,
            kind: query.window.kind,
        })
    }

    fn totals(&self, stretch: Stretch) -> Totals {
        let mut sum = Totals::default();
        for arm in stretch.arms {
            let totals = self.slots(*arm).totals(stretch.from, stretch.to);
            sum.requests += totals.requests;
            sum.failures += totals.failures;
        }
        sum
    }

    /// The totals, or no data where nothing happened.
    fn some(&self, query: &Query, stretch: Stretch) -> Result<Totals, ProviderError> {
        let totals = self.totals(stretch);
        if totals.requests == 0 {
            return Err(no_data(query));
        }
        Ok(totals)
    }

    fn below(
        &self,
        query: &Query,
        mut stretch: Stretch,
        threshold: Decimal,
        inclusive: bool,
    ) -> Result<Measurement, ProviderError> {
        let unit = time_unit(query)?;
        let limit = nanos_max(threshold, unit, inclusive)
            .ok_or_else(|| misuse(query, "the threshold is out of range"))?;
        let mut below = 0;
        if let Some(limit) = limit {
            for arm in stretch.arms {
                let since = self.slots(*arm).counted_since(limit);
                let Ok(since) = since else {
                    return Err(misuse(query, "too many thresholds are asked for"));
                };
                stretch.from = since.map_or(stretch.from, |since| stretch.from.max(since));
            }
            if stretch.from >= stretch.to {
                return Err(no_data(query));
            }
            for arm in stretch.arms {
                below += self.slots(*arm).below(limit, stretch.from, stretch.to);
            }
        }
        let total = self.some(query, stretch)?.requests;
        let observed = Observed::Below {
            threshold,
            below,
            total,
        };
        Ok(self.measurement(stretch, total, observed))
    }

    fn distribution(&self, query: &Query, stretch: Stretch) -> Result<Measurement, ProviderError> {
        if query.unit != "ms" {
            return Err(misuse(query, "latencies are kept in ms"));
        }
        let latencies = self.latencies(stretch);
        if latencies.is_empty() {
            return Err(no_data(query));
        }
        let observed = Observed::Distribution {
            sketch: latencies.encode(),
        };
        Ok(self.measurement(stretch, latencies.count(), observed))
    }

    fn statistic(
        &self,
        query: &Query,
        stretch: Stretch,
        statistic: Statistic,
    ) -> Result<Measurement, ProviderError> {
        let unit = time_unit(query)?;
        let latencies = self.latencies(stretch);
        let found = match statistic {
            Statistic::All => return Err(misuse(query, "one number needs p99(…), mean or max")),
            Statistic::Max => latencies.max(),
            Statistic::Mean => latencies.mean(),
            Statistic::Quantile(q) => latencies.quantile(q).map(|estimate| estimate.value),
        };
        let Some(millis) = found else {
            return Err(no_data(query));
        };
        // Rounded to nanoseconds: what is finer was never measured.
        let value = Decimal::from_f64(millis).ok().and_then(|millis| {
            let nanos = millis.checked_mul(Decimal::from(1_000_000u64))?;
            nanos.rounded(0).checked_div(Decimal::from(unit))
        });
        self.scalar(query, stretch, latencies.count(), value)
    }

    fn latencies(&self, stretch: Stretch) -> Histogram {
        let mut sum = Histogram::new();
        for arm in stretch.arms {
            self.slots(*arm)
                .merge_into(&mut sum, stretch.from, stretch.to);
        }
        sum
    }

    fn scalar(
        &self,
        query: &Query,
        stretch: Stretch,
        samples: u64,
        value: Option<Decimal>,
    ) -> Result<Measurement, ProviderError> {
        let value = value.ok_or_else(|| {
            let detail = format!("measure {}: out of range of a decimal", query.text);
            ProviderError::invalid(detail)
        })?;
        Ok(self.measurement(stretch, samples, Observed::Scalar { value }))
    }

    fn measurement(&self, stretch: Stretch, samples: u64, observed: Observed) -> Measurement {
        let at = |slot: i64| Timestamp::from_unix_millis(slot.saturating_mul(self.slot_millis));
        Measurement {
            window: Window {
                start: at(stretch.from),
                end: at(stretch.to),
                kind: stretch.kind,
            },
            samples,
            observed,
        }
    }
}

fn time_unit(query: &Query) -> Result<u64, ProviderError> {
    unit_nanos(&query.unit).ok_or_else(|| misuse(query, "latencies need a unit of time"))
}

fn misuse(query: &Query, why: &str) -> ProviderError {
    ProviderError::misuse(format!(
        "measure '{}' in '{}' for {}: {why}",
        query.text, query.unit, query.kpi
    ))
}

fn no_data(query: &Query) -> ProviderError {
    let detail = format!("measure '{}' for {}", query.text, query.kpi);
    ProviderError::no_data(detail)
}
