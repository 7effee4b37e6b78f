//! The calendar against independent implementations. `scripts/reference.py` made the values.
#![expect(clippy::expect_used, reason = "helpers of tests fail the test")]

use phasegate_core::{Span, Timestamp};
use phasegate_plan::calendar::{
    Cron, Date, Holiday, Roll, Rule, Weekday, WorkCalendar, WorkWeek, Zone,
};

fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
}

fn date(text: &str) -> Date {
    text.parse().expect("a date")
}

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn week(mask: &str, holidays: &str) -> WorkWeek {
    let days = Weekday::ALL.into_iter().zip(mask.chars());
    let holidays = holidays.split(',').filter(|text| !text.is_empty());
    WorkWeek::new()
        .days(days.filter(|(_, bit)| *bit == '1').map(|(day, _)| day))
        .holidays(holidays.map(|text| Holiday::new(date(text))))
}

#[test]
fn business_days_agree_with_numpy() {
    let mut seen = 0;
    for row in rows(include_str!("data/business_days.tsv")) {
        let [kind, mask, holidays, first, other, roll, expected] = row[..] else {
            panic!("a row has seven fields: {row:?}");
        };
        let calendar = WorkCalendar::new(&week(mask, holidays));
        let found = match kind {
            "offset" => {
                let roll = if roll == "forward" {
                    Roll::Forward
                } else {
                    Roll::Backward
                };
                let days = other.parse().expect("a number");
                let found = calendar.offset(date(first), days, roll);
                found.expect("a business day is near").to_string()
            }
            "count" => calendar.business_days(date(first), date(other)).to_string(),
            "is" => calendar.is_business_day(date(first)).to_string(),
            other => panic!("unknown kind {other}"),
        };
        assert_eq!(found, expected, "{row:?}");
        seen += 1;
    }
    assert!(seen >= 2000, "{seen} cases");
}

#[test]
fn hours_zones_and_recurrences_agree_with_pandas_zoneinfo_dateutil_and_croniter() {
    let mut seen = 0;
    for row in rows(include_str!("data/calendar.tsv")) {
        let [kind, what, from, count, expected] = row[..] else {
            panic!("a row has five fields: {row:?}");
        };
        match kind {
            "hours" => hours(
                what,
                moment(from),
                count.parse().expect("a number"),
                expected,
            ),
            "zone" => {
                let zone: Zone = what.parse().expect("a zone");
                let (day, time) = from.split_once(' ').expect("date and time");
                let found = zone.moment(date(day), time.parse().expect("a time"));
                assert_eq!(found.to_string(), expected, "{row:?}");
            }
            "rule" => {
                let rule: Rule = what.parse().expect("a rule");
                let found: Vec<String> = rule
                    .dates(date(from))
                    .take(8)
                    .map(|d| d.to_string())
                    .collect();
                assert_eq!(found.join(","), expected, "{row:?}");
            }
            "cron" => {
                let cron: Cron = what.parse().expect("an expression");
                let mut at = moment(from);
                for expected in expected.split(',') {
                    at = cron.next_after(at, &Zone::utc()).expect("it comes again");
                    assert_eq!(at.to_string(), expected, "{row:?}");
                }
            }
            other => panic!("unknown kind {other}"),
        }
        seen += 1;
    }
    assert!(seen >= 500, "{seen} cases");
}

fn hours(spec: &str, from: Timestamp, count: u64, expected: &str) {
    let mut parts = spec.split(' ');
    let mask = parts.next().expect("a mask");
    let hours = parts.next().expect("hours");
    let week = week(mask, parts.next().unwrap_or_default()).hours([hours]);
    let calendar = WorkCalendar::new(&week);
    let span = Span::from_secs(3600).saturating_mul(count);
    let found = calendar.add_working(from, span);
    // pandas ends at the closing or at the next opening; no work lies between them.
    assert_eq!(
        calendar.next_open(found),
        calendar.next_open(moment(expected)),
        "{spec} {from} + {count}h: {found}, not {expected}"
    );
    assert_eq!(calendar.working_between(from, found), span);
}

#[test]
fn two_business_days_from_friday_keep_the_time_across_a_clock_change() {
    let week = WorkWeek::new().zone("Europe/Berlin");
    let calendar = WorkCalendar::new(&week);
    for (from, length, until) in [
        // Friday 16:00 before summer time begins.
        ("2025-03-28T15:00:00Z", "2bd", "2025-04-01T14:00:00Z"),
        // Friday 16:00 before it ends.
        ("2025-10-24T14:00:00Z", "2bd", "2025-10-28T15:00:00Z"),
        // From a Saturday the count begins on Monday at its opening.
        ("2025-03-29T15:00:00Z", "2bd", "2025-04-02T07:00:00Z"),
        ("2025-03-28T15:00:00Z", "2bh", "2025-03-31T08:00:00Z"),
        ("2025-01-31T09:00:00Z", "1mo", "2025-02-28T09:00:00Z"),
        ("2025-03-29T15:00:00Z", "1d", "2025-03-30T14:00:00Z"),
        ("2025-03-29T15:00:00Z", "24h", "2025-03-30T15:00:00Z"),
    ] {
        let found = calendar.add(moment(from), length.parse().expect("a length"));
        assert_eq!(found.to_string(), until, "{from} + {length}");
    }
}

#[test]
fn a_calendar_without_a_working_day_ends_its_search() {
    let holidays = (0..4000).map(|day| Holiday::new(date("2025-01-01").plus_days(day)));
    let calendar = WorkCalendar::new(&WorkWeek::new().holidays(holidays));
    assert_eq!(calendar.roll(date("2025-01-01"), Roll::Forward), None);
    let start = moment("2025-01-01T00:00:00Z");
    assert!(calendar.add_working(start, Span::from_secs(3600)) >= start);
    assert!(
        !"0 0 30 2 *"
            .parse::<Cron>()
            .expect("well-formed")
            .ever_fires()
    );
}

#[test]
fn a_week_of_a_cron_expression_may_end_on_sunday() {
    for text in ["0 0 * * fri-sun", "0 0 * * 5-7", "0 0 * * 5,6,0"] {
        let cron: Cron = text.parse().expect("an expression");
        let days = (0..7).map(|day| date("2025-09-01").plus_days(day));
        let found: Vec<Weekday> = days
            .filter(|day| cron.fits(*day))
            .map(Date::weekday)
            .collect();
        assert_eq!(
            found,
            [Weekday::Friday, Weekday::Saturday, Weekday::Sunday],
            "{text}"
        );
    }
}
