//! What was set must keep standing: a reloaded proxy forgets its weights, somebody may change them.
//!
//! Looked at after every recovery and once a minute. At rest or as before the rollout: set again, as a
//! new effect; so where an effect that nobody waited for any more has landed. Something else: hold for a person. In a rollback nothing is looked at; its own steps set
//! what is wanted. A look that is under way when the thing is changed is given up: whether it sees the old
//! state or the new one is chance.

use phasegate_core::{
    BindingId, Capability, Desired, Reading, Span, Standing, TargetId, Timestamp,
};

use super::Sight;
use crate::engine::Engine;
use crate::record::{HoldReason, Place};
use crate::state::Applied;

/// How often is looked whether everything still stands: well below any bake, far above any load.
const LOOK_EVERY: Span = Span::from_secs(60);

impl Engine {
    /// Looks whether everything that was set still stands, when it is time.
    pub(crate) fn tend_standing(&mut self) {
        if self.state.rollback.is_some() || self.now().wall < self.volatile.standing_due {
            return;
        }
        self.volatile.standing_due = self.now().wall + LOOK_EVERY;
        let things: Vec<_> = self
            .standing_things()
            .map(|(key, applied)| (key.clone(), applied.clone()))
            .collect();
        for ((to, target), applied) in things {
            let sight = Sight::Standing(to.clone(), target);
            self.inspect(sight, to, applied.desired, applied.original);
        }
    }

    /// Is somebody reading whether something still stands? An answer comes, or is given up.
    pub(crate) fn is_looking_at_standing(&self) -> bool {
        let mut sights = self.volatile.inspections.values();
        sights.any(|(sight, _)| matches!(sight, Sight::Standing(..)))
    }

    /// When it is looked next, if there is anything to look at.
    pub(crate) fn standing_timeout(&self) -> Option<Timestamp> {
        let looks = self.state.rollback.is_none() && self.standing_things().next().is_some();
        looks.then_some(self.volatile.standing_due)
    }

    fn standing_things(&self) -> impl Iterator<Item = (&(BindingId, TargetId), &Applied)> {
        self.state.applied.iter().filter(|((to, target), applied)| {
            let changing =
                self.state.effects.values().any(|open| {
                    open.effect.to == *to && open.effect.desired.target() == Some(target)
                });
            !changing
                && applied.desired.is_readable()
                && self.state.program.can(to, Capability::ReadBack)
        })
    }

    /// Somebody else has changed what the rollout moves.
    pub(super) fn hold_by_drift(&mut self, place: Place, to: &BindingId, found: Option<Desired>) {
        let words = found.as_ref().map(ToString::to_string);
        self.hold(HoldReason::Drift {
            place,
            found: words.unwrap_or_else(|| "nothing".to_owned()),
            to: Some(to.clone()),
            state: found,
        });
    }

    /// What was read is not what was set: sets it again, or holds.
    pub(crate) fn settle_standing(&mut self, to: &BindingId, target: &TargetId, reading: &Reading) {
        let key = (to.clone(), target.clone());
        let still = self.standing_things().any(|(at, _)| *at == key);
        let Some(applied) = self.state.applied.get(&key).filter(|_| still) else {
            return;
        };
        // An effect that nobody waited for any more has landed: that was no one else.
        let is_late = applied.late.is_some() && applied.late == reading.found;
        match reading.standing {
            Standing::AsDesired | Standing::Unknown => {}
            Standing::Other if is_late && self.state.rollback.is_some() => {}
            Standing::Other if is_late => self.set_again(key, reading),
            Standing::Other if self.state.drift_accepted.contains(&Place::Aside) => {}
            Standing::Other => self.hold_by_drift(Place::Aside, to, reading.found.clone()),
            Standing::AsBefore | Standing::Resting if self.state.rollback.is_some() => {}
            Standing::AsBefore | Standing::Resting => self.set_again(key, reading),
        }
    }

    fn set_again(&mut self, (to, target): (BindingId, TargetId), reading: &Reading) {
        let Some(applied) = self.state.applied.get(&(to.clone(), target)) else {
            return;
        };
        let desired = applied.desired.clone();
        self.set_aside(to, desired, reading.found.clone());
    }
}
