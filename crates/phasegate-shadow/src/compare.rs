//! From two answers to their differences, in the order status, headers, body, latency.

use std::collections::BTreeSet;

use crate::json::{self, Json};
use crate::{Answer, BodyRules, Difference, DifferenceKind, HeaderRules, Place, Rules, StatusRule};

/// What is different between the old side's answer and the new side's; empty when they agree.
///
/// Cost: linear in the size of the bodies, times the depth of their nesting.
///
/// ```
/// use phasegate_shadow::{Answer, Rules, compare};
/// let old = Answer { status: 200, body: br#"{"n": 1.0, "a": [1, 2]}"#.to_vec(), ..Answer::default() };
/// let new = Answer { body: br#"{"a": [1, 3], "n": 1}"#.to_vec(), ..old.clone() };
/// let differences = compare(&old, &new, &Rules::default());
/// assert_eq!(differences.len(), 1);
/// assert_eq!(differences[0].to_string(), "body/a/1: 2 became 3");
/// ```
pub fn compare(old: &Answer, new: &Answer, rules: &Rules) -> Vec<Difference> {
    let mut found = Vec::new();
    let same = match rules.status {
        StatusRule::Class => old.status / 100 == new.status / 100,
        StatusRule::Exact => old.status == new.status,
        StatusRule::Ignore => true,
    };
    if !same {
        let (old, new) = (old.status.to_string(), new.status.to_string());
        found.push(Difference::new(Place::Status, Some(old), Some(new)));
    }
    headers(old, new, &rules.headers, &mut found);
    bodies(&old.body, &new.body, &rules.body, &mut found);
    if let Some(rule) = rules.latency
        && !rule.allows(old.latency, new.latency)
    {
        let (old, new) = (old.latency.to_string(), new.latency.to_string());
        let slower = Difference::new(Place::Latency, Some(old), Some(new));
        found.push(slower.of(DifferenceKind::Slower));
    }
    found
}

fn headers(old: &Answer, new: &Answer, rules: &HeaderRules, found: &mut Vec<Difference>) {
    let lower = |names: &BTreeSet<String>| -> BTreeSet<String> {
        names.iter().map(|name| name.to_ascii_lowercase()).collect()
    };
    let names = match rules {
        HeaderRules::Only(names) => lower(names),
        HeaderRules::AllBut(names) => {
            let both = old.headers.iter().chain(&new.headers);
            let all = both
                .map(|(name, _)| name.to_ascii_lowercase())
                .collect::<BTreeSet<_>>();
            all.difference(&lower(names)).cloned().collect()
        }
    };
    for name in names {
        let (old, new) = (old.header(&name), new.header(&name));
        if old != new {
            found.push(Difference::new(Place::Header(name), old, new));
        }
    }
}

fn bodies(old: &[u8], new: &[u8], rules: &BodyRules, found: &mut Vec<Difference>) {
    if rules.ignore_all || old == new {
        return;
    }
    match (Json::read(old), Json::read(new)) {
        (Ok(old), Ok(new)) => json::compare(old, new, rules, found),
        _ => {
            let shown = |body: &[u8]| match std::str::from_utf8(body) {
                Ok(text) => text.to_owned(),
                Err(_) => format!("{} bytes", body.len()),
            };
            found.push(Difference::new(
                Place::Body,
                Some(shown(old)),
                Some(shown(new)),
            ));
        }
    }
}
