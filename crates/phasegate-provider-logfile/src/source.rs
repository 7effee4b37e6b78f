//! The role: a name, a window, and what the lines say about it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use phasegate_core::{Capability, Measurement, Query, Wants, Window};
use phasegate_provider::text::one_line;
use phasegate_provider::{Call, ErrorKind, MetricSource, Provider, ProviderError, Sent};

use crate::config::LogConfig;
use crate::count::Of;
use crate::measure::Measure;
use crate::scan::Scan;

/// Log files as a metric source. Its futures must be polled inside a tokio runtime: files are read on its threads for
/// blocking work.
#[derive(Clone, Debug)]
pub struct LogSource {
    measures: BTreeMap<String, Arc<Measure>>,
    bytes_max: u64,
}

impl LogSource {
    /// A source of these measures. No file is looked at yet.
    ///
    /// # Errors
    /// [`Misuse`](ErrorKind::Misuse): a pattern cannot be read, or has not the one group that it needs.
    pub fn new(config: LogConfig) -> Result<Self, ProviderError> {
        let mut measures = BTreeMap::new();
        for (name, measure) in config.measures {
            let ready = Measure::new(&name, measure)?;
            measures.insert(name, Arc::new(ready));
        }
        Ok(Self {
            measures,
            bytes_max: config.bytes_max,
        })
    }

    /// The measure that a text names, if it can answer in the form that is asked for.
    fn asked(&self, query: &Query, act: &str) -> Result<(Of, Arc<Measure>), ProviderError> {
        let misuse = |why: &str| ProviderError::misuse(format!("{act}: {why}"));
        let parsed =
            Of::parse(&query.text).and_then(|(of, name)| Some((of, self.measures.get(name)?)));
        let Some((of, measure)) = parsed else {
            let text = one_line(&query.text, 80);
            return Err(misuse(&format!(
                "'{text}' names no measure, nor mean, max, min or sum of one"
            )));
        };
        let why = match (query.wants, of) {
            (Wants::Distribution, _) => {
                "lines have no distribution: ask for counts below a threshold"
            }
            (Wants::Below { .. } | Wants::Share, of) if of != Of::Count => {
                "counts of events are asked for by the measure's name alone"
            }
            (Wants::Below { .. }, _) if !measure.has_value() => "the measure has no value",
            (Wants::Share, _) if !measure.has_matching() => "the measure has no matching pattern",
            (_, of) if of != Of::Count && !measure.has_value() => "the measure has no value",
            _ => return Ok((of, Arc::clone(measure))),
        };
        Err(misuse(why))
    }
}

impl Provider for LogSource {
    fn capabilities(&self) -> BTreeSet<Capability> {
        let mut can = BTreeSet::from([Capability::MeasureScalar]);
        if self.measures.values().any(|measure| measure.has_matching()) {
            can.insert(Capability::MeasureShare);
        }
        if self.measures.values().any(|measure| measure.has_value()) {
            can.insert(Capability::MeasureBelow);
        }
        can
    }
}

#[async_trait]
impl MetricSource for LogSource {
    async fn measure(&self, query: &Query, call: &Call) -> Result<Measurement, ProviderError> {
        let act = format!("count lines for {}", query.kpi);
        let (of, measure) = self.asked(query, &act)?;
        if query.window.end > call.at {
            let told = format!("{act}: the window ends in the future");
            return Err(ProviderError::no_data(told).with_sent(Sent::Nothing));
        }
        let (window, wants, bytes_max) = (query.window, query.wants, self.bytes_max);
        let (began, within) = (Instant::now(), call.deadline.to_duration());
        let told = act.clone();
        // It ends by itself when its time is over, also where nobody waits for it any more.
        let scanned = tokio::task::spawn_blocking(move || {
            let scan = Scan {
                measure: &measure,
                window,
                wants,
                bytes_max,
                began,
                within,
                act: &told,
            };
            scan.run()
        });
        let found = scanned.await.map_err(|error| {
            let told = format!("{act}: the reading of the file broke");
            ProviderError::new(ErrorKind::Unavailable, Sent::Answered, told).with_source(error)
        })??;
        let (samples, observed) = found.count.observed(of, wants, &act)?;
        // Lines from before its first one may have been thrown away: of that time nothing is said.
        let start = match found.first {
            Some(first) if !found.is_covered => first.max(window.start),
            _ => window.start,
        };
        Ok(Measurement {
            window: Window { start, ..window },
            samples,
            observed,
        })
    }
}
