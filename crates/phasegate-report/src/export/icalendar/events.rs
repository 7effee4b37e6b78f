//! Which events a plan has: phases, their windows, gates, freezes and what comes again and again.

use std::collections::BTreeMap;

use phasegate_core::{PhaseId, Span, Timestamp};
use phasegate_plan::calendar::{Date, DateWindow};
use phasegate_plan::model::Gate;
use phasegate_plan::{Plan, PlannedGate, PlannedPhase, Schedule};

use super::lines::{Lines, day, moment};
use super::measured::{self, Measured};
use super::recurring;
use super::zones;

/// Writes what a plan has in its calendar, laid out from a day on, as one iCalendar object:
///
/// | event | when | category |
/// |---|---|---|
/// | each phase | from its start to its end, in UTC | `phase` |
/// | the days in which the plan or a phase is to happen, where the schedule has it on one of them | whole days | `window` |
/// | each gate | at its moment, for as long as deciding may take | `gate` |
/// | each statement of a checklist that criteria decide | where its list stands: a gate that nobody is asked about | `gate` |
/// | each freeze | from its start to its end, in UTC | `freeze` |
/// | maintenance, backups, reviews and scheduled tests | as their recurrence rules | `maintenance`, `backup`, `review`, `test` |
///
/// A recurrence by days is an event of whole days with its `RRULE`; a cron expression becomes one or two
/// rules in the plan's zone, whose clock changes of ten years stand in a `VTIMEZONE`. Lengths that only a
/// work calendar can tell (business hours and days) stand in the description.
///
/// Where the schedule does not keep to those days, the phase's description says so, and that of the whole is the
/// calendar's own.
///
/// Every event has a UID made of the plan's and its own name, so that a calendar that takes in a later
/// version of the file moves events instead of doubling them. `stamp` is when the file was made: the same
/// plan, schedule and stamp give the same bytes. What lies beyond the year 9999 is left out.
///
/// Cost: a few microseconds for each event.
///
/// ```
/// use phasegate_plan::model::{Freeze, Phase, PlanDraft, PlanFormat};
/// use phasegate_plan::{PlanDocument, Schedule, check};
/// use phasegate_report::export::icalendar;
/// let text = "format: phasegate-plan/1\nid: greeter\ntitle: Greeter 2\nphases:\n  \
///     - {id: build, title: 'Build, test', length: 5bd, no-way-back: nothing is changed}\n";
/// let plan = check(&PlanDocument::read("plan.yaml", text.as_bytes()), None).plan.ok_or("a fault")?;
/// let schedule = Schedule::new(&plan, "2025-09-01".parse()?);
/// let calendar = icalendar(&plan, &schedule, "2025-08-01T12:00:00Z".parse()?);
/// assert!(calendar.contains("UID:greeter.phase.build@phasegate\r\nDTSTAMP:20250801T120000Z\r\n"));
/// assert!(calendar.contains("DTSTART:20250901T090000Z\r\nDTEND:20250905T170000Z\r\n"));
/// assert!(calendar.contains("SUMMARY:Build\\, test\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn icalendar(plan: &Plan, schedule: &Schedule, stamp: Timestamp) -> String {
    let mut calendar = Calendar {
        lines: Lines::default(),
        plan: plan.id.to_string(),
        stamp: moment(stamp).unwrap_or_else(|| "19700101T000000Z".to_owned()),
        uids: BTreeMap::new(),
    };
    let lines = &mut calendar.lines;
    lines.put("BEGIN", "VCALENDAR");
    lines.put("VERSION", "2.0");
    lines.put("PRODID", "-//phasegate//phasegate-report//EN");
    lines.put("CALSCALE", "GREGORIAN");
    lines.put("METHOD", "PUBLISH");
    lines.text("NAME", &plan.title);
    lines.text("X-WR-CALNAME", &plan.title);
    let whole = whole(schedule);
    let beyond = plan
        .window
        .zip(whole)
        .and_then(|(window, whole)| beyond(window, whole));
    if let Some(told) = &beyond {
        lines.text("DESCRIPTION", told);
        lines.text("X-WR-CALDESC", told);
    }
    let recurring = recurring::all(plan, schedule);
    if recurring.iter().any(|one| one.zone.is_some()) {
        zones::write(&mut calendar.lines, schedule);
    }
    if let Some(window) = plan.window.filter(|window| meets(*window, whole)) {
        calendar.window("plan", &plan.title, window);
    }
    calendar.measured(&measured::before_start(plan, schedule));
    for planned in schedule.phases() {
        calendar.phase(plan, planned, schedule);
    }
    for gate in schedule.gates() {
        let found = plan.gates.iter().find(|one| one.id == gate.id);
        calendar.gate(None, &gate, found);
    }
    for freeze in &plan.freezes {
        let end = moment(freeze.until);
        let timed = moment(freeze.from)
            .zip(end)
            .map(|(from, until)| timed(from, until));
        calendar.event(("freeze", &freeze.title, &freeze.title), timed, &[]);
    }
    for one in &recurring {
        let timed = Some(one.timed.clone());
        calendar.event((one.kind, &one.title, &one.title), timed, &one.said);
    }
    calendar.lines.put("END", "VCALENDAR");
    calendar.lines.into_text()
}

