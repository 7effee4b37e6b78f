//! What falls on another day than a plan says when it is laid out from some day on: told, with its place, and
//! never silently put somewhere else.

use phasegate_core::{Span, Timestamp};

use super::layout::Layout;
use super::placing::{Placed, SlotAt};
use crate::calendar::{Date, LengthUnit};
use crate::model::{Gate, Phase, Slot};

/// One thing that is not as the plan says.
#[derive(Clone, Debug)]
pub(super) struct Warning {
    /// Within its phase.
    pub(super) pointer: String,
    pub(super) message: String,
    pub(super) help: &'static str,
}

/// Those of one phase, if anybody wants to know them.
#[derive(Clone, Debug)]
pub(super) struct Warnings {
    list: Option<Vec<Warning>>,
}

const ANOTHER_START: &str = "begin on another day, or say when it is really done";

impl Warnings {
    /// Keeps them.
    pub(super) fn kept() -> Self {
        Self {
            list: Some(Vec::new()),
        }
    }

    /// Forgets them.
    pub(super) fn none() -> Self {
        Self { list: None }
    }

    pub(super) fn into_list(self) -> Vec<Warning> {
        self.list.unwrap_or_default()
    }

    fn add(&mut self, pointer: String, help: &'static str, message: impl FnOnce() -> String) {
        if let Some(list) = &mut self.list {
            list.push(Warning {
                pointer,
                message: message(),
                help,
            });
        }
    }

    pub(super) fn waits_for_weekday(
        &mut self,
        from: Date,
        to: Date,
        first: Option<(SlotAt, &Slot)>,
    ) {
        if let Some((at, slot)) = first
            && let Some(weekday) = slot.weekday
        {
            let help = "begin on a day of the week that fits, or leave 'weekday' out";
            self.add(format!("{}/weekday", pointer(at)), help, || {
                format!(
                    "the phase waits from {from}, a {}, until {to}, so that its day {} is a {weekday}",
                    from.weekday(),
                    slot.day
                )
            });
        }
    }

    pub(super) fn another_weekday(&mut self, at: SlotAt, slot: &Slot, date: Date, due: Date) {
        self.add(format!("{}/weekday", pointer(at)), ANOTHER_START, || {
            format!(
                "day {} is {date}, a {}: planned for {}, {due}",
                slot.day,
                date.weekday(),
                due.weekday()
            )
        });
    }

    pub(super) fn moved(
        &mut self,
        layout: &Layout<'_>,
        at: SlotAt,
        slot: &Slot,
        due: Date,
        on: Date,
    ) {
        self.add(format!("{}/day", pointer(at)), ANOTHER_START, || {
            let why = if layout.calendar.is_business_day(due) {
                let from = layout.midnight(due);
                let until = layout.midnight(due.plus_days(1));
                if layout.forward.is_frozen_within(from, until) {
                    "and is frozen"
                } else {
                    "too early for this phase"
                }
            } else {
                "when nobody works"
            };
            format!(
                "day {} is {due}, a {}, {why}: planned for {on}",
                slot.day,
                due.weekday()
            )
        });
    }

    pub(super) fn nowhere(&mut self, at: SlotAt, due: Date) {
        self.add(format!("{}/day", pointer(at)), ANOTHER_START, || {
            format!("this cannot be done on {due}, nor within a year after it")
        });
    }

    pub(super) fn after_the_phase(
        &mut self,
        layout: &Layout<'_>,
        slots: &[Placed],
        most: Option<Timestamp>,
    ) {
        let Some(most) = most else { return };
        let zone = layout.calendar.zone();
        for slot in slots.iter().filter(|slot| slot.end > most) {
            self.add(format!("{}/day", pointer(slot.at)), ANOTHER_START, || {
                format!(
                    "done on {}, after the phase should be over on {}: it lasts longer",
                    zone.date(slot.end),
                    zone.date(most)
                )
            });
        }
    }

