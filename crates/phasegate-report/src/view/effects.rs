//! Effects: everything done outside, each with its key, its attempts and what became of it.

use std::collections::BTreeMap;

use phasegate_core::{BindingId, Desired, EffectClass, EffectKey, EffectOutcome, Timestamp};
use phasegate_engine::record::{Body, How, Place};
use serde::Serialize;

use super::Step;

/// An effect.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct EffectView {
    /// Counts the effects of the rollout, from 1.
    pub number: u64,
    /// The same for every attempt, before and after a crash.
    pub key: EffectKey,
    /// Who was to do it.
    pub to: BindingId,
    /// What was wanted.
    pub desired: Desired,
    /// What was read before it.
    pub before: Option<Desired>,
    /// How it may be repeated.
    pub class: EffectClass,
    /// Where it belongs.
    pub place: Place,
    /// When it was decided.
    pub intended: Timestamp,
    /// How often it was sent with its key.
    pub attempts: u32,
    /// What was learnt of it, in order.
    pub conclusions: Vec<Conclusion>,
    /// How it stands.
    pub end: EffectEnd,
}

/// Something that was learnt of an effect.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Conclusion {
    /// When.
    pub at: Timestamp,
    /// What.
    pub outcome: EffectOutcome,
    /// How it is known.
    pub how: How,
}

/// How an effect stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever shows it has a word for each"
)]
pub enum EffectEnd {
    /// Nobody waits for its outcome any more.
    Abandoned,
    /// It stands as wanted.
    Applied,
    /// It certainly did not happen.
    NotApplied,
    /// It is under way.
    Open,
    /// Nobody knows whether it happened.
    Unknown,
}

#[derive(Default)]
pub(super) struct Fold {
    effects: BTreeMap<u64, EffectView>,
}

impl Fold {
    pub(super) fn take(&mut self, step: &Step<'_>) {
        let at = step.record.at();
        if let Body::Intended { place, effect, .. } = &step.record.body {
            let view = EffectView {
                number: effect.number,
                key: effect.key.clone(),
                to: effect.to.clone(),
                desired: effect.desired.clone(),
                before: effect.before.clone(),
                class: effect.class,
                place: place.clone(),
                intended: at,
                attempts: 1,
                conclusions: Vec::new(),
                end: EffectEnd::Open,
            };
            self.effects.insert(effect.number, view);
        }
        if let Body::Repeated { effect, .. } = &step.record.body
            && let Some(view) = self.effects.get_mut(effect)
        {
            view.attempts = view.attempts.saturating_add(1);
            view.end = EffectEnd::Open;
        }
        if let Body::Concluded {
            effect,
            outcome,
            how,
        } = &step.record.body
            && let Some(view) = self.effects.get_mut(effect)
        {
            view.end = match outcome {
                EffectOutcome::Applied { .. } => EffectEnd::Applied,
                EffectOutcome::NotApplied { .. } => EffectEnd::NotApplied,
                EffectOutcome::Unknown { .. } => EffectEnd::Unknown,
            };
            view.conclusions.push(Conclusion {
                at,
                outcome: outcome.clone(),
                how: how.clone(),
            });
        }
        if let Body::Abandoned { effect } = &step.record.body
            && let Some(view) = self.effects.get_mut(effect)
        {
            view.end = EffectEnd::Abandoned;
        }
        if let Body::Recovered { in_doubt } = &step.record.body {
            for number in in_doubt {
                if let Some(view) = self.effects.get_mut(number) {
                    view.end = EffectEnd::Unknown;
                }
            }
        }
    }

    pub(super) fn finish(self) -> Vec<EffectView> {
        self.effects.into_values().collect()
    }
}
