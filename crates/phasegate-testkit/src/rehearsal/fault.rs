//! What can go wrong in a phase, and what its plan says about that.

use std::fmt;

use phasegate_core::{CriterionId, EffectClass, PhaseId, TriggerId};
use phasegate_engine::program::{Op, OpKind, Phase, Program, Response, Trigger};
use phasegate_engine::record::{Body, Cause, HoldReason, Place};

use super::fit::{Want, can_be};

/// One thing that goes wrong in one phase.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "tests write it out")]
pub struct Fault {
    /// In which phase.
    pub phase: PhaseId,
    /// What.
    pub kind: FaultKind,
}

/// What goes wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a rehearsal must do each")]
pub enum FaultKind {
    /// While this operation is under way, a KPI is so that this criterion of it fails.
    Criterion {
        /// Index of the operation.
        op: usize,
        /// Which criterion.
        check: CriterionId,
    },
    /// Who is asked there says no.
    Person {
        /// Index of the operation.
        op: usize,
    },
    /// What is to be done there is refused.
    Step {
        /// Index of the operation.
        op: usize,
    },
    /// While this operation is under way, a KPI is so that this trigger fires. Nobody answers meanwhile, so that it
    /// lasts.
    Trigger {
        /// Index of the operation.
        op: usize,
        /// Which.
        trigger: TriggerId,
    },
}

/// The faults that a rehearsal can make: of each phase the first criterion that a number can break, the first trigger
/// that is watched in it, its first step that somebody carries out, and the first person who is asked.
pub fn faults(program: &Program) -> Vec<Fault> {
    let mut all = Vec::new();
    for phase in &program.phases {
        let kinds = [
            criterion(program, phase),
            trigger(program, phase),
            first(phase, is_step).map(|op| FaultKind::Step { op }),
            first(phase, asks_a_person).map(|op| FaultKind::Person { op }),
        ];
        all.extend(kinds.into_iter().flatten().map(|kind| Fault {
            phase: phase.id.clone(),
            kind,
        }));
    }
    all
}

fn criterion(program: &Program, phase: &Phase) -> Option<FaultKind> {
    let ops = phase.ops.iter().enumerate();
    let mut checks = ops.flat_map(|(op, of)| of.checks().iter().map(move |check| (op, check)));
    let breaks =
        |check: &phasegate_engine::program::Check| can_be(program, &check.criterion, Want::Fail);
    let (op, check) = checks.find(|(_, check)| breaks(check))?;
    let check = check.id.clone();
    Some(FaultKind::Criterion { op, check })
}

fn trigger(program: &Program, phase: &Phase) -> Option<FaultKind> {
    // One that passes in a moment leaves no time for a trigger.
    let op = first(phase, asks_a_person).or_else(|| first(phase, takes_time))?;
    let watched = program
        .triggers
        .iter()
        .filter(|one| is_watched(one, &phase.id));
    let acts = watched.filter(|one| one.reaction.act.is_some());
    let mut fires = acts.filter(|one| can_be(program, &one.criterion, Want::Fire));
    let trigger = fires.next()?.id.clone();
    Some(FaultKind::Trigger { op, trigger })
}

pub(super) fn is_watched(trigger: &Trigger, phase: &PhaseId) -> bool {
    trigger.during.is_empty() || trigger.during.contains(phase)
}

fn first(phase: &Phase, is_it: fn(&Op) -> bool) -> Option<usize> {
    phase.ops.iter().position(is_it)
}

/// Does a machine do it, so that the rollout waits for its success? A message that is lost stops nothing.
fn is_step(op: &Op) -> bool {
    matches!(&op.kind, OpKind::Apply { class, may_fail: None, .. } if *class != EffectClass::FireAndForget)
}

fn asks_a_person(op: &Op) -> bool {
    match &op.kind {
        OpKind::Ask { .. } => true,
        OpKind::Gate(gate) => !gate.approvals.quorum.is_empty(),
        _ => false,
    }
}

fn takes_time(op: &Op) -> bool {
    const ENOUGH: phasegate_core::Span = phasegate_core::Span::from_secs(3_600);
    matches!(&op.kind, OpKind::Bake { span, .. } | OpKind::Wait { span } if *span >= ENOUGH)
}

