//! What comes again and again: by days, or by a cron expression in the plan's zone.

use phasegate_core::Span;
use phasegate_plan::calendar::{Cron, Date, Length, LengthUnit, Recurrence, Rule, Zone};
use phasegate_plan::model::BackupKind;
use phasegate_plan::{Plan, Schedule};

use super::events::duration;
use super::lines::{day, moment};

/// A day, in nanoseconds.
const DAY: u64 = 86_400_000_000_000;

/// One event that comes again.
pub(super) struct Recurring {
    pub(super) kind: &'static str,
    pub(super) title: String,
    /// Start, length and rule, as properties.
    pub(super) timed: Vec<(String, String)>,
    /// The zone whose clocks it goes by, if that is not universal time.
    pub(super) zone: Option<Zone>,
    pub(super) said: Vec<String>,
}

/// Something of the plan that has a recurrence.
struct Source<'p> {
    kind: &'static str,
    title: String,
    recurrence: &'p Recurrence,
    length: Option<Length>,
    said: Vec<String>,
}

/// All of them, in the order of the plan.
pub(super) fn all(plan: &Plan, schedule: &Schedule) -> Vec<Recurring> {
    let mut sources = Vec::new();
    for one in &plan.maintenance {
        let mut said: Vec<String> = one
            .activities
            .iter()
            .map(|item| item.statement.clone())
            .collect();
        said.extend(
            one.notice
                .map(|notice| format!("People are told {notice} before.")),
        );
        sources.push(Source {
            kind: "maintenance",
            title: one.title.clone(),
            recurrence: &one.recurrence,
            length: one.length,
            said,
        });
    }
    let backups = plan.recovery.iter().flat_map(|recovery| &recovery.backups);
    for backup in backups {
        let Some(recurrence) = &backup.schedule else {
            continue;
        };
        let kind: BackupKind = backup.kind;
        let said = Vec::from_iter(backup.command.clone());
        sources.push(Source {
            kind: "backup",
            title: format!("Backup: {kind}"),
            recurrence,
            length: None,
            said,
        });
    }
    if let Some(recurrence) = plan
        .review
        .as_ref()
        .and_then(|review| review.every.as_ref())
    {
        let title = format!("Review of the plan: {}", plan.title);
        sources.push(Source {
            kind: "review",
            title,
            recurrence,
            length: None,
            said: Vec::new(),
        });
    }
    for run in &plan.tests {
        if let Some(recurrence) = &run.schedule {
            let title = run.title.clone();
            let said = Vec::from_iter(run.covers.clone());
            sources.push(Source {
                kind: "test",
                title,
                recurrence,
                length: None,
                said,
            });
        }
    }
    let zone = schedule.calendar().zone();
    let start = schedule.start();
    sources
        .into_iter()
        .flat_map(|source| events(source, start, zone))
        .collect()
}

fn events(source: Source<'_>, start: Date, zone: &Zone) -> Vec<Recurring> {
    let mut said = source.said;
    // An event by days has no hours, and what is at least so long has no end.
    let whole_days = matches!(source.recurrence, Recurrence::Rule(_));
    let untold = |length: &Length| match span(*length) {
        None => true,
        Some(span) => length.most().is_none() || (whole_days && span.as_nanos() % DAY != 0),
    };
    if let Some(length) = source.length.filter(untold) {
        said.push(format!("It takes {length}."));
    }
    let event = |timed, zone| Recurring {
        kind: source.kind,
        title: source.title.clone(),
        timed,
        zone,
        said: said.clone(),
    };
    match source.recurrence {
        Recurrence::Rule(rule) => {
            let timed = by_days(rule, start, source.length);
            timed.map(|timed| event(timed, None)).into_iter().collect()
        }
        Recurrence::Cron(cron) => {
            let own = (zone.as_str() != "UTC").then(|| zone.clone());
            let timed = by_clock(cron, start, zone, source.length);
            timed
                .into_iter()
                .map(|timed| event(timed, own.clone()))
                .collect()
        }
    }
}

/// Whole days. The rule's own anchor is the day from which the plan is laid out.
fn by_days(rule: &Rule, start: Date, length: Option<Length>) -> Option<Vec<(String, String)>> {
    let first = day(rule.dates(start).next()?)?;
    let days = length
        .and_then(span)
        .map_or(1, |span| span.as_nanos().div_ceil(DAY).max(1));
    // Of an end, the day counts: the events have no time.
    let parts = rule
        .as_str()
        .split(';')
        .map(|part| match part.strip_prefix("UNTIL=") {
            Some(until) => format!("UNTIL={}", until.get(..8).unwrap_or(until)),
            None => part.to_owned(),
        });
    let rule: Vec<String> = parts.collect();
    Some(vec![
        ("DTSTART;VALUE=DATE".to_owned(), first),
        ("DURATION".to_owned(), format!("P{days}D")),
        ("RRULE".to_owned(), rule.join(";")),
    ])
}

/// To the minute, each rule from its own first time on: one that never comes is left out.
fn by_clock(
    cron: &Cron,
    start: Date,
    zone: &Zone,
    length: Option<Length>,
) -> Vec<Vec<(String, String)>> {
    let rules = cron.recurrence_rules();
    let single = rules.len() == 1;
    let midnight = zone.moment(start, phasegate_plan::calendar::TimeOfDay::MIDNIGHT);
    let mut all = Vec::new();
    for rule in rules {
        let mut at = midnight.before(Span::from_millis(1));
        // Of two rules, the first time that is this one's.
        let first = loop {
            let Some(next) = cron.next_after(at, zone) else {
                break None;
            };
            if single || fits(&rule, zone.date(next)) {
                break Some(next);
            }
            at = next;
        };
        let Some(first) = first else {
            continue;
        };
        let local = if zone.as_str() == "UTC" {
            moment(first).map(|at| ("DTSTART".to_owned(), at))
        } else {
            let (date, time) = (day(zone.date(first)), zone.time_of_day(first));
            let name = format!("DTSTART;TZID={}", zone.as_str());
            date.map(|date| {
                (
                    name,
                    format!("{date}T{:02}{:02}00", time.hour(), time.minute()),
                )
            })
        };
        let Some(local) = local else {
            continue;
        };
        let mut timed = vec![local];
        timed.extend(
            length
                .and_then(span)
                .map(|span| ("DURATION".to_owned(), duration(span))),
        );
        timed.push(("RRULE".to_owned(), rule));
        all.push(timed);
    }
    all
}

/// Is a day of the month one of a rule's?
fn fits(rule: &str, date: Date) -> bool {
    let days = rule
        .split(';')
        .find_map(|part| part.strip_prefix("BYMONTHDAY="));
    let day = date.day().to_string();
    days.is_none_or(|days| days.split(',').any(|one| one == day))
}

/// At least so long, where clocks can tell.
fn span(length: Length) -> Option<Span> {
    let seconds: u64 = match length.unit() {
        LengthUnit::Minutes => 60,
        LengthUnit::Hours => 3_600,
        LengthUnit::Days => 86_400,
        LengthUnit::Weeks => 604_800,
        LengthUnit::BusinessDays
        | LengthUnit::BusinessHours
        | LengthUnit::Months
        | LengthUnit::Quarters
        | LengthUnit::Years => return None,
    };
    Some(Span::from_secs(
        seconds.saturating_mul(u64::from(length.least())),
    ))
}
