//! Which bindings are Prometheus servers, and what the rules say beside the plan.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{BindingId, Capability, Span, Unit};
use phasegate_plan::{Catalog, Value};

/// How a binding of a Prometheus server reads numbers: as its adapter is told.
///
/// ```
/// use phasegate_report::export::PrometheusServer;
/// let server = PrometheusServer::new().with_step("30s".parse()?);
/// assert_eq!(server.step, "30s".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct PrometheusServer {
    /// In which forms it answers. Default: all that the adapter knows.
    pub capabilities: BTreeSet<Capability>,
    /// How far apart the points of a window lie. Default 15 s; longer windows than 2000 steps have 2000
    /// longer ones.
    pub step: Span,
    /// The unit in which histograms count. Default seconds.
    pub histogram_unit: Unit,
    /// Series of matching events are made with the first event: none is zero. Default: none is unknown.
    pub absent_is_zero: bool,
}

impl Default for PrometheusServer {
    fn default() -> Self {
        let capabilities = [
            Capability::MeasureBelow,
            Capability::MeasureDistribution,
            Capability::MeasurePerArm,
            Capability::MeasureScalar,
            Capability::MeasureShare,
        ];
        Self {
            capabilities: capabilities.into(),
            step: Span::from_secs(15),
            histogram_unit: Unit::SECONDS,
            absent_is_zero: false,
        }
    }
}

impl PrometheusServer {
    /// With the defaults of the adapter.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with another step; a millisecond at least.
    #[must_use]
    pub fn with_step(mut self, step: Span) -> Self {
        self.step = step.max(Span::from_millis(1));
        self
    }

    /// The same with histograms that count in another unit.
    #[must_use]
    pub fn with_histogram_unit(mut self, unit: Unit) -> Self {
        self.histogram_unit = unit;
        self
    }

    /// The same with another reading of absent series of matching events.
    #[must_use]
    pub const fn with_absent_as_zero(mut self, zero: bool) -> Self {
        self.absent_is_zero = zero;
        self
    }

    /// What the adapter's own configuration says of it; what cannot be read keeps its default.
    fn configured(mut self, config: &Value) -> Self {
        let text = |key: &str| config.get(key).and_then(Value::as_str);
        if let Some(step) = text("step").and_then(|text| text.parse().ok()) {
            self = self.with_step(step);
        }
        if let Some(unit) = text("histogram-unit").and_then(|text| text.parse().ok()) {
            self.histogram_unit = unit;
        }
        self.absent_is_zero = text("absent-matching") == Some("zero");
        self
    }
}

/// What rules and dashboards for Prometheus are made with.
///
/// ```
/// use phasegate_report::export::{PrometheusOptions, PrometheusServer};
/// let options = PrometheusOptions::new()
///     .with_server("metrics".parse()?, PrometheusServer::new())
///     .with_link("https://wiki.example.org/rollout");
/// assert_eq!(options.servers.len(), 1);
/// # Ok::<(), phasegate_core::IdError>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct PrometheusOptions {
    /// Which bindings are Prometheus servers. The series of all of them must be on the server that loads
    /// the rules.
    pub servers: BTreeMap<BindingId, PrometheusServer>,
    /// Where to read on: a page about the rollout, or its report. It is put into every alert.
    pub link: Option<String>,
}

impl PrometheusOptions {
    /// Without servers and without a link.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more server.
    #[must_use]
    pub fn with_server(mut self, binding: BindingId, server: PrometheusServer) -> Self {
        self.servers.insert(binding, server);
        self
    }

    /// The same with all bindings of a catalog that have this adapter, as their configuration says.
    #[must_use]
    pub fn with_catalog(mut self, catalog: &Catalog, adapter: &str) -> Self {
        for (id, binding) in catalog.bindings() {
            if binding.adapter == adapter {
                let server = PrometheusServer {
                    capabilities: binding.capabilities.iter().copied().collect(),
                    ..PrometheusServer::default()
                };
                let server = server.configured(&binding.config);
                self.servers.insert(id.clone(), server);
            }
        }
        self
    }

    /// The same with a link.
    #[must_use]
    pub fn with_link(mut self, link: impl Into<String>) -> Self {
        self.link = Some(link.into());
        self
    }

    /// Can the binding answer so? What is no Prometheus server answers in every form, so that what is
    /// told of it is that, and not a missing form.
    pub(super) fn can(&self, binding: &BindingId, capability: Capability) -> bool {
        let server = self.servers.get(binding);
        server.is_none_or(|server| server.capabilities.contains(&capability))
    }
}
