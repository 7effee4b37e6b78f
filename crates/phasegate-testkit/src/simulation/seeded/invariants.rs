//! What must hold in every run, whatever went wrong, checked against the journal and the world.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{EffectClass, EffectKey, EffectOutcome, Timestamp};
use phasegate_engine::Engine;
use phasegate_engine::program::{Occasion, OpKind, Program};
use phasegate_engine::record::{
    Body, Decision, Finish, HoldReason, IncidentClock, IncidentStep, Place, Record,
};

use super::{Report, by_calendar, by_scaling, going_back, grounds, on_time, plan};
use crate::simulation::{Ended, Simulation};

pub(super) fn check(
    program: &Program,
    records: &[Record],
    simulation: &Simulation,
    report: &mut Report,
) {
    let mut violations = Vec::new();
    replay_equals_live(records, simulation, &mut violations);
    effects_have_intents(records, simulation, &mut violations);
    what_is_done_has_happened(records, &mut violations);
    nothing_forward_in_a_freeze(program, records, &mut violations);
    gates_are_decided(program, records, &mut violations);
    grounds::check(program, records, &mut violations);
    what_is_set_is_what_the_plan_says(program, records, &mut violations);
    what_was_begun_is_ended(records, simulation, &mut violations);
    no_phase_begins_before_what_is_to_be_decided_first(program, records, &mut violations);
    what_happens_is_announced_once(program, records, &mut violations);
    work_that_began_never_changes(program, records, &mut violations);
    revisions_are_approved_first(program, records, &mut violations);
    going_back::check(program, records, &mut violations);
    by_calendar::check(records, &mut violations);
    by_scaling::check(program, records, &mut violations);
    nothing_confirmed_is_lost(records, simulation, &mut violations);
    it_ends_or_waits_for_somebody(simulation, report, &mut violations);
    on_time::check(program, records, simulation, &mut violations);
    nothing_drifts_unless_somebody_meddles(records, simulation, &mut violations);
    violations.extend(simulation.trespasses().iter().cloned());
    report.violations.append(&mut violations);
}

/// Each record with the program by which it was made.
pub(super) fn with_programs<'r>(
    program: &'r Program,
    records: &'r [Record],
) -> impl Iterator<Item = (&'r Program, &'r Record)> {
    let mut program = program;
    records.iter().map(move |record| {
        if let Body::Amended {
            program: revised, ..
        } = &record.body
        {
            program = revised;
        }
        (program, record)
    })
}

/// A revised plan that was adopted leaves what has begun as it was.
fn work_that_began_never_changes(program: &Program, records: &[Record], out: &mut Vec<String>) {
    let mut program = program;
    let mut begun: BTreeSet<&Place> = BTreeSet::new();
    for record in records {
        match &record.body {
            Body::OpStarted { place, .. } if !place.is_rollback() => _ = begun.insert(place),
            // What was undone begins anew.
            Body::RollbackStarted { phases, .. } => {
                begun.retain(|place| place.phase().is_none_or(|id| !phases.contains(id)));
            }
            Body::Amended {
                program: revised, ..
            } => {
                for place in &begun {
                    let Place::Phase { phase, op } = place else {
                        continue;
                    };
                    let kind = |program: &Program| {
                        let ops = program.phase(phase).map(|phase| phase.ops.clone());
                        let op = ops.and_then(|ops| ops.get(*op).cloned());
                        op.map(|op| (op.step, std::mem::discriminant(&op.kind), desired(&op.kind)))
                    };
                    if kind(program) != kind(revised) {
                        out.push(format!("amended: {phase} {op} had begun and was changed"));
                    }
                }
                program = revised;
            }
            _ => {}
        }
    }
}

fn desired(kind: &OpKind) -> Option<phasegate_core::Desired> {
    match kind {
        OpKind::Apply { desired, .. } => Some(desired.clone()),
        _ => None,
    }
}

