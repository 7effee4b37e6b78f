//! Sorting, as Go sorts short lists: by insertion, so that what cannot be ordered stays where it came.

use super::ConditionError;
use super::value::Value;

/// Longer lists are merged.
const SHORT: usize = 12;

/// A list in rising order, or in falling order with `"desc"`. Numbers are ordered among themselves, and so
/// are texts; what is no list comes to an empty one.
pub(super) fn sort(arguments: &[Value]) -> Result<Value, ConditionError> {
    let falls = match arguments {
        [_] => false,
        [_, Value::Text(order)] if order == "asc" => false,
        [_, Value::Text(order)] if order == "desc" => true,
        _ => return Err(ConditionError::value("the order is asc or desc")),
    };
    let Some(Value::Array(values) | Value::Uniform { values, .. }) = arguments.first() else {
        return Ok(Value::Array(Vec::new()));
    };
    if values.len() > SHORT {
        return long(values, falls);
    }
    let mut sorted: Vec<Value> = Vec::with_capacity(values.len());
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
    Ok(Value::Array(sorted))
}

fn long(values: &[Value], falls: bool) -> Result<Value, ConditionError> {
    let mut sorted = values.to_vec();
    let mut fits = true;
    sorted.sort_by(|a, b| {
        let (first, second) = if falls { (b, a) } else { (a, b) };
        let order = first.order(second);
        fits &= order.is_some();
        order.flatten().unwrap_or(std::cmp::Ordering::Equal)
    });
    match fits {
        true => Ok(Value::Array(sorted)),
        false => Err(ConditionError::value("elements cannot be ordered")),
    }
}
