//! Strategies: waves, cohorts, experiments and their like. What is taken out of use is looked at in `deprecations`.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::Ratio;

use super::deprecations::{self, End};
use super::{At, Scope};
use crate::fault::Code;
use crate::model::{Action, BlueGreen, Cohort, ConfigChange, Curve, Measure, Waves};
use crate::value::Value;

pub(super) fn check(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let mut ends: BTreeMap<String, Vec<End<'_>>> = BTreeMap::new();
    let experiments: BTreeSet<&str> = draft
        .experiments
        .iter()
        .map(|one| one.id.as_str())
        .collect();
    let kpis: BTreeSet<&str> = draft.kpis.iter().map(|one| one.id.as_str()).collect();
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
                    scope.report(Code::UnknownName, here.key("id"), message, help);
                }
                Action::Deprecation(end) => {
                    ends.entry(end.target.to_string()).or_default().push(End {
                        end,
                        phase,
                        index,
                        slot: step.slot.as_ref(),
                        pointer: here.key("stage").to_string(),
                    });
                }
                Action::Shadow(one) => {
                    compared(scope, &one.compare, here);
                    if one.share == Ratio::ZERO {
                        let message = "nothing is copied to the new version";
                        let help = "write what share is, or leave the key out for all of it";
                        scope.report(Code::NothingToCompare, here.key("share"), message, help);
                    }
                }
                Action::Parallel(one) => compared(scope, &one.compare, here),
                Action::Config(change) => config(scope, change, here),
                Action::BlueGreen(switch) => blue_green(scope, switch, here),
                Action::Experiment(_)
                | Action::Wait(_)
                | Action::Task(_)
                | Action::Command(_)
                | Action::Notify(_)
                | Action::Workflow(_) => {}
                Action::Measure(measure) => measured(scope, measure, &kpis, here),
            }
        }
    }
    deprecations::check(scope, &ends);
}

fn measured(scope: &mut Scope<'_>, measure: &Measure, kpis: &BTreeSet<&str>, here: At<'_>) {
    let list = here.key("kpis");
    for (index, id) in measure.kpis.iter().enumerate() {
        if kpis.contains(id.as_str()) || scope.may_name("kpis", id.as_str()) {
            continue;
        }
        let message = format!("there is no KPI '{id}' in this plan");
        let help = "declare it under 'kpis'";
        scope.report(Code::UnknownName, list.index(index), message, help);
    }
    if measure.kpis.is_empty() && !scope.is_unread(here, &["kpis"]) {
        let message = "nothing is measured".to_owned();
        let help = "name the numbers: 'kpis: [latency]'";
        scope.report(Code::UnknownName, here.key("kpis"), message, help);
    }
}

fn config(scope: &mut Scope<'_>, change: &ConfigChange, here: At<'_>) {
    if change.set.is_empty() && !scope.is_unread(here, &["set"]) {
        let help = "add 'set: {key: value}'";
        let message = "this changes no key";
        scope.report(Code::EmptyChange, here.key("target"), message, help);
    }
    let set = here.key("set");
    for (key, value) in &change.set {
        if holds_nothing(value) {
            let message = format!("'{key}' is set to nothing");
            let help = "write what it becomes; '\"\"' is an empty text";
            scope.report(Code::EmptyValue, set.key(key), message, help);
        }
    }
}

/// Is it nothing, or is there nothing somewhere in it? TOML cannot say so, and what it would mean depends on the
/// one who is told.
fn holds_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(items) => items.iter().any(holds_nothing),
        Value::Map(entries) => entries.iter().any(|(_, value)| holds_nothing(value)),
        Value::Bool(_) | Value::Number(_) | Value::Text(_) => false,
    }
}

fn curve(scope: &mut Scope<'_>, curve: Option<&Curve>, listed: bool, here: At<'_>) {
    let Some(curve) = curve else { return };
    let here = here.key("curve");
    if listed {
        let message = "'stages' says which rungs there are: this counts for nothing";
        let help = "remove the one that is not meant";
        scope.report(Code::StagesAndCurve, here, message, help);
    }
    if curve.from >= curve.to {
        let message = format!("from {} to {}: a ramp goes up", curve.from, curve.to);
        scope.report(
            Code::RampGoesDown,
            here.key("from"),
            message,
            "let 'from' be less than 'to'",
        );
    }
    if !(2..=100).contains(&curve.rungs) {
        let message = format!("{} rungs: a curve has 2 to 100", curve.rungs);
        scope.report(
            Code::InvalidNumber,
            here.key("rungs"),
            message,
            "write another number, or the rungs under 'stages'",
        );
    }
}

fn compared(scope: &mut Scope<'_>, compare: &[String], here: At<'_>) {
    if compare.is_empty() && !scope.is_unread(here, &["compare"]) {
        let message = "nothing says what of old and new must be the same";
        let help = "add 'compare: [status, body]'";
        scope.report(Code::NothingToCompare, here.key("target"), message, help);
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
        scope.report(Code::CommandWithoutRunner, here.key(key), message, help);
    }
}

fn waves(scope: &mut Scope<'_>, waves: &Waves, here: At<'_>) {
    if waves.at_once == 0 {
        let message = "no target may be changed at a time: nothing ever happens";
        let help = "write 'at-once: 1' or more";
        scope.report(Code::EmptyWaves, here.key("at-once"), message, help);
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
            scope.report(Code::EmptyWaves, here.key("targets"), message, help);
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
                help,
            );
        }
        let targets = here.key("targets");
        for (number, target) in wave.targets.iter().enumerate() {
            if !seen.insert(target) {
                let message = format!("'{target}' stands in an earlier wave too");
                scope.report(
                    Code::TargetTwice,
                    targets.index(number),
                    message,
                    "remove it from one of the two",
                );
            }
        }
    }
    if waves.waves.is_empty() && !scope.is_unread(here, &["waves"]) {
        let help = "add 'waves: [{targets: [..]}]'";
        scope.report(Code::EmptyWaves, list, "there is no wave", help);
    }
    if all > 0 && waves.failures_max >= all {
        let message = format!(
            "{} of {all} targets may fail: the waves cannot",
            waves.failures_max
        );
        let here = here.key("failures-max");
        scope.report(Code::WaveCannotFail, here, message, "lower 'failures-max'");
    }
}

fn cohort(scope: &mut Scope<'_>, cohort: &Cohort, here: At<'_>) {
    let nobody = cohort.labels.is_empty()
        && cohort.attributes.is_empty()
        && cohort.members.is_empty()
        && !cohort.opt_in;
    let who = ["labels", "attributes", "members", "opt-in"];
    if cohort.heads == Some(0) || cohort.share == Some(Ratio::ZERO) {
        let key = if cohort.heads == Some(0) {
            "heads"
        } else {
            "share"
        };
        let message = "this cohort has nobody in it";
        let help = "write how many there are, or leave the key out";
        scope.report(Code::CohortOfNobody, here.key(key), message, help);
    }
    if nobody && !scope.is_unread(here, &who) {
        let message = "nothing says who belongs to this cohort";
        let help = "add 'labels:', 'attributes:', 'members:' or 'opt-in: true'";
        scope.report(Code::CohortOfNobody, here.key("flag"), message, help);
    }
}
