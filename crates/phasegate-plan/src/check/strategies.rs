//! Strategies: waves, cohorts, deprecations, experiments.

use std::collections::{BTreeMap, BTreeSet};

use super::{At, Scope, durations};
use crate::calendar::{Length, WorkCalendar};
use crate::fault::Code;
use crate::model::{
    Action, BlueGreen, Cohort, Curve, Deprecation, DeprecationStage, Measure, Phase, PlanDraft,
    Waves,
};

pub(super) fn check(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let mut ends: BTreeMap<String, Vec<End<'_>>> = BTreeMap::new();
    let experiments: BTreeSet<&str> = draft
        .experiments
        .iter()
        .map(|one| one.id.as_str())
        .collect();
    let phases = At::ROOT.key("phases");
    for (index, phase) in draft.phases.iter().enumerate() {
        let here = phases.index(index);
        let steps = here.key("steps");
        for (number, step) in phase.steps.iter().enumerate() {
            let here = steps.index(number);
            let here = here.key(step.action.key());
            match &step.action {
                Action::Traffic(ramp) => {
                    curve(scope, ramp.curve.as_ref(), !ramp.stages.is_empty(), here);
                }
                Action::Flag(ramp) => {
                    curve(scope, ramp.curve.as_ref(), !ramp.stages.is_empty(), here);
                }
                Action::Waves(one) => waves(scope, one, here),
                Action::Cohort(one) => cohort(scope, one, here),
                Action::Experiment(run)
                    if !experiments.contains(run.id.as_str())
                        && !scope.may_name("experiments", run.id.as_str()) =>
                {
                    let message = format!("there is no experiment '{}' in this plan", run.id);
                    let help = "declare it under 'experiments'";
                    scope.report(Code::UnknownName, here.key("id"), message, Some(help));
                }
                Action::Deprecation(end) => {
                    ends.entry(end.target.to_string()).or_default().push(End {
                        end,
                        phase,
                        index,
                        pointer: here.key("stage").to_string(),
                    });
                }
                Action::Shadow(one) => compared(scope, &one.compare, here),
                Action::Parallel(one) => compared(scope, &one.compare, here),
                Action::Config(change) if change.set.is_empty() => {
                    if !scope.is_unread(here, &["set"]) {
                        let help = "add 'set: {key: value}'";
                        let message = "this changes no key";
                        let here = here.key("target");
                        scope.report(Code::EmptyChange, here, message, Some(help));
                    }
                }
                Action::BlueGreen(switch) => blue_green(scope, switch, here),
                Action::Experiment(_)
                | Action::Wait(_)
                | Action::Task(_)
                | Action::Command(_)
                | Action::Notify(_)
                | Action::Workflow(_)
                | Action::Config(_) => {}
                Action::Measure(measure) => measured(scope, measure, here),
            }
        }
    }
    let week = WorkCalendar::new(&draft.calendar).days_a_week();
    for list in ends.values() {
        deprecations(scope, list, week);
    }
}

fn measured(scope: &mut Scope<'_>, measure: &Measure, here: At<'_>) {
    let list = here.key("kpis");
    for (index, id) in measure.kpis.iter().enumerate() {
        let known = scope.draft.kpis.iter().any(|kpi| kpi.id == *id);
        if known || scope.may_name("kpis", id.as_str()) {
            continue;
        }
        let message = format!("there is no KPI '{id}' in this plan");
        let help = "declare it under 'kpis'";
        scope.report(Code::UnknownName, list.index(index), message, Some(help));
    }
    if measure.kpis.is_empty() && !scope.is_unread(here, &["kpis"]) {
        let message = "nothing is measured".to_owned();
        let help = "name the numbers: 'kpis: [latency]'";
        scope.report(Code::UnknownName, here.key("kpis"), message, Some(help));
    }
}

struct End<'d> {
    end: &'d Deprecation,
    phase: &'d Phase,
    index: usize,
    pointer: String,
}

