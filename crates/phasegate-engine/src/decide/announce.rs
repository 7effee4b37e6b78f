//! The communication plan: people are told when phases begin and end, when something is declared, and by the calendar.
//! Whatever holds the rollout, people are told. What came due while nobody looked is told once.

use std::sync::Arc;

use phasegate_core::{PhaseId, Span, Timestamp};
use phasegate_plan::calendar::{Recurrence, TimeOfDay, Zone};

use crate::engine::Engine;
use crate::program::{Cadence, Occasion};
use crate::record::{Body, Place};
use crate::state::PhaseState;

/// What comes by the calendar is looked for among so many of its next moments.
const LOOKS_MAX: usize = 1_000;

/// What was due on the day on which the rollout was created is told late.
const DAY: Span = Span::from_secs(86_400);

impl Engine {
    /// Tells that a phase begins.
    pub(crate) fn announce_start(&mut self, phase: &PhaseId) {
        self.announce_where(
            phase,
            |occasion| matches!(occasion, Occasion::PhaseStart(phases) if phases.contains(phase)),
        );
    }

    /// Tells that a phase is done.
    pub(crate) fn announce_end(&mut self, phase: &PhaseId) {
        self.announce_where(
            phase,
            |occasion| matches!(occasion, Occasion::PhaseEnd(phases) if phases.contains(phase)),
        );
    }

    fn announce_where(&mut self, phase: &PhaseId, fits: impl Fn(&Occasion) -> bool) {
        let place = Place::Phase {
            phase: phase.clone(),
            op: 0,
        };
        for index in self.announcements(fits) {
            self.announce(index, Some(&place));
        }
    }

    /// Tells that something was declared.
    pub(crate) fn announce_incident(&mut self) {
        for index in self.announcements(|occasion| *occasion == Occasion::Incident) {
            self.announce(index, None);
        }
    }

    fn announcements(&self, fits: impl Fn(&Occasion) -> bool) -> Vec<usize> {
        let all = self.state.program.announcements.iter().enumerate();
        all.filter(|(_, one)| fits(&one.occasion))
            .map(|(index, _)| index)
            .collect()
    }

    /// Tells what the calendar asks for by now.
    pub(crate) fn tend_announcements(&mut self) {
        let now = self.now().wall;
        for (index, due) in self.announcements_due().iter().enumerate() {
            if due.is_some_and(|due| due <= now) {
                self.announce(index, None);
            }
        }
    }

    fn announce(&mut self, index: usize, place: Option<&Place>) {
        let program = Arc::clone(&self.state.program);
        let Some(one) = program.announcements.get(index) else {
            return;
        };
        self.emit(Body::Announced {
            number: u32::try_from(index).unwrap_or(u32::MAX),
            title: one.title.clone(),
        });
        for telling in &one.tell {
            self.tell_of(telling, place);
        }
    }

    /// When each announcement is due next by the calendar. `None` for what goes by anything else, and for what is
    /// over.
    pub(crate) fn announcements_due(&self) -> Arc<[Option<Timestamp>]> {
        let all = 0..self.state.program.announcements.len();
        let due = || all.map(|index| self.announcement_due(index)).collect();
        Arc::clone(self.volatile.due.get_or_init(due))
    }

    fn announcement_due(&self, index: usize) -> Option<Timestamp> {
        let created = self.state.created.wall;
        let last = self.state.announced.get(&index).copied();
        match &self.state.program.announcements.get(index)?.occasion {
            Occasion::At(moment) => {
                let is_near = *moment + DAY > created;
                (last.is_none() && is_near).then_some(*moment)
            }
            Occasion::Every(cadence) => {
                let begun = self.told_since(cadence)?;
                cadence_after(cadence, created, last.unwrap_or(created).max(begun))
            }
            Occasion::Incident | Occasion::PhaseEnd(_) | Occasion::PhaseStart(_) => None,
        }
    }

