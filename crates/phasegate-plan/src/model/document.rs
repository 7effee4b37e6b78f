//! What a document says about itself and the work as a whole, and what it leaves to be filled in.

use phasegate_core::{GateId, PhaseId, RoleId, Span, StepId};
use phasegate_criterion::{Criterion, Statement};

use super::{CommandRun, Condition, Item, ParameterId, TeamId, Weeks};
use crate::calendar::{Date, Length, Recurrence, TimeOfDay};
use crate::form::{record, words};

words! {
    /// How much of something: risk, impact, priority, probability.
    pub enum Level {
        /// None to speak of.
        None = "none",
        /// Hardly any.
        Minimal = "minimal",
        /// Little.
        Low = "low",
        /// Some.
        Medium = "medium",
        /// Much.
        High = "high",
        /// As much as there can be.
        Critical = "critical",
    }
}

record! {
    /// When the document is looked at again.
    pub struct Review {
        /// On this day.
        may on: Date,
        /// Before this phase begins.
        may before: PhaseId,
        /// In these weeks of the plan, from 1.
        may weeks: Weeks,
        /// Again and again.
        may every: Recurrence,
    }
}

record! {
    /// Who is needed: `3..5` engineers.
    pub struct Resource {
        /// What kind of people or things.
        need title: String,
        /// At least so many.
        need at_least: u32,
        /// At most so many; as many as at least, if nothing stands here.
        may at_most: u32,
        /// The numbers are only about right: `~50 users`.
        or about: bool = false,
    }
}

words! {
    /// What a parameter's value is.
    pub enum ParameterType {
        /// A whole number.
        Count = "count",
        /// True or false.
        Flag = "flag",
        /// A moment.
        Moment = "moment",
        /// Text.
        Text = "text",
    }
}

record! {
    /// A value that is given when the rollout starts.
    pub struct Parameter {
        /// Its name.
        need id: ParameterId,
        /// What it is, for people.
        may title: String,
        /// What its value is.
        need kind: ParameterType,
        /// Its value where none is given.
        may default: String,
    }
}

record! {
    /// A line of the timeline that the document gives beside its phases: what happens in which weeks, and on
    /// which days of them.
    pub struct TimelineEntry {
        /// What happens.
        need title: String,
        /// In these weeks of the plan, from 1.
        need weeks: Weeks,
        /// From this working day of the first of these weeks, counted from 1.
        may day: u32,
        /// Until this working day of it; the same, if nothing stands here.
        may until_day: u32,
        /// Which phases.
        list phases: PhaseId,
        /// Which decision.
        may gate: GateId,
    }
}

record! {
    /// A number that the plan starts from: a baseline, a budget, an estimate, a policy.
    /// The bare statement may stand for it.
    pub struct FactNote short fact: Statement {
        /// The statement, in the criterion language.
        need fact: Statement,
        /// What it means, for people.
        may title: String,
    }
}

record! {
    /// A group of things that the whole is to reach.
    pub struct Goal {
        /// What the group is about.
        need title: String,
        /// The numbers.
        list criteria: Condition,
        /// What people attest.
        list checks: Item,
        /// Within this time from the start.
        may within: Length,
        /// From this phase on.
        may phase: PhaseId,
    }
}

record! {
    /// What was learnt. It is filled in during the rollout and after it.
    pub struct Lessons {
        /// What went well.
        list went_well: String,
        /// What could be better.
        list to_improve: String,
        /// What is to be done about it.
        list actions: String,
    }
}

record! {
    /// A group of people who do the work.
    pub struct Team {
        /// Its name.
        need id: TeamId,
        /// What it is called, for people.
        may title: String,
        /// Its role, for what it owns in the plan.
        may role: RoleId,
        /// What it answers for.
        list responsibilities: String,
        /// When it is on call.
        may on_call: OnCall,
    }
}

record! {
    /// When somebody is on call, and in which order they are called.
    pub struct OnCall {
        /// The place in the order, from 1.
        need order: u32,
        /// Only during working hours.
        or business_hours: bool = false,
        /// At every hour of every day: 24/7.
        or around_the_clock: bool = false,
        /// How they take turns, in words.
        may rotation: String,
        /// How the people of the team's role take turns, in the order in which they stand there. All of them are called
        /// if nothing stands here.
        may turns: Turns,
    }
}

words! {
    /// How long somebody is on call.
    pub enum TurnLength {
        /// A day.
        Day = "day",
        /// A week.
        Week = "week",
        /// Two weeks.
        TwoWeeks = "two-weeks",
    }
}

record! {
    /// How people take turns.
    pub struct Turns {
        /// How long a turn is.
        need every: TurnLength,
        /// The day on which the first turn of the first one begins.
        need from: Date,
        /// The time of day at which one hands over to the next; midnight, if nothing stands here.
        may at: TimeOfDay,
    }
}

words! {
    /// What a team may do with something.
    pub enum Permission {
        /// Everything.
        Admin = "admin",
        /// Change it.
        Write = "write",
        /// Look at it.
        Read = "read",
    }
}

record! {
    /// Who may do what.
    pub struct Access {
        /// The team.
        need team: TeamId,
        /// What it may do.
        need permission: Permission,
    }
}

record! {
    /// What must have happened before a branch is changed.
    pub struct Protection {
        /// The branch.
        need branch: String,
        /// How many reviews.
        need reviews: u32,
        /// Do new commits void reviews?
        or dismiss_stale: bool = false,
        /// Must owners of the code review?
        or code_owners: bool = false,
    }
}

record! {
    /// Access as it is to be.
    pub struct AccessPolicy {
        /// What teams may do.
        list teams: Access,
        /// How branches are protected.
        list branches: Protection,
    }
}

record! {
    /// One arrow in a life cycle.
    pub struct Transition {
        /// From this state.
        need from: String,
        /// To this one.
        need to: String,
        /// When.
        may when: String,
    }
}

record! {
    /// The states that something goes through.
    pub struct LifeCycle {
        /// Of what.
        need title: String,
        /// The arrows between its states.
        list transitions: Transition,
    }
}

record! {
    /// A check by numbers and by people after the rollout, or between its phases.
    pub struct Watch {
        /// What is watched.
        need title: String,
        /// For how long.
        may length: Length,
        /// In which weeks after the phase or the rollout, from 1.
        may weeks: Weeks,
        /// How often.
        may every: Recurrence,
        /// On this day.
        may on: Date,
        /// What is looked at.
        list activities: Item,
        /// What must hold.
        list criteria: Criterion,
    }
}

record! {
    /// A command that people run to see how things stand. It changes nothing.
    pub struct Inspection {
        /// Its name.
        need id: StepId,
        /// What it shows, for people.
        may title: String,
        /// How often it is run while somebody looks.
        may every: Span,
        /// The command.
        need command: CommandRun,
    }
}
