//! One walk over a plan that hands out everything that refers to something, with its place.

use phasegate_core::{ChannelId, CriterionId, PhaseId, RoleId};
use phasegate_criterion::Criterion;

use super::At;
use crate::model::{
    Action, Checklist, Condition, Gate, Item, MessageId, Phase, PlanDraft, ReEnable, Response,
    Rollback, RollbackStep, RollbackTarget, Stage, Trigger, Watch,
};

/// What the walk meets.
#[derive(Clone, Copy)]
pub(super) enum Met<'a> {
    Channel(&'a ChannelId),
    Criterion(&'a Criterion),
    Message(&'a MessageId),
    Phase(&'a PhaseId),
    Procedure(&'a CriterionId),
    Role(&'a RoleId),
    /// What only a person says or does, in words.
    Words(&'a str),
}

/// Walks over a whole plan, in the order of the model.
pub(super) fn walk<'a>(draft: &'a PlanDraft, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    let root = At::ROOT;
    responses(
        &draft.evaluation.then,
        root.key("evaluation").key("then"),
        met,
    );
    let phases = root.key("phases");
    for (index, one) in draft.phases.iter().enumerate() {
        phase(one, phases.index(index), met);
    }
    let gates = root.key("gates");
    for (index, one) in draft.gates.iter().enumerate() {
        gate(one, gates.index(index), met);
    }
    let triggers = root.key("triggers");
    for (index, one) in draft.triggers.iter().enumerate() {
        trigger(one, triggers.index(index), met);
    }
    if let Some(one) = &draft.rollback {
        rollback(one, root.key("rollback"), met);
    }
    let matrix = root.key("matrix");
    for (index, row) in draft.matrix.iter().enumerate() {
        let here = matrix.index(index);
        responses(&row.respond, here.key("respond"), met);
        if let Some(role) = &row.decider {
            met(here.key("decider"), Met::Role(role));
        }
        channels(&row.tell, here.key("tell"), met);
    }
    lists(&draft.prerequisites, root.key("prerequisites"), met);
    whole(draft, met);
    around(draft, met);
}

/// What is about the whole: goals, procedures, numbers with levels, experiments.
fn whole<'a>(draft: &'a PlanDraft, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    let root = At::ROOT;
    let goals = root.key("goals");
    for (index, goal) in draft.goals.iter().enumerate() {
        let here = goals.index(index);
        conditions(&goal.criteria, here.key("criteria"), met);
        items(&goal.checks, here.key("checks"), met);
        if let Some(phase) = &goal.phase {
            met(here.key("phase"), Met::Phase(phase));
        }
    }
    let procedures = root.key("procedures");
    for (index, procedure) in draft.procedures.iter().enumerate() {
        let here = procedures.index(index);
        conditions(&procedure.criteria, here.key("criteria"), met);
        items(&procedure.when, here.key("when"), met);
        rollback(&procedure.rollback, here.key("rollback"), met);
        if let Some(one) = &procedure.re_enable {
            re_enable(one, here.key("re-enable"), met);
        }
    }
    let alerts = root.key("alerts");
    for (index, alert) in draft.alerts.iter().enumerate() {
        let here = alerts.index(index);
        met(here.key("criterion"), Met::Criterion(&alert.criterion));
        responses(&alert.respond, here.key("respond"), met);
    }
    let risks = root.key("risks");
    for (index, one) in draft.risks.iter().enumerate() {
        let here = risks.index(index);
        items(&one.mitigation, here.key("mitigation"), met);
        items(&one.detection, here.key("detection"), met);
        items(&one.response, here.key("response"), met);
        items(&one.recovery, here.key("recovery"), met);
    }
    let contingencies = root.key("contingencies");
    for (index, one) in draft.contingencies.iter().enumerate() {
        let here = contingencies.index(index);
        if let Some(criterion) = &one.when {
            met(here.key("when"), Met::Criterion(criterion));
        }
        items(&one.measures, here.key("measures"), met);
    }
    let experiments = root.key("experiments");
    for (index, one) in draft.experiments.iter().enumerate() {
        let here = experiments.index(index);
        criteria(&one.abort_when, here.key("abort-when"), met);
        conditions(&one.criteria, here.key("criteria"), met);
    }
    let tests = root.key("tests");
    for (index, one) in draft.tests.iter().enumerate() {
        conditions(&one.criteria, tests.index(index).key("criteria"), met);
    }
    if let Some(recovery) = &draft.recovery {
        let here = root.key("recovery");
        items(&recovery.measures, here.key("measures"), met);
    }
    let maintenance = root.key("maintenance");
    for (index, one) in draft.maintenance.iter().enumerate() {
        let here = maintenance.index(index);
        items(&one.activities, here.key("activities"), met);
        channels(&one.channels, here.key("channels"), met);
    }
    let scaling = root.key("scaling");
    for (index, one) in draft.scaling.iter().enumerate() {
        let here = scaling.index(index);
        channels(&one.channels, here.key("channels"), met);
    }
    watches(&draft.afterwards, root.key("afterwards"), met);
}

/// What is around the rollout: people, messages, reviews.
fn around<'a>(draft: &'a PlanDraft, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    let root = At::ROOT;
    let communications = root.key("communications");
    for (index, one) in draft.communications.iter().enumerate() {
        let here = communications.index(index);
        channels(&one.channels, here.key("channels"), met);
        if let Some(message) = &one.message {
            met(here.key("message"), Met::Message(message));
        }
        let phases = here.key("phases");
        for (index, phase) in one.phases.iter().enumerate() {
            met(phases.index(index), Met::Phase(phase));
        }
    }
    if let Some(incidents) = &draft.incidents {
        let here = root.key("incidents");
        channels(&incidents.channels, here.key("channels"), met);
        items(&incidents.steps, here.key("steps"), met);
    }
    let timeline = root.key("timeline");
    for (index, one) in draft.timeline.iter().enumerate() {
        let here = timeline.index(index);
        let phases = here.key("phases");
        for (index, phase) in one.phases.iter().enumerate() {
            met(phases.index(index), Met::Phase(phase));
        }
    }
    let escalation = root.key("escalation");
    for (index, one) in draft.escalation.iter().enumerate() {
        let here = escalation.index(index);
        if let Some(role) = &one.role {
            met(here.key("role"), Met::Role(role));
        }
        channels(&one.channels, here.key("channels"), met);
    }
    let teams = root.key("teams");
    for (index, team) in draft.teams.iter().enumerate() {
        if let Some(role) = &team.role {
            met(teams.index(index).key("role"), Met::Role(role));
        }
    }
    if let Some(phase) = draft
        .review
        .as_ref()
        .and_then(|review| review.before.as_ref())
    {
        met(root.key("review").key("before"), Met::Phase(phase));
    }
}

fn criteria<'a>(list: &'a [Criterion], here: At<'_>, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    for (index, criterion) in list.iter().enumerate() {
        met(here.index(index), Met::Criterion(criterion));
    }
}

fn watches<'a>(list: &'a [Watch], here: At<'_>, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    for (index, watch) in list.iter().enumerate() {
        let here = here.index(index);
        items(&watch.activities, here.key("activities"), met);
        criteria(&watch.criteria, here.key("criteria"), met);
    }
}

