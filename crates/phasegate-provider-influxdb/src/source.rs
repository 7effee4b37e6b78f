//! The role: what is asked, and what the answer means.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::{Capability, Decimal, Measurement, Observed, Query, Wants};
use phasegate_provider::text::one_line;
use phasegate_provider::{
    Call, HttpTransport, Method, MetricSource, Provider, ProviderError, answers_now,
};
use serde_json::Value;

use crate::config::{AbsentCount, InfluxdbConfig};
use crate::text::{Bounds, Text, parameters};
use crate::wire::{Cells, decode, invalid};

/// A database of InfluxDB.
#[derive(Clone, Debug)]
pub struct InfluxdbSource {
    config: InfluxdbConfig,
    transport: Arc<dyn HttpTransport>,
}

impl InfluxdbSource {
    /// A source that asks this database over this transport.
    pub fn new(config: InfluxdbConfig, transport: Arc<dyn HttpTransport>) -> Self {
        Self { config, transport }
    }

    /// Asks, in a request that tells the server that it is a look.
    async fn ask(
        &self,
        query: &Query,
        text: &Text,
        call: &Call,
        act: &str,
    ) -> Result<Cells, ProviderError> {
        let path = self.path(query, act)?;
        let request = self
            .config
            .endpoint
            .request(Method::Get, &path, act)?
            .with_header("accept", "application/json");
        let answer = self.transport.send(request, call).await?;
        decode(answer, text.statements, act)
    }

    fn path(&self, query: &Query, act: &str) -> Result<String, ProviderError> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("db", &self.config.database);
        if let Some(policy) = &self.config.retention_policy {
            form.append_pair("rp", policy);
        }
        form.append_pair("q", &query.text);
        form.append_pair("params", &parameters(query, act)?);
        Ok(format!("/query?{}", form.finish()))
    }

    fn observed(
        &self,
        query: &Query,
        text: &Text,
        cells: &Cells,
        act: &str,
    ) -> Result<(u64, Observed), ProviderError> {
        let [first, second] = text.columns;
        if let Some(other) = cells
            .keys()
            .find(|name| !text.columns.contains(&name.as_str()))
        {
            let other = one_line(other, 40);
            let why = format!("column {other}: the columns must be {first} and {second}");
            return Err(invalid(&why, act));
        }
        let all = match (query.wants, cells.get(second)) {
            (Wants::Scalar, None) => 1,
            (_, cell) => count(second, cell, act)?.unwrap_or_default(),
        };
        // A mean of nothing is nothing, whatever the server makes of it.
        if all == 0 {
            return Err(ProviderError::no_data(act));
        }
        let part = || match (
            count(first, cells.get(first), act)?,
            self.config.absent_count,
        ) {
            (None, AbsentCount::NoData) => Err(ProviderError::no_data(act)),
            (None, AbsentCount::Zero) => Ok(0),
            (Some(part), _) if part > all => {
                Err(invalid(&format!("{first} is {part}, of {all}"), act))
            }
            (Some(part), _) => Ok(part),
        };
        let observed = match query.wants {
            Wants::Below { threshold, .. } => Observed::Below {
                threshold,
                below: part()?,
                total: all,
            },
            Wants::Share => Observed::Share {
                matching: part()?,
                total: all,
            },
            Wants::Distribution | Wants::Scalar | _ => Observed::Scalar {
                value: number(first, cells.get(first), act)?
                    .ok_or_else(|| ProviderError::no_data(act))?,
            },
        };
        Ok((all, observed))
    }
}

/// The number of a cell, if it has one.
fn number(column: &str, cell: Option<&Value>, act: &str) -> Result<Option<Decimal>, ProviderError> {
    let why = match cell {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => {
            let whole = number.as_u64().map(Decimal::from);
            let whole = whole.or_else(|| number.as_i64().map(Decimal::from));
            let float = || Decimal::from_f64(number.as_f64()?).ok();
            match whole.or_else(float) {
                Some(number) => return Ok(Some(number)),
                None => "is a number of more digits than can be judged",
            }
        }
        Some(Value::Array(_) | Value::Bool(_) | Value::Object(_) | Value::String(_)) => {
            "is no number"
        }
    };
    Err(invalid(&format!("column {column} {why}"), act))
}

/// The count of a cell, if it has one.
fn count(column: &str, cell: Option<&Value>, act: &str) -> Result<Option<u64>, ProviderError> {
    let Some(number) = number(column, cell, act)? else {
        return Ok(None);
    };
    // Sums of floats are exact up to 2^53.
    let whole = number.to_u64().filter(|count| *count <= 1 << 53);
    let why = || {
        invalid(
            &format!("column {column}: {number} is no count of events"),
            act,
        )
    };
    whole.map(Some).ok_or_else(why)
}

impl Provider for InfluxdbSource {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([
            Capability::MeasureBelow,
            Capability::MeasureScalar,
            Capability::MeasureShare,
        ])
    }
}

#[async_trait]
impl MetricSource for InfluxdbSource {
    async fn measure(&self, query: &Query, call: &Call) -> Result<Measurement, ProviderError> {
        let act = &format!("query influxdb for {}", query.kpi);
        let text = Text::parse(query, act)?;
        if text.bounds == Bounds::Now {
            answers_now(query, call, self.config.now_within, act)?;
        }
        let cells = self.ask(query, &text, call, act).await?;
        let (samples, observed) = self.observed(query, &text, &cells, act)?;
        Ok(Measurement {
            window: query.window,
            samples,
            observed,
        })
    }
}
