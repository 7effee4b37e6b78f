//! Effects whose outcome is not known, and how each class is resolved.

use phasegate_core::{Desired, EffectClass, EffectOutcome, Reading, Standing};

use super::Sight;
use super::effects::ATTEMPTS_MAX;
use crate::engine::Engine;
use crate::record::{AskAbout, Body, How, Place};
use crate::state::EffectState;

impl Engine {
    pub(super) fn resolve(&mut self, number: u64, state: EffectState) {
        let EffectState {
            effect, attempts, ..
        } = state;
        match effect.class {
            EffectClass::AbsoluteWithReadBack => {
                self.inspect(
                    Sight::Doubt(number),
                    effect.to,
                    effect.desired,
                    effect.before,
                );
            }
            EffectClass::Conditional | EffectClass::IdempotentByKey => {
                if attempts < ATTEMPTS_MAX {
                    self.repeat(number);
                } else {
                    self.ask_about_effect(number, &effect.desired);
                }
            }
            EffectClass::FireAndForget => {
                if attempts < ATTEMPTS_MAX {
                    self.repeat(number);
                } else {
                    let reason = format!("no delivery was confirmed in {attempts} attempts");
                    let outcome = EffectOutcome::NotApplied { reason };
                    self.emit(Body::Concluded {
                        effect: number,
                        outcome,
                        how: How::Answer,
                    });
                }
            }
            EffectClass::AtMostOnce => self.ask_about_effect(number, &effect.desired),
        }
    }

    pub(crate) fn repeat(&mut self, number: u64) {
        let deadline = self.now().wall + self.state.program.timing.effect_within;
        self.emit(Body::Repeated {
            effect: number,
            deadline,
        });
        if let Some(state) = self.state.effects.get(&number) {
            let effect = state.effect.clone();
            self.hand_out(effect);
        }
    }

    pub(super) fn ask_about_effect(&mut self, effect: u64, desired: &Desired) {
        let about = AskAbout::Effect { number: effect };
        if !self.is_asked(&about) {
            let text = format!("Did this happen: {desired}? Nobody knows after an interruption.");
            let roles = vec![self.state.program.escalate_to.clone()];
            self.ask(about, roles, text);
        }
    }

    pub(super) fn settle_doubt(&mut self, number: u64, reading: &Reading) {
        let Some(state) = self.state.effects.get(&number).cloned() else {
            return;
        };
        if state.is_scaling() && self.leave_unscaled(number, &state, reading) {
            return;
        }
        let (place, attempts) = (state.place.clone(), state.attempts);
        let to = state.effect.to.clone();
        let landing = self.last_landing(&state);
        let found = reading
            .found
            .as_ref()
            .map_or_else(|| "nothing".to_owned(), ToString::to_string);
        let going_back = matches!(place, Place::Rollback { .. });
        let may_repeat = match reading.standing {
            Standing::AsDesired => {
                let outcome = EffectOutcome::Applied {
                    evidence: format!("read back: {found}"),
                };
                self.emit(Body::Concluded {
                    effect: number,
                    outcome,
                    how: How::ReadBack,
                });
                return;
            }
            Standing::AsBefore | Standing::Resting => true,
            Standing::Other => going_back || self.state.drift_accepted.contains(&place),
            Standing::Unknown => false,
        };
        if may_repeat && self.now().wall >= landing {
            if attempts < ATTEMPTS_MAX || going_back {
                self.repeat(number);
            } else {
                let reason = format!("it did not come to stand in {attempts} attempts: {found}");
                let outcome = EffectOutcome::NotApplied { reason };
                self.emit(Body::Concluded {
                    effect: number,
                    outcome,
                    how: How::ReadBack,
                });
            }
            return;
        }
        if reading.standing == Standing::Other && !may_repeat && self.now().wall >= landing {
            self.hold_by_drift(place, &to, reading.found.clone());
        }
        let sight = Sight::Doubt(number);
        if may_repeat {
            self.volatile.retry_at.insert(sight, landing);
        } else {
            self.retry_later(sight);
        }
    }
}
