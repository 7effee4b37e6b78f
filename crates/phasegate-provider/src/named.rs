//! Queries by name: the plan says which number, the bindings say how this source is asked for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::{Arm, Capability, Measurement, Query};
use serde::{Deserialize, Serialize};

use crate::{Call, MetricSource, Provider, ProviderError};

/// The source's own texts for one named query.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Texts {
    /// For the new version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<String>,
    /// For the old version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stable: Option<String>,
    /// For both together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<String>,
}

impl Texts {
    fn of(&self, arm: Arm) -> Option<&str> {
        let text = match arm {
            Arm::Canary => &self.canary,
            Arm::Stable => &self.stable,
            Arm::Whole => &self.whole,
        };
        text.as_deref()
    }
}

/// A source whose queries have names, so that one plan can be carried out against several sources.
///
/// A plan asks for `latency`; for each name and arm there is a text in the source's own language, handed on
/// as it stands. A name or an arm without a text is [`Misuse`](crate::ErrorKind::Misuse), found by a
/// preflight before anything begins. Nothing is ever spliced into a text.
///
/// ```
/// use std::sync::Arc;
/// use phasegate_provider::{MetricSource, NamedQueries, Texts};
///
/// fn named(prometheus: Arc<dyn MetricSource>) -> Arc<dyn MetricSource> {
///     let mut latency = Texts::default();
///     latency.canary = Some(r#"latency_seconds_bucket{version="new"}"#.to_owned());
///     Arc::new(NamedQueries::new(prometheus, [("latency".to_owned(), latency)].into()))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct NamedQueries {
    source: Arc<dyn MetricSource>,
    queries: BTreeMap<String, Texts>,
}

impl NamedQueries {
    /// The source, asked by these names.
    pub fn new(source: Arc<dyn MetricSource>, queries: BTreeMap<String, Texts>) -> Self {
        Self { source, queries }
    }
}

impl Provider for NamedQueries {
    /// Those of the source; and it tells the versions apart where their texts differ, as they should.
    fn capabilities(&self) -> BTreeSet<Capability> {
        let mut can = self.source.capabilities();
        let alike = |texts: &Texts| texts.canary.is_some() && texts.canary == texts.stable;
        if !self.queries.values().any(alike) {
            can.insert(Capability::MeasurePerArm);
        }
        can
    }
}

#[async_trait]
impl MetricSource for NamedQueries {
    async fn measure(&self, query: &Query, call: &Call) -> Result<Measurement, ProviderError> {
        let Some(texts) = self.queries.get(&query.text) else {
            let names: Vec<&str> = self.queries.keys().map(String::as_str).collect();
            let known = names.join(", ");
            let told = format!(
                "measure '{}': no query has this name, there are: {known}",
                query.text
            );
            return Err(ProviderError::misuse(told));
        };
        let Some(text) = texts.of(query.arm) else {
            let told = format!("measure '{}': it has no text for {}", query.text, query.arm);
            return Err(ProviderError::misuse(told));
        };
        let query = Query {
            text: text.to_owned(),
            ..query.clone()
        };
        self.source.measure(&query, call).await
    }
}
