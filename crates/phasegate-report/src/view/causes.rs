//! Why it went back or is held, in words that name the thing: the records hold places and ids, people know titles.

use std::collections::BTreeMap;

use phasegate_core::GateId;
use phasegate_engine::program::OpKind;
use phasegate_engine::record::{Body, Cause, HoldReason, Place, Record};
use phasegate_engine::state::State;

use super::Step;
use crate::words;

/// On what the last decision of each gate rests, in words.
#[derive(Debug, Default)]
pub(crate) struct Decided(BTreeMap<GateId, String>);

impl Decided {
    pub(super) fn take(&mut self, record: &Record) {
        if let Body::GateDecided { gate, reason, .. } = &record.body {
            self.0.insert(gate.clone(), words::gate_reason(reason));
        }
    }

    fn sentence(&self, gate: &GateId) -> String {
        let found = self.0.get(gate);
        found.map_or_else(String::new, |sentence| format!(": {sentence}"))
    }
}

/// Why a rollback began.
pub(super) fn cause(cause: &Cause, step: &Step<'_>) -> String {
    match cause {
        Cause::Gate { gate } => {
            let name = gate_name(gate, step.before);
            format!("{name} decided no-go{}", step.decided.sentence(gate))
        }
        Cause::Blind { .. }
        | Cause::Criterion { .. }
        | Cause::Drill { .. }
        | Cause::Incident { .. }
        | Cause::Operator { .. }
        | Cause::Trigger { .. } => cause.to_string(),
    }
}

/// Why nothing moves forward.
pub(super) fn hold(reason: &HoldReason, step: &Step<'_>) -> String {
    let state = step.before;
    match reason {
        HoldReason::Budget { place } => {
            let budget = state.op(place).and_then(|op| op.budget);
            let budget = budget.map(|budget| format!(" of {}", words::span_text(budget)));
            let title = title(place, state);
            format!(
                "'{title}' took longer than its budget{}",
                budget.unwrap_or_default()
            )
        }
        HoldReason::Drift { found, to, .. } => {
            let to = to.as_ref().map(|to| format!(", by {to}"));
            format!(
                "somebody else changed it to: {found}{}",
                to.unwrap_or_default()
            )
        }
        HoldReason::Effect { place, reason } => {
            format!("'{}' could not be done: {reason}", title(place, state))
        }
        HoldReason::Gate { gate } => {
            let name = gate_name(gate, state);
            format!("{name} is not passed{}", step.decided.sentence(gate))
        }
        HoldReason::Blind { .. }
        | HoldReason::Clocks { .. }
        | HoldReason::Criterion { .. }
        | HoldReason::Difference { .. }
        | HoldReason::Incident { .. }
        | HoldReason::RolledBack
        | HoldReason::SaidNo { .. }
        | HoldReason::Trigger { .. } => reason.to_string(),
    }
}

/// What stands at a place, for people.
fn title(place: &Place, state: &State) -> String {
    let op = state.op(place);
    op.map_or_else(|| words::place(place), |op| op.title.clone())
}

/// A gate by its title and its id.
fn gate_name(gate: &GateId, state: &State) -> String {
    let ops = state.program.phases.iter().flat_map(|phase| &phase.ops);
    let mut titles = ops.filter_map(|op| match &op.kind {
        OpKind::Gate(own) if own.id == *gate => Some(&op.title),
        OpKind::Apply { .. }
        | OpKind::Ask { .. }
        | OpKind::Bake { .. }
        | OpKind::Gate(_)
        | OpKind::Ledger { .. }
        | OpKind::Measure { .. }
        | OpKind::Validate { .. }
        | OpKind::Wait { .. } => None,
    });
    match titles
        .next()
        .filter(|title| title.as_str() != gate.as_str())
    {
        Some(title) => format!("gate '{title}' ({gate})"),
        None => format!("gate {gate}"),
    }
}
