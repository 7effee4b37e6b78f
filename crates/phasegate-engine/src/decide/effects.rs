//! Effects: read before the first write, intend, hand out, conclude; and what is done about those whose
//! outcome is not known. The rules of recovery:
//!
//! | class            | outcome unknown                                                          |
//! |------------------|--------------------------------------------------------------------------|
//! | absolute         | read back: as desired → done; as before or resting, and no old request can land any more → the same effect again with its own key; something else → hold for a person |
//! | conditional, by key | again with the same key                                               |
//! | fire and forget  | again, at most [`ATTEMPTS_MAX`] times; then it counts as not delivered   |
//! | at most once     | ask a person                                                             |

use std::collections::BTreeSet;

use phasegate_core::{
    BindingId, Capability, Desired, Effect, EffectClass, EffectKey, EffectOutcome, Reading,
    TargetId, Timestamp,
};

use super::tell::Occasion;
use crate::engine::Engine;
use crate::event::EventError;
use crate::program::OpKind;
use crate::record::{Body, Finish, HoldReason, How, Place};
use crate::state::{EffectState, Failures, Stage};

/// How often one effect is tried with its own key before a person is asked. Five tries with the
/// provider layer's own retries inside each outlast every transient fault that was seen.
pub(super) const ATTEMPTS_MAX: u32 = 5;

/// What an inspection is for.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Sight {
    /// To know what was there before the first write.
    BeforeWrite(Place),
    /// To learn what became of an effect.
    Doubt(u64),
    /// To know how many there are of what policies scale.
    Scaling(BindingId, TargetId),
    /// To know whether what was set still stands.
    Standing(BindingId, TargetId),
}

impl Engine {
    /// Brings a state about: read, intend, wait for the outcome.
    pub(crate) fn step_apply(
        &mut self,
        place: &Place,
        to: &BindingId,
        desired: &Desired,
        class: EffectClass,
    ) {
        let Some(Stage::Started {
            effect, failures, ..
        }) = self.state.stage(place)
        else {
            return;
        };
        let failures = failures.clone();
        match effect {
            Some(number) if self.state.effects.contains_key(number) => {
                self.give_up_if_hopeless(place, *number);
                return;
            }
            Some(_) => {
                if self.may_move(place) {
                    self.finish_op(place, Finish::Done);
                }
                return;
            }
            None => {}
        }
        if failures.count > 0 && !self.may_try_again(place, class, &failures) {
            return;
        }
        if !self.may_move(place) || self.is_contended(to, desired) {
            return;
        }
        let readable = desired.is_readable() && self.state.program.can(to, Capability::ReadBack);
        let before = if readable {
            match self.read_before(place, to, desired) {
                Some(reading) => reading.found,
                None => return,
            }
        } else {
            None
        };
        let number = self.state.effect_count + 1;
        let effect = Effect {
            number,
            key: EffectKey::new(&self.state.rollout, number),
            to: to.clone(),
            desired: self.filled(desired, place),
            before,
            class,
            deadline: self.now().wall + self.state.program.timing.effect_within,
        };
        self.volatile.read.remove(place);
        self.emit(Body::Intended {
            place: place.clone(),
            effect: effect.clone(),
            about: None,
        });
        self.hand_out(effect);
    }

    /// Has a state that can be read back brought about, beside all operations.
    pub(super) fn set_aside(&mut self, to: BindingId, desired: Desired, before: Option<Desired>) {
        let number = self.state.effect_count + 1;
        let effect = Effect {
            number,
            key: EffectKey::new(&self.state.rollout, number),
            to,
            desired,
            before,
            class: EffectClass::AbsoluteWithReadBack,
            deadline: self.now().wall + self.state.program.timing.effect_within,
        };
        self.emit(Body::Intended {
            place: Place::Aside,
            effect: effect.clone(),
            about: None,
        });
        self.hand_out(effect);
    }

    /// A message with its variables filled in; everything else as it is.
    fn filled(&self, desired: &Desired, place: &Place) -> Desired {
        match desired {
            Desired::Message {
                channel,
                subject,
                body,
            } => Desired::Message {
                channel: channel.clone(),
                subject: self.fill(subject, Occasion::at(Some(place))),
                body: self.fill(body, Occasion::at(Some(place))),
            },
            _ => desired.clone(),
        }
    }

