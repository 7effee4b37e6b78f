//! The functions of the language: their signatures for the check, their bodies for the run.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

use super::ConditionError;
use super::check::Kind;
use super::text;
use super::value::{Element, Value};

/// One argument of a function that takes predicates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Argument {
    pub(super) predicate: bool,
    pub(super) optional: bool,
}

const PLAIN: Argument = Argument {
    predicate: false,
    optional: false,
};
const PREDICATE: Argument = Argument {
    predicate: true,
    optional: false,
};
const PREDICATE_OPTIONAL: Argument = Argument {
    predicate: true,
    optional: true,
};
const PLAIN_OPTIONAL: Argument = Argument {
    predicate: false,
    optional: true,
};

/// The arguments of a function over a list with a predicate.
pub(super) fn predicate_arguments(name: &str) -> Option<&'static [Argument]> {
    Some(match name {
        "all" | "none" | "any" | "one" | "filter" | "map" | "find" | "findIndex" | "findLast"
        | "findLastIndex" => &[PLAIN, PREDICATE],
        "count" | "sum" => &[PLAIN, PREDICATE_OPTIONAL],
        "reduce" => &[PLAIN, PREDICATE, PLAIN_OPTIONAL],
        _ => return None,
    })
}

/// Whether the name is a function of the language (without a predicate).
pub(super) fn is_builtin(name: &str) -> bool {
    matches!(
        name,
        "len"
            | "abs"
            | "ceil"
            | "floor"
            | "round"
            | "int"
            | "float"
            | "string"
            | "type"
            | "join"
            | "max"
            | "min"
            | "mean"
            | "median"
            | "first"
            | "last"
            | "get"
            | "take"
            | "keys"
            | "values"
            | "reverse"
            | "uniq"
            | "concat"
            | "flatten"
            | "fromJSON"
            | "sort"
            | "toJSON"
    ) || text::is_known(name)
}

/// The kind of the outcome, or why the arguments do not fit.
pub(super) fn check(name: &str, arguments: &[Kind]) -> Result<Kind, ConditionError> {
    use Kind::{Array, Float, Integer, Map, Text, Unknown};
    if text::is_known(name) {
        let kind = text::check(name, arguments);
        return kind.ok_or(ConditionError::kind("an argument does not fit"));
    }
    let list_of_anything = || Array(Box::new(Unknown));
    let misfit = Err(ConditionError::kind("an argument does not fit"));
    match (name, arguments) {
        ("len", [Array(_) | Map | Text | Unknown]) => Ok(Integer),
        ("type" | "string", [_]) => Ok(Text),
        ("abs", [kind @ (Float | Integer | Unknown)]) => Ok(kind.clone()),
        ("ceil" | "floor" | "round", [Float | Integer | Unknown]) => Ok(Float),
        ("int", [Float | Integer | Text | Unknown]) => Ok(Integer),
        ("float", [Float | Integer | Text | Unknown]) => Ok(Float),
        ("join", [Unknown] | [Unknown, Text | Unknown]) => Ok(Text),
        ("join", [Array(element)] | [Array(element), Text | Unknown])
            if matches!(**element, Text | Unknown) =>
        {
            Ok(Text)
        }
        ("max" | "min" | "mean" | "median", [first, ..]) => aggregate(first, arguments),
        ("first" | "last", [Unknown]) => Ok(Unknown),
        ("first" | "last", [Array(element)]) => Ok((**element).clone()),
        ("take", [list @ (Array(_) | Unknown), Integer | Unknown]) => Ok(list.clone()),
        ("get", [Unknown, _]) => Ok(Unknown),
        ("get", [Array(element), Integer | Unknown]) => Ok((**element).clone()),
        ("get", [Map, Text | Unknown]) => Ok(Unknown),
        ("keys" | "values", [Map | Unknown]) => Ok(list_of_anything()),
        ("reverse" | "uniq" | "flatten", [Array(_) | Unknown]) => Ok(list_of_anything()),
        ("toJSON", [_]) => Ok(Text),
        ("fromJSON", [Text | Unknown]) => Ok(Unknown),
        ("sort", [Array(_) | Unknown] | [Array(_) | Unknown, Text | Unknown]) => {
            Ok(list_of_anything())
        }
        ("concat", [_, ..]) if arguments.iter().all(|k| matches!(k, Array(_) | Unknown)) => {
            Ok(list_of_anything())
        }
        _ => misfit,
    }
}

fn aggregate(first: &Kind, arguments: &[Kind]) -> Result<Kind, ConditionError> {
    for argument in arguments {
        match argument {
            Kind::Unknown | Kind::Array(_) => return Ok(Kind::Unknown),
            Kind::Float | Kind::Integer => {}
            Kind::Bool | Kind::Function | Kind::Map | Kind::Nil | Kind::Text => {
                return Err(ConditionError::kind("an argument is not a number"));
            }
        }
    }
    Ok(first.clone())
}

