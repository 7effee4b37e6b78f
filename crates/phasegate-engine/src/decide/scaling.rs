//! Scaling: what policies let grow and shrink while the rollout runs. It is looked at whatever holds the rollout, moves no
//! exposure, and holds nothing: whoever else scales the same thing is built upon.

use phasegate_core::{BindingId, Desired, EffectOutcome, Reading, Standing, TargetId};
use phasegate_sla::Finding;

use super::Sight;
use crate::engine::Engine;
use crate::program::{Scaling, Telling};
use crate::record::{Body, How};
use crate::state::{EffectState, PhaseState};

/// A change that a policy wants, until it is known how many there are.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// By how many.
    change: i64,
    finding: Finding,
}

impl Engine {
    /// Is it looked at? From the first phase's beginning on.
    pub(crate) fn is_scaled(&self) -> bool {
        self.state.phases.values().any(PhaseState::was_begun)
    }

    /// A policy of the program would change it by so many: first it is read how many there are.
    pub(crate) fn want(&mut self, one: &Scaling, change: i64, finding: Finding) {
        let key = (one.to.clone(), one.target.clone());
        let settled = self.volatile.settled.get(&key);
        if settled.is_some_and(|(same, until)| *same == change && self.now().wall < *until) {
            return;
        }
        self.volatile
            .wanted
            .insert(key.clone(), Wanted { change, finding });
        let desired = Desired::Scale {
            target: one.target.clone(),
            count: one.min,
        };
        self.inspect(Sight::Scaling(key.0, key.1), one.to.clone(), desired, None);
    }

    /// Was it changed a moment ago, or is that still under way?
    pub(crate) fn rests(&self, one: &Scaling) -> bool {
        let now = self.now();
        let key = (one.to.clone(), one.target.clone());
        let last = self.state.scaled.get(&key);
        let cools = last.is_some_and(|last| now.elapsed_since(&last.at).low < one.cooldown);
        let open = |state: &EffectState| {
            state.is_scaling()
                && state.effect.to == key.0
                && state.effect.desired.target() == Some(&key.1)
        };
        cools || self.state.effects.values().any(open)
    }

    /// It is known how many there are: changes that, or says what would be changed.
    pub(crate) fn settle_scaling(&mut self, key: (BindingId, TargetId), reading: &Reading) {
        let wanted = self.volatile.wanted.remove(&key);
        let program = std::sync::Arc::clone(&self.state.program);
        let mut all = program.scaling.iter();
        let one = all.find(|one| (&one.to, &one.target) == (&key.0, &key.1));
        let (Some(wanted), Some(one)) = (wanted, one) else {
            return;
        };
        let Some(Desired::Scale { count: from, .. }) = reading.found else {
            // Whether a policy still wants it is looked at again by then.
            self.retry_later(Sight::Scaling(key.0, key.1));
            return;
        };
        if self.rests(one) {
            return;
        }
        let count = i64::from(from).saturating_add(wanted.change);
        // Where somebody else has gone beyond the bounds, the way back into them is no step against the policy.
        let count = count.clamp(i64::from(one.min), i64::from(one.max));
        let count = u32::try_from(count).unwrap_or(one.max);
        let against = (i64::from(count) - i64::from(from)).signum() == -wanted.change.signum();
        let count = if against { from } else { count };
        if self.is_said(one, &key, (from, count)) || (count == from && wanted.change < 0) {
            let again = self.now().wall + one.cooldown;
            self.volatile.settled.insert(key, (wanted.change, again));
            return;
        }
        self.volatile.said.insert(key);
        let sentence = wanted.finding.sentence.clone();
        self.emit(Body::Scaled {
            to: one.to.clone(),
            target: one.target.clone(),
            title: one.title.clone(),
            finding: wanted.finding,
            from,
            count,
            acts: one.acts,
        });
        if one.acts && count != from {
            self.scale(one, from, count);
        }
        let what = match (one.acts, count == from) {
            (true, false) => format!("Scaled from {from} to {count}."),
            (true, true) => format!(
                "It stays at {from}: there may be {} to {}.",
                one.min, one.max
            ),
            (false, false) => format!("Scale from {from} to {count}."),
            (false, true) => {
                let (min, max) = (one.min, one.max);
                format!("There are {from}, and there may be {min} to {max}.")
            }
        };
        self.tell_of_scaling(one, &format!("{sentence}\n{what}"));
    }

    /// Would it say what it said last, with nothing else in between? That few are left where few are needed is never said.
    fn is_said(&self, one: &Scaling, key: &(BindingId, TargetId), now: (u32, u32)) -> bool {
        let changes = one.acts && now.0 != now.1;
        let last = self.state.scaled.get(key);
        let same = last.is_some_and(|last| (last.from, last.count) == now);
        !changes && same && self.volatile.said.contains(key)
    }

    /// No policy would change it now.
    pub(crate) fn is_well(&mut self, one: &Scaling) {
        if !self.volatile.said.is_empty() {
            let key = (one.to.clone(), one.target.clone());
            self.volatile.said.remove(&key);
        }
    }

    fn scale(&mut self, one: &Scaling, from: u32, count: u32) {
        let desired = |count| Desired::Scale {
            target: one.target.clone(),
            count,
        };
        self.set_aside(one.to.clone(), desired(count), Some(desired(from)));
    }

    /// After an unknown outcome: somebody else has scaled it, or nobody can say. It is left as it is, and looked at anew.
    /// True if so.
    pub(crate) fn leave_unscaled(
        &mut self,
        number: u64,
        state: &EffectState,
        reading: &Reading,
    ) -> bool {
        let lost = matches!(reading.standing, Standing::Other | Standing::Unknown);
        if !lost || self.now().wall < self.last_landing(state) {
            return false;
        }
        let reason = match &reading.found {
            Some(found) => format!("somebody else has changed it: {found}"),
            None => "nobody can say what became of it".to_owned(),
        };
        self.emit(Body::Concluded {
            effect: number,
            outcome: EffectOutcome::NotApplied {
                reason: reason.clone(),
            },
            how: How::ReadBack,
        });
        self.tell_unscaled(state, &reason);
        true
    }

    /// Tells that a policy's change was not made.
    pub(crate) fn tell_unscaled(&mut self, state: &EffectState, reason: &str) {
        let desired = &state.effect.desired;
        let program = std::sync::Arc::clone(&self.state.program);
        let mut all = program.scaling.iter().filter(|_| state.is_scaling());
        let of_it =
            |one: &&Scaling| one.to == state.effect.to && Some(&one.target) == desired.target();
        if let Some(one) = all.find(of_it) {
            self.tell_of_scaling(one, &format!("Not done, {desired}: {reason}"));
        }
    }

    fn tell_of_scaling(&mut self, one: &Scaling, what: &str) {
        for via in &one.tell {
            let telling = Telling {
                via: via.clone(),
                subject: format!("{{{{plan}}}}: {}", one.title),
                body: what.to_owned(),
            };
            self.tell(&telling);
        }
    }
}
