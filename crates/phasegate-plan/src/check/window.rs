//! The days of the whole: do the phases fit into them?

use super::days::{affords_days, with_free_days};
use super::freezes::Frozen;
use super::lengths::longest;
use super::{At, Scope};
use crate::calendar::{DateWindow, LengthUnit, WorkCalendar};
use crate::fault::Code;
use crate::model::Phase;

pub(super) fn check(
    scope: &mut Scope<'_>,
    (calendar, forward): (&WorkCalendar, &WorkCalendar),
    frozen: &Frozen<'_>,
) {
    let Some(window) = scope.draft.window else {
        return;
    };
    let here = At::ROOT.key("window");
    if let Some(freezes) = frozen.covering(scope, calendar, window) {
        let message = format!("all of {window} lies in the {freezes}");
        let help = "move the whole or the freeze";
        scope.report(Code::PhaseInFreeze, here, message, help);
    }
    weeks(scope, window);
    let phases = At::ROOT.key("phases");
    let lost = |index| scope.is_unread(phases.index(index), &["length", "after", "outline"]);
    if !scope.lost_items(phases) && !(0..scope.draft.phases.len()).any(lost) {
        lengths(scope, (calendar, forward), window);
    }
}

/// Phases that wait for each other, against the days that there are for all of them.
fn lengths(
    scope: &mut Scope<'_>,
    (calendar, forward): (&WorkCalendar, &WorkCalendar),
    window: DateWindow,
) {
    let here = At::ROOT.key("window");
    let help = "give the whole more days, or shorten the phases";
    let path = |days: &dyn Fn(&Phase) -> u64| {
        let planned = scope.draft.phases.iter().filter(|phase| !phase.outline);
        let own: Vec<u64> = planned.map(days).collect();
        longest(scope.draft, (&scope.before(), &scope.order()), &own).0
    };
    let of_business = |phase: &Phase| {
        let length = phase.length;
        let length = length.filter(|length| length.unit() == LengthUnit::BusinessDays);
        length.map_or(0, |length| u64::from(length.least()))
    };
    let takes = path(&of_business);
    if affords_days(scope, window.days()) {
        let end = window.last().plus_days(1);
        let there = forward.business_days(window.first(), end);
        let there = u64::try_from(there).unwrap_or(0);
        if takes > there {
            let message = format!(
                "phases that wait for each other take {takes} business days, and {window} has {there}"
            );
            scope.report(Code::WindowTooShort, here, message, help);
            return;
        }
    }
    let week = calendar.days_a_week();
    let of_calendar = |phase: &Phase| {
        let length = phase.length;
        length.map_or(0, |length| length.calendar_days(week).0)
    };
    let takes = path(&of_calendar);
    if takes > with_free_days(calendar, window).unwrap_or(0) {
        let days = window.days();
        let message = format!(
            "phases that wait for each other take {takes} days with the free ones between, and {window} has {days}"
        );
        scope.report(Code::WindowTooShort, here, message, help);
    }
}

/// The weeks of phases against the days of the whole. Whether weeks are counted from its first day or from the
/// Monday before it nobody said: what fits one of the two is right.
fn weeks(scope: &mut Scope<'_>, window: DateWindow) {
    let phases = At::ROOT.key("phases");
    for (index, phase) in scope.draft.phases.iter().enumerate() {
        let Some(weeks) = phase.weeks else { continue };
        let here = phases.index(index);
        let last = weeks.last().unwrap_or(weeks.first());
        let begins = |week: u32| i64::from(week.saturating_sub(1)) * 7;
        if begins(last) >= window.days() + 6 && !phase.outline {
            let message = format!("weeks {weeks} lie behind {window}, the days of the whole");
            let help = "correct the weeks or the days of the whole";
            let here = here.key("weeks");
            scope.report(Code::BeyondStatedLength, here, message, help);
            continue;
        }
        let Some(own) = phase.window else { continue };
        let offset = own.first().days_since(window.first());
        let fits = offset >= begins(weeks.first()) - 6 && offset < begins(weeks.first()) + 7;
        if offset >= 0 && !fits {
            let message = format!(
                "{} is in week {} of {window}, and the phase in weeks {weeks}",
                own.first(),
                offset / 7 + 1
            );
            let help = "correct the weeks, or the days of the phase or of the whole";
            scope.report(Code::WeeksDisagree, here.key("weeks"), message, help);
        }
    }
}
