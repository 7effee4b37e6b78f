//! Incidents, folded in.

use std::collections::BTreeSet;

use phasegate_core::{Now, PersonId, RoleId};

use super::State;
use crate::record::{HoldReason, IncidentClock, IncidentStep};

/// An incident.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct IncidentState {
    /// Which scenario of the plan.
    pub scenario: String,
    /// Who declared it.
    pub by: PersonId,
    /// What they saw; of a drill, why it is rehearsed.
    pub evidence: String,
    /// It is rehearsed: nothing comes of it but messages, calls and clocks.
    pub drill: bool,
    /// When it was declared.
    pub declared: Now,
    /// When the first message about it had arrived, as far as its adapter knows.
    pub delivered: Option<Now>,
    /// Who was called, in order.
    pub called: Vec<CalledState>,
    /// When somebody said that they look at it.
    pub acknowledged: Option<Now>,
    /// When it was decided, and whether the plan's response is carried out.
    pub decided: Option<(Now, bool)>,
    /// When there was news last.
    pub news: Now,
    /// When it was over.
    pub resolved: Option<Now>,
    /// What was to be done afterwards is done.
    pub followed_up: bool,
    /// Clocks that ran out and were called out.
    pub late: BTreeSet<IncidentClock>,
}

/// Somebody who was called.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct CalledState {
    /// The place of their team in the order.
    pub order: u32,
    /// Their role.
    pub role: RoleId,
    /// Who was on call.
    pub people: Vec<PersonId>,
    /// When they were called.
    pub at: Now,
}

impl IncidentState {
    /// Is this what was declared, and is it still open?
    pub(crate) fn is_declaration(&self, step: &IncidentStep) -> bool {
        let IncidentStep::Declared {
            scenario,
            by,
            evidence,
            drill,
        } = step
        else {
            return false;
        };
        let same = self.scenario == *scenario && self.by == *by && self.evidence == *evidence;
        self.resolved.is_none() && same && self.drill == *drill
    }
}

impl State {
    pub(super) fn fold_incident(
        &mut self,
        number: u64,
        step: &IncidentStep,
        now: Now,
    ) -> Result<(), &'static str> {
        if let IncidentStep::Declared {
            scenario,
            by,
            evidence,
            drill,
        } = step
        {
            let incident = IncidentState {
                scenario: scenario.clone(),
                by: by.clone(),
                evidence: evidence.clone(),
                drill: *drill,
                declared: now,
                delivered: None,
                called: Vec::new(),
                acknowledged: None,
                decided: None,
                news: now,
                resolved: None,
                followed_up: false,
                late: BTreeSet::new(),
            };
            self.incidents.insert(number, incident);
            return Ok(());
        }
        let incident = self.incidents.get_mut(&number).ok_or("no such incident")?;
        match step {
            IncidentStep::Acknowledged { .. } => incident.acknowledged = Some(now),
            IncidentStep::Called {
                order,
                role,
                people,
            } => {
                incident.called.push(CalledState {
                    order: *order,
                    role: role.clone(),
                    people: people.clone(),
                    at: now,
                });
                // They have the same time as those who were called before.
                incident.late.remove(&IncidentClock::Acknowledge);
            }
            IncidentStep::Decided { respond, .. } => {
                incident.decided = Some((now, *respond));
                // What waited for the decision need not wait any more.
                let waits = |hold: &HoldReason| matches!(hold, HoldReason::Incident { number: of, .. } if *of == number);
                self.holds.retain(|hold| !waits(hold));
            }
            IncidentStep::Declared { .. } => {}
            IncidentStep::FollowedUp { .. } => incident.followed_up = true,
            IncidentStep::Late { clock } => {
                incident.late.insert(*clock);
            }
            IncidentStep::Resolved { .. } => {
                incident.resolved = Some(now);
                incident.news = now;
            }
            IncidentStep::Updated { .. } => {
                incident.news = now;
                // The next silence is a new one.
                incident.late.remove(&IncidentClock::Update);
            }
        }
        if matches!(
            step,
            IncidentStep::Decided { .. } | IncidentStep::Resolved { .. }
        ) {
            self.close_incident_asks(number);
        }
        Ok(())
    }
}
