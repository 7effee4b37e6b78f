//! The plan of a rollout over one backend, and its beginning.

use std::sync::Arc;

use phasegate::core::{Clock as _, RolloutId, Span};
use phasegate::driver::Creation;
use phasegate::engine::program::Program;
use phasegate::engine::{Sources, Start, compile};
use phasegate::journal::{Holder, Journal, ReadError};
use phasegate::plan::{Catalog, PlanDocument, check};
use phasegate::runner::SystemClock;

use crate::Error;

/// The name of a backend, in the plan and in HAProxy.
pub fn name(backend: usize) -> String {
    format!("shop-{backend}")
}

/// The rollout of a version over a backend.
pub fn rollout(backend: usize, generation: u32) -> Result<RolloutId, Error> {
    Ok(format!("{}-v{generation}", name(backend)).parse()?)
}

fn program(backend: usize) -> Result<(Program, Sources), Error> {
    let shop = name(backend);
    let plan = format!(
        "format: phasegate-plan/1
id: {shop}
title: A new version of {shop}
roles:
  - {{id: operator, members: [olga]}}
evaluation: {{every: 500ms}}
phases:
  - id: try
    title: Try
    steps:
      - {{id: some, traffic: {{binding: edge, target: {shop}, stages: [10%]}}}}
      - {{id: watch, wait: 400ms}}
      - {{id: half, traffic: {{binding: edge, target: {shop}, stages: [50%]}}}}
    rollback:
      steps:
        - {{id: off, budget: 10s, traffic: {{binding: edge, target: {shop}, stages: [0%]}}}}
  - id: all
    title: All
    steps:
      - {{id: watch, wait: 400ms}}
      - {{id: all, traffic: {{binding: edge, target: {shop}, stages: [100%]}}}}
    rollback:
      steps:
        - {{id: off, budget: 10s, traffic: {{binding: edge, target: {shop}, stages: [0%]}}}}
"
    );
    let bindings = "format: phasegate-bindings/1
bindings:
  edge: {adapter: haproxy, roles: [traffic-router], capabilities: [weights, read-back]}
"
    .to_owned();
    let bound = Catalog::read("bindings.yaml", bindings.as_bytes());
    let catalog = bound.catalog.ok_or_else(|| bound.faults.render())?;
    let document = PlanDocument::read("plan.yaml", plan.as_bytes());
    let checked = check(&document, Some(&catalog));
    let checked = checked.plan.ok_or_else(|| checked.faults.render())?;
    let program = compile(&checked, &catalog, &Start::new("author".parse()?))?;
    Ok((program, Sources { plan, bindings }))
}

/// Writes a rollout into the journal and gives it back: any controller takes it up.
pub async fn begin(journal: Arc<dyn Journal>, backend: usize, version: u32) -> Result<(), Error> {
    let rollout = rollout(backend, version)?;
    let (program, sources) = program(backend)?;
    let now = SystemClock::new().now();
    let creation = Creation::new(rollout.clone(), program, sources, "author".parse()?, now)?;
    let (claims, batch) = (creation.claims().to_vec(), creation.batch());
    let me = Holder::new("author")?;
    let ttl = Span::from_secs(5);
    let (lease, _) = journal.create(&rollout, &me, ttl, &claims, batch).await?;
    journal.release(&lease).await?;
    Ok(())
}

/// Is the rollout of a version over a backend over? Version 0 is what was there before.
pub async fn is_over(journal: &dyn Journal, backend: usize, version: u32) -> Result<bool, Error> {
    if version == 0 {
        return Ok(true);
    }
    match journal.summary(&rollout(backend, version)?).await {
        Ok(summary) => Ok(summary.finished),
        Err(ReadError::Unavailable(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
