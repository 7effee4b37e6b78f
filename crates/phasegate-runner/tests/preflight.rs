//! Before the start each source is asked once, and what is to be moved is read: a name that nobody knows is
//! found while nothing has been changed.
#![expect(clippy::expect_used, reason = "helpers of tests may panic")]

mod planned;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use phasegate_core::{Capability, Measurement, Query, Ratio, TargetId, Timestamp};
use phasegate_engine::program::Program;
use phasegate_provider::{
    Call, ErrorKind, MetricSource, Provider, ProviderError, Receipt, Registry, Sent, Traffic,
    TrafficRouter,
};
use phasegate_runner::{Asked, preflight};

use planned::planned;

const PLAN: &str = "format: phasegate-plan/1
id: preflight
title: Preflight
kpis:
  - id: errors
    shape: ratio
    direction: lower
    window: 5m
    unit: \"%\"
    source: metrics
    query: {canary: errors-new, stable: errors-old}
phases:
  - id: ramp
    title: Ramp
    steps:
      - id: up
        traffic:
          binding: edge
          target: shop
          stages: [{weight: 50%, bake: 1m, criteria: [ratio(errors) no worse than control margin 2pp]}]
    rollback: {steps: [{id: down, budget: 1m, traffic: {binding: edge, target: shop, stages: [0%]}}]}
";
const BINDINGS: &str = "format: phasegate-bindings/1
bindings:
  edge: {adapter: test, roles: [traffic-router], capabilities: [weights, read-back]}
  metrics: {adapter: test, roles: [metric-source], capabilities: [measure-share, measure-per-arm]}
";

fn program() -> Program {
    planned(PLAN, BINDINGS).0
}

/// What it answers to everything it is asked; `None` lets whoever asks wait for ever.
#[derive(Debug)]
struct Outside {
    answers: Option<ErrorKind>,
    asked: AtomicU32,
    changed: AtomicU32,
}

impl Outside {
    fn new(answers: Option<ErrorKind>) -> Arc<Self> {
        Arc::new(Self {
            answers,
            asked: AtomicU32::new(0),
            changed: AtomicU32::new(0),
        })
    }

    async fn refuse(&self, what: &str) -> ProviderError {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match self.answers {
            Some(kind) => ProviderError::new(kind, Sent::Answered, what),
            None => std::future::pending().await,
        }
    }
}

impl Provider for Outside {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([
            Capability::Weights,
            Capability::ReadBack,
            Capability::MeasureShare,
            Capability::MeasurePerArm,
        ])
    }
}

#[async_trait]
impl TrafficRouter for Outside {
    async fn read(&self, target: &TargetId, _call: &Call) -> Result<Traffic, ProviderError> {
        Err(self.refuse(&format!("read {target}")).await)
    }

    async fn set(
        &self,
        _target: &TargetId,
        _canary: Ratio,
        _call: &Call,
    ) -> Result<Receipt, ProviderError> {
        self.changed.fetch_add(1, Ordering::Relaxed);
        Ok(Receipt::new("set"))
    }
}

#[async_trait]
impl MetricSource for Outside {
    async fn measure(&self, query: &Query, _call: &Call) -> Result<Measurement, ProviderError> {
        Err(self.refuse(&query.text).await)
    }
}

/// What is found with a router and a source that answer so, and how often they were asked.
async fn look(edge: Option<ErrorKind>, metrics: Option<ErrorKind>) -> (Vec<String>, [u32; 3]) {
    let (edge, metrics) = (Outside::new(edge), Outside::new(metrics));
    let mut registry = Registry::new();
    let bound =
        registry.bind_traffic_router("edge".parse().expect("an id"), Arc::<Outside>::clone(&edge));
    bound.expect("free");
    let bound = registry.bind_metric_source(
        "metrics".parse().expect("an id"),
        Arc::<Outside>::clone(&metrics),
    );
    bound.expect("free");
    let refusals = preflight(&program(), &registry, Timestamp::EPOCH).await;
    let said = refusals.iter().map(|refusal| {
        let sort = match refusal.about {
            Asked::State { .. } => "state",
            Asked::Number { .. } => "number",
            _ => "other",
        };
        let word = if refusal.is_final { "final" } else { "away" };
        format!("{word} {sort}: {refusal}")
    });
    let counts = [&edge.asked, &metrics.asked, &edge.changed].map(|n| n.load(Ordering::Relaxed));
    (said.collect(), counts)
}

#[tokio::test(start_paused = true)]
async fn what_nobody_knows_is_told_by_its_name_and_nothing_is_changed() {
    let (said, counts) = look(Some(ErrorKind::NotFound), Some(ErrorKind::Misuse)).await;
    assert_eq!(
        said,
        [
            "final state: 'edge' cannot read 'shop': not found: read shop",
            "final number: 'metrics' does not answer 'errors-new' (errors, canary): the question is \
             refused: misuse: errors-new",
            "final number: 'metrics' does not answer 'errors-old' (errors, stable): the question is \
             refused: misuse: errors-old",
        ]
    );
    assert_eq!(counts, [1, 2, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_source_without_data_yet_is_well_and_one_that_is_away_is_not_asked_further() {
    let (said, counts) = look(Some(ErrorKind::Unavailable), Some(ErrorKind::NoData)).await;
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("away state: 'edge'"), "{said:?}");
    assert_eq!(counts, [1, 2, 0]);

    let (said, counts) = look(Some(ErrorKind::Unavailable), Some(ErrorKind::Timeout)).await;
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(counts, [1, 1, 0]);
}

#[tokio::test(start_paused = true)]
async fn who_never_answers_is_given_up() {
    let (said, _) = look(None, None).await;
    assert_eq!(said.len(), 2, "{said:?}");
    for line in &said {
        assert!(
            line.starts_with("away") && line.contains("no answer within 10s"),
            "{line}"
        );
    }
}
