//! Who is on call.

use phasegate_plan::calendar::TimeOfDay;
use phasegate_plan::model;

use super::Compiler;
use crate::program::{OnCall, Turns, WorkTime};

impl Compiler<'_> {
    /// The teams that are on call and have a role with people in it, in the order in which they are called.
    pub(super) fn on_call(&self) -> Vec<OnCall> {
        let of = |team: &model::Team| {
            let (on_call, role) = (team.on_call.as_ref()?, team.role.as_ref()?);
            let mut roles = self.plan.roles.iter();
            let role = roles.find(|known| known.id == *role)?;
            (!role.members.is_empty()).then(|| OnCall {
                order: on_call.order,
                role: role.id.clone(),
                people: role.members.clone(),
                working_hours: on_call.business_hours && !on_call.around_the_clock,
                turns: on_call.turns.as_ref().map(turns),
            })
        };
        let mut all: Vec<OnCall> = self.plan.teams.iter().filter_map(of).collect();
        all.sort_by_key(|one| one.order);
        all
    }

    pub(super) fn work_time(&self) -> Option<WorkTime> {
        let week = &self.plan.calendar;
        let work_time = || WorkTime {
            zone: week.zone.to_string(),
            days: week.days.iter().map(ToString::to_string).collect(),
            hours: week.hours.iter().map(ToString::to_string).collect(),
            holidays: week
                .holidays
                .iter()
                .map(|day| day.date.to_string())
                .collect(),
        };
        (!self.on_call().is_empty()).then(work_time)
    }
}

fn turns(turns: &model::Turns) -> Turns {
    Turns {
        days: match turns.every {
            model::TurnLength::Day => 1,
            model::TurnLength::TwoWeeks => 14,
            model::TurnLength::Week | _ => 7,
        },
        from: turns.from.to_string(),
        at: turns.at.unwrap_or(TimeOfDay::MIDNIGHT).to_string(),
    }
}
