//! A rollout does not begin before every name of its bindings document has a provider that can do what the
//! document says, and is not taken up by a process that lacks one.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may panic"
)]

mod paused;
mod planned;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::{Capability, Desired, PersonId, Role, RolloutId};
use phasegate_engine::Sources;
use phasegate_engine::program::Program;
use phasegate_journal::{Journal as _, MemoryJournal};
use phasegate_provider::{Call, Effector, Provider, ProviderError, Receipt, Registry};
use phasegate_runner::{Runner, RunnerError};
use tokio::time::Instant;

use paused::Paused;
use planned::planned;

const PLAN: &str = "format: phasegate-plan/1
id: fit
title: Fit
phases:
  - id: ramp
    title: Ramp
    steps: [{id: up, traffic: {binding: edge, target: shop, stages: [50%]}}]
    rollback: {steps: [{id: down, budget: 1m, traffic: {binding: edge, target: shop, stages: [0%]}}]}
";
const BINDINGS: &str = "format: phasegate-bindings/1
bindings:
  edge: {adapter: test, roles: [traffic-router], capabilities: [weights, read-back]}
";

/// Something that may or may not read back.
#[derive(Debug)]
struct Edge(Vec<Capability>);

impl Provider for Edge {
    fn capabilities(&self) -> BTreeSet<Capability> {
        self.0.iter().copied().collect()
    }
}

#[async_trait]
impl Effector for Edge {
    async fn perform(&self, _desired: &Desired, _call: &Call) -> Result<Receipt, ProviderError> {
        Ok(Receipt::new("done"))
    }
}

struct Try {
    journal: Arc<MemoryJournal>,
    clock: Arc<Paused>,
    program: Program,
    sources: Sources,
}

impl Try {
    fn new() -> Self {
        let clock = Arc::new(Paused(Instant::now()));
        let (program, sources, _) = planned(PLAN, BINDINGS);
        Self {
            journal: Arc::new(MemoryJournal::new(Arc::<Paused>::clone(&clock))),
            clock,
            program,
            sources,
        }
    }

    fn runner(&self, edge: Option<Vec<Capability>>) -> Runner {
        let mut registry = Registry::new();
        if let Some(capabilities) = edge {
            let binding = "edge".parse().expect("an id");
            let edge = Arc::new(Edge(capabilities));
            let bound = registry.bind_effector(binding, Role::TrafficRouter, edge);
            bound.expect("free");
        }
        let journal = Arc::<MemoryJournal>::clone(&self.journal);
        let clock = Arc::<Paused>::clone(&self.clock);
        Runner::new(
            journal,
            Arc::new(registry),
            clock,
            "one".parse().expect("a name"),
        )
    }

    async fn start(&self, edge: Option<Vec<Capability>>) -> Result<(), RunnerError> {
        let (program, sources) = (self.program.clone(), self.sources.clone());
        let runner = self.runner(edge);
        let started = runner.start(id(), program, sources, author()).await;
        started.map(|_handle| ())
    }
}

fn author() -> PersonId {
    "author".parse().expect("an id")
}

fn id() -> RolloutId {
    "fits".parse().expect("an id")
}

/// The lines of what was said against it.
fn told(tried: Result<(), RunnerError>) -> Vec<String> {
    match tried {
        Err(error @ RunnerError::Unfit(_)) => {
            error.to_string().lines().map(str::to_owned).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_without_a_provider_is_told_before_anything_is_recorded() {
    let case = Try::new();
    let lines = told(case.start(None).await);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].starts_with("no provider is bound to 'edge' as traffic-router"),
        "{lines:?}"
    );
    assert!(case.journal.read(&id(), 0).await.is_err(), "nothing began");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_cannot_do_what_the_document_says_is_told_before_anything_is_recorded() {
    let case = Try::new();
    let lines = told(case.start(Some(vec![Capability::Weights])).await);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].starts_with("what is bound to 'edge' cannot do 'read-back'"),
        "{lines:?}"
    );
    assert!(case.journal.read(&id(), 0).await.is_err(), "nothing began");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_lacks_a_provider_does_not_take_the_rollout_up_and_keeps_nobody_from_it() {
    let case = Try::new();
    let whole = || Some(vec![Capability::Weights, Capability::ReadBack]);
    assert!(case.start(whole()).await.is_ok());
    // The handle is gone, and with it the controller; its lease runs out.
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let refused = case.runner(None).resume(&id()).await.map(|_handle| ());
    assert_eq!(told(refused).len(), 1);
    let taken = case.runner(whole()).resume(&id()).await;
    assert!(taken.is_ok(), "{taken:?}");
}
