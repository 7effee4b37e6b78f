//! The communication plan.

use phasegate_core::{PhaseId, Span, Timestamp};
use phasegate_plan::calendar::{Date, Length, LengthUnit, TimeOfDay, WorkCalendar};
use phasegate_plan::model;

use super::{CompileError, Compiler};
use crate::program::{Announcement, Cadence, Maintenance, Occasion, Telling};

impl Compiler<'_> {
    /// All communications that go through a channel. One that is due before phases begin whose day is known is one
    /// for each of them.
    pub(super) fn announcements(&self) -> Result<Vec<Announcement>, CompileError> {
        let mut all = Vec::new();
        for one in &self.plan.communications {
            let tell = self.messages(one)?;
            if tell.is_empty() {
                continue;
            }
            all.extend(
                self.occasions(one)
                    .into_iter()
                    .map(|occasion| Announcement {
                        title: one.title.clone(),
                        occasion,
                        tell: tell.clone(),
                    }),
            );
        }
        Ok(all)
    }

    /// The work that comes again and again, as the plan's calendar has it.
    pub(super) fn maintenance(&self) -> Result<Vec<Maintenance>, CompileError> {
        let calendar = self.plan.work_calendar();
        let of = |one: &model::Maintenance| {
            let tell = one.channels.iter().map(|id| self.channel(id));
            Ok(Maintenance {
                title: one.title.clone(),
                cadence: Cadence {
                    recurrence: one.recurrence.to_string(),
                    zone: calendar.zone().to_string(),
                    opens: self.opens().to_string(),
                    phases: Vec::new(),
                    first_week: 1,
                    last_week: None,
                },
                length: one.length.map(nominal),
                notice: one.notice.map(nominal),
                tell: tell.collect::<Result<_, CompileError>>()?,
            })
        };
        self.plan.maintenance.iter().map(of).collect()
    }

    fn messages(&self, one: &model::Communication) -> Result<Vec<Telling>, CompileError> {
        let mut tell = Vec::new();
        for channel in &one.channels {
            let mut notify = model::Notify::new(channel.clone());
            notify.message.clone_from(&one.message);
            let mut telling = self.telling(&notify)?;
            if one.message.is_none() {
                telling.subject = format!("{{{{plan}}}}: {}", one.title);
                telling.body = body(one);
            }
            tell.push(telling);
        }
        Ok(tell)
    }

    fn occasions(&self, one: &model::Communication) -> Vec<Occasion> {
        let calendar = self.plan.work_calendar();
        match one.occasion {
            model::Occasion::Incident => vec![Occasion::Incident],
            model::Occasion::PhaseEnd => vec![Occasion::PhaseEnd(self.meant(one))],
            model::Occasion::PhaseStart => self.before_phases(one, &calendar),
            model::Occasion::Schedule | _ => {
                let on = one
                    .on
                    .map(|date| Occasion::At(self.opening(&calendar, date)));
                let every = one.every.as_ref().map(|recurrence| {
                    Occasion::Every(Cadence {
                        recurrence: recurrence.to_string(),
                        zone: calendar.zone().to_string(),
                        opens: self.opens().to_string(),
                        phases: one.phases.clone(),
                        first_week: one.weeks.map_or(1, model::Weeks::first),
                        last_week: one.weeks.and_then(model::Weeks::last),
                    })
                });
                on.into_iter().chain(every).collect()
            }
        }
    }

    /// The phases that are meant: those named, or all.
    fn meant(&self, one: &model::Communication) -> Vec<PhaseId> {
        if one.phases.is_empty() {
            self.plan
                .phases
                .iter()
                .map(|phase| phase.id.clone())
                .collect()
        } else {
            one.phases.clone()
        }
    }

    /// So long before the days of those phases that have days; when they begin, of the others.
    fn before_phases(&self, one: &model::Communication, calendar: &WorkCalendar) -> Vec<Occasion> {
        let mut phases = self.meant(one);
        let mut all = Vec::new();
        if let Some(notice) = one.notice {
            phases.retain(|id| {
                let mut declared = self.plan.phases.iter();
                let phase = declared.find(|phase| phase.id == *id);
                let Some(window) = phase.and_then(|phase| phase.window) else {
                    return true;
                };
                let begins = self.opening(calendar, window.first());
                all.push(Occasion::At(before(calendar, begins, notice)));
                false
            });
        }
        if !phases.is_empty() {
            all.push(Occasion::PhaseStart(phases));
        }
        all
    }

    /// When people begin to work.
    fn opens(&self) -> TimeOfDay {
        let hours = self.plan.calendar.hours.iter();
        let first = hours.map(|range| range.from()).min();
        first
            .or(TimeOfDay::new(9, 0))
            .unwrap_or(TimeOfDay::MIDNIGHT)
    }

    fn opening(&self, calendar: &WorkCalendar, date: Date) -> Timestamp {
        calendar.zone().moment(date, self.opens())
    }
}

/// What is said where the plan has no message for it: what it is about, and for whom.
fn body(one: &model::Communication) -> String {
    let mut lines: Vec<String> = one.content.iter().map(|line| format!("- {line}")).collect();
    if !one.audience.is_empty() {
        lines.push(format!("For: {}", one.audience.join(", ")));
    }
    lines.join("\n")
}

/// A moment that lies so long before another one.
fn before(calendar: &WorkCalendar, moment: Timestamp, notice: Length) -> Timestamp {
    let count = i64::from(notice.least());
    match notice.unit() {
        LengthUnit::Minutes => {
            moment.before(Span::from_secs(60).saturating_mul(notice.least().into()))
        }
        LengthUnit::Hours | LengthUnit::BusinessHours => {
            moment.before(Span::from_secs(3600).saturating_mul(notice.least().into()))
        }
        LengthUnit::BusinessDays => calendar.add_business_days(moment, -count),
        LengthUnit::Days => calendar.add_days(moment, -count),
        LengthUnit::Weeks => calendar.add_days(moment, -count * 7),
        LengthUnit::Months => calendar.add_days(moment, -count * 31),
        LengthUnit::Quarters => calendar.add_days(moment, -count * 92),
        LengthUnit::Years => calendar.add_days(moment, -count * 366),
    }
}

/// A length without a beginning: days of 24 hours, months of 31 days.
fn nominal(length: Length) -> Span {
    let count = u64::from(length.least());
    let of = |secs: u64| Span::from_secs(secs).saturating_mul(count);
    match length.unit() {
        LengthUnit::Minutes => of(60),
        LengthUnit::Hours | LengthUnit::BusinessHours => of(3_600),
        LengthUnit::BusinessDays | LengthUnit::Days => of(86_400),
        LengthUnit::Weeks => of(7 * 86_400),
        LengthUnit::Months => of(31 * 86_400),
        LengthUnit::Quarters => of(92 * 86_400),
        LengthUnit::Years => of(366 * 86_400),
    }
}
