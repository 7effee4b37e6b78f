//! Single operations: a ramp of four weights becomes four pairs of `Apply` and `Bake`.

use phasegate_core::{
    BindingId, CriterionId, Desired, EffectClass, KpiId, RoleId, Span, StepId, TargetId,
};
use phasegate_criterion::Criterion;
use serde::{Deserialize, Serialize};

use super::{Blind, Gate, OnInconclusive, Reaction};

/// One operation of a phase or of a rollback.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Op {
    /// The plan's step it belongs to.
    pub step: StepId,
    /// For people.
    pub title: String,
    /// How long it may take. Blown in a phase: hold and ask. Blown in a rollback: escalate and go on.
    pub budget: Option<Span>,
    /// What it does.
    pub kind: OpKind,
}

/// What an operation does.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "the engine must have an act for each"
)]
pub enum OpKind {
    /// Bring about a state outside.
    Apply {
        /// Who is to do it.
        to: BindingId,
        /// The state.
        desired: Desired,
        /// How it may be repeated after a crash.
        class: EffectClass,
        /// It is one of the targets of a wave.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        may_fail: Option<MayFail>,
    },
    /// Ask a person to do something and to say that it is done.
    Ask {
        /// In which role.
        role: RoleId,
        /// What they must give as evidence; without it their word suffices.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<String>,
        /// Their word holds so long. When it has grown older before the phase passes its next gate, it
        /// is asked again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_for: Option<Span>,
    },
    /// Let time pass while criteria hold.
    Bake {
        /// How much time must be covered by evidence.
        span: Span,
        /// What must hold.
        checks: Vec<Check>,
        /// What a failed criterion leads to.
        on_fail: Reaction,
        /// What happens when it cannot be decided.
        blind: Blind,
        /// No evidence is older than the last change plus this.
        settle: Span,
        /// What ends it at once and holds the rollout: abort conditions of an experiment.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        stop_when: Vec<Check>,
    },
    /// Decide go or no-go.
    Gate(Gate),
    /// Go on when every difference that a comparison has found is explained. A person is asked about
    /// each.
    Ledger {
        /// What was compared.
        target: TargetId,
        /// Who explains.
        role: RoleId,
    },
    /// Measure how things stand: from then on that is the baseline.
    Measure {
        /// What is measured.
        figures: Vec<Figure>,
        /// Over how much time, from the beginning of the operation.
        over: Span,
        /// How long it may last that something cannot be measured.
        blind: Blind,
    },
    /// Wait until all criteria pass at one evaluation.
    Validate {
        /// What must pass.
        checks: Vec<Check>,
        /// How long it is waited for.
        within: Span,
        /// It ends a stage of a way back: if it passes, so many operations after it are not needed, else
        /// the next stage begins. 0 at the end of a way back, which has failed if this does not pass.
        #[serde(default, skip_serializing_if = "is_zero")]
        spares: usize,
    },
    /// Let time pass.
    Wait {
        /// How much.
        span: Span,
    },
}

/// One of the targets of a wave: some are changed at the same time, and one that fails within these limits is passed
/// over.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct MayFail {
    /// Which wave of its step, from 1.
    pub wave: u32,
    /// How many in this wave.
    pub in_wave: u32,
    /// How many in the whole step.
    pub in_all: u32,
    /// How many targets are changed at the same time: 1 or more.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub at_once: u32,
}

/// A wave of a step, in a list of operations.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) struct InWave<'o> {
    step: &'o StepId,
    limits: MayFail,
}

impl InWave<'_> {
    /// How many of its targets are changed at the same time.
    pub(crate) const fn at_once(self) -> u32 {
        self.limits.at_once
    }
}

const fn one() -> u32 {
    1
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_one(number: &u32) -> bool {
    *number == 1
}

/// A number that is measured to be compared with later.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Figure {
    /// Which KPI.
    pub kpi: KpiId,
    /// The measure, in the criterion language: `p95(latency)`.
    pub measure: String,
    /// A criterion over that measure, by which it is asked and read; its verdict does not matter.
    pub criterion: Criterion,
}

/// A named criterion.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Check {
    /// Its id, unique in the plan.
    pub id: CriterionId,
    /// The condition.
    pub criterion: Criterion,
    /// So many failures in a row make it fail. At least 1.
    pub fail_after: u32,
    /// With fewer samples than this it cannot be decided.
    pub min_samples: u64,
    /// What it means when it cannot be decided.
    pub on_inconclusive: OnInconclusive,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Op {
    /// The criteria it looks at.
    pub fn checks(&self) -> &[Check] {
        match &self.kind {
            OpKind::Bake { checks, .. } | OpKind::Validate { checks, .. } => checks,
            OpKind::Gate(gate) => &gate.checks,
            OpKind::Apply { .. }
            | OpKind::Ask { .. }
            | OpKind::Ledger { .. }
            | OpKind::Measure { .. }
            | OpKind::Wait { .. } => &[],
        }
    }

    /// The criteria that end it at once.
    pub fn stops(&self) -> &[Check] {
        match &self.kind {
            OpKind::Bake { stop_when, .. } => stop_when,
            OpKind::Apply { .. }
            | OpKind::Ask { .. }
            | OpKind::Gate(_)
            | OpKind::Ledger { .. }
            | OpKind::Measure { .. }
            | OpKind::Validate { .. }
            | OpKind::Wait { .. } => &[],
        }
    }

    /// The wave to which it belongs.
    pub(crate) fn wave(&self) -> Option<InWave<'_>> {
        match &self.kind {
            OpKind::Apply {
                may_fail: Some(limits),
                ..
            } => Some(InWave {
                step: &self.step,
                limits: *limits,
            }),
            OpKind::Apply { .. }
            | OpKind::Ask { .. }
            | OpKind::Bake { .. }
            | OpKind::Gate(_)
            | OpKind::Ledger { .. }
            | OpKind::Measure { .. }
            | OpKind::Validate { .. }
            | OpKind::Wait { .. } => None,
        }
    }

    /// Does it look whether a stage of a way back was enough?
    pub(crate) fn is_stage(&self) -> bool {
        matches!(self.kind, OpKind::Validate { spares, .. } if spares > 0)
    }

    /// Does it end something that must end even when nothing else moves?
    pub fn is_end(&self) -> bool {
        matches!(&self.kind, OpKind::Apply { desired, .. } if desired.is_end())
    }
}
