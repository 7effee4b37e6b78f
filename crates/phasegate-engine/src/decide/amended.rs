//! Revised plans: brought in by a person, adopted if a running rollout may, approved anew by those who approved the
//! start of the one before.

use super::canary_triggers;
use crate::amend::difference;
use crate::engine::{Engine, Sources};
use crate::event::{EventError, Person};
use crate::program::{Gate, Program};
use crate::record::{AskAbout, Body, Decision, GateReason, HoldReason, Place};

impl Engine {
    pub(crate) fn amend(
        &mut self,
        by: &Person,
        reason: &str,
        program: Box<Program>,
        sources: Sources,
    ) -> Result<(), EventError> {
        if reason.trim().is_empty() {
            return Err(EventError::ReasonMissing);
        }
        let changes = difference(&self.state, &program)?;
        let reason = reason.to_owned();
        let text = format!("{} brought in a revised plan: {reason}", by.id);
        self.emit(Body::Amended {
            program,
            plan_source: sources.plan,
            bindings_source: sources.bindings,
            changes,
            by: by.id.clone(),
            reason,
        });
        self.registry = self.state.registry();
        self.canary_triggers = canary_triggers(&self.state.program, &self.registry);
        // What is looked at is not what was looked at; what stirs goes on stirring only where it is the same.
        let triggers = &self.state.triggers;
        self.volatile
            .holds
            .retain(|id, _| triggers.contains_key(id));
        self.volatile.settled.clear();
        self.volatile.tick = None;
        self.volatile.tick_due = self.now().wall;
        self.escalate(&text);
        Ok(())
    }

    /// Asks those who approved the start whether the revised plan is to be carried out; nothing moves forward before.
    pub(crate) fn tend_renewal(&mut self) {
        if self.state.rollback.is_some() {
            return;
        }
        for place in self.state.renewing.clone() {
            let Some(gate) = self.state.gate(&place).cloned() else {
                continue;
            };
            if !self.state.is_held_by_gate(&gate.id) {
                self.renew(&place, &gate);
            }
        }
    }

    fn renew(&mut self, place: &Place, gate: &Gate) {
        let Some(asked) = self.approval_ask(place) else {
            let title = self.state.op(place).map(|op| op.title.clone());
            let about = AskAbout::Approval {
                place: place.clone(),
                gate: gate.id.clone(),
            };
            let roles = gate.approvals.quorum.keys().cloned().collect();
            let title = title.unwrap_or_default();
            self.ask(about, roles, format!("The plan was revised: {title}"));
            return;
        };
        let rejected = asked.answers.iter().find(|(answer, _)| !answer.yes);
        let rejected = rejected.map(|(answer, _)| GateReason::Rejected {
            by: answer.by.clone(),
            reason: answer.reason.clone(),
        });
        let (decision, reason) = match rejected {
            Some(reason) => (Decision::NoGo, reason),
            None if self.state.is_approved(place, &self.now()) => {
                (Decision::Go, GateReason::AllMet)
            }
            None => return,
        };
        self.emit(Body::GateDecided {
            place: place.clone(),
            gate: gate.id.clone(),
            decision,
            reason,
        });
        // Work has begun under the plan before, so a no takes nothing back by itself.
        if decision == Decision::NoGo {
            let gate = gate.id.clone();
            self.hold(HoldReason::Gate { gate });
        }
    }
}