/// Runs a function without predicates.
pub(super) fn run(name: &str, arguments: &[Value]) -> Result<Value, ConditionError> {
    if text::is_known(name) {
        return text::run(name, arguments);
    }
    // Numbers are no texts, even where there are none.
    if let ("join", [Value::Uniform { of, .. }, ..]) = (name, arguments)
        && *of != Element::Text
    {
        return Err(ConditionError::value("an argument does not fit"));
    }
    if let Some((values, rest)) = list_first(arguments)
        && let Some(outcome) = on_list(name, values, rest)
    {
        return outcome;
    }
    let misfit = || ConditionError::value("an argument does not fit");
    Ok(match (name, arguments) {
        ("len", [value]) => Value::Integer(len(value).ok_or_else(misfit)?),
        ("type", [value]) => Value::Text(type_name(value).to_owned()),
        ("abs", [Value::Float(x)]) => Value::Float(if *x < 0.0 { -x } else { *x }),
        ("abs", [Value::Integer(x)]) => Value::Integer(x.wrapping_abs()),
        ("ceil", [value]) => Value::Float(value.number().ok_or_else(misfit)?.ceil()),
        ("floor", [value]) => Value::Float(value.number().ok_or_else(misfit)?.floor()),
        ("round", [value]) => Value::Float(value.number().ok_or_else(misfit)?.round()),
        ("int", [Value::Text(text)]) => Value::Integer(text.parse().ok().ok_or_else(misfit)?),
        ("int", [value]) => Value::Integer(value.whole().ok_or_else(misfit)?),
        ("float", [Value::Text(text)]) => Value::Float(parse_float(text).ok_or_else(misfit)?),
        ("float", [value]) => Value::Float(value.number().ok_or_else(misfit)?),
        ("string", [value]) => Value::Text(value.print()),
        ("max", arguments) => extreme(arguments, std::cmp::Ordering::Less)?,
        ("min", arguments) => extreme(arguments, std::cmp::Ordering::Greater)?,
        ("mean", arguments) => mean(arguments)?,
        ("median", arguments) => median(arguments)?,
        ("first", [text @ Value::Text(_)]) => {
            super::operate::fetch(text, &Value::Integer(0)).unwrap_or(Value::Nil)
        }
        ("last", [text @ Value::Text(_)]) => {
            super::operate::fetch(text, &Value::Integer(-1)).unwrap_or(Value::Nil)
        }
        ("first" | "last", [_]) => Value::Nil,
        ("take", [list, Value::Integer(count)]) => {
            let count = usize::try_from(*count).ok().ok_or_else(misfit)?;
            take(list, count).ok_or_else(misfit)?
        }
        ("get", [Value::Nil, _]) => Value::Nil,
        ("get", [base, key])
            if key.number().is_none()
                && (base.items().is_some() || matches!(base, Value::Text(_))) =>
        {
            return Err(misfit());
        }
        ("get", [Value::Map(_), key]) if !matches!(key, Value::Nil | Value::Text(_)) => {
            return Err(misfit());
        }
        ("get", [base, key]) => super::operate::fetch(base, key).unwrap_or(Value::Nil),
        ("sort", arguments) => super::order::sort(arguments)?,
        ("toJSON", [value]) => Value::Text(super::json::write(value).ok_or_else(misfit)?),
        ("fromJSON", [Value::Text(text)]) => super::json::read(text).ok_or_else(misfit)?,
        ("keys", [Value::Map(map)]) => {
            Value::Array(map.keys().map(|key| Value::Text(key.clone())).collect())
        }
        ("values", [Value::Map(map)]) => Value::Array(map.values().cloned().collect()),
        ("concat", arguments) => concat(arguments).ok_or_else(misfit)?,
        _ => return Err(misfit()),
    })
}

/// The elements of the first argument, if it is a list, and the other arguments.
fn list_first(arguments: &[Value]) -> Option<(&[Value], &[Value])> {
    let (first, rest) = arguments.split_first()?;
    Some((first.items()?, rest))
}

/// Runs what is made of one list, whatever its kind; none for other functions.
fn on_list(name: &str, values: &[Value], rest: &[Value]) -> Option<Result<Value, ConditionError>> {
    Some(Ok(match (name, rest) {
        ("first", []) => values.first().cloned().unwrap_or(Value::Nil),
        ("flatten", []) => {
            let mut flat = Vec::new();
            flatten(values, &mut flat);
            Value::Array(flat)
        }
        ("join", []) => return Some(join(values, "")),
        ("join", [Value::Text(glue)]) => return Some(join(values, glue)),
        ("last", []) => values.last().cloned().unwrap_or(Value::Nil),
        ("reverse", []) => Value::Array(values.iter().rev().cloned().collect()),
        ("uniq", []) => Value::Array(uniq(values)),
        _ => return None,
    }))
}