/// The first and the last day on which a phase is planned. What ends at midnight ends on the day before.
fn days(schedule: &Schedule, planned: &PlannedPhase) -> (Date, Date) {
    let zone = schedule.calendar().zone();
    let end = planned.end.before(Span::from_secs(1)).max(planned.start);
    (zone.date(planned.start), zone.date(end))
}

/// The same of all phases; `None` where there is none.
fn whole(schedule: &Schedule) -> Option<(Date, Date)> {
    let all = schedule.phases().iter().map(|one| days(schedule, one));
    all.reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))
}

/// Has a window a day on which it is planned? A calendar shows no days of another year than what is in it.
fn meets(window: DateWindow, days: Option<(Date, Date)>) -> bool {
    days.is_none_or(|(first, last)| window.first() <= last && first <= window.last())
}

/// What is to be said where the schedule does not keep to the days that the plan has.
fn beyond(window: DateWindow, (first, last): (Date, Date)) -> Option<String> {
    let kept = window.first() <= first && last <= window.last();
    (!kept).then(|| {
        format!("The days of the plan are {window}. Begun as it is here, it goes from {first} to {last}.")
    })
}

struct Calendar {
    lines: Lines,
    plan: String,
    stamp: String,
    /// How many events have had a UID.
    uids: BTreeMap<String, u32>,
}

/// From when until when; what takes no time has no end (RFC 5545, section 3.8.2.2).
fn timed(from: String, until: String) -> Vec<(String, String)> {
    let end = (until != from).then(|| ("DTEND".to_owned(), until));
    let start = ("DTSTART".to_owned(), from);
    std::iter::once(start).chain(end).collect()
}

impl Calendar {
    fn phase(&mut self, plan: &Plan, planned: &PlannedPhase, schedule: &Schedule) {
        let Some(phase) = plan.phase(&planned.id) else {
            return;
        };
        let timed = moment(planned.start)
            .zip(moment(planned.end))
            .map(|(start, end)| timed(start, end));
        let mut said = phase.objectives.clone();
        if planned.open {
            said.push("It may take longer.".to_owned());
        }
        let days = days(schedule, planned);
        said.extend(phase.window.and_then(|window| beyond(window, days)));
        self.event(("phase", planned.id.as_str(), &phase.title), timed, &said);
        if let Some(window) = phase.window.filter(|window| meets(*window, Some(days))) {
            self.window(planned.id.as_str(), &phase.title, window);
        }
        self.measured(&measured::of_phase(phase, planned));
        for gate in &planned.gates {
            let found = phase.gates.iter().find(|one| one.id == gate.id);
            self.gate(Some(&planned.id), gate, found);
        }
    }

