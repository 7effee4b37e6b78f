//! What is well-formed and still cannot have been meant.

use std::collections::{BTreeMap, BTreeSet};

use super::{At, Scope};
use crate::fault::Code;
use crate::model::{Gate, GateWhen, Parameter, ParameterType, Resource, TimeoutAnswer};

pub(super) fn check(scope: &mut Scope<'_>) {
    gates(scope);
    phases(scope);
    people(scope);
    risks(scope);
}

fn gates(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let whole = At::ROOT.key("gates");
    for (index, gate) in draft.gates.iter().enumerate() {
        let here = whole.index(index);
        match &gate.when {
            GateWhen::Acceptance | GateWhen::BeforeStart => {}
            GateWhen::End | GateWhen::BeforeStep(_) if scope.is_unread(here, &["when"]) => {}
            GateWhen::End | GateWhen::BeforeStep(_) => scope.report(
                Code::GateMisplaced,
                here.key("when"),
                "a gate of the whole is decided before its start or at its acceptance",
                "write 'when: acceptance', or move the gate into its phase",
            ),
        }
        silence(scope, gate, here);
    }
    let phases = At::ROOT.key("phases");
    for (index, phase) in draft.phases.iter().enumerate() {
        let here = phases.index(index);
        let gates = here.key("gates");
        for (number, gate) in phase.gates.iter().enumerate() {
            let here = gates.index(number);
            if gate.when == GateWhen::Acceptance {
                let message = "acceptance is of the whole, not of a phase";
                let help = "write 'when: end', or move the gate to the plan's own";
                scope.report(Code::GateMisplaced, here.key("when"), message, help);
            }
            silence(scope, gate, here);
        }
    }
}

fn silence(scope: &mut Scope<'_>, gate: &Gate, here: At<'_>) {
    if gate.on_timeout == Some(TimeoutAnswer::Go) && !gate.approvals.is_empty() {
        let message = "people are asked, and if nobody answers it goes on without them";
        let help = "write 'on-timeout: hold', or ask nobody";
        scope.report(Code::SilenceApproves, here.key("on-timeout"), message, help);
    }
}

fn phases(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let list = At::ROOT.key("phases");
    let mut labels: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, phase) in draft.phases.iter().enumerate() {
        let here = list.index(index);
        let idle = phase.steps.is_empty()
            && phase.activities.is_empty()
            && phase.gates.is_empty()
            && phase.watch.is_empty();
        let done = ["id", "steps", "activities", "gates", "watch", "outline"];
        if idle && !phase.outline && !scope.is_unread(here, &done) {
            let message = format!("the phase '{}' does nothing", phase.id);
            let help = "add 'steps:', or 'outline: true' if they are not known yet";
            scope.report(Code::EmptyPhase, here.key("id"), message, help);
        }
        if let Some(label) = &phase.label
            && let Some(first) = labels.insert(label, index)
        {
            let other = draft
                .phases
                .get(first)
                .map_or("", |phase| phase.title.as_str());
            let message = format!("'{label}' is also what the phase '{other}' is called");
            let help = "people will take one for the other: call one differently";
            scope.report(Code::DuplicateLabel, here.key("label"), message, help);
        }
        if let Some(audience) = &phase.audience {
            range(scope, audience, here.key("audience"));
        }
    }
    let resources = At::ROOT.key("resources");
    for (index, resource) in draft.resources.iter().enumerate() {
        range(scope, resource, resources.index(index));
    }
}

fn range(scope: &mut Scope<'_>, resource: &Resource, here: At<'_>) {
    if let Some(most) = resource.at_most
        && most < resource.at_least
    {
        let message = format!("at least {}, and at most {most}", resource.at_least);
        scope.report(
            Code::RangeBackwards,
            here.key("at-most"),
            message,
            "let 'at-most' be as many or more",
        );
    }
}

