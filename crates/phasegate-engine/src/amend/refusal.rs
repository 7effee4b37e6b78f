//! Why a revision is not adopted.

use std::fmt;

use phasegate_core::{BindingId, CriterionId, KpiId, PhaseId, PlanId, StepId, TargetId, TriggerId};

/// Something in a revision that a running rollout may not adopt.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NotPermitted {
    /// A system that work uses is another one, or is gone.
    #[error("binding '{binding}' is another one or gone: work that has begun uses it as it was")]
    Binding {
        /// Which.
        binding: BindingId,
    },
    /// The rollout goes back or was aborted.
    #[error("the rollout goes back: amend it when that is over")]
    GoesBack,
    /// What was declared is still open.
    #[error("what follows from '{scenario}' changes, which was declared and is not closed")]
    Incident {
        /// What was declared.
        scenario: String,
    },
    /// What work is judged by.
    #[error(
        "number '{kpi}' changes: work that has begun is judged by it; declare another one for later phases"
    )]
    Number {
        /// Which.
        kpi: KpiId,
    },
    /// What work is judged by.
    #[error("an objective changes by which work that has begun is judged")]
    Objectives,
    /// Another plan.
    #[error("this is plan '{plan}', another one: begin a rollout of its own")]
    OtherPlan {
        /// Which.
        plan: PlanId,
    },
    /// A phase that has begun is missing.
    #[error("phase '{phase}' has begun and is left out")]
    PhaseGone {
        /// Which.
        phase: PhaseId,
    },
    /// A way back that may be needed for work that has begun.
    #[error("procedure '{id}' changes: it is a way back for work that has begun")]
    Procedure {
        /// Which.
        id: CriterionId,
    },
    /// Nothing changes.
    #[error("it is the plan that is carried out")]
    Same,
    /// From when on evidence counts.
    #[error("the plan's 'settle' changes: evidence about work that has begun counts from then on")]
    Settle,
    /// What watches over work.
    #[error("trigger '{trigger}' changes or is left out: it watches work that has begun")]
    Trigger {
        /// Which.
        trigger: TriggerId,
    },
    /// Something outside that the rollout did not claim when it was created.
    #[error(
        "'{target}' of '{binding}' would be moved, which the rollout did not claim when it was created"
    )]
    Unclaimed {
        /// Whose.
        binding: BindingId,
        /// What.
        target: TargetId,
    },
    /// The process that carries the rollout out has no adapter for a name of the bindings document.
    #[error("{what}")]
    Unserved {
        /// What is missing, for people.
        what: String,
    },
    /// The way back of work that has begun.
    #[error("the way back of phase '{phase}' changes, which has begun")]
    WayBack {
        /// Which.
        phase: PhaseId,
    },
    /// Work that has begun would be another.
    #[error("step '{step}' of phase '{phase}' changes, comes or goes: the phase has begun")]
    Work {
        /// Which phase.
        phase: PhaseId,
        /// Which step.
        step: StepId,
    },
    /// Work that has begun would have waited for something else.
    #[error("phase '{phase}' has begun and would wait for other phases than it did")]
    Order {
        /// Which.
        phase: PhaseId,
    },
}

/// Everything in a revision that is not permitted.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "readers take it apart")]
pub struct Refused(pub Vec<NotPermitted>);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the revised plan is not adopted:")?;
        for one in &self.0 {
            write!(f, "\n  {one}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}
