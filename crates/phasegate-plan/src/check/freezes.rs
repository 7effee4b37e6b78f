//! Freezes: each by itself, and phases of which they leave nothing.

use phasegate_core::Timestamp;

use super::{At, Scope};
use crate::calendar::{DateWindow, TimeOfDay, WorkCalendar};
use crate::fault::Code;

/// More freezes than any plan has.
const FREEZES_MAX: usize = 1000;

/// A search for a working day gives up after so many days.
const IDLE_DAYS_MAX: usize = 3660;

pub(super) fn check(scope: &mut Scope<'_>) {
    let list = At::ROOT.key("freezes");
    if scope.draft.freezes.len() > FREEZES_MAX {
        let message = format!("more than {FREEZES_MAX} freezes");
        scope.report(
            Code::TooManyValues,
            list,
            message,
            "join those that follow each other",
        );
    }
    for (index, freeze) in scope.draft.freezes.iter().enumerate() {
        if freeze.until <= freeze.from {
            let message = format!("'{}' ends before it begins", freeze.title);
            let here = list.index(index);
            scope.report(
                Code::FreezeBackwards,
                here.key("until"),
                message,
                "let 'until' be later than 'from'",
            );
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
    pub(super) fn covering(
        &self,
        scope: &Scope<'_>,
        calendar: &WorkCalendar,
        window: DateWindow,
    ) -> Option<String> {
        let zone = calendar.zone();
        let close = zone.moment(window.last(), TimeOfDay::END);
        let behind = self.stretches.partition_point(|one| one.until < close);
        let found = self.stretches.get(behind).filter(|one| one.from < close)?;
        // The search for a working day looks at as many days.
        if !scope.affords(1) {
            return None;
        }
        let open = calendar.next_open(zone.moment(window.first(), TimeOfDay::MIDNIGHT));
        let idle = zone.date(open).days_since(window.first());
        let found_none = idle == 0 && !calendar.is_business_day(window.first());
        scope.affords(if found_none {
            IDLE_DAYS_MAX
        } else {
            usize::try_from(idle).unwrap_or(0)
        });
        // Where all of a window is free, nobody works then anyway.
        (found.from <= open && open < close).then(|| named(&found.titles))
    }
}

/// So many freezes of a stretch are named.
const NAMES_MAX: usize = 3;
/// So much of the name of each.
const NAME_CHARS_MAX: usize = 80;

fn named(titles: &[&str]) -> String {
    let short = |title: &&str| title.chars().take(NAME_CHARS_MAX).collect::<String>();
    let names = titles.iter().take(NAMES_MAX).map(short);
    let names: Vec<String> = names.map(|one| format!("'{one}'")).collect();
    let more = match titles.len() - names.len() {
        0 => String::new(),
        more => format!(" and {more} others"),
    };
    let word = if titles.len() == 1 {
        "freeze"
    } else {
        "freezes"
    };
    format!("{word} {}{more}", names.join(" and "))
}
