//! What must hold of waits, by the records alone: one that is over ends at once, because the engine asks to be called
//! then, and not when something else happens to wake it.

use std::collections::BTreeMap;

use phasegate_core::{Span, Timestamp};
use phasegate_engine::program::{OpKind, Program};
use phasegate_engine::record::{Body, Finish, Place, Record};

use super::invariants::with_programs;
use crate::simulation::Simulation;

/// One turn may pass.
const SLACK: Span = Span::from_secs(1);

pub(super) fn check(
    program: &Program,
    records: &[Record],
    simulation: &Simulation,
    out: &mut Vec<String>,
) {
    // Who is dead, or whose clock was set, is late with reason.
    let excuses = ["append", "clock", "crash", "two controllers"];
    let is_excuse = |fault: &&str| excuses.iter().any(|excuse| fault.starts_with(excuse));
    if simulation.struck().keys().any(is_excuse) {
        return;
    }
    let mut over: BTreeMap<&Place, Timestamp> = BTreeMap::new();
    let mut let_go = Timestamp::EPOCH;
    for (program, record) in with_programs(program, records) {
        match &record.body {
            Body::OpStarted { place, .. } => match span(program, place) {
                Some(span) => _ = over.insert(place, record.at() + span),
                None => _ = over.remove(place),
            },
            Body::OpFinished {
                place,
                finish: Finish::Done,
            } if over.contains_key(place) => {
                let due = over.remove(place).unwrap_or(let_go).max(let_go);
                let due = after_freezes(program, due);
                let at = record.at();
                if at > due + SLACK {
                    out.push(format!(
                        "late: {place:?} was over at {due} and ended at {at}"
                    ));
                }
                let_go = at;
            }
            // Each of these may be what it had to wait for.
            Body::Amended { .. }
            | Body::Answered(_)
            | Body::GateDecided { .. }
            | Body::Incident { .. }
            | Body::OpFinished { .. }
            | Body::Released { .. }
            | Body::Resumed { .. }
            | Body::Retried { .. }
            | Body::RollbackEnded { .. } => let_go = record.at(),
            _ => {}
        }
    }
}

fn span(program: &Program, place: &Place) -> Option<Span> {
    let Place::Phase { phase, op } = place else {
        return None;
    };
    let op = program.phase(phase)?.ops.get(*op)?;
    match &op.kind {
        OpKind::Wait { span } => Some(*span),
        _ => None,
    }
}

/// The first moment from then on at which something may move forward.
fn after_freezes(program: &Program, mut moment: Timestamp) -> Timestamp {
    while let Some(until) = program.frozen_until(moment)
        && until > moment
    {
        moment = until;
    }
    moment
}