    /// After a failure: a message that cannot be delivered stops nothing; a rollback tries again until
    /// its patience ends; a phase holds for a person.
    fn may_try_again(&mut self, place: &Place, class: EffectClass, failures: &Failures) -> bool {
        let reason = failures.to_string();
        if class == EffectClass::FireAndForget {
            if self.may_move(place) {
                self.finish_op(place, Finish::Failed { reason });
            }
            return false;
        }
        match place {
            Place::Aside => false,
            Place::Phase { .. } if self.may_pass_over(place) => {
                if self.may_move(place) {
                    self.finish_op(place, Finish::Failed { reason });
                }
                false
            }
            Place::Phase { .. } => {
                self.hold(HoldReason::Effect {
                    place: place.clone(),
                    reason,
                });
                false
            }
            Place::Rollback { .. } => {
                if failures.count >= ATTEMPTS_MAX || self.state.overruns.contains(place) {
                    self.finish_op(place, Finish::Failed { reason });
                    return false;
                }
                let sight = Sight::BeforeWrite(place.clone());
                self.is_due(&sight)
            }
        }
    }

    /// May this target fail, with those that have failed already?
    fn may_pass_over(&self, place: &Place) -> bool {
        let (Some(op), Some(phase)) = (self.state.op(place), place.phase()) else {
            return false;
        };
        let OpKind::Apply {
            may_fail: Some(limits),
            ..
        } = &op.kind
        else {
            return false;
        };
        let key = (phase.clone(), op.step.clone());
        let failed = self.state.passed_over.get(&key);
        let in_wave = failed.and_then(|waves| waves.get(&limits.wave).copied());
        let in_all: u32 = failed.map_or(0, |waves| waves.values().sum());
        in_wave.unwrap_or(0) < limits.in_wave && in_all < limits.in_all
    }

    /// Is another effect on the same thing still under way? What was sent last must land last.
    fn is_contended(&self, to: &BindingId, desired: &Desired) -> bool {
        let Some(target) = desired.target() else {
            return false;
        };
        self.state.effects.values().any(|other| {
            other.effect.to == *to
                && other.effect.desired.target() == Some(target)
                && self.now().wall < self.last_landing(other)
        })
    }

    /// After this moment no attempt of the effect can land any more.
    pub(crate) fn last_landing(&self, state: &EffectState) -> Timestamp {
        let EffectState { effect, sent, .. } = state;
        let binding = self.state.program.bindings.get(&effect.to);
        let quiet = binding.map(|binding| binding.quiet).unwrap_or_default();
        let within = effect.deadline.since(sent.wall).saturating_add(quiet);
        // A request takes its time whatever the wall clock says; after a boot nothing else is known.
        let by_boot_clock = self.by_boot_clock(sent);
        by_boot_clock.unwrap_or_else(|| self.in_present(sent)) + within
    }

    /// Looks after effects whose outcome is not known.
    pub(crate) fn tend_effects(&mut self) {
        let numbers: BTreeSet<u64> = self.state.effects.keys().copied().collect();
        for number in numbers {
            let Some(state) = self.state.effects.get(&number).cloned() else {
                continue;
            };
            let waits = self.volatile.in_flight.contains(&number);
            let overdue = self.now().wall >= self.last_landing(&state);
            if waits && !overdue {
                continue;
            }
            let never_left = self.take_back(number);
            if self.is_superseded(&state) {
                // Repeating it would undo what came after it; it is left alone until it cannot land.
                if overdue {
                    self.volatile.in_flight.remove(&number);
                    self.abandon(number, &state.place);
                }
                continue;
            }
            if waits {
                self.volatile.in_flight.remove(&number);
            }
            if self.is_suspended(&state) {
                continue;
            }
            if never_left {
                self.repeat(number);
                continue;
            }
            if !state.in_doubt {
                let reason = "no answer by the deadline".to_owned();
                let outcome = EffectOutcome::Unknown { reason };
                self.emit(Body::Concluded {
                    effect: number,
                    outcome,
                    how: How::Answer,
                });
            }
            self.resolve(number, state);
        }
    }

