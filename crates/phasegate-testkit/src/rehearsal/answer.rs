//! What a rollout did about a fault, beside what its plan says.

use std::fmt;

use phasegate_core::{PhaseId, Ratio, Span};
use phasegate_engine::program::{Back, Response, holds_plan_gates};
use phasegate_engine::record::{Body, Outcome, Place, Record};

use super::{Fault, Rehearsal};

/// What a rollout did about a fault.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct FaultAnswer {
    /// What the plan says.
    pub says: Option<Response>,
    /// What was done first; nothing if nothing answered it.
    pub did: Option<Response>,
    /// How long that took, from when the fault was there.
    pub after: Option<Span>,
    /// The phases that were taken back, latest first.
    pub undone: Vec<PhaseId>,
    /// Was the way back validated? `None` without one.
    pub validated: Option<bool>,
    /// How long the way back took.
    pub back_within: Option<Span>,
    /// Operations of phases that began after the answer, when nothing should.
    pub moved_on: Vec<String>,
    /// How the rollout ended, if it did.
    pub outcome: Option<Outcome>,
    /// The largest share that saw the new version at the end.
    pub exposure: Ratio,
}

impl FaultAnswer {
    pub(super) fn of(rehearsal: &Rehearsal, fault: &Fault) -> Self {
        let program = &rehearsal.program;
        let records = &rehearsal.records;
        let response = |record: &Record| fault.response(program, &record.body);
        let at = records.iter().position(|record| response(record).is_some());
        let there = records.iter().find(|record| strikes(fault, record));
        let answered = at.and_then(|at| records.get(at));
        let later = at.and_then(|at| records.get(at..)).unwrap_or_default();
        let mut answer = Self {
            says: fault.says(program),
            did: answered.and_then(response),
            after: answered
                .zip(there)
                .map(|(answered, there)| answered.at().since(there.at())),
            undone: Vec::new(),
            validated: None,
            back_within: None,
            moved_on: Vec::new(),
            outcome: rehearsal.outcome,
            exposure: rehearsal.exposure,
        };
        for record in later {
            match &record.body {
                Body::RollbackStarted { phases, .. } => answer.undone.clone_from(phases),
                Body::RollbackEnded { validated } => {
                    answer.validated = Some(*validated);
                    answer.back_within = answered.map(|a| record.at().since(a.at()));
                }
                Body::OpStarted {
                    place: Place::Phase { phase, .. },
                    step,
                } => answer.moved_on.push(format!("{phase}/{step}")),
                _ => {}
            }
        }
        answer
    }

    /// Did it do what the plan says, to the end of it? Held: nothing moved on. Gone back: validated, and nothing moved
    /// on. No answer where the plan has none: it was completed. Whether anybody still sees the new version is
    /// [`FaultAnswer::exposure`]: a way back takes back what its steps say.
    pub fn is_as_planned(&self) -> bool {
        let stays = self.moved_on.is_empty();
        self.did == self.says
            && match &self.did {
                None => self.outcome == Some(Outcome::Completed),
                Some(Response::Hold) => stays && self.undone.is_empty(),
                Some(Response::Rollback(back)) => {
                    let at_start = *back == Back::Start;
                    let ended = !at_start || self.outcome == Some(Outcome::RolledBack);
                    stays && ended && self.validated == Some(true)
                }
            }
    }
}

/// Does the fault begin with this record?
fn strikes(fault: &Fault, record: &Record) -> bool {
    matches!(&record.body, Body::OpStarted { place, .. } if *place == fault.place())
}

impl fmt::Display for FaultAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.did {
            None => f.write_str("nothing answered it")?,
            Some(Response::Hold) => f.write_str("held for a person")?,
            Some(Response::Rollback(back)) => match back {
                Back::Before(phase) => write!(f, "went back to before {phase}")?,
                Back::Phase(phase) => write!(f, "went back to {phase}")?,
                Back::Previous => f.write_str("went back to the phase before")?,
                Back::Procedure(procedure) => write!(f, "took the procedure {procedure}")?,
                Back::Start => f.write_str("went back to the start")?,
            },
        }
        if let Some(after) = self.after {
            write!(f, " after {}", after.rounded())?;
        }
        match (self.back_within, self.validated) {
            (Some(within), Some(true)) => {
                // Gates of the whole plan are asked anew; they are no phases.
                let own = self.undone.iter().filter(|id| !holds_plan_gates(id));
                let phases = match own.count() {
                    1 => "1 phase".to_owned(),
                    count => format!("{count} phases"),
                };
                write!(f, ", undid {phases} in {}", within.rounded())?;
            }
            (Some(_), Some(false)) => f.write_str(", and that could not be validated")?,
            _ => {}
        }
        if matches!(self.did, Some(Response::Rollback(Back::Start))) && self.exposure > Ratio::ZERO
        {
            write!(
                f,
                "; {} still see the new version, which its steps do not take back",
                self.exposure
            )?;
        }
        f.write_str(if self.is_as_planned() {
            ": as the plan says"
        } else {
            ": NOT what the plan says"
        })
    }
}
