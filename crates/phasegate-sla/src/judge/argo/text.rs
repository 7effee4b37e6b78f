//! Functions on texts and on the bits of whole numbers.

use super::ConditionError;
use super::check::Kind;
use super::value::{Element, Value};

/// A text repeated so many times, or to so many bytes, is refused, as expr's budget of memory has it.
const REPEATED_MAX: usize = 1_000_000;

/// Is the name one of these functions?
pub(super) fn is_known(name: &str) -> bool {
    matches!(
        name,
        "trim"
            | "trimPrefix"
            | "trimSuffix"
            | "upper"
            | "lower"
            | "hasPrefix"
            | "hasSuffix"
            | "split"
            | "splitAfter"
            | "replace"
            | "repeat"
            | "indexOf"
            | "lastIndexOf"
            | "bitand"
            | "bitor"
            | "bitxor"
            | "bitnand"
            | "bitnot"
            | "bitshl"
            | "bitshr"
            | "bitushr"
    )
}

/// The kind of the outcome, if the arguments fit.
pub(super) fn check(name: &str, arguments: &[Kind]) -> Option<Kind> {
    let text = |kind: &Kind| matches!(kind, Kind::Text | Kind::Unknown);
    let whole = |kind: &Kind| matches!(kind, Kind::Integer | Kind::Unknown);
    let texts = |least: usize, most: usize| {
        (least..=most).contains(&arguments.len()) && arguments.iter().all(text)
    };
    // So many texts, and perhaps a whole number behind them.
    let limited = |count: usize| {
        let (first, rest) = arguments.split_at_checked(count)?;
        let fits = first.iter().all(text) && rest.len() <= 1 && rest.iter().all(whole);
        fits.then_some(())
    };
    match name {
        "upper" | "lower" => texts(1, 1).then_some(Kind::Text),
        "trim" | "trimPrefix" | "trimSuffix" => texts(1, 2).then_some(Kind::Text),
        "hasPrefix" | "hasSuffix" => texts(2, 2).then_some(Kind::Bool),
        "indexOf" | "lastIndexOf" => texts(2, 2).then_some(Kind::Integer),
        "split" | "splitAfter" => limited(2).map(|()| Kind::Array(Box::new(Kind::Text))),
        "replace" => limited(3).map(|()| Kind::Text),
        "repeat" => (limited(1).is_some() && arguments.len() == 2).then_some(Kind::Text),
        "bitnot" => (arguments.len() == 1 && arguments.iter().all(whole)).then_some(Kind::Integer),
        _ => (arguments.len() == 2 && arguments.iter().all(whole)).then_some(Kind::Integer),
    }
}

/// Runs one of them.
pub(super) fn run(name: &str, arguments: &[Value]) -> Result<Value, ConditionError> {
    let misfit = ConditionError::value("an argument does not fit");
    match arguments {
        [Value::Text(text)] => on_text(name, text).ok_or(misfit),
        [Value::Text(text), Value::Text(other)] => on_two(name, text, other).ok_or(misfit),
        [
            Value::Text(text),
            times @ (Value::Float(_) | Value::Integer(_)),
        ] if name == "repeat" => repeat(text, times.whole().ok_or(misfit)?),
        [Value::Text(text), Value::Text(old), Value::Text(new)] if name == "replace" => {
            Ok(replace(text, old, new, -1))
        }
        [Value::Text(text), Value::Text(separator), count] => {
            let count = count.whole().ok_or(misfit)?;
            Ok(parts(text, separator, name == "splitAfter", count))
        }
        [Value::Text(text), Value::Text(old), Value::Text(new), count] => {
            let count = count.whole().ok_or(misfit)?;
            Ok(replace(text, old, new, count))
        }
        [Value::Integer(number)] if name == "bitnot" => Ok(Value::Integer(!number)),
        [Value::Integer(a), Value::Integer(b)] => bits(name, *a, *b),
        _ => Err(misfit),
    }
}

fn on_text(name: &str, text: &str) -> Option<Value> {
    Some(Value::Text(match name {
        "trim" => text.trim().to_owned(),
        "upper" => text.chars().map(|c| single(c, c.to_uppercase())).collect(),
        "lower" => text.chars().map(lowered).collect(),
        // What is cut off, if nothing is named, is a blank.
        "trimPrefix" => text.strip_prefix(' ').unwrap_or(text).to_owned(),
        "trimSuffix" => text.strip_suffix(' ').unwrap_or(text).to_owned(),
        _ => return None,
    }))
}

/// Go's letters change one by one: what would become several stays, such as ß.
fn single(c: char, mut changed: impl ExactSizeIterator<Item = char>) -> char {
    match (changed.len(), changed.next()) {
        (1, Some(changed)) => changed,
        (_, _) => c,
    }
}

fn lowered(c: char) -> char {
    match c {
        'İ' => 'i',
        _ => single(c, c.to_lowercase()),
    }
}

