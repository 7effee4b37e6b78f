//! Single operations: a ramp of four weights becomes four pairs of `Apply` and `Bake`.

use phasegate_core::{BindingId, CriterionId, Desired, EffectClass, RoleId, Span, StepId};
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
    },
    /// Ask a person to do something and to say that it is done.
    Ask {
        /// In which role.
        role: RoleId,
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
    },
    /// Decide go or no-go.
    Gate(Gate),
    /// Wait until all criteria pass at one evaluation.
    Validate {
        /// What must pass.
        checks: Vec<Check>,
        /// How long it is waited for.
        within: Span,
    },
    /// Let time pass.
    Wait {
        /// How much.
        span: Span,
    },
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

impl Op {
    /// The criteria it looks at.
    pub fn checks(&self) -> &[Check] {
        match &self.kind {
            OpKind::Bake { checks, .. } | OpKind::Validate { checks, .. } => checks,
            OpKind::Gate(gate) => &gate.checks,
            OpKind::Apply { .. } | OpKind::Ask { .. } | OpKind::Wait { .. } => &[],
        }
    }
}
