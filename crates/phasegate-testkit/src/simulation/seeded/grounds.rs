//! What must hold of the grounds of a gate, by the records alone: what its criteria say is recorded before the
//! decision, and is as new as the last look.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{CriterionId, Timestamp};
use phasegate_engine::program::{OpKind, Program};
use phasegate_engine::record::{Body, GateReason, Place, Record};

use super::invariants::with_programs;

pub(super) fn check(program: &Program, records: &[Record], out: &mut Vec<String>) {
    let mut found: BTreeMap<(&Place, &CriterionId), Timestamp> = BTreeMap::new();
    let mut open: BTreeSet<&Place> = BTreeSet::new();
    for (program, record) in with_programs(program, records) {
        match &record.body {
            Body::Evaluated { judged, .. } => {
                for judged in judged {
                    let subject = (&judged.place, &judged.check);
                    found.insert(subject, judged.finding.at);
                }
            }
            Body::OpStarted { place, .. } => {
                open.insert(place);
                found.retain(|(at, _), _| *at != place);
            }
            Body::OpFinished { place, .. } => _ = open.remove(place),
            // A gate that is asked anew because of a revised plan asks people alone.
            Body::GateDecided {
                place,
                gate,
                reason: GateReason::AllMet | GateReason::Criterion { .. },
                ..
            } if open.contains(place) => {
                let now = record.at();
                let every = program.timing.every;
                let is_new = |at: &Timestamp| *at <= now && now.since(*at) <= every;
                for check in checks(program, place) {
                    if !found.get(&(place, check)).is_some_and(is_new) {
                        out.push(format!("grounds: gate {gate} rests on an old {check}"));
                    }
                }
            }
            _ => {}
        }
    }
}

fn checks<'p>(program: &'p Program, place: &Place) -> Vec<&'p CriterionId> {
    let Place::Phase { phase, op } = place else {
        return Vec::new();
    };
    let op = program.phase(phase).and_then(|phase| phase.ops.get(*op));
    match op.map(|op| &op.kind) {
        Some(OpKind::Gate(gate)) => gate.checks.iter().map(|check| &check.id).collect(),
        _ => Vec::new(),
    }
}
