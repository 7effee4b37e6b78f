//! The graph of phases: no circle, and edges that lead back.

use std::collections::{BTreeMap, BTreeSet};

use super::{At, Scope};
use crate::fault::Code;
use crate::model::PlanDraft;

/// Dependencies as indices, each once, unknown names left out.
pub(crate) fn dependencies(draft: &PlanDraft) -> Vec<Vec<usize>> {
    let mut index: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, phase) in draft.phases.iter().enumerate() {
        // Of two with one name the first is meant; that there are two is a fault of its own.
        index.entry(phase.id.as_str()).or_insert(number);
    }
    let phases = draft.phases.iter().enumerate();
    phases
        .map(|(number, phase)| match &phase.after {
            None => number.checked_sub(1).into_iter().collect(),
            Some(_) => {
                let named = draft.dependencies_at(number).into_iter();
                named
                    .filter_map(|id| index.get(id.as_str()).copied())
                    .collect()
            }
        })
        .collect()
}

/// An order in which each comes after those it waits for; those in circles are left out.
pub(crate) fn order(before: &[Vec<usize>]) -> Vec<usize> {
    let mut waiting: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut followers = vec![Vec::new(); before.len()];
    for (index, list) in before.iter().enumerate() {
        for &one in list {
            if let Some(followers) = followers.get_mut(one) {
                followers.push(index);
            }
        }
    }
    let mut ready: BTreeSet<usize> = waiting
        .iter()
        .enumerate()
        .filter(|(_, count)| **count == 0)
        .map(|(index, _)| index)
        .collect();
    let mut order = Vec::new();
    while let Some(next) = ready.pop_first() {
        order.push(next);
        for &follower in followers.get(next).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(follower) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    ready.insert(follower);
                }
            }
        }
    }
    order
}

pub(super) fn check(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    if draft.phases.is_empty() {
        if scope.is_unread(At::ROOT, &["phases"]) {
            return;
        }
        let help = "add 'phases:' with at least one phase";
        scope.report(
            Code::NoPhases,
            At::ROOT.key("phases"),
            "there is no phase",
            help,
        );
        return;
    }
    let dependencies = scope.before();
    let phases = At::ROOT.key("phases");
    for (index, before) in dependencies.iter().enumerate() {
        if before.contains(&index) {
            let here = phases.index(index);
            scope.report(
                Code::PhaseAfterItself,
                here.key("after"),
                "a phase cannot wait for itself",
                "remove its own name from the list",
            );
        }
    }
    if scope.order().len() == dependencies.len() {
        // Each has its place, so that there is no circle.
        return;
    }
    for circle in circles(&dependencies) {
        let Some(first) = circle.first() else {
            continue;
        };
        let name = |index: &usize| {
            draft
                .phases
                .get(*index)
                .map_or("", |phase| phase.id.as_str())
        };
        let names: Vec<String> = circle
            .iter()
            .take(NAMES_MAX)
            .map(|one| format!("'{}'", name(one)))
            .collect();
        let more = circle.len() - names.len();
        let more = if more > 0 {
            format!(" and {more} others")
        } else {
            String::new()
        };
        let here = phases.index(*first);
        scope.report(
            Code::DependencyCycle,
            here.key("after"),
            format!(
                "the phases {}{more} wait for each other in a circle",
                names.join(", ")
            ),
            "remove one of the edges of the circle",
        );
    }
}

/// So many phases of a circle are named.
const NAMES_MAX: usize = 10;

/// The circles: groups of two or more phases each of which waits for each other one, by way of others or
/// not; sorted (strongly connected components, by Kosaraju's two walks).
fn circles(dependencies: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut followers = vec![Vec::new(); dependencies.len()];
    for (index, before) in dependencies.iter().enumerate() {
        for &other in before {
            if let Some(list) = followers.get_mut(other) {
                list.push(index);
            }
        }
    }
    let mut seen = vec![false; dependencies.len()];
    let mut done = Vec::new();
    for index in 0..dependencies.len() {
        walk(dependencies, index, &mut seen, &mut done);
    }
    let mut seen = vec![false; dependencies.len()];
    let mut circles = Vec::new();
    for index in done.into_iter().rev() {
        let mut circle = Vec::new();
        walk(&followers, index, &mut seen, &mut circle);
        if circle.len() > 1 {
            circle.sort_unstable();
            circles.push(circle);
        }
    }
    circles.sort_unstable();
    circles
}

/// Walks on from one that has not been seen, and notes each when all behind it are done.
fn walk(edges: &[Vec<usize>], from: usize, seen: &mut [bool], done: &mut Vec<usize>) {
    let mut open = vec![(from, 0)];
    while let Some((index, next)) = open.pop() {
        if next == 0 {
            match seen.get_mut(index) {
                Some(seen) if !*seen => *seen = true,
                Some(_) | None => continue,
            }
        }
        match edges.get(index).and_then(|list| list.get(next)) {
            Some(&to) => {
                open.push((index, next + 1));
                if !seen.get(to).copied().unwrap_or(true) {
                    open.push((to, 0));
                }
            }
            None => done.push(index),
        }
    }
}