    fn window(&mut self, id: &str, title: &str, window: DateWindow) {
        // The end of whole days is the first day outside.
        let timed = day(window.first()).zip(day(window.last().plus_days(1)));
        let timed = timed.map(|(first, after)| {
            vec![
                ("DTSTART;VALUE=DATE".to_owned(), first),
                ("DTEND;VALUE=DATE".to_owned(), after),
            ]
        });
        self.event(("window", id, &format!("Days for: {title}")), timed, &[]);
    }

    fn gate(&mut self, phase: Option<&PhaseId>, planned: &PlannedGate, gate: Option<&Gate>) {
        let title = gate.and_then(|gate| gate.title.clone());
        let title = title.unwrap_or_else(|| format!("Gate {}", planned.id));
        let mut timed = moment(planned.at).map(|at| vec![("DTSTART".to_owned(), at)]);
        let within = gate.and_then(|gate| gate.decide_within);
        if let (Some(timed), Some(within)) = (&mut timed, within) {
            timed.push(("DURATION".to_owned(), duration(within)));
        }
        let mut said = Vec::new();
        if let Some(gate) = gate {
            said.extend(gate.criteria.iter().map(|one| one.criterion.to_string()));
            said.extend(gate.checks.iter().map(|item| item.statement.clone()));
            let approvals = gate.approvals.iter();
            said.extend(approvals.map(|one| format!("Approval: {} of {}", one.quorum, one.role)));
        }
        let of = phase.map_or_else(|| "plan".to_owned(), ToString::to_string);
        self.event(
            ("gate", &format!("{of}.{}", planned.id), &title),
            timed,
            &said,
        );
        if let Some(gate) = gate {
            self.measured(&measured::of_gate(&of, gate, planned.at));
        }
    }

    fn measured(&mut self, all: &[Measured<'_>]) {
        for one in all {
            let timed = moment(one.at).map(|at| vec![("DTSTART".to_owned(), at)]);
            let criteria = one.item.criteria.iter();
            let said: Vec<String> = criteria.map(|one| one.criterion.to_string()).collect();
            self.event(("gate", &one.name, &one.item.statement), timed, &said);
        }
    }

    /// One event: its kind and name, which make its UID, and its title; when it is, as properties.
    fn event(
        &mut self,
        (kind, name, title): (&str, &str, &str),
        timed: Option<Vec<(String, String)>>,
        said: &[String],
    ) {
        let Some(timed) = timed else {
            return;
        };
        let uid = self.uid(kind, name);
        let lines = &mut self.lines;
        lines.put("BEGIN", "VEVENT");
        lines.put("UID", &uid);
        lines.put("DTSTAMP", &self.stamp);
        for (property, value) in &timed {
            lines.put(property, value);
        }
        lines.text("SUMMARY", title);
        lines.texts("DESCRIPTION", said);
        lines.put("CATEGORIES", kind);
        // Nobody is busy because a phase goes on.
        lines.put(
            "TRANSP",
            if kind == "gate" {
                "OPAQUE"
            } else {
                "TRANSPARENT"
            },
        );
        lines.put("END", "VEVENT");
    }

    /// The same for the same name, whatever stands before and after it in the plan. A second event of that
    /// name is numbered.
    fn uid(&mut self, kind: &str, name: &str) -> String {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || c == '.' {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        };
        let name: String = name.chars().take(60).map(plain).collect();
        let base = format!("{}.{kind}.{name}", self.plan);
        let count = self.uids.entry(base.clone()).or_default();
        *count = count.saturating_add(1);
        match *count {
            1 => format!("{base}@phasegate"),
            number => format!("{base}.{number}@phasegate"),
        }
    }
}

/// A length of time: `PT1H30M`. Fractions of a second are left off.
pub(super) fn duration(span: Span) -> String {
    let seconds = span.as_nanos() / 1_000_000_000;
    let parts = [
        (seconds / 3_600, 'H'),
        (seconds / 60 % 60, 'M'),
        (seconds % 60, 'S'),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let text: String = parts
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if text.is_empty() {
        "PT0S".to_owned()
    } else {
        format!("PT{text}")
    }
}
