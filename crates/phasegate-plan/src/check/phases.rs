//! What phases, steps, gates and rollbacks must be to make sense.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{BindingId, Ratio, Span, StepId, TargetId};

use super::{At, Scope};
use crate::fault::{Code, Severity};
use crate::model::{Action, Gate, GateWhen, Laid, Phase, Stage};

pub(super) fn check(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let phases = At::ROOT.key("phases");
    for (index, phase) in draft.phases.iter().enumerate() {
        let here = phases.index(index);
        one(scope, phase, here);
    }
    stops_short(scope);
    let gates = At::ROOT.key("gates");
    for (index, one) in draft.gates.iter().enumerate() {
        gate(scope, one, gates.index(index));
    }
}

/// A target that no ramp of the plan brings to all of the traffic.
fn stops_short(scope: &mut Scope<'_>) {
    let mut last: BTreeMap<(&BindingId, &TargetId), (Ratio, String)> = BTreeMap::new();
    let phases = At::ROOT.key("phases");
    for (index, phase) in scope.draft.phases.iter().enumerate() {
        let here = phases.index(index);
        let steps = here.key("steps");
        for (number, step) in phase.steps.iter().enumerate() {
            let end = step.action.ramp().and_then(|(laid, _)| laid.end());
            if let (Some(key), Some(end)) = (step.action.moved(), end) {
                let here = steps.index(number);
                let here = here.key(step.action.key());
                let stages = here.key("stages");
                // A stage that could not be read may be the last.
                let lost = scope.lost_items(stages);
                let (end, pointer) = (if lost { Ratio::ONE } else { end }, stages.to_string());
                let slot = last.entry(key).or_insert((end, String::new()));
                *slot = (end.max(slot.0), pointer);
            }
        }
    }
    for ((_, target), (end, pointer)) in last {
        if end < Ratio::ONE {
            let message = format!("'{target}' stops at {end}");
            let help = "end at 100%, or allow this where it is meant";
            scope.report_at(Code::RampStopsShort, pointer, message, help);
        }
    }
}

fn one(scope: &mut Scope<'_>, phase: &Phase, here: At<'_>) {
    let evaluation = phase.evaluation.as_ref();
    let evaluation = evaluation.unwrap_or(&scope.draft.evaluation);
    let (every, settle) = (evaluation.every, evaluation.settle);
    // Otherwise it is not known how often is evaluated.
    let known =
        !scope.is_unread(At::ROOT, &["evaluation"]) && !scope.is_unread(here, &["evaluation"]);
    let steps = here.key("steps");
    for (index, step) in phase.steps.iter().enumerate() {
        let here = steps.index(index);
        let here = here.key(step.action.key());
        let Some((laid, own)) = step.action.ramp() else {
            continue;
        };
        let stages = laid.rungs();
        let watched = !phase.criteria.is_empty() || !step.criteria.is_empty();
        if stages.is_empty() {
            if !scope.is_unread(here, &["stages", "curve"]) {
                let help = "add 'stages: [5%, 25%, 100%]'";
                let at = here.key("stages");
                scope.report(Code::EmptyRamp, at, "this ramp has no stage", help);
            }
            continue;
        }
        let at = here.key("stages");
        let (every, settle) = if known {
            (own.unwrap_or(every), settle)
        } else {
            (own.unwrap_or_default(), Span::ZERO)
        };
        ramp(scope, &stages, at, (every, settle), watched);
    }
    let gates = here.key("gates");
    let named: BTreeSet<&StepId> = if phase.gates.is_empty() {
        BTreeSet::new()
    } else {
        phase.steps.iter().map(|step| &step.id).collect()
    };
    for (index, one) in phase.gates.iter().enumerate() {
        let here = gates.index(index);
        gate(scope, one, here);
        if let GateWhen::BeforeStep(step) = &one.when
            && !named.contains(step)
            && !scope.may_name_in(steps, step.as_str())
        {
            let message = format!("this phase has no step '{step}'");
            let here = here.key("when");
            scope.report(
                Code::UnknownStep,
                here.key("before-step"),
                message,
                "write the id of one of its steps",
            );
        }
    }
    ways_back(scope, phase, here);
}

