//! Criteria against the KPIs that they name. The criterion language finds the faults; here they get
//! their places and codes.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_criterion::{
    Assertion, Band, Choice, Cmp, Condition, Criterion, Fault, FaultCode, KpiRegistry, Level,
    Measure, Name, Operand, Purpose, Shape, check_policy, check_statement,
};

use super::contradictions::Asked;
use super::walk::{Met, walk};
use super::{At, Scope};
use crate::fault::{Code, Severity};
use crate::form::{ids_in, stands_in};
use crate::model::{Response, Trigger};

pub(super) fn check(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let registry = scope.registry();
    super::declarations::check(scope, &registry);
    let sourceless: BTreeSet<&str> = draft
        .kpis
        .iter()
        .filter(|kpi| kpi.source.is_none())
        .map(|kpi| kpi.id.as_str())
        .collect();
    let doubtful = doubtful(scope);
    let mut asked = Asked::default();
    walk(draft, &mut |at, met| {
        if let Met::Criterion(criterion) = met {
            let unsure = |name: &&str| doubtful.contains(name) || stands_in(name);
            if scope.is_full() || names(criterion).any(|name| unsure(&name)) {
                return;
            }
            let mut faults = phasegate_criterion::check(criterion, &registry);
            faults.extend(phasegate_criterion::check_arms(criterion, &registry));
            never(scope, criterion, at, &mut faults);
            let why = asked.add(criterion, at);
            // The same in our words, which name the measure.
            faults.retain(|fault| why.is_none() || fault.code != FaultCode::CriterionNeverHolds);
            tell(scope, at, &faults);
            if let Some(why) = why {
                let help = "correct one of the two, or join them with 'or'";
                scope.report(Code::CriterionNeverHolds, at, why, help);
            }
            for name in names(criterion) {
                if sourceless.contains(name) {
                    let message = format!("nothing answers for '{name}': it has no source");
                    let help = "add 'source:' to the KPI";
                    scope.report(Code::NoSource, at, message, help);
                }
            }
        }
    });
    numbers(scope, &registry);
    triggers(scope, &registry);
    alerts(scope);
    super::purposes::check(scope, &registry);
    together(scope);
}

/// A criterion that hangs on a test that is never true does not hold either: what waits for it never goes
/// on, and what it guards is not guarded. Where there are alternatives it is only told.
fn never(scope: &mut Scope<'_>, criterion: &Criterion, at: At<'_>, faults: &mut Vec<Fault>) {
    if matches!(criterion.condition, Condition::Any(_) | Condition::Score(_)) {
        return;
    }
    if at.is_trigger() {
        let found = faults.iter().find(|fault| is_never(fault));
        if let Some(fault) = found {
            scope.report(
                Code::TriggerNeverFires,
                at,
                fault.message.clone(),
                &fault.mend,
            );
        }
        faults.retain(|fault| !is_never(fault));
        return;
    }
    for fault in faults.iter_mut().filter(|fault| is_never(fault)) {
        fault.level = Level::Error;
    }
}

fn is_never(fault: &Fault) -> bool {
    fault.code == FaultCode::NeverTrue
}

/// What criteria and facts are checked against of a KPI.
pub(super) const ASKED_OF: [&str; 9] = [
    "baseline",
    "budget",
    "direction",
    "parts",
    "per",
    "query",
    "source",
    "target",
    "unit",
];

/// KPIs of which something could not be read that criteria are checked against: what a criterion lacks
/// may be just that.
fn doubtful<'d>(scope: &Scope<'d>) -> BTreeSet<&'d str> {
    let kpis = At::ROOT.key("kpis");
    let numbered = scope.draft.kpis.iter().enumerate();
    numbered
        .filter(|(index, _)| scope.is_unread(kpis.index(*index), &ASKED_OF))
        .map(|(_, kpi)| kpi.id.as_str())
        .collect()
}

/// So many pairs of comparisons, of criteria and of triggers, are compared with each other: fifty triggers with
/// two thousand criteria.
const PAIRS_MAX: usize = 100_000;

