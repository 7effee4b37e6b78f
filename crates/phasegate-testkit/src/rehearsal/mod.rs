//! Rehearsals: any compiled plan from start to end in simulation, in a world in which its criteria hold and people
//! do what they are asked, and again with one fault in one phase.
//!
//! Engine, driver and journal are the real ones. The world is made from the program: each question to a source is
//! answered with a number under which the criteria of the phase hold and no trigger fires, found by evaluating them.
//! What a plan does about a fault is read from the plan ([`Fault::says`]), not from a run.
//!
//! ```
//! # use phasegate_engine::{Start, compile};
//! # use phasegate_plan::{Catalog, PlanDocument, check};
//! use phasegate_testkit::rehearsal::{faults, rehearse};
//!
//! let plan = "
//! format: phasegate-plan/1
//! id: shop
//! title: A new shop
//! roles: [{id: lead, title: Lead, members: [ann]}]
//! kpis: [{id: errors, title: Errors, shape: ratio, unit: '%', source: metrics, query: {whole: errors}}]
//! phases:
//!   - id: canary
//!     title: Canary
//!     steps: [{id: ramp, traffic: {binding: edge, target: shop, stages: [{weight: 50%, bake: 10m}]}}]
//!     criteria: [ratio(errors) < 1%]
//!     rollback: {target: start, limit: 5m, steps: [{id: none, traffic: {binding: edge, target: shop, stages: [0%]}}]}
//! ";
//! let bindings = "
//! format: phasegate-bindings/1
//! bindings:
//!   metrics: {adapter: prometheus, roles: [metric-source], capabilities: [measure-share]}
//!   edge: {adapter: haproxy, roles: [traffic-router], capabilities: [weights, read-back]}
//! ";
//! let catalog = Catalog::read("bindings.yaml", bindings.as_bytes()).catalog.expect("no fault");
//! let checked = check(&PlanDocument::read("plan.yaml", plan.as_bytes()), Some(&catalog));
//! let plan = checked.plan.unwrap_or_else(|| panic!("{}", checked.faults.render()));
//! let program = compile(&plan, &catalog, &Start::new("ann".parse()?))?;
//!
//! let start = "2026-09-07T09:00:00Z".parse()?;
//! assert!(rehearse(&program, start, None)?.is_completed());
//! for fault in faults(&program) {
//!     let answer = rehearse(&program, start, Some(&fault))?.answer(&fault);
//!     assert!(answer.is_as_planned(), "{answer:?}");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod account;
mod answer;
mod fault;
mod fit;
mod hands;

use phasegate_core::{Clock as _, Desired, KpiId, Quantity, Ratio, RolloutId, Span, Timestamp};
use phasegate_criterion::{Against, Baseline, Criterion, Given, KpiRegistry};
use phasegate_engine::program::{OpKind, Program};
use phasegate_engine::record::{Outcome, Record};
use phasegate_sla::{Testimony, needs};

pub use account::{Done, PhaseEnd, PhaseLine};
pub use answer::FaultAnswer;
pub use fault::{Fault, FaultKind, faults};

use crate::simulation::{Ended, Setup, Simulation, SimulationError};
use crate::world::World;
use fit::{Levels, Want, Wish, fit};
use hands::Hands;

/// A rollout that was rehearsed.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rehearsal {
    /// What was carried out.
    pub program: Program,
    /// Its journal.
    pub records: Vec<Record>,
    /// How it ended; `None` if it did not: something holds it, or it waits.
    pub outcome: Option<Outcome>,
    /// What held it at the end, in words.
    pub held: Vec<String>,
    /// The largest share that saw the new version at the end.
    pub exposure: Ratio,
}

/// No plan is longer: two years.
const LIMIT: Span = Span::from_secs(2 * 366 * 86_400);

/// How often is looked from outside whether it goes on.
const SLICE: Span = Span::from_secs(1_800);

/// Carries a program out from `start` on, with a fault or without one, until it ends or something holds it.
///
/// Cost: some ten milliseconds for each day that the plan watches something.
///
/// # Errors
/// If engine or driver did what they never should.
pub fn rehearse(
    program: &Program,
    start: Timestamp,
    fault: Option<&Fault>,
) -> Result<Rehearsal, SimulationError> {
    let mut unsigned = program.clone();
    // The people of a rehearsal have no keys.
    unsigned.signatures = None;
    let world = with_fewest(World::default(), program);
    let mut setup = Setup::new(unsigned, world, start);
    setup.rollout = RolloutId::new(program.plan.as_str()).ok();
    // Longer than an append: when a number comes, its phase is known to have begun.
    setup.answer_takes = Span::from_millis(100);
    let mut simulation = Simulation::new(setup)?;
    simulation.set_director(Box::new(Hands::new(fault.cloned())));
    let mut slice = SLICE;
    loop {
        let before = simulation.clock.now().wall;
        let ended = simulation.run(slice)?;
        let now = simulation.clock.now().wall;
        // Where nothing is to be done for long, time does not pass in short slices.
        slice = if now == before {
            slice.saturating_add(slice)
        } else {
            SLICE
        };
        let held = simulation.state().is_some_and(|state| {
            let failed = state.rollback.as_ref().is_some_and(|back| back.failed);
            failed || (!state.holds.is_empty() && state.rollback.is_none())
        });
        if ended != Ended::OutOfTime || held || now.since(start) > LIMIT {
            break;
        }
    }
    // What moves although it is held would do so now.
    simulation.run(SLICE)?;
    let held = simulation.state().map(|state| state.holds.clone());
    Ok(Rehearsal {
        program: program.clone(),
        records: simulation.records()?,
        outcome: simulation.state().and_then(|state| state.outcome),
        held: held.iter().flatten().map(ToString::to_string).collect(),
        exposure: simulation.world.exposure(),
    })
}

