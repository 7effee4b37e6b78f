//! Public keys of people: each is one, is somebody's and one person's alone, and those who must sign have one.
//! Whether its bytes are a point of the curve is for whoever checks signatures: no such key has signed anything.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use phasegate_core::RoleId;

use super::walk::{Met, walk};
use super::{At, Scope};
use crate::document::Digest;
use crate::fault::Code;
use crate::model::{Gate, Signatures};

/// The number of Ed25519 among the algorithms of signed notes.
const ED25519: u8 = 1;
const HELP: &str =
    "copy the text of the public key whole: NAME+ID+KEY, where KEY is base64 of an Ed25519 key";

pub(super) fn check(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let Some(signatures) = &draft.signatures else {
        return;
    };
    let root = At::ROOT;
    let here = root.key("signatures");
    let keyed = keys(scope, signatures, here.key("keys"));
    if scope.is_unread(here, &["keys"]) {
        return;
    }
    if signatures.keys.is_empty() {
        let message = "acts of people must be signed, and nobody has a key";
        let help = "add the public key of each person who signs under 'keys:'";
        scope.report(Code::SignerWithoutKey, here, message, help);
        return;
    }
    let phases = root.key("phases");
    for (index, phase) in draft.phases.iter().enumerate() {
        let here = phases.index(index);
        gates(scope, &phase.gates, here.key("gates"), &keyed);
    }
    gates(scope, &draft.gates, root.key("gates"), &keyed);
    others(scope, &keyed);
}

/// The names under which keys can be read. What is wrong with one is told.
fn keys<'d>(scope: &mut Scope<'d>, signatures: &'d Signatures, list: At<'_>) -> BTreeSet<&'d str> {
    let roles = At::ROOT.key("roles");
    let (mut members, mut unread) = (BTreeSet::new(), false);
    for (index, role) in scope.draft.roles.iter().enumerate() {
        members.extend(role.members.iter().map(|person| person.as_str()));
        unread |= scope.is_unread(roles.index(index), &["members"]);
    }
    let mut names = BTreeSet::new();
    let mut owners: BTreeMap<[u8; 32], &str> = BTreeMap::new();
    for (index, text) in signatures.keys.iter().enumerate() {
        let here = list.index(index);
        let (name, bytes) = match read(text) {
            Ok(key) => key,
            Err(what) => {
                scope.report(Code::KeyUnreadable, here, what, HELP);
                continue;
            }
        };
        names.insert(name);
        if !members.contains(name) && !unread {
            let message = format!("the key is '{name}'s, who is a member of no role");
            let help = "name the key as its owner stands under 'members:' of a role";
            scope.report(Code::KeyOfNobody, here, message, help);
        }
        let owner = *owners.entry(bytes).or_insert(name);
        if owner != name {
            let message = format!("'{name}' and '{owner}' have the same key");
            let help = "let each make a key of their own";
            scope.report(Code::KeyShared, here, message, help);
        }
    }
    names
}

/// Name and bytes of a key.
fn read(text: &str) -> Result<(&str, [u8; 32]), &'static str> {
    let parts = || {
        // What follows the second '+' is base64, in which there may be more.
        let (name, rest) = text.split_once('+')?;
        let (id, key) = rest.split_once('+')?;
        let bytes = STANDARD.decode(key).ok()?;
        let (algorithm, bytes) = bytes.split_first()?;
        let bytes = (*algorithm == ED25519).then_some(bytes)?;
        Some((name, id, bytes.try_into().ok()?))
    };
    if text.starts_with("PRIVATE+KEY+") {
        return Err("this is a key that signs: it is a secret, and now it is known");
    }
    let (name, id, bytes): (_, _, [u8; 32]) = parts().ok_or("this is no public key")?;
    let odd = |sign: char| sign.is_whitespace() || sign.is_control();
    if name.is_empty() || name.contains(odd) {
        return Err("this is no public key");
    }
    let named = [name.as_bytes(), &[b'\n', ED25519], &bytes].concat();
    match Digest::of(&named).to_string().starts_with(id) && id.len() == 8 {
        true => Ok((name, bytes)),
        false => Err("the id in this key is another key's: a typing error, or two keys mixed"),
    }
}

/// Have so many members of each role a key as must say yes?
fn gates(scope: &mut Scope<'_>, gates: &[Gate], list: At<'_>, keyed: &BTreeSet<&str>) {
    for (number, gate) in gates.iter().enumerate() {
        let here = list.index(number);
        let here = here.key("approvals");
        for (index, approval) in gate.approvals.iter().enumerate() {
            let Some((members, signers)) = signers(scope, &approval.role, keyed) else {
                continue;
            };
            // A role with too few members is told for that.
            if signers < approval.quorum && approval.quorum <= members {
                let message = format!(
                    "{} signed approvals are wanted, and {signers} of {members} in role '{}' have a key",
                    approval.quorum, approval.role
                );
                let help = "add the keys of its members to 'signatures:', or lower 'quorum'";
                let here = here.index(index);
                scope.report(Code::SignerWithoutKey, here, message, help);
            }
        }
    }
}

/// Has somebody a key in every other role that is to act? Each role is told once, where it is first called upon.
fn others(scope: &mut Scope<'_>, keyed: &BTreeSet<&str>) {
    let draft = scope.draft;
    let mut found: BTreeMap<&RoleId, String> = BTreeMap::new();
    walk(draft, &mut |at, met| {
        if let Met::Role(id) = met
            && matches!(signers(scope, id, keyed), Some((1.., 0)))
        {
            // Who approves is told at the gate; who is only called needs no key.
            let pointer = at.to_string();
            let called = pointer.starts_with("/teams/") || pointer.starts_with("/escalation/");
            if !called && !pointer.contains("/approvals/") {
                found.entry(id).or_insert(pointer);
            }
        }
    });
    for (id, pointer) in found {
        let message = format!("what the role '{id}' does here is signed, and none of it has a key");
        let help = "add the key of one of its members to 'signatures:'";
        scope.report_at(Code::SignerWithoutKey, pointer, message, help);
    }
}

/// How many people have the role, and how many of them a key; `None` where that cannot be told.
fn signers(scope: &Scope<'_>, role: &RoleId, keyed: &BTreeSet<&str>) -> Option<(u32, u32)> {
    let staff = scope.staff(role)?;
    let roles = At::ROOT.key("roles");
    let unread = scope.is_unread(roles.index(staff.index), &["members"]);
    if unread || !scope.affords(staff.people.len()) {
        return None;
    }
    let people = staff.people.iter();
    let signers = people.filter(|person| keyed.contains(person.as_str()));
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Some((count(staff.people.len()), count(signers.count())))
}
