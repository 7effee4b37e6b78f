//! The operators of conditions on values (`vm/runtime`), and the functions of Argo's environment.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

use std::ops::RangeInclusive;

use super::ConditionError;
use super::ast::Operator;
use super::builtin::parse_float;
use super::equal::equal;
use super::item::{Item, Of};
use super::machine::failed;
use super::pattern::Pattern;
use super::text;

type Outcome<T = Item> = Result<T, ConditionError>;

/// The bytes, elements or entries of it.
pub(super) fn length(item: &Item) -> Outcome<i64> {
    let length = match item {
        Item::List(list) => list.items.len(),
        Item::Map(map) => map.entries.len(),
        Item::Text(text) => text.len(),
        _ => return failed("it has no length"),
    };
    Ok(i64::try_from(length).unwrap_or(i64::MAX))
}

/// The member of a list, text or object. What an object has not is nil; what a list has not is an error.
pub(super) fn fetch(base: &Item, key: &Item) -> Outcome {
    let found = match base {
        Item::Map(map) => match key {
            Item::Text(key) => map.entries.get(key).cloned(),
            Item::Nil => map.entries.get(&[][..]).cloned(),
            _ => return failed("the key is no text"),
        }
        .or(Some(Item::Nil)),
        Item::List(_) | Item::Text(_) => element(base, key)?,
        _ => None,
    };
    found.ok_or(ConditionError::value("no such member"))
}

/// The element of a list or byte of a text, counted from the end below zero; none outside.
pub(super) fn element(base: &Item, key: &Item) -> Outcome<Option<Item>> {
    let Some(index) = key.whole() else {
        return failed("a place is no number");
    };
    let index = if index < 0 {
        length(base)?.wrapping_add(index)
    } else {
        index
    };
    let Ok(index) = usize::try_from(index) else {
        return Ok(None);
    };
    Ok(match base {
        Item::List(list) => list.items.get(index).cloned(),
        Item::Text(text) => text.get(index).map(|byte| Item::Byte(*byte)),
        _ => None,
    })
}

pub(super) fn slice(base: &Item, from: &Item, to: &Item) -> Outcome {
    let length = match base {
        Item::List(_) | Item::Text(_) => length(base)?,
        _ => return failed("cannot be sliced"),
    };
    let end = |end: &Item| match end.whole() {
        Some(place) if place < 0 => Ok(length.wrapping_add(place).max(0)),
        Some(place) => Ok(place),
        None => failed("slice end is no number"),
    };
    let (from, to) = (end(from)?, end(to)?.min(length));
    let from = from.min(to);
    let range = usize::try_from(from).unwrap_or(0)..usize::try_from(to).unwrap_or(0);
    match base {
        // The whole list is itself, not one like it.
        Item::List(list) if range == (0..list.items.len()) => Ok(base.clone()),
        Item::List(list) => {
            let items = list.items.get(range).unwrap_or_default();
            Item::list(list.of, items.to_vec())
        }
        Item::Text(text) => Ok(Item::text(text.get(range).unwrap_or_default())),
        _ => failed("cannot be sliced"),
    }
}

pub(super) fn negated(item: &Item) -> Outcome {
    match item {
        Item::Byte(byte) => Ok(Item::Byte(byte.wrapping_neg())),
        Item::Float(number) => Ok(Item::Float(-number)),
        Item::Integer(number) => Ok(Item::Integer(number.wrapping_neg())),
        Item::Long(number) => Ok(Item::Long(number.wrapping_neg())),
        _ => failed("it is no number"),
    }
}

/// The whole numbers from one to the other; the caller looks how many that are.
pub(super) fn range(left: &Item, right: &Item) -> Outcome<RangeInclusive<i64>> {
    match (left.whole(), right.whole()) {
        (Some(from), Some(to)) => Ok(from..=to),
        _ => failed("range ends are no numbers"),
    }
}

pub(super) fn matches(item: &Item, pattern: &Pattern) -> Outcome<bool> {
    match item {
        item if item.is_nil() => Ok(false),
        Item::Text(text) => Ok(pattern.is_match(text)),
        Item::List(list) if list.of == Of::Byte => Ok(pattern.is_match(&bytes(&list.items))),
        _ => failed("operand is no text"),
    }
}

/// The bytes of a list of them.
pub(super) fn bytes(items: &[Item]) -> Vec<u8> {
    let byte = |item: &Item| match item {
        Item::Byte(byte) => Some(*byte),
        _ => None,
    };
    items.iter().filter_map(byte).collect()
}

