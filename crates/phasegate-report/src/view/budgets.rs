//! Everything that may take only so long: steps, goings back and their steps, and the clocks of incidents, each with
//! how long it took.

use phasegate_core::{Span, Timestamp};
use phasegate_engine::program::MatrixRow;
use phasegate_engine::record::IncidentClock;
use phasegate_engine::state::State;
use serde::Serialize;

use super::incidents::IncidentView;
use super::phases::{PhaseView, StepRun};
use super::rollbacks::RollbackView;

/// A time that something may take, and the time that it took.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct BudgetView {
    /// What sort of thing it is for.
    pub sort: BudgetSort,
    /// Which one, in the plan's words.
    pub what: String,
    /// From when on it counted.
    pub at: Timestamp,
    /// How long it may take.
    pub budget: Span,
    /// How long it took; not yet over, if absent.
    pub took: Option<Span>,
    /// Was that too long, or has the journal said so before it was over?
    pub over: bool,
}

/// What a budget is for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever shows it has a word for each"
)]
pub enum BudgetSort {
    /// Until somebody looks at an incident.
    Acknowledge,
    /// Until the response to an incident is complete, from its decision on.
    Complete,
    /// Until it is decided what is done about an incident.
    Decide,
    /// A going back as a whole.
    Rollback,
    /// A step of a going back.
    RollbackStep,
    /// A step forward.
    Step,
    /// Between news of an incident.
    Update,
}

pub(super) fn of(
    state: &State,
    phases: &[PhaseView],
    rollbacks: &[RollbackView],
    incidents: &[IncidentView],
) -> Vec<BudgetView> {
    let runs = phases.iter().flat_map(|phase| &phase.runs);
    let steps = runs.flat_map(|run| &run.steps);
    let mut all: Vec<BudgetView> = steps
        .filter_map(|step| of_step(step, BudgetSort::Step))
        .collect();
    for (number, rollback) in (1u32..).zip(rollbacks) {
        all.extend(of_rollback(number, rollback));
        let steps = rollback.steps.iter();
        all.extend(steps.filter_map(|step| of_step(step, BudgetSort::RollbackStep)));
    }
    for incident in incidents {
        all.extend(of_incident(state, incident));
    }
    all.sort_by_key(|budget| budget.at);
    all
}

fn of_step(step: &StepRun, sort: BudgetSort) -> Option<BudgetView> {
    Some(BudgetView {
        sort,
        what: step.title.clone(),
        at: step.started?,
        budget: step.budget?,
        took: step.took,
        over: step.is_over_budget(),
    })
}

fn of_rollback(number: u32, rollback: &RollbackView) -> Option<BudgetView> {
    Some(BudgetView {
        sort: BudgetSort::Rollback,
        what: format!("going back {number}"),
        at: rollback.started,
        budget: rollback.limit?,
        took: rollback.took,
        over: rollback.is_over_limit(),
    })
}

fn of_incident(state: &State, incident: &IncidentView) -> Vec<BudgetView> {
    let clocks = &state.program.incidents;
    let mut rows = state.program.matrix.iter();
    let row = rows.find(|row| row.scenario == incident.scenario);
    let from_row = |limit: fn(&MatrixRow) -> Option<Span>| row.and_then(limit);
    let declared = incident.declared;
    let since = |from: Timestamp, until: Option<Timestamp>| until.map(|until| until.since(from));
    let responded = incident.decided.filter(|_| incident.responds == Some(true));
    let all = [
        (
            (BudgetSort::Acknowledge, IncidentClock::Acknowledge),
            clocks.acknowledge_within,
            Some(declared),
            since(declared, incident.acknowledged),
        ),
        (
            (BudgetSort::Decide, IncidentClock::Decide),
            from_row(|row| row.decide_within),
            Some(declared),
            since(declared, incident.decided),
        ),
        (
            (BudgetSort::Complete, IncidentClock::Complete),
            from_row(|row| row.complete_within),
            responded,
            responded.and_then(|from| since(from, incident.resolved)),
        ),
        (
            (BudgetSort::Update, IncidentClock::Update),
            clocks.update_every,
            Some(declared),
            incident.resolved.map(|_| incident.silence),
        ),
    ];
    let view = |((sort, clock), budget, from, took): (_, Option<Span>, Option<_>, Option<Span>)| {
        let (budget, at) = (budget.filter(|budget| !budget.is_zero())?, from?);
        let what = format!("incident {}: {}", incident.number, incident.scenario);
        let over = incident.late.contains(&clock) || took.is_some_and(|took| took > budget);
        Some(BudgetView {
            sort,
            what,
            at,
            budget,
            took,
            over,
        })
    };
    all.into_iter().filter_map(view).collect()
}
