//! What of a plan fires: its alerts at each of their levels, its triggers, what procedures are taken by, and its
//! objectives' burn rates.

use phasegate_core::Span;
use phasegate_criterion::{Action, Assertion, BandLevel, Condition, Criterion, Name, Test};
use phasegate_plan::Plan;
use phasegate_plan::model::{
    Condition as Declared, Procedure, Response, RollbackTarget, Severity, Trigger,
};
use phasegate_sla::slo::{BurnAlert, BurnLint, BurnSeverity, standard_pairs};

use super::rules::Untold;

/// One alert of a rule file.
pub(super) struct Alarm {
    /// `alert`, `procedure`, `slo` or `trigger`.
    pub(super) kind: &'static str,
    /// Its name in the plan; the alert's name.
    pub(super) id: String,
    pub(super) title: String,
    /// At the level that is meant.
    pub(super) criterion: Criterion,
    /// As it stands in the plan.
    pub(super) written: String,
    pub(super) severity: String,
    /// What is done then, in words.
    pub(super) response: String,
    /// In which phases it is watched; in all if empty.
    pub(super) phases: Vec<String>,
    /// How often it is looked at.
    pub(super) every: Span,
}

impl Alarm {
    /// For messages: `trigger error-rate`.
    pub(super) fn named(&self) -> String {
        format!("{} {} ({})", self.kind, self.id, self.severity)
    }
}

/// Burn rates are not looked at more often than this: their windows are minutes to days long.
const BURN_EVERY: Span = Span::from_secs(60);

/// Everything that fires, in the order of the plan.
pub(super) fn all(plan: &Plan, untold: &mut Vec<Untold>) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    for alert in &plan.alerts {
        let graded = is_graded(&alert.criterion.condition);
        let levels: &[(BandLevel, &str)] = if graded {
            &[
                (BandLevel::Warning, "warning"),
                (BandLevel::Critical, "critical"),
            ]
        } else {
            &[(
                BandLevel::Critical,
                if alert.respond.is_empty() {
                    "warning"
                } else {
                    "critical"
                },
            )]
        };
        for (at, severity) in levels {
            let Some(condition) = alert.criterion.condition.at_level(*at) else {
                continue;
            };
            let criterion = Criterion {
                condition,
                ..alert.criterion.clone()
            };
            let said = criterion.response.severity.as_ref().filter(|_| !graded);
            let mut response = Vec::from_iter(alert.action.clone());
            if *at == BandLevel::Critical {
                response.extend(alert.respond.iter().map(words));
            }
            alarms.push(Alarm {
                kind: "alert",
                id: alert.id.to_string(),
                title: alert.title.clone().unwrap_or_else(|| alert.id.to_string()),
                written: alert.criterion.to_string(),
                severity: said.map_or_else(|| (*severity).to_owned(), ToString::to_string),
                response: responses(&criterion, response),
                phases: Vec::new(),
                every: every(plan, &criterion),
                criterion,
            });
        }
    }
    alarms.extend(plan.triggers.iter().map(|trigger| {
        let phases = trigger.phases.iter().map(ToString::to_string);
        of_trigger(plan, trigger, phases.collect())
    }));
    for phase in &plan.phases {
        let of_phase = phase.triggers.iter();
        alarms.extend(of_phase.map(|one| of_trigger(plan, one, vec![phase.id.to_string()])));
    }
    alarms.extend(plan.procedures.iter().flat_map(|procedure| {
        let criteria = (1u32..).zip(&procedure.criteria);
        criteria.map(move |(number, one)| of_procedure(plan, procedure, number, one))
    }));
    alarms.extend(burn_rates(plan, untold));
    alarms
}

/// One of the criteria by which a procedure is taken by itself, called as the rollout calls it: by the procedure and its
/// number. It is as grave as a trigger is that says nothing of that.
fn of_procedure(plan: &Plan, procedure: &Procedure, number: u32, one: &Declared) -> Alarm {
    let response = words(&Response::Procedure(procedure.id.clone()));
    Alarm {
        kind: "procedure",
        id: format!("{}-{number}", procedure.id),
        title: one.title.clone().unwrap_or_else(|| procedure.title.clone()),
        written: one.criterion.to_string(),
        severity: Severity::High.to_string(),
        response: responses(&one.criterion, vec![response]),
        phases: Vec::new(),
        every: every(plan, &one.criterion),
        criterion: one.criterion.clone(),
    }
}

