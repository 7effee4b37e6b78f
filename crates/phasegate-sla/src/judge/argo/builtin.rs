//! The functions of the language without predicates (`builtin/builtin.go`, `builtin/lib.go`).
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

use std::sync::Arc;

use super::ConditionError;
use super::item::{Item, Of};
use super::{json, numbers, operate, order, print, text};

type Outcome = Result<Item, ConditionError>;

fn misfit() -> ConditionError {
    ConditionError::value("an argument does not fit")
}

/// Runs one of them.
pub(super) fn run(name: &str, arguments: &[Item]) -> Outcome {
    match (name, arguments) {
        ("abs" | "ceil" | "floor" | "round" | "int" | "float", [item]) => on_number(name, item),
        ("concat", _) => concat(arguments),
        ("first", [item]) => Ok(end(item, 0)),
        ("last", [item]) => Ok(end(item, -1)),
        ("flatten" | "reverse" | "uniq", [item]) => {
            let items = item.items().ok_or_else(misfit)?;
            Item::list(
                Of::Any,
                match name {
                    "flatten" => flatten(items),
                    "reverse" => items.iter().rev().cloned().collect(),
                    _ => uniq(items),
                },
            )
        }
        ("fromJSON", [Item::Text(text)]) => json::read(text)?.ok_or_else(misfit),
        ("get", [base, key]) => get(base, key),
        ("join", [list]) => join(list, b""),
        ("join", [list, Item::Text(glue)]) => join(list, glue),
        ("keys" | "values", [Item::Map(map)]) => {
            let entry = |(key, value): (&Arc<[u8]>, &Item)| match name {
                "keys" => Item::Text(Arc::clone(key)),
                _ => value.clone(),
            };
            Item::list(Of::Any, map.entries.iter().map(entry).collect())
        }
        ("len", [Item::Text(text)]) => Ok(Item::Integer(text::length(text))),
        ("len", [item]) => operate::length(item).map(Item::Integer),
        ("max" | "min", _) => numbers::extreme(name == "max", arguments),
        ("mean", _) => numbers::mean(arguments),
        ("median", _) => numbers::median(arguments),
        ("sort", _) => order::sort(arguments),
        ("string", [item]) => print::print(item).map(Item::text).ok_or_else(misfit),
        ("take", [list, count]) => take(list, count),
        ("toJSON", [item]) => json::write(item).map(Item::text).ok_or_else(misfit),
        ("type", [item]) => Ok(Item::text(type_name(item))),
        _ if name.starts_with("bit") => numbers::bits(name, arguments),
        _ => text::run(name, arguments),
    }
}

fn on_number(name: &str, item: &Item) -> Outcome {
    let text = match item {
        Item::Text(text) => Some(text::utf8(text).ok_or_else(misfit)?),
        _ => None,
    };
    let outcome = match (name, item, text) {
        ("abs", Item::Float(x), _) => Some(Item::Float(if *x < 0.0 { -x } else { *x })),
        ("abs", Item::Integer(x), _) => Some(Item::Integer(x.wrapping_abs())),
        ("abs", Item::Long(x), _) => Some(Item::Long(x.wrapping_abs())),
        ("abs", Item::Byte(x), _) => Some(Item::Byte(*x)),
        ("ceil", item, None) => item.number().map(f64::ceil).map(Item::Float),
        ("floor", item, None) => item.number().map(f64::floor).map(Item::Float),
        ("round", item, None) => item.number().map(f64::round).map(Item::Float),
        ("int", _, Some(text)) => text.parse().ok().map(Item::Integer),
        ("int", item, None) => item.whole().map(Item::Integer),
        ("float", _, Some(text)) => parse_float(text).map(Item::Float),
        ("float", item, None) => item.number().map(Item::Float),
        _ => None,
    };
    outcome.ok_or_else(misfit)
}

/// The first or last element; nil for whatever has none.
fn end(item: &Item, index: i64) -> Item {
    let element = operate::element(item, &Item::Integer(index));
    element.ok().flatten().unwrap_or(Item::Nil)
}

/// The member, or nil.
fn get(base: &Item, key: &Item) -> Outcome {
    match base {
        Item::List(_) | Item::Text(_) => {
            operate::element(base, key).map(|found| found.unwrap_or(Item::Nil))
        }
        Item::Map(_) => operate::fetch(base, key),
        _ => Ok(Item::Nil),
    }
}

/// The first of a list, which stays one of its kind.
fn take(list: &Item, count: &Item) -> Outcome {
    match (list, count) {
        (Item::List(_), Item::Integer(number) | Item::Long(number)) if *number >= 0 => {
            operate::slice(list, &Item::Integer(0), count)
        }
        _ => Err(misfit()),
    }
}

