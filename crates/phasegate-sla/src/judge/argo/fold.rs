//! What follows from the literals of a condition alone: expr folds it before it runs anything, and some
//! verdicts hang on that.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

use super::ast::{Node, Operator, Unary};

/// The truth value that follows from literals alone, as expr folds it before it runs anything.
pub(super) fn folded(node: &Node) -> Option<bool> {
    match node {
        Node::Bool(truth) => Some(*truth),
        Node::Unary {
            operator: Unary::Not,
            operand,
        } => folded(operand).map(|truth| !truth),
        Node::Binary {
            operator: operator @ (Operator::And | Operator::Or),
            left,
            right,
        } => {
            let decides = *operator == Operator::Or;
            match (folded(left), folded(right)) {
                (Some(one), _) | (_, Some(one)) if one == decides => Some(decides),
                (Some(_), other) | (other, Some(_)) => other,
                (None, None) => None,
            }
        }
        Node::Binary {
            operator: Operator::Equal,
            left,
            right,
        } => {
            let truths = folded(left).zip(folded(right)).map(|(a, b)| a == b);
            let numbers = || literal(left).zip(literal(right)).map(|(a, b)| a == b);
            match (&**left, &**right) {
                (Node::Text(a), Node::Text(b)) => Some(a == b),
                _ => truths.or_else(numbers),
            }
        }
        _ => None,
    }
}

/// The whole number that literals come to.
fn literal(node: &Node) -> Option<i64> {
    match node {
        Node::Integer(number) => Some(*number),
        Node::Unary {
            operator: Unary::Minus,
            operand,
        } => literal(operand).map(i64::wrapping_neg),
        Node::Unary {
            operator: Unary::Plus,
            operand,
        } => literal(operand),
        Node::Binary {
            operator,
            left,
            right,
        } => {
            let (a, b) = (literal(left)?, literal(right)?);
            match operator {
                Operator::Add => Some(a.wrapping_add(b)),
                Operator::Subtract => Some(a.wrapping_sub(b)),
                Operator::Multiply => Some(a.wrapping_mul(b)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Has it a literal whole number in a sum or product? That becomes a fraction where one is wanted, and
/// makes one of everything it is computed with.
pub(super) fn is_whole_literal(node: &Node) -> bool {
    match node {
        Node::Integer(_) => true,
        Node::Unary { operand, .. } => is_whole_literal(operand),
        Node::Binary {
            operator,
            left,
            right,
        } => {
            matches!(
                operator,
                Operator::Add | Operator::Subtract | Operator::Multiply
            ) && (is_whole_literal(left) || is_whole_literal(right))
        }
        _ => false,
    }
}

/// Is it a whole number for expr's check? Two of them are compared as such, and whatever else they turn out to
/// be (a mean, a place that was not found) stops the condition.
pub(super) fn is_whole(node: &Node) -> bool {
    match node {
        Node::Integer(_) => true,
        Node::Unary { operand, .. } => is_whole(operand),
        Node::Binary {
            operator,
            left,
            right,
        } => match operator {
            Operator::Add | Operator::Coalesce | Operator::Multiply | Operator::Subtract => {
                is_whole(left) && is_whole(right)
            }
            Operator::Remainder => true,
            _ => false,
        },
        Node::Builtin { name, arguments } => match name.as_str() {
            "bitand" | "bitnand" | "bitnot" | "bitor" | "bitshl" | "bitshr" | "bitushr"
            | "bitxor" | "count" | "findIndex" | "findLastIndex" | "indexOf" | "int"
            | "lastIndexOf" | "len" => true,
            "max" | "mean" | "median" | "min" => {
                arguments.iter().all(is_number) && arguments.first().is_some_and(is_whole)
            }
            "abs" => arguments.first().is_some_and(is_whole),
            "sum" if arguments.len() == 2 => false,
            "find" | "findLast" | "get" | "sum" => arguments.first().is_some_and(is_list_of_whole),
            "reduce" => arguments.get(1).is_some_and(is_whole),
            _ => false,
        },
        Node::Conditional {
            then, otherwise, ..
        } => is_whole(then) && (is_whole(otherwise) || is_anything(otherwise)),
        Node::Pointer(name) => name == "index",
        Node::Sequence(nodes) => nodes.last().is_some_and(is_whole),
        _ => false,
    }
}

/// Is nothing known of it before the run?
fn is_anything(node: &Node) -> bool {
    match node {
        Node::Chain(_) | Node::Member { .. } => true,
        Node::Builtin { name, arguments } => match name.as_str() {
            "max" | "mean" | "median" | "min" => !arguments.iter().all(is_number),
            "find" | "findLast" | "first" | "get" | "last" | "reduce" | "sum" => !is_whole(node),
            _ => false,
        },
        _ => false,
    }
}

fn is_number(node: &Node) -> bool {
    matches!(node, Node::Float(_)) || is_whole(node)
}

fn is_list_of_whole(node: &Node) -> bool {
    match node {
        Node::Array(nodes) => !nodes.is_empty() && nodes.iter().all(is_whole),
        Node::Binary { operator, .. } => *operator == Operator::Range,
        Node::Builtin { name, arguments } => match (name.as_str(), arguments.as_slice()) {
            // What is taken of whole numbers may be anything for the check.
            ("filter", [list, ..]) => is_list_of_whole(list),
            _ => false,
        },
        Node::Slice { base, .. } => is_list_of_whole(base),
        _ => false,
    }
}
