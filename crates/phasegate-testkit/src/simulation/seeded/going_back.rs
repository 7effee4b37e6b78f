//! What must hold of every way back, by the records alone.

use std::collections::BTreeSet;

use phasegate_core::{CriterionId, PhaseId, Timestamp};
use phasegate_engine::program::{Back, OpKind, Program};
use phasegate_engine::record::{
    Body, Cause, Finish, HoldReason, IncidentStep, Outcome, Place, Record,
};

use super::invariants::with_programs;

pub(super) fn check(program: &Program, records: &[Record], out: &mut Vec<String>) {
    only_single_phases_are_undone_in_part(records, out);
    rollbacks_keep_their_budget_or_say_so(records, out);
    a_drill_ends_no_rollout(records, out);
    nothing_comes_of_a_drill_of_an_incident(records, out);
    what_was_switched_off_is_switched_on_again(program, records, out);
}

/// A rollout is complete when each part that was switched off is on again, and nothing is switched on that was not off.
fn what_was_switched_off_is_switched_on_again(
    program: &Program,
    records: &[Record],
    out: &mut Vec<String>,
) {
    let mut off = BTreeSet::new();
    let mut going = None;
    for (program, record) in with_programs(program, records) {
        let part = |phase: &PhaseId| program.phase(phase).and_then(|of| of.re_enables.clone());
        match &record.body {
            Body::RollbackStarted { back, phases, .. } => {
                going = Some((back.clone(), phases.is_empty()));
            }
            Body::RollbackEnded { validated: true } => match going.take() {
                Some((Back::Procedure(id), true)) => _ = off.insert(id),
                Some((Back::Before(_) | Back::Start, _)) => off.clear(),
                Some((Back::Procedure(id), false)) => {
                    let to = program.procedure(&id).and_then(|one| one.to.as_ref());
                    if matches!(to, Some(Back::Before(_) | Back::Start)) {
                        off.clear();
                    }
                }
                Some((Back::Phase(_) | Back::Previous, _)) | None => {}
            },
            Body::PhaseStarted { phase } => {
                if let Some(part) = part(phase).filter(|part| !off.contains(part)) {
                    out.push(format!("re-enable: {part} was not off"));
                }
            }
            Body::PhaseFinished { phase } => {
                if let Some(part) = part(phase) {
                    off.remove(&part);
                }
            }
            Body::Finished {
                outcome: Outcome::Completed,
            } => {
                let again = |id: &CriterionId| {
                    let mut phases = program.phases.iter();
                    phases.any(|phase| phase.re_enables.as_ref() == Some(id))
                };
                for part in off.iter().filter(|id| again(id)) {
                    out.push(format!("re-enable: the rollout is complete without {part}"));
                }
            }
            _ => {}
        }
    }
}

/// Operations of a way back are left out only where at most one phase is undone, and not to the start.
fn only_single_phases_are_undone_in_part(records: &[Record], out: &mut Vec<String>) {
    let mut whole = None;
    for (index, record) in records.iter().enumerate() {
        match &record.body {
            Body::RollbackStarted { back, phases, .. } => {
                let far = matches!(back, Back::Before(_) | Back::Start);
                whole = (far || phases.len() > 1).then(|| (back.clone(), phases.clone()));
            }
            Body::OpFinished {
                place: Place::Rollback { op },
                finish: Finish::NotNeeded,
            } => {
                let is_look = |ops: &[phasegate_engine::program::Op]| {
                    let kind = ops.get(*op).map(|op| &op.kind);
                    matches!(kind, Some(OpKind::Validate { .. }))
                };
                let ops = rollback_ops(records.get(..index).unwrap_or_default());
                // A look at a stage is not needed once it goes further back; a step always is.
                if let Some((back, phases)) = &whole
                    && !is_look(&ops)
                {
                    out.push(format!(
                        "stages: {phases:?} back to {back:?} left step {op} out"
                    ));
                }
            }
            _ => {}
        }
    }
}

/// The operations of the rollback that is under way after these records.
fn rollback_ops(records: &[Record]) -> Vec<phasegate_engine::program::Op> {
    let mut ops = Vec::new();
    let mut is_under_way = false;
    for record in records {
        match &record.body {
            Body::RollbackStarted { ops: more, .. } => {
                if !is_under_way {
                    ops.clear();
                }
                ops.extend(more.iter().cloned());
                is_under_way = true;
            }
            Body::RollbackEnded { .. } => is_under_way = false,
            _ => {}
        }
    }
    ops
}

/// A rollback that takes longer than its budget says so.
fn rollbacks_keep_their_budget_or_say_so(records: &[Record], out: &mut Vec<String>) {
    let mut open: Option<(Timestamp, phasegate_core::Span, bool)> = None;
    for record in records {
        match &record.body {
            Body::RollbackStarted { limit, .. } => {
                let (began, _, blown) =
                    open.unwrap_or((record.at(), phasegate_core::Span::ZERO, false));
                open = limit.map(|limit| (began, limit, blown));
            }
            Body::BudgetBlown { place: None, .. } => {
                if let Some((_, _, blown)) = &mut open {
                    *blown = true;
                }
            }
            Body::ClockDisagreed { .. } => {
                // By which clock it took how long is not for this check to say.
                open = None;
            }
            Body::RollbackEnded { .. } => {
                if let Some((began, limit, blown)) = open.take() {
                    let took = record.at().since(began);
                    if took > limit.saturating_add(SLACK) && !blown {
                        out.push(format!(
                            "budget: a rollback took {took} of {limit} silently"
                        ));
                    }
                }
            }
            _ => {}
        }
    }
}

/// Between the moment at which a budget is blown and the record of it one turn may pass.
const SLACK: phasegate_core::Span = phasegate_core::Span::from_secs(1);

/// What was rehearsed, and nothing else asked for, is begun anew.
fn a_drill_ends_no_rollout(records: &[Record], out: &mut Vec<String>) {
    let mut is_drill = false;
    for record in records {
        match &record.body {
            Body::RollbackStarted { cause, .. } => is_drill = matches!(cause, Cause::Drill { .. }),
            Body::Finished {
                outcome: Outcome::RolledBack,
            } if is_drill => out.push("drill: the rollout ended with it".to_owned()),
            _ => {}
        }
    }
}

/// Messages and clocks only: nothing is undone or held because an incident was rehearsed.
fn nothing_comes_of_a_drill_of_an_incident(records: &[Record], out: &mut Vec<String>) {
    let mut drills = BTreeSet::new();
    for record in records {
        match &record.body {
            Body::Incident {
                number,
                step: IncidentStep::Declared { drill: true, .. },
            } => _ = drills.insert(*number),
            Body::RollbackStarted {
                cause: Cause::Incident { number, .. },
                ..
            }
            | Body::Held {
                reason: HoldReason::Incident { number, .. },
            } if drills.contains(number) => {
                out.push(format!(
                    "drill: {} because of incident {number}",
                    record.kind()
                ));
            }
            _ => {}
        }
    }
}
