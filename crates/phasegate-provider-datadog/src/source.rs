//! The role: what is asked, and what the answer means.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::{Capability, Decimal, Measurement, Observed, Query};
use phasegate_provider::{Call, HttpTransport, Method, MetricSource, Provider, ProviderError};

use crate::config::{DatadogConfig, Gaps};
use crate::text::Text;
use crate::wire::{body, decode, invalid};

const PATH: &str = "/api/v2/query/scalar";

/// The metrics of an organization at Datadog.
#[derive(Clone, Debug)]
pub struct DatadogSource {
    config: DatadogConfig,
    transport: Arc<dyn HttpTransport>,
}

impl DatadogSource {
    /// A source that asks this Datadog over this transport.
    pub fn new(config: DatadogConfig, transport: Arc<dyn HttpTransport>) -> Self {
        Self { config, transport }
    }

    async fn ask(
        &self,
        text: &Text,
        query: &Query,
        call: &Call,
        act: &str,
    ) -> Result<[Option<Decimal>; 2], ProviderError> {
        if query.window.end <= query.window.start {
            let told = format!("{act}: the window is empty");
            return Err(ProviderError::misuse(told));
        }
        let config = &self.config;
        let request = config
            .endpoint
            .request(Method::Post, PATH, act)?
            .with_secret_header("dd-api-key", config.api_key.resolve_for(act)?)
            .with_secret_header(
                "dd-application-key",
                config.application_key.resolve_for(act)?,
            )
            .with_header("accept", "application/json")
            .with_body("application/json", body(text, query.window));
        decode(self.transport.send(request, call).await?, text, act)
    }

    /// How many matched, of how many.
    fn share(&self, found: [Option<Decimal>; 2], act: &str) -> Result<(u64, u64), ProviderError> {
        let [matching, total] = found;
        let total = total.map_or(Ok(0), |total| count(total, "total", act))?;
        if total == 0 {
            return Err(ProviderError::no_data(act));
        }
        let matching = match (matching, self.config.gaps) {
            (Some(matching), _) => count(matching, "matching", act)?,
            (None, Gaps::Zero) => 0,
            (None, _) => return Err(ProviderError::no_data(act)),
        };
        if matching > total {
            return Err(invalid(&format!("{matching} matched, of {total}"), act));
        }
        Ok((matching, total))
    }
}

/// A count of events, which Datadog tells as a float.
fn count(number: Decimal, name: &str, act: &str) -> Result<u64, ProviderError> {
    // Sums of floats are exact up to 2^53.
    let whole = number.to_u64().filter(|count| *count <= 1 << 53);
    let why = || {
        invalid(
            &format!("{name} is {number}, no count of events: is it .as_count()?"),
            act,
        )
    };
    whole.ok_or_else(why)
}

impl Provider for DatadogSource {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::MeasureScalar, Capability::MeasureShare])
    }
}

#[async_trait]
impl MetricSource for DatadogSource {
    async fn measure(&self, query: &Query, call: &Call) -> Result<Measurement, ProviderError> {
        let act = &format!("query datadog for {}", query.kpi);
        let text = Text::parse(&query.text, query.wants, act)?;
        let found = self.ask(&text, query, call, act).await?;
        let (samples, observed) = match (&text, found) {
            (Text::Share { .. }, found) => {
                let (matching, total) = self.share(found, act)?;
                (total, Observed::Share { matching, total })
            }
            (Text::Scalar { samples, .. }, [Some(value), counted]) => {
                let counted = counted.map_or(Ok(0), |counted| count(counted, "samples", act))?;
                let all = if samples.is_some() { counted } else { 1 };
                // A mean of nothing is nothing, whatever is answered.
                if all == 0 {
                    return Err(ProviderError::no_data(act));
                }
                (all, Observed::Scalar { value })
            }
            (Text::Scalar { .. }, [None, _]) => return Err(ProviderError::no_data(act)),
        };
        Ok(Measurement {
            window: query.window,
            samples,
            observed,
        })
    }
}
