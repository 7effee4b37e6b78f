//! What people do: each act is checked, recorded with who and why, and then followed.

use phasegate_core::{EffectOutcome, Now, PersonId, RoleId};

use crate::engine::Engine;
use crate::event::{Act, EventError, Person};
use crate::program::{Back, Gate, Op, OpKind};
use crate::record::{
    Answered, AskAbout, Body, Cause, Decision, Finish, GateReason, HoldReason, How, IncidentStep,
    Outcome, Place,
};
use crate::state::{PhaseState, Stage};

impl Engine {
    #[expect(clippy::too_many_lines, reason = "one arm an act")]
    pub(crate) fn operator(
        &mut self,
        by: &Person,
        reason: &str,
        act: Act,
    ) -> Result<(), EventError> {
        let (id, reason) = (by.id.clone(), reason.to_owned());
        let unless = |fits: bool, what: &'static str| {
            if fits {
                Ok(())
            } else {
                Err(EventError::NotApplicable { what })
            }
        };
        let failed = self
            .state
            .rollback
            .as_ref()
            .is_some_and(|rollback| rollback.failed);
        match act {
            Act::Abort => {
                unless(!self.state.aborted, "the rollout is being aborted already")?;
                unless(!failed, "the rollback has failed: retry it or take over")?;
                self.emit(Body::Aborted {
                    by: id.clone(),
                    reason: reason.clone(),
                });
                let cause = Cause::Operator { by: id, reason };
                self.start_rollback(cause, &Back::Start, None);
            }
            Act::Answer {
                ask,
                role,
                yes,
                plan_digest,
                seen,
            } => {
                self.check_answer(by, (ask, yes), &role, &plan_digest, seen)?;
                self.check_evidence(ask, yes, &reason)?;
                self.answer(Answered {
                    ask,
                    by: id,
                    role,
                    yes,
                    reason,
                });
            }
            Act::Acknowledge { incident } => {
                self.incident_open(incident)?;
                self.incident_step(incident, IncidentStep::Acknowledged { by: id });
            }
            Act::Declare { scenario } => self.declare(scenario, id, reason, false)?,
            Act::DrillIncident { scenario } => self.declare(scenario, id, reason, true)?,
            Act::FollowUp { incident } => {
                let resolved = self.state.incidents.get(&incident);
                let due = resolved.is_some_and(|i| i.resolved.is_some() && !i.followed_up);
                unless(due, "that incident is not over, or was followed up already")?;
                let step = IncidentStep::FollowedUp {
                    by: id,
                    text: reason,
                };
                self.incident_step(incident, step);
            }
            Act::Resolve { incident } => {
                self.incident_open(incident)?;
                let step = IncidentStep::Resolved {
                    by: id,
                    text: reason,
                };
                self.incident_step(incident, step);
            }
            Act::Update { incident } => {
                self.incident_open(incident)?;
                let step = IncidentStep::Updated {
                    by: id,
                    text: reason,
                };
                self.incident_step(incident, step);
            }
            Act::BreakGlass { place } => self.break_glass(&place, id, reason)?,
            Act::Pause => {
                unless(!self.state.paused, "the rollout is paused already")?;
                self.emit(Body::Paused { by: id, reason });
            }
            Act::Release => {
                unless(!self.state.holds.is_empty(), "nothing holds the rollout")?;
                self.emit(Body::Released { by: id, reason });
            }
            Act::Resume => {
                unless(self.state.paused, "the rollout is not paused")?;
                self.emit(Body::Resumed { by: id, reason });
            }
            Act::RollBack { back } => {
                unless(!failed, "the rollback has failed: retry it or take over")?;
                self.may_go_back(&back)?;
                self.start_rollback(Cause::Operator { by: id, reason }, &back, None);
            }
            Act::Drill { back } => self.drill(id, reason, &back)?,
            Act::Retry { place } => self.retry(place, id, reason)?,
            Act::RetryRollback => {
                unless(failed, "no rollback has failed")?;
                let back = self
                    .state
                    .rollback
                    .as_ref()
                    .map_or(Back::Start, |r| r.back.clone());
                self.start_rollback(Cause::Operator { by: id, reason }, &back, None);
            }
            Act::Skip { place } => self.skip(&place, id, reason)?,
            Act::TakeOver => {
                unless(failed, "no rollback has failed")?;
                self.emit(Body::Released { by: id, reason });
                self.emit(Body::Finished {
                    outcome: Outcome::RollbackFailed,
                });
            }
            Act::Testify { condition, yes } => self.testify(by, reason, &condition, yes)?,
            Act::Withdraw { ask } => {
                let state = self
                    .state
                    .asks
                    .get(&ask)
                    .ok_or(EventError::UnknownAsk { ask })?;
                let given = state.answers.iter().any(|(answer, _)| answer.by == id);
                unless(given, "there is no answer of yours to take back")?;
                self.emit(Body::AnswerWithdrawn {
                    ask,
                    by: id,
                    reason,
                });
            }
        }
        Ok(())
    }

    fn drill(&mut self, by: PersonId, reason: String, back: &Back) -> Result<(), EventError> {
        if reason.trim().is_empty() {
            return Err(EventError::ReasonMissing);
        }
        if self.state.rollback.is_some() {
            let what = "the rollout goes back already: that is no drill";
            return Err(EventError::NotApplicable { what });
        }
        self.may_go_back(back)?;
        self.start_rollback(Cause::Drill { by, reason }, back, None);
        Ok(())
    }

    /// Is there anything that going back so far would undo?
    fn may_go_back(&self, back: &Back) -> Result<(), EventError> {
        let mut partly = false;
        if let Back::Procedure(id) = back {
            let procedure = self.state.program.procedure(id);
            let what = "the plan has no such procedure";
            let procedure = procedure.ok_or(EventError::NotApplicable { what })?;
            let mut phases = self.state.phases.values();
            partly = procedure.to.is_none() && phases.any(PhaseState::was_begun);
        }
        if partly || self.state.is_rolling_back() || !self.phases_to_undo(back, None).is_empty() {
            return Ok(());
        }
        let what = "there is nothing to go back from";
        Err(EventError::NotApplicable { what })
    }

    fn check_answer(
        &self,
        by: &Person,
        (ask, yes): (u64, bool),
        role: &RoleId,
        plan_digest: &str,
        seen: u64,
    ) -> Result<(), EventError> {
        let state = self
            .state
            .asks
            .get(&ask)
            .ok_or(EventError::UnknownAsk { ask })?;
        if !state.ask.roles.contains(role) {
            return Err(EventError::RoleNotAsked {
                ask,
                role: role.clone(),
            });
        }
        if !by.roles.contains(role) {
            return Err(EventError::RoleNotHeld {
                by: by.id.clone(),
                role: role.clone(),
            });
        }
        if plan_digest != self.state.program.plan_digest || seen <= state.seq {
            return Err(EventError::StaleAnswer { ask });
        }
        let gate = match &state.ask.about {
            AskAbout::Approval { place, .. } => self.state.gate(place),
            AskAbout::Attestation { .. }
            | AskAbout::Difference { .. }
            | AskAbout::Effect { .. }
            | AskAbout::Incident { .. }
            | AskAbout::Task { .. } => None,
        };
        // A gate waits for several, and meanwhile each may think again.
        let says_nothing_new = |(answer, at): &(Answered, Now)| {
            let stands = |gate: &Gate| answer.yes == yes && gate.approvals.last(at, &self.now());
            answer.by == by.id && gate.is_none_or(stands)
        };
        if state.answers.iter().any(says_nothing_new) {
            return Err(EventError::AnsweredTwice {
                ask,
                by: by.id.clone(),
            });
        }
        if let Some(gate) = gate.filter(|gate| gate.approvals.excludes(&by.id, role)) {
            return Err(EventError::Excluded {
                by: by.id.clone(),
                gate: gate.id.clone(),
            });
        }
        Ok(())
    }

    /// Where the plan asks for evidence, a yes comes with some.
    fn check_evidence(&self, ask: u64, yes: bool, reason: &str) -> Result<(), EventError> {
        let about = self.state.asks.get(&ask).map(|state| &state.ask.about);
        if let Some(AskAbout::Task { place } | AskAbout::Attestation { place }) = about
            && let Some(OpKind::Ask {
                evidence: Some(wanted),
                ..
            }) = self.state.op(place).map(|op| &op.kind)
            && yes
            && reason.trim().is_empty()
        {
            return Err(EventError::EvidenceMissing {
                ask,
                wanted: wanted.clone(),
            });
        }
        Ok(())
    }

    fn answer(&mut self, answered: Answered) {
        let about = self
            .state
            .asks
            .get(&answered.ask)
            .map(|state| state.ask.about.clone());
        let (by, yes, reason) = (answered.by.clone(), answered.yes, answered.reason.clone());
        self.emit(Body::Answered(answered));
        match about {
            Some(AskAbout::Effect { number }) if yes => {
                let outcome = EffectOutcome::Applied {
                    evidence: format!("{by} says so: {reason}"),
                };
                let how = How::Person { by, reason };
                self.emit(Body::Concluded {
                    effect: number,
                    outcome,
                    how,
                });
            }
            // It did not happen, so it is done now, under its own key.
            Some(AskAbout::Effect { number }) => self.repeat(number),
            Some(AskAbout::Difference { target, id }) if !yes => {
                self.hold(HoldReason::Difference { target, id });
            }
            Some(AskAbout::Incident { number }) => self.decide_incident(number, yes, Some(by)),
            // What was attested is not so any more: the gate there waits for somebody to mend it.
            Some(AskAbout::Attestation { place }) if !yes => self.hold_by_no(place, by, reason),
            Some(
                AskAbout::Approval { .. }
                | AskAbout::Attestation { .. }
                | AskAbout::Difference { .. }
                | AskAbout::Task { .. },
            )
            | None => {}
        }
    }

    fn break_glass(
        &mut self,
        place: &Place,
        by: PersonId,
        reason: String,
    ) -> Result<(), EventError> {
        if reason.trim().is_empty() {
            return Err(EventError::ReasonMissing);
        }
        let begun = matches!(self.state.stage(place), Some(Stage::Started { .. }));
        let op = self.state.op(place);
        let Some(Op {
            title,
            kind: OpKind::Gate(gate),
            ..
        }) = op.filter(|_| begun && !self.state.decided.contains(place))
        else {
            return Err(EventError::NotThere);
        };
        let (gate, title) = (gate.id.clone(), title.clone());
        let alert = format!("{by} passed gate '{title}' without what it asks for: {reason}");
        self.emit(Body::GateDecided {
            place: place.clone(),
            gate,
            decision: Decision::Go,
            reason: GateReason::BrokenGlass { by, reason },
        });
        self.escalate(&alert);
        Ok(())
    }

    fn retry(&mut self, place: Place, by: PersonId, reason: String) -> Result<(), EventError> {
        if !self.state.places().contains(&place) {
            return Err(EventError::NotThere);
        }
        let in_flight = self
            .state
            .effects
            .values()
            .any(|effect| effect.place == place);
        if in_flight {
            let what =
                "its effect is still under way or in doubt: answer what is asked about it first";
            return Err(EventError::NotApplicable { what });
        }
        self.volatile.bakes.remove(&place);
        self.volatile.read.remove(&place);
        self.emit(Body::Retried { place, by, reason });
        Ok(())
    }

    fn skip(&mut self, place: &Place, by: PersonId, reason: String) -> Result<(), EventError> {
        if !self.state.places().contains(place) {
            return Err(EventError::NotThere);
        }
        if self.state.rollback.is_some() && matches!(place, Place::Phase { .. }) {
            let what = "the rollout goes back: nothing of a phase can be skipped";
            return Err(EventError::NotApplicable { what });
        }
        if self.state.gate(place).is_some() && !self.state.decided.contains(place) {
            let what = "a gate that is not decided is passed by breaking the glass, with a reason";
            return Err(EventError::NotApplicable { what });
        }
        self.finish_op(place, Finish::Skipped { by, reason });
        Ok(())
    }
}
