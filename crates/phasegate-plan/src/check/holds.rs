//! Triggers that must hold for longer than what they watch lasts: they cannot fire; and criteria that must hold for
//! longer than their phase.

use phasegate_core::Span;

use super::{At, Scope, durations};
use crate::fault::Code;
use crate::model::{Action, Phase, Trigger};

pub(super) fn check(scope: &mut Scope<'_>, week: u64) {
    let draft = scope.draft;
    if !scope.is_whole() {
        return;
    }
    let phases = draft.phases_by_id();
    let triggers = At::ROOT.key("triggers");
    for (number, trigger) in draft.triggers.iter().enumerate() {
        let watched: Option<Vec<&Phase>> = trigger
            .phases
            .iter()
            .map(|id| phases.get(id.as_str()).copied())
            .collect();
        // One that is watched in all phases holds from one into the next.
        let [phase] = watched.as_deref().unwrap_or_default() else {
            continue;
        };
        one(scope, trigger, phase, week, triggers.index(number));
    }
    let list = At::ROOT.key("phases");
    for (index, phase) in draft.phases.iter().enumerate() {
        let here = list.index(index);
        criteria(scope, phase, week, here.key("criteria"));
        let triggers = here.key("triggers");
        for (number, trigger) in phase.triggers.iter().enumerate() {
            one(scope, trigger, phase, week, triggers.index(number));
        }
    }
}

fn one(scope: &mut Scope<'_>, trigger: &Trigger, phase: &Phase, week: u64, here: At<'_>) {
    let hold = trigger.criterion.hold.for_.as_ref();
    let (Some(hold), Some(lasts)) = (hold.and_then(|length| length.span()), lasts(phase, week))
    else {
        return;
    };
    if hold > lasts {
        let message = format!(
            "this fires after {hold}, and the phase '{}' is over after {lasts}",
            phase.id
        );
        let help = "let it hold for less, or watch it longer";
        scope.report(
            Code::TriggerHoldsTooLong,
            here.key("criterion"),
            message,
            help,
        );
    }
}

/// Criteria of a phase that must hold for longer than it lasts: it is never done with them.
fn criteria(scope: &mut Scope<'_>, phase: &Phase, week: u64, list: At<'_>) {
    // A phase that may go on for as long as its criteria need has no length.
    let Some(lasts) = lasts(phase, week) else {
        return;
    };
    for (number, one) in phase.criteria.iter().enumerate() {
        let hold = one.criterion.hold.for_.as_ref();
        let hold = hold.and_then(|length| length.span());
        if let Some(hold) = hold.filter(|hold| *hold > lasts) {
            let message = format!("this must hold for {hold}, and its phase is over after {lasts}");
            let help = "let it hold for less, or give the phase more time";
            let here = list.index(number);
            scope.report(Code::CriterionHoldsTooLong, here, message, help);
        }
    }
}

/// How long a phase lasts at most: by its days, and where only a machine works in it, by its steps. What a
/// person or a command does may take any time.
fn lasts(phase: &Phase, week: u64) -> Option<Span> {
    let days = durations::days_at_most(phase, week);
    let days = days.map(|(days, _)| Span::from_secs(86_400).saturating_mul(days));
    let alone = phase.gates.is_empty()
        && phase.prerequisites.is_empty()
        && phase.activities.is_empty()
        && !phase.steps.is_empty()
        && phase.steps.iter().all(|step| {
            step.slot.is_none()
                && step.checks.is_empty()
                && matches!(
                    step.action,
                    Action::Traffic(_) | Action::Flag(_) | Action::Wait(_) | Action::Measure(_)
                )
        });
    let dated = phase.length.is_some() || phase.window.is_some() || phase.weeks.is_some();
    if alone && !dated {
        let spans = phase.steps.iter().map(|step| step.action.machine_time());
        return Some(spans.fold(Span::ZERO, Span::saturating_add)).filter(|span| !span.is_zero());
    }
    days
}
