//! The role: what is asked, and what the answer means.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::{Capability, Measurement, Observed, Query, Window};
use phasegate_provider::points::PointsText;
use phasegate_provider::{Call, HttpTransport, Method, MetricSource, Provider, ProviderError};

use crate::config::GraphiteConfig;
use crate::intervals::Intervals;
use crate::wire::decode;

/// The render API of a Graphite.
#[derive(Clone, Debug)]
pub struct GraphiteSource {
    config: GraphiteConfig,
    transport: Arc<dyn HttpTransport>,
}

impl GraphiteSource {
    /// A source that asks this Graphite over this transport.
    pub fn new(config: GraphiteConfig, transport: Arc<dyn HttpTransport>) -> Self {
        Self { config, transport }
    }

    /// The points of one target. Each target is asked for by itself: of several in one question nobody could tell
    /// which series belongs to which, once one finds none or two.
    async fn intervals(
        &self,
        target: &str,
        window: Window,
        call: &Call,
        act: &str,
    ) -> Result<Intervals, ProviderError> {
        let path = path(target, window, act)?;
        let endpoint = &self.config.endpoint;
        let request = endpoint
            .request(Method::Get, &path, act)?
            .with_header("accept", "application/json");
        let points = decode(self.transport.send(request, call).await?, act)?;
        Intervals::within(&points, window, act)
    }
}

fn path(target: &str, window: Window, act: &str) -> Result<String, ProviderError> {
    let (from, until) = bounds(window, act)?;
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("target", target);
    form.append_pair("from", &from.to_string());
    form.append_pair("until", &until.to_string());
    form.append_pair("format", "json");
    // Answers are kept for a minute otherwise, also those that came too early.
    form.append_pair("noCache", "true");
    Ok(format!("/render?{}", form.finish()))
}

/// The window's first and last whole second in Graphite's words: `from` is left out, `until` is not.
fn bounds(window: Window, act: &str) -> Result<(i64, i64), ProviderError> {
    let last = window.end.as_unix_millis().saturating_sub(1);
    let first = window.start.as_unix_millis().saturating_sub(1);
    let (from, until) = (first.div_euclid(1000), last.div_euclid(1000));
    // Graphite swaps bounds that are the wrong way round.
    if until <= from {
        let why = "no whole second lies in the window, or it is empty";
        return Err(ProviderError::misuse(format!("{act}: {why}")));
    }
    Ok((from, until))
}

impl Provider for GraphiteSource {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::MeasureScalar, Capability::MeasureShare])
    }
}

#[async_trait]
impl MetricSource for GraphiteSource {
    async fn measure(&self, query: &Query, call: &Call) -> Result<Measurement, ProviderError> {
        let act = &format!("query graphite for {}", query.kpi);
        let (window, gaps) = (query.window, self.config.gaps);
        match &PointsText::parse(&query.text, query.wants, act)? {
            PointsText::Scalar { value, reduce } => {
                let intervals = self.intervals(value, window, call, act).await?;
                let (value, samples) = intervals.points.reduced(*reduce, gaps, act)?;
                Ok(Measurement {
                    window: intervals.covers,
                    samples,
                    observed: Observed::Scalar { value },
                })
            }
            PointsText::Share { matching, total } => {
                let matching = self.intervals(matching, window, call, act);
                let total = self.intervals(total, window, call, act);
                let (matching, total) = tokio::try_join!(matching, total)?;
                let covers = total.covers;
                let (matching, total) = Intervals::share(&matching, &total, gaps, act)?;
                Ok(Measurement {
                    window: covers,
                    samples: total,
                    observed: Observed::Share { matching, total },
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use phasegate_core::{Timestamp, WindowKind};
    use phasegate_provider::ErrorKind;

    use super::*;

    #[test]
    fn bounds_leave_out_the_second_before_the_window_and_the_one_after() {
        for (start, end, want) in [
            (60_000, 120_000, Some((59, 119))),
            (60_001, 120_001, Some((60, 120))),
            (59_999, 119_999, Some((59, 119))),
            (60_000, 61_000, Some((59, 60))),
            (60_100, 60_900, None),
            (60_000, 60_000, None),
            (60_000, 59_000, None),
            (-2000, -1000, Some((-3, -2))),
        ] {
            let window = Window {
                start: Timestamp::from_unix_millis(start),
                end: Timestamp::from_unix_millis(end),
                kind: WindowKind::Rolling,
            };
            let found = bounds(window, "ask").map_err(|error| error.kind());
            assert_eq!(found, want.ok_or(ErrorKind::Misuse), "{start} {end}");
        }
    }
}