fn on_two(name: &str, text: &str, other: &str) -> Option<Value> {
    let place = |found: Option<usize>| {
        let found = found.and_then(|at| i64::try_from(at).ok());
        Value::Integer(found.unwrap_or(-1))
    };
    let cut = |cut: Option<&str>| Value::Text(cut.unwrap_or(text).to_owned());
    Some(match name {
        "trim" => Value::Text(text.trim_matches(|c| other.contains(c)).to_owned()),
        "trimPrefix" => cut(text.strip_prefix(other)),
        "trimSuffix" => cut(text.strip_suffix(other)),
        "hasPrefix" => Value::Bool(text.starts_with(other)),
        "hasSuffix" => Value::Bool(text.ends_with(other)),
        "indexOf" => place(text.find(other)),
        "lastIndexOf" => place(text.rfind(other)),
        "split" => parts(text, other, false, -1),
        "splitAfter" => parts(text, other, true, -1),
        _ => return None,
    })
}

/// At most so many parts, the last one with all the rest; fewer than none is no limit, none is nil.
fn parts(text: &str, separator: &str, after: bool, most: i64) -> Value {
    if most == 0 {
        return texts(Vec::new());
    }
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut rest = text;
    let mut found = Vec::new();
    while found.len() + 1 < most {
        let cut = if separator.is_empty() {
            let first = rest.chars().next().map(char::len_utf8);
            first.filter(|len| *len < rest.len()).map(|len| (len, len))
        } else {
            rest.find(separator).map(|at| (at, at + separator.len()))
        };
        let Some((end, next)) = cut else { break };
        let part = rest.get(..if after { next } else { end });
        found.push(Value::Text(part.unwrap_or_default().to_owned()));
        rest = rest.get(next..).unwrap_or_default();
    }
    if !(separator.is_empty() && rest.is_empty()) {
        found.push(Value::Text(rest.to_owned()));
    }
    texts(found)
}

const fn texts(values: Vec<Value>) -> Value {
    let of = Element::Text;
    Value::Uniform { of, values }
}

fn replace(text: &str, old: &str, new: &str, most: i64) -> Value {
    Value::Text(match usize::try_from(most) {
        Ok(most) => text.replacen(old, new, most),
        Err(_) => text.replace(old, new),
    })
}

fn repeat(text: &str, times: i64) -> Result<Value, ConditionError> {
    let times = usize::try_from(times).ok();
    let fits = |times: &usize| {
        let bytes = text.len().max(1).checked_mul(*times);
        bytes.is_some_and(|bytes| bytes < REPEATED_MAX)
    };
    match times.filter(fits) {
        Some(times) => Ok(Value::Text(text.repeat(times))),
        None => Err(ConditionError::value("repeated too often")),
    }
}

fn bits(name: &str, a: i64, b: i64) -> Result<Value, ConditionError> {
    let shift = u32::try_from(b).map_err(|_negative| ConditionError::value("a negative shift"));
    // Shifted by more than there are bits, nothing is left but the sign.
    let unsigned = a.cast_unsigned();
    Ok(Value::Integer(match name {
        "bitand" => a & b,
        "bitor" => a | b,
        "bitxor" => a ^ b,
        "bitnand" => a & !b,
        "bitshl" => a.checked_shl(shift?).unwrap_or(0),
        "bitshr" => a >> shift?.min(63),
        "bitushr" => unsigned.checked_shr(shift?).unwrap_or(0).cast_signed(),
        _ => return Err(ConditionError::value("an argument does not fit")),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn texts_are_split_as_go_splits_them() {
        for (whole, separator, after, most, wanted) in [
            ("a,b,c", ",", false, -1, vec!["a", "b", "c"]),
            ("a,b,c", ",", false, 2, vec!["a", "b,c"]),
            ("a,b,c", ",", true, -1, vec!["a,", "b,", "c"]),
            ("a,b,c", ",", true, 2, vec!["a,", "b,c"]),
            ("abc", "", false, -1, vec!["a", "b", "c"]),
            ("abc", "", false, 2, vec!["a", "bc"]),
            ("", ",", false, -1, vec![""]),
            ("", "", false, -1, vec![]),
            ("a,", ",", true, -1, vec!["a,", ""]),
            ("a", ",", false, 0, vec![]),
        ] {
            let wanted = texts(wanted.into_iter().map(text).collect());
            let found = parts(whole, separator, after, most);
            assert_eq!(found, wanted, "{whole} by '{separator}', {most}");
        }
    }

    #[test]
    fn shifts_beyond_the_bits_leave_the_sign_or_nothing() {
        for (name, a, b, wanted) in [
            ("bitshl", 1, 63, Some(i64::MIN)),
            ("bitshl", 1, 64, Some(0)),
            ("bitshr", -8, 1, Some(-4)),
            ("bitshr", -8, 200, Some(-1)),
            ("bitushr", -1, 63, Some(1)),
            ("bitnand", 7, 2, Some(5)),
            ("bitshl", 1, -1, None),
        ] {
            let found = run(name, &[Value::Integer(a), Value::Integer(b)]).ok();
            assert_eq!(found, wanted.map(Value::Integer), "{name}({a}, {b})");
        }
    }
}
