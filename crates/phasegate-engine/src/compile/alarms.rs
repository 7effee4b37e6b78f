//! What is watched besides criteria: one list, for all who must know them all.

use phasegate_criterion::Criterion;
use phasegate_plan::Plan;
use phasegate_plan::model::{Action, Alert, Contingency, Phase, Procedure, Trigger};

/// Something that stops a rollout, turns it back or is told as soon as it holds.
pub(super) enum Alarm<'p> {
    /// What ends an experiment, once for each step that carries it out.
    Abort(&'p Criterion),
    /// An alert that does something.
    Alert(&'p Alert),
    /// A contingency that a number tells.
    Contingency(&'p Contingency, &'p Criterion),
    /// One of the criteria by which a procedure is taken by itself.
    Procedure(&'p Procedure, &'p Criterion),
    /// A trigger, of the whole or of a phase.
    Trigger(&'p Trigger, Option<&'p Phase>),
}

impl<'p> Alarm<'p> {
    pub(super) fn criterion(&self) -> &'p Criterion {
        match self {
            Self::Abort(criterion)
            | Self::Contingency(_, criterion)
            | Self::Procedure(_, criterion) => criterion,
            Self::Alert(alert) => &alert.criterion,
            Self::Trigger(trigger, _) => &trigger.criterion,
        }
    }
}

/// All of a plan, in the order in which they are watched.
pub(super) fn alarms(plan: &Plan) -> Vec<Alarm<'_>> {
    let whole = plan.triggers.iter().map(|one| Alarm::Trigger(one, None));
    let of_phases = plan.phases.iter().flat_map(|phase| {
        let own = phase.triggers.iter();
        own.map(move |one| Alarm::Trigger(one, Some(phase)))
    });
    let alerts = plan.alerts.iter().filter(|one| !one.respond.is_empty());
    let procedures = plan.procedures.iter().flat_map(|procedure| {
        let criteria = procedure.criteria.iter();
        criteria.map(move |one| Alarm::Procedure(procedure, &one.criterion))
    });
    let contingencies = plan.contingencies.iter();
    let contingencies =
        contingencies.filter_map(|one| Some(Alarm::Contingency(one, one.when.as_ref()?)));
    let aborts = plan
        .phases
        .iter()
        .flat_map(|phase| &phase.steps)
        .filter_map(|step| match &step.action {
            Action::Experiment(run) => plan.experiments.iter().find(|one| one.id == run.id),
            _ => None,
        })
        .flat_map(|experiment| experiment.abort_when.iter().map(Alarm::Abort));
    whole
        .chain(of_phases)
        .chain(alerts.map(Alarm::Alert))
        .chain(procedures)
        .chain(contingencies)
        .chain(aborts)
        .collect()
}