    /// A phase that can begin only after the day or the week it is to begin in, or whose first day is none
    /// on which it can begin. Does it begin later than it is to?
    pub(super) fn late(&mut self, layout: &Layout<'_>, phase: &Phase, start: Timestamp) -> bool {
        let Some(told) = self.list.as_ref().map(Vec::len) else {
            return false;
        };
        let date = layout.calendar.zone().date(start);
        let help = "begin earlier, or shorten what it waits for";
        if let Some(window) = phase.window {
            let first = layout.forward.next_open(layout.midnight(window.first()));
            if start > first {
                self.add("/window".to_owned(), help, || {
                    format!("begins on {date}, and its days are {window}")
                });
            } else if date > window.first() {
                self.add("/window".to_owned(), ANOTHER_START, || {
                    let free = window.first();
                    let why = if layout.calendar.is_business_day(free) {
                        "and is frozen"
                    } else {
                        "when nobody works"
                    };
                    let day = free.weekday();
                    format!("its first day is {free}, a {day}, {why}: planned for {date}")
                });
            }
        } else if let Some(weeks) = phase.weeks {
            let week = date.days_since(layout.start) / 7 + 1;
            if week > i64::from(weeks.first()) {
                self.add("/weeks".to_owned(), help, || {
                    format!("begins on {date}, in week {week}, and its weeks are {weeks}")
                });
            }
        }
        if !layout.forward.is_business_day(date) {
            let help = "correct 'calendar' or 'freezes'";
            self.add("/id".to_owned(), help, || {
                format!("nobody works, or all is frozen, on {date} and for ten years")
            });
        }
        self.list.as_ref().is_some_and(|list| list.len() > told)
    }

    /// A phase that begins when it is to, and whose work is done after its days or its weeks.
    pub(super) fn over(&mut self, layout: &Layout<'_>, phase: &Phase, done: Timestamp) {
        let help = "shorten it, or give it more days";
        // What is done at midnight is done on the day before.
        let date = layout.calendar.zone().date(done.before(Span::from_secs(1)));
        if let Some(window) = phase.window {
            if date > window.last() {
                self.add("/window".to_owned(), help, || {
                    format!("is done on {date}, and its days are {window}")
                });
            }
        } else if let Some((weeks, last)) = phase.weeks.and_then(|all| Some((all, all.last()?))) {
            let week = date.days_since(layout.start) / 7 + 1;
            if week > i64::from(last) {
                self.add("/weeks".to_owned(), help, || {
                    format!("is done on {date}, in week {week}, and its weeks are {weeks}")
                });
            }
        }
    }

    /// Freezes in a phase that goes by the calendar and not by working time.
    pub(super) fn frozen(
        &mut self,
        layout: &Layout<'_>,
        phase: &Phase,
        start: Timestamp,
        done: Timestamp,
    ) {
        if self.list.is_none() || !layout.forward.is_frozen_within(start, done) {
            return;
        }
        let key = match phase.length.map(|length| length.unit()) {
            Some(LengthUnit::BusinessDays | LengthUnit::BusinessHours) => return,
            Some(_) => "length",
            None if phase.window.is_some() => "window",
            None if phase.weeks.is_some() => "weeks",
            None => return,
        };
        let whole = layout.calendar.working_between(start, done);
        let left = layout.forward.working_between(start, done);
        if left == whole {
            return;
        }
        let titles: Vec<String> = (layout.draft.freezes.iter())
            .filter(|freeze| freeze.from < done && freeze.until > start)
            .take(3)
            .map(|freeze| format!("'{}'", freeze.title))
            .collect();
        let help = "give the length in business days or hours if the work is to wait for the end of a freeze";
        self.add(format!("/{key}"), help, || {
            format!(
                "{} leaves {} of its {} working hours, and its end stays",
                titles.join(" and "),
                hours(left),
                hours(whole)
            )
        });
    }

    /// A gate that may be decided only long after all is ready for it.
    pub(super) fn held_by_gate(
        &mut self,
        layout: &Layout<'_>,
        (gate, number): (&Gate, usize),
        due: Timestamp,
        at: Timestamp,
    ) {
        if self.list.is_none() || layout.forward.next_open(due) >= at {
            return;
        }
        let zone = layout.calendar.zone();
        let pointer = format!("/gates/{number}/not-before");
        let help = "let the gate come earlier, or give the phase the time until then";
        self.add(pointer, help, || {
            let (due, at) = (zone.date(due), zone.date(at));
            format!("'{}' holds all from {due} until {at}", gate.id)
        });
    }
}

/// Working time in hours: a day of it has not 24 of them.
fn hours(span: Span) -> String {
    let minutes = span.as_millis() / 60_000;
    match (minutes / 60, minutes % 60) {
        (hours, 0) => hours.to_string(),
        (hours, minutes) => format!("{hours}:{minutes:02}"),
    }
}

fn pointer(at: SlotAt) -> String {
    match at {
        SlotAt::Step(index) => format!("/steps/{index}/slot"),
        SlotAt::Activity(index) => format!("/activities/{index}/slot"),
        SlotAt::Gate(index) => format!("/gates/{index}/slot"),
    }
}