impl Rehearsal {
    /// Did all phases come to their end?
    pub fn is_completed(&self) -> bool {
        self.outcome == Some(Outcome::Completed)
    }

    /// How long it took, from the first record to the last.
    pub fn length(&self) -> Span {
        match (self.records.first(), self.records.last()) {
            (Some(first), Some(last)) => last.at().since(first.at()),
            _ => Span::ZERO,
        }
    }

    /// What came of a fault.
    pub fn answer(&self, fault: &Fault) -> FaultAnswer {
        FaultAnswer::of(self, fault)
    }
}

/// Gives a figure to every baseline that criteria compare with and that the plan leaves unknown and does not measure:
/// whoever carries such a plan out has to find it out before. Reports say that the plan did not give them. Gives back which
/// KPIs these are.
pub fn supply_baselines(program: &mut Program) -> Vec<KpiId> {
    let registry = program.registry();
    let can = |binding: &_, capability| program.can(binding, capability);
    let ops = program
        .phases
        .iter()
        .flat_map(|phase| phase.ops.iter().chain(&phase.rollback.ops));
    let measured: Vec<&KpiId> = ops
        .clone()
        .flat_map(|op| match &op.kind {
            OpKind::Measure { figures, .. } => figures.as_slice(),
            _ => &[],
        })
        .map(|figure| &figure.kpi)
        .collect();
    let checks = ops.flat_map(|op| op.checks().iter().chain(op.stops()));
    let criteria = checks
        .map(|check| &check.criterion)
        .chain(program.triggers.iter().map(|trigger| &trigger.criterion));
    let mut open: Vec<KpiId> = criteria
        .filter(|criterion| compares_with_baseline(criterion))
        .flat_map(|criterion| needs(criterion, &registry, &can).unwrap_or_default())
        .map(|need| need.kpi)
        .filter(|kpi| !measured.contains(&kpi))
        .collect();
    open.sort();
    open.dedup();
    let unknown = Baseline::Figure(Given::Unknown);
    open.retain(|id| registry.kpi(id).is_some_and(|kpi| kpi.baseline == unknown));
    let levels = all_at_once(program, &registry);
    for kpi in program.kpis.iter_mut().filter(|kpi| open.contains(&kpi.id)) {
        let level = levels.iter().find(|(question, _)| question.kpi == kpi.id);
        if let Some((_, level)) = level {
            let figure = Quantity::new(*level, kpi.unit.clone()).to_string();
            kpi.baseline = figure.parse().unwrap_or_default();
            program
                .given_baselines
                .insert(kpi.id.clone(), "the rehearsal".to_owned());
        }
    }
    open
}

/// Numbers under which as much of the whole plan holds as can at once.
fn all_at_once(program: &Program, registry: &KpiRegistry) -> Levels {
    let phases = program.phases.iter();
    let ops = phases.flat_map(|phase| phase.ops.iter().chain(&phase.rollback.ops));
    let checks = ops.flat_map(|op| op.checks());
    let mut wishes: Vec<Wish<'_>> = checks
        .map(|check| Wish {
            criterion: &check.criterion,
            want: Want::Hold,
            weight: 1,
        })
        .collect();
    wishes.extend(program.triggers.iter().map(|trigger| Wish {
        criterion: &trigger.criterion,
        want: Want::Quiet,
        weight: 1,
    }));
    let mut levels = Levels::new();
    fit(
        program,
        registry,
        &Testimony::default(),
        &wishes,
        &mut levels,
    );
    levels
}

fn compares_with_baseline(criterion: &Criterion) -> bool {
    let mut tests = criterion.condition.tests();
    tests.any(|test| matches!(test.reference(), Some((Against::Baseline, None))))
}

/// Of everything that policies scale there are as few as there may be.
fn with_fewest(mut world: World, program: &Program) -> World {
    for one in &program.scaling {
        let (target, count) = (one.target.clone(), one.min);
        let thing = world.things.entry((one.to.clone(), target.clone()));
        thing.or_default().now = Some(Desired::Scale { target, count });
    }
    world
}