fn lists<'a>(lists: &'a [Checklist], here: At<'_>, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    for (index, list) in lists.iter().enumerate() {
        let here = here.index(index);
        if let Some(role) = &list.owner {
            met(here.key("owner"), Met::Role(role));
        }
        items(&list.items, here.key("items"), met);
    }
}

fn phase<'a>(phase: &'a Phase, here: At<'_>, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    let after = here.key("after");
    for (index, id) in phase.after.iter().flatten().enumerate() {
        met(after.index(index), Met::Phase(id));
    }
    lists(&phase.prerequisites, here.key("prerequisites"), met);
    let steps = here.key("steps");
    for (index, step) in phase.steps.iter().enumerate() {
        let here = steps.index(index);
        conditions(&step.criteria, here.key("criteria"), met);
        items(&step.checks, here.key("checks"), met);
        action(&step.action, here, met);
    }
    conditions(&phase.criteria, here.key("criteria"), met);
    responses(&phase.on_fail, here.key("on-fail"), met);
    let gates = here.key("gates");
    for (index, one) in phase.gates.iter().enumerate() {
        gate(one, gates.index(index), met);
    }
    let triggers = here.key("triggers");
    for (index, one) in phase.triggers.iter().enumerate() {
        trigger(one, triggers.index(index), met);
    }
    let activities = here.key("activities");
    for (index, activity) in phase.activities.iter().enumerate() {
        let here = activities.index(index);
        if let Some(role) = &activity.role {
            met(here.key("role"), Met::Role(role));
        }
        items(&activity.items, here.key("items"), met);
        conditions(&activity.criteria, here.key("criteria"), met);
    }
    watches(&phase.watch, here.key("watch"), met);
    if let Some(one) = &phase.rollback {
        rollback(one, here.key("rollback"), met);
    }
    if let Some(evaluation) = &phase.evaluation {
        let here = here.key("evaluation");
        responses(&evaluation.then, here.key("then"), met);
    }
}

fn gate<'a>(gate: &'a Gate, here: At<'_>, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    conditions(&gate.criteria, here.key("criteria"), met);
    items(&gate.checks, here.key("checks"), met);
    let approvals = here.key("approvals");
    for (index, approval) in gate.approvals.iter().enumerate() {
        let here = approvals.index(index);
        met(here.key("role"), Met::Role(&approval.role));
    }
    responses(&gate.no_go, here.key("no-go"), met);
    items(&gate.no_go_measures, here.key("no-go-measures"), met);
}

fn trigger<'a>(trigger: &'a Trigger, here: At<'_>, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    met(here.key("criterion"), Met::Criterion(&trigger.criterion));
    responses(&trigger.respond, here.key("respond"), met);
    responses(&trigger.when_blind, here.key("when-blind"), met);
    let phases = here.key("phases");
    for (index, id) in trigger.phases.iter().enumerate() {
        met(phases.index(index), Met::Phase(id));
    }
}

