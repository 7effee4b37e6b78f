//! The decision matrix and the clocks of incidents.

use phasegate_plan::model;

use super::{CompileError, Compiler};
use crate::program::{IncidentClocks, MatrixRow, Severity, TimeoutDecision};

impl Compiler<'_> {
    pub(super) fn matrix(&self) -> Result<Vec<MatrixRow>, CompileError> {
        let mut rows = Vec::new();
        for row in &self.plan.matrix {
            rows.push(MatrixRow {
                scenario: row.id.to_string(),
                title: row.scenario.clone(),
                severity: severity(row.severity),
                decide_within: row.decide_within,
                decide_at_next_phase: row.decide_at.is_some(),
                complete_within: row.complete_within,
                undecided: match row.undecided {
                    model::TimeoutAnswer::Go => TimeoutDecision::Go,
                    model::TimeoutAnswer::NoGo => TimeoutDecision::NoGo,
                    model::TimeoutAnswer::Hold | _ => TimeoutDecision::Hold,
                },
                reaction: self.reaction(&row.respond)?,
                decider: row.decider.clone().map_or_else(|| self.escalate_to(), Ok)?,
                tell: row
                    .tell
                    .iter()
                    .map(|id| self.channel(id))
                    .collect::<Result<_, _>>()?,
            });
        }
        Ok(rows)
    }

    pub(super) fn incident_clocks(&self) -> Result<IncidentClocks, CompileError> {
        let Some(plan) = &self.plan.incidents else {
            return Ok(IncidentClocks::default());
        };
        Ok(IncidentClocks {
            acknowledge_within: plan.acknowledge_within,
            update_every: plan.update_every,
            tell: plan
                .channels
                .iter()
                .map(|id| self.channel(id))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn severity(severity: model::Severity) -> Severity {
    match severity {
        model::Severity::Low => Severity::Low,
        model::Severity::Medium => Severity::Medium,
        model::Severity::High => Severity::High,
        // What a later plan may say and we do not know is taken for the worst.
        model::Severity::Critical | _ => Severity::Critical,
    }
}
