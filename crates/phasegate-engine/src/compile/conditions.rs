//! Criteria with their names and what undecided ones mean.

use phasegate_core::{CriterionId, Span};
use phasegate_plan::model;

use super::{CompileError, Compiler};
use crate::program::{Blind, Check, OnInconclusive, Reaction, Response};

/// How long undecided criteria are borne when the plan does not say.
const HOLD_AT_MOST: Span = Span::from_secs(3600);

impl Compiler<'_> {
    /// Names are the plan's own, else phase, place and number.
    pub(super) fn checks(
        &self,
        conditions: &[model::Condition],
        evaluation: &model::Evaluation,
        phase: &model::Phase,
        place: &str,
    ) -> Result<Vec<Check>, CompileError> {
        let mut checks = Vec::new();
        for (index, condition) in conditions.iter().enumerate() {
            let id = match &condition.id {
                Some(id) => id.clone(),
                None => criterion_id(&format!("{}-{place}-{}", phase.id, index + 1))?,
            };
            let on_inconclusive = condition
                .on_inconclusive
                .unwrap_or(evaluation.on_inconclusive);
            checks.push(Check {
                id,
                criterion: condition.criterion.clone(),
                fail_after: condition
                    .criterion
                    .limits
                    .consecutive
                    .unwrap_or(0)
                    .saturating_add(1),
                min_samples: condition
                    .min_samples
                    .or(evaluation.min_samples)
                    .unwrap_or(0),
                on_inconclusive: match on_inconclusive {
                    model::OnInconclusive::Fail => OnInconclusive::Fail,
                    model::OnInconclusive::Hold | _ => OnInconclusive::Hold,
                },
            });
        }
        Ok(checks)
    }

    /// The same for a gate, if it looks at anything.
    pub(super) fn blind_gate(
        &self,
        conditions: &[model::Condition],
        evaluation: &model::Evaluation,
    ) -> Result<Option<Blind>, CompileError> {
        let looks = !conditions.is_empty();
        looks.then(|| self.blind(evaluation)).transpose()
    }

    pub(super) fn blind(&self, evaluation: &model::Evaluation) -> Result<Blind, CompileError> {
        let reaction = if evaluation.then.is_empty() {
            Reaction::only(Response::Hold)
        } else {
            self.reaction(&evaluation.then)?
        };
        Ok(Blind {
            after: evaluation.hold_at_most.unwrap_or(HOLD_AT_MOST),
            reaction,
        })
    }
}

/// Ids are at most 63 bytes; a longer name keeps its end, which tells criteria apart.
fn criterion_id(text: &str) -> Result<CriterionId, CompileError> {
    let start = text.len().saturating_sub(phasegate_core::id::ID_LEN_MAX);
    let tail = text
        .get(start..)
        .unwrap_or(text)
        .trim_start_matches(['-', '_']);
    CriterionId::new(tail).map_err(|error| CompileError::Unsupported {
        what: error.to_string(),
    })
}
