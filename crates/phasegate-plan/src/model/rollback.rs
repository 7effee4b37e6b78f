//! The way back.

use phasegate_core::{ChannelId, CriterionId, RoleId, Span, StepId};

use super::{Action, Condition, Item, RollbackTarget};
use crate::form::record;

record! {
    /// One step of going back.
    pub struct RollbackStep {
        /// Its name.
        need id: StepId,
        /// What it does, for people.
        may title: String,
        /// How long it may take. Blowing it escalates and the rollback goes on. Without one only the limit of
        /// the whole holds.
        may budget: Span,
        /// What is done.
        flat action: Action,
    }
}

record! {
    /// A way back beside those of the phases: one that only switches a part off, or goes back in another
    /// way. People, triggers, gates and rows of the matrix choose it.
    pub struct Procedure {
        /// Its name.
        need id: CriterionId,
        /// What it is for.
        need title: String,
        /// When it is taken by itself: as soon as one of these holds.
        list criteria: Condition,
        /// When it is taken, where people tell.
        list when: Item,
        /// The way back.
        need rollback: Rollback,
        /// How what it has switched off is switched on again. Only of one that undoes no phase.
        may re_enable: ReEnable,
    }
}

record! {
    /// How a part that was switched off is switched on again, once a person lets the rollout go on. It is not complete
    /// before; phases that do not need the part go on beside it.
    pub struct ReEnable {
        /// What must hold before anything is done; else the rollout is held. It must hold afterwards as well; else the
        /// part is switched off again.
        list criteria: Condition,
        /// For how long it must hold, before and afterwards. One look is enough, if nothing stands here.
        may over: Span,
        /// What is done.
        list steps: RollbackStep,
    }
}

record! {
    /// How to go back: steps in order, and how it is known that they have helped.
    pub struct Rollback {
        /// How long the whole may take.
        may limit: Span,
        /// How long it is expected to take.
        may estimate: Span,
        /// How far it goes, where the response that starts it does not say: to the start, if nothing
        /// stands here. A procedure for which nothing stands here undoes no phase.
        may target: RollbackTarget,
        /// The steps.
        list steps: RollbackStep,
        /// What must hold afterwards.
        list validation: Condition,
        /// Each step is a stage: after each one it is looked whether the validation holds, and the first
        /// after which it does is the last. Only where this phase alone is undone; whatever goes further
        /// back takes all steps.
        or staged: bool = false,
        /// What people must attest afterwards.
        list checks: Item,
        /// How long validation may take; of a staged way back, the validation of each stage.
        may validate_within: Span,
        /// Who is called when a budget is blown or the rollback fails.
        may escalate_to: RoleId,
        /// How they are called.
        may escalate_via: ChannelId,
    }
}

impl Rollback {
    /// How far the way back of a phase goes where the response that starts it does not say.
    ///
    /// ```
    /// use phasegate_plan::model::{Rollback, RollbackTarget};
    /// assert_eq!(Rollback::new().goes_to(), &RollbackTarget::Start);
    /// ```
    pub fn goes_to(&self) -> &RollbackTarget {
        self.target.as_ref().unwrap_or(&RollbackTarget::Start)
    }
}

impl Procedure {
    /// How the phase is called in which what it has switched off is switched on again.
    ///
    /// ```
    /// use phasegate_plan::model::{Procedure, Rollback};
    /// let procedure = Procedure::new("no-advice", "Advice is off", Rollback::new());
    /// assert_eq!(procedure.re_enabling_phase(), "re-enable-no-advice");
    /// ```
    #[must_use]
    pub fn re_enabling_phase(&self) -> String {
        format!("re-enable-{}", self.id)
    }
}
