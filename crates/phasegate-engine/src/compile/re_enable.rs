//! How parts that procedures have switched off are switched on again: phases of their own, which have nothing to do until
//! that was done.

use phasegate_core::{PhaseId, Span};
use phasegate_plan::model;

use super::phases::step_id;
use super::{CompileError, Compiler};
use crate::program::{Back, Op, OpKind, Phase, Reaction, Response, Rollback};

impl Compiler<'_> {
    pub(super) fn re_enabling(&self) -> Result<Vec<Phase>, CompileError> {
        let Some(context) = self.plan.phases.last() else {
            return Ok(Vec::new());
        };
        let mut phases = Vec::new();
        for procedure in &self.plan.procedures {
            if let Some(re_enable) = &procedure.re_enable {
                phases.push(self.re_enable(procedure, re_enable, context)?);
            }
        }
        Ok(phases)
    }

    /// The criteria hold, the steps are done, the criteria still hold: else the part is switched off again.
    fn re_enable(
        &self,
        procedure: &model::Procedure,
        re_enable: &model::ReEnable,
        context: &model::Phase,
    ) -> Result<Phase, CompileError> {
        let id = &procedure.id;
        let phase = procedure.re_enabling_phase();
        let evaluation = self.plan.evaluation(context);
        let look = |name: &str, title: String, on_fail: Response| -> Result<Op, CompileError> {
            let place = format!("{phase}-{name}");
            Ok(Op {
                step: step_id(name)?,
                title,
                budget: None,
                kind: OpKind::Bake {
                    span: re_enable.over.unwrap_or(Span::ZERO),
                    checks: self.checks(&re_enable.criteria, &evaluation, context, &place)?,
                    on_fail: Reaction::only(on_fail),
                    blind: self.blind(&evaluation)?,
                    settle: evaluation.settle,
                    stop_when: Vec::new(),
                },
            })
        };
        let of = &procedure.title;
        let may = format!("{of}: what was switched off may be switched on again");
        let mut ops = vec![look("before", may, Response::Hold)?];
        for step in &re_enable.steps {
            let plain = model::Evaluation::new();
            let title = step.title.clone().unwrap_or_else(|| step.id.to_string());
            let of_step = self.action(&step.action, &step.id, &title, context, &plain, &[])?;
            ops.extend(of_step.into_iter().map(|op| Op {
                budget: step.budget,
                ..op
            }));
        }
        let stands = format!("{of}: what was switched on again is well");
        let off = Response::Rollback(Back::Procedure(id.clone()));
        ops.push(look("afterwards", stands, off)?);
        Ok(Phase {
            id: PhaseId::new(&phase).map_err(|error| CompileError::Unsupported {
                what: format!("a phase '{phase}' ({error})"),
            })?,
            title: format!("{of}: switched on again"),
            after: Vec::new(),
            not_before: None,
            ops,
            rollback: Rollback::default(),
            re_enables: Some(id.clone()),
        })
    }
}
