//! One walk over a plan that hands out everything that refers to something, with its place.

use phasegate_core::{ChannelId, PhaseId, RoleId};
use phasegate_criterion::Criterion;

use super::At;
use crate::model::{
    Action, Condition, Gate, Item, MessageId, Phase, PlanDraft, Response, Rollback, RollbackTarget,
    Stage, Trigger,
};

/// What the walk meets.
#[derive(Clone, Copy)]
pub(super) enum Met<'a> {
    Channel(&'a ChannelId),
    #[expect(dead_code, reason = "the criterion checks come with the KPI registry")]
    Criterion(&'a Criterion),
    Message(&'a MessageId),
    Phase(&'a PhaseId),
    Role(&'a RoleId),
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
        let tell = here.key("tell");
        for (index, channel) in row.tell.iter().enumerate() {
            met(tell.index(index), Met::Channel(channel));
        }
    }
}

fn phase<'a>(phase: &'a Phase, here: At<'_>, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    let after = here.key("after");
    for (index, id) in phase.after.iter().flatten().enumerate() {
        met(after.index(index), Met::Phase(id));
    }
    let lists = here.key("prerequisites");
    for (index, list) in phase.prerequisites.iter().enumerate() {
        let here = lists.index(index);
        if let Some(role) = &list.owner {
            met(here.key("owner"), Met::Role(role));
        }
        items(&list.items, here.key("items"), met);
    }
    let steps = here.key("steps");
    for (index, step) in phase.steps.iter().enumerate() {
        let here = steps.index(index);
        conditions(&step.criteria, here.key("criteria"), met);
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

fn rollback<'a>(rollback: &'a Rollback, here: At<'_>, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    target(&rollback.target, here.key("target"), met);
    let steps = here.key("steps");
    for (index, step) in rollback.steps.iter().enumerate() {
        action(&step.action, steps.index(index), met);
    }
    conditions(&rollback.validation, here.key("validation"), met);
    items(&rollback.checks, here.key("checks"), met);
    if let Some(role) = &rollback.escalate_to {
        met(here.key("escalate-to"), Met::Role(role));
    }
    if let Some(channel) = &rollback.escalate_via {
        met(here.key("escalate-via"), Met::Channel(channel));
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
        Action::Task(task) => met(here.key("role"), Met::Role(&task.role)),
        Action::Notify(notify) => {
            met(here.key("channel"), Met::Channel(&notify.channel));
            if let Some(message) = &notify.message {
                met(here.key("message"), Met::Message(message));
            }
        }
        Action::Wait(_) | Action::Command(_) => {}
    }
}

fn stages<'a>(list: &'a [Stage], here: At<'_>, met: &mut dyn FnMut(At<'_>, Met<'a>)) {
    for (index, stage) in list.iter().enumerate() {
        let here = here.index(index);
        conditions(&stage.criteria, here.key("criteria"), met);
    }
}