/// Has it levels?
fn is_graded(condition: &Condition) -> bool {
    let graded = |test: &Test| matches!(test.assertion, Assertion::Bands { .. });
    condition.tests().any(graded)
}

fn of_trigger(plan: &Plan, trigger: &Trigger, phases: Vec<String>) -> Alarm {
    Alarm {
        kind: "trigger",
        id: trigger.id.to_string(),
        title: trigger
            .title
            .clone()
            .unwrap_or_else(|| trigger.id.to_string()),
        written: trigger.criterion.to_string(),
        severity: trigger.severity.to_string(),
        response: responses(
            &trigger.criterion,
            trigger.respond.iter().map(words).collect(),
        ),
        phases,
        every: every(plan, &trigger.criterion),
        criterion: trigger.criterion.clone(),
    }
}

/// The four pairs of windows of each objective, less those that make no sense for it.
fn burn_rates(plan: &Plan, untold: &mut Vec<Untold>) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    for slo in &plan.slos {
        let of = format!("slo {}", slo.id);
        let mut leave = |what: String| {
            untold.push(Untold {
                of: of.clone(),
                what,
                left_out: true,
            });
        };
        let alert = BurnAlert::new(slo.objective, slo.period);
        let (Some(alert), Ok(name)) = (alert, Name::new(slo.id.as_str())) else {
            leave("it has no budget that could burn".to_owned());
            continue;
        };
        for pair in standard_pairs() {
            let windows = format!("{} and {}", pair.long, pair.short);
            if let Some(lint) = alert.lint(&pair).first() {
                let lint: &BurnLint = lint;
                leave(format!("over {windows}: {lint}"));
                continue;
            }
            let Ok(criterion) = alert.criterion(&name, &pair) else {
                leave(format!("over {windows}: its factor is too large"));
                continue;
            };
            let severity = match pair.severity {
                BurnSeverity::Page => "page",
                BurnSeverity::Ticket => "ticket",
            };
            alarms.push(Alarm {
                kind: "slo",
                id: format!("{}-burns-{}", slo.id, pair.long),
                title: format!(
                    "{} of {}'s error budget for {} burn within {}",
                    pair.spent, slo.id, slo.period, pair.long
                ),
                written: criterion.to_string(),
                severity: severity.to_owned(),
                response: String::new(),
                phases: Vec::new(),
                every: plan.evaluation.every.max(BURN_EVERY),
                criterion,
            });
        }
    }
    alarms
}

fn every(plan: &Plan, criterion: &Criterion) -> Span {
    let own = criterion
        .every
        .as_ref()
        .and_then(phasegate_criterion::Length::span);
    own.unwrap_or(plan.evaluation.every)
}

fn responses(criterion: &Criterion, mut all: Vec<String>) -> String {
    all.extend(
        criterion
            .response
            .actions
            .iter()
            .map(|action| match action {
                Action::Named(name) => name.to_string(),
                Action::Said(text) => text.as_str().to_owned(),
            }),
    );
    all.join("; ")
}

fn words(response: &Response) -> String {
    match response {
        Response::Hold => "the rollout stops and waits for a person".to_owned(),
        Response::Abort => "the rollout is ended".to_owned(),
        Response::Rollback(RollbackTarget::Start) => "all is rolled back".to_owned(),
        Response::Rollback(RollbackTarget::PreviousPhase) => {
            "it is rolled back to the phase before".to_owned()
        }
        Response::Rollback(RollbackTarget::Phase(phase)) => {
            format!("it is rolled back to the end of {phase}")
        }
        Response::Procedure(procedure) => format!("the procedure {procedure} is carried out"),
        Response::Return(phase) => format!("{phase} begins anew"),
        Response::Notify(notify) => format!("{} is told", notify.channel),
        Response::Rollback(_) | _ => "the plan says what is done".to_owned(),
    }
}
