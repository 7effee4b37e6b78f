//! What a plan needs of each binding.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{BindingId, Capability, Role};

use super::At;
use crate::model::{Action, PlanDraft, RollbackStep};

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
    pub(super) command_key: &'static str,
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
            command_key: "",
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
            command_key: "",
            pointer: kpis.index(index).key("source").to_string(),
        });
    }
    let phases = root.key("phases");
    for (index, phase) in draft.phases.iter().enumerate() {
        let here = phases.index(index);
        let steps = phase.steps.iter().map(|step| &step.action);
        actions(steps, here, &mut out);
        if let Some(rollback) = &phase.rollback {
            way_back(&rollback.steps, here.key("rollback"), &mut out);
        }
    }
    commands(draft, &mut out);
    scalers(draft, &mut out);
    procedures(draft, &mut out);
    if let Some(rollback) = &draft.rollback {
        way_back(&rollback.steps, root.key("rollback"), &mut out);
    }
    out
}

/// What changes how many there are of something: it says how many first.
fn scalers(draft: &PlanDraft, out: &mut Vec<Use>) {
    let scaling = At::ROOT.key("scaling");
    for (index, one) in draft.scaling.iter().enumerate() {
        let Some(binding) = &one.binding else {
            continue;
        };
        out.push(Use {
            binding: binding.clone(),
            role: Role::Scaler,
            capabilities: vec![Capability::ReadBack],
            command: None,
            command_key: "",
            pointer: scaling.index(index).key("binding").to_string(),
        });
    }
}

/// What procedures switch off, and on again.
fn procedures(draft: &PlanDraft, out: &mut Vec<Use>) {
    let procedures = At::ROOT.key("procedures");
    for (index, procedure) in draft.procedures.iter().enumerate() {
        let here = procedures.index(index);
        way_back(&procedure.rollback.steps, here.key("rollback"), out);
        if let Some(again) = &procedure.re_enable {
            way_back(&again.steps, here.key("re-enable"), out);
        }
    }
}

fn way_back(steps: &[RollbackStep], owner: At<'_>, out: &mut Vec<Use>) {
    actions(steps.iter().map(|step| &step.action), owner, out);
}

/// Those of the steps of something.
fn actions<'a>(steps: impl Iterator<Item = &'a Action>, owner: At<'_>, out: &mut Vec<Use>) {
    let here = owner.key("steps");
    for (index, of_step) in steps.enumerate() {
        action(of_step, here.index(index), out);
    }
}

/// What belongs to no phase: what people look at, what is broken on purpose, and backups.
fn commands(draft: &PlanDraft, out: &mut Vec<Use>) {
    let root = At::ROOT;
    let inspections = root.key("inspections");
    for (index, one) in draft.inspections.iter().enumerate() {
        let here = inspections.index(index);
        out.push(Use {
            binding: one.command.binding.clone(),
            role: Role::CommandRunner,
            capabilities: Vec::new(),
            command: Some(one.command.name.clone()),
            command_key: "name",
            pointer: here.key("command").key("binding").to_string(),
        });
    }
    let experiments = root.key("experiments");
    for (index, one) in draft.experiments.iter().enumerate() {
        let Some(binding) = &one.binding else {
            continue;
        };
        out.push(Use {
            binding: binding.clone(),
            role: Role::FaultInjector,
            capabilities: Vec::new(),
            command: None,
            command_key: "",
            pointer: experiments.index(index).key("binding").to_string(),
        });
    }
    let backups = root.key("recovery");
    let backups = backups.key("backups");
    let all = draft.recovery.iter().flat_map(|recovery| &recovery.backups);
    for (index, one) in all.enumerate() {
        let Some(runner) = &one.runner else { continue };
        out.push(Use {
            binding: runner.clone(),
            role: Role::CommandRunner,
            capabilities: Vec::new(),
            command: one.command.clone(),
            command_key: "command",
            pointer: backups.index(index).key("runner").to_string(),
        });
    }
}

fn action(action: &Action, at: At<'_>, out: &mut Vec<Use>) {
    let here = at.key(action.key());
    for one in action.bindings() {
        out.push(Use {
            binding: one.binding.clone(),
            role: one.role,
            capabilities: one.capabilities.to_vec(),
            command: one.command.map(|(_, name)| name.clone()),
            command_key: one.command.map_or("", |(key, _)| key),
            pointer: here.key(one.key).to_string(),
        });
    }
}

/// A binding that an action names, and what for.
pub(super) struct Named<'a> {
    /// The key of the action under which it stands.
    pub(super) key: &'static str,
    pub(super) binding: &'a BindingId,
    pub(super) role: Role,
    pub(super) capabilities: &'static [Capability],
    /// A command that is run there, and the key under which its name stands.
    pub(super) command: Option<(&'static str, &'a String)>,
}

impl Action {
    pub(super) fn bindings(&self) -> Vec<Named<'_>> {
        const ROUTER: &[Capability] = &[Capability::Weights, Capability::ReadBack];
        let one = |binding, role, capabilities| {
            vec![Named {
                key: "binding",
                binding,
                role,
                capabilities,
                command: None,
            }]
        };
        let command = |key, binding, name| Named {
            key: "binding",
            binding,
            role: Role::CommandRunner,
            capabilities: &[],
            command: Some((key, name)),
        };
        match self {
            Self::Traffic(ramp) => one(&ramp.binding, Role::TrafficRouter, ROUTER),
            Self::Flag(ramp) => one(&ramp.binding, Role::FlagStore, &[Capability::ReadBack]),
            Self::Cohort(cohort) => one(&cohort.binding, Role::FlagStore, &[]),
            Self::Config(change) => one(&change.binding, Role::FlagStore, &[]),
            Self::Deprecation(end) => one(&end.binding, Role::FlagStore, &[]),
            Self::Workflow(run) => one(&run.binding, Role::WorkflowHost, &[]),
            Self::Experiment(run) => one(&run.binding, Role::FaultInjector, &[]),
            Self::Parallel(run) => one(&run.binding, Role::Comparer, &[]),
            Self::Command(run) => {
                let check = run.check.as_ref();
                let names = [("name", Some(&run.name)), ("check", check)];
                let named =
                    |(key, name): (_, Option<_>)| name.map(|n| command(key, &run.binding, n));
                names.into_iter().filter_map(named).collect()
            }
            Self::Waves(waves) => vec![command("command", &waves.binding, &waves.command)],
            Self::Shadow(shadow) => {
                let mut all = one(&shadow.binding, Role::TrafficRouter, &[Capability::Mirror]);
                if let Some(comparer) = &shadow.comparer {
                    let mut second = one(comparer, Role::Comparer, &[]);
                    second.iter_mut().for_each(|named| named.key = "comparer");
                    all.append(&mut second);
                }
                all
            }
            Self::BlueGreen(switch) => {
                let mut all = one(&switch.binding, Role::TrafficRouter, ROUTER);
                if let Some(runner) = &switch.runner {
                    let names = [
                        ("deploy", &switch.deploy),
                        ("health-check", &switch.health_check),
                        ("smoke-test", &switch.smoke_test),
                        ("promote", &switch.promote),
                    ];
                    all.extend(names.into_iter().filter_map(|(key, name)| {
                        let mut named = command(key, runner, name.as_ref()?);
                        named.key = "runner";
                        Some(named)
                    }));
                }
                all
            }
            Self::Measure(_) | Self::Wait(_) | Self::Task(_) | Self::Notify(_) => Vec::new(),
        }
    }
}
