//! The operators of conditions on values.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

use super::ast::{Node, Operator};
use super::interpret::{Outcome, Stop, failed};
use super::pattern;
use super::value::{Element, Value};

/// Elements that a range may have.
const MAX_RANGE: i64 = 100_000;

/// The member of a list, text or map.
pub(super) fn fetch(base: &Value, key: &Value) -> Option<Value> {
    let place = |length: usize| {
        let length = i64::try_from(length).ok()?;
        let index = key.whole()?;
        usize::try_from(if index < 0 { length + index } else { index }).ok()
    };
    match base {
        Value::Array(values) | Value::Uniform { values, .. } => {
            values.get(place(values.len())?).cloned()
        }
        Value::Text(text) => text
            .as_bytes()
            .get(place(text.len())?)
            .map(|byte| Value::Integer(i64::from(*byte))),
        Value::Map(map) => match key {
            Value::Text(key) => Some(map.get(key).cloned().unwrap_or(Value::Nil)),
            Value::Nil => Some(map.get("").cloned().unwrap_or(Value::Nil)),
            _ => None,
        },
        Value::Bool(_) | Value::Float(_) | Value::Integer(_) | Value::Nil => None,
    }
}

pub(super) fn ordered(operator: Operator, l: &Value, r: &Value) -> Result<bool, Stop> {
    let Some(order) = l.order(r) else {
        return failed("operands cannot be ordered");
    };
    Ok(order.is_some_and(|order| match operator {
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        _ => order.is_ge(),
    }))
}

pub(super) fn contained(needle: &Value, list: &Value, source: &Node) -> Result<bool, Stop> {
    match list {
        Value::Nil => Ok(false),
        Value::Array(values) | Value::Uniform { values, .. } => {
            // A literal list of texts is a set of texts in expr: other needles do not fit into it.
            let of_texts = matches!(source, Node::Array(nodes)
                if !nodes.is_empty() && nodes.iter().all(|node| matches!(node, Node::Text(_))));
            match needle {
                Value::Text(_) => Ok(values.iter().any(|value| value.equals(needle))),
                Value::Nil if of_texts => Ok(values
                    .iter()
                    .any(|value| value == &Value::Text(String::new()))),
                _ if of_texts => failed("needle is no text"),
                _ => Ok(values.iter().any(|value| value.equals(needle))),
            }
        }
        Value::Map(map) => match needle {
            Value::Text(key) => Ok(map.contains_key(key)),
            Value::Nil => Ok(map.contains_key("")),
            _ => failed("needle is no text"),
        },
        _ => failed("in is not defined here"),
    }
}

pub(super) fn text_test(operator: Operator, l: &Value, r: &Value) -> Result<bool, Stop> {
    match (l, r) {
        (Value::Nil, _) | (_, Value::Nil) => Ok(false),
        (Value::Text(text), Value::Text(other)) => match operator {
            Operator::Contains => Ok(text.contains(other.as_str())),
            Operator::StartsWith => Ok(text.starts_with(other.as_str())),
            Operator::EndsWith => Ok(text.ends_with(other.as_str())),
            _ => match pattern::compile(other) {
                Some(pattern) => Ok(pattern.is_match(text)),
                None => failed("not a regular expression"),
            },
        },
        _ => failed("operand is no text"),
    }
}

pub(super) fn range(l: &Value, r: &Value) -> Outcome {
    let (Some(from), Some(to)) = (l.whole(), r.whole()) else {
        return failed("range ends are no numbers");
    };
    if to.saturating_sub(from) > MAX_RANGE {
        return failed("range is too long");
    }
    Ok(Value::Uniform {
        of: Element::Integer,
        values: (from..=to).map(Value::Integer).collect(),
    })
}

pub(super) fn arithmetic(operator: Operator, l: &Value, r: &Value) -> Outcome {
    if let (Operator::Add, Value::Text(left), Value::Text(right)) = (operator, l, r) {
        return Ok(Value::Text(format!("{left}{right}")));
    }
    if let (Value::Integer(a), Value::Integer(b)) = (l, r) {
        match operator {
            Operator::Add => return Ok(Value::Integer(a.wrapping_add(*b))),
            Operator::Subtract => return Ok(Value::Integer(a.wrapping_sub(*b))),
            Operator::Multiply => return Ok(Value::Integer(a.wrapping_mul(*b))),
            Operator::Remainder if *b != 0 => return Ok(Value::Integer(a.wrapping_rem(*b))),
            _ => {}
        }
    }
    let (Some(a), Some(b)) = (l.number(), r.number()) else {
        return failed("operands are no numbers");
    };
    match operator {
        Operator::Add => Ok(Value::Float(a + b)),
        Operator::Subtract => Ok(Value::Float(a - b)),
        Operator::Multiply => Ok(Value::Float(a * b)),
        Operator::Divide => Ok(Value::Float(a / b)),
        Operator::Power => Ok(Value::Float(a.powf(b))),
        _ => failed("operands do not fit"),
    }
}
