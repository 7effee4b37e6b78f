//! `.env`: no standard, so the part that all readers agree on.

use super::{Missing, Value, unquoted};

pub(super) fn find(text: &str, at: &[String]) -> Result<Value, Missing> {
    let [name] = at else {
        return Err(Missing::NoValue("a .env file has names and no levels"));
    };
    let mut found = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some((from, to)) = value(line, name) {
            if found.is_some() {
                return Err(Missing::NoValue("the name stands twice"));
            }
            found = Some(unquoted(text, start + from..start + to));
        }
        start += line.len();
    }
    let place = found.ok_or(Missing::Nothing)?;
    let value = text.get(place.clone()).unwrap_or_default().to_owned();
    Ok(Value { text: value, place })
}

/// Where a line's value is in it, if the line is about this name.
fn value(line: &str, name: &str) -> Option<(usize, usize)> {
    let (left, right) = line.split_once('=')?;
    let left_name = left.trim();
    let left_name = left_name
        .strip_prefix("export ")
        .unwrap_or(left_name)
        .trim();
    if left_name != name {
        return None;
    }
    let from = left.len() + 1 + (right.len() - right.trim_start().len());
    let rest = line.get(from..)?;
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
    let length = match quote {
        Some(quote) => rest.get(1..)?.find(quote)? + 2,
        None => {
            // A comment begins behind a space.
            let end = rest.find(" #").unwrap_or(rest.len());
            rest.get(..end)?.trim_end().len()
        }
    };
    Some((from, from + length))
}
