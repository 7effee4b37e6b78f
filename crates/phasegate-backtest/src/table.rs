//! Backtests beside each other, as Markdown.

use std::fmt::Write as _;

use phasegate_core::{Ratio, Span};

use crate::outcome::Backtest;

/// One row for each: when the bad version was found out, how many requests had met it until then and how many users at
/// most, how many users were assigned to it, and false alarms.
#[must_use]
pub fn comparison(rows: &[(&str, &Backtest)]) -> String {
    let mut out = String::from(
        "| | found out after | requests that met it | users at most | assigned | exposure | false alarms | took |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for (name, one) in rows {
        let found = match (one.time_to_detect(), one.bad_since) {
            (Some(after), _) => seconds(after),
            (None, Some(_)) => "never".to_owned(),
            (None, None) if one.bad_from.is_some() => "nobody met it".to_owned(),
            (None, None) => "-".to_owned(),
        };
        let took = one.duration();
        let took = took.map_or_else(|| "-".to_owned(), seconds);
        let counted = one.exposed.counted;
        let count = |number: u64| match counted {
            true => number.to_string(),
            false => "-".to_owned(),
        };
        // Nobody was assigned where nobody said how many users there are.
        let no_users = one.exposed.assigned == 0 && one.exposed.share > Ratio::ZERO;
        let users = |number: u64| match no_users {
            true => "-".to_owned(),
            false => count(number),
        };
        let share = match one.bad_since {
            Some(_) => one.exposed.share.to_string(),
            None => "-".to_owned(),
        };
        // Writing to a string does not fail.
        let _written = writeln!(
            out,
            "| {} | {found} | {} | {} | {} | {} | {} | {took} |",
            name.replace('|', "\\|"),
            count(one.exposed.requests),
            users(one.exposed.users),
            users(one.exposed.assigned),
            share,
            one.false_alarms(),
        );
    }
    out
}

/// A length in whole seconds.
fn seconds(length: Span) -> String {
    let half = Span::from_millis(500);
    let millis = length.saturating_add(half).as_millis();
    Span::from_secs(millis / 1000).to_string()
}

/// Each alarm in a line: when, true, false or blind, until when it lasted, why.
#[must_use]
pub fn alarms(one: &Backtest) -> String {
    let mut out = String::new();
    for alarm in &one.alarms {
        let lasted_into = one.bad_since.is_some_and(|bad| alarm.until > bad);
        let sort = match (alarm.is_false, alarm.is_blind) {
            (true, _) if lasted_into => format!(
                "false alarm, and not seen to be over before {}: that it lasts finds nothing out",
                alarm.until
            ),
            (true, _) if alarm.until > alarm.at => format!("false alarm until {}", alarm.until),
            (true, _) => "false alarm".to_owned(),
            (false, true) => "stopped blind, nothing found out".to_owned(),
            (false, false) => "found out".to_owned(),
        };
        let _written = writeln!(out, "* {}: {sort}: {}", alarm.at, alarm.cause);
    }
    out
}