impl End<'_> {
    /// How many days can lie at most between this and a later one, as far as their phases say it.
    fn days_until(&self, later: &Self, draft: &PlanDraft, week: u64) -> Option<u64> {
        let (from, to) = (self.phase, later.phase);
        if from.id == to.id {
            return durations::days_at_most(from, week).map(|(days, _)| days);
        }
        let windows = from.window.zip(to.window);
        let days = windows.map(|(from, to)| to.last().days_since(from.first()));
        let days = days.map(|days| u64::try_from(days).unwrap_or(0));
        let weeks = from.weeks.zip(to.weeks);
        let weeks = weeks.map(|(from, to)| to.first().saturating_sub(from.first()));
        let weeks = weeks.map(|weeks| u64::from(weeks) * 7);
        days.or(weeks)
            .or_else(|| self.days_by_lengths(later, draft, week))
    }

    /// From the beginning of its phase to the end of the later one, where each follows the one before it and
    /// none waits for a date.
    fn days_by_lengths(&self, later: &Self, draft: &PlanDraft, week: u64) -> Option<u64> {
        let between = draft.phases.get(self.index..=later.index)?;
        let chain = between.windows(2).all(|pair| {
            let [before, after] = pair else { return false };
            after
                .after
                .as_ref()
                .is_none_or(|list| list.as_slice() == std::slice::from_ref(&before.id))
        });
        let dated = |phase: &Phase| phase.gates.iter().any(|gate| gate.not_before.is_some());
        if !chain || between.iter().any(|phase| phase.outline || dated(phase)) {
            return None;
        }
        between.iter().try_fold(0_u64, |sum, phase| {
            let (days, _) = durations::days_at_most(phase, week)?;
            // What is begun on a Friday ends after the days on which nobody works.
            Some(sum.saturating_add(days).saturating_add(2))
        })
    }
}

fn curve(scope: &mut Scope<'_>, curve: Option<&Curve>, listed: bool, here: At<'_>) {
    let Some(curve) = curve else { return };
    let here = here.key("curve");
    if listed {
        let message = "'stages' says which rungs there are: this counts for nothing";
        let help = "remove the one that is not meant";
        scope.report(Code::StagesAndCurve, here, message, Some(help));
    }
    if curve.from >= curve.to {
        let message = format!("from {} to {}: a ramp goes up", curve.from, curve.to);
        scope.report(Code::RampGoesDown, here.key("from"), message, None);
    }
    if !(2..=100).contains(&curve.rungs) {
        let message = format!("{} rungs: a curve has 2 to 100", curve.rungs);
        scope.report(Code::InvalidNumber, here.key("rungs"), message, None);
    }
}

fn compared(scope: &mut Scope<'_>, compare: &[String], here: At<'_>) {
    if compare.is_empty() && !scope.is_unread(here, &["compare"]) {
        let message = "nothing says what of old and new must be the same";
        let help = "add 'compare: [status, body]'";
        scope.report(
            Code::NothingToCompare,
            here.key("target"),
            message,
            Some(help),
        );
    }
}

fn blue_green(scope: &mut Scope<'_>, switch: &BlueGreen, here: At<'_>) {
    let commands = [
        ("deploy", &switch.deploy),
        ("health-check", &switch.health_check),
        ("smoke-test", &switch.smoke_test),
        ("promote", &switch.promote),
    ];
    let first = commands.iter().find(|(_, command)| command.is_some());
    if let (Some((key, Some(name))), None) = (first, &switch.runner)
        && !scope.is_unread(here, &["runner"])
    {
        let message = format!("nothing says who runs '{name}'");
        let help = "add 'runner:' with the binding of a command runner";
        scope.report(
            Code::CommandWithoutRunner,
            here.key(key),
            message,
            Some(help),
        );
    }
}

