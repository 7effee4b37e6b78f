//! Going back: what is undone, in which order, and how it ends.

use std::collections::BTreeSet;

use phasegate_core::PhaseId;

use crate::engine::Engine;
use crate::program::{Back, Op, Procedure, Reaction, Response, Rollback, Together, together};
use crate::record::{Body, Cause, Finish, HoldReason, Outcome, Place};
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
        let procedure = self.procedure(back).cloned();
        let is_new_part = procedure
            .as_ref()
            .is_some_and(|procedure| under_way.is_empty() && !self.is_carried_out(procedure));
        let nothing_more = additional.is_empty() && !is_new_part;
        // What a drill undoes already and something else wants undone as well is not rehearsed any more.
        let drill = self.state.rollback.as_ref().filter(|rollback| {
            is_under_way
                && rollback.is_drill()
                && !wanted.is_empty()
                && !matches!(cause, Cause::Drill { .. })
        });
        let back = match drill {
            Some(drill) if nothing_more => &drill.back.clone(),
            None if is_under_way && nothing_more => return,
            Some(_) | None => back,
        };
        let whole = is_under_way || !self.is_alone(back, &wanted);
        let before = if is_under_way {
            limit_before
        } else {
            Some(phasegate_core::Span::ZERO)
        };
        let program = std::sync::Arc::clone(&self.state.program);
        let of_phases = additional.iter().filter_map(|phase| program.phase(phase));
        let ways: Vec<&Rollback> = match &procedure {
            Some(procedure) => vec![&procedure.rollback],
            None => of_phases.map(|phase| &phase.rollback).collect(),
        };
        let Together { mut ops, limit } = together(&ways, before);
        ops.retain(|op| !whole || !op.is_stage());
        let limit = limit.filter(|limit| !limit.is_zero());
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
        if let Back::Procedure(_) = back {
            let to = self.procedure(back).and_then(|one| one.to.as_ref());
            return to.map_or_else(Vec::new, |to| self.phases_to_undo(to, from));
        }
        let kin = match back {
            Back::Before(target) | Back::Phase(target) => self.with_descendants(target),
            Back::Previous | Back::Procedure(_) | Back::Start => BTreeSet::new(),
        };
        let is_done = |id: &PhaseId| self.state.phases.get(id) == Some(&PhaseState::Done);
        let keeps = |id: &PhaseId| match (back, from) {
            (Back::Before(_), _) => !kin.contains(id),
            // What runs beside it and does not wait for it stays.
            (Back::Phase(target), _) => id == target || !kin.contains(id),
            // Only the phase that failed is undone; those that run beside it go on later.
            (Back::Previous, Some(failed)) => id != failed,
            (Back::Previous, None) => is_done(id),
            (Back::Procedure(_) | Back::Start, _) => false,
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

    fn procedure(&self, back: &Back) -> Option<&Procedure> {
        if let Back::Procedure(id) = back {
            self.state.program.procedure(id)
        } else {
            None
        }
    }

    /// Is it a procedure that undoes no phase, and was it taken since a person last let the rollout go on?
    pub(crate) fn is_taken(&self, reaction: &Reaction) -> bool {
        let taken = &self.state.taken;
        matches!(&reaction.act, Some(Response::Rollback(Back::Procedure(id))) if taken.contains(id))
    }

    /// Does the rollback under way carry it out already?
    fn is_carried_out(&self, procedure: &Procedure) -> bool {
        let under_way = self.state.rollback.as_ref();
        under_way.is_some_and(|rollback| {
            let has = |op: &Op| rollback.ops.contains(op);
            procedure.rollback.ops.iter().all(has)
        })
    }

    /// Is at most one phase undone, and is it left to its way back how much of it?
    fn is_alone(&self, back: &Back, phases: &[PhaseId]) -> bool {
        let to = match self.procedure(back) {
            Some(procedure) => procedure.to.as_ref(),
            None => Some(back),
        };
        phases.len() <= 1
            && match to {
                None | Some(Back::Phase(_) | Back::Previous) => true,
                Some(Back::Before(_) | Back::Procedure(_) | Back::Start) => false,
            }
    }

    /// May the rollback under way end at a stage that is enough?
    pub(crate) fn may_be_enough(&self) -> bool {
        let under_way = self.state.rollback.as_ref();
        under_way.is_some_and(|rollback| self.is_alone(&rollback.back, &rollback.phases))
    }

    /// What was done is enough: so many operations after it are not needed.
    pub(crate) fn spare(&mut self, count: usize) {
        for _ in 0..count {
            let Some(op) = self.state.rollback.as_ref().map(|rollback| rollback.op) else {
                return;
            };
            self.finish_op(&Place::Rollback { op }, Finish::NotNeeded);
        }
    }

    /// A phase and all that wait for it.
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
            for place in self.state.turns_of_rollback() {
                self.step_op(&place);
            }
            return;
        }
        let validated = rollback.unsuccessful.is_empty();
        let only_a_part = rollback.phases.is_empty() && matches!(rollback.back, Back::Procedure(_));
        let is_drill = rollback.is_drill();
        // What was told on the way is delivered, or given up, before anything ends.
        let mut effects = self.state.effects.values();
        if effects.any(|effect| !self.is_suspended(effect)) {
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
        } else if anything_left || only_a_part || is_drill {
            self.hold(HoldReason::RolledBack);
        } else {
            self.emit(Body::Finished {
                outcome: Outcome::RolledBack,
            });
        }
    }
}
