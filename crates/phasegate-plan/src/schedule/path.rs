//! The critical path, slack, and what moves when a phase slips.

use std::collections::BTreeMap;

use phasegate_core::{PhaseId, Span, Timestamp};

use super::warnings::Warnings;
use super::{PlannedPhase, Schedule};
use crate::check::order;

/// Slack beyond a working year is not counted out.
const SLACK_DAYS_MAX: u64 = 260;

impl Schedule {
    /// So many business days a phase may slip: about ten years.
    pub const SLIP_DAYS_MAX: u32 = 2600;

    /// The phases that keep the whole from ending earlier, in order: the last to end, the one that
    /// it waited for longest, and so on. It begins behind what waits for a date and not for a phase: behind
    /// the date of a gate, a window, a day of the week. Costs as much as [`Schedule::slack_days`].
    pub fn critical_path(&self) -> Vec<&PhaseId> {
        let mut path = Vec::new();
        let last = |place: &usize| self.phases().get(*place).map(|phase| phase.end);
        let mut next = (0..self.phases().len()).max_by_key(last);
        while let Some((phase, number)) =
            next.and_then(|place| Some((self.phases().get(place)?, *self.numbers.get(place)?)))
        {
            path.push(&phase.id);
            // Each comes before the one that waits for it: the walk ends.
            next = self
                .waits_for(number)
                .filter(|(_, before)| self.tight(before.end, phase.start))
                .filter(|(_, before)| self.slack_days(&before.id) == Some(0))
                .max_by_key(|(_, before)| before.end)
                .map(|(place, _)| place);
        }
        path.reverse();
        path
    }

    /// What a phase of the draft waits for, with its place in the schedule.
    fn waits_for(&self, number: usize) -> impl Iterator<Item = (usize, &PlannedPhase)> {
        let before = self.before.get(number).into_iter().flatten();
        before.filter_map(|number| {
            let place = self.numbers.binary_search(number).ok()?;
            Some((place, self.phases().get(place)?))
        })
    }

    /// Does one thing begin as soon as the other has ended? Nights, weekends and freezes between do not count.
    fn tight(&self, end: Timestamp, start: Timestamp) -> bool {
        self.forward.next_open(end) >= start
    }

    /// By how many business days a phase may begin later without moving the end of the whole; at most
    /// 260. `None` for a phase that is not there. The first question costs about as much as laying out the
    /// plan some thirty times, and each after it as much as laying out one phase nine times at most.
    pub fn slack_days(&self, id: &PhaseId) -> Option<u32> {
        let place = self.place(id)?;
        let number = *self.numbers.get(place)?;
        let phase = self.draft.phases.get(number)?;
        let latest = *self.latest.get_or_init(|| self.latest()).get(&number)?;
        let ready = self.waits_for(number).map(|(_, before)| before.end).max();
        let fits = |days| {
            let times = self
                .layout()
                .phase(phase, ready, days, &mut Warnings::none());
            times.end <= latest
        };
        let fits = |days| u32::try_from(days).is_ok_and(fits);
        u32::try_from(most_that_fits(SLACK_DAYS_MAX, fits)).ok()
    }

    /// When each phase of the draft must have ended at the latest if the whole is to end when it does: the
    /// backward pass of the critical path method. A calendar cannot be counted backwards (many moments at which
    /// a phase can begin lead to one end), so the latest moment at which it can is searched for.
    fn latest(&self) -> BTreeMap<usize, Timestamp> {
        let mut latest: BTreeMap<usize, Timestamp> = BTreeMap::new();
        let Some(whole) = self.end() else {
            return latest;
        };
        for number in order(&self.before).into_iter().rev() {
            // All that wait for it have been looked at, and have lowered this.
            let limit = *latest.entry(number).or_insert(whole);
            let Some(begin) = self.latest_begin(number, limit) else {
                continue;
            };
            for before in self.before.get(number).into_iter().flatten() {
                let end = latest.entry(*before).or_insert(whole);
                *end = (*end).min(begin);
            }
        }
        latest
    }

    /// The latest moment, to the second, at which a phase can begin and still end by a limit.
    fn latest_begin(&self, number: usize, limit: Timestamp) -> Option<Timestamp> {
        let place = self.numbers.binary_search(&number).ok()?;
        let planned = self.phases().get(place)?;
        let phase = self.draft.phases.get(number)?;
        let after = |secs: u64| planned.start + Span::from_secs(secs);
        let fits = |secs| {
            let ready = Some(after(secs));
            let times = self.layout().phase(phase, ready, 0, &mut Warnings::none());
            times.end <= limit
        };
        // What begins behind the limit ends behind it.
        let most = limit.since(planned.start).as_millis() / 1000;
        Some(after(most_that_fits(most, fits)))
    }

    /// The schedule if a phase began so many business days later than it could. `None` for a phase
    /// that is not there, and for more than [`Schedule::SLIP_DAYS_MAX`] days.
    pub fn slipped(&self, id: &PhaseId, days: u32) -> Option<Self> {
        if days > Self::SLIP_DAYS_MAX {
            return None;
        }
        let index = *self.numbers.get(self.place(id)?)?;
        Some(Self::delayed(
            &self.draft,
            self.start(),
            Some((index, days)),
        ))
    }

    /// Which phases begin or end at another time in another schedule of the same plan.
    pub fn moved<'a>(&'a self, other: &'a Self) -> Vec<(&'a PlannedPhase, &'a PlannedPhase)> {
        self.phases()
            .iter()
            .filter_map(|phase| {
                let later = other.phase(&phase.id)?;
                let same = (phase.start, phase.end) == (later.start, later.end);
                (!same).then_some((phase, later))
            })
            .collect()
    }
}

/// The largest number up to a bound that fits; zero does, and fitting ends once and for all.
fn most_that_fits(most: u64, fits: impl Fn(u64) -> bool) -> u64 {
    if !fits(1) {
        return 0;
    }
    let (mut low, mut high) = (1, most + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if fits(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}