/// Does a value pass all of a phase's criteria and fire a trigger that is watched in it at once? What lies between the
/// two is watched, and no fault; what only tells sends nothing back.
fn together(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let comparisons = |criterion: &Criterion| criterion.condition.tests().count();
    let phases = At::ROOT.key("phases");
    let mut pairs = 0;
    for (index, phase) in draft.phases.iter().enumerate() {
        let watched = |one: &&Trigger| one.phases.is_empty() || one.phases.contains(&phase.id);
        let whole = draft.triggers.iter().filter(watched);
        let back = whole.chain(&phase.triggers).filter(|one| one.acts());
        let mut all: Vec<_> = back
            .map(|one| (&one.criterion, Purpose::Rollback))
            .collect();
        let behind: usize = all.iter().map(|(one, _)| comparisons(one)).sum();
        let list = phases.index(index);
        let list = list.key("criteria");
        let criteria = phase.criteria.iter().map(|one| &one.criterion);
        let compared: usize = criteria.clone().map(comparisons).sum();
        pairs += compared.saturating_mul(behind).max(draft.triggers.len());
        if pairs > PAIRS_MAX {
            return;
        }
        if compared == 0 || behind == 0 {
            continue;
        }
        all.extend(criteria.clone().map(|one| (one, Purpose::Pass)));
        let faults = phasegate_criterion::check_together(&all);
        let overlaps = faults
            .into_iter()
            .filter(|fault| fault.code == FaultCode::BandsOverlap);
        // Each is told at the first that speaks of its measure.
        let mut first = BTreeMap::new();
        for (number, criterion) in criteria.enumerate() {
            for test in criterion.condition.tests() {
                first.entry(test.subject.to_string()).or_insert(number);
            }
        }
        for fault in overlaps {
            let number = first.get(&fault.about).copied().unwrap_or_default();
            tell(scope, list.index(number), &[fault]);
        }
    }
}

impl Trigger {
    /// Does it do anything besides telling?
    pub(super) fn acts(&self) -> bool {
        let mut responses = self.respond.iter();
        responses.any(|response| !matches!(response, Response::Notify(_)))
    }
}

fn numbers(scope: &mut Scope<'_>, registry: &KpiRegistry) {
    let draft = scope.draft;
    let facts = At::ROOT.key("facts");
    let doubtful = doubtful(scope);
    for (index, note) in draft.facts.iter().enumerate() {
        let here = facts.index(index);
        let names_one = || {
            let text = note.fact.to_string();
            ids_in(&text).any(|word| doubtful.contains(word))
        };
        if !doubtful.is_empty() && names_one() {
            continue;
        }
        let faults = check_statement(&note.fact, registry);
        tell(scope, here.key("fact"), &faults);
    }
    let scaling = At::ROOT.key("scaling");
    for (index, one) in draft.scaling.iter().enumerate() {
        let policies = scaling.index(index);
        let policies = policies.key("policies");
        for (index, policy) in one.policies.iter().enumerate() {
            let faults = check_policy(policy, registry);
            tell(scope, policies.index(index), &faults);
        }
    }
}

/// Tells the criterion language's faults at a place, under our codes.
pub(super) fn tell(scope: &mut Scope<'_>, at: At<'_>, faults: &[Fault]) {
    for fault in faults {
        tell_at(scope, &at, fault);
    }
}

/// Tells one of them.
pub(super) fn tell_at(scope: &mut Scope<'_>, at: &dyn std::fmt::Display, fault: &Fault) {
    let (kpi, slo) = (FaultCode::UnknownKpi, FaultCode::UnknownSlo);
    if fault.code == kpi && scope.may_name_within("kpis", &fault.about)
        || fault.code == slo && scope.may_name_within("slos", &fault.about)
    {
        return;
    }
    let slug = fault.code.text();
    let found = Code::ALL.iter().copied().find(|code| code.slug() == slug);
    let code = found.unwrap_or(match fault.level {
        Level::Error => Code::InvalidCriterion,
        Level::Warning => Code::PercentOfWhat,
    });
    let severity = match fault.level {
        Level::Error => Severity::Error,
        Level::Warning => Severity::Warning,
    };
    // It names the KPI in quotes.
    let unknown =
        (fault.message.split('\'').nth(1)).filter(|_| fault.code == FaultCode::UnknownKpi);
    let Some(name) = unknown else {
        scope.report_as(code, severity, at, &fault.message, &fault.mend);
        return;
    };
    let all = scope.draft.kpis.iter().map(|kpi| kpi.id.as_str());
    let near = crate::form::closest(name, all).map(|near| format!("did you mean '{near}'?"));
    let help = near.unwrap_or_else(|| fault.mend.clone());
    scope.report_word((code, severity), at, name, &fault.message, &help);
}

