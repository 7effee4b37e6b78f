//! The one place where state changes. Nothing here decides, evaluates or can fail on a journal of ours;
//! a record that does not fit is reported as corruption, never guessed around.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use phasegate_core::Now;
use phasegate_plan::Digest;
use phasegate_sla::{Alert, Testimony};

use super::State;
use super::parts::{
    AskState, BakeState, CheckState, DifferenceState, EffectState, Failures, PhaseState,
    ScaledState, Stage, TriggerState, sees_nothing,
};
use crate::record::{Body, Decision, Finish, HoldReason, Judged, Place, Record};

/// A record that does not fit the ones before it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("record {seq} ({kind}) does not fit the records before it: {why}")]
pub struct Misfit {
    /// Its sequence.
    pub seq: u64,
    /// Its kind.
    pub kind: &'static str,
    /// What is wrong.
    pub why: &'static str,
}

impl State {
    /// The state after record 0.
    ///
    /// # Errors
    /// If the record is not a creation.
    pub fn created(record: &Record) -> Result<Self, Misfit> {
        let Body::Created {
            rollout, program, ..
        } = &record.body
        else {
            return Err(Misfit {
                seq: 0,
                kind: record.kind(),
                why: "record 0 is not a creation",
            });
        };
        let phases = program
            .phases
            .iter()
            .map(|p| (p.id.clone(), PhaseState::before(p)))
            .collect();
        Ok(Self {
            rollout: rollout.clone(),
            program: Arc::new((**program).clone()),
            created: record.now,
            next_seq: 1,
            last: record.now,
            paused: false,
            aborted: false,
            holds: Vec::new(),
            phases,
            rollback: None,
            effects: BTreeMap::new(),
            effect_count: 0,
            asks: BTreeMap::new(),
            ask_count: 0,
            triggers: BTreeMap::new(),
            checks: BTreeMap::new(),
            decided: BTreeSet::new(),
            bakes: BTreeMap::new(),
            applied: BTreeMap::new(),
            last_change: None,
            overruns: BTreeSet::new(),
            taken: BTreeSet::new(),
            ahead: BTreeMap::new(),
            begun: BTreeMap::new(),
            announced: BTreeMap::new(),
            maintenance: BTreeMap::new(),
            scaled: BTreeMap::new(),
            drift_accepted: BTreeSet::new(),
            testimony: Testimony {
                // Whoever may testify is heard, so that silence says that it did not happen.
                listening: true,
                started: Some(record.now.wall),
                ..Testimony::default()
            },
            baselines: BTreeMap::new(),
            measured: BTreeSet::new(),
            differences: BTreeMap::new(),
            attested: BTreeMap::new(),
            passed_over: BTreeMap::new(),
            incidents: BTreeMap::new(),
            renewing: BTreeSet::new(),
            drills: Vec::new(),
            amended: 0,
            signed: BTreeSet::new(),
            outcome: None,
        })
    }

