//! The role: what is asked, and what the answer means.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::{Capability, Decimal, Measurement, Observed, Quantity, Query, Unit, Wants};
use phasegate_provider::{Call, HttpTransport, MetricSource, Provider, ProviderError, answers_now};
use serde_json::Value;

use crate::answer::{count, decode, number, share};
use crate::config::JsonConfig;
use crate::text::{Sought, Text};
use crate::window::{Asked, Bounds};

/// An API that answers in JSON.
#[derive(Clone, Debug)]
pub struct JsonSource {
    config: JsonConfig,
    transport: Arc<dyn HttpTransport>,
}

impl JsonSource {
    /// A source that asks this API over this transport.
    pub fn new(config: JsonConfig, transport: Arc<dyn HttpTransport>) -> Self {
        Self { config, transport }
    }

    async fn ask(
        &self,
        text: &Text,
        asked: &Asked,
        call: &Call,
        act: &str,
    ) -> Result<Value, ProviderError> {
        let request = self
            .config
            .endpoint
            .request(text.method, &text.target(asked), act)?
            .with_header("accept", "application/json");
        let request = match text.body(asked) {
            Some(body) => request.with_body("application/json", body),
            None => request,
        };
        decode(self.transport.send(request, call).await?, act)
    }

    fn observed(
        &self,
        sought: &Sought,
        answer: &Value,
        unit: &str,
        act: &str,
    ) -> Result<(u64, Observed), ProviderError> {
        let missing = self.config.missing;
        match sought {
            Sought::Scalar {
                value,
                samples,
                unit: written,
            } => {
                let samples = match samples {
                    Some(path) => count(path, answer, missing, act)?,
                    None => 1,
                };
                if samples == 0 {
                    return Err(ProviderError::no_data(act));
                }
                let value = number(value, answer, missing, act)?;
                let value = in_unit(value, written.as_ref(), unit, act)?;
                Ok((samples, Observed::Scalar { value }))
            }
            Sought::Share { matching, total } => {
                let (matching, total) = share((matching, total), answer, missing, act)?;
                Ok((total, Observed::Share { matching, total }))
            }
        }
    }
}

/// A number in the query's unit; as it is where the text does not say in which it comes.
fn in_unit(
    number: Decimal,
    from: Option<&Unit>,
    to: &str,
    act: &str,
) -> Result<Decimal, ProviderError> {
    let Some(from) = from else {
        return Ok(number);
    };
    let converted = || {
        let quantity: Quantity = format!("{number}{from}").parse().ok()?;
        let to: Unit = to.parse().ok()?;
        Some(quantity.in_unit(&to)?.number())
    };
    converted().ok_or_else(|| {
        ProviderError::misuse(format!("{act}: {number} {from} cannot be told in '{to}'"))
    })
}

impl Provider for JsonSource {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::MeasureScalar, Capability::MeasureShare])
    }
}

#[async_trait]
impl MetricSource for JsonSource {
    async fn measure(&self, query: &Query, call: &Call) -> Result<Measurement, ProviderError> {
        let act = &format!("query json for {}", query.kpi);
        let text = Text::parse(&query.text, act)?;
        match (query.wants, &text.sought) {
            (Wants::Scalar, Sought::Scalar { .. }) | (Wants::Share, Sought::Share { .. }) => {}
            _ => {
                let why = "the text has no paths for the form that is wanted";
                return Err(ProviderError::misuse(format!("{act}: {why}")));
            }
        }
        let asked = Asked::new(query.window, self.config.time, act)?;
        if text.bounds == Bounds::Now {
            answers_now(query, call, self.config.now_within, act)?;
        }
        let answer = self.ask(&text, &asked, call, act).await?;
        let (samples, observed) = self.observed(&text.sought, &answer, &query.unit, act)?;
        let window = match text.bounds {
            Bounds::Both => asked.covers,
            Bounds::End | Bounds::Now => query.window,
        };
        Ok(Measurement {
            window,
            samples,
            observed,
        })
    }
}
