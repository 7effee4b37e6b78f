//! What occurred in a run: faults that struck, steps that began, acts that were taken.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_engine::program::Back;
use phasegate_engine::record::{
    Body, Cause, Finish, GateReason, IncidentClock, IncidentStep, MaintenanceStep, Outcome, Place,
    Record,
};

use super::{Case, by_scaling};
use crate::simulation::Simulation;

impl Case {
    /// Adds what occurred in a run to a table.
    pub(super) fn count(
        &self,
        records: &[Record],
        simulation: &Simulation,
        counts: &mut BTreeMap<String, u64>,
    ) {
        let mut add = |name: String, by: u64| *counts.entry(name).or_default() += by;
        for (fault, times) in simulation.struck() {
            add(format!("fault: {fault}"), *times);
        }
        if !self.world.outages.is_empty() {
            add("fault: provider out".to_owned(), 1);
        }
        if !self.world.regressions.is_empty() {
            add("fault: regression".to_owned(), 1);
        }
        let refused = simulation.refused_amendments().len();
        if refused > 0 {
            add(
                "act: amend: not permitted".to_owned(),
                u64::try_from(refused).unwrap_or(0),
            );
        }
        let mut begun = BTreeSet::new();
        if decided_at_a_phase(records) {
            add("act: undecided at the next phase".to_owned(), 1);
        }
        for record in records {
            if let Some(act) = act(&record.body) {
                add(format!("act: {act}"), 1);
            }
            if let Body::OpStarted {
                place: Place::Phase { phase, .. },
                step,
            } = &record.body
            {
                begun.insert((phase.to_string(), step.to_string()));
            }
        }
        // After a rollback has failed only a person starts another.
        let after_failure = records.iter().skip_while(|r| !is_failed_end(&r.body));
        let again = after_failure.filter(|r| matches!(r.body, Body::RollbackStarted { .. }));
        let again = u64::try_from(again.count()).unwrap_or(0);
        if again > 0 {
            add("act: retry-rollback".to_owned(), again);
        }
        let taken = records.last().is_some_and(|r| {
            matches!(
                r.body,
                Body::Finished {
                    outcome: Outcome::RollbackFailed
                }
            )
        });
        if taken {
            add("act: take-over".to_owned(), 1);
        }
        for (step, kind) in self.steps() {
            if begun.contains(&step) {
                add(format!("step: {kind}"), 1);
            }
        }
    }

    /// Each step, by phase and id, with its kind.
    fn steps(&self) -> Vec<((String, String), &'static str)> {
        let mut kinds = self.kinds.iter();
        let mut phase = String::new();
        let mut steps = Vec::new();
        for line in self.plan.lines() {
            if let Some(id) = line.strip_prefix("  - id: p") {
                phase = format!("p{id}");
            } else if let Some(rest) = line.strip_prefix("      - {id: ")
                && let Some((id, _)) = rest.split_once(',')
                && !phase.is_empty()
                && !id.starts_with('g')
                && let Some(kind) = kinds.next()
            {
                steps.push(((phase.clone(), id.to_owned()), *kind));
            }
        }
        steps
    }
}

/// Which act of an operator it records.
fn act(body: &Body) -> Option<&'static str> {
    Some(match body {
        Body::Aborted { .. } => "abort",
        Body::Amended { .. } => "amend",
        Body::Announced { .. } => "announce",
        Body::Maintenance {
            step: MaintenanceStep::Announced,
            ..
        } => "maintenance announced",
        Body::Maintenance {
            step: MaintenanceStep::Begun,
            ..
        } => "maintenance begun",
        Body::Maintenance {
            step: MaintenanceStep::Over,
            ..
        } => "maintenance over",
        Body::AnswerWithdrawn { .. } => "withdraw",
        Body::Answered(_) => "answer",
        Body::GateDecided {
            reason: GateReason::BrokenGlass { .. },
            ..
        } => "break-glass",
        Body::RollbackStarted {
            cause: Cause::Drill { .. },
            ..
        } => "drill",
        Body::RollbackStarted {
            cause: Cause::Operator { .. },
            back: Back::Previous,
            ..
        } => "roll-back",
        Body::RollbackStarted {
            cause: Cause::Criterion { check, .. },
            back: Back::Procedure(_),
            ..
        } if check.as_str().contains("-afterwards-") => "re-enable: not well",
        Body::RollbackStarted {
            back: Back::Procedure(_),
            ..
        } => "procedure",
        Body::PhaseFinished { phase } if phase.as_str() == "re-enable-part" => "re-enable",
        Body::Incident { step, .. } => match step {
            IncidentStep::Acknowledged { .. } => "acknowledge",
            IncidentStep::Called { order: 1, .. } => "called",
            IncidentStep::Called { .. } => "called: the next",
            IncidentStep::Declared { drill: false, .. } => "declare",
            IncidentStep::Declared { .. } => "drill of an incident",
            IncidentStep::FollowedUp { .. } => "follow-up",
            IncidentStep::Resolved { .. } => "resolve",
            IncidentStep::Updated { .. } => "update",
            IncidentStep::Decided { .. } | IncidentStep::Late { .. } => return None,
        },
        Body::Paused { .. } => "pause",
        Body::Released { .. } => "release",
        Body::Resumed { .. } => "resume",
        Body::Retried { .. } => "retry",
        Body::OpFinished {
            finish: Finish::Skipped { .. },
            ..
        } => "skip",
        Body::OpFinished {
            place: Place::Rollback { .. },
            finish: Finish::NotNeeded,
        } => "stages spared",
        Body::OpFinished {
            finish: Finish::TooLittle { .. },
            ..
        } => "stage not enough",
        other => return by_scaling::act(other),
    })
}

/// Was it called out that nobody had decided what is to be decided when the next phase begins?
fn decided_at_a_phase(records: &[Record]) -> bool {
    let declared = records.iter().filter_map(|record| match &record.body {
        Body::Incident {
            number,
            step:
                IncidentStep::Declared {
                    scenario,
                    drill: false,
                    ..
                },
        } if scenario == "later" => Some(*number),
        _ => None,
    });
    let declared: BTreeSet<u64> = declared.collect();
    let is_late = |record: &Record| matches!(&record.body, Body::Incident { number, step: IncidentStep::Late { clock: IncidentClock::Decide } } if declared.contains(number));
    records.iter().any(is_late)
}

fn is_failed_end(body: &Body) -> bool {
    matches!(body, Body::RollbackEnded { validated: false })
}
