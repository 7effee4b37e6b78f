//! Steps: a ramp becomes pairs of a change and a bake.

use phasegate_core::{BindingId, Desired, EffectClass, Role, RoleId, Span, StepId};
use phasegate_plan::model;

use super::phases::step_id;
use super::strategies::Site;
use super::{CompileError, Compiler};
use crate::program::{Approvals, Gate, Op, OpKind, TimeoutDecision};

impl Compiler<'_> {
    pub(super) fn step(
        &self,
        step: &model::Step,
        phase: &model::Phase,
    ) -> Result<Vec<Op>, CompileError> {
        let evaluation = self.plan.evaluation(phase);
        let title = step.title.clone().unwrap_or_else(|| step.id.to_string());
        let mut ops = self.action(
            &step.action,
            &step.id,
            &title,
            phase,
            &evaluation,
            &step.criteria,
        )?;
        for (index, item) in step.checks.iter().enumerate() {
            let name = format!("{}-check-{}", step.id, index + 1);
            ops.push(self.item(item, None, &name, phase)?);
        }
        Ok(ops)
    }

    #[expect(
        clippy::too_many_arguments,
        clippy::too_many_lines,
        reason = "one arm an action, and all that a step consists of"
    )]
    pub(super) fn action(
        &self,
        action: &model::Action,
        step: &StepId,
        title: &str,
        phase: &model::Phase,
        evaluation: &model::Evaluation,
        criteria: &[model::Condition],
    ) -> Result<Vec<Op>, CompileError> {
        let op = |kind: OpKind, budget: Option<Span>| Op {
            step: step.clone(),
            title: title.to_owned(),
            budget,
            kind,
        };
        let mut ops = match action {
            model::Action::Traffic(ramp) => {
                let desired = |weight| Desired::Traffic {
                    target: ramp.target.clone(),
                    canary: weight,
                };
                let rungs = ramp.rungs();
                let stages = Stages {
                    to: &ramp.binding,
                    settle: ramp.settle,
                    stages: &rungs,
                };
                return self.ramp(&stages, &desired, step, title, phase, evaluation, criteria);
            }
            model::Action::Flag(ramp) => {
                let desired = |share| Desired::Flag {
                    flag: ramp.flag.clone(),
                    exposure: share,
                };
                let rungs = ramp.rungs();
                let stages = Stages {
                    to: &ramp.binding,
                    settle: ramp.settle,
                    stages: &rungs,
                };
                return self.ramp(&stages, &desired, step, title, phase, evaluation, criteria);
            }
            // It is looked at meanwhile, and the wait is over when it has held for so long.
            model::Action::Wait(wait) if !criteria.is_empty() => {
                let checks = self.checks(criteria, evaluation, phase, step.as_str())?;
                let settle = evaluation.settle;
                let kind = self.bake(wait.duration, checks, phase, evaluation, settle)?;
                return Ok(vec![op(kind, None)]);
            }
            model::Action::Wait(wait) => vec![op(
                OpKind::Wait {
                    span: wait.duration,
                },
                None,
            )],
            model::Action::Task(task) => {
                let kind = OpKind::Ask {
                    role: task.role.clone(),
                    evidence: None,
                    valid_for: None,
                };
                vec![Op {
                    title: task.instructions.clone(),
                    ..op(kind, task.within)
                }]
            }
            model::Action::Command(run) => vec![op(self.command(run)?, run.within)],
            model::Action::Notify(notify) => {
                let telling = self.telling(notify)?;
                let desired = Desired::Message {
                    channel: telling.via.channel,
                    subject: telling.subject,
                    body: telling.body,
                };
                let class = EffectClass::FireAndForget;
                vec![op(
                    OpKind::Apply {
                        to: telling.via.to,
                        desired,
                        class,
                        may_fail: None,
                    },
                    None,
                )]
            }
            other => {
                let site = Site {
                    step,
                    title,
                    phase,
                    evaluation,
                };
                return self.strategy(other, &site, criteria);
            }
        };
        if !criteria.is_empty() {
            let checks = self.checks(criteria, evaluation, phase, step.as_str())?;
            ops.push(op(
                self.bake(Span::ZERO, checks, phase, evaluation, evaluation.settle)?,
                None,
            ));
        }
        Ok(ops)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "what a step consists of, from one caller"
    )]
    pub(super) fn ramp(
        &self,
        stages: &Stages<'_>,
        desired: &dyn Fn(phasegate_core::Ratio) -> Desired,
        step: &StepId,
        title: &str,
        phase: &model::Phase,
        evaluation: &model::Evaluation,
        criteria: &[model::Condition],
    ) -> Result<Vec<Op>, CompileError> {
        let class = self.class_of(stages.to);
        let settle = stages.settle.unwrap_or(evaluation.settle);
        let mut ops = Vec::new();
        for (index, stage) in stages.stages.iter().enumerate() {
            let title = format!("{title}: {}", stage.weight);
            let to = stages.to.clone();
            let kind = OpKind::Apply {
                to,
                desired: desired(stage.weight),
                class,
                may_fail: None,
            };
            ops.push(Op {
                step: step.clone(),
                title: title.clone(),
                budget: None,
                kind,
            });
            let mut own = evaluation.clone();
            own.min_samples = stage.min_samples.or(own.min_samples);
            let name = format!("{step}-{}", index + 1);
            let mut checks = self.checks(&stage.criteria, &own, phase, &name)?;
            checks.extend(self.checks(criteria, &own, phase, step.as_str())?);
            // The phase's own criteria hold while its steps run; going back waits for nothing.
            if phase.steps.iter().any(|s| s.id == *step) {
                checks.extend(self.checks(&phase.criteria, &own, phase, "criterion")?);
            }
            if stage.bake.is_zero() && checks.is_empty() {
                continue;
            }
            let kind = self.bake(stage.bake, checks, phase, evaluation, settle)?;
            ops.push(Op {
                step: step.clone(),
                title: format!("{title}: bake"),
                budget: None,
                kind,
            });
        }
        Ok(ops)
    }

    pub(super) fn bake(
        &self,
        span: Span,
        checks: Vec<crate::program::Check>,
        phase: &model::Phase,
        evaluation: &model::Evaluation,
        settle: Span,
    ) -> Result<OpKind, CompileError> {
        let on_fail = self.on_fail(phase)?;
        let blind = self.blind(evaluation)?;
        Ok(OpKind::Bake {
            span,
            checks,
            on_fail,
            blind,
            settle,
            stop_when: Vec::new(),
        })
    }

    /// What can be read back is set absolutely; what cannot must not be sent twice on a guess.
    pub(super) fn class_of(&self, to: &BindingId) -> EffectClass {
        use phasegate_core::Capability;
        let can = |capability| {
            self.catalog
                .binding(to)
                .is_some_and(|b| b.capabilities.contains(&capability))
        };
        if can(Capability::ReadBack) {
            EffectClass::AbsoluteWithReadBack
        } else if can(Capability::Conditional) {
            EffectClass::Conditional
        } else {
            // An absolute state may be set twice with one key.
            EffectClass::IdempotentByKey
        }
    }

    /// A prerequisite or check: criteria where a machine can tell, else somebody's word.
    pub(super) fn item(
        &self,
        item: &model::Item,
        owner: Option<&RoleId>,
        name: &str,
        phase: &model::Phase,
    ) -> Result<Op, CompileError> {
        let step = step_id(name)?;
        let title = item.statement.clone();
        let kind = if item.criteria.is_empty() {
            let role = item.role.as_ref().or(owner).cloned();
            let role = role.map_or_else(|| self.escalate_to(), Ok)?;
            OpKind::Ask {
                role,
                evidence: item.evidence.clone(),
                valid_for: item.valid_for,
            }
        } else {
            let evaluation = self.plan.evaluation(phase);
            let id =
                phasegate_core::GateId::new(name).map_err(|error| CompileError::Unsupported {
                    what: error.to_string(),
                })?;
            OpKind::Gate(Gate {
                id,
                checks: self.checks(&item.criteria, &evaluation, phase, name)?,
                approvals: Approvals::default(),
                not_before: None,
                timeout: None,
                on_timeout: TimeoutDecision::Hold,
                no_go: crate::program::Reaction::only(crate::program::Response::Hold),
                blind: self.blind_gate(&item.criteria, &evaluation)?,
            })
        };
        Ok(Op {
            step,
            title,
            budget: None,
            kind,
        })
    }

    /// Has the binding that role? For reactions that need one.
    pub(super) fn has_role(&self, to: &BindingId, role: Role) -> bool {
        self.catalog
            .binding(to)
            .is_some_and(|binding| binding.roles.contains(&role))
    }
}

pub(super) struct Stages<'a> {
    pub(super) to: &'a BindingId,
    pub(super) settle: Option<Span>,
    pub(super) stages: &'a [model::Stage],
}
