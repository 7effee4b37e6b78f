//! Times of no length at all: nothing is answered, done or measured in them; and times to hold in which nothing is
//! looked at.

use phasegate_core::Span;
use phasegate_criterion::Length;

use super::walk::{Met, walk, ways_back};
use super::{At, Scope};
use crate::fault::Code;
use crate::model::{Action, Evaluation, Gate, Rollback, Step};

/// Sources are not asked more often: they could not answer.
const EVERY_MIN: Span = Span::from_millis(1);

pub(super) fn check(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let root = At::ROOT;
    every(scope, &draft.evaluation, root.key("evaluation"));
    let kpis = root.key("kpis");
    for (index, kpi) in draft.kpis.iter().enumerate() {
        let why = "nothing is measured over no time at all";
        zero(scope, kpi.window, &kpis.index(index), "window", why);
    }
    let slos = root.key("slos");
    for (index, slo) in draft.slos.iter().enumerate() {
        let why = "no objective holds over no time at all";
        zero(scope, Some(slo.period), &slos.index(index), "period", why);
    }
    around(scope);
    ways_back(draft, &mut |here, rollback| {
        way_back(scope, rollback, &here);
    });
    gates(scope, &draft.gates, &root.key("gates"));
    phases(scope);
    people(scope);
    criteria(scope);
}

/// What stands around the phases: inspections, experiments, maintenance, the time to recover.
fn around(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let root = At::ROOT;
    let experiments = root.key("experiments");
    for (index, one) in draft.experiments.iter().enumerate() {
        let why = "nothing is found out in no time at all";
        zero(scope, one.length, &experiments.index(index), "length", why);
    }
    let inspections = root.key("inspections");
    for (index, one) in draft.inspections.iter().enumerate() {
        often(scope, one.every, &inspections.index(index), "every");
    }
    let maintenance = root.key("maintenance");
    for (index, one) in draft.maintenance.iter().enumerate() {
        if one.length.is_some_and(|length| length.least() == 0) {
            let here = maintenance.index(index);
            let help = "write how long it takes, such as 2h, or leave the key out";
            let why = "nothing is done in no time at all";
            scope.report(Code::ZeroTime, here.key("length"), why, help);
        }
    }
    if let Some(recovery) = &draft.recovery {
        let why = "nothing is recovered in no time at all";
        zero(scope, recovery.time, &root.key("recovery"), "time", why);
    }
}

/// Criteria that are to hold for no time at all, or are looked at over none.
fn criteria(scope: &mut Scope<'_>) {
    walk(scope.draft, &mut |at, met| {
        let Met::Criterion(criterion) = met else {
            return;
        };
        let none = |length: &Length| length.span().is_some_and(Span::is_zero);
        let held = criterion.hold.for_.iter().chain(&criterion.hold.keep);
        if held.clone().any(none) {
            let help = "write for how long, such as 'for 5m', or leave it out";
            scope.report(
                Code::ZeroTime,
                at,
                "what holds for no time at all is not held",
                help,
            );
        }
        let mut tests = criterion.condition.tests();
        if tests.any(|test| test.over.as_ref().is_some_and(none)) {
            let help = "write over how long, such as 'over 5m', or leave it out";
            scope.report(
                Code::ZeroTime,
                at,
                "nothing is measured over no time at all",
                help,
            );
        }
    });
}

fn phases(scope: &mut Scope<'_>) {
    let phases = At::ROOT.key("phases");
    for (index, phase) in scope.draft.phases.iter().enumerate() {
        let here = phases.index(index);
        if let Some(evaluation) = &phase.evaluation {
            every(scope, evaluation, here.key("evaluation"));
        }
        let steps = here.key("steps");
        for (number, step) in phase.steps.iter().enumerate() {
            let here = steps.index(number);
            action(scope, step, &here.key(step.action.key()));
        }
        gates(scope, &phase.gates, &here.key("gates"));
    }
}