const fn type_name(item: &Item) -> &'static str {
    match item {
        Item::Bool(_) => "bool",
        Item::Byte(_) => "uint",
        Item::Float(_) => "float",
        Item::Function(_) => "func",
        Item::Integer(_) | Item::Long(_) => "int",
        Item::List(_) => "array",
        Item::Integers(_) | Item::Map(_) | Item::Texts(_) => "map",
        Item::Nil => "nil",
        Item::Text(_) => "string",
    }
}

fn join(list: &Item, glue: &[u8]) -> Outcome {
    let Item::List(list) = list else {
        return Err(misfit());
    };
    // Numbers are no texts, even where there are none.
    if !matches!(list.of, Of::Any | Of::Text) {
        return Err(misfit());
    }
    let part = |item: &Item| match item {
        Item::Text(text) => Some(Arc::clone(text)),
        _ => None,
    };
    let parts: Option<Vec<_>> = list.items.iter().map(part).collect();
    let parts = parts.ok_or_else(misfit)?;
    let glued = glue.len().saturating_mul(parts.len());
    if glued > text::LENGTH_MAX {
        return Err(ConditionError::value("a text is too long"));
    }
    Ok(Item::text(parts.join(glue)))
}

fn uniq(items: &[Item]) -> Vec<Item> {
    let mut kept: Vec<Item> = Vec::new();
    for item in items {
        if !kept.iter().any(|other| super::equal::equal(item, other)) {
            kept.push(item.clone());
        }
    }
    kept
}

/// Of empty lists, Go's nil list.
fn concat(arguments: &[Item]) -> Outcome {
    let mut all = Vec::new();
    for argument in arguments {
        all.extend(argument.items().ok_or_else(misfit)?.iter().cloned());
    }
    match all.is_empty() {
        true => Ok(Item::nil_list(Of::Any)),
        false => Item::list(Of::Any, all),
    }
}

fn flatten(items: &[Item]) -> Vec<Item> {
    let mut flat = Vec::new();
    for item in items {
        match item.items() {
            Some(inner) => flat.extend(flatten(inner)),
            None => flat.push(item.clone()),
        }
    }
    flat
}

/// A number as Go's `ParseFloat` reads it: decimal, single underscores between digits, with `Inf`,
/// `Infinity` and an unsigned `NaN` in any case, or hexadecimal with a binary exponent.
pub(super) fn parse_float(text: &str) -> Option<f64> {
    if let Some(value) = hexadecimal(text) {
        return Some(value);
    }
    let between_digits = |parts: &[u8]| matches!(parts, [before, b'_', after] if before.is_ascii_digit() && after.is_ascii_digit());
    let underscores = text.matches('_').count();
    let separating = text
        .as_bytes()
        .windows(3)
        .filter(|w| between_digits(w))
        .count();
    let signed_nan = text.len() > 3 && text.to_ascii_lowercase().ends_with("nan");
    if separating != underscores || signed_nan {
        return None;
    }
    let value: f64 = text.replace('_', "").parse().ok()?;
    // Rust answers ∞ for a decimal that is too large, Go an error.
    let names_infinity = text.to_ascii_lowercase().contains("inf");
    (value.is_finite() || value.is_nan() || names_infinity).then_some(value)
}

/// `0x1.8p-2`: hexadecimal digits, perhaps a fraction, and the power of two.
fn hexadecimal(text: &str) -> Option<f64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"))?;
    let (mantissa, exponent) = digits.split_once(['p', 'P'])?;
    let mut exponent: i32 = exponent.parse().ok()?;
    let mantissa = mantissa.replace('_', "");
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((&mantissa, ""));
    let all = format!("{whole}{fraction}");
    // Beyond 52 bits Go rounds; no condition writes so many digits.
    if all.is_empty() || all.len() > 13 {
        return None;
    }
    exponent = exponent.checked_sub(4 * i32::try_from(fraction.len()).ok()?)?;
    let value = u64::from_str_radix(&all, 16).ok()? as f64 * 2.0_f64.powi(exponent);
    value.is_finite().then_some(sign * value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_numbers_where_go_reads_them() {
        for (text, expected) in [
            ("1_000", Some(1_000.0)),
            ("1_0.5_0e1_0", Some(105_000_000_000.0)),
            ("1__0", None),
            ("_1", None),
            ("1_", None),
            ("1_.5", None),
            ("+Inf", Some(f64::INFINITY)),
            ("-infinity", Some(f64::NEG_INFINITY)),
            ("-nan", None),
            ("1e400", None),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("0x1p-2", Some(0.25)),
            ("-0X1.8P+1", Some(-3.0)),
            ("0x.8p0", Some(0.5)),
            ("0x1", None),
            ("0xp1", None),
            (" 1", None),
            ("", None),
        ] {
            assert_eq!(parse_float(text), expected, "{text}");
        }
        assert!(parse_float("NaN").is_some_and(f64::is_nan));
    }
}
