//! The timeline that a plan gives beside its phases, against where they are laid out.

use std::collections::BTreeMap;

use phasegate_core::{GateId, Span, Timestamp};

use super::forecast::Schedule;
use crate::calendar::{Date, Roll};
use crate::model::TimelineEntry;

/// The days of an entry; without a last one where its weeks are open.
struct Days {
    first: Date,
    last: Option<Date>,
}

impl Days {
    fn meet(&self, begin: Date, end: Date) -> bool {
        end >= self.first && self.last.is_none_or(|last| begin <= last)
    }
}

impl std::fmt::Display for Days {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.last {
            Some(last) if last == self.first => write!(f, "{last}"),
            Some(last) => write!(f, "{}..{last}", self.first),
            None => write!(f, "from {} on", self.first),
        }
    }
}

impl Schedule {
    /// Phases and gates that fall outside of what the timeline says of them, with the place of the entry.
    pub(super) fn off_timeline(&self) -> Vec<(String, String)> {
        let mut out = Vec::new();
        let gates = self.gates_by_id();
        for (index, entry) in self.draft.timeline.iter().enumerate() {
            let days = self.days_of(entry);
            let weeks = entry.weeks;
            let mut tell = |key: &str, message: String| {
                out.push((format!("/timeline/{index}/{key}"), message));
            };
            for phase in entry.phases.iter().filter_map(|id| self.phase(id)) {
                let (begin, end) = (self.date(phase.start), self.last_date(phase.done));
                if !days.meet(begin, end.max(begin)) {
                    let id = &phase.id;
                    tell(
                        "weeks",
                        format!(
                            "'{id}' is from {begin} to {end}, and the timeline has it in weeks {weeks}, {days}"
                        ),
                    );
                }
            }
            if let Some(gate) = &entry.gate
                && let Some(date) = gates.get(gate).map(|at| self.date(*at))
                && !days.meet(date, date)
            {
                tell(
                    "gate",
                    format!(
                        "'{gate}' is on {date}, and the timeline has it in weeks {weeks}, {days}"
                    ),
                );
            }
        }
        out
    }

    /// Its weeks, or the working days that it names of the first of them.
    fn days_of(&self, entry: &TimelineEntry) -> Days {
        let week = |number: u32| self.start().plus_days((i64::from(number) - 1) * 7);
        let begin = week(entry.weeks.first());
        let Some(day) = entry.day else {
            let last = entry.weeks.last().map(|last| week(last).plus_days(6));
            return Days { first: begin, last };
        };
        let date = |number: u32| {
            let offset = i64::from(number.clamp(1, 7)) - 1;
            let found = self.calendar().offset(begin, offset, Roll::Forward);
            found.unwrap_or_else(|| begin.plus_days(offset))
        };
        Days {
            first: date(day),
            last: Some(date(entry.until_day.unwrap_or(day))),
        }
    }

    /// When each gate may be decided; of two with one id the first.
    fn gates_by_id(&self) -> BTreeMap<GateId, Timestamp> {
        let own = self.phases().iter().flat_map(|phase| &phase.gates);
        let mut all = BTreeMap::new();
        for gate in own.cloned().chain(self.gates()) {
            all.entry(gate.id).or_insert(gate.at);
        }
        all
    }

    fn date(&self, at: Timestamp) -> Date {
        self.calendar().zone().date(at)
    }

    /// What is done at midnight is done on the day before.
    fn last_date(&self, at: Timestamp) -> Date {
        self.date(at.before(Span::from_secs(1)))
    }
}
