//! Loops over lists, and membership in them (`optimizer/in_array.go`, `in_range.go`, `filter_*.go`,
//! `predicate_combination.go`, `count_*.go`).
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::ast::{Builtin, Form, Node, Operator, Place};
use super::super::item::Item;
use super::super::kind::Kind;

/// `x in [1, 2]` asks a set, if x is a whole number for the check; `x in ["a", "b"]` always does.
pub(super) fn in_literal(node: &mut Node) {
    let Form::Binary {
        operator: Operator::In,
        left,
        right,
    } = &mut node.form
    else {
        return;
    };
    let Form::Array(nodes) = &right.form else {
        return;
    };
    if nodes.is_empty() {
        return;
    }
    let numbers: Option<BTreeSet<i64>> = nodes.iter().map(Node::integer).collect();
    let text = |node: &Node| match &node.form {
        Form::Text(text) => Some(text.clone()),
        _ => None,
    };
    let texts: Option<BTreeSet<String>> = nodes.iter().map(text).collect();
    let set = match (numbers, texts) {
        (Some(numbers), _) if left.kind == Kind::Integer => Item::Integers(Arc::new(numbers)),
        (_, Some(texts)) => Item::Texts(Arc::new(texts)),
        _ => return,
    };
    **right = Form::Constant(set).into();
}

/// `x in 1..3` is `x >= 1 and x <= 3`, if x is a whole number for the check. How many nodes were copied.
pub(super) fn in_range(node: &mut Node) -> usize {
    let Form::Binary {
        operator: Operator::In,
        left,
        right,
    } = &mut node.form
    else {
        return 0;
    };
    let Form::Binary {
        operator: Operator::Range,
        left: from,
        right: to,
    } = &right.form
    else {
        return 0;
    };
    if left.kind != Kind::Integer || from.integer().is_none() || to.integer().is_none() {
        return 0;
    }
    let copied = left.size();
    let above = Node::binary(
        Operator::GreaterOrEqual,
        Node::clone(left),
        Node::clone(from),
    );
    let below = Node::binary(Operator::LessOrEqual, Node::clone(left), Node::clone(to));
    node.form = Node::binary(Operator::And, above, below).form;
    copied
}

/// The call of a function of that name with so many arguments.
fn call<'a>(node: &'a Node, name: &str, arguments: usize) -> Option<&'a Builtin> {
    match &node.form {
        Form::Builtin(call) if call.name == name && call.arguments.len() == arguments => Some(call),
        _ => None,
    }
}

fn renamed(call: &Builtin, name: &str) -> Builtin {
    Builtin {
        name: name.to_owned(),
        arguments: call.arguments.clone(),
        map: None,
        throws: false,
        place: Place(call.place.0),
    }
}

/// `map(filter(..), ..)` filters and maps in one loop.
pub(super) fn map_of_filter(node: &mut Node) {
    let Some(map) = call(node, "map", 2) else {
        return;
    };
    let [list, predicate] = map.arguments.as_slice() else {
        return;
    };
    let Some(filter) = call(list, "filter", 2) else {
        return;
    };
    if filter.map.is_some() || asks_for_index(&mut predicate.clone()) {
        return;
    }
    let mut both = renamed(filter, "filter");
    both.map = Some(Box::new(predicate.clone()));
    node.form = Form::Builtin(both);
}

fn asks_for_index(node: &mut Node) -> bool {
    matches!(&node.form, Form::Pointer(name) if name == "index")
        || node.children().into_iter().any(asks_for_index)
}

/// `len(filter(..))` counts, at a place of its own.
pub(super) fn length_of_filter(node: &mut Node, place: Place) {
    let Some(length) = call(node, "len", 1) else {
        return;
    };
    let filter = length.arguments.first();
    if let Some(filter) = filter.and_then(|list| call(list, "filter", 2)) {
        let mut count = renamed(filter, "count");
        count.place = place;
        node.form = Form::Builtin(count);
    }
}

/// `first(filter(..))` and `filter(..)[0]` find, and so from the other end.
pub(super) fn end_of_filter(node: &mut Node, name: &str, index: i64, finds: &str) {
    let (list, throws) = match &node.form {
        Form::Member {
            base,
            property,
            optional: false,
        } if property.integer() == Some(index) => (Some(&**base), true),
        Form::Builtin(end) if end.name == name && end.arguments.len() == 1 => {
            (end.arguments.first(), false)
        }
        _ => return,
    };
    if let Some(filter) = list.and_then(|list| call(list, "filter", 2)) {
        let mut found = renamed(filter, finds);
        found.map.clone_from(&filter.map);
        found.throws = throws;
        node.form = Form::Builtin(found);
    }
}

/// `all(x, a) and all(x, b)` is `all(x, a and b)`, and so with `any` and `none`.
pub(super) fn combined(node: &mut Node) {
    let Form::Binary {
        operator,
        left,
        right,
    } = &node.form
    else {
        return;
    };
    let (Form::Builtin(one), Form::Builtin(other)) = (&left.form, &right.form) else {
        return;
    };
    let inside = match (one.name.as_str(), operator) {
        ("all", Operator::And) => Operator::And,
        ("any", Operator::Or) | ("none", Operator::And) => Operator::Or,
        _ => return,
    };
    let ([list, first], [same, second]) = (one.arguments.as_slice(), other.arguments.as_slice())
    else {
        return;
    };
    if one.name == other.name && list == same {
        let mut predicate = Node::binary(inside, first.clone(), second.clone());
        combined(&mut predicate);
        let mut both = renamed(one, &one.name);
        both.arguments = vec![list.clone(), predicate];
        node.form = Form::Builtin(both);
    }
}

/// A comparison of a count with a literal.
fn counted(node: &Node) -> Option<(&Builtin, Operator, i64)> {
    match &node.form {
        Form::Binary {
            operator,
            left,
            right,
        } => Some((call(left, "count", 2)?, *operator, right.integer()?)),
        _ => None,
    }
}

/// `count(..) > 0` is `any(..)`.
pub(super) fn count_any(node: &mut Node) {
    if let Some((count, Operator::Greater, 0) | (count, Operator::GreaterOrEqual, 1)) =
        counted(node)
    {
        node.form = Form::Builtin(renamed(count, "any"));
    }
}

/// How many have to be found until the comparison of a count is certain, if that is more than one.
pub(super) fn threshold(node: &Node) -> Option<(Place, i64)> {
    let (count, operator, limit) = counted(node)?;
    let enough = match operator {
        Operator::Greater | Operator::LessOrEqual => limit.checked_add(1)?,
        Operator::GreaterOrEqual | Operator::Less => limit,
        _ => return None,
    };
    (limit >= 0 && enough > 1).then_some((count.place, enough))
}