    /// Folds one more record in.
    ///
    /// # Errors
    /// If the record does not fit: the journal is not one of ours, or damaged.
    pub fn apply(&mut self, record: &Record) -> Result<(), Misfit> {
        let (seq, kind) = (self.next_seq, record.kind());
        if self.outcome.is_some() {
            return Err(Misfit {
                seq,
                kind,
                why: "the rollout has ended",
            });
        }
        self.fold(record).map_err(|why| Misfit { seq, kind, why })?;
        if let Some(text) = record.signed_text() {
            self.signed.insert(Digest::of(text.as_bytes()));
        }
        self.next_seq += 1;
        self.last = record.now;
        Ok(())
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one arm a record, so that none is overlooked"
    )]
    fn fold(&mut self, record: &Record) -> Result<(), &'static str> {
        let now = record.now;
        match &record.body {
            Body::Abandoned { effect } => self.fold_abandoned(*effect)?,
            Body::Aborted { .. } => self.aborted = true,
            Body::Amended { program, .. } => self.fold_amended(program, now),
            Body::AnswerWithdrawn { ask, by, .. } => {
                self.unhear_answer(*ask, by);
                let ask = self.asks.get_mut(ask).ok_or("nobody asked that")?;
                ask.answers.retain(|(answer, _)| answer.by != *by);
                ask.withdrawn.insert(by.clone(), now);
            }
            Body::Answered(answered) => self.fold_answered(answered, now)?,
            Body::Asked(ask) => {
                self.ask_count = self.ask_count.max(ask.number);
                let state = AskState {
                    ask: ask.clone(),
                    seq: self.next_seq,
                    asked: now,
                    answers: Vec::new(),
                    withdrawn: BTreeMap::new(),
                };
                self.asks.insert(ask.number, state);
            }
            Body::BaselineRecorded { place, figures } => {
                for figure in figures {
                    let previous = &mut self.testimony.previous;
                    previous.insert(figure.measure.clone(), figure.value.clone());
                    self.baselines
                        .insert(figure.measure.clone(), figure.clone());
                }
                self.measured.insert(place.clone());
            }
            Body::Announced { number, .. } => {
                let number = usize::try_from(*number).ok();
                let number = number.ok_or("no such announcement")?;
                self.announced.insert(number, now.wall);
            }
            Body::Maintenance {
                number,
                begins,
                step,
                ..
            } => {
                let number = usize::try_from(*number).ok();
                let number = number.ok_or("no such maintenance")?;
                self.maintenance.insert(number, (*begins, *step));
            }
            Body::BudgetBlown { place, .. } => match place {
                Some(place) => {
                    self.overruns.insert(place.clone());
                }
                None => self.rollback_mut()?.limit_blown = true,
            },
            Body::ClockDisagreed { .. } => {}
            Body::Concluded {
                effect, outcome, ..
            } => self.fold_concluded(*effect, outcome, now)?,
            Body::Created { .. } => return Err("a rollout is created once"),
            Body::DifferenceFound {
                target,
                id,
                count,
                detail,
            } => {
                let key = (target.clone(), id.clone());
                let explained = self.differences.get(&key).and_then(|d| d.explained.clone());
                let difference = DifferenceState {
                    count: *count,
                    detail: detail.clone(),
                    explained,
                };
                self.differences.insert(key, difference);
            }
            Body::Evaluated {
                judged,
                triggers,
                bakes,
            } => {
                for judged in judged {
                    self.fold_judged(judged, now);
                }
                for progress in triggers {
                    self.fold_trigger(progress);
                }
                for bake in bakes {
                    let state = BakeState {
                        covered: bake.covered,
                        blind_since: bake.blind_since,
                    };
                    self.bakes.insert(bake.place.clone(), state);
                }
            }
            Body::Finished { outcome } => {
                self.outcome = Some(*outcome);
                self.asks.clear();
            }
            Body::GateDecided {
                place, decision, ..
            } => {
                self.close_asks(place);
                if *decision == Decision::Go && !self.renewing.remove(place) {
                    self.decided.insert(place.clone());
                }
            }
            Body::Held { reason } => {
                if let HoldReason::Budget { place } = reason {
                    self.overruns.insert(place.clone());
                }
                self.holds.push(reason.clone());
            }
            Body::Incident { number, step } => self.fold_incident(*number, step, now)?,
            Body::Intended {
                place,
                effect,
                about,
            } => {
                self.effect_count = self.effect_count.max(effect.number);
                let state = EffectState {
                    place: place.clone(),
                    effect: effect.clone(),
                    attempts: 1,
                    sent: now,
                    in_doubt: false,
                    about: *about,
                };
                self.effects.insert(effect.number, state);
                if *place != Place::Aside {
                    *self.started_mut(place)?.1 = Some(effect.number);
                }
            }
            Body::OpFinished { place, finish } => self.fold_finished(place, finish)?,
            Body::OpStarted { place, .. } => {
                *self.stage_mut(place)? = Stage::Started {
                    at: now,
                    effect: None,
                    failures: Failures::default(),
                };
                self.forget(place);
            }
            Body::Paused { .. } => self.paused = true,
            Body::PhaseFinished { phase } => {
                let re_enables = self.program.phase(phase).map(|of| of.re_enables.is_some());
                *self.phases.get_mut(phase).ok_or("no such phase")? = match re_enables {
                    // It may have to be done again.
                    Some(true) => PhaseState::Idle,
                    Some(false) | None => PhaseState::Done,
                };
                self.hear_delivered(phase, now);
            }
            Body::PhaseStarted { phase } => {
                *self.phases.get_mut(phase).ok_or("no such phase")? = PhaseState::Running {
                    op: 0,
                    stage: Stage::Ready,
                };
                self.ahead.retain(|place, _| place.phase() != Some(phase));
                self.begun.insert(phase.clone(), now);
            }
            Body::Recovered { in_doubt } => {
                for number in in_doubt {
                    self.effects
                        .get_mut(number)
                        .ok_or("no such effect")?
                        .in_doubt = true;
                }
            }
            Body::Released { .. } => self.fold_released(),
            Body::Repeated { effect, deadline } => {
                let state = self.effects.get_mut(effect).ok_or("no such effect")?;
                state.attempts += 1;
                state.sent = now;
                state.effect.deadline = *deadline;
                state.in_doubt = false;
                self.close_effect_asks(*effect);
            }
            Body::Resumed { .. } => self.paused = false,
            Body::Retried { place, .. } => {
                *self.stage_mut(place)? = Stage::Ready;
                self.holds.retain(|hold| !about(hold, place));
            }
            Body::RollbackEnded { validated } => self.fold_rollback_ended(*validated, now)?,
            Body::RollbackStarted { .. } => {
                self.testimony.delivered = None;
                self.fold_rollback_started(record)?;
            }
            Body::Scaled {
                to,
                target,
                from,
                count,
                ..
            } => {
                let scaled = ScaledState {
                    at: now,
                    from: *from,
                    count: *count,
                };
                self.scaled.insert((to.clone(), target.clone()), scaled);
            }
            Body::Testified { statement, yes, .. } => self.hear(statement, *yes),
            Body::TriggerFired { trigger, .. } => {
                let state = self.triggers.get_mut(trigger);
                let state = state.ok_or("no such trigger")?;
                state.responded = true;
                state.to_blindness = state.hold.alert() != Alert::Firing;
            }
        }
        Ok(())
    }

    fn fold_judged(&mut self, judged: &Judged, now: Now) {
        let here = self.checks.entry(judged.place.clone()).or_default();
        let before = here.get(&judged.check).and_then(|state| state.unseen_since);
        let state = CheckState {
            finding: judged.finding.clone(),
            failures: judged.failures,
            unseen_since: sees_nothing(&judged.finding.verdict)
                .then(|| before.unwrap_or(now.wall).min(now.wall)),
        };
        here.insert(judged.check.clone(), state);
    }

    fn fold_trigger(&mut self, progress: &crate::record::TriggerProgress) {
        // A response belongs to one stretch of firing or of blindness; when that ends, so does it. What fires as soon as it
        // is seen again has not been responded to.
        let before = self.triggers.get(&progress.trigger);
        let to_blindness = before.is_some_and(|state| state.to_blindness);
        let fires = progress.hold.alert() == Alert::Firing;
        let over = progress.blind_since.is_none() && (to_blindness || !fires);
        let responded = !over && before.is_some_and(|state| state.responded);
        let state = TriggerState {
            finding: progress.finding.clone(),
            hold: progress.hold,
            blind_since: progress.blind_since,
            responded,
            to_blindness: to_blindness && responded,
        };
        self.triggers.insert(progress.trigger.clone(), state);
    }

    fn fold_finished(&mut self, place: &Place, finish: &Finish) -> Result<(), &'static str> {
        self.remember_finished(place, finish);
        let is_ahead = !self.has_turn(place);
        match place {
            Place::Aside => return Err("no operation is there"),
            Place::Phase { .. } | Place::Rollback { .. } if is_ahead => self.finish_ahead(place)?,
            Place::Phase { phase, op } => {
                let at = |op| Place::Phase {
                    phase: phase.clone(),
                    op,
                };
                let (op, stage) = self.next_turn(*op, at);
                let next = PhaseState::Running { op, stage };
                self.phases.insert(phase.clone(), next);
            }
            Place::Rollback { op } => {
                let (op, stage) = self.next_turn(*op, |op| Place::Rollback { op });
                let rollback = self.rollback_mut()?;
                (rollback.op, rollback.stage) = (op, stage);
            }
        }
        if let (Place::Rollback { op }, Finish::Failed { .. } | Finish::Skipped { .. }) =
            (place, finish)
        {
            self.rollback_mut()?.unsuccessful.push(*op);
        }
        self.holds.retain(|hold| !about(hold, place));
        self.close_asks(place);
        self.forget(place);
        Ok(())
    }
}

/// Does that hold end when the operation there is done or tried again?
fn about(hold: &HoldReason, place: &Place) -> bool {
    match hold {
        HoldReason::Budget { place: at }
        | HoldReason::Drift { place: at, .. }
        | HoldReason::Effect { place: at, .. }
        | HoldReason::SaidNo { place: at, .. } => at == place,
        HoldReason::Blind { .. }
        | HoldReason::Clocks { .. }
        | HoldReason::Difference { .. }
        | HoldReason::Criterion { .. }
        | HoldReason::Gate { .. }
        | HoldReason::Incident { .. }
        | HoldReason::RolledBack
        | HoldReason::Trigger { .. } => false,
    }
}