    /// Did the rollout go back, or on, without waiting for what was done there?
    fn is_superseded(&self, state: &EffectState) -> bool {
        let sets_something = state.effect.desired.target().is_some();
        let place = &state.place;
        match (place, &self.state.rollback) {
            // A message is still due; a state that was to be set again is not, once it goes back.
            (Place::Aside, rollback) => sets_something && rollback.is_some() && !state.is_scaling(),
            (Place::Phase { .. } | Place::Rollback { .. }, _)
                if self.state.stage(place).is_none() =>
            {
                true
            }
            (Place::Phase { phase, .. }, Some(rollback)) => {
                rollback.phases.contains(phase) || rollback.sets(&state.effect)
            }
            (Place::Phase { .. }, None) | (Place::Rollback { .. }, _) => false,
        }
    }

    /// Does its phase go on when the way back, which leaves it alone, is over? Until then nothing is done about it, and
    /// the way back does not wait for it.
    pub(super) fn is_suspended(&self, state: &EffectState) -> bool {
        let phase = state.place.phase();
        let rollback = self.state.rollback.as_ref();
        phase.is_some_and(|id| rollback.is_some_and(|rollback| !rollback.phases.contains(id)))
            && !self.is_superseded(state)
    }

    /// Waits no longer for an effect. Where its phase goes on, a way back has set the same thing: what the operation
    /// there wanted is not wanted any more.
    fn abandon(&mut self, number: u64, place: &Place) {
        let waits = matches!(
            self.state.stage(place),
            Some(Stage::Started { effect: Some(it), .. }) if *it == number
        );
        let undone = self
            .state
            .rollback
            .iter()
            .flat_map(|rollback| &rollback.phases);
        let goes_on = place
            .phase()
            .is_some_and(|id| !undone.into_iter().any(|one| one == id));
        self.emit(Body::Abandoned { effect: number });
        if waits && goes_on {
            self.finish_op(place, Finish::NotNeeded);
        }
    }

    /// In a rollback, an effect whose budget is blown is left behind once it can no longer land.
    fn give_up_if_hopeless(&mut self, place: &Place, number: u64) {
        let Some(state) = self.state.effects.get(&number) else {
            return;
        };
        let hopeless = matches!(place, Place::Rollback { .. })
            && self.state.overruns.contains(place)
            && self.now().wall >= self.last_landing(state);
        if hopeless {
            let reason = "its outcome was not known when its budget and deadline had passed".into();
            self.finish_op(place, Finish::Failed { reason });
        }
    }

    pub(crate) fn effect_done(
        &mut self,
        number: u64,
        outcome: EffectOutcome,
    ) -> Result<(), EventError> {
        let known = self.state.effects.contains_key(&number);
        if !known || !self.volatile.in_flight.remove(&number) {
            return Err(EventError::Unawaited {
                what: "effect",
                number,
            });
        }
        let failed = match (&outcome, self.state.effects.get(&number).cloned()) {
            (EffectOutcome::NotApplied { reason }, Some(state)) => Some((state, reason.clone())),
            (_, _) => None,
        };
        if let Some((state, _)) = &failed {
            let sight = Sight::BeforeWrite(state.place.clone());
            self.retry_later(sight);
        }
        self.emit(Body::Concluded {
            effect: number,
            outcome,
            how: How::Answer,
        });
        if let Some((state, reason)) = failed {
            self.tell_unscaled(&state, &reason);
        }
        Ok(())
    }

    pub(crate) fn inspected(
        &mut self,
        number: u64,
        reading: Option<Reading>,
    ) -> Result<(), EventError> {
        let Some((sight, _)) = self.volatile.inspections.remove(&number) else {
            return Err(EventError::Unawaited {
                what: "inspection",
                number,
            });
        };
        let reading = reading.unwrap_or_else(|| Reading::unread("no answer"));
        match sight {
            Sight::BeforeWrite(place) => {
                self.volatile.read.insert(place, reading);
            }
            Sight::Doubt(effect) => self.settle_doubt(effect, &reading),
            Sight::Scaling(to, target) => self.settle_scaling((to, target), &reading),
            Sight::Standing(to, target) => self.settle_standing(&to, &target, &reading),
        }
        Ok(())
    }
}
