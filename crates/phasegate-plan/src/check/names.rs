//! Names: each once, and each reference to something that is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::rc::Rc;

use phasegate_core::TriggerId;
use phasegate_core::id::ID_LEN_MAX;

use super::walk::{Met, walk};
use super::{At, Scope};
use crate::fault::Code;
use crate::form::closest;
use crate::model::{PlanDraft, Procedure};

pub(super) fn check(scope: &mut Scope<'_>) {
    duplicates(scope);
    references(scope);
}

fn duplicates(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let root = At::ROOT;
    unique(
        scope,
        root.key("roles"),
        "role",
        draft.roles.iter().map(|one| &one.id),
    );
    unique(
        scope,
        root.key("channels"),
        "channel",
        draft.channels.iter().map(|one| &one.id),
    );
    unique(
        scope,
        root.key("messages"),
        "message",
        draft.messages.iter().map(|one| &one.id),
    );
    unique(
        scope,
        root.key("kpis"),
        "KPI",
        draft.kpis.iter().map(|one| &one.id),
    );
    unique(
        scope,
        root.key("phases"),
        "phase",
        draft.phases.iter().map(|one| &one.id),
    );
    unique(
        scope,
        root.key("matrix"),
        "scenario",
        draft.matrix.iter().map(|one| &one.id),
    );
    around(scope);
    re_enabling(scope);
    let phases = root.key("phases");
    let mut gates = BTreeMap::new();
    let mut triggers = BTreeMap::new();
    for (index, phase) in draft.phases.iter().enumerate() {
        let here = phases.index(index);
        unique(
            scope,
            here.key("steps"),
            "step",
            phase.steps.iter().map(|one| &one.id),
        );
        if let Some(rollback) = &phase.rollback {
            let here = here.key("rollback");
            unique(
                scope,
                here.key("steps"),
                "step",
                rollback.steps.iter().map(|one| &one.id),
            );
        }
        let ids = phase.gates.iter().map(|one| &one.id);
        unique_in(scope, here.key("gates"), "gate", ids, &mut gates);
        let ids = phase.triggers.iter().map(|one| &one.id);
        unique_in(scope, here.key("triggers"), "trigger", ids, &mut triggers);
    }
    let ids = draft.gates.iter().map(|one| &one.id);
    unique_in(scope, root.key("gates"), "gate", ids, &mut gates);
    let ids = draft.triggers.iter().map(|one| &one.id);
    unique_in(scope, root.key("triggers"), "trigger", ids, &mut triggers);
    alerts(scope, &triggers);
}

/// Names of how parts are switched on again.
fn re_enabling(scope: &mut Scope<'_>) {
    let procedures = At::ROOT.key("procedures");
    for (index, procedure) in scope.draft.procedures.iter().enumerate() {
        let here = procedures.index(index);
        let here = here.key("re-enable");
        let steps = procedure.re_enable.iter().flat_map(|one| &one.steps);
        let ids = steps.map(|one| &one.id);
        unique(scope, here.key("steps"), "step", ids);
        re_enabling_phase(scope, procedure, here);
    }
}

/// A part is switched on again in a phase of its own, which is named after the procedure.
fn re_enabling_phase(scope: &mut Scope<'_>, procedure: &Procedure, here: At<'_>) {
    if procedure.re_enable.is_none() {
        return;
    }
    let name = procedure.re_enabling_phase();
    let mut phases = scope.draft.phases.iter();
    if phases.any(|phase| phase.id.as_str() == name) {
        let message = format!("a phase is called '{name}', as the one in which this is done");
        scope.report(Code::DuplicateId, here, message, "rename the phase");
    }
    if name.len() > ID_LEN_MAX {
        let message = format!("the phase in which this is done would be called '{name}'");
        let help = format!("shorten the procedure's id by {}", name.len() - ID_LEN_MAX);
        scope.report(Code::InvalidId, here, message, &help);
    }
}

/// An alert that does something is watched as triggers are, under its name.
fn alerts(scope: &mut Scope<'_>, triggers: &BTreeMap<&TriggerId, (Rc<str>, usize)>) {
    let draft = scope.draft;
    let alerts = At::ROOT.key("alerts");
    let acting = draft.alerts.iter().enumerate();
    for (index, alert) in acting.filter(|(_, alert)| !alert.respond.is_empty()) {
        if let Some((list, first)) = triggers.get(&alert.id) {
            let message = format!("a trigger is called '{}' too", alert.id);
            let help = format!("it is at {list}/{first}; rename one of them");
            let here = alerts.index(index);
            scope.report(Code::DuplicateId, here.key("id"), message, &help);
        }
    }
}

