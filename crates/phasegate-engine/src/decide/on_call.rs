//! Who is on call: resolved at the moment at which somebody is needed, by the calendar and the turns of the plan, and
//! recorded. What was recorded is what counts: a replay asks no calendar.

use std::sync::Arc;

use phasegate_core::{PersonId, Timestamp};
use phasegate_plan::calendar::{Date, Holiday, TimeOfDay, WorkCalendar, WorkWeek, Zone};

use crate::engine::Engine;
use crate::program::{OnCall, WorkTime};
use crate::record::IncidentStep;

impl Engine {
    /// Calls the first teams, after those that were called already, of which somebody is on call now. Teams of the same
    /// place in the order are called together.
    pub(crate) fn call(&mut self, number: u64) {
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        let before = incident.called.last().map(|called| called.order);
        let (program, now) = (Arc::clone(&self.state.program), self.now().wall);
        let Some(work) = &program.work_time else {
            return;
        };
        let mut place = None;
        for team in &program.on_call {
            let is_next = place.map_or_else(
                || before.is_none_or(|before| team.order > before),
                |place| team.order == place,
            );
            let people = if is_next {
                on_call(team, work, now)
            } else {
                Vec::new()
            };
            if people.is_empty() {
                continue;
            }
            place = Some(team.order);
            let (order, role) = (team.order, team.role.clone());
            self.incident_step(
                number,
                IncidentStep::Called {
                    order,
                    role,
                    people,
                },
            );
        }
    }
}

/// Who of a team is on call at a moment. What cannot be read is nobody's turn: the compiler wrote it.
fn on_call(team: &OnCall, work: &WorkTime, at: Timestamp) -> Vec<PersonId> {
    if team.working_hours {
        let open = calendar(work).map(|calendar| calendar.next_open(at));
        if open != Some(at) {
            return Vec::new();
        }
    }
    match &team.turns {
        None => team.people.clone(),
        Some(turns) => {
            let turn = turn((&turns.from, &turns.at, turns.days), &work.zone, at);
            let count = i64::try_from(team.people.len()).unwrap_or(i64::MAX);
            let index = turn.map(|turn| turn.rem_euclid(count.max(1)));
            let index = index.and_then(|index| usize::try_from(index).ok());
            let person = index.and_then(|index| team.people.get(index));
            person.into_iter().cloned().collect()
        }
    }
}

/// How many turns have passed since the first one began.
fn turn((from, hand_over, days): (&str, &str, u32), zone: &str, at: Timestamp) -> Option<i64> {
    let (from, zone): (Date, Zone) = (from.parse().ok()?, zone.parse().ok()?);
    let hand_over: TimeOfDay = hand_over.parse().ok()?;
    let today = zone.date(at);
    // Until the hand-over it is still the turn of the day before.
    let early = zone.time_of_day(at) < hand_over;
    let day = today.plus_days(if early { -1 } else { 0 });
    Some(day.days_since(from).div_euclid(i64::from(days.max(1))))
}

fn calendar(work: &WorkTime) -> Option<WorkCalendar> {
    let mut week = WorkWeek::new();
    week.zone = work.zone.parse().ok()?;
    week.days = read(&work.days)?;
    week.hours = read(&work.hours)?;
    let holidays: Vec<Date> = read(&work.holidays)?;
    week.holidays = holidays.into_iter().map(Holiday::new).collect();
    Some(WorkCalendar::new(&week))
}

fn read<T: std::str::FromStr>(texts: &[String]) -> Option<Vec<T>> {
    texts.iter().map(|text| text.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Turns;

    fn team(working_hours: bool, days: Option<u32>) -> OnCall {
        let people = ["ada", "bob", "cyd"].map(|name| name.parse().expect("an id"));
        OnCall {
            order: 1,
            role: "platform".parse().expect("an id"),
            people: people.to_vec(),
            working_hours,
            turns: days.map(|days| Turns {
                days,
                from: "2026-09-07".to_owned(),
                at: "09:00".to_owned(),
            }),
        }
    }

    #[test]
    fn who_is_on_call_goes_by_turns_hours_and_holidays() {
        let work = WorkTime {
            zone: "Europe/Berlin".to_owned(),
            days: Vec::new(),
            hours: vec!["08:00-18:00".to_owned()],
            holidays: vec!["2026-09-09".to_owned()],
        };
        for (team, at, who) in [
            // In Berlin it is two hours later; the hand-over is at nine there.
            (team(false, Some(1)), "2026-09-07T06:59:59Z", "cyd"),
            (team(false, Some(1)), "2026-09-07T07:00:00Z", "ada"),
            (team(false, Some(1)), "2026-09-08T06:00:00Z", "ada"),
            (team(false, Some(1)), "2026-09-09T23:30:00Z", "cyd"),
            (team(false, Some(7)), "2026-09-13T22:00:00Z", "ada"),
            (team(false, Some(7)), "2026-09-14T07:00:00Z", "bob"),
            // Winter time began on 25 October.
            (team(false, Some(7)), "2026-10-26T07:59:00Z", "ada"),
            (team(false, Some(7)), "2026-10-26T08:00:00Z", "bob"),
            (team(false, None), "2026-09-07T01:00:00Z", "ada bob cyd"),
            (team(true, None), "2026-09-07T06:00:00Z", "ada bob cyd"),
            (team(true, None), "2026-09-07T05:59:59Z", ""),
            (team(true, None), "2026-09-07T16:00:00Z", ""),
            (team(true, None), "2026-09-09T10:00:00Z", ""),
            (team(true, Some(1)), "2026-09-12T10:00:00Z", ""),
            (team(true, Some(1)), "2026-09-10T10:00:00Z", "ada"),
        ] {
            let at: Timestamp = at.parse().expect("a moment");
            let found: Vec<_> = on_call(&team, &work, at);
            let found: Vec<&str> = found.iter().map(PersonId::as_str).collect();
            assert_eq!(found.join(" "), who, "{at} {team:?}");
        }
    }
}
