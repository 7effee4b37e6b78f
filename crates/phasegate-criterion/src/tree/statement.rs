//! What else plans say about numbers: facts (baselines, budgets, estimates) and policies (scaling,
//! ladders, limits). They are typed as what they are; nothing evaluates them as criteria.

use super::{Cmp, Criterion, Given, Subject, Value, ValueRange};

/// A criterion, a fact or a policy.
///
/// ```
/// use phasegate_criterion::{FactKind, Statement};
/// let said: Statement = "baseline avg(build_duration) = ~30m..40m".parse()?;
/// assert!(matches!(said, Statement::Fact(fact) if fact.kind == FactKind::Baseline));
/// # Ok::<(), phasegate_criterion::ParseError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "a plan has a place for each")]
pub enum Statement {
    /// A condition that must hold.
    Criterion(Box<Criterion>),
    /// How a number stands, or stood, or is expected to.
    Fact(Fact),
    /// How a number is to be steered.
    Policy(Policy),
}

/// `baseline ratio(cache_hit) > 80%`, `budget usage(storage) = 100GB`, `estimate time(rollback) = 90m`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Fact {
    /// What sort of figure it is.
    pub kind: FactKind,
    /// Of what.
    pub subject: Subject,
    /// How the number relates to the figure.
    pub op: Cmp,
    /// The figure.
    pub figure: Given,
}

/// What sort of figure a fact gives.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "a plan has a place for each")]
pub enum FactKind {
    /// How it stood before the rollout.
    Baseline,
    /// How much may be used.
    Budget,
    /// What somebody expects.
    Estimate,
}

impl FactKind {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Budget => "budget",
            Self::Estimate => "estimate",
        }
    }
}

/// How a number is to be steered.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "a plan has a place for each")]
pub enum Policy {
    /// `share(traffic, new_system) steps 5% -> 25% -> 100%`: two or more steps.
    Ladder {
        /// What climbs.
        subject: Subject,
        /// The first two steps and the others.
        steps: Vec<Value>,
    },
    /// `database_connections limits 5..100 target 70%`.
    Limits {
        /// What stays inside.
        subject: Subject,
        /// Between what.
        range: ValueRange,
        /// Where in it, as a share of the upper limit.
        target: Option<Value>,
    },
    /// `ratio(cpu) target 70% up > 80% by 2 down < 50% by 1`.
    Scaling {
        /// What is kept near the target.
        subject: Subject,
        /// The target.
        target: Value,
        /// When and by how many to grow.
        up: Option<ScalingStep>,
        /// When and by how many to shrink.
        down: Option<ScalingStep>,
    },
}

/// One direction of a scaling policy.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ScalingStep {
    /// How the number compares.
    pub op: Cmp,
    /// With what.
    pub value: Value,
    /// By how many to change.
    pub by: u32,
}