/// The KPIs that a criterion names.
pub(super) fn names(criterion: &Criterion) -> impl Iterator<Item = &str> {
    let tests = criterion.condition.tests();
    tests.flat_map(|test| kpis(&test.subject.measure))
}

/// The KPIs that a measure is made of.
fn kpis(measure: &Measure) -> impl Iterator<Item = &str> {
    let mut inner = measure;
    while let Measure::Change(of) = inner {
        inner = of;
    }
    let (choice, name) = match inner {
        Measure::Aggregate { of, .. } => (Some(of), None),
        Measure::Apdex { of, .. } | Measure::Below { of, .. } => (None, Some(of)),
        Measure::Plain { kpi, .. } => (None, Some(kpi)),
        Measure::BudgetLeft { .. }
        | Measure::BurnRate { .. }
        | Measure::Change(_)
        | Measure::Query(_) => (None, None),
    };
    let names = choice.into_iter().flat_map(Choice::names).chain(name);
    names.map(Name::as_str)
}

/// The thresholds of a criterion that compare one KPI with one value.
pub(super) fn thresholds(criterion: &Criterion) -> Vec<(&str, Cmp, phasegate_core::Quantity)> {
    let mut out = Vec::new();
    for test in criterion.condition.tests() {
        let found = match &test.assertion {
            Assertion::Compare(Band {
                op,
                value: Operand::Value(value),
            }) => Some((*op, value)),
            Assertion::Reach { op, to, .. } => Some((op.unwrap_or(Cmp::GreaterOrEqual), to)),
            Assertion::Compare(_)
            | Assertion::Bands { .. }
            | Assertion::Comparable(_)
            | Assertion::NoWorse(_)
            | Assertion::Stable
            | Assertion::Within(_) => None,
        };
        let plain = !matches!(test.subject.measure, Measure::Change(_));
        let mut kpis = kpis(&test.subject.measure);
        if let (Some((op, value)), Some(kpi), None, true) = (found, kpis.next(), kpis.next(), plain)
        {
            out.push((kpi, op, value.quantity().clone()));
        }
    }
    out
}

fn triggers(scope: &mut Scope<'_>, registry: &KpiRegistry) {
    let draft = scope.draft;
    let all = At::ROOT.key("triggers");
    for (index, one) in draft.triggers.iter().enumerate() {
        trigger(scope, one, all.index(index), registry);
    }
    let phases = At::ROOT.key("phases");
    let known = draft.phases_by_id();
    for (index, phase) in draft.phases.iter().enumerate() {
        let here = phases.index(index);
        let triggers = here.key("triggers");
        for (index, one) in phase.triggers.iter().enumerate() {
            let here = triggers.index(index);
            trigger(scope, one, here, registry);
            let mut named = one.phases.iter().map(phasegate_core::PhaseId::as_str);
            if !one.phases.contains(&phase.id) && named.any(|id| known.contains_key(id)) {
                let message = format!(
                    "a trigger of the phase '{}' is watched in no other",
                    phase.id
                );
                let help = "leave 'phases' out, or move it to the plan's own triggers";
                scope.report(Code::TriggerNeverFires, here.key("phases"), message, help);
            }
        }
    }
    let procedures = At::ROOT.key("procedures");
    for (index, procedure) in draft.procedures.iter().enumerate() {
        let here = procedures.index(index);
        let list = here.key("criteria");
        for (index, one) in procedure.criteria.iter().enumerate() {
            let here = list.index(index);
            fires(
                scope,
                &procedure.id,
                &one.criterion,
                here.key("criterion"),
                registry,
            );
        }
    }
}

