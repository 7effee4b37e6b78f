//! Phases: which begin, which go on, which are done, and the patience their operations have.

use std::sync::Arc;

use phasegate_core::{PersonId, PhaseId, RoleId};

use crate::engine::Engine;
use crate::program::Phase;
use crate::record::{AskAbout, Body, Finish, HoldReason, Place};
use crate::state::PhaseState;

impl Engine {
    pub(crate) fn step_phases(&mut self) {
        let program = Arc::clone(&self.state.program);
        for phase in &program.phases {
            match self.state.phases.get(&phase.id) {
                Some(PhaseState::Waiting) if self.may_start(phase) => {
                    if self.must_decide_first() {
                        return;
                    }
                    self.emit(Body::PhaseStarted {
                        phase: phase.id.clone(),
                    });
                    self.announce_start(&phase.id);
                }
                Some(PhaseState::Running { op, .. }) if *op >= phase.ops.len() => {
                    if self.may_go_forward() {
                        self.emit(Body::PhaseFinished {
                            phase: phase.id.clone(),
                        });
                        self.announce_end(&phase.id);
                    }
                }
                Some(PhaseState::Running { .. }) => {
                    for place in self.state.turns_of_phase(&phase.id) {
                        self.step_op(&place);
                    }
                }
                Some(
                    PhaseState::Done | PhaseState::Idle | PhaseState::Undone | PhaseState::Waiting,
                )
                | None => {}
            }
            if self.state.rollback.is_some() || self.state.outcome.is_some() {
                return;
            }
        }
        self.complete_if_done();
    }

    fn may_start(&self, phase: &Phase) -> bool {
        let done = |id: &PhaseId| self.state.phases.get(id).is_some_and(PhaseState::is_done);
        self.may_go_forward()
            && phase.after.iter().all(done)
            && phase
                .not_before
                .is_none_or(|moment| moment <= self.now().wall)
    }

    /// Tells when an operation takes longer than its budget, once for each start of it.
    pub(crate) fn check_patience(&mut self) {
        for place in Arc::clone(self.places()).iter() {
            let Some(budget) = self.state.op(place).and_then(|op| op.budget) else {
                continue;
            };
            let blown = self
                .running_for(place)
                .is_some_and(|elapsed| elapsed.high > budget);
            if !blown || self.state.overruns.contains(place) {
                continue;
            }
            match place {
                Place::Phase { .. } if self.state.rollback.is_none() => {
                    let place = place.clone();
                    self.hold(HoldReason::Budget { place });
                }
                Place::Aside | Place::Phase { .. } => {}
                Place::Rollback { .. } => {
                    let title = self.state.op(place).map(|op| op.title.clone());
                    self.emit(Body::BudgetBlown {
                        place: Some(place.clone()),
                        budget,
                    });
                    let title = title.unwrap_or_default();
                    self.escalate(&format!(
                        "rollback step '{title}' took longer than {budget}"
                    ));
                }
            }
        }
        // One that has failed is over: a person has its time from then on.
        if let Some(rollback) = &self.state.rollback
            && let Some(limit) = rollback.limit
            && !(rollback.limit_blown || rollback.failed)
            && self.now().elapsed_since(&rollback.started).high > limit
        {
            self.emit(Body::BudgetBlown {
                place: None,
                budget: limit,
            });
            self.escalate(&format!("the rollback took longer than {limit}"));
        }
    }

    /// Asks a person to do something, and takes their word for it.
    pub(crate) fn step_task(&mut self, place: &Place, role: &RoleId) {
        let asked =
            self.state.asks.values().find(
                |state| matches!(&state.ask.about, AskAbout::Task { place: at } if at == place),
            );
        let Some(asked) = asked else {
            let text = self
                .state
                .op(place)
                .map(|op| op.title.clone())
                .unwrap_or_default();
            let about = AskAbout::Task {
                place: place.clone(),
            };
            self.ask(about, vec![role.clone()], text);
            return;
        };
        let Some((answered, _)) = asked.answers.last().cloned() else {
            return;
        };
        if answered.yes {
            if self.may_move(place) {
                self.finish_op(place, Finish::Done);
            }
            return;
        }
        let (by, reason) = (answered.by, answered.reason);
        match place {
            Place::Rollback { .. } => {
                let reason = format!("{by} says no: {reason}");
                self.finish_op(place, Finish::Failed { reason });
            }
            Place::Aside | Place::Phase { .. } => self.hold_by_no(place.clone(), by, reason),
        }
    }

    /// A person was asked there, and said no.
    pub(crate) fn hold_by_no(&mut self, place: Place, by: PersonId, reason: String) {
        let title = self.state.op(&place).map(|op| op.title.clone());
        self.hold(HoldReason::SaidNo {
            place,
            what: title.unwrap_or_default(),
            by,
            reason,
        });
    }

    pub(crate) fn is_held_for(&self, reason: &HoldReason) -> bool {
        self.state.holds.iter().any(|hold| hold.is_same(reason))
    }

    /// Holds, unless it is held for that reason already.
    pub(crate) fn hold(&mut self, reason: HoldReason) {
        if !self.is_held_for(&reason) {
            let text = format!("nothing moves forward: {reason}");
            self.emit(Body::Held { reason });
            self.escalate(&text);
        }
    }
}
