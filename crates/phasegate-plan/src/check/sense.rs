//! What is well-formed and still cannot have been meant.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_criterion::Cmp;

use super::criteria::thresholds;
use super::{At, Scope};
use crate::fault::Code;
use crate::model::{
    Gate, GateWhen, Parameter, ParameterType, Resource, Response, Rollback, Severity, TimeoutAnswer,
};

pub(super) fn check(scope: &mut Scope<'_>) {
    gates(scope);
    phases(scope);
    rollbacks(scope);
    order(scope);
    people(scope);
    risks(scope);
    goals(scope);
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
        let done = ["steps", "activities", "gates", "watch", "outline"];
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

fn rollbacks(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    if let Some(rollback) = &draft.rollback {
        estimate(scope, rollback, At::ROOT.key("rollback"));
    }
    let phases = At::ROOT.key("phases");
    for (index, phase) in draft.phases.iter().enumerate() {
        if let Some(rollback) = &phase.rollback {
            let here = phases.index(index);
            estimate(scope, rollback, here.key("rollback"));
        }
    }
    let procedures = At::ROOT.key("procedures");
    for (index, procedure) in draft.procedures.iter().enumerate() {
        let here = procedures.index(index);
        estimate(scope, &procedure.rollback, here.key("rollback"));
        super::phases::way_back(scope, &procedure.rollback, here.key("rollback"));
    }
}

fn estimate(scope: &mut Scope<'_>, rollback: &Rollback, here: At<'_>) {
    if let (Some(estimate), Some(limit)) = (rollback.estimate, rollback.limit)
        && estimate > limit
    {
        let message = format!("it is expected to take {estimate}, and may take {limit}");
        scope.report(
            Code::EstimateExceedsLimit,
            here.key("estimate"),
            message,
            "expect less, or allow more",
        );
    }
}

/// What is graver must not have more time.
fn order(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let mut fastest = Fastest::default();
    for row in &draft.matrix {
        fastest.note(row.severity, row.decide_within);
    }
    let matrix = At::ROOT.key("matrix");
    for (index, row) in draft.matrix.iter().enumerate() {
        if let (Some(mine), Some(other)) = (row.decide_within, fastest.below(row.severity))
            && mine > other
        {
            let message = format!(
                "this is {} and has {mine} to be decided; what is less grave has {other}",
                row.severity
            );
            let here = matrix.index(index);
            scope.report(
                Code::SeverityOrder,
                here.key("decide-within"),
                message,
                "give what is graver as little time or less",
            );
        }
    }
    completed(scope);
    too_slow(scope);
    let mut fastest = Fastest::default();
    for one in &draft.escalation {
        fastest.note(one.severity, one.answer_within);
    }
    let escalation = At::ROOT.key("escalation");
    for (index, one) in draft.escalation.iter().enumerate() {
        if let (Some(mine), Some(other)) = (one.answer_within, fastest.below(one.severity))
            && mine > other
        {
            let message = format!(
                "{} may wait {mine} for an answer; what is less grave waits {other}",
                one.severity
            );
            let here = escalation.index(index);
            scope.report(
                Code::SeverityOrder,
                here.key("answer-within"),
                message,
                "give what is graver as little time or less",
            );
        }
    }
}

/// The time for carrying out what was decided, by severity.
fn completed(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let mut fastest = Fastest::default();
    for row in &draft.matrix {
        fastest.note(row.severity, row.complete_within);
    }
    let matrix = At::ROOT.key("matrix");
    for (index, row) in draft.matrix.iter().enumerate() {
        if let (Some(mine), Some(other)) = (row.complete_within, fastest.below(row.severity))
            && mine > other
        {
            let message = format!(
                "this is {} and has {mine} to be carried out; what is less grave has {other}",
                row.severity
            );
            let here = matrix.index(index);
            let here = here.key("complete-within");
            scope.report(
                Code::SeverityOrder,
                here,
                message,
                "give what is graver as little time or less",
            );
        }
    }
}

/// Rows that give a way back less time than even the quickest of the plan is expected to take.
fn too_slow(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let own = draft
        .phases
        .iter()
        .filter_map(|phase| phase.rollback.as_ref());
    let all = draft.rollback.iter().chain(own);
    let all: Option<Vec<_>> = all.map(|rollback| rollback.estimate).collect();
    let Some(quickest) = all.and_then(|all| all.into_iter().min()) else {
        return;
    };
    let matrix = At::ROOT.key("matrix");
    for (index, row) in draft.matrix.iter().enumerate() {
        let mut responses = row.respond.iter();
        let back = responses.any(|one| matches!(one, Response::Rollback(_) | Response::Return(_)));
        if let Some(limit) = row
            .complete_within
            .filter(|limit| back && quickest > *limit)
        {
            let message =
                format!("a rollback is expected to take {quickest}, and is given {limit}");
            let help = "give it more time, or correct the estimate of the rollback";
            let here = matrix.index(index);
            let here = here.key("complete-within");
            scope.report(Code::EstimateExceedsLimit, here, message, help);
        }
    }
}

/// The shortest time that anything of a severity has.
#[derive(Default)]
struct Fastest(BTreeMap<Severity, phasegate_core::Span>);

impl Fastest {
    fn note(&mut self, severity: Severity, span: Option<phasegate_core::Span>) {
        if let Some(span) = span {
            let slot = self.0.entry(severity).or_insert(span);
            *slot = span.min(*slot);
        }
    }

    fn below(&self, severity: Severity) -> Option<phasegate_core::Span> {
        self.0.range(..severity).map(|(_, span)| *span).min()
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

/// What a phase asks of a KPI, for its least or its most, where that is what the goal is about.
fn goals(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let mut reached: BTreeMap<(&str, bool), phasegate_core::Quantity> = BTreeMap::new();
    for phase in &draft.phases {
        for condition in &phase.criteria {
            for (kpi, op, bound) in thresholds(&condition.criterion) {
                let Some(up) = upwards(op) else { continue };
                let best = reached.entry((kpi, up)).or_insert_with(|| bound.clone());
                if better(&bound, best, up) {
                    *best = bound;
                }
            }
        }
    }
    // A target that a goal repeats is one fact.
    let mut told: BTreeMap<(&str, bool), phasegate_core::Quantity> = BTreeMap::new();
    let kpis = At::ROOT.key("kpis");
    for (index, kpi) in draft.kpis.iter().enumerate() {
        let Some(target) = &kpi.target else { continue };
        let up = match target.op {
            Some(op) => upwards(op),
            None => Some(kpi.direction != crate::model::KpiDirection::Lower),
        };
        let here = kpis.index(index);
        if let Some(up) = up {
            let key = (kpi.id.as_str(), up);
            let here = here.key("target");
            if beyond(scope, &reached, key, &target.value, here) {
                told.insert(key, target.value.clone());
            }
        }
    }
    let goals = At::ROOT.key("goals");
    for (index, goal) in draft.goals.iter().enumerate() {
        let list = goals.index(index);
        let list = list.key("criteria");
        for (number, condition) in goal.criteria.iter().enumerate() {
            for (kpi, op, bound) in thresholds(&condition.criterion) {
                let Some(up) = upwards(op) else { continue };
                let same = told.get(&(kpi, up)).and_then(|told| told.compare(&bound));
                if same != Some(std::cmp::Ordering::Equal) {
                    beyond(scope, &reached, (kpi, up), &bound, list.index(number));
                }
            }
        }
    }
}

fn beyond(
    scope: &mut Scope<'_>,
    reached: &BTreeMap<(&str, bool), phasegate_core::Quantity>,
    key: (&str, bool),
    goal: &phasegate_core::Quantity,
    at: At<'_>,
) -> bool {
    let short = reached.get(&key).filter(|best| better(goal, best, key.1));
    if let Some(best) = short {
        let message = format!(
            "'{}' is to reach {goal}, and the phases' criteria stop at {best}",
            key.0
        );
        let help = "add a criterion that reaches it to a later phase";
        scope.report(Code::GoalBeyondCriteria, at, message, help);
    }
    short.is_some()
}

fn upwards(op: Cmp) -> Option<bool> {
    if op.is_lower_bound() {
        Some(true)
    } else if op.is_upper_bound() {
        Some(false)
    } else {
        None
    }
}

fn better(a: &phasegate_core::Quantity, b: &phasegate_core::Quantity, up: bool) -> bool {
    let order = a.compare(b);
    order.is_some_and(|order| if up { order.is_gt() } else { order.is_lt() })
}