fn action(scope: &mut Scope<'_>, step: &Step, here: &At<'_>) {
    let done = "nothing is done in no time at all";
    match &step.action {
        Action::Command(run) => zero(scope, run.within, here, "within", done),
        Action::Workflow(run) => zero(scope, run.within, here, "within", done),
        Action::Task(task) => zero(scope, task.within, here, "within", done),
        Action::Measure(measure) => {
            let why = "nothing is measured over no time at all";
            zero(scope, Some(measure.over), here, "over", why);
        }
        Action::Traffic(ramp) => often(scope, ramp.evaluate_every, here, "evaluate-every"),
        Action::Flag(ramp) => often(scope, ramp.evaluate_every, here, "evaluate-every"),
        Action::BlueGreen(_)
        | Action::Cohort(_)
        | Action::Config(_)
        | Action::Deprecation(_)
        | Action::Experiment(_)
        | Action::Notify(_)
        | Action::Parallel(_)
        | Action::Shadow(_)
        | Action::Wait(_)
        | Action::Waves(_) => {}
    }
}

fn gates(scope: &mut Scope<'_>, gates: &[Gate], list: &At<'_>) {
    for (index, gate) in gates.iter().enumerate() {
        let why = "nobody can decide in no time at all";
        zero(
            scope,
            gate.decide_within,
            &list.index(index),
            "decide-within",
            why,
        );
    }
}

fn way_back(scope: &mut Scope<'_>, rollback: &Rollback, here: &At<'_>) {
    let undone = "nothing can be undone in no time at all";
    zero(scope, rollback.limit, here, "limit", undone);
    let steps = here.key("steps");
    for (index, step) in rollback.steps.iter().enumerate() {
        zero(scope, step.budget, &steps.index(index), "budget", undone);
    }
    let why = "nothing can be validated in no time at all";
    zero(
        scope,
        rollback.validate_within,
        here,
        "validate-within",
        why,
    );
}

/// What people are given to answer and to recover.
fn people(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let answered = "nobody answers in no time at all";
    let matrix = At::ROOT.key("matrix");
    for (index, row) in draft.matrix.iter().enumerate() {
        let why = "nothing is carried out in no time at all";
        let here = matrix.index(index);
        zero(scope, row.complete_within, &here, "complete-within", why);
    }
    let scaling = At::ROOT.key("scaling");
    for (index, one) in draft.scaling.iter().enumerate() {
        let why = "what was changed a moment ago shows nothing yet";
        let here = scaling.index(index);
        zero(scope, Some(one.cooldown), &here, "cooldown", why);
    }
    let escalation = At::ROOT.key("escalation");
    for (index, one) in draft.escalation.iter().enumerate() {
        let here = escalation.index(index);
        zero(scope, one.answer_within, &here, "answer-within", answered);
    }
    if let Some(incidents) = &draft.incidents {
        let here = At::ROOT.key("incidents");
        let within = incidents.acknowledge_within;
        zero(scope, within, &here, "acknowledge-within", answered);
        let why = "nobody can be told anew all the time";
        zero(scope, incidents.update_every, &here, "update-every", why);
    }
}

fn every(scope: &mut Scope<'_>, evaluation: &Evaluation, here: At<'_>) {
    often(scope, Some(evaluation.every), &here, "every");
    let why = "holding for no time at all is not holding";
    zero(scope, evaluation.hold_at_most, &here, "hold-at-most", why);
    let short = |hold: &Span| !hold.is_zero() && *hold < evaluation.every;
    if let Some(hold) = evaluation.hold_at_most.filter(short)
        && !scope.is_unread(here, &["every"])
    {
        let every = evaluation.every;
        let message = format!("this is over after {hold}, and is looked at every {every}");
        let help = "let it hold for several evaluations, or evaluate more often";
        scope.report(
            Code::HoldShorterThanInterval,
            here.key("hold-at-most"),
            message,
            help,
        );
    }
}

fn often(scope: &mut Scope<'_>, span: Option<Span>, here: &At<'_>, key: &str) {
    if let Some(span) = span.filter(|span| *span < EVERY_MIN) {
        let message = format!("no source can be asked every {span}");
        let help = format!("write {EVERY_MIN} or more, such as 15s");
        scope.report(Code::ZeroTime, here.key(key), message, &help);
    }
}

fn zero(scope: &mut Scope<'_>, span: Option<Span>, here: &At<'_>, key: &str, why: &str) {
    if span.is_some_and(Span::is_zero) {
        let help = "write how long, such as 5m, or leave the key out";
        scope.report(Code::ZeroTime, here.key(key), why, help);
    }
}
