//! Gates: go when all criteria hold, all approvals are there and the date has come; no-go when one
//! criterion fails or one person rejects; otherwise wait.

use phasegate_sla::Verdict;

use crate::engine::Engine;
use crate::program::{Check, Gate, OpKind, Reaction, Response, TimeoutDecision};
use crate::record::{AskAbout, Body, Cause, Decision, Finish, GateReason, HoldReason, Place};
use crate::state::{AskState, Stage};

impl Engine {
    pub(crate) fn step_gate(&mut self, place: &Place, gate: &Gate) {
        if self.state.decided.contains(place) {
            if self.may_move(place) && !self.asks_to_attest_again(place) {
                self.finish_op(place, Finish::Done);
            }
            return;
        }
        if self.state.is_held_by_gate(&gate.id) {
            return;
        }
        if !gate.approvals.quorum.is_empty() && self.approval_ask(place).is_none() {
            let about = AskAbout::Approval {
                place: place.clone(),
                gate: gate.id.clone(),
            };
            let roles = gate.approvals.quorum.keys().cloned().collect();
            let text = self
                .state
                .op(place)
                .map(|op| op.title.clone())
                .unwrap_or_default();
            self.ask(about, roles, text);
            return;
        }
        if let Some((decision, reason)) = self.gate_decision(place, gate) {
            if decision == Decision::Go && self.asks_to_attest_again(place) {
                return;
            }
            if rests_on_criteria(gate, &reason) && !self.has_new_findings(place, gate) {
                self.look_first();
                return;
            }
            self.decide_gate(place, gate, decision, reason);
        }
    }

    /// Were the criteria of this gate found to be so as late as they can be? What is recorded may be older by the
    /// roll-up, and a gate that waited for a person or for its date decides by what is so now.
    fn has_new_findings(&self, place: &Place, gate: &Gate) -> bool {
        let now = self.now().wall;
        let is_new = |check: &Check| {
            let state = self.state.check(place, &check.id);
            state.is_some_and(|state| {
                let at = state.finding.at;
                at <= now && now.since(at) <= self.state.program.timing.every
            })
        };
        gate.checks.iter().all(is_new)
    }

    /// While a rollback is on, gates of phases beside it are decided as far as people and time decide
    /// them. Criteria are not looked at meanwhile, so nothing rests on them.
    pub(crate) fn decide_beside(&mut self) {
        let program = std::sync::Arc::clone(&self.state.program);
        let places = std::sync::Arc::clone(self.places());
        for place in places.iter() {
            let Some(rollback) = &self.state.rollback else {
                return;
            };
            let Place::Phase { phase, op } = place else {
                continue;
            };
            let waits = matches!(self.state.stage(place), Some(Stage::Started { .. }))
                && !self.state.decided.contains(place);
            if rollback.failed || !waits || rollback.phases.contains(phase) {
                continue;
            }
            let op = program.phase(phase).and_then(|phase| phase.ops.get(*op));
            let Some(OpKind::Gate(gate)) = op.map(|op| &op.kind) else {
                continue;
            };
            let Some((decision, reason)) = self.gate_decision(place, gate) else {
                continue;
            };
            // A no that holds has nothing to hold now: it is decided when the rollback is over.
            let lasts =
                decision == Decision::Go || self.goes_further(&self.no_go(gate, &reason), place);
            if !lasts {
                continue;
            }
            let held = self.state.is_held_by_gate(&gate.id);
            let expired = decision == Decision::Go && self.asks_to_attest_again(place);
            if !rests_on_criteria(gate, &reason) && !held && !expired {
                self.decide_gate(place, gate, decision, reason);
            }
        }
    }

    /// Would a no make the rollback under way go further back?
    fn goes_further(&self, reaction: &Reaction, place: &Place) -> bool {
        let (Some(Response::Rollback(back)), Some(rollback)) =
            (&reaction.act, &self.state.rollback)
        else {
            return false;
        };
        let more = self.phases_to_undo(back, place.phase());
        more.iter().any(|phase| !rollback.phases.contains(phase))
    }

