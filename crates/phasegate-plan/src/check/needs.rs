//! What a plan needs of each binding.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{BindingId, Capability, Role};

use super::At;
use crate::model::{Action, PlanDraft};

/// What one binding must be able to do.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Need {
    /// What it is used as.
    pub roles: BTreeSet<Role>,
    /// What it must be able to do.
    pub capabilities: BTreeSet<Capability>,
    /// Which of its commands are run.
    pub commands: BTreeSet<String>,
}

/// One use of a binding, with its place.
pub(super) struct Use {
    pub(super) binding: BindingId,
    pub(super) role: Role,
    pub(super) capabilities: Vec<Capability>,
    pub(super) command: Option<String>,
    pub(super) pointer: String,
}

pub(super) fn needs(draft: &PlanDraft) -> BTreeMap<BindingId, Need> {
    let mut out: BTreeMap<BindingId, Need> = BTreeMap::new();
    for used in uses(draft) {
        let need = out.entry(used.binding).or_default();
        need.roles.insert(used.role);
        need.capabilities.extend(used.capabilities);
        need.commands.extend(used.command);
    }
    out
}

/// Every use of a binding in a plan, in the order of the model.
pub(super) fn uses(draft: &PlanDraft) -> Vec<Use> {
    let mut out = Vec::new();
    let root = At::ROOT;
    let channels = root.key("channels");
    for (index, channel) in draft.channels.iter().enumerate() {
        out.push(Use {
            binding: channel.binding.clone(),
            role: Role::Notifier,
            capabilities: Vec::new(),
            command: None,
            pointer: channels.index(index).key("binding").to_string(),
        });
    }
    let kpis = root.key("kpis");
    for (index, kpi) in draft.kpis.iter().enumerate() {
        let Some(source) = &kpi.source else { continue };
        if source.as_str() == crate::RESERVED_BINDING {
            continue;
        }
        let sides = kpi
            .query
            .as_ref()
            .is_some_and(|query| query.canary.is_some() || query.stable.is_some());
        out.push(Use {
            binding: source.clone(),
            role: Role::MetricSource,
            capabilities: sides
                .then_some(Capability::MeasurePerArm)
                .into_iter()
                .collect(),
            command: None,
            pointer: kpis.index(index).key("source").to_string(),
        });
    }
    let phases = root.key("phases");
    for (index, phase) in draft.phases.iter().enumerate() {
        let here = phases.index(index);
        let steps = here.key("steps");
        for (index, step) in phase.steps.iter().enumerate() {
            action(&step.action, steps.index(index), &mut out);
        }
        if let Some(rollback) = &phase.rollback {
            let steps = here.key("rollback");
            let steps = steps.key("steps");
            for (index, step) in rollback.steps.iter().enumerate() {
                action(&step.action, steps.index(index), &mut out);
            }
        }
    }
    if let Some(rollback) = &draft.rollback {
        let steps = root.key("rollback");
        let steps = steps.key("steps");
        for (index, step) in rollback.steps.iter().enumerate() {
            action(&step.action, steps.index(index), &mut out);
        }
    }
    out
}

fn action(action: &Action, at: At<'_>, out: &mut Vec<Use>) {
    let here = at.key(action.key());
    let mut push = |binding: &BindingId, role, capabilities, command| {
        out.push(Use {
            binding: binding.clone(),
            role,
            capabilities,
            command,
            pointer: here.key("binding").to_string(),
        });
    };
    match action {
        Action::Traffic(ramp) => push(
            &ramp.binding,
            Role::TrafficRouter,
            vec![Capability::Weights, Capability::ReadBack],
            None,
        ),
        Action::Flag(ramp) => {
            push(
                &ramp.binding,
                Role::FlagStore,
                vec![Capability::ReadBack],
                None,
            );
        }
        Action::Command(run) => {
            let name = Some(run.name.clone());
            push(&run.binding, Role::CommandRunner, Vec::new(), name);
        }
        Action::Wait(_) | Action::Task(_) | Action::Notify(_) => {}
    }
}
