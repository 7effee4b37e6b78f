//! Sorting, as Go sorts short lists: by insertion, so that what cannot be ordered stays where it came.

use super::ConditionError;
use super::item::{Item, Of};

/// Longer lists are merged.
const SHORT: usize = 12;

/// A list in rising order, or in falling order with `"desc"`. Numbers are ordered among themselves, and so
/// are texts; what is no list comes to a nil one.
pub(super) fn sort(arguments: &[Item]) -> Result<Item, ConditionError> {
    let falls = match arguments {
        [_] => false,
        [_, Item::Text(order)] if &**order == b"asc" => false,
        [_, Item::Text(order)] if &**order == b"desc" => true,
        _ => return Err(ConditionError::value("the order is asc or desc")),
    };
    let sortable = match arguments.first() {
        Some(Item::List(list)) if list.of != Of::Byte => Some(list),
        _ => None,
    };
    let Some(list) = sortable else {
        return Ok(Item::nil_list(Of::Any));
    };
    let values = list.items.as_slice();
    if values.len() > SHORT {
        return long(values, falls);
    }
    let mut sorted: Vec<Item> = Vec::with_capacity(values.len());
    for value in values {
        let mut place = sorted.len();
        while let Some(before) = place.checked_sub(1).and_then(|before| sorted.get(before)) {
            let (first, second) = if falls {
                (before, value)
            } else {
                (value, before)
            };
            let order = first.order(second);
            let order = order.ok_or(ConditionError::value("elements cannot be ordered"))?;
            if order != Some(std::cmp::Ordering::Less) {
                break;
            }
            place -= 1;
        }
        sorted.insert(place, value.clone());
    }
    Item::list(Of::Any, sorted)
}

fn long(values: &[Item], falls: bool) -> Result<Item, ConditionError> {
    let mut sorted = values.to_vec();
    let mut fits = true;
    sorted.sort_by(|a, b| {
        let (first, second) = if falls { (b, a) } else { (a, b) };
        let order = first.order(second);
        fits &= order.is_some();
        order.flatten().unwrap_or(std::cmp::Ordering::Equal)
    });
    match fits {
        true => Item::list(Of::Any, sorted),
        false => Err(ConditionError::value("elements cannot be ordered")),
    }
}