fn people(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let teams: BTreeSet<&str> = draft.teams.iter().map(|team| team.id.as_str()).collect();
    let mut unknown = Vec::new();
    let maintenance = At::ROOT.key("maintenance");
    for (index, work) in draft.maintenance.iter().enumerate() {
        let list = maintenance.index(index);
        let list = list.key("teams");
        for (number, team) in work.teams.iter().enumerate() {
            if !teams.contains(team.as_str()) {
                unknown.push((list.index(number).to_string(), team));
            }
        }
    }
    if let Some(access) = &draft.access {
        let here = At::ROOT.key("access");
        let list = here.key("teams");
        for (number, one) in access.teams.iter().enumerate() {
            if !teams.contains(one.team.as_str()) {
                unknown.push((list.index(number).key("team").to_string(), &one.team));
            }
        }
        let list = here.key("branches");
        for (number, branch) in access.branches.iter().enumerate() {
            if branch.reviews == 0 {
                let message = format!("'{}' is protected, and needs no review", branch.branch);
                let here = list.index(number);
                scope.report(
                    Code::ProtectionWithoutReview,
                    here.key("reviews"),
                    message,
                    "write 'reviews: 1' or more",
                );
            }
        }
    }
    for (pointer, team) in unknown {
        if scope.may_name("teams", team.as_str()) {
            continue;
        }
        let message = format!("there is no team '{team}' in this plan");
        let help = "declare it under 'teams'";
        scope.report_at(Code::UnknownName, pointer, message, help);
    }
    let communications = At::ROOT.key("communications");
    for (index, one) in draft.communications.iter().enumerate() {
        let here = communications.index(index);
        let nobody = one.channels.is_empty() && one.audience.is_empty();
        if nobody && !scope.is_unread(here, &["channels", "audience"]) {
            let message = format!("'{}' goes to nobody", one.title);
            let help = "add 'audience:' or 'channels:'";
            scope.report(Code::NobodyIsTold, here.key("title"), message, help);
        }
    }
    let parameters = At::ROOT.key("parameters");
    for (index, parameter) in draft.parameters.iter().enumerate() {
        if !fits(parameter) {
            let message = format!(
                "the default of '{}' is not a {}",
                parameter.id, parameter.kind
            );
            let here = parameters.index(index);
            scope.report(
                Code::DefaultDoesNotFit,
                here.key("default"),
                message,
                "correct the default, or the kind of the parameter",
            );
        }
    }
}

fn fits(parameter: &Parameter) -> bool {
    let Some(default) = &parameter.default else {
        return true;
    };
    match parameter.kind {
        ParameterType::Count => default.parse::<u64>().is_ok(),
        ParameterType::Flag => matches!(default.as_str(), "true" | "false"),
        ParameterType::Moment => default.parse::<phasegate_core::Timestamp>().is_ok(),
        ParameterType::Text => true,
    }
}

fn risks(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let risks = At::ROOT.key("risks");
    for (index, risk) in draft.risks.iter().enumerate() {
        if let (Some(respond), Some(recover)) = (risk.respond_within, risk.recover_within)
            && recover < respond
        {
            let message = format!("recovered within {recover}, responded to within {respond}");
            let here = risks.index(index);
            scope.report(
                Code::RecoveryBeforeResponse,
                here.key("recover-within"),
                message,
                "recovery begins with the response: give it as long or longer",
            );
        }
    }
    let experiments = At::ROOT.key("experiments");
    for (index, experiment) in draft.experiments.iter().enumerate() {
        let here = experiments.index(index);
        if experiment.abort_when.is_empty() && !scope.is_unread(here, &["abort-when"]) {
            let message = format!("nothing stops the experiment '{}'", experiment.id);
            let help = "add 'abort-when:' with a criterion";
            scope.report(Code::ExperimentWithoutAbort, here.key("id"), message, help);
        }
    }
    let tests = At::ROOT.key("tests");
    for (index, test) in draft.tests.iter().enumerate() {
        let here = tests.index(index);
        let never = test.on.is_empty() && test.schedule.is_none();
        if never && !scope.is_unread(here, &["on", "schedule"]) {
            let message = format!("nothing makes '{}' run", test.title);
            scope.report(
                Code::TestNeverRuns,
                here.key("title"),
                message,
                "add 'on:' or 'schedule:'",
            );
        }
    }
}
