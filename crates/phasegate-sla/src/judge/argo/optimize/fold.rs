//! Literals computed with literals (`optimizer/fold.go`).
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

use super::super::ast::{Builtin, Form, Node, Operator, Place, Unary};
use super::super::item::{Item, Of};
use super::super::kind::Kind;

/// What became of a node.
pub(super) enum Outcome {
    Applied,
    DividedByZero,
    Nothing,
}

pub(super) fn fold(node: &mut Node) -> Outcome {
    let kind = node.kind.clone();
    let folded = match &mut node.form {
        Form::Unary { operator, operand } => unary(*operator, operand).map(literal),
        Form::Binary {
            operator: Operator::Remainder,
            left,
            right,
        } => match (left.integer(), right.integer()) {
            (Some(_), Some(0)) => return Outcome::DividedByZero,
            (Some(a), Some(b)) => Some(literal(Form::Integer(a.wrapping_rem(b)))),
            _ => None,
        },
        Form::Binary {
            operator: operator @ (Operator::And | Operator::Or),
            left,
            right,
        } => logic(*operator == Operator::Or, left, right, kind),
        Form::Binary {
            operator: Operator::Equal,
            left,
            right,
        } => same(left, right).map(|same| literal(Form::Bool(same))),
        Form::Binary {
            operator,
            left,
            right,
        } => computed(*operator, left, right).map(literal),
        Form::Array(nodes) => constant(nodes).map(|list| Node {
            form: Form::Constant(list),
            kind: Kind::list(),
        }),
        Form::Builtin(call) => filtered_twice(call).map(|form| Node { form, kind }),
        _ => None,
    };
    match folded {
        Some(folded) => {
            *node = folded;
            Outcome::Applied
        }
        None => Outcome::Nothing,
    }
}

fn literal(form: Form) -> Node {
    let kind = match form {
        Form::Bool(_) => Kind::Bool,
        Form::Float(_) => Kind::Float,
        Form::Integer(_) => Kind::Integer,
        Form::Text(_) => Kind::Text,
        _ => Kind::Unknown,
    };
    Node { form, kind }
}

fn unary(operator: Unary, operand: &Node) -> Option<Form> {
    match (operator, &operand.form) {
        (Unary::Minus, Form::Integer(number)) => Some(Form::Integer(number.wrapping_neg())),
        (Unary::Minus, Form::Float(number)) => Some(Form::Float(-number)),
        (Unary::Plus, Form::Integer(_) | Form::Float(_)) => Some(operand.form.clone()),
        (Unary::Not, Form::Bool(truth)) => Some(Form::Bool(!truth)),
        _ => None,
    }
}

/// `true and x` is x; `x and false` is false, whatever x would do.
fn logic(or: bool, left: &Node, right: &Node, kind: Kind) -> Option<Node> {
    let side = |node: &Node| match node.form {
        Form::Bool(truth) => Some(truth),
        _ => None,
    };
    let (l, r) = (side(left), side(right));
    let taken = |form: &Form| Node {
        form: form.clone(),
        kind,
    };
    if l == Some(!or) {
        Some(taken(&right.form))
    } else if r == Some(!or) {
        Some(taken(&left.form))
    } else if l.is_some() || r.is_some() {
        Some(literal(Form::Bool(or)))
    } else {
        None
    }
}

fn same(left: &Node, right: &Node) -> Option<bool> {
    match (&left.form, &right.form) {
        (Form::Bool(a), Form::Bool(b)) => Some(a == b),
        (Form::Integer(a), Form::Integer(b)) => Some(a == b),
        (Form::Text(a), Form::Text(b)) => Some(a == b),
        _ => None,
    }
}

fn computed(operator: Operator, left: &Node, right: &Node) -> Option<Form> {
    let number = |node: &Node| match node.form {
        Form::Float(number) => Some(number),
        Form::Integer(number) => Some(number as f64),
        _ => None,
    };
    match (operator, &left.form, &right.form) {
        (Operator::Add, Form::Integer(a), Form::Integer(b)) => {
            return Some(Form::Integer(a.wrapping_add(*b)));
        }
        (Operator::Subtract, Form::Integer(a), Form::Integer(b)) => {
            return Some(Form::Integer(a.wrapping_sub(*b)));
        }
        (Operator::Multiply, Form::Integer(a), Form::Integer(b)) => {
            return Some(Form::Integer(a.wrapping_mul(*b)));
        }
        (Operator::Add, Form::Text(a), Form::Text(b)) => {
            return Some(Form::Text(format!("{a}{b}")));
        }
        _ => {}
    }
    let (a, b) = (number(left)?, number(right)?);
    Some(Form::Float(match operator {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide => a / b,
        Operator::Power => a.powf(b),
        _ => return None,
    }))
}

fn constant(nodes: &[Node]) -> Option<Item> {
    if nodes.is_empty() {
        return None;
    }
    let item = |node: &Node| match &node.form {
        Form::Bool(truth) => Some(Item::Bool(*truth)),
        Form::Float(number) => Some(Item::Float(*number)),
        Form::Integer(number) => Some(Item::Integer(*number)),
        Form::Text(text) => Some(Item::text(text)),
        _ => None,
    };
    let items: Option<Vec<Item>> = nodes.iter().map(item).collect();
    Item::list(Of::Any, items?).ok()
}

/// What is filtered twice is filtered once, by both predicates.
fn filtered_twice(call: &Builtin) -> Option<Form> {
    let ("filter", [list, second]) = (call.name.as_str(), call.arguments.as_slice()) else {
        return None;
    };
    let Form::Builtin(inner) = &list.form else {
        return None;
    };
    let ("filter", [list, first]) = (inner.name.as_str(), inner.arguments.as_slice()) else {
        return None;
    };
    let both = Node::binary(Operator::And, first.clone(), second.clone());
    Some(Form::Builtin(Builtin {
        name: call.name.clone(),
        arguments: vec![list.clone(), both],
        map: None,
        throws: false,
        place: Place(call.place.0),
    }))
}
