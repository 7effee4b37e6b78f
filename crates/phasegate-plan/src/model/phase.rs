//! Phases: stretches of the plan with an entry, steps, an exit and a way back.

use phasegate_core::{PhaseId, RoleId};

use super::{
    Checklist, Condition, Evaluation, Gate, Item, Level, Resource, Response, Rollback, Step,
    Trigger, Watch, Weeks,
};
use crate::calendar::{DateWindow, Length, LengthUnit, TimeRange, Weekday};
use crate::form::{record, words};

words! {
    /// Where something happens.
    pub enum Environment {
        /// Where it is written.
        Development = "development",
        /// Where it is tried.
        Staging = "staging",
        /// Where it counts.
        Production = "production",
    }
}

record! {
    /// When something happens within a phase.
    pub struct Slot {
        /// On this day of the phase, from 1.
        need day: u32,
        /// Until this day; the same, if nothing stands here.
        may until_day: u32,
        /// The day of the week that this day is. Where no date says so, a phase begins when it is.
        may weekday: Weekday,
        /// At this time of day.
        may time: TimeRange,
    }
}

record! {
    /// Something that people do at a certain time in a phase.
    pub struct Activity {
        /// What is done.
        need title: String,
        /// When.
        may slot: Slot,
        /// Who does it.
        may role: RoleId,
        /// What it consists of.
        list items: Item,
        /// What must hold then.
        list criteria: Condition,
    }
}

record! {
    /// A stretch of the plan.
    pub struct Phase {
        /// Its name.
        need id: PhaseId,
        /// What it is called, for people.
        need title: String,
        /// How the document calls it besides its title: `Phase 1`.
        may label: String,
        /// Who or what it is for.
        may scope: String,
        /// Who gets the new version, as a number of heads: `50`, or at least and at most.
        may audience: Resource,
        /// How much may go wrong.
        may risk: Level,
        /// How much users or others notice.
        may impact: Level,
        /// How much it matters.
        may priority: Level,
        /// How long it takes.
        may length: Length,
        /// On which days it is to happen.
        may window: DateWindow,
        /// In which weeks of the plan, from 1: `1..3`, `8+`.
        may weeks: Weeks,
        /// It is only an outline: its steps are not known yet.
        or outline: bool = false,
        /// What it is to achieve.
        list objectives: String,
        /// Which phases must be done first. Nothing said: the phase written before this one. An
        /// empty list: none.
        may after: Vec<PhaseId>,
        /// Where it happens.
        may environment: Environment,
        /// What must be so before it begins.
        list prerequisites: Checklist,
        /// What it does, in order.
        list steps: Step,
        /// What must hold while its steps run and at its end.
        list criteria: Condition,
        /// What is done when one of them fails; going back as `rollback` says, if nothing stands here.
        list on_fail: Response,
        /// Its go/no-go decisions.
        list gates: Gate,
        /// What is watched while it runs, besides the plan's own triggers.
        list triggers: Trigger,
        /// What is done on its days that no engine does: who, when.
        list activities: Activity,
        /// What to watch after it.
        list watch: Watch,
        /// The way back.
        may rollback: Rollback,
        /// Why there is no way back and none is needed.
        may no_way_back: String,
        /// How criteria are evaluated, instead of what the plan says.
        may evaluation: Evaluation,
    }
}

impl Phase {
    /// Are the day numbers of its slots days of the calendar? They are where it takes days, weeks or
    /// more, or is only given days or weeks to happen in; else they are business days.
    pub fn days_by_calendar(&self) -> bool {
        match self.length.map(Length::unit) {
            Some(
                LengthUnit::Days
                | LengthUnit::Weeks
                | LengthUnit::Months
                | LengthUnit::Quarters
                | LengthUnit::Years,
            ) => true,
            Some(
                LengthUnit::Minutes
                | LengthUnit::Hours
                | LengthUnit::BusinessHours
                | LengthUnit::BusinessDays,
            ) => false,
            None => self.window.is_some() || self.weeks.is_some(),
        }
    }
}
