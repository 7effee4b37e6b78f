//! Going back: what is undone, in which order, and how it ends.

use std::collections::BTreeSet;

use phasegate_core::PhaseId;

use crate::engine::Engine;
use crate::program::{Back, Op};
use crate::record::{Body, Cause, HoldReason, Outcome, Place};
use crate::state::PhaseState;

impl Engine {
    /// Goes back. While a rollback is under way, only a wish to go further back changes anything; what
    /// is under way goes on and the rest is appended.
    pub(crate) fn start_rollback(&mut self, cause: Cause, back: &Back, from: Option<&PhaseId>) {
        let wanted = self.phases_to_undo(back, from);
        let (under_way, limit_before) = match &self.state.rollback {
            Some(rollback) if !rollback.failed => (rollback.phases.clone(), rollback.limit),
            Some(_) | None => (Vec::new(), None),
        };
        let is_under_way = self.state.is_rolling_back();
        let additional: Vec<PhaseId> = wanted
            .iter()
            .filter(|phase| !under_way.contains(phase))
            .cloned()
            .collect();
        if is_under_way && additional.is_empty() {
            return;
        }
        let mut ops: Vec<Op> = Vec::new();
        let mut limit = if is_under_way {
            limit_before
        } else {
            Some(phasegate_core::Span::ZERO)
        };
        for phase in &additional {
            let Some(phase) = self.state.program.phase(phase) else {
                continue;
            };
            ops.extend(phase.rollback.ops.iter().cloned());
            // One phase without a limit leaves the whole without one.
            limit = match (limit, phase.rollback.limit) {
                (Some(sum), Some(more)) => Some(sum.saturating_add(more)),
                (None, _) | (_, None) => None,
            };
        }
        let mut phases = under_way;
        phases.extend(additional);
        self.volatile.bakes.clear();
        self.volatile.read.clear();
        self.volatile.tick = None;
        self.volatile.tick_due = self.now().wall;
        let text = format!("the rollout goes back: {cause}");
        self.emit(Body::RollbackStarted {
            cause,
            back: back.clone(),
            phases,
            ops,
            limit,
        });
        self.escalate(&text);
    }

    /// The phases that have to be undone, latest first.
    pub(crate) fn phases_to_undo(&self, back: &Back, from: Option<&PhaseId>) -> Vec<PhaseId> {
        let kin = match back {
            Back::Before(target) => self.with_descendants(target),
            Back::Phase(target) => self.with_ancestors(target),
            Back::Previous | Back::Start => BTreeSet::new(),
        };
        let is_done = |id: &PhaseId| self.state.phases.get(id) == Some(&PhaseState::Done);
        let keeps = |id: &PhaseId| match (back, from) {
            (Back::Before(_), _) => !kin.contains(id),
            (Back::Phase(_), _) => kin.contains(id),
            // Only the phase that failed is undone; those that run beside it go on later.
            (Back::Previous, Some(failed)) => id != failed,
            (Back::Previous, None) => is_done(id),
            (Back::Start, _) => false,
        };
        let is_touched = |id: &PhaseId| {
            let running = matches!(self.state.phases.get(id), Some(PhaseState::Running { .. }));
            running || is_done(id)
        };
        let ids = self.state.program.phases.iter().map(|phase| &phase.id);
        let mut phases: Vec<PhaseId> = ids
            .filter(|id| is_touched(id) && !keeps(id))
            .cloned()
            .collect();
        phases.reverse();
        phases
    }

    fn with_ancestors(&self, target: &PhaseId) -> BTreeSet<PhaseId> {
        let mut keeps = BTreeSet::from([target.clone()]);
        // Dependencies come before dependents, so one pass backwards finds all.
        for phase in self.state.program.phases.iter().rev() {
            if keeps.contains(&phase.id) {
                keeps.extend(phase.after.iter().cloned());
            }
        }
        keeps
    }

    fn with_descendants(&self, target: &PhaseId) -> BTreeSet<PhaseId> {
        let mut gone = BTreeSet::from([target.clone()]);
        for phase in &self.state.program.phases {
            if phase.after.iter().any(|id| gone.contains(id)) {
                gone.insert(phase.id.clone());
            }
        }
        gone
    }

    pub(crate) fn step_rollback(&mut self) {
        let Some(rollback) = &self.state.rollback else {
            return;
        };
        if rollback.failed {
            return;
        }
        if rollback.op < rollback.ops.len() {
            let place = Place::Rollback { op: rollback.op };
            self.step_op(&place);
            return;
        }
        let validated = rollback.unsuccessful.is_empty();
        // What was told on the way is delivered, or given up, before anything ends.
        if !self.state.effects.is_empty() {
            return;
        }
        self.emit(Body::RollbackEnded { validated });
        if !validated {
            let role = self.state.program.escalate_to.clone();
            self.escalate(&format!(
                "the rollback failed: {role} must retry it or take over"
            ));
            return;
        }
        let anything_left = self
            .state
            .phases
            .values()
            .any(|state| matches!(state, PhaseState::Done | PhaseState::Running { .. }));
        if self.state.aborted {
            self.emit(Body::Finished {
                outcome: Outcome::Aborted,
            });
        } else if anything_left {
            self.hold(HoldReason::RolledBack);
        } else {
            self.emit(Body::Finished {
                outcome: Outcome::RolledBack,
            });
        }
    }
}