/// Nothing moves forward between a revision and the approvals that it needs anew.
fn revisions_are_approved_first(program: &Program, records: &[Record], out: &mut Vec<String>) {
    let mut open: BTreeSet<Place> = BTreeSet::new();
    let mut passed: BTreeSet<Place> = BTreeSet::new();
    for (program, record) in with_programs(program, records) {
        match &record.body {
            Body::Amended { .. } => open = passed.clone(),
            Body::GateDecided {
                place,
                decision: Decision::Go,
                ..
            } => _ = open.remove(place),
            // What is undone is asked anew in its turn.
            Body::RollbackStarted { phases, .. } => {
                open.clear();
                passed.retain(
                    |place| !matches!(place, Place::Phase { phase, .. } if phases.contains(phase)),
                );
            }
            Body::OpFinished {
                place: place @ Place::Phase { phase, op },
                finish: Finish::Done,
            } if phase.as_str() == "plan-start" => {
                let op = program.phase(phase).and_then(|phase| phase.ops.get(*op));
                if matches!(op.map(|op| &op.kind), Some(OpKind::Gate(gate)) if !gate.approvals.quorum.is_empty())
                {
                    passed.insert(place.clone());
                }
            }
            Body::PhaseStarted { phase } if !open.is_empty() => {
                out.push(format!(
                    "amended: {phase} began before the revision was approved"
                ));
            }
            _ => {}
        }
    }
}

fn replay_equals_live(records: &[Record], simulation: &Simulation, out: &mut Vec<String>) {
    let stored: Vec<_> = records
        .iter()
        .filter_map(|record| Some((record.kind(), record.encode().ok()?)))
        .collect();
    match Engine::replay(stored.iter().map(|(kind, payload)| (*kind, &**payload))) {
        Ok(replayed) => {
            if let Some(live) = simulation.state()
                && replayed.state() != live
            {
                out.push("replay: it is not what the live engine had".to_owned());
            }
        }
        Err(error) => out.push(format!("replay: {error}")),
    }
}

/// What begins, ends or is declared is announced as often as it happens, whatever was killed between.
fn what_happens_is_announced_once(program: &Program, records: &[Record], out: &mut Vec<String>) {
    // A revised plan names more phases, and those of before as well.
    let last = with_programs(program, records).last();
    let program = last.map_or(program, |(program, _)| program);
    for (number, one) in program.announcements.iter().enumerate() {
        let happens = |body: &Body| match (&one.occasion, body) {
            (Occasion::PhaseStart(phases), Body::PhaseStarted { phase })
            | (Occasion::PhaseEnd(phases), Body::PhaseFinished { phase }) => phases.contains(phase),
            (Occasion::Incident, Body::Incident { step, .. }) => {
                matches!(step, IncidentStep::Declared { drill: false, .. })
            }
            (_, _) => false,
        };
        if matches!(one.occasion, Occasion::At(_) | Occasion::Every(_)) {
            continue;
        }
        let happened = records.iter().filter(|r| happens(&r.body)).count();
        let is_it = |at: &u32| usize::try_from(*at) == Ok(number);
        let announced = records
            .iter()
            .filter(|r| matches!(&r.body, Body::Announced { number, .. } if is_it(number)))
            .count();
        if happened != announced {
            let title = &one.title;
            out.push(format!(
                "announced: '{title}' {announced} times, it happened {happened} times"
            ));
        }
    }
}

/// An operation that brings something about is done when that is known to have happened.
fn what_is_done_has_happened(records: &[Record], out: &mut Vec<String>) {
    let mut intended: BTreeMap<&Place, u64> = BTreeMap::new();
    let mut applied: BTreeSet<u64> = BTreeSet::new();
    for record in records {
        match &record.body {
            Body::OpStarted { place, .. } | Body::Retried { place, .. } => {
                intended.remove(place);
            }
            Body::Intended { place, effect, .. } => _ = intended.insert(place, effect.number),
            Body::Concluded {
                effect,
                outcome: EffectOutcome::Applied { .. },
                ..
            } => _ = applied.insert(*effect),
            Body::OpFinished {
                place,
                finish: Finish::Done,
            } => {
                if let Some(effect) = intended.remove(place)
                    && !applied.contains(&effect)
                {
                    out.push(format!(
                        "done: {place:?} is, and effect {effect} is not known to be"
                    ));
                }
            }
            _ => {}
        }
    }
}

