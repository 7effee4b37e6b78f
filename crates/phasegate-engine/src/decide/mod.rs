//! Decisions: what follows from the state, the clock and what just happened.
//!
//! One file an area. All of them read the state and emit records; none changes the state itself.
//!
//! What goes on in which mode:
//!
//! | mode         | forward | evaluate | triggers | evidence clocks | patience clocks | rollback |
//! |--------------|---------|----------|----------|-----------------|-----------------|----------|
//! | running      | yes     | yes      | yes      | run             | run             | yes      |
//! | paused       | no      | yes      | yes      | run             | run             | yes      |
//! | frozen       | no      | yes      | yes      | run             | run             | yes      |
//! | held         | no      | yes      | yes      | run             | run             | yes      |
//! | rolling back | no      | yes      | stronger | stand           | run             | is on    |
//! | down         | no      | no       | no       | stand           | run             | no       |

mod amended;
mod announce;
mod back;
mod baseline;
mod compare;
mod doubt;
mod effects;
mod gates;
mod incidents;
mod judge;
mod look;
mod maintenance;
mod on_call;
mod operator;
mod phases;
mod reading;
mod scaling;
mod standing;
mod tell;
mod testimony;
mod timers;
mod watch;

use phasegate_core::{PhaseId, Span};

pub(crate) use effects::Sight;
pub(crate) use look::Tick;
pub(crate) use maintenance::MaintenanceDue;
pub(crate) use scaling::Wanted;
pub(crate) use testimony::is_same_statement;
pub(crate) use watch::{Watch, canary_triggers};

use crate::engine::Engine;
use crate::program::OpKind;
use crate::record::{Body, Finish, Outcome, Place};
use crate::state::{PhaseState, Stage};

impl Engine {
    /// Does everything that can be done now, until nothing changes any more.
    pub(crate) fn advance(&mut self) {
        while !self.volatile.quiet {
            let before = self.state.next_seq;
            if self.state.outcome.is_none() {
                self.tend_inspections();
                self.tend_effects();
                self.tend_standing();
                self.check_patience();
                self.tend_incidents();
                self.tend_announcements();
                self.tend_maintenance();
                self.tend_renewal();
                if self.state.rollback.is_some() {
                    self.step_rollback();
                    self.decide_beside();
                } else {
                    self.step_phases();
                }
                // What has ended is not looked at.
                if self.state.outcome.is_none() {
                    self.tend_tick();
                }
            }
            if self.state.next_seq == before || self.fault().is_some() {
                return;
            }
        }
    }

    /// May anything move forward now?
    pub(crate) fn may_go_forward(&self) -> bool {
        !self.state.paused
            && !self.state.aborted
            && self.state.holds.is_empty()
            && self.state.renewing.is_empty()
            && self.state.rollback.is_none()
            && self.state.program.frozen_until(self.now().wall).is_none()
    }

    /// May the operation there end, and the next begin?
    pub(crate) fn may_move(&self, place: &Place) -> bool {
        match place {
            Place::Aside => true,
            // What must not be left standing is ended whatever holds the rollout.
            Place::Phase { phase, op } => self.may_go_forward() || self.may_end(phase, *op),
            Place::Rollback { .. } => self.state.is_rolling_back(),
        }
    }

    /// Is the operation there one that ends something, and is no rollback about to do that?
    fn may_end(&self, phase: &PhaseId, op: usize) -> bool {
        let ops = self.state.program.phase(phase).map(|phase| &phase.ops);
        self.state.rollback.is_none()
            && ops
                .and_then(|ops| ops.get(op))
                .is_some_and(crate::program::Op::is_end)
    }

    /// May the operation there be left? What the next one ends must not outlast its time.
    pub(crate) fn may_leave(&self, place: &Place) -> bool {
        self.ends_next(place) || self.may_move(place)
    }

    /// Does the next operation end what this one watches?
    pub(crate) fn ends_next(&self, place: &Place) -> bool {
        match place {
            Place::Phase { phase, op } => self.may_end(phase, op + 1),
            Place::Aside | Place::Rollback { .. } => false,
        }
    }

    pub(crate) fn finish_op(&mut self, place: &Place, finish: Finish) {
        self.volatile.bakes.remove(place);
        self.volatile.read.remove(place);
        self.volatile.unread.remove(place);
        self.volatile
            .retry_at
            .remove(&Sight::BeforeWrite(place.clone()));
        self.emit(Body::OpFinished {
            place: place.clone(),
            finish,
        });
    }

    /// The least and the most time since the operation there began.
    pub(crate) fn running_for(&self, place: &Place) -> Option<phasegate_core::Elapsed> {
        match self.state.stage(place)? {
            Stage::Started { at, .. } => Some(self.now().elapsed_since(at)),
            Stage::Ready => None,
        }
    }

    /// Ends a completed rollout, once everything that was set is known to stand: after a recovery it may not.
    fn complete_if_done(&mut self) {
        let all_done = self.state.phases.values().all(PhaseState::is_done);
        let settled = self.state.effects.is_empty() && !self.is_looking_at_standing();
        if all_done && settled && self.may_go_forward() && !self.must_decide_first() {
            self.emit(Body::Finished {
                outcome: Outcome::Completed,
            });
        }
    }

    /// Begins the operation there, or goes on with it.
    pub(crate) fn step_op(&mut self, place: &Place) {
        let (Some(op), Some(stage)) = (self.state.op(place), self.state.stage(place)) else {
            return;
        };
        match stage {
            Stage::Ready if self.may_move(place) => {
                let step = op.step.clone();
                self.emit(Body::OpStarted {
                    place: place.clone(),
                    step,
                });
            }
            Stage::Ready => {}
            Stage::Started { .. } => self.continue_op(place),
        }
    }

    fn continue_op(&mut self, place: &Place) {
        let Some(op) = self.state.op(place) else {
            return;
        };
        match &op.kind {
            OpKind::Apply {
                to, desired, class, ..
            } => {
                let (to, desired, class) = (to.clone(), desired.clone(), *class);
                self.step_apply(place, &to, &desired, class);
            }
            OpKind::Ask { role, .. } => {
                let role = role.clone();
                self.step_task(place, &role);
            }
            // The rollback goes further back meanwhile: no stage of it is enough any more.
            OpKind::Validate { .. } if op.is_stage() && !self.may_be_enough() => {
                self.finish_op(place, Finish::NotNeeded);
            }
            // Bakes and validations go on when something was evaluated.
            OpKind::Bake { .. } | OpKind::Validate { .. } => {}
            OpKind::Gate(gate) => {
                let gate = gate.clone();
                self.step_gate(place, &gate);
            }
            OpKind::Ledger { target, role } => {
                let (target, role) = (target.clone(), role.clone());
                self.step_ledger(place, &target, &role);
            }
            OpKind::Measure { .. } => self.step_measure(place),
            OpKind::Wait { span } => {
                let span = *span;
                self.step_wait(place, span);
            }
        }
    }

    fn step_wait(&mut self, place: &Place, span: Span) {
        let waited = self
            .running_for(place)
            .is_some_and(|elapsed| elapsed.low >= span);
        if waited && self.may_move(place) {
            self.finish_op(place, Finish::Done);
        }
    }
}