fn trigger(scope: &mut Scope<'_>, trigger: &Trigger, here: At<'_>, registry: &KpiRegistry) {
    if trigger.respond.is_empty() && !scope.is_unread(here, &["respond"]) {
        let message = format!("nothing is done when '{}' fires", trigger.id);
        let help = "add 'respond: [{rollback: start}]'";
        scope.report(Code::TriggerWithoutResponse, here.key("id"), message, help);
    }
    let at = here.key("criterion");
    fires(scope, &trigger.id, &trigger.criterion, at, registry);
}

/// What is to start something by itself must be able to.
fn fires(
    scope: &mut Scope<'_>,
    name: &impl std::fmt::Display,
    criterion: &Criterion,
    at: At<'_>,
    registry: &KpiRegistry,
) {
    let mut assertions = criterion.condition.tests().map(|test| &test.assertion);
    if assertions.any(|assertion| matches!(assertion, Assertion::Bands { .. })) {
        let message = format!("'{name}' fires or it does not: bands are two levels");
        let help =
            "write the one at which it fires, such as '> 600ms'; levels stand under 'alerts'";
        scope.report(Code::BandsInTrigger, at, message, help);
    }
    if let [(kpi, op, bound)] = thresholds(criterion).as_slice()
        && let Ok(id) = phasegate_core::KpiId::new(*kpi)
        && let Some(kpi) = registry.kpi(&id)
        && out_of_reach(kpi.shape, *op, bound)
        && !is_told(criterion, registry)
    {
        scope.report(
            Code::TriggerNeverFires,
            at,
            format!("no value of '{id}' is {} {bound}", op.text()),
            "a share lies between 0% and 100%; other numbers that are counted are not negative",
        );
    }
}

/// Alerts that do something at their critical level must have one.
fn alerts(scope: &mut Scope<'_>) {
    let alerts = At::ROOT.key("alerts");
    for (index, alert) in scope.draft.alerts.iter().enumerate() {
        let condition = &alert.criterion.condition;
        let mut levels = condition.tests().map(|test| match &test.assertion {
            Assertion::Bands { crit, .. } => crit.is_some(),
            Assertion::Comparable(_)
            | Assertion::Compare(_)
            | Assertion::NoWorse(_)
            | Assertion::Reach { .. }
            | Assertion::Stable
            | Assertion::Within(_) => true,
        });
        let one_is_enough = matches!(condition, Condition::Any(_) | Condition::Score(_));
        let critical = if one_is_enough && condition.tests().next().is_some() {
            levels.any(|is| is)
        } else {
            levels.all(|is| is)
        };
        if !critical && !alert.respond.is_empty() {
            let message = format!("'{}' has no critical level at which this is done", alert.id);
            let help = "add 'crit > ...' behind the level of the warning";
            let here = alerts.index(index);
            scope.report(Code::AlertNeverCritical, here.key("respond"), message, help);
        }
    }
}

/// Does the criterion language itself say that no value meets the bound?
fn is_told(criterion: &Criterion, registry: &KpiRegistry) -> bool {
    let faults = phasegate_criterion::check(criterion, registry);
    let mut codes = faults.iter().map(|fault| fault.code);
    codes.any(|code| matches!(code, FaultCode::LimitOutOfRange | FaultCode::NeverTrue))
}

/// Can no value of this shape meet the bound?
fn out_of_reach(shape: Shape, op: Cmp, bound: &phasegate_core::Quantity) -> bool {
    let compare = |text: &str| {
        let limit = text.parse::<phasegate_core::Quantity>().ok();
        limit.and_then(|limit| bound.compare(&limit))
    };
    let share = matches!(shape, Shape::Ratio | Shape::Score);
    let below_zero = bound.number().is_negative() && !matches!(shape, Shape::Gauge);
    let zero = bound.number().is_zero() && !matches!(shape, Shape::Gauge);
    let (above, whole) = if share {
        let order = compare("100%").or_else(|| compare("1"));
        (
            order.is_some_and(std::cmp::Ordering::is_gt),
            order.is_some_and(std::cmp::Ordering::is_eq),
        )
    } else {
        (false, false)
    };
    match op {
        Cmp::Greater => above || whole,
        Cmp::GreaterOrEqual => above,
        Cmp::Less => below_zero || zero,
        Cmp::LessOrEqual => below_zero,
        Cmp::Equal => above || below_zero,
        Cmp::NotEqual => false,
    }
}
