//! What comes again and again: does it ever come, and often enough?

use std::collections::BTreeMap;

use phasegate_core::{Span, Timestamp};

use super::{At, Scope};
use crate::calendar::{Date, DateWindow, Recurrence, TimeOfDay, Zone};
use crate::fault::Code;
use crate::model::{BackupKind, PlanDraft, Watch};

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
    let mut never = Never::new(draft);
    let list = root.key("maintenance");
    for (index, one) in draft.maintenance.iter().enumerate() {
        let here = list.index(index);
        never.look(scope, here.key("recurrence"), Some(&one.recurrence));
    }
    let list = root.key("tests");
    for (index, one) in draft.tests.iter().enumerate() {
        let here = list.index(index);
        never.look(scope, here.key("schedule"), one.schedule.as_ref());
    }
    let list = root.key("communications");
    for (index, one) in draft.communications.iter().enumerate() {
        let here = list.index(index);
        never.look(scope, here.key("every"), one.every.as_ref());
    }
    watched(scope, &mut never, &draft.afterwards, root.key("afterwards"));
    let phases = root.key("phases");
    for (index, phase) in draft.phases.iter().enumerate() {
        let here = phases.index(index);
        watched(scope, &mut never, &phase.watch, here.key("watch"));
    }
    let every = draft.review.as_ref().and_then(|one| one.every.as_ref());
    never.look(scope, root.key("review").key("every"), every);
    let list = root.key("recovery");
    let list = list.key("backups");
    let backups = draft.recovery.iter().flat_map(|recovery| &recovery.backups);
    for (index, one) in backups.enumerate() {
        let here = list.index(index);
        never.look(scope, here.key("schedule"), one.schedule.as_ref());
    }
}

fn watched<'d>(scope: &mut Scope<'_>, never: &mut Never<'d>, list: &'d [Watch], at: At<'_>) {
    for (index, one) in list.iter().enumerate() {
        let here = at.index(index);
        never.look(scope, here.key("every"), one.every.as_ref());
    }
}

/// Which recurrences never come, counted from the first day of the plan.
struct Never<'d> {
    window: Option<Date>,
    start: Option<Date>,
    /// Whether each that was looked at ever comes, by its text.
    known: BTreeMap<&'d str, bool>,
}

impl<'d> Never<'d> {
    fn new(draft: &PlanDraft) -> Self {
        let window = draft.window.map(DateWindow::first);
        Self {
            window,
            start: window.or_else(|| Date::new(2024, 1, 1)),
            known: BTreeMap::new(),
        }
    }

    /// Tells it if this one never comes.
    fn look(&mut self, scope: &mut Scope<'_>, at: At<'_>, one: Option<&'d Recurrence>) {
        let Some(recurrence) = one else {
            return;
        };
        let text = recurrence.as_str();
        let comes = match self.known.get(text) {
            Some(comes) => *comes,
            None if self.known.len() >= RECURRENCES_MAX => return,
            None => {
                let comes = self.start.is_none_or(|start| recurrence.ever_comes(start));
                self.known.insert(text, comes);
                comes
            }
        };
        if comes {
            return;
        }
        let window = self.window;
        let over = match recurrence {
            Recurrence::Rule(rule) => rule.until().zip(window).filter(|(end, day)| end < day),
            Recurrence::Cron(_) => None,
        };
        let help = match over {
            Some((end, day)) => format!("it is over on {end}, and the plan begins on {day}"),
            None => "there is no such day".to_owned(),
        };
        let message = format!("'{recurrence}' never comes");
        scope.report(Code::NeverComes, at, message, &help);
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

fn longest_gap<'a>(schedules: impl Iterator<Item = &'a Recurrence> + Clone) -> Option<Span> {
    const LOOKED_AT: usize = 2000;
    let (start, utc) = (Date::new(2024, 1, 1)?, Zone::utc());
    let begin = utc.moment(start, TimeOfDay::MIDNIGHT);
    // What comes again after a week shows each of its gaps in two.
    let between: Option<u64> = schedules
        .clone()
        .map(Recurrence::days_between)
        .max_by_key(|days| days.unwrap_or(u64::MAX))
        .flatten();
    let days = between.map_or(35, |days| days * 2);
    let end = begin + Span::from_secs(days * 86_400);
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
