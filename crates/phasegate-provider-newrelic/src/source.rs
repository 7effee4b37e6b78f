//! The role: what is asked, and what the answer means.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::{Capability, Measurement, Observed, Query, Wants, Window};
use phasegate_provider::text::one_line;
use phasegate_provider::{Call, HttpTransport, Method, MetricSource, Provider, ProviderError};

use crate::config::NewRelicConfig;
use crate::text::Text;
use crate::wire::{Row, body, decode, invalid, number};

/// What an account of New Relic has kept.
#[derive(Clone, Debug)]
pub struct NewRelicSource {
    config: NewRelicConfig,
    transport: Arc<dyn HttpTransport>,
}

impl NewRelicSource {
    /// A source that asks this account over this transport.
    pub fn new(config: NewRelicConfig, transport: Arc<dyn HttpTransport>) -> Self {
        Self { config, transport }
    }

    async fn ask(
        &self,
        text: &Text,
        window: Window,
        call: &Call,
        act: &str,
    ) -> Result<(Row, Window), ProviderError> {
        let config = &self.config;
        let request = config
            .endpoint
            .request(Method::Post, "/graphql", act)?
            .with_secret_header("api-key", config.user_key.resolve_for(act)?)
            .with_header("accept", "application/json")
            .with_body(
                "application/json",
                body(&text.about(window), config.account),
            );
        decode(self.transport.send(request, call).await?, window, act)
    }
}

/// What a row says, and of how many events.
fn observed(
    row: &Row,
    text: &Text,
    wants: Wants,
    act: &str,
) -> Result<(u64, Observed), ProviderError> {
    let [first, second] = text.columns;
    if let Some(other) = row
        .keys()
        .find(|name| !text.columns.contains(&name.as_str()))
    {
        let other = one_line(other, 40);
        let why = format!("attribute {other}: they must be {first} and {second}");
        return Err(invalid(&why, act));
    }
    let all = match (wants, row.contains_key(second)) {
        (Wants::Scalar, false) => 1,
        _ => count(row, second, act)?,
    };
    // A mean of nothing is nothing, whatever is answered.
    if all == 0 {
        return Err(ProviderError::no_data(act));
    }
    if wants == Wants::Scalar {
        let value = number(row, first, act)?.ok_or_else(|| ProviderError::no_data(act))?;
        return Ok((all, Observed::Scalar { value }));
    }
    let matching = count(row, first, act)?;
    if matching > all {
        return Err(invalid(&format!("{matching} matched, of {all}"), act));
    }
    let total = all;
    Ok((all, Observed::Share { matching, total }))
}

/// The count of an attribute; there is no data where it has none.
fn count(row: &Row, name: &str, act: &str) -> Result<u64, ProviderError> {
    let number = number(row, name, act)?.ok_or_else(|| ProviderError::no_data(act))?;
    // Sums of floats are exact up to 2^53.
    let whole = number.to_u64().filter(|count| *count <= 1 << 53);
    whole.ok_or_else(|| invalid(&format!("{name} is {number}, no count of events"), act))
}

impl Provider for NewRelicSource {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::MeasureScalar, Capability::MeasureShare])
    }
}

#[async_trait]
impl MetricSource for NewRelicSource {
    async fn measure(&self, query: &Query, call: &Call) -> Result<Measurement, ProviderError> {
        let act = &format!("query new relic for {}", query.kpi);
        let text = Text::parse(query, act)?;
        if query.window.end <= query.window.start {
            let told = format!("{act}: the window is empty");
            return Err(ProviderError::misuse(told));
        }
        let (row, window) = self.ask(&text, query.window, call, act).await?;
        let (samples, observed) = observed(&row, &text, query.wants, act)?;
        Ok(Measurement {
            window,
            samples,
            observed,
        })
    }
}
