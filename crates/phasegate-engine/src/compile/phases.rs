//! Phases: prerequisites, gates and steps become one list of operations each. Gates of the whole plan
//! become phases of their own, before the first and after the last.

use phasegate_core::{PhaseId, StepId};
use phasegate_plan::model;

use super::ways_back::back;
use super::{CompileError, Compiler};
use crate::program::{ACCEPTANCE, Op, OpKind, Phase, Reaction, Response, Rollback, START};

impl Compiler<'_> {
    pub(super) fn phases(&self) -> Result<Vec<Phase>, CompileError> {
        let mut phases = Vec::new();
        for phase in &self.plan.phases {
            phases.push(self.phase(phase)?);
        }
        let mut phases = in_order(phases)?;
        if let Some(start) = self.gate_phase(START, &[model::GateWhen::BeforeStart])? {
            for phase in phases.iter_mut().filter(|phase| phase.after.is_empty()) {
                phase.after.push(start.id.clone());
            }
            phases.insert(0, start);
        }
        phases.extend(self.re_enabling()?);
        let last = [model::GateWhen::Acceptance, model::GateWhen::End];
        if let Some(mut acceptance) = self.gate_phase(ACCEPTANCE, &last)? {
            let before: Vec<&PhaseId> = phases.iter().flat_map(|phase| &phase.after).collect();
            let leaves = phases.iter().filter(|phase| !before.contains(&&phase.id));
            acceptance.after = leaves.map(|phase| phase.id.clone()).collect();
            phases.push(acceptance);
        }
        Ok(phases)
    }

    fn phase(&self, phase: &model::Phase) -> Result<Phase, CompileError> {
        let mut ops = self.gates(&phase.gates, &model::GateWhen::BeforeStart, phase)?;
        ops.extend(self.checklists(&phase.prerequisites, phase)?);
        for step in &phase.steps {
            let when = model::GateWhen::BeforeStep(step.id.clone());
            ops.extend(self.gates(&phase.gates, &when, phase)?);
            ops.extend(self.step(step, phase)?);
        }
        if !phase.criteria.is_empty() {
            ops.push(self.closing_bake(phase)?);
        }
        ops.extend(self.gates(&phase.gates, &model::GateWhen::End, phase)?);
        ops.extend(self.gates(&phase.gates, &model::GateWhen::Acceptance, phase)?);
        Ok(Phase {
            id: phase.id.clone(),
            title: phase.title.clone(),
            after: self.plan.dependencies(&phase.id),
            not_before: phase.window.map(|window| self.first_moment(window)),
            rollback: self.rollback_with_ends(phase, &ops)?,
            ops,
            re_enables: None,
        })
    }

    fn checklists(
        &self,
        lists: &[model::Checklist],
        phase: &model::Phase,
    ) -> Result<Vec<Op>, CompileError> {
        let mut ops = Vec::new();
        let items = lists
            .iter()
            .flat_map(|list| list.items.iter().map(|item| (list.owner.as_ref(), item)));
        for (index, (owner, item)) in items.enumerate() {
            let name = format!("prerequisite-{}", index + 1);
            ops.push(self.item(item, owner, &name, phase)?);
        }
        Ok(ops)
    }

    /// The first moment of the days on which something is to happen.
    fn first_moment(
        &self,
        window: phasegate_plan::calendar::DateWindow,
    ) -> phasegate_core::Timestamp {
        let midnight = phasegate_plan::calendar::TimeOfDay::MIDNIGHT;
        self.plan
            .work_calendar()
            .zone()
            .moment(window.first(), midnight)
    }

    /// The phase's criteria hold at its end too.
    fn closing_bake(&self, phase: &model::Phase) -> Result<Op, CompileError> {
        let evaluation = self.plan.evaluation(phase);
        let step = step_id("criteria")?;
        Ok(Op {
            title: format!("{}: criteria at the end", phase.title),
            budget: None,
            kind: OpKind::Bake {
                span: phasegate_core::Span::ZERO,
                checks: self.checks(&phase.criteria, &evaluation, phase, "criterion")?,
                on_fail: self.on_fail(phase)?,
                blind: self.blind(&evaluation)?,
                settle: evaluation.settle,
                stop_when: Vec::new(),
            },
            step,
        })
    }

    /// What a failed criterion of a phase leads to: what the plan says, else back as its rollback says.
    pub(super) fn on_fail(&self, phase: &model::Phase) -> Result<Reaction, CompileError> {
        if !phase.on_fail.is_empty() {
            return self.reaction(&phase.on_fail);
        }
        let target = self.plan.rollback(phase).map(model::Rollback::goes_to);
        Ok(Reaction::only(match target {
            Some(target) => Response::Rollback(back(target)),
            None => Response::Hold,
        }))
    }

    fn gate_phase(
        &self,
        id: &str,
        when: &[model::GateWhen],
    ) -> Result<Option<Phase>, CompileError> {
        let Some(context) = self.plan.phases.last() else {
            return Ok(None);
        };
        let mut ops = Vec::new();
        if id == START {
            ops.extend(self.checklists(&self.plan.prerequisites, context)?);
        }
        for when in when {
            ops.extend(self.gates(&self.plan.gates, when, context)?);
        }
        if ops.is_empty() {
            return Ok(None);
        }
        let id = PhaseId::new(id).map_err(|e| CompileError::Unsupported {
            what: e.to_string(),
        })?;
        Ok(Some(Phase {
            title: format!("{}: {id}", self.plan.title),
            id,
            after: Vec::new(),
            not_before: None,
            ops,
            rollback: Rollback::default(),
            re_enables: None,
        }))
    }
}

pub(super) fn step_id(text: &str) -> Result<StepId, CompileError> {
    StepId::new(text).map_err(|error| CompileError::Unsupported {
        what: error.to_string(),
    })
}

/// Dependencies before dependents, and otherwise as written.
fn in_order(mut left: Vec<Phase>) -> Result<Vec<Phase>, CompileError> {
    let mut ordered: Vec<Phase> = Vec::new();
    while !left.is_empty() {
        let is_free = |phase: &Phase| {
            phase
                .after
                .iter()
                .all(|id| ordered.iter().any(|done| done.id == *id))
        };
        let Some(index) = left.iter().position(is_free) else {
            let names: Vec<String> = left.iter().map(|phase| phase.id.to_string()).collect();
            return Err(CompileError::missing(
                "a beginning for phases",
                names.join(", "),
            ));
        };
        ordered.push(left.remove(index));
    }
    Ok(ordered)
}
