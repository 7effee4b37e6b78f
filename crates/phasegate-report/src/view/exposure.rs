//! Who saw the new version when: the shares of traffic and flags that were known to stand.

use std::collections::BTreeMap;

use phasegate_core::{BindingId, Desired, Effect, EffectOutcome, Ratio, TargetId, Timestamp};
use phasegate_engine::record::{Body, HoldReason, Place};
use serde::Serialize;

use super::Step;

/// How one route or flag was set over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Exposure {
    /// Who sets it.
    pub to: BindingId,
    /// The route or flag.
    pub target: TargetId,
    /// What was read before the first change, if it could be read.
    pub before: Option<Ratio>,
    /// The share from each moment on.
    pub points: Vec<ExposurePoint>,
    /// Stretches in which it was not known whether a change had happened.
    pub doubts: Vec<Doubt>,
}

/// A share that is known to stand.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ExposurePoint {
    /// From when on it is known to stand.
    pub at: Timestamp,
    /// The share that sees the new version.
    pub share: Ratio,
    /// The effect that set it; absent where somebody else did, or it fell back by itself.
    pub effect: Option<u64>,
}

/// A stretch in which the outcome of a change was not known.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Doubt {
    /// The effect.
    pub effect: u64,
    /// From when on.
    pub from: Timestamp,
    /// Until when; still, if absent.
    pub until: Option<Timestamp>,
}

impl Exposure {
    /// The share that is known to stand last.
    #[must_use]
    pub fn last(&self) -> Option<Ratio> {
        self.points.last().map(|point| point.share).or(self.before)
    }
}

#[derive(Default)]
pub(super) struct Fold {
    lines: BTreeMap<(BindingId, TargetId), Exposure>,
}

impl Fold {
    pub(super) fn take(&mut self, step: &Step<'_>) {
        let at = step.record.at();
        if let Body::Concluded {
            effect, outcome, ..
        } = &step.record.body
            && let Some(state) = step.before.effects.get(effect)
        {
            self.concluded(&state.effect, outcome, at);
        }
        if let Body::Abandoned { effect } = &step.record.body {
            self.settle(*effect, at);
        }
        // Somebody else has set it, or it was found at rest and is set again.
        if let Body::Held {
            reason:
                HoldReason::Drift {
                    to: Some(to),
                    state: Some(state),
                    ..
                },
        } = &step.record.body
        {
            self.found(to, state, at);
        }
        if let Body::Intended {
            place: Place::Aside,
            effect,
            about: None,
        } = &step.record.body
            && let Some(state) = &effect.before
        {
            self.found(&effect.to, state, at);
        }
        if let Body::Recovered { in_doubt } = &step.record.body {
            for number in in_doubt {
                if let Some(state) = step.after.effects.get(number) {
                    self.doubt(&state.effect, at);
                }
            }
        }
    }

    /// What was found to stand, which nobody has set here.
    fn found(&mut self, to: &BindingId, state: &Desired, at: Timestamp) {
        let Some((target, share)) = exposed(state) else {
            return;
        };
        let Some(line) = self.lines.get_mut(&(to.clone(), target.clone())) else {
            return;
        };
        if line.last() != Some(share) {
            line.points.push(ExposurePoint {
                at,
                share,
                effect: None,
            });
        }
    }

    fn concluded(&mut self, effect: &Effect, outcome: &EffectOutcome, at: Timestamp) {
        match outcome {
            EffectOutcome::Unknown { .. } => self.doubt(effect, at),
            EffectOutcome::NotApplied { .. } => self.settle(effect.number, at),
            EffectOutcome::Applied { .. } => {
                self.settle(effect.number, at);
                if let Some((line, share)) = self.line(effect) {
                    line.points.push(ExposurePoint {
                        at,
                        share,
                        effect: Some(effect.number),
                    });
                }
            }
        }
    }

    fn doubt(&mut self, effect: &Effect, from: Timestamp) {
        let number = effect.number;
        if let Some((line, _)) = self.line(effect) {
            let known = line
                .doubts
                .iter()
                .any(|d| d.effect == number && d.until.is_none());
            if !known {
                line.doubts.push(Doubt {
                    effect: number,
                    from,
                    until: None,
                });
            }
        }
    }

    fn settle(&mut self, effect: u64, at: Timestamp) {
        let doubts = self.lines.values_mut().flat_map(|line| &mut line.doubts);
        for doubt in doubts.filter(|doubt| doubt.effect == effect && doubt.until.is_none()) {
            doubt.until = Some(at);
        }
    }

    fn line(&mut self, effect: &Effect) -> Option<(&mut Exposure, Ratio)> {
        let (target, share) = exposed(&effect.desired)?;
        let before = effect
            .before
            .as_ref()
            .and_then(exposed)
            .map(|(_, share)| share);
        let key = (effect.to.clone(), target.clone());
        let line = self.lines.entry(key).or_insert_with(|| Exposure {
            to: effect.to.clone(),
            target: target.clone(),
            before,
            points: Vec::new(),
            doubts: Vec::new(),
        });
        Some((line, share))
    }

    pub(super) fn finish(self) -> Vec<Exposure> {
        self.lines.into_values().collect()
    }
}

/// What a state exposes, and to how many.
pub(super) fn exposed(desired: &Desired) -> Option<(&TargetId, Ratio)> {
    match desired {
        Desired::Flag { flag, exposure } => Some((flag, *exposure)),
        Desired::Traffic { target, canary } => Some((target, *canary)),
        Desired::Cohort { flag, share, .. } => Some((flag, (*share)?)),
        Desired::Command { .. } | Desired::Message { .. } | _ => None,
    }
}
