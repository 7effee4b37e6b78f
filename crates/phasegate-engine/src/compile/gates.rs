//! Go/no-go decisions.

use phasegate_plan::model;

use super::{CompileError, Compiler};
use crate::program::{Approvals, Gate, Op, OpKind, Reaction, Response, TimeoutDecision};

impl Compiler<'_> {
    /// The gates that stand at one place of a phase, with their attestations before them.
    pub(super) fn gates(
        &self,
        gates: &[model::Gate],
        when: &model::GateWhen,
        phase: &model::Phase,
    ) -> Result<Vec<Op>, CompileError> {
        let mut ops = Vec::new();
        for gate in gates.iter().filter(|gate| gate.when == *when) {
            for (index, item) in gate.checks.iter().enumerate() {
                let name = Gate::item_step(&gate.id, index.saturating_add(1));
                ops.push(self.item(item, None, &name, phase)?);
            }
            ops.push(self.gate(gate, phase)?);
        }
        Ok(ops)
    }

    fn gate(&self, gate: &model::Gate, phase: &model::Phase) -> Result<Op, CompileError> {
        let mut evaluation = self.plan.evaluation(phase);
        evaluation.on_inconclusive = gate.on_inconclusive;
        let mut approvals = Approvals::default();
        for approval in &gate.approvals {
            approvals
                .quorum
                .insert(approval.role.clone(), approval.quorum);
            if !approval.author_may {
                approvals.except = vec![self.start.by.clone()];
                approvals.except_as.insert(approval.role.clone());
            }
        }
        if approvals.except_as.len() == approvals.quorum.len() {
            approvals.except_as.clear();
        }
        let no_go = if gate.no_go.is_empty() {
            Reaction::only(Response::Hold)
        } else {
            self.reaction(&gate.no_go)?
        };
        let kind = OpKind::Gate(Gate {
            id: gate.id.clone(),
            checks: self.checks(&gate.criteria, &evaluation, phase, gate.id.as_str())?,
            approvals,
            not_before: gate.not_before,
            timeout: gate.decide_within,
            on_timeout: match gate.on_timeout {
                Some(model::TimeoutAnswer::Go) => TimeoutDecision::Go,
                Some(model::TimeoutAnswer::NoGo) => TimeoutDecision::NoGo,
                Some(model::TimeoutAnswer::Hold | _) | None => TimeoutDecision::Hold,
            },
            no_go,
            blind: self.blind_gate(&gate.criteria, &evaluation)?,
        });
        let title = gate.title.clone().unwrap_or_else(|| gate.id.to_string());
        let step = super::phases::step_id(gate.id.as_str())?;
        Ok(Op {
            step,
            title,
            budget: None,
            kind,
        })
    }
}