fn waves(scope: &mut Scope<'_>, waves: &Waves, here: At<'_>) {
    if waves.at_once == 0 {
        let message = "no target may be changed at a time: nothing ever happens";
        let help = "write 'at-once: 1' or more";
        scope.report(Code::EmptyWaves, here.key("at-once"), message, Some(help));
    }
    let mut seen = BTreeSet::new();
    let list = here.key("waves");
    let mut all = 0;
    for (index, wave) in waves.waves.iter().enumerate() {
        let here = list.index(index);
        let count = u32::try_from(wave.targets.len()).unwrap_or(u32::MAX);
        all += count;
        if count == 0 && !scope.is_unread(here, &["targets"]) {
            let message = "this wave has no target";
            let help = "add 'targets: [..]' or remove the wave";
            scope.report(Code::EmptyWaves, here.key("targets"), message, Some(help));
        }
        if count > 0 && wave.failures_max >= count {
            let message = format!(
                "{} of {count} targets may fail: this wave cannot",
                wave.failures_max
            );
            let help = "lower 'failures-max'";
            scope.report(
                Code::WaveCannotFail,
                here.key("failures-max"),
                message,
                Some(help),
            );
        }
        let targets = here.key("targets");
        for (number, target) in wave.targets.iter().enumerate() {
            if !seen.insert(target) {
                let message = format!("'{target}' stands in an earlier wave too");
                scope.report(Code::TargetTwice, targets.index(number), message, None);
            }
        }
    }
    if waves.waves.is_empty() && !scope.is_unread(here, &["waves"]) {
        let help = "add 'waves: [{targets: [..]}]'";
        scope.report(Code::EmptyWaves, list, "there is no wave", Some(help));
    }
    if all > 0 && waves.failures_max >= all {
        let message = format!(
            "{} of {all} targets may fail: the waves cannot",
            waves.failures_max
        );
        let here = here.key("failures-max");
        scope.report(
            Code::WaveCannotFail,
            here,
            message,
            Some("lower 'failures-max'"),
        );
    }
}

fn cohort(scope: &mut Scope<'_>, cohort: &Cohort, here: At<'_>) {
    let nobody = cohort.labels.is_empty()
        && cohort.attributes.is_empty()
        && cohort.members.is_empty()
        && !cohort.opt_in;
    let who = ["labels", "attributes", "members", "opt-in"];
    if nobody && !scope.is_unread(here, &who) {
        let message = "nothing says who belongs to this cohort";
        let help = "add 'labels:', 'attributes:', 'members:' or 'opt-in: true'";
        scope.report(Code::CohortOfNobody, here.key("flag"), message, Some(help));
    }
}

fn deprecations(scope: &mut Scope<'_>, list: &[End<'_>], week: u64) {
    let mut before: Option<&End<'_>> = None;
    let first = list.first();
    let mut promised: Option<Length> = None;
    for one in list {
        let longer = |length: &Length| {
            promised.is_none_or(|best| length.calendar_days(week).0 > best.calendar_days(week).0)
        };
        promised = one.end.notice.filter(longer).or(promised);
        if let Some(before) = before
            && one.end.stage < before.end.stage
        {
            let message = format!("'{}' was {} already", one.end.target, before.end.stage);
            scope.report_at(Code::DeprecationOrder, one.pointer.clone(), message, None);
        }
        if before.is_none() && one.end.stage == DeprecationStage::Removed {
            let message = format!("'{}' is removed and nobody was told before", one.end.target);
            let help = "deprecate it with 'stage: warn' first";
            scope.report_at(
                Code::DeprecationOrder,
                one.pointer.clone(),
                message,
                Some(help),
            );
        }
        let between = first.and_then(|first| first.days_until(one, scope.draft, week));
        if let (DeprecationStage::Removed, Some(between), Some(notice)) =
            (one.end.stage, between, promised)
            && notice.calendar_days(week).0 > between
        {
            let message = format!(
                "{between} days lie at most between notice and removal, {notice} was promised"
            );
            scope.report_at(Code::NoticeTooShort, one.pointer.clone(), message, None);
        }
        before = Some(one);
    }
}
