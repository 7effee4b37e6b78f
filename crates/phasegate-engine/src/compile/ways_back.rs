//! Ways back: those of phases, and procedures beside them.

use phasegate_plan::model;

use super::phases::step_id;
use super::{CompileError, Compiler};
use crate::program::{Back, Check, Op, OpKind, Procedure, Rollback};

impl Compiler<'_> {
    /// The way back of a phase, and before it the end of everything that the phase may have begun and not
    /// ended: a fault made on purpose, copies, a comparison.
    pub(super) fn rollback_with_ends(
        &self,
        phase: &model::Phase,
        ops: &[Op],
    ) -> Result<Rollback, CompileError> {
        let mut rollback = match self.plan.rollback(phase) {
            Some(rollback) => self.way_back(rollback, phase, &phase.title, "")?,
            None => Rollback::default(),
        };
        let ends = ops.iter().filter(|op| op.is_end()).map(|op| Op {
            budget: Some(END_WITHIN),
            ..op.clone()
        });
        let mut all: Vec<Op> = ends.collect();
        all.append(&mut rollback.ops);
        rollback.ops = all;
        rollback.shared = phase.rollback.is_none() && self.plan.rollback.is_some();
        Ok(rollback)
    }

    pub(super) fn procedures(&self) -> Result<Vec<Procedure>, CompileError> {
        let Some(phase) = self.plan.phases.last() else {
            return Ok(Vec::new());
        };
        let mut procedures = Vec::new();
        for procedure in &self.plan.procedures {
            let name = format!("{}-", procedure.id);
            procedures.push(Procedure {
                id: procedure.id.clone(),
                title: procedure.title.clone(),
                to: procedure.rollback.target.as_ref().map(back),
                rollback: self.way_back(&procedure.rollback, phase, &procedure.title, &name)?,
            });
        }
        Ok(procedures)
    }

    /// Steps, each with the look that ends it if they are stages, then the validation and what people attest.
    fn way_back(
        &self,
        rollback: &model::Rollback,
        phase: &model::Phase,
        title: &str,
        name: &str,
    ) -> Result<Rollback, CompileError> {
        let evaluation = self.plan.evaluation(phase);
        let place = format!("{name}validation");
        let checks = self.checks(&rollback.validation, &evaluation, phase, &place)?;
        let within = rollback.validate_within.unwrap_or(VALIDATE_WITHIN);
        let look = |title: String, checks: Vec<Check>| -> Result<Op, CompileError> {
            Ok(Op {
                step: step_id("validation")?,
                title,
                budget: None,
                kind: OpKind::Validate {
                    checks,
                    within,
                    spares: 0,
                },
            })
        };
        let mut ops = Vec::new();
        let mut looks = Vec::new();
        for (index, step) in rollback.steps.iter().enumerate() {
            let plain = model::Evaluation::new();
            let of_step = step.title.clone().unwrap_or_else(|| step.id.to_string());
            let of_step = self.action(&step.action, &step.id, &of_step, phase, &plain, &[])?;
            ops.extend(of_step.into_iter().filter_map(|op| {
                let budget = step.budget;
                Some(Op {
                    budget,
                    kind: going_back(op.kind)?,
                    ..op
                })
            }));
            let is_last = index + 1 == rollback.steps.len();
            if rollback.staged && !is_last && !checks.is_empty() {
                looks.push(ops.len());
                let title = format!("{title}: is it enough after {}", step.id);
                ops.push(look(title, checks.clone())?);
            }
        }
        if !checks.is_empty() {
            let title = format!("{title}: the way back is validated");
            ops.push(look(title, checks)?);
        }
        // A stage that is enough spares the steps after it and their looks; what people attest is still asked.
        let end = ops.len();
        for at in looks {
            if let Some(OpKind::Validate { spares, .. }) = ops.get_mut(at).map(|op| &mut op.kind) {
                *spares = end.saturating_sub(at + 1);
            }
        }
        for (index, item) in rollback.checks.iter().enumerate() {
            let name = format!("{name}rollback-check-{}", index + 1);
            if item.criteria.is_empty() {
                ops.push(self.item(item, rollback.escalate_to.as_ref(), &name, phase)?);
                continue;
            }
            // Numbers decide it in the time of the validation: nothing of a way back waits for ever.
            let checks = self.checks(&item.criteria, &evaluation, phase, &name)?;
            ops.push(Op {
                step: step_id(&name)?,
                ..look(item.statement.clone(), checks)?
            });
        }
        let escalate = rollback
            .escalate_via
            .as_ref()
            .map(|id| self.channel(id))
            .transpose()?;
        Ok(Rollback {
            ops,
            limit: rollback.limit,
            escalate,
            shared: false,
        })
    }
}

/// The budget of ending what a phase began: as long as one attempt of an effect may take, twice.
const END_WITHIN: phasegate_core::Span = phasegate_core::Span::from_secs(60);
/// How long a rollback's validation is waited for when the plan does not say.
const VALIDATE_WITHIN: phasegate_core::Span = phasegate_core::Span::from_secs(300);

/// What an operation is in a way back: nothing there is looked at but to validate it, so a bake is a wait, and what only
/// measures has nothing to do.
fn going_back(kind: OpKind) -> Option<OpKind> {
    match kind {
        OpKind::Bake { span, .. } => Some(OpKind::Wait { span }),
        OpKind::Measure { .. } => None,
        other @ (OpKind::Apply { .. }
        | OpKind::Ask { .. }
        | OpKind::Gate(_)
        | OpKind::Ledger { .. }
        | OpKind::Validate { .. }
        | OpKind::Wait { .. }) => Some(other),
    }
}

pub(super) fn back(target: &model::RollbackTarget) -> Back {
    match target {
        model::RollbackTarget::PreviousPhase => Back::Previous,
        model::RollbackTarget::Phase(phase) => Back::Phase(phase.clone()),
        // What a later plan may say and we do not know goes all the way back.
        model::RollbackTarget::Start | _ => Back::Start,
    }
}