/// Each way back of a plan, with its place: that of the whole, those of phases and of procedures.
pub(super) fn ways_back<'a>(draft: &'a PlanDraft, visit: &mut dyn FnMut(At<'_>, &'a Rollback)) {
    if let Some(rollback) = &draft.rollback {
        visit(At::ROOT.key("rollback"), rollback);
    }
    let phases = At::ROOT.key("phases");
    for (index, phase) in draft.phases.iter().enumerate() {
        if let Some(rollback) = &phase.rollback {
            visit(phases.index(index).key("rollback"), rollback);
        }
    }
    let procedures = At::ROOT.key("procedures");
    for (index, procedure) in draft.procedures.iter().enumerate() {
        visit(procedures.index(index).key("rollback"), &procedure.rollback);
    }
}

fn rollback<'a>(rollback: &'a Rollback, here: At<'_>, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    if let Some(to) = &rollback.target {
        target(to, here.key("target"), met);
    }
    way_back(&rollback.steps, here, met);
    conditions(&rollback.validation, here.key("validation"), met);
    items(&rollback.checks, here.key("checks"), met);
    if let Some(role) = &rollback.escalate_to {
        met(here.key("escalate-to"), Met::Role(role));
    }
    if let Some(channel) = &rollback.escalate_via {
        met(here.key("escalate-via"), Met::Channel(channel));
    }
}

fn re_enable<'a>(one: &'a ReEnable, here: At<'_>, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    conditions(&one.criteria, here.key("criteria"), met);
    way_back(&one.steps, here, met);
}

fn way_back<'a>(steps: &'a [RollbackStep], owner: At<'_>, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    let here = owner.key("steps");
    for (index, step) in steps.iter().enumerate() {
        action(&step.action, here.index(index), met);
    }
}

fn target<'a>(target: &'a RollbackTarget, here: At<'_>, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    if let RollbackTarget::Phase(id) = target {
        met(here.key("phase"), Met::Phase(id));
    }
}

fn responses<'a>(list: &'a [Response], here: At<'_>, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    for (index, response) in list.iter().enumerate() {
        let here = here.index(index);
        match response {
            Response::Hold | Response::Abort => {}
            Response::Notify(notify) => {
                let here = here.key("notify");
                met(here.key("channel"), Met::Channel(&notify.channel));
                if let Some(message) = &notify.message {
                    met(here.key("message"), Met::Message(message));
                }
            }
            Response::Procedure(id) => met(here.key("procedure"), Met::Procedure(id)),
            Response::Return(id) => met(here.key("return-to"), Met::Phase(id)),
            Response::Rollback(to) => target(to, here.key("rollback"), met),
        }
    }
}

fn conditions<'a>(list: &'a [Condition], here: At<'_>, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    for (index, condition) in list.iter().enumerate() {
        let here = here.index(index);
        met(here.key("criterion"), Met::Criterion(&condition.criterion));
    }
}

fn items<'a>(list: &'a [Item], here: At<'_>, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    for (index, item) in list.iter().enumerate() {
        let here = here.index(index);
        if item.criteria.is_empty() {
            met(here.key("statement"), Met::Words(&item.statement));
        }
        if let Some(role) = &item.role {
            met(here.key("role"), Met::Role(role));
        }
        conditions(&item.criteria, here.key("criteria"), met);
    }
}

fn action<'a>(action: &'a Action, here: At<'_>, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    let here = here.key(action.key());
    match action {
        Action::Traffic(ramp) => stages(&ramp.stages, here.key("stages"), met),
        Action::Flag(ramp) => stages(&ramp.stages, here.key("stages"), met),
        Action::Task(task) => {
            met(here.key("role"), Met::Role(&task.role));
            if task.within.is_none() {
                met(here.key("instructions"), Met::Words(&task.instructions));
            }
        }
        Action::Notify(notify) => {
            met(here.key("channel"), Met::Channel(&notify.channel));
            if let Some(message) = &notify.message {
                met(here.key("message"), Met::Message(message));
            }
        }
        Action::BlueGreen(switch) => stages(&switch.stages, here.key("stages"), met),
        Action::Waves(waves) => conditions(&waves.criteria, here.key("criteria"), met),
        Action::Deprecation(end) => {
            if let Some(message) = &end.message {
                met(here.key("message"), Met::Message(message));
            }
            channels(&end.channels, here.key("channels"), met);
        }
        Action::Wait(_)
        | Action::Measure(_)
        | Action::Command(_)
        | Action::Workflow(_)
        | Action::Config(_)
        | Action::Shadow(_)
        | Action::Parallel(_)
        | Action::Cohort(_)
        | Action::Experiment(_) => {}
    }
}

fn channels<'a>(list: &'a [ChannelId], here: At<'_>, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    for (index, channel) in list.iter().enumerate() {
        met(here.index(index), Met::Channel(channel));
    }
}

fn stages<'a>(list: &'a [Stage], here: At<'_>, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    for (index, stage) in list.iter().enumerate() {
        let here = here.index(index);
        conditions(&stage.criteria, here.key("criteria"), met);
    }
}