/// Every change outside has one intent from before it; what must happen at most once does; nothing is
/// done twice with one key but what may be.
fn effects_have_intents(records: &[Record], simulation: &Simulation, out: &mut Vec<String>) {
    let mut intents: BTreeMap<EffectKey, (Timestamp, &phasegate_core::Effect)> = BTreeMap::new();
    for record in records {
        if let Body::Intended { effect, .. } = &record.body
            && intents
                .insert(effect.key.clone(), (record.at(), effect))
                .is_some()
        {
            out.push(format!("key: {} is the key of two intents", effect.key));
        }
    }
    let mut times: BTreeMap<&EffectKey, u32> = BTreeMap::new();
    let mut only_once: BTreeSet<&EffectKey> = BTreeSet::new();
    for done in simulation.world.history() {
        let Some((_, effect)) = intents.get(&done.key) else {
            out.push(format!("intent: {} was done without one", done.desired));
            continue;
        };
        if effect.desired != done.desired {
            out.push(format!(
                "intent: {} was done instead of {}",
                done.desired, effect.desired
            ));
        }
        // By the plan, whatever the engine has made of it.
        if plan::may_happen_once(&done.desired) {
            only_once.insert(&done.key);
        }
        *times.entry(&done.key).or_default() += 1;
    }
    for (key, count) in times {
        let class = intents.get(key).map(|(_, effect)| effect.class);
        let once = matches!(
            class,
            Some(EffectClass::AtMostOnce | EffectClass::IdempotentByKey)
        ) || only_once.contains(key);
        if once && count > 1 {
            out.push(format!("twice: {key} was done {count} times"));
        }
    }
}

/// Is the operation there, or the one after it, one that ends something? Those move always.
fn is_end(program: &Program, place: &Place) -> bool {
    let Place::Phase { phase, op } = place else {
        return false;
    };
    let ops = program.phase(phase).map(|phase| &phase.ops);
    let at = |index: usize| {
        ops.and_then(|ops| ops.get(index))
            .is_some_and(phasegate_engine::program::Op::is_end)
    };
    at(*op) || at(op + 1)
}

fn nothing_forward_in_a_freeze(program: &Program, records: &[Record], out: &mut Vec<String>) {
    for (program, record) in with_programs(program, records) {
        if program.frozen_until(record.at()).is_none() {
            continue;
        }
        let forward = match &record.body {
            Body::PhaseStarted { .. } | Body::PhaseFinished { .. } => true,
            Body::OpStarted { place, .. } => {
                matches!(place, Place::Phase { .. }) && !is_end(program, place)
            }
            Body::OpFinished {
                place,
                finish: Finish::Done,
            } => matches!(place, Place::Phase { .. }) && !is_end(program, place),
            _ => false,
        };
        if forward {
            out.push(format!("freeze: {} at {}", record.kind(), record.at()));
        }
    }
}

fn gates_are_decided(program: &Program, records: &[Record], out: &mut Vec<String>) {
    let mut gone: BTreeSet<Place> = BTreeSet::new();
    for (program, record) in with_programs(program, records) {
        match &record.body {
            Body::OpStarted { place, .. } => {
                gone.remove(place);
            }
            Body::GateDecided {
                place,
                decision: Decision::Go,
                ..
            } => {
                gone.insert(place.clone());
            }
            Body::OpFinished {
                place: place @ Place::Phase { phase, op },
                finish: Finish::Done,
            } => {
                let kind = program.phase(phase).and_then(|p| p.ops.get(*op));
                let is_gate = kind.is_some_and(|op| matches!(op.kind, OpKind::Gate(_)));
                if is_gate && !gone.contains(place) {
                    out.push(format!("gate: {phase} passed one that nobody had decided"));
                }
            }
            _ => {}
        }
    }
}

