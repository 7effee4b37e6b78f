//! Roles that are to do something and have nobody in them.

use std::collections::BTreeMap;

use phasegate_core::RoleId;

use super::walk::{Met, walk};
use super::{At, Scope};
use crate::fault::Code;

pub(super) fn check(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let roles = At::ROOT.key("roles");
    let empty = |id: &RoleId, scope: &Scope<'_>| {
        let staff = scope.staff(id);
        staff.is_some_and(|staff| {
            staff.people.is_empty() && !scope.is_unread(roles.index(staff.index), &["members"])
        })
    };
    // Each once, where it is first called upon. Whoever must approve is told at the gate, as an error.
    let mut found: BTreeMap<&RoleId, String> = BTreeMap::new();
    walk(draft, &mut |at, met| {
        if let Met::Role(id) = met
            && empty(id, scope)
        {
            found.entry(id).or_insert_with(|| at.to_string());
        }
    });
    for (id, pointer) in found {
        if pointer.contains("/approvals/") {
            continue;
        }
        let message = format!("the role '{id}' is to act here and has no member");
        let help = "add 'members:' to the role";
        scope.report_at(Code::RoleIsEmpty, pointer, message, help);
    }
}
