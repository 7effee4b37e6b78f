//! Reading states back: what is there before the first write, and when it is asked for.

use phasegate_core::{
    BindingId, Desired, Inspection, Now, Ratio, Reading, Span, Standing, TargetId, Unread,
};

use super::Sight;
use super::effects::ATTEMPTS_MAX;
use crate::engine::Engine;
use crate::record::{HoldReason, Place};

impl Engine {
    /// What is there before the first write; asks if that is not known yet.
    pub(super) fn read_before(
        &mut self,
        place: &Place,
        to: &BindingId,
        desired: &Desired,
    ) -> Option<Reading> {
        let sight = Sight::BeforeWrite(place.clone());
        let Some(reading) = self.volatile.read.get(place) else {
            let before = desired
                .target()
                .and_then(|target| self.last_set(to, target));
            self.inspect(sight, to.clone(), desired.clone(), before);
            return None;
        };
        let reading = reading.clone();
        if reading.standing != Standing::Unknown {
            self.volatile.unread.remove(place);
        }
        match reading.standing {
            Standing::AsBefore | Standing::AsDesired | Standing::Resting => Some(reading),
            Standing::Unknown => {
                // Going back does not wait for a reading.
                if matches!(place, Place::Rollback { .. }) || lowers_to_nothing(desired) {
                    return Some(Reading {
                        found: None,
                        ..reading
                    });
                }
                self.volatile.read.remove(place);
                self.bear_unread(place, sight, reading.unread);
                None
            }
            Standing::Other => {
                let first = desired
                    .target()
                    .is_none_or(|t| self.last_set(to, t).is_none());
                let accepted = first
                    || matches!(place, Place::Rollback { .. })
                    || lowers_to_nothing(desired)
                    || self.state.drift_accepted.contains(place);
                if accepted {
                    return Some(reading);
                }
                self.volatile.read.remove(place);
                self.hold_by_drift(place.clone(), to, reading.found);
                None
            }
        }
    }

    /// What is there cannot be read: tried again for a while, then a person is asked.
    fn bear_unread(&mut self, place: &Place, sight: Sight, unread: Option<Unread>) {
        let now = self.now();
        let Unread { why, is_final } = unread.unwrap_or(Unread {
            why: "no reason was given".to_owned(),
            is_final: false,
        });
        let so_far = self.volatile.unread.get(place);
        let (refusals, since) = so_far.copied().unwrap_or((0, now));
        let refusals = if is_final { refusals + 1 } else { 0 };
        let patient = refusals < ATTEMPTS_MAX && now.elapsed_since(&since).high < UNREAD_MAX;
        if patient {
            self.volatile
                .unread
                .insert(place.clone(), (refusals, since));
            self.retry_later(sight);
            return;
        }
        // After a release it is borne as long again.
        self.volatile.unread.remove(place);
        self.hold(HoldReason::Effect {
            place: place.clone(),
            reason: format!("what is there cannot be read, so nothing was changed: {why}"),
        });
    }

    pub(super) fn last_set(&self, to: &BindingId, target: &TargetId) -> Option<Desired> {
        self.state
            .applied
            .get(&(to.clone(), target.clone()))
            .map(|applied| applied.desired.clone())
    }

    /// Asks for a state to be read, unless that was asked already or is not due.
    pub(crate) fn inspect(
        &mut self,
        sight: Sight,
        to: BindingId,
        desired: Desired,
        before: Option<Desired>,
    ) {
        if self
            .volatile
            .inspections
            .values()
            .any(|(other, _)| *other == sight)
            || !self.is_due(&sight)
        {
            return;
        }
        self.volatile.inspection_count += 1;
        let number = self.volatile.inspection_count;
        let asked = self.now();
        self.volatile.inspections.insert(number, (sight, asked));
        self.inspections.push_back(Inspection {
            number,
            to,
            desired,
            before,
        });
    }

    /// Gives up readings that never came, so that they are asked for again.
    pub(crate) fn tend_inspections(&mut self) {
        let now = self.now();
        let lost = |asked: &Now| now.elapsed_since(asked).high > READING_WITHIN;
        let inspections = &self.volatile.inspections;
        let lost: Vec<u64> = inspections
            .iter()
            .filter(|(_, (_, asked))| lost(asked))
            .map(|(number, _)| *number)
            .collect();
        for number in lost {
            // It is awaited, so it fits.
            let _fits = self.inspected(number, None);
        }
    }

    pub(super) fn is_due(&self, sight: &Sight) -> bool {
        self.volatile
            .retry_at
            .get(sight)
            .is_none_or(|moment| *moment <= self.now().wall)
    }

    pub(super) fn retry_later(&mut self, sight: Sight) {
        let moment = self.now().wall + self.state.program.timing.every;
        self.volatile.retry_at.insert(sight, moment);
    }
}

/// How long it is borne that something may just be out of reach, as long as sources may be.
const UNREAD_MAX: Span = Span::from_secs(600);

/// How long a reading is waited for: three times as long as a shell gives one, so that only what is lost
/// for good is given up.
pub(crate) const READING_WITHIN: Span = Span::from_secs(30);

/// Does it take the new version away from everybody? That is always allowed at once.
fn lowers_to_nothing(desired: &Desired) -> bool {
    match desired {
        Desired::Flag { exposure, .. } => *exposure == Ratio::ZERO,
        Desired::Traffic { canary, .. } => *canary == Ratio::ZERO,
        _ => false,
    }
}