/// Exposure is never above what the plan allows: each state that is set is the one its operation names.
fn what_is_set_is_what_the_plan_says(program: &Program, records: &[Record], out: &mut Vec<String>) {
    for (program, record) in with_programs(program, records) {
        let Body::Intended {
            place: Place::Phase { phase, op },
            effect,
            ..
        } = &record.body
        else {
            continue;
        };
        let op = program.phase(phase).and_then(|p| p.ops.get(*op));
        let Some(OpKind::Apply { desired, .. }) = op.map(|op| &op.kind) else {
            out.push(format!("plan: {} is no change of the plan", effect.desired));
            continue;
        };
        let message = matches!(desired, phasegate_core::Desired::Message { .. });
        if !message && *desired != effect.desired {
            out.push(format!("plan: {} instead of {desired}", effect.desired));
        }
    }
}

/// A fault that was made on purpose, copies and comparisons do not outlast the rollout.
fn what_was_begun_is_ended(records: &[Record], simulation: &Simulation, out: &mut Vec<String>) {
    let finished = records.last().map(|record| &record.body);
    let well = matches!(
        finished,
        Some(Body::Finished {
            outcome: phasegate_engine::record::Outcome::Completed
        })
    );
    let skipped = records.iter().any(|record| {
        matches!(
            record.body,
            Body::OpFinished {
                finish: Finish::Skipped { .. },
                ..
            }
        )
    });
    if well && !skipped && simulation.world.is_broken() {
        out.push("ended: something is still broken on purpose".to_owned());
    }
}

/// What is to be decided at the next phase is decided, or called out, before one begins.
fn no_phase_begins_before_what_is_to_be_decided_first(
    program: &Program,
    records: &[Record],
    out: &mut Vec<String>,
) {
    let mut open: BTreeSet<u64> = BTreeSet::new();
    let waits = |scenario: &str| {
        let mut rows = program.matrix.iter();
        rows.any(|row| row.scenario == scenario && row.decide_at_next_phase)
    };
    for record in records {
        match &record.body {
            Body::Incident { number, step } => match step {
                IncidentStep::Declared {
                    scenario,
                    drill: false,
                    ..
                } if waits(scenario) => {
                    open.insert(*number);
                }
                IncidentStep::Decided { .. }
                | IncidentStep::Resolved { .. }
                | IncidentStep::Late {
                    clock: IncidentClock::Decide,
                } => {
                    open.remove(number);
                }
                IncidentStep::Acknowledged { .. }
                | IncidentStep::Called { .. }
                | IncidentStep::Declared { .. }
                | IncidentStep::FollowedUp { .. }
                | IncidentStep::Late { .. }
                | IncidentStep::Updated { .. } => {}
            },
            Body::PhaseStarted { phase } if !open.is_empty() => {
                out.push(format!(
                    "incidents: {phase} began before {open:?} was decided"
                ));
            }
            _ => {}
        }
    }
}

/// What the rollout has set stands as it was set, unless somebody else changed it.
fn nothing_drifts_unless_somebody_meddles(
    records: &[Record],
    simulation: &Simulation,
    out: &mut Vec<String>,
) {
    if simulation.struck().contains_key("somebody else changes it") {
        return;
    }
    for record in records {
        if let Body::Held {
            reason: reason @ HoldReason::Drift { .. },
        } = &record.body
        {
            out.push(format!("drift: {reason}, and nobody had touched it"));
        }
    }
}

/// What an operator was told is durable is in the journal.
fn nothing_confirmed_is_lost(records: &[Record], simulation: &Simulation, out: &mut Vec<String>) {
    let length = u64::try_from(records.len()).unwrap_or(u64::MAX);
    if length < simulation.confirmed_seq() {
        out.push(format!(
            "lost: an operator was told of record {}, and there are {length}",
            simulation.confirmed_seq()
        ));
    }
}

fn it_ends_or_waits_for_somebody(simulation: &Simulation, report: &Report, out: &mut Vec<String>) {
    if matches!(report.ended, Some(Ended::Finished(_)) | None) {
        return;
    }
    if !waits(simulation) {
        out.push(format!("stuck: {:?} and nobody is asked", report.ended));
    }
}

/// Is it somebody's turn to let it go on?
pub(super) fn waits(simulation: &Simulation) -> bool {
    simulation.state().is_some_and(|state| {
        let failed = state.rollback.as_ref().is_some_and(|back| back.failed);
        failed || state.paused || !state.holds.is_empty() || !state.asks.is_empty()
    })
}