    /// Asks again about what was attested in this phase too long ago. The gate waits meanwhile.
    fn asks_to_attest_again(&mut self, gate: &Place) -> bool {
        let now = self.now();
        let expired = self.state.attested.iter().find_map(|(place, given)| {
            let op = self.state.op(place)?;
            let OpKind::Ask {
                role,
                valid_for: Some(limit),
                ..
            } = &op.kind
            else {
                return None;
            };
            let here = place.phase() == gate.phase();
            (here && now.elapsed_since(given).high > *limit)
                .then(|| (place.clone(), role.clone(), op.title.clone()))
        });
        let Some((place, role, text)) = expired else {
            return false;
        };
        let about = AskAbout::Attestation {
            place: place.clone(),
        };
        let held = self
            .state
            .holds
            .iter()
            .any(|hold| matches!(hold, HoldReason::Effect { place: at, .. } | HoldReason::SaidNo { place: at, .. } if *at == place));
        if !held && !self.is_asked(&about) {
            self.ask(about, vec![role], format!("Is this still so: {text}"));
        }
        true
    }

    pub(crate) fn approval_ask(&self, place: &Place) -> Option<&AskState> {
        self.state.asks.values().find(
            |state| matches!(&state.ask.about, AskAbout::Approval { place: at, .. } if at == place),
        )
    }

    fn gate_decision(&self, place: &Place, gate: &Gate) -> Option<(Decision, GateReason)> {
        let now = self.now();
        let answers = self
            .approval_ask(place)
            .map(|state| state.answers.as_slice());
        let rejected = answers
            .unwrap_or_default()
            .iter()
            .find(|(answer, _)| !answer.yes);
        if let Some((answer, _)) = rejected {
            let (by, reason) = (answer.by.clone(), answer.reason.clone());
            return Some((Decision::NoGo, GateReason::Rejected { by, reason }));
        }
        if gate.not_before.is_some_and(|moment| now.wall < moment) {
            return None;
        }
        let mut all_hold = true;
        for check in &gate.checks {
            let Some(state) = self.state.check(place, &check.id) else {
                all_hold = false;
                continue;
            };
            if matches!(state.finding.verdict, Verdict::Pass | Verdict::Warn) {
                continue;
            }
            all_hold = false;
            if state.failures > 0 && state.failures >= check.fail_after {
                let (check, sentence) = (check.id.clone(), state.finding.sentence.clone());
                return Some((Decision::NoGo, GateReason::Criterion { check, sentence }));
            }
        }
        if all_hold && self.state.is_approved(place, &now) {
            return Some((Decision::Go, GateReason::AllMet));
        }
        let waited = self.running_for(place)?;
        let timed_out = gate.timeout.is_some_and(|timeout| waited.high >= timeout);
        match gate.on_timeout {
            TimeoutDecision::Go if timed_out => Some((Decision::Go, GateReason::TimedOut)),
            TimeoutDecision::NoGo | TimeoutDecision::Hold if timed_out => {
                Some((Decision::NoGo, GateReason::TimedOut))
            }
            TimeoutDecision::Go | TimeoutDecision::NoGo | TimeoutDecision::Hold => None,
        }
    }

    /// What a no leads to that rests on this.
    fn no_go(&self, gate: &Gate, reason: &GateReason) -> Reaction {
        let timed_out = *reason == GateReason::TimedOut;
        let waits = timed_out && gate.on_timeout == TimeoutDecision::Hold;
        if waits || self.is_taken(&gate.no_go) {
            Reaction::only(Response::Hold)
        } else {
            gate.no_go.clone()
        }
    }

    fn decide_gate(&mut self, place: &Place, gate: &Gate, decision: Decision, reason: GateReason) {
        let mut reaction = self.no_go(gate, &reason);
        self.emit(Body::GateDecided {
            place: place.clone(),
            gate: gate.id.clone(),
            decision,
            reason,
        });
        if decision == Decision::Go {
            // In a freeze and in a pause it acts later, when it may move.
            return;
        }
        // Whoever is only told must not be told for ever.
        reaction.act.get_or_insert(Response::Hold);
        let cause = Cause::Gate {
            gate: gate.id.clone(),
        };
        self.respond(
            &reaction,
            cause,
            HoldReason::Gate {
                gate: gate.id.clone(),
            },
            place.phase(),
        );
    }
}

/// Is it decided by what was measured?
fn rests_on_criteria(gate: &Gate, reason: &GateReason) -> bool {
    match reason {
        GateReason::AllMet => !gate.checks.is_empty(),
        GateReason::Criterion { .. } => true,
        GateReason::BrokenGlass { .. } | GateReason::Rejected { .. } | GateReason::TimedOut => {
            false
        }
    }
}