/// Names of what is around the phases.
fn around(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    macro_rules! each_once {
        ($($list:ident $key:literal $what:literal;)*) => {$(
            let ids = draft.$list.iter().map(|one| &one.id);
            unique(scope, At::ROOT.key($key), $what, ids);
        )*};
    }
    each_once! {
        alerts "alerts" "alert";
        contingencies "contingencies" "contingency plan";
        experiments "experiments" "experiment";
        inspections "inspections" "inspection";
        parameters "parameters" "parameter";
        procedures "procedures" "procedure";
        risks "risks" "risk";
        slos "slos" "SLO";
        teams "teams" "team";
    }
}

fn unique<'i, T: Display + Ord + 'i>(
    scope: &mut Scope<'_>,
    at: At<'_>,
    what: &str,
    ids: impl Iterator<Item = &'i T>,
) {
    let ids: Vec<&T> = ids.collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    if sorted.windows(2).any(|pair| pair.first() == pair.last()) {
        unique_in(scope, at, what, ids.into_iter(), &mut BTreeMap::new());
    }
}

fn unique_in<'i, T: Display + Ord + 'i>(
    scope: &mut Scope<'_>,
    at: At<'_>,
    what: &str,
    ids: impl Iterator<Item = &'i T>,
    seen: &mut BTreeMap<&'i T, (Rc<str>, usize)>,
) {
    let mut ids = ids.enumerate().peekable();
    if ids.peek().is_none() {
        return;
    }
    let list: Rc<str> = at.to_string().into();
    for (index, id) in ids {
        let here = at.index(index);
        if let Some((list, first)) = seen.get(id) {
            let first = format!("{list}/{first}");
            let message = format!("there are two {what}s '{id}'");
            let help = format!("the first is at {first}; rename one of them");
            scope.report(Code::DuplicateId, here.key("id"), message, &help);
        } else {
            seen.insert(id, (Rc::clone(&list), index));
        }
    }
}

/// The names that a plan declares.
struct Declared<'d> {
    channels: BTreeSet<&'d str>,
    messages: BTreeSet<&'d str>,
    phases: BTreeSet<&'d str>,
    procedures: BTreeSet<&'d str>,
    roles: BTreeSet<&'d str>,
}

impl<'d> Declared<'d> {
    fn of(draft: &'d PlanDraft) -> Self {
        Self {
            channels: draft.channels.iter().map(|one| one.id.as_str()).collect(),
            messages: draft.messages.iter().map(|one| one.id.as_str()).collect(),
            phases: draft.phases.iter().map(|one| one.id.as_str()).collect(),
            procedures: draft.procedures.iter().map(|one| one.id.as_str()).collect(),
            roles: draft.roles.iter().map(|one| one.id.as_str()).collect(),
        }
    }
}

fn references(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let declared = Declared::of(draft);
    walk(draft, &mut |at, met| {
        let (code, what, list, id, known) = match met {
            Met::Channel(id) => (
                Code::UnknownChannel,
                "channel",
                "channels",
                id.as_str(),
                &declared.channels,
            ),
            Met::Message(id) => (
                Code::UnknownMessage,
                "message",
                "messages",
                id.as_str(),
                &declared.messages,
            ),
            Met::Phase(id) => (
                Code::UnknownPhase,
                "phase",
                "phases",
                id.as_str(),
                &declared.phases,
            ),
            Met::Procedure(id) => (
                Code::UnknownProcedure,
                "procedure",
                "procedures",
                id.as_str(),
                &declared.procedures,
            ),
            Met::Role(id) => (
                Code::UnknownRole,
                "role",
                "roles",
                id.as_str(),
                &declared.roles,
            ),
            Met::Criterion(_) | Met::Words(_) => return,
        };
        if known.contains(id) || scope.may_name(list, id) || scope.is_full() {
            return;
        }
        let message = format!("there is no {what} '{id}' in this plan");
        let near = closest(id, known.iter().copied());
        let help = near.map_or_else(
            || format!("declare it under '{list}'"),
            |near| format!("did you mean '{near}'?"),
        );
        scope.report(code, at, message, &help);
    });
}
