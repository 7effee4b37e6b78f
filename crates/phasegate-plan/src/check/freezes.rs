//! Freezes: each by itself, and phases of which they leave nothing.

use phasegate_core::Timestamp;

use super::{At, Scope};
use crate::calendar::{DateWindow, TimeOfDay, WorkCalendar};
use crate::fault::Code;

/// More freezes than any plan has.
const FREEZES_MAX: usize = 1000;

pub(super) fn check(scope: &mut Scope<'_>) {
    let list = At::ROOT.key("freezes");
    if scope.draft.freezes.len() > FREEZES_MAX {
        let message = format!("more than {FREEZES_MAX} freezes");
        scope.report(Code::TooManyValues, list, message, None);
    }
    for (index, freeze) in scope.draft.freezes.iter().enumerate() {
        if freeze.until <= freeze.from {
            let message = format!("'{}' ends before it begins", freeze.title);
            let here = list.index(index);
            scope.report(Code::FreezeBackwards, here.key("until"), message, None);
        }
    }
}

/// Times in which nothing moves forward, in order. Freezes between which nobody works are one.
pub(super) struct Frozen<'d> {
    stretches: Vec<Stretch<'d>>,
}

struct Stretch<'d> {
    from: Timestamp,
    /// When work begins again.
    until: Timestamp,
    titles: Vec<&'d str>,
}

impl<'d> Frozen<'d> {
    pub(super) fn new(scope: &Scope<'d>, calendar: &WorkCalendar) -> Self {
        let mut freezes: Vec<_> = scope.draft.freezes.iter().take(FREEZES_MAX).collect();
        freezes.retain(|freeze| freeze.from < freeze.until);
        freezes.sort_by_key(|freeze| freeze.from);
        let mut stretches: Vec<Stretch<'d>> = Vec::new();
        for freeze in freezes {
            let until = calendar.next_open(freeze.until);
            match stretches.last_mut() {
                Some(last) if freeze.from <= last.until => {
                    last.until = last.until.max(until);
                    last.titles.push(&freeze.title);
                }
                Some(_) | None => stretches.push(Stretch {
                    from: freeze.from,
                    until,
                    titles: vec![&freeze.title],
                }),
            }
        }
        Self { stretches }
    }

    /// The freezes that leave no working time of a window.
    pub(super) fn covering(&self, calendar: &WorkCalendar, window: DateWindow) -> Option<String> {
        let zone = calendar.zone();
        let open = calendar.next_open(zone.moment(window.first(), TimeOfDay::MIDNIGHT));
        let close = zone.moment(window.last(), TimeOfDay::END);
        if open >= close {
            // Nobody works then anyway.
            return None;
        }
        let behind = self.stretches.partition_point(|one| one.from <= open);
        let found = self.stretches.get(behind.checked_sub(1)?)?;
        let titles: Vec<String> = found.titles.iter().map(|one| format!("'{one}'")).collect();
        let word = if titles.len() == 1 {
            "freeze"
        } else {
            "freezes"
        };
        (found.until >= close).then(|| format!("{word} {}", titles.join(" and ")))
    }
}
