//! Plans and recordings that several tests begin with.

#![allow(dead_code, reason = "no program of tests needs all of them")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "what cannot be built must stop the test"
)]

use std::fmt::Write as _;

use phasegate_backtest::{Backtest, Options, Recorded, Recording, Series, Traffic, backtest};
use phasegate_core::Timestamp;
use phasegate_engine::program::Program;
use phasegate_engine::{Start, compile};
use phasegate_plan::{Catalog, PlanDocument, check};

pub(crate) const START: i64 = 1_757_408_400;
/// Seconds from one point to the next, and from one look to the next.
pub(crate) const STEP: i64 = 15;

const BINDINGS: &str = "
format: phasegate-bindings/1
bindings:
  chat: {adapter: recorded, roles: [notifier]}
  edge: {adapter: recorded, roles: [traffic-router], capabilities: [weights, read-back]}
  metrics: {adapter: recorded, roles: [metric-source], capabilities: [measure-scalar, measure-share, measure-per-arm]}
";

/// A ramp of 10% for half an hour and 50% for half an hour, with these triggers.
pub(crate) fn program(triggers: &[&str]) -> Program {
    program_of(
        "    steps: [{id: ramp, traffic: {binding: edge, target: shop, stages: [{weight: 10%, bake: 30m}, {weight: 50%, bake: 30m}]}}]
    rollback: {target: start, limit: 5m, steps: [{id: none, traffic: {binding: edge, target: shop, stages: [0%]}}]}
",
        triggers,
    )
}

/// A plan of one phase that says this, with these triggers.
pub(crate) fn program_of(phase: &str, triggers: &[&str]) -> Program {
    let mut text = format!(
        "
format: phasegate-plan/1
id: shop
title: Shop
roles: [{{id: lead, title: Lead, members: [ann]}}]
channels: [{{id: team, binding: chat}}]
kpis:
  - {{id: load, shape: gauge, direction: lower, source: metrics, query: {{whole: load}}, window: 1m}}
  - {{id: errors, shape: ratio, unit: '%', direction: lower, source: metrics, query: {{canary: errors, stable: errors}}, window: 5m}}
  - {{id: timeouts, shape: counter, direction: lower, source: metrics, query: {{whole: timeouts}}, window: 2m}}
evaluation: {{every: 15s, settle: 0s}}
phases:
  - id: canary
    title: Canary
{phase}",
    );
    if !triggers.is_empty() {
        text += "triggers:\n";
    }
    for (number, trigger) in triggers.iter().enumerate() {
        writeln!(text, "  - {{id: t{number}, {trigger}}}").expect("a string");
    }
    let bindings = Catalog::read("bindings.yaml", BINDINGS.as_bytes());
    let catalog = bindings.catalog.expect("no fault");
    let checked = check(
        &PlanDocument::read("plan.yaml", text.as_bytes()),
        Some(&catalog),
    );
    let plan = checked
        .plan
        .unwrap_or_else(|| panic!("{}", checked.faults.render()));
    compile(&plan, &catalog, &Start::new("ann".parse().expect("an id"))).expect("a program")
}

pub(crate) const BACK: &str =
    "criterion: load > 80, severity: critical, respond: [{rollback: start}]";

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_millis((START + seconds) * 1000)
}

/// Of each step, whatever this says of its second; a gap where it says nothing.
pub(crate) fn series(seconds: i64, value: impl Fn(i64) -> Option<f64>) -> Series {
    let points = (0..=seconds / STEP).map(|step| step * STEP);
    let points = points.filter_map(|second| Some((at(second), value(second)?)));
    Series::new(points.collect())
}

pub(crate) fn load(seconds: i64, value: impl Fn(i64) -> Option<f64>) -> Recording {
    Recording::new().with("load", None, Recorded::Gauge(series(seconds, value)))
}

pub(crate) fn for_hours(hours: i64) -> Options {
    Options::new(at(0), at(hours * 3600))
}

/// A hundred requests a second.
pub(crate) fn traffic(hours: i64) -> Traffic {
    let all = series(hours * 3600, |second| {
        Some(f64::from(i32::try_from(second).expect("small")) * 100.0)
    });
    Traffic {
        requests: all,
        users: 40_000,
    }
}

pub(crate) fn run(program: &Program, recording: &Recording, options: &Options) -> Backtest {
    backtest(program, recording, options).expect("no defect")
}

/// So many hours of a load that is high from some second on.
pub(crate) fn worse_from(bad: i64, hours: i64) -> Recording {
    load(hours * 3600, move |second| {
        Some(if second >= bad { 120.0 } else { 20.0 })
    })
}