/// Is there a way back where one is needed, and only one word about it?
fn ways_back(scope: &mut Scope<'_>, phase: &Phase, here: At<'_>) {
    let moves = phase.steps.iter().any(|step| step.action.moves());
    let back =
        phase.rollback.is_some() || phase.no_way_back.is_some() || scope.draft.rollback.is_some();
    let unread = scope.is_unread(here, &["rollback", "no-way-back"])
        || scope.is_unread(At::ROOT, &["rollback"]);
    if let (Some(_), Some(_), false) = (&phase.rollback, &phase.no_way_back, unread) {
        let message = "here stand a way back and why there is none";
        let help = "leave one of the two out";
        scope.report(Code::NoWayBack, here.key("no-way-back"), message, help);
    }
    if moves && !back && !unread {
        scope.report(
            Code::NoWayBack,
            here.key("id"),
            format!(
                "the phase '{}' changes something and has no way back",
                phase.id
            ),
            "add 'rollback:', or say under 'no-way-back:' why none is needed",
        );
    }
}

impl Action {
    /// Does it change something outside that a rollback would have to change back?
    pub(crate) fn moves(&self) -> bool {
        match self {
            Self::Traffic(_)
            | Self::Flag(_)
            | Self::Command(_)
            | Self::Workflow(_)
            | Self::Config(_)
            | Self::BlueGreen(_)
            | Self::Cohort(_)
            | Self::Deprecation(_)
            | Self::Waves(_)
            | Self::Parallel(_)
            | Self::Shadow(_) => true,
            Self::Measure(_)
            | Self::Wait(_)
            | Self::Task(_)
            | Self::Notify(_)
            | Self::Experiment(_) => false,
        }
    }

    /// A ramp, and how often it is evaluated if it says so itself.
    fn ramp(&self) -> Option<(Laid<'_>, Option<Span>)> {
        if let Self::Traffic(ramp) = self {
            Some((ramp.laid(), ramp.evaluate_every))
        } else if let Self::Flag(ramp) = self {
            Some((ramp.laid(), ramp.evaluate_every))
        } else if let Self::BlueGreen(switch) = self {
            Some((Laid::Out(&switch.stages), None))
        } else {
            None
        }
    }
}

fn ramp(
    scope: &mut Scope<'_>,
    stages: &[Stage],
    at: At<'_>,
    (every, settle): (Span, Span),
    watched: bool,
) {
    let mut before: Option<Ratio> = None;
    for (index, stage) in stages.iter().enumerate() {
        let here = at.index(index);
        if let Some(before) = before
            && stage.weight <= before
        {
            let message = format!("{} comes after {before}: a ramp goes up", stage.weight);
            let help = "going down is what a rollback does";
            scope.report(Code::RampGoesDown, here.key("weight"), message, help);
        }
        before = Some(stage.weight);
        let watched = watched || !stage.criteria.is_empty();
        if watched && !stage.bake.is_zero() && stage.bake < every {
            let message = format!(
                "a bake of {} is over before the first evaluation after {every}",
                stage.bake
            );
            let help = "bake longer, or evaluate more often";
            scope.report(
                Code::BakeShorterThanInterval,
                here.key("bake"),
                message,
                help,
            );
        } else if watched && !stage.bake.is_zero() && stage.bake <= settle {
            let message = format!(
                "a bake of {} is over before anything is measured: {settle} pass after each change first",
                stage.bake
            );
            let help = "bake longer, or let 'settle' be shorter";
            scope.report_as(
                Code::BakeShorterThanInterval,
                Severity::Warning,
                &here.key("bake"),
                &message,
                help,
            );
        }
    }
}