pub(super) fn binary(operator: Operator, left: &Item, right: &Item) -> Outcome {
    match operator {
        Operator::Equal => Ok(Item::Bool(equal(left, right))),
        Operator::In => contained(left, right).map(Item::Bool),
        Operator::Contains | Operator::StartsWith | Operator::EndsWith => {
            text_test(operator, left, right).map(Item::Bool)
        }
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            ordered(operator, left, right).map(Item::Bool)
        }
        _ => arithmetic(operator, left, right),
    }
}

fn ordered(operator: Operator, left: &Item, right: &Item) -> Outcome<bool> {
    let Some(order) = left.order(right) else {
        return failed("operands cannot be ordered");
    };
    Ok(order.is_some_and(|order| match operator {
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        _ => order.is_ge(),
    }))
}

fn contained(needle: &Item, list: &Item) -> Outcome<bool> {
    match (list, needle) {
        (Item::Nil, _) => Ok(false),
        (Item::List(list), _) => Ok(list.items.iter().any(|item| equal(item, needle))),
        (Item::Map(map), Item::Text(key)) => Ok(map.entries.contains_key(key)),
        (Item::Map(map), Item::Nil) => Ok(map.entries.contains_key(&[][..])),
        (Item::Integers(set), Item::Integer(number)) => Ok(set.contains(number)),
        (Item::Integers(set), Item::Nil) => Ok(set.contains(&0)),
        (Item::Texts(set), Item::Text(text)) => {
            Ok(std::str::from_utf8(text).is_ok_and(|text| set.contains(text)))
        }
        (Item::Texts(set), Item::Nil) => Ok(set.contains("")),
        _ => failed("in is not defined here"),
    }
}

fn text_test(operator: Operator, left: &Item, right: &Item) -> Outcome<bool> {
    match (left, right) {
        (left, right) if left.is_nil() || right.is_nil() => Ok(false),
        (Item::Text(left), Item::Text(right)) => Ok(match operator {
            Operator::Contains => text::find(left, right).is_some(),
            Operator::StartsWith => left.starts_with(right),
            _ => left.ends_with(right),
        }),
        _ => failed("operand is no text"),
    }
}

fn arithmetic(operator: Operator, left: &Item, right: &Item) -> Outcome {
    if let (Operator::Add, Item::Text(left), Item::Text(right)) = (operator, left, right) {
        return Ok(Item::text([&**left, &**right].concat()));
    }
    if let (Some(a), Some(b)) = (left.integer(), right.integer()) {
        match operator {
            Operator::Add => return Ok(Item::Integer(a.wrapping_add(b))),
            Operator::Subtract => return Ok(Item::Integer(a.wrapping_sub(b))),
            Operator::Multiply => return Ok(Item::Integer(a.wrapping_mul(b))),
            Operator::Remainder if b != 0 => return Ok(Item::Integer(a.wrapping_rem(b))),
            _ => {}
        }
    }
    let (Some(a), Some(b)) = (left.number(), right.number()) else {
        return failed("operands are no numbers");
    };
    match operator {
        Operator::Add => Ok(Item::Float(a + b)),
        Operator::Subtract => Ok(Item::Float(a - b)),
        Operator::Multiply => Ok(Item::Float(a * b)),
        Operator::Divide => Ok(Item::Float(a / b)),
        Operator::Power => Ok(Item::Float(a.powf(b))),
        _ => failed("operands do not fit"),
    }
}

/// Calls a function of the environment. If it was not known beforehand which one, a missing number is zero.
pub(super) fn call(function: &Item, arguments: &[Item], known: bool, result: &Item) -> Outcome {
    let Item::Function(name) = function else {
        return failed("not callable");
    };
    match (*name, arguments) {
        ("default", [_, fallback]) if *result == Item::Nil => Ok(fallback.clone()),
        ("default", [_, _]) => Ok(result.clone()),
        ("isNil", [_]) => Ok(Item::Bool(*result == Item::Nil)),
        ("isNaN", [Item::Float(number)]) => Ok(Item::Bool(number.is_nan())),
        ("isInf", [Item::Float(number)]) => Ok(Item::Bool(number.is_infinite())),
        ("isNaN" | "isInf", [Item::Nil]) if !known => Ok(Item::Bool(false)),
        ("asInt", [Item::Text(text)]) => {
            match text::utf8(text).and_then(|text| text.parse().ok()) {
                Some(number) => Ok(Item::Long(number)),
                None => failed("text is no whole number"),
            }
        }
        ("asInt", [item]) => match item.whole() {
            Some(number) => Ok(Item::Long(number)),
            None => failed("cannot be made a number"),
        },
        ("asFloat", [item]) => {
            let number = match item {
                Item::Text(text) => text::utf8(text).and_then(parse_float),
                item => item.number(),
            };
            let number = number.map(Item::Float);
            number.ok_or(ConditionError::value("cannot be made a number"))
        }
        _ => failed("an argument does not fit"),
    }
}