    /// Since when it is to be told: since the phase began in which it is. `None` if none of them runs.
    fn told_since(&self, cadence: &Cadence) -> Option<Timestamp> {
        if cadence.phases.is_empty() {
            return Some(self.state.created.wall);
        }
        let runs = |id: &&PhaseId| {
            let state = self.state.phases.get(*id);
            matches!(state, Some(PhaseState::Running { .. }))
        };
        let begun = cadence.phases.iter().filter(runs);
        begun
            .filter_map(|id| self.state.begun.get(id))
            .map(|at| at.wall)
            .min()
    }
}

/// The next moment of a cadence after another one, of a rollout that was created at some moment. What cannot be read
/// never comes: the compiler wrote it.
pub(crate) fn cadence_after(
    cadence: &Cadence,
    created: Timestamp,
    last: Timestamp,
) -> Option<Timestamp> {
    let recurrence: Recurrence = cadence.recurrence.parse().ok()?;
    let zone: Zone = cadence.zone.parse().ok()?;
    let opens: TimeOfDay = cadence.opens.parse().ok()?;
    let start = zone.date(created);
    let day = |week: u32| i64::from(week) * 7;
    let first = start.plus_days(day(cadence.first_week.saturating_sub(1)));
    let first = zone.moment(first, TimeOfDay::MIDNIGHT);
    let last = last.max(first.before(Span::from_nanos(1)));
    let mut at = match recurrence {
        Recurrence::Cron(_) => last,
        // Its day may have begun before the moment at which people are told on it.
        Recurrence::Rule(_) => last.before(DAY),
    };
    for _ in 0..LOOKS_MAX {
        at = recurrence.next_after(at, start, &zone)?;
        let date = zone.date(at);
        let due = match recurrence {
            Recurrence::Cron(_) => at,
            Recurrence::Rule(_) => zone.moment(date, opens),
        };
        let days = date.days_since(start);
        if cadence.last_week.is_some_and(|week| days >= day(week)) {
            return None;
        }
        if due > last {
            return Some(due);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cadence(recurrence: &str, weeks: (u32, Option<u32>)) -> Cadence {
        Cadence {
            recurrence: recurrence.to_owned(),
            zone: "Europe/Berlin".to_owned(),
            opens: "08:30".to_owned(),
            phases: Vec::new(),
            first_week: weeks.0,
            last_week: weeks.1,
        }
    }

    fn all(cadence: &Cadence, count: usize) -> Vec<String> {
        let created: Timestamp = "2025-10-16T10:00:00Z".parse().expect("a moment");
        let mut last = created;
        let mut out = Vec::new();
        while out.len() < count
            && let Some(next) = cadence_after(cadence, created, last)
        {
            out.push(next.to_string());
            last = next;
        }
        out
    }

    #[test]
    fn what_comes_by_days_is_told_when_people_begin_to_work() {
        // Winter time begins on 26 October.
        assert_eq!(
            all(&cadence("FREQ=WEEKLY;BYDAY=MO", (1, None)), 3),
            [
                "2025-10-20T06:30:00Z",
                "2025-10-27T07:30:00Z",
                "2025-11-03T07:30:00Z"
            ]
        );
        assert_eq!(
            all(&cadence("0 14 * * 5", (1, None)), 2),
            ["2025-10-17T12:00:00Z", "2025-10-24T12:00:00Z"]
        );
        assert_eq!(
            all(&cadence("* * * * *", (5, None)), 2),
            ["2025-11-12T23:00:00Z", "2025-11-12T23:01:00Z"]
        );
    }

    #[test]
    fn what_is_told_in_some_weeks_is_told_in_those() {
        // Weeks are counted from the day on which the rollout was created, a Thursday.
        assert_eq!(
            all(&cadence("FREQ=DAILY", (2, Some(2))), 20),
            [23, 24, 25, 26, 27, 28, 29].map(|day| {
                let hour = if day < 26 { 6 } else { 7 };
                format!("2025-10-{day}T0{hour}:30:00Z")
            })
        );
    }
}
