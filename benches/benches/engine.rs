//! Question: how long does a rollout of three weeks take, looked at every 15 seconds?
//!
//! Engine, driver and memory journal carry a plan of four phases out on a virtual clock: 21 days of bakes
//! under criteria on p95, p99, the share of errors and a queue, and three triggers, all of which are asked
//! and judged at every look. Prints the time of the fastest of three runs beside the goal, what a look costs and
//! how many a core decides in a second; then the same with a mean, for which a sketch of the whole distribution is read at every look.
//!
//!     cargo bench -p phasegate-benches --bench engine

use std::time::Instant;

use phasegate_core::{Decimal, Span, Timestamp};
use phasegate_engine::program::Program;
use phasegate_engine::record::Outcome;
use phasegate_engine::{Start, compile};
use phasegate_plan::{Catalog, PlanDocument, check};
use phasegate_testkit::simulation::{Ended, Setup, Simulation};
use phasegate_testkit::world::{Metric, World};

/// Three weeks may take so many seconds.
const GOAL: f64 = 0.5;

const BINDINGS: &str = "
format: phasegate-bindings/1
bindings:
  edge: {adapter: simulated, roles: [traffic-router], capabilities: [weights, read-back]}
  metrics:
    adapter: simulated
    roles: [metric-source]
    capabilities: [measure-below, measure-share, measure-scalar, measure-distribution, measure-per-arm]
";

const PLAN: &str = "
format: phasegate-plan/1
id: weeks
title: Three weeks
kpis:
  - {id: latency, shape: distribution, direction: lower, window: 5m, unit: ms, source: metrics, query: {canary: latency, stable: latency}}
  - {id: errors, shape: ratio, direction: lower, window: 5m, unit: '%', source: metrics, query: {canary: errors, stable: errors}}
  - {id: queue, shape: gauge, direction: lower, window: 5m, source: metrics, query: {whole: queue}}
evaluation: {every: 15s, settle: 0s}
phases:
PHASES
triggers:
  - {id: burst, criterion: ratio(errors) > 10% for 5m, severity: critical, respond: [{rollback: start}]}
  - {id: slow, criterion: p99(latency) > 900ms for 5m, severity: high, respond: [{rollback: start}]}
  - {id: crowd, criterion: queue > 90 for 5m, severity: medium, respond: [hold]}
";

const PHASE: &str = "
  - id: phase-N
    title: Phase N
    steps:
      - id: ramp-N
        traffic:
          binding: edge
          target: shop-N
          stages: [{weight: 10%, bake: 63h}, {weight: 100%, bake: 63h}]
    criteria:
      - p95(latency) < 300ms
      - p99(latency) < 500ms
      - ratio(errors) < 1%
      - queue < 80
    rollback:
      steps: [{id: back-N, budget: 2m, traffic: {binding: edge, target: shop-N, stages: [0%]}}]
";

/// A criterion that a count does not decide.
const MEAN: &str = "      - avg(latency) < 200ms\n";

fn program(with_mean: bool) -> Program {
    let criterion = "      - queue < 80\n";
    let phase = match with_mean {
        true => PHASE.replace(criterion, &format!("{criterion}{MEAN}")),
        false => PHASE.to_owned(),
    };
    let phases: String = (1..=4)
        .map(|n| phase.replace('N', &n.to_string()))
        .collect();
    let text = PLAN.replace("PHASES", &phases);
    let bindings = Catalog::read("bindings.yaml", BINDINGS.as_bytes());
    let catalog = bindings
        .catalog
        .unwrap_or_else(|| panic!("{}", bindings.faults.render()));
    let checked = check(
        &PlanDocument::read("weeks.yaml", text.as_bytes()),
        Some(&catalog),
    );
    let plan = checked
        .plan
        .unwrap_or_else(|| panic!("{}", checked.faults.render()));
    let by = "author".parse().expect("an id");
    compile(&plan, &catalog, &Start::new(by)).expect("compiles")
}

fn world() -> World {
    let mut world = World::default();
    let points = (1..=100).map(f64::from).collect();
    let metrics = [
        (
            "latency",
            Metric::Distribution {
                points,
                per_second: 100,
            },
        ),
        (
            "errors",
            Metric::Share {
                matching: "0.1%".parse().expect("a ratio"),
                per_second: 100,
            },
        ),
        (
            "queue",
            Metric::Scalar {
                value: Decimal::from(5u64),
            },
        ),
    ];
    for (kpi, metric) in metrics {
        world.metrics.insert(kpi.parse().expect("an id"), metric);
    }
    world
}

fn main() {
    // `cargo test --benches` runs each once.
    let runs = if std::env::args().any(|argument| argument == "--bench") {
        3
    } else {
        1
    };
    let (best, looks) = fastest(&program(false), runs);
    println!("{:.2} of the goal of {GOAL} s", best / GOAL);
    let (with_mean, _) = fastest(&program(true), runs);
    println!(
        "a mean from a sketch adds {:.2} us to a look",
        (with_mean - best) * 1e6 / looks as f64
    );
}

/// The seconds of the fastest run, and how many looks it took.
fn fastest(program: &Program, runs: usize) -> (f64, u64) {
    let start: Timestamp = "2026-09-07T09:00:00Z".parse().expect("a moment");
    let mut best = f64::INFINITY;
    let (mut records, mut looks) = (0, 0);
    for _ in 0..runs {
        let setup = Setup::new(program.clone(), world(), start);
        let mut simulation = Simulation::new(setup).expect("a rollout");
        let began = Instant::now();
        let ended = simulation
            .run(Span::from_secs(30 * 86_400))
            .expect("no defect");
        best = best.min(began.elapsed().as_secs_f64());
        assert_eq!(ended, Ended::Finished(Outcome::Completed));
        let took = simulation.records().expect("a whole journal");
        let lasted = took.last().expect("records").at().since(start);
        assert!(lasted >= Span::from_secs(21 * 86_400), "it lasted {lasted}");
        (records, looks) = (took.len(), lasted.as_secs_f64() as u64 / 15);
    }
    println!(
        "21 days at a look every 15 s: {best:.3} s for {looks} looks and {records} records, {:.2} us a look: {:.0} looks \
         a second on one core, each at four criteria or more and three triggers",
        best * 1e6 / looks as f64,
        looks as f64 / best,
    );
    (best, looks)
}
