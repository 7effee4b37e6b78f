//! What must hold: conditions that a machine measures and statements that a person attests.

use phasegate_core::{CriterionId, RoleId, Span};
use phasegate_criterion::Criterion;

use super::{Environment, Response};
use crate::form::{record, words};

words! {
    /// What becomes of something that has been evaluated without a result. Never a pass.
    pub enum OnInconclusive {
        /// Wait, and evaluate again.
        Hold = "hold",
        /// As if the criterion had failed.
        Fail = "fail",
    }
}

record! {
    /// A criterion with what belongs to it in this place. The bare criterion may stand for it.
    pub struct Condition short criterion: Criterion {
        /// The criterion, in the criterion language.
        need criterion: Criterion,
        /// A name, for reports and for amendments.
        may id: CriterionId,
        /// What it means, for people.
        may title: String,
        /// With fewer samples than this it is inconclusive.
        may min_samples: u64,
        /// Instead of what the phase says.
        may on_inconclusive: OnInconclusive,
    }
}

record! {
    /// Something that a person states, or that a criterion shows, before a phase or a gate goes on.
    /// The bare statement may stand for it.
    pub struct Item short statement: String {
        /// What is to be so.
        need statement: String,
        /// A name; without one the item is known by its place in the list.
        may id: CriterionId,
        /// Who attests it; without one, whoever owns the list.
        may role: RoleId,
        /// Where it must be so, where the list does not say.
        may environment: Environment,
        /// What evidence is to be given.
        may evidence: String,
        /// How long the attestation holds; without one, for the whole rollout.
        may valid_for: Span,
        /// Where a machine can tell: the criteria, instead of anybody's word.
        list criteria: Condition,
    }
}

record! {
    /// A group of things that must be so before a phase begins.
    pub struct Checklist {
        /// What the group is about.
        need title: String,
        /// Who attests what no item gives to another.
        may owner: RoleId,
        /// Where it must be so; where the plan happens, if nothing stands here.
        may environment: Environment,
        /// The items.
        list items: Item,
    }
}

record! {
    /// How and how often criteria are evaluated.
    pub struct Evaluation {
        /// The time from one evaluation to the next.
        or every: Span = Span::from_secs(15),
        /// What an inconclusive verdict does.
        or on_inconclusive: OnInconclusive = OnInconclusive::Hold,
        /// How long inconclusive verdicts may hold the phase.
        may hold_at_most: Span,
        /// What is done then; holding and telling, if nothing stands here.
        list then: Response,
        /// How long after a change of exposure nothing is measured.
        or settle: Span = Span::ZERO,
        /// With fewer samples than this a criterion is inconclusive.
        may min_samples: u64,
        /// Is the rollout held for a person when wall clock and boot clock disagree by more than five seconds? That they
        /// do is recorded in any case, and of the two what is the safer counts.
        or hold_when_clocks_disagree: bool = false,
    }
}
