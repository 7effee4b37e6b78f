//! Who is told what, when and how.

use phasegate_core::{ChannelId, PhaseId, RoleId, Span};

use super::{Item, MessageId, Severity, Weeks};
use crate::calendar::{Date, Length, Recurrence};
use crate::form::{record, words};

words! {
    /// What makes a communication happen.
    pub enum Occasion {
        /// The calendar.
        Schedule = "schedule",
        /// A phase begins.
        PhaseStart = "phase-start",
        /// A phase is done.
        PhaseEnd = "phase-end",
        /// Something has gone wrong.
        Incident = "incident",
    }
}

record! {
    /// One planned communication.
    pub struct Communication {
        /// What it is.
        need title: String,
        /// For whom.
        list audience: String,
        /// Where.
        list channels: ChannelId,
        /// By which template.
        may message: MessageId,
        /// What makes it happen.
        or occasion: Occasion = Occasion::Schedule,
        /// In these phases; in all, if nothing stands here.
        list phases: PhaseId,
        /// In these weeks of the plan, from 1.
        may weeks: Weeks,
        /// How often.
        may every: Recurrence,
        /// On this day.
        may on: Date,
        /// So long before a phase begins.
        may notice: Length,
        /// What it is about.
        list content: String,
    }
}

record! {
    /// How an incident is talked about: each with its clock.
    pub struct IncidentPlan {
        /// What such incidents are called.
        may title: String,
        /// Somebody must have said that they look at it within this time.
        may acknowledge_within: Span,
        /// There is news at least this often.
        may update_every: Span,
        /// What is done, in order.
        list steps: Item,
        /// Where.
        list channels: ChannelId,
    }
}

record! {
    /// How people are reached by how grave it is.
    pub struct Escalation {
        /// How grave.
        need severity: Severity,
        /// Who is reached; whoever reads the channels, if nothing stands here.
        may role: RoleId,
        /// Where.
        list channels: ChannelId,
        /// How fast an answer is expected.
        may answer_within: Span,
    }
}
