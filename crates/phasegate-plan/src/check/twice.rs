//! What is named twice in one list: the second counts for nothing, or takes the place of the first.
//! Ids that are declared twice are looked for in `names`.

use std::collections::BTreeMap;

use super::{At, Scope};
use crate::calendar::TimeRange;
use crate::fault::{Code, FAULTS_MAX};
use crate::model::Gate;

/// No day has more stretches of work.
const HOURS_MAX: usize = 48;

pub(super) fn check(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let root = At::ROOT;
    let roles = root.key("roles");
    for (index, role) in draft.roles.iter().enumerate() {
        let here = roles.index(index);
        list(scope, here.key("members"), "", role.members.iter());
    }
    if let Some(signatures) = &draft.signatures {
        let here = root.key("signatures");
        list(scope, here.key("keys"), "", signatures.keys.iter());
    }
    let calendar = root.key("calendar");
    list(scope, calendar.key("days"), "", draft.calendar.days.iter());
    let holidays = draft.calendar.holidays.iter().map(|one| one.date);
    list(scope, calendar.key("holidays"), "", holidays);
    overlapping(scope, calendar.key("hours"));
    let phases = root.key("phases");
    let before = scope.before();
    for (index, phase) in draft.phases.iter().enumerate() {
        let here = phases.index(index);
        let named = phase.after.as_deref().unwrap_or_default();
        // Where as many are waited for as are named, each is named once.
        if before.get(index).map(Vec::len) != Some(named.len()) {
            list(scope, here.key("after"), "", named.iter());
        }
        let criteria = phase.criteria.iter().map(|one| &one.criterion);
        list(scope, here.key("criteria"), "", criteria);
        let gates = here.key("gates");
        for (index, gate) in phase.gates.iter().enumerate() {
            let here = gates.index(index);
            let criteria = gate.criteria.iter().map(|one| &one.criterion);
            list(scope, here.key("criteria"), "", criteria);
            approvals(scope, gate, here);
        }
    }
    let gates = root.key("gates");
    for (index, gate) in draft.gates.iter().enumerate() {
        approvals(scope, gate, gates.index(index));
    }
    let triggers = root.key("triggers");
    for (index, trigger) in draft.triggers.iter().enumerate() {
        let here = triggers.index(index);
        list(scope, here.key("phases"), "", trigger.phases.iter());
    }
    let severities = draft.escalation.iter().map(|one| one.severity);
    list(scope, root.key("escalation"), "severity", severities);
    let days = draft.freezes.iter();
    let days = days.map(|one| format!("{}..{}", one.from, one.until));
    list(scope, root.key("freezes"), "from", days);
    if let Some(access) = &draft.access {
        let here = root.key("access");
        let teams = access.teams.iter().map(|one| &one.team);
        list(scope, here.key("teams"), "team", teams);
        let branches = access.branches.iter().map(|one| &one.branch);
        list(scope, here.key("branches"), "branch", branches);
    }
}

/// Working hours of which a part stands in others that came before.
fn overlapping(scope: &mut Scope<'_>, at: At<'_>) {
    let hours = &scope.draft.calendar.hours;
    for (index, one) in hours.iter().enumerate().take(HOURS_MAX) {
        let mut before = hours.iter().take(index);
        let shared = |other: &&TimeRange| one.from() < other.until() && other.from() < one.until();
        if let Some(other) = before.find(shared) {
            let message = format!("a part of {one} stands in {other} too");
            let help =
                "let the hours of a day follow each other, such as 09:00-12:00 and 13:00-17:00";
            scope.report(Code::NamedTwice, at.index(index), message, help);
        }
    }
}

/// What stands a second time in a list; `key` is where in an item it stands, if it is not the item.
fn list<T: Ord + std::fmt::Display>(
    scope: &mut Scope<'_>,
    at: At<'_>,
    key: &str,
    items: impl Iterator<Item = T>,
) {
    for (index, first, item) in repeated(items) {
        let item_at = at.index(index);
        let here = if key.is_empty() {
            item_at
        } else {
            item_at.key(key)
        };
        let message = format!("'{item}' stands here twice");
        let first = scope.written(&at.index(first).to_string());
        let help = format!("the first is at {first}; remove one of them");
        scope.report(Code::NamedTwice, here, message, &help);
    }
}

/// What stands a second time: where, where first, and what it is. No more than can be told.
fn repeated<T: Ord>(items: impl Iterator<Item = T>) -> Vec<(usize, usize, T)> {
    let mut seen = BTreeMap::new();
    let mut out = Vec::new();
    for (index, item) in items.enumerate() {
        match seen.get(&item) {
            Some(_) if out.len() >= FAULTS_MAX => break,
            Some(first) => out.push((index, *first, item)),
            None => {
                seen.insert(item, index);
            }
        }
    }
    out
}

/// One yes of a role cannot count for two lines, and of two numbers only one could hold.
fn approvals(scope: &mut Scope<'_>, gate: &Gate, here: At<'_>) {
    let list = here.key("approvals");
    let roles = gate.approvals.iter().map(|one| &one.role);
    for (index, first, role) in repeated(roles) {
        let here = list.index(index);
        let message = format!("the gate '{}' asks the role '{}' twice", gate.id, role);
        let first = scope.written(&list.index(first).to_string());
        let help = format!("the first is at {first}; say with 'quorum:' how many must say yes");
        scope.report(Code::ApprovalTwice, here.key("role"), message, &help);
    }
}