fn gate(scope: &mut Scope<'_>, gate: &Gate, here: At<'_>) {
    let nothing = gate.criteria.is_empty()
        && gate.checks.is_empty()
        && gate.approvals.is_empty()
        && gate.not_before.is_none();
    let conditions = ["criteria", "checks", "approvals", "not-before"];
    if nothing && !scope.is_unread(here, &conditions) {
        let message = format!("the gate '{}' decides nothing", gate.id);
        let help = "add criteria, checks, approvals or a date";
        scope.report(Code::GateWithoutCondition, here.key("id"), message, help);
    }
    match (&gate.decide_within, &gate.on_timeout) {
        _ if scope.is_unread(here, &["decide-within", "on-timeout"]) => {}
        (Some(_), None) => scope.report(
            Code::GateTimeoutIncomplete,
            here.key("decide-within"),
            "there is a time limit and nothing says what holds after it",
            "add 'on-timeout: hold' (or go, or no-go)",
        ),
        (None, Some(_)) => scope.report(
            Code::GateTimeoutIncomplete,
            here.key("on-timeout"),
            "this holds after a time limit, and there is none",
            "add 'decide-within: 4h'",
        ),
        (Some(_), Some(_)) | (None, None) => {}
    }
    approvals(scope, gate, here.key("approvals"));
}

/// Roles of which each has enough members, and all of them together have not.
fn together(scope: &mut Scope<'_>, gate: &Gate, list: At<'_>) {
    let unread = scope.lost_items(At::ROOT.key("roles")) || !scope.is_whole();
    if gate.approvals.len() < 2 || unread {
        return;
    }
    let narrow = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let mut staff = Vec::new();
    let mut wanted = 0_u64;
    for approval in &gate.approvals {
        let Some(own) = scope.staff(&approval.role) else {
            return;
        };
        let quorum = u64::from(approval.quorum);
        if narrow(own.people.len()) < quorum {
            return;
        }
        staff.push(&own.people);
        wanted = wanted.saturating_add(quorum);
    }
    let enough = staff.iter().any(|people| narrow(people.len()) >= wanted);
    if enough || !scope.affords(staff.iter().map(|people| people.len()).sum()) {
        return;
    }
    let people: BTreeSet<_> = staff.into_iter().flatten().collect();
    let count = narrow(people.len());
    if count < wanted {
        let message = format!(
            "{wanted} approvals are wanted, and the roles have {count} {} together: somebody says yes twice",
            if count == 1 { "member" } else { "members" }
        );
        let help = "give one of the roles to somebody else";
        scope.report(Code::OnePersonForMany, list, message, help);
    }
}

/// Can those who are asked say yes, and must somebody?
fn approvals(scope: &mut Scope<'_>, gate: &Gate, list: At<'_>) {
    together(scope, gate, list);
    for (index, approval) in gate.approvals.iter().enumerate() {
        if approval.quorum == 0 {
            let message = "a quorum of 0 asks nobody";
            let help = "write how many must say yes, 1 or more, or remove the approval";
            let here = list.index(index);
            let here = here.key("quorum");
            scope.report(Code::InvalidNumber, here, message, help);
        }
        let Some(staff) = scope.staff(&approval.role) else {
            continue;
        };
        let role = staff.role;
        let members = u32::try_from(staff.people.len()).unwrap_or(u32::MAX);
        let here = list.index(index);
        let roles = At::ROOT.key("roles");
        if scope.is_unread(roles.index(staff.index), &["members"]) {
            continue;
        }
        if members == 0 {
            let message = format!("the role '{}' must approve and has no member", role.id);
            let help = "add 'members:' to the role";
            scope.report(Code::RoleWithoutMember, here.key("role"), message, help);
        } else if approval.quorum > members {
            let message = format!(
                "{} approvals are wanted, and the role '{}' has {members} {}",
                approval.quorum,
                role.id,
                if members == 1 { "member" } else { "members" }
            );
            let help = "lower 'quorum' or add members to the role";
            scope.report(Code::GateNobodyCanSign, here.key("quorum"), message, help);
        }
    }
}