impl Fault {
    fn index(&self) -> usize {
        match &self.kind {
            FaultKind::Criterion { op, .. }
            | FaultKind::Person { op }
            | FaultKind::Step { op }
            | FaultKind::Trigger { op, .. } => *op,
        }
    }

    /// The operation at which it strikes.
    pub fn place(&self) -> Place {
        Place::Phase {
            phase: self.phase.clone(),
            op: self.index(),
        }
    }

    fn op<'p>(&self, program: &'p Program) -> Option<&'p Op> {
        program.phase(&self.phase)?.ops.get(self.index())
    }

    /// What the plan says about it: a trigger's response, a bake's on-fail, a gate's no-go. A gate without a no-go, a
    /// step that is refused and a task that nobody can do hold the rollout for a person.
    pub fn says(&self, program: &Program) -> Option<Response> {
        if let FaultKind::Trigger { trigger, .. } = &self.kind {
            let trigger = program.triggers.iter().find(|one| one.id == *trigger)?;
            return trigger.reaction.act.clone();
        }
        let op = self.op(program)?;
        match (&self.kind, &op.kind) {
            (FaultKind::Criterion { .. }, OpKind::Bake { on_fail, .. }) => on_fail.act.clone(),
            (FaultKind::Criterion { .. } | FaultKind::Person { .. }, OpKind::Gate(gate)) => {
                Some(gate.no_go.act.clone().unwrap_or(Response::Hold))
            }
            _ => Some(Response::Hold),
        }
    }

    /// The response that this record begins, if it is a response to this fault.
    pub(super) fn response(&self, program: &Program, body: &Body) -> Option<Response> {
        let gate = self.op(program).and_then(|op| match &op.kind {
            OpKind::Gate(gate) => Some(&gate.id),
            _ => None,
        });
        match (body, &self.kind) {
            (Body::Held { reason }, kind) => {
                let is_it = match (reason, kind) {
                    (
                        HoldReason::Criterion { check, .. },
                        FaultKind::Criterion { check: own, .. },
                    ) => check == own,
                    (HoldReason::Effect { place, .. } | HoldReason::SaidNo { place, .. }, _) => {
                        *place == self.place()
                    }
                    (HoldReason::Gate { gate: id }, _) => Some(id) == gate,
                    (
                        HoldReason::Trigger { trigger, .. },
                        FaultKind::Trigger { trigger: own, .. },
                    ) => trigger == own,
                    _ => false,
                };
                is_it.then_some(Response::Hold)
            }
            (Body::RollbackStarted { cause, back, .. }, kind) => {
                let is_it = match (cause, kind) {
                    (Cause::Criterion { check, .. }, FaultKind::Criterion { check: own, .. }) => {
                        check == own
                    }
                    (Cause::Gate { gate: id }, _) => Some(id) == gate,
                    (Cause::Trigger { trigger, .. }, FaultKind::Trigger { trigger: own, .. }) => {
                        trigger == own
                    }
                    _ => false,
                };
                is_it.then(|| Response::Rollback(back.clone()))
            }
            _ => None,
        }
    }

    /// What goes wrong, in words.
    pub fn words(&self, program: &Program) -> String {
        let title = |what: &dyn fmt::Display| format!("{}: {what}", self.phase);
        let op = self.op(program);
        match &self.kind {
            FaultKind::Criterion { check, .. } => {
                let checks = op.map(Op::checks).unwrap_or_default();
                let found = checks.iter().find(|one| one.id == *check);
                let text = found
                    .map(|one| one.criterion.to_string())
                    .unwrap_or_default();
                title(&format_args!("'{text}' fails"))
            }
            FaultKind::Trigger { trigger, .. } => {
                let found = program.triggers.iter().find(|one| one.id == *trigger);
                let text = found
                    .map(|one| one.criterion.to_string())
                    .unwrap_or_default();
                title(&format_args!("'{text}' comes true"))
            }
            FaultKind::Step { .. } => {
                let text = op.map(|op| op.title.as_str()).unwrap_or_default();
                title(&format_args!("step '{text}' is refused"))
            }
            FaultKind::Person { .. } => {
                let text = op.map(|op| op.title.as_str()).unwrap_or_default();
                title(&format_args!("a person says no to '{text}'"))
            }
        }
    }
}
