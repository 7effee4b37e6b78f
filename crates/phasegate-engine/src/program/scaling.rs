//! How many there are of something, by how much they have to do.

use phasegate_core::{BindingId, Span, TargetId};
use phasegate_criterion::Criterion;
use serde::{Deserialize, Serialize};

use super::Channel;

/// Something that policies let grow and shrink while the rollout runs. Nothing else of the rollout waits for it, holds
/// because of it or takes it back.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Scaling {
    /// What it is, for people.
    pub title: String,
    /// The scaler.
    pub to: BindingId,
    /// What of it.
    pub target: TargetId,
    /// It is not made fewer than this. That somebody else has left fewer is mended only by a policy that lets it grow.
    pub min: u32,
    /// It is not made more than this.
    pub max: u32,
    /// How long after a change, or after people were told of one, nothing more is done.
    pub cooldown: Span,
    /// Is it changed? Else people are told what would be.
    pub acts: bool,
    /// When it grows, and by how many: the most of those that hold.
    pub grow: Vec<ScaleStep>,
    /// When it shrinks: one condition of all policies that say when.
    pub shrink: Option<ScaleStep>,
    /// Where people are told.
    pub tell: Vec<Channel>,
}

/// One direction of a policy.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct ScaleStep {
    /// When.
    pub criterion: Criterion,
    /// By how many.
    pub by: u32,
}