/// The first of a list, which stays one of its kind.
fn take(list: &Value, count: usize) -> Option<Value> {
    let first = |values: &[Value]| values.iter().take(count).cloned().collect();
    match list {
        Value::Array(values) => Some(Value::Array(first(values))),
        Value::Uniform { of, values } => Some(Value::Uniform {
            of: *of,
            values: first(values),
        }),
        Value::Bool(_)
        | Value::Float(_)
        | Value::Integer(_)
        | Value::Map(_)
        | Value::Nil
        | Value::Text(_) => None,
    }
}

fn len(value: &Value) -> Option<i64> {
    let length = match value {
        Value::Array(values) | Value::Uniform { values, .. } => values.len(),
        Value::Map(map) => map.len(),
        Value::Text(text) => text.chars().count(),
        Value::Bool(_) | Value::Float(_) | Value::Integer(_) | Value::Nil => return None,
    };
    i64::try_from(length).ok()
}

const fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Array(_) | Value::Uniform { .. } => "array",
        Value::Bool(_) => "bool",
        Value::Float(_) => "float",
        Value::Integer(_) => "int",
        Value::Map(_) => "map",
        Value::Nil => "nil",
        Value::Text(_) => "string",
    }
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

fn join(parts: &[Value], glue: &str) -> Result<Value, ConditionError> {
    let texts: Option<Vec<&str>> = parts
        .iter()
        .map(|part| {
            if let Value::Text(text) = part {
                Some(text.as_str())
            } else {
                None
            }
        })
        .collect();
    texts
        .map(|texts| Value::Text(texts.join(glue)))
        .ok_or(ConditionError::value("joined something that is not text"))
}

fn extreme(arguments: &[Value], replace: std::cmp::Ordering) -> Result<Value, ConditionError> {
    if let [only] = arguments
        && !matches!(only, Value::Array(_) | Value::Uniform { .. })
    {
        return Ok(only.clone());
    }
    let mut found = None;
    extreme_into(arguments, replace, &mut found)?;
    Ok(found.unwrap_or(Value::Nil))
}

fn extreme_into(
    values: &[Value],
    replace: std::cmp::Ordering,
    found: &mut Option<Value>,
) -> Result<(), ConditionError> {
    for value in values {
        match value {
            Value::Array(inner) | Value::Uniform { values: inner, .. } => {
                extreme_into(inner, replace, found)?;
            }
            Value::Float(_) | Value::Integer(_) => {
                let better = match found {
                    None => true,
                    Some(best) => best.order(value).flatten() == Some(replace),
                };
                if better {
                    *found = Some(value.clone());
                }
            }
            Value::Bool(_) | Value::Map(_) | Value::Nil | Value::Text(_) => {
                return Err(ConditionError::value("an argument is not a number"));
            }
        }
    }
    Ok(())
}

fn numbers(values: &[Value], found: &mut Vec<f64>) -> Result<(), ConditionError> {
    for value in values {
        match (value, value.number()) {
            (Value::Array(inner) | Value::Uniform { values: inner, .. }, _) => {
                numbers(inner, found)?;
            }
            (_, Some(number)) => found.push(number),
            (_, None) => return Err(ConditionError::value("an argument is not a number")),
        }
    }
    Ok(())
}

fn mean(arguments: &[Value]) -> Result<Value, ConditionError> {
    let mut found = Vec::new();
    numbers(arguments, &mut found)?;
    let sum: f64 = found.iter().sum();
    Ok(Value::Float(if found.is_empty() {
        0.0
    } else {
        sum / found.len() as f64
    }))
}

fn median(arguments: &[Value]) -> Result<Value, ConditionError> {
    let mut found = Vec::new();
    numbers(arguments, &mut found)?;
    // Go sorts NaN before everything else.
    found.sort_by(|a, b| b.is_nan().cmp(&a.is_nan()).then(a.total_cmp(b)));
    let half = found.len() / 2;
    let at = |index: usize| found.get(index).copied().unwrap_or(0.0);
    Ok(Value::Float(if found.is_empty() {
        0.0
    } else if found.len() % 2 == 1 {
        at(half)
    } else {
        (at(half - 1) + at(half)) / 2.0
    }))
}

fn uniq(values: &[Value]) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for value in values {
        if !kept.iter().any(|other| other.equals(value)) {
            kept.push(value.clone());
        }
    }
    kept
}

fn concat(arguments: &[Value]) -> Option<Value> {
    let mut all = Vec::new();
    for argument in arguments {
        match argument {
            Value::Array(values) | Value::Uniform { values, .. } => {
                all.extend(values.iter().cloned());
            }
            _ => return None,
        }
    }
    Some(Value::Array(all))
}

fn flatten(values: &[Value], flat: &mut Vec<Value>) {
    for value in values {
        match value {
            Value::Array(inner) | Value::Uniform { values: inner, .. } => flatten(inner, flat),
            other => flat.push(other.clone()),
        }
    }
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
