//! The critical path, slack, and what moves when a phase slips.

use std::collections::BTreeSet;

use phasegate_core::{PhaseId, Span, Timestamp};

use super::{PlannedPhase, Schedule};

/// Slack beyond a working year is not counted out.
const SLACK_DAYS_MAX: u32 = 260;

impl Schedule {
    /// So many business days a phase may slip: about ten years.
    pub const SLIP_DAYS_MAX: u32 = 2600;

    /// The phases that keep the whole from ending earlier, in order: the last to end, the one that
    /// it waited for longest, and so on.
    pub fn critical_path(&self) -> Vec<&PhaseId> {
        let mut path = Vec::new();
        let mut seen = BTreeSet::new();
        let mut next = self.phases.iter().max_by_key(|phase| phase.end);
        while let Some(phase) = next {
            if !seen.insert(&phase.id) {
                break;
            }
            path.push(&phase.id);
            next = self
                .dependencies(phase)
                .filter(|before| self.tight(before.end, phase.start))
                .max_by_key(|before| before.end);
        }
        path.reverse();
        path
    }

    fn dependencies<'a>(
        &'a self,
        phase: &'a PlannedPhase,
    ) -> impl Iterator<Item = &'a PlannedPhase> {
        phase.before.iter().filter_map(|index| {
            let id = &self.draft.phases.get(*index)?.id;
            self.phase(id)
        })
    }

    /// Does one thing begin as soon as the other has ended? Nights and weekends between do not count.
    fn tight(&self, end: Timestamp, start: Timestamp) -> bool {
        self.calendar.working_between(end, start) == Span::ZERO
    }

    /// By how many business days a phase may begin later without moving the end of the whole; at most
    /// 260. `None` for a phase that is not there.
    pub fn slack_days(&self, id: &PhaseId) -> Option<u32> {
        let end = self.end()?;
        let fits = |days: u32| {
            let slipped = self.slipped(id, days);
            slipped
                .and_then(|slipped| slipped.end())
                .is_some_and(|later| later <= end)
        };
        self.phase(id)?;
        // The largest number of days that still fits: fitting ends once and for all.
        let (mut low, mut high) = (0, SLACK_DAYS_MAX + 1);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if fits(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        Some(low)
    }

    /// The schedule if a phase began so many business days later than it could. `None` for a phase
    /// that is not there, and for more than [`Schedule::SLIP_DAYS_MAX`] days.
    pub fn slipped(&self, id: &PhaseId, days: u32) -> Option<Self> {
        if days > Self::SLIP_DAYS_MAX {
            return None;
        }
        let index = self.draft.phases.iter().position(|phase| phase.id == *id)?;
        Some(Self::delayed(
            &self.draft,
            self.start(),
            Some((index, days)),
        ))
    }

    /// Which phases begin or end at another time in another schedule of the same plan.
    pub fn moved<'a>(&'a self, other: &'a Self) -> Vec<(&'a PlannedPhase, &'a PlannedPhase)> {
        self.phases
            .iter()
            .filter_map(|phase| {
                let later = other.phase(&phase.id)?;
                let same = (phase.start, phase.end) == (later.start, later.end);
                (!same).then_some((phase, later))
            })
            .collect()
    }
}
