//! What comes again and again: does it ever come, and often enough?

use std::collections::BTreeMap;

use phasegate_core::{Span, Timestamp};

use super::{At, Scope};
use crate::calendar::{Date, DateWindow, Recurrence, TimeOfDay, Zone};
use crate::fault::Code;
use crate::model::BackupKind;

/// So many different recurrences are looked at for whether they ever come.
const RECURRENCES_MAX: usize = 2_000;
/// So many schedules of backups are laid over each other.
const SCHEDULES_MAX: usize = 20;

pub(super) fn check(scope: &mut Scope<'_>) {
    recurrences(scope);
    recovery(scope);
}

fn recurrences(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let root = At::ROOT;
    let mut all: Vec<(String, &Recurrence)> = Vec::new();
    let add = |list: &str, index: usize, key: &str, one: Option<&Recurrence>| {
        one.map(|_| root.key(list).index(index).key(key).to_string())
    };
    for (index, one) in draft.maintenance.iter().enumerate() {
        let at = add("maintenance", index, "recurrence", Some(&one.recurrence));
        all.extend(at.zip(Some(&one.recurrence)));
    }
    for (index, one) in draft.tests.iter().enumerate() {
        let at = add("tests", index, "schedule", one.schedule.as_ref());
        all.extend(at.zip(one.schedule.as_ref()));
    }
    for (index, one) in draft.communications.iter().enumerate() {
        let at = add("communications", index, "every", one.every.as_ref());
        all.extend(at.zip(one.every.as_ref()));
    }
    for (index, one) in draft.afterwards.iter().enumerate() {
        let at = add("afterwards", index, "every", one.every.as_ref());
        all.extend(at.zip(one.every.as_ref()));
    }
    let phases = root.key("phases");
    for (index, phase) in draft.phases.iter().enumerate() {
        let list = phases.index(index);
        let list = list.key("watch");
        for (number, one) in phase.watch.iter().enumerate() {
            if let Some(every) = &one.every {
                all.push((list.index(number).key("every").to_string(), every));
            }
        }
    }
    if let Some(every) = draft
        .review
        .as_ref()
        .and_then(|review| review.every.as_ref())
    {
        all.push((root.key("review").key("every").to_string(), every));
    }
    let backups = draft.recovery.iter().flat_map(|recovery| &recovery.backups);
    for (index, one) in backups.enumerate() {
        let at = root.key("recovery");
        let at = at.key("backups");
        let at = at.index(index).key("schedule").to_string();
        all.extend(one.schedule.as_ref().map(|schedule| (at, schedule)));
    }
    never(scope, all);
}

/// Tells which of these never come, counted from the first day of the plan.
fn never(scope: &mut Scope<'_>, all: Vec<(String, &Recurrence)>) {
    let window = scope.draft.window.map(DateWindow::first);
    let start = window.or_else(|| Date::new(2024, 1, 1));
    let mut known: BTreeMap<String, bool> = BTreeMap::new();
    for (pointer, recurrence) in all {
        let text = recurrence.to_string();
        let comes = match known.get(&text) {
            Some(comes) => *comes,
            None if known.len() >= RECURRENCES_MAX => continue,
            None => {
                let comes = start.is_none_or(|start| recurrence.ever_comes(start));
                known.insert(text, comes);
                comes
            }
        };
        if !comes {
            let message = format!("'{recurrence}' never comes");
            let over = match recurrence {
                Recurrence::Rule(rule) => rule.until().zip(window).filter(|(end, day)| end < day),
                Recurrence::Cron(_) => None,
            };
            let help = match over {
                Some((end, day)) => format!("it is over on {end}, and the plan begins on {day}"),
                None => "there is no such day".to_owned(),
            };
            scope.report_at(Code::NeverComes, pointer, message, &help);
        }
    }
}

/// The longest time between two backups, against what may be lost. Of what comes more rarely than in five
/// weeks, at least those five weeks lie between.
fn recovery(scope: &mut Scope<'_>) {
    let Some(recovery) = &scope.draft.recovery else {
        return;
    };
    let backups = At::ROOT.key("recovery");
    let backups = backups.key("backups");
    for (index, one) in recovery.backups.iter().enumerate() {
        if let (Some(name), None) = (&one.command, &one.runner)
            && !scope.is_unread(backups.index(index), &["runner"])
        {
            let message = format!("nothing says who runs '{name}'");
            let help = "add 'runner:' with the binding of a command runner";
            let here = backups.index(index);
            let here = here.key("command");
            scope.report(Code::CommandWithoutRunner, here, message, help);
        }
    }
    let continuous = recovery
        .backups
        .iter()
        .any(|one| one.kind == BackupKind::Continuous);
    let scheduled = recovery.backups.iter().any(|one| one.schedule.is_some());
    let (Some(point), true) = (recovery.point, scheduled && !continuous) else {
        return;
    };
    if let Some(gap) = longest_gap(
        recovery
            .backups
            .iter()
            .filter_map(|one| one.schedule.as_ref()),
    ) && gap > point
    {
        let message = format!("{gap} can lie between two backups, and at most {point} may be lost");
        let help = "back up more often, or continuously";
        let here = At::ROOT.key("recovery");
        scope.report(Code::BackupTooRare, here.key("point"), message, help);
    }
}

fn longest_gap<'a>(schedules: impl Iterator<Item = &'a Recurrence>) -> Option<Span> {
    const LOOKED_AT: usize = 2000;
    let (start, utc) = (Date::new(2024, 1, 1)?, Zone::utc());
    let begin = utc.moment(start, TimeOfDay::MIDNIGHT);
    let end = begin + Span::from_secs(35 * 86_400);
    let mut times: Vec<Timestamp> = vec![begin];
    let mut seen = end;
    for schedule in schedules.take(SCHEDULES_MAX) {
        let coming = schedule.coming_since(start, &utc);
        let within = coming.filter(|at| *at > begin).take_while(|at| *at <= end);
        let before = times.len();
        times.extend(within.take(LOOKED_AT));
        if times.len() - before == LOOKED_AT {
            seen = times.last().map_or(seen, |last| seen.min(*last));
        }
    }
    times.push(seen);
    times.retain(|time| *time <= seen);
    times.sort();
    times
        .windows(2)
        .filter_map(|pair| match *pair {
            [earlier, later] => Some(later.since(earlier)),
            _ => None,
        })
        .max()
}
