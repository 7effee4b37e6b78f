//! What becomes of effects, folded in.

use phasegate_core::{Desired, Effect, EffectOutcome, Now};

use super::State;
use super::parts::{Applied, EffectState};
use crate::record::Place;

/// Is it what a policy has changed?
fn is_scaling(place: &Place, effect: &Effect) -> bool {
    *place == Place::Aside && matches!(effect.desired, Desired::Scale { .. })
}

impl EffectState {
    /// Is it what a policy has changed?
    pub(crate) fn is_scaling(&self) -> bool {
        is_scaling(&self.place, &self.effect)
    }
}

impl State {
    pub(super) fn fold_concluded(
        &mut self,
        number: u64,
        outcome: &EffectOutcome,
        now: Now,
    ) -> Result<(), &'static str> {
        let state = self.effects.get_mut(&number).ok_or("no such effect")?;
        match outcome {
            EffectOutcome::Unknown { .. } => state.in_doubt = true,
            EffectOutcome::Applied { .. } => {
                let EffectState {
                    place,
                    effect,
                    about,
                    ..
                } = self.effects.remove(&number).ok_or("no such effect")?;
                self.close_effect_asks(number);
                if let Some(incident) = about.and_then(|number| self.incidents.get_mut(&number)) {
                    incident.delivered.get_or_insert(now);
                }
                // What policies scale is theirs and everybody's: it is neither held to nor a change of the rollout's.
                let moved = effect
                    .desired
                    .target()
                    .filter(|_| !is_scaling(&place, &effect));
                if let Some(target) = moved {
                    let key = (effect.to.clone(), target.clone());
                    let original = match self.applied.get(&key) {
                        Some(applied) => applied.original.clone(),
                        None => effect.before.clone(),
                    };
                    let applied = Applied {
                        original,
                        desired: effect.desired.clone(),
                        since: now,
                        late: None,
                    };
                    self.applied.insert(key, applied);
                    self.last_change = Some(now);
                }
            }
            EffectOutcome::NotApplied { reason } => {
                let place = state.place.clone();
                self.effects.remove(&number);
                self.close_effect_asks(number);
                // The operation may have been given up meanwhile; then nobody waits for it any more.
                if let Ok((failures, waits_for)) = self.started_mut(&place)
                    && *waits_for == Some(number)
                {
                    *waits_for = None;
                    failures.count += 1;
                    failures.why.clone_from(reason);
                }
            }
        }
        Ok(())
    }

    /// Nobody waits for an effect any more. It may have landed all the same.
    pub(super) fn fold_abandoned(&mut self, number: u64) -> Result<(), &'static str> {
        let state = self.effects.remove(&number).ok_or("no such effect")?;
        self.close_effect_asks(number);
        if let Some(target) = state.effect.desired.target() {
            let key = (state.effect.to.clone(), target.clone());
            if let Some(applied) = self.applied.get_mut(&key) {
                applied.late = Some(state.effect.desired);
            }
        }
        Ok(())
    }
}
