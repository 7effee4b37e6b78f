//! Equality: expr's own (`runtime.Equal`) and, inside objects, Go's (`reflect.DeepEqual`).

use std::sync::Arc;

use super::item::{Item, Of};

/// Across the kinds of numbers; lists element by element, unless both are of one kind each and those differ.
#[expect(clippy::float_cmp, reason = "the format compares numbers for identity")]
pub(super) fn equal(left: &Item, right: &Item) -> bool {
    if let (Some(left), Some(right)) = (left.integer(), right.integer()) {
        return left == right;
    }
    if let (Some(left), Some(right)) = (left.number(), right.number()) {
        return left == right;
    }
    match (left, right) {
        (Item::Bool(left), Item::Bool(right)) => left == right,
        (Item::Text(left), Item::Text(right)) => left == right,
        (Item::List(left), Item::List(right))
            if left.of == right.of || left.of == Of::Any || right.of == Of::Any =>
        {
            left.items.len() == right.items.len()
                && left
                    .items
                    .iter()
                    .zip(&right.items)
                    .all(|(left, right)| equal(left, right))
        }
        (left, right) => left.is_nil() && right.is_nil() || same(left, right),
    }
}

/// Of one type and one content: here 1 is not 1.0, and a nil list is no empty one.
#[expect(clippy::float_cmp, reason = "the format compares numbers for identity")]
fn same(left: &Item, right: &Item) -> bool {
    match (left, right) {
        (Item::Bool(left), Item::Bool(right)) => left == right,
        (Item::Byte(left), Item::Byte(right)) => left == right,
        (Item::Float(left), Item::Float(right)) => left == right,
        (Item::Integer(left), Item::Integer(right)) | (Item::Long(left), Item::Long(right)) => {
            left == right
        }
        (Item::List(left), Item::List(right)) => {
            let all = || left.items.iter().zip(&right.items).all(|(a, b)| same(a, b));
            left.of == right.of
                && left.is_nil == right.is_nil
                && left.items.len() == right.items.len()
                && (Arc::ptr_eq(left, right) || all())
        }
        (Item::Map(left), Item::Map(right)) => {
            let all = || {
                let mut pairs = left.entries.iter().zip(&right.entries);
                pairs.all(|((key, a), (other, b))| key == other && same(a, b))
            };
            left.entries.len() == right.entries.len() && (Arc::ptr_eq(left, right) || all())
        }
        (Item::Nil, Item::Nil) => true,
        (Item::Text(left), Item::Text(right)) => left == right,
        _ => false,
    }
}
