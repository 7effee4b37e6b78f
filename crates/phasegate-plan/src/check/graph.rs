//! The graph of phases: no circle, and edges that lead back.

use std::collections::{BTreeMap, BTreeSet};

use super::{At, Scope};
use crate::fault::Code;
use crate::model::PlanDraft;

/// Dependencies as indices, unknown names left out.
pub(crate) fn dependencies(draft: &PlanDraft) -> Vec<Vec<usize>> {
    let index: BTreeMap<&str, usize> = draft
        .phases
        .iter()
        .enumerate()
        .map(|(index, phase)| (phase.id.as_str(), index))
        .collect();
    (0..draft.phases.len())
        .map(|phase| {
            draft
                .dependencies_at(phase)
                .iter()
                .filter_map(|id| index.get(id.as_str()).copied())
                .collect()
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
            Some(help),
        );
        return;
    }
    let dependencies = dependencies(draft);
    let phases = At::ROOT.key("phases");
    let mut itself = BTreeSet::new();
    for (index, before) in dependencies.iter().enumerate() {
        if before.contains(&index) {
            itself.insert(index);
            let here = phases.index(index);
            scope.report(
                Code::PhaseAfterItself,
                here.key("after"),
                "a phase cannot wait for itself",
                Some("remove its own name from the list"),
            );
        }
    }
    for index in in_a_circle(&dependencies, &itself) {
        let here = phases.index(index);
        let name = draft
            .phases
            .get(index)
            .map_or("", |phase| phase.id.as_str());
        scope.report(
            Code::DependencyCycle,
            here.key("after"),
            format!("the phase '{name}' waits for itself by way of others"),
            Some("remove one of the edges of the circle"),
        );
    }
}

/// What is left when everything has been taken away that waits for nothing, then in the other
/// direction everything that nothing waits for: the phases that stand in circles or between two.
fn in_a_circle(dependencies: &[Vec<usize>], itself: &BTreeSet<usize>) -> Vec<usize> {
    let mut followers = vec![Vec::new(); dependencies.len()];
    for (index, before) in dependencies.iter().enumerate() {
        for &other in before.iter().filter(|other| **other != index) {
            if let Some(list) = followers.get_mut(other) {
                list.push(index);
            }
        }
    }
    let alone = |edges: &[Vec<usize>]| -> Vec<Vec<usize>> {
        edges
            .iter()
            .enumerate()
            .map(|(index, list)| list.iter().copied().filter(|one| *one != index).collect())
            .collect()
    };
    let forward = peel(&alone(dependencies), &followers);
    let backward = peel(&followers, &alone(dependencies));
    forward
        .intersection(&backward)
        .copied()
        .filter(|index| !itself.contains(index))
        .collect()
}

/// Takes away, again and again, what waits for nothing (Kahn); returns what is left.
fn peel(waits_for: &[Vec<usize>], followers: &[Vec<usize>]) -> BTreeSet<usize> {
    let mut open: Vec<usize> = waits_for.iter().map(Vec::len).collect();
    let mut ready: Vec<usize> = open
        .iter()
        .enumerate()
        .filter(|(_, count)| **count == 0)
        .map(|(index, _)| index)
        .collect();
    let mut left: BTreeSet<usize> = (0..waits_for.len()).collect();
    while let Some(index) = ready.pop() {
        left.remove(&index);
        for &next in followers.get(index).into_iter().flatten() {
            if let Some(count) = open.get_mut(next) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    ready.push(next);
                }
            }
        }
    }
    left
}
