//! Incidents that people or systems declared: each with its timeline, its clocks, and what was done afterwards.

use std::collections::BTreeMap;

use phasegate_core::{PersonId, Span, Timestamp};
use phasegate_engine::program::Severity;
use phasegate_engine::record::{Body, IncidentClock, IncidentStep};
use serde::Serialize;

use super::Step;
use crate::words;

/// An incident.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct IncidentView {
    /// Counts the incidents of one rollout, from 1.
    pub number: u64,
    /// Which scenario of the plan.
    pub scenario: String,
    /// What happened, in the plan's words; the plan may have no row for it.
    pub title: Option<String>,
    /// How grave the plan says that is.
    pub severity: Option<Severity>,
    /// When it was declared.
    pub declared: Timestamp,
    /// By whom.
    pub by: PersonId,
    /// On what that rests.
    pub evidence: String,
    /// It has not happened: what is done when it does was rehearsed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub drill: bool,
    /// When the first message about it had arrived, as far as its adapter knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered: Option<Timestamp>,
    /// When somebody said that they look at it.
    pub acknowledged: Option<Timestamp>,
    /// When it was decided whether the plan's response is carried out.
    pub decided: Option<Timestamp>,
    /// Was it to be?
    pub responds: Option<bool>,
    /// When it was over.
    pub resolved: Option<Timestamp>,
    /// The longest time without news while it was open.
    pub silence: Span,
    /// What was done afterwards.
    pub follow_ups: Vec<FollowUp>,
    /// The clocks that ran out, in order; one may run out again.
    pub late: Vec<IncidentClock>,
    /// Each step of it.
    pub timeline: Vec<IncidentMoment>,
    #[serde(skip)]
    news: Timestamp,
}

/// Something that was done after an incident.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct FollowUp {
    /// When it was said.
    pub at: Timestamp,
    /// Who said so.
    pub by: PersonId,
    /// What was done.
    pub text: String,
}

/// A step of an incident.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct IncidentMoment {
    /// When.
    pub at: Timestamp,
    /// What, in words.
    pub text: String,
}

#[derive(Default)]
pub(super) struct Fold {
    incidents: BTreeMap<u64, IncidentView>,
}

impl Fold {
    pub(super) fn take(&mut self, step: &Step<'_>) {
        self.arrived(step);
        let Body::Incident { number, step: what } = &step.record.body else {
            return;
        };
        let at = step.record.at();
        if let IncidentStep::Declared {
            scenario,
            by,
            evidence,
            drill,
        } = what
        {
            let mut rows = step.after.program.matrix.iter();
            let row = rows.find(|row| row.scenario == *scenario);
            let incident = IncidentView {
                number: *number,
                scenario: scenario.clone(),
                title: row.map(|row| row.title.clone()),
                severity: row.map(|row| row.severity),
                declared: at,
                by: by.clone(),
                evidence: evidence.clone(),
                drill: *drill,
                delivered: None,
                acknowledged: None,
                decided: None,
                responds: None,
                resolved: None,
                silence: Span::ZERO,
                follow_ups: Vec::new(),
                late: Vec::new(),
                timeline: Vec::new(),
                news: at,
            };
            self.incidents.insert(*number, incident);
        }
        if let Some(incident) = self.incidents.get_mut(number) {
            incident.take(what, at);
            let text = words::incident_step(what);
            incident.timeline.push(IncidentMoment { at, text });
        }
    }

    /// Messages arrive at any time.
    fn arrived(&mut self, step: &Step<'_>) {
        if let Body::Concluded { .. } = &step.record.body {
            for (number, state) in &step.after.incidents {
                if let Some(incident) = self.incidents.get_mut(number) {
                    incident.delivered = state.delivered.map(|now| now.wall);
                }
            }
        }
    }

    pub(super) fn finish(self) -> Vec<IncidentView> {
        self.incidents.into_values().collect()
    }
}

impl IncidentView {
    fn take(&mut self, step: &IncidentStep, at: Timestamp) {
        match step {
            IncidentStep::Acknowledged { .. } => self.acknowledged = self.acknowledged.or(Some(at)),
            IncidentStep::Decided { respond, .. } => {
                self.decided = Some(at);
                self.responds = Some(*respond);
            }
            IncidentStep::Called { .. } | IncidentStep::Declared { .. } => {}
            IncidentStep::FollowedUp { by, text } => self.follow_ups.push(FollowUp {
                at,
                by: by.clone(),
                text: text.clone(),
            }),
            IncidentStep::Late { clock } => self.late.push(*clock),
            IncidentStep::Resolved { .. } => {
                self.news(at);
                self.resolved = Some(at);
            }
            IncidentStep::Updated { .. } => self.news(at),
        }
    }

    fn news(&mut self, at: Timestamp) {
        if self.resolved.is_none() {
            self.silence = self.silence.max(at.since(self.news));
            self.news = at;
        }
    }
}
