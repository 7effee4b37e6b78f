//! What waits for somebody, and what comes next.

use phasegate_core::{PhaseId, Timestamp};
use serde::Serialize;

use crate::doc::{Bits, Clock};
use crate::view::{GateView, PhaseStanding, StepStanding, View};
use crate::words;

/// Something that waits for somebody.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Open {
    pub(super) since: Option<Timestamp>,
    pub(super) what: String,
}

/// What comes next in a phase.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Next {
    pub(super) phase: PhaseId,
    pub(super) title: String,
    /// Of the phase that is under way, its steps that were not reached; of others none is named.
    pub(super) steps: Vec<String>,
}

/// Holds and pauses, questions, gates that wait for their dates, incidents, and a rollback that failed.
pub(super) fn open(view: &View) -> Vec<Open> {
    let stops = view.stops.iter().filter(|stop| stop.ended.is_none());
    let stops = stops.map(|stop| Open {
        since: Some(stop.from),
        what: format!("nothing moves forward: {}", stop.why),
    });
    let questions = view.questions.iter();
    // A gate that all have approved waits for its date, or for its criteria.
    let questions = questions.filter(|asked| asked.closed.is_none() && !asked.approved);
    let questions = questions.map(|asked| {
        let roles: Vec<&str> = asked.roles.iter().map(|role| role.as_str()).collect();
        Open {
            since: Some(asked.asked),
            what: format!("{} is asked: {}", roles.join(", "), asked.text),
        }
    });
    let waits = |gate: &&GateView| gate.decision.is_none() && gate.closed.is_none();
    let gates = view.gates.iter().filter(waits);
    let gates = gates.filter_map(|gate| {
        let date = gate.not_before.filter(|date| *date > view.header.last)?;
        let date = words::moment_text(date, false);
        Some(Open {
            since: Some(gate.opened),
            what: format!("gate '{}' is not decided before {date} UTC", gate.title),
        })
    });
    let incidents = view.incidents.iter().filter(|one| one.resolved.is_none());
    let incidents = incidents.map(|one| Open {
        since: Some(one.declared),
        what: match one.drill {
            true => format!("drill {} is not over: {}", one.number, one.scenario),
            false => format!("incident {} is open: {}", one.number, one.scenario),
        },
    });
    let failed = view.rollbacks.last();
    let failed = failed.filter(|back| back.validated == Some(false) && view.header.ended.is_none());
    let failed = failed.map(|back| Open {
        since: back.ended,
        what: "the rollback failed: a person must take over".to_owned(),
    });
    let all = stops.chain(questions).chain(gates).chain(incidents);
    all.chain(failed).collect()
}

/// The rest of what is under way, then the phases that have not begun; nothing once it has ended, while it goes back
/// and where that failed.
pub(super) fn next(view: &View) -> Vec<Next> {
    let last = view.rollbacks.last();
    if view.header.ended.is_some() || last.is_some_and(|back| back.validated != Some(true)) {
        return Vec::new();
    }
    let of = |standing: PhaseStanding| {
        view.phases
            .iter()
            .filter(move |phase| phase.standing == standing)
    };
    let rest = of(PhaseStanding::Running).chain(of(PhaseStanding::Waiting));
    rest.map(|phase| {
        let run = phase.runs.last();
        let under_way = run.filter(|_| phase.standing == PhaseStanding::Running);
        let steps = under_way
            .map(|run| run.steps.as_slice())
            .unwrap_or_default();
        let waiting = steps
            .iter()
            .filter(|step| step.standing == StepStanding::Waiting);
        Next {
            phase: phase.id.clone(),
            title: phase.title.clone(),
            steps: waiting.map(|step| step.title.clone()).collect(),
        }
    })
    .collect()
}

impl Open {
    pub(super) fn bits(&self, clock: &Clock) -> Bits {
        let what = Bits::text(self.what.as_str());
        match self.since {
            Some(since) => what.and_quiet(" since ").and(clock.at(since)),
            None => what,
        }
    }
}

impl Next {
    pub(super) fn bits(&self) -> Bits {
        let title = Bits::text(self.title.as_str()).and_text(" ");
        let title = title.and_code(self.phase.as_str());
        if self.steps.is_empty() {
            return title;
        }
        title.and_text(format!(": {}", self.steps.join(", ")))
    }
}
