//! Do steps fit into their phase, and does a phase's length fit into its weeks?

use phasegate_core::Span;

use super::{At, Scope};
use crate::calendar::{Length, LengthUnit};
use crate::fault::Code;
use crate::model::{Action, Phase};

/// A step, and all steps together, against the days that the phase has at most.
pub(super) fn steps(scope: &mut Scope<'_>, phase: &Phase, week: u64, here: At<'_>) {
    let unread = ["length", "window", "weeks"];
    let Some((days, key)) = days_at_most(phase, week) else {
        return;
    };
    if scope.is_unread(here, &unread) {
        return;
    }
    let most = Span::from_secs(86_400).saturating_mul(days);
    let list = here.key("steps");
    let mut sum = Span::ZERO;
    let mut told = false;
    for (index, step) in phase.steps.iter().enumerate() {
        let rests = step.action.machine_time();
        sum = sum.saturating_add(rests);
        // What runs side by side goes on beside the steps that follow.
        let takes = rests.max(runs(&step.action, week));
        if takes > most {
            let message = format!("this takes {takes}, and the phase has {days} days at most");
            let help = format!("shorten it, or correct '{key}' of the phase");
            let here = list.index(index);
            let here = here.key(step.action.key());
            scope.report(Code::WindowTooShort, here, message, &help);
            told = true;
        }
    }
    if sum > most && !told {
        let message = format!("its steps take {sum}, and the phase has {days} days at most");
        let help = "shorten the steps, or give the phase more time";
        scope.report(Code::WindowTooShort, here.key(key), message, help);
    }
}

/// How long old and new run side by side, at least.
fn runs(action: &Action, week: u64) -> Span {
    let length = match action {
        Action::Parallel(run) => run.length,
        Action::Shadow(shadow) => shadow.length,
        Action::BlueGreen(_)
        | Action::Cohort(_)
        | Action::Command(_)
        | Action::Config(_)
        | Action::Deprecation(_)
        | Action::Experiment(_)
        | Action::Flag(_)
        | Action::Measure(_)
        | Action::Notify(_)
        | Action::Task(_)
        | Action::Traffic(_)
        | Action::Wait(_)
        | Action::Waves(_)
        | Action::Workflow(_) => None,
    };
    let days = length.map_or(0, |length| length.calendar_days(week).0);
    Span::from_secs(86_400).saturating_mul(days)
}

/// How many days of the calendar a phase has at most, and by which of its keys.
pub(super) fn days_at_most(phase: &Phase, week: u64) -> Option<(u64, &'static str)> {
    let length = phase.length.map(|length| at_most(length, week));
    let weeks = phase
        .weeks
        .map(|weeks| weeks.count().map(|count| u64::from(count) * 7));
    let window = phase
        .window
        .and_then(|window| u64::try_from(window.days()).ok());
    // Where a length stands too, the days name its first and its last working day: free days may follow.
    let free = phase.length.map_or(0, |_| 7 - week.clamp(1, 7));
    let all = [
        (length.flatten(), "length"),
        (window.map(|days| days + free), "window"),
        (weeks.flatten(), "weeks"),
    ];
    let given = all.into_iter().filter_map(|(days, key)| Some((days?, key)));
    given.min_by_key(|(days, _)| *days)
}

/// How many days of the calendar a length takes at most, with the free days that lie between its business days.
fn at_most(length: Length, week: u64) -> Option<u64> {
    let most = length.calendar_days(week).1;
    if length.unit() != LengthUnit::BusinessDays {
        return most;
    }
    let week = week.clamp(1, 7);
    let days = u64::from(length.most()?);
    let pauses = days.saturating_sub(1).div_ceil(week);
    most.map(|most| most.min(days + pauses * (7 - week)))
}

/// The weeks that a phase lies in, against its length. A length in weeks is just those; another one reaches
/// into the last of them and not beyond.
pub(super) fn weeks(scope: &mut Scope<'_>, phase: &Phase, week: u64, here: At<'_>) {
    let (Some(weeks), Some(length)) = (phase.weeks, phase.length) else {
        return;
    };
    let Some(count) = weeks.count() else { return };
    let (least, most) = length.calendar_days(week);
    let days = u64::from(count) * 7;
    let exact = length.unit() == LengthUnit::Weeks && length.is_exact();
    let fits = if exact {
        least == days
    } else {
        least <= days && most.is_none_or(|most| most >= days.saturating_sub(7))
    };
    if !fits {
        let message = format!("weeks {weeks} are {count}, the length is {length}");
        scope.report(
            Code::WeeksDisagree,
            here.key("weeks"),
            message,
            "correct one of the two",
        );
    }
}
