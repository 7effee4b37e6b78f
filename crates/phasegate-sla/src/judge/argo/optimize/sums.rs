//! Sums (`optimizer/sum_*.go`).

use super::super::ast::{Form, Node, Operator};
use super::super::kind::Kind;

/// The sum of a range of literals is computed beforehand.
pub(super) fn of_range(node: &mut Node) {
    let Form::Builtin(call) = &node.form else {
        return;
    };
    let Some((list, rest)) = call.arguments.split_first() else {
        return;
    };
    let Some((count, sum)) = range(list) else {
        return;
    };
    let total = match (call.name.as_str(), rest) {
        ("sum", []) => Some(sum),
        ("sum", [predicate]) => of_each(predicate, count, sum),
        ("reduce", [predicate]) if adds_up(predicate) => Some(sum),
        ("reduce", [predicate, initial]) if adds_up(predicate) => {
            initial.integer().map(|initial| initial.wrapping_add(sum))
        }
        _ => None,
    };
    if let Some(total) = total {
        *node = Node {
            form: Form::Integer(total),
            kind: Kind::Integer,
        };
    }
}

/// How many numbers a rising range has, and their sum.
fn range(node: &Node) -> Option<(i64, i64)> {
    let Form::Binary {
        operator: Operator::Range,
        left,
        right,
    } = &node.form
    else {
        return None;
    };
    let (from, to) = (left.integer()?, right.integer()?);
    let count = to.wrapping_sub(from).wrapping_add(1);
    let twice = count.wrapping_mul(from.wrapping_add(to));
    (to >= from).then_some((count, twice.wrapping_div(2)))
}

fn is_pointer(node: &Node, wanted: &str) -> bool {
    matches!(&node.form, Form::Pointer(name) if name == wanted)
}

/// `# + #acc` or `#acc + #`.
fn adds_up(node: &Node) -> bool {
    let Form::Binary {
        operator: Operator::Add,
        left,
        right,
    } = &node.form
    else {
        return false;
    };
    is_pointer(left, "") && is_pointer(right, "acc")
        || is_pointer(left, "acc") && is_pointer(right, "")
}

/// The sum of `#`, `# + k`, `# - k`, `# * k` or the other way round.
fn of_each(node: &Node, count: i64, sum: i64) -> Option<i64> {
    if is_pointer(node, "") {
        return Some(sum);
    }
    let Form::Binary {
        operator,
        left,
        right,
    } = &node.form
    else {
        return None;
    };
    let (k, pointer_first) = match (left.integer(), right.integer()) {
        (_, Some(k)) if is_pointer(left, "") => (k, true),
        (Some(k), _) if is_pointer(right, "") => (k, false),
        _ => return None,
    };
    let constants = count.wrapping_mul(k);
    match (operator, pointer_first) {
        (Operator::Multiply, _) => Some(k.wrapping_mul(sum)),
        (Operator::Add, _) => Some(sum.wrapping_add(constants)),
        (Operator::Subtract, true) => Some(sum.wrapping_sub(constants)),
        (Operator::Subtract, false) => Some(constants.wrapping_sub(sum)),
        _ => None,
    }
}

/// The sum of a literal list of two and more is their sum, from the right.
pub(super) fn of_literal(node: &mut Node) {
    let Form::Builtin(call) = &mut node.form else {
        return;
    };
    let ("sum", [list]) = (call.name.as_str(), call.arguments.as_mut_slice()) else {
        return;
    };
    let Form::Array(nodes) = &mut list.form else {
        return;
    };
    if nodes.len() < 2 {
        return;
    }
    let added = nodes
        .drain(..)
        .rev()
        .reduce(|sum, node| Node::binary(Operator::Add, node, sum));
    if let Some(added) = added {
        node.form = added.form;
    }
}

/// `sum(map(x, f))` is `sum(x, f)`.
pub(super) fn of_map(node: &mut Node) {
    let Form::Builtin(sum) = &mut node.form else {
        return;
    };
    let ("sum", [list]) = (sum.name.as_str(), sum.arguments.as_mut_slice()) else {
        return;
    };
    if let Form::Builtin(map) = &mut list.form
        && map.name == "map"
        && map.arguments.len() == 2
    {
        sum.arguments = std::mem::take(&mut map.arguments);
    }
}
