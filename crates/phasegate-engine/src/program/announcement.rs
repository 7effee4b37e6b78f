//! What people are told as the plan's communications say.

use phasegate_core::{PhaseId, Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Channel, Telling};

/// A planned communication. Those whom it reaches by no channel are a person's to tell, and stand in the plan alone.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Announcement {
    /// What it is, for people.
    pub title: String,
    /// What makes it happen.
    pub occasion: Occasion,
    /// The messages.
    pub tell: Vec<Telling>,
}

/// What makes an announcement happen.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "the engine must have a rule for each"
)]
pub enum Occasion {
    /// Once, at this moment, or when the rollout is created if that is later on the same day.
    At(Timestamp),
    /// Again and again.
    Every(Cadence),
    /// Something is declared.
    Incident,
    /// One of these phases is done.
    PhaseEnd(Vec<PhaseId>),
    /// One of these phases begins.
    PhaseStart(Vec<PhaseId>),
}

/// How often something is told.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Cadence {
    /// The rule or cron expression, as plans write it.
    pub recurrence: String,
    /// The zone in which it is meant, as plans write it.
    pub zone: String,
    /// At which time of day what comes by days is told, as plans write it: when people begin to work.
    pub opens: String,
    /// Only while one of these phases runs; always if empty.
    pub phases: Vec<PhaseId>,
    /// From the beginning of this week of the rollout on, counted from 1.
    pub first_week: u32,
    /// To the end of this week.
    pub last_week: Option<u32>,
}

/// Work that comes again and again. Nothing waits for it: what must not move beside it stands in a freeze.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Maintenance {
    /// What is done, for people.
    pub title: String,
    /// When it begins.
    pub cadence: Cadence,
    /// How long it takes; it has no end if nobody knows.
    pub length: Option<Span>,
    /// How long before it people are told.
    pub notice: Option<Span>,
    /// Who is told of each step.
    pub tell: Vec<Channel>,
}
