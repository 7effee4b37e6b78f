//! The passes, in their order.

use super::super::ConditionError;
use super::super::ast::{COPIED_MAX, Node, Place};
use super::{fold, lists, sums};

/// How often `count` has to find something until the outcome is certain: calls by their places.
pub(in super::super) type Thresholds = Vec<(Place, i64)>;

/// Literals are folded again until nothing changes; a condition has not so many levels.
const FOLDS_MAX: u32 = 1_000;

/// Changes the tree.
///
/// # Errors
/// When a literal is divided by a literal zero, wherever it stands, or when ranges in ranges would ask for too
/// much twice.
pub(in super::super) fn optimize(root: &mut Node) -> Result<Thresholds, ConditionError> {
    walk(root, &mut lists::in_literal);
    for _ in 0..FOLDS_MAX {
        let (mut applied, mut failed) = (false, false);
        walk(root, &mut |node| match fold::fold(node) {
            fold::Outcome::Applied => applied = true,
            fold::Outcome::DividedByZero => failed = true,
            fold::Outcome::Nothing => {}
        });
        if failed {
            return Err(ConditionError::kind("divided by zero"));
        }
        if !applied {
            break;
        }
    }
    let mut copied = 0;
    walk(root, &mut |node| {
        if copied <= COPIED_MAX {
            copied += lists::in_range(node);
        }
    });
    if copied > COPIED_MAX {
        return Err(ConditionError::kind("too much is asked twice"));
    }
    walk(root, &mut lists::map_of_filter);
    let mut unused = usize::MAX;
    walk(root, &mut |node| {
        lists::length_of_filter(node, Place(unused));
        unused -= 1;
    });
    walk(root, &mut |node| {
        lists::end_of_filter(node, "last", -1, "findLast");
    });
    walk(root, &mut |node| {
        lists::end_of_filter(node, "first", 0, "find");
    });
    walk(root, &mut lists::combined);
    walk(root, &mut sums::of_range);
    walk(root, &mut sums::of_literal);
    walk(root, &mut sums::of_map);
    walk(root, &mut lists::count_any);
    let mut thresholds = Thresholds::new();
    walk(root, &mut |node| thresholds.extend(lists::threshold(node)));
    Ok(thresholds)
}

fn walk(node: &mut Node, visit: &mut impl FnMut(&mut Node)) {
    for child in node.children() {
        walk(child, visit);
    }
    visit(node);
}
