//! Reads quantities and units from text. No lookahead beyond one word; no allocation on failure paths
//! that depends on the length of the input.

use super::unit::{
    BaseUnit, ByteUnit, Currency, Magnitude, Period, TimeUnit, Unit, UnitError, UnitName,
};
use super::{Quantity, QuantityError};
use crate::Decimal;

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

/// How many bytes at the front of the text satisfy the predicate.
fn run(text: &str, fits: impl Fn(char) -> bool) -> usize {
    text.find(|c: char| !fits(c)).unwrap_or(text.len())
}

fn split(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}

/// Length of the `12.5` at the front; 0 where there is none.
fn number_len(text: &str) -> usize {
    let whole = run(text, |c| c.is_ascii_digit());
    let (_, rest) = split(text, whole);
    let part = rest
        .strip_prefix('.')
        .map_or(0, |part| run(part, |c| c.is_ascii_digit()));
    match (whole, part) {
        (0, _) => 0,
        (_, 0) => whole,
        (_, _) => whole + 1 + part,
    }
}

fn word_len(text: &str) -> usize {
    run(text, |c| c.is_ascii_alphabetic() || c == '_')
}

/// The unit of a word that everybody knows; `rps` is a plain number per second.
pub(super) fn known_unit(word: &str) -> Option<Unit> {
    let base = match word {
        "" => return None,
        "pp" => BaseUnit::PercentPoint,
        "rps" => return Unit::NUMBER.per(Period::Second).ok(),
        other => {
            let time = || TimeUnit::ALL.iter().find(|unit| unit.text() == other);
            let bytes = || ByteUnit::ALL.iter().find(|unit| unit.text() == other);
            let number = || Magnitude::ALL.iter().find(|unit| unit.text() == other);
            time()
                .map(|unit| BaseUnit::Time(*unit))
                .or_else(|| bytes().map(|unit| BaseUnit::Bytes(*unit)))
                .or_else(|| number().map(|unit| BaseUnit::Number(*unit)))
                .or_else(|| Currency::from_code(other).map(BaseUnit::Money))?
        }
    };
    Unit::new(base).ok()
}

fn word_unit(word: &str) -> Result<Unit, UnitError> {
    match known_unit(word) {
        Some(unit) => Ok(unit),
        None => Unit::new(BaseUnit::Named(UnitName::new(word)?)),
    }
}

/// The unit right after a number, and its length. A word after a space is a unit only if it is a known
/// one or begins with a capital: other words belong to whatever follows.
fn base_unit(text: &str) -> Result<(Unit, usize), UnitError> {
    let gap = run(text, |c| c == ' ').min(1);
    let (_, rest) = split(text, gap);
    if rest.starts_with('%') {
        return Ok((Unit::PERCENT, gap + 1));
    }
    let len = word_len(rest);
    let (word, after) = split(rest, len);
    let begins = word.starts_with(|c: char| c.is_ascii_alphabetic());
    let apart = gap > 0
        && known_unit(word).is_none()
        && !word.starts_with(|c: char| c.is_ascii_uppercase());
    // An id such as `q-rate` or a call such as `M(x)` is no unit.
    let id = gap > 0 && after.starts_with(['-', '(']);
    if !begins || apart || id {
        return Ok((Unit::NUMBER, 0));
    }
    Ok((word_unit(word)?, gap + len))
}

/// `/day` or `/5` after a unit: the unit with it, and its length.
fn slash(unit: Unit, text: &str) -> Result<(Unit, usize), UnitError> {
    let gap = run(text, |c| c == ' ').min(1);
    let (_, rest) = split(text, gap);
    let Some(rest) = rest.strip_prefix('/') else {
        return Ok((unit, 0));
    };
    let inner = run(rest, |c| c == ' ').min(1);
    let (_, rest) = split(rest, inner);
    let used = gap + 1 + inner;
    let digits = number_len(rest);
    if digits > 0 {
        let (number, _) = split(rest, digits);
        if unit != Unit::NUMBER {
            return Err(UnitError::NotPer {
                unit: unit.to_string(),
            });
        }
        let Ok(scale) = number.parse::<Decimal>() else {
            return Err(UnitError::Per {
                text: short(number),
            });
        };
        return Ok((Unit::new(BaseUnit::OutOf(scale))?, used + digits));
    }
    let len = word_len(rest);
    let (word, _) = split(rest, len);
    match Period::from_word(word) {
        Some(period) => Ok((unit.per(period)?, used + len)),
        None => Err(UnitError::Per {
            text: short(if word.is_empty() { rest } else { word }),
        }),
    }
}

fn decimal(text: &str) -> Result<Decimal, QuantityError> {
    match text.parse() {
        Ok(decimal) => Ok(decimal),
        Err(_) => Err(QuantityError::TooPrecise { text: short(text) }),
    }
}

/// The rest of `1h30m` after `1h`: everything in the smallest unit, and the length it took.
fn compound(first: Quantity, text: &str) -> Result<(Quantity, usize), QuantityError> {
    let (mut total, mut used) = (first, 0);
    loop {
        let BaseUnit::Time(unit) = total.unit().base().clone() else {
            return Ok((total, used));
        };
        let (_, rest) = split(text, used);
        let digits = number_len(rest);
        if digits == 0 {
            return Ok((total, used));
        }
        let (number, after) = split(rest, digits);
        let len = word_len(after);
        let (word, _) = split(after, len);
        let wrong = || UnitError::Unknown { text: short(rest) };
        let next = known_unit(word).ok_or_else(wrong)?;
        match next.base() {
            BaseUnit::Time(smaller)
                if *smaller < unit && smaller.is_calendar() == unit.is_calendar() => {}
            BaseUnit::Time(_)
            | BaseUnit::Bytes(_)
            | BaseUnit::Money(_)
            | BaseUnit::Named(_)
            | BaseUnit::Number(_)
            | BaseUnit::OutOf(_)
            | BaseUnit::Percent
            | BaseUnit::PercentPoint => return Err(wrong().into()),
        }
        let sum = total
            .in_unit(&next)
            .and_then(|larger| larger.number().checked_add(decimal(number).ok()?))
            .ok_or_else(|| QuantityError::TooPrecise { text: short(text) })?;
        total = Quantity::new(sum, next);
        used += digits + len;
    }
}

/// A quantity at the front of the text, and its length in bytes.
pub(super) fn quantity(text: &str) -> Result<(Quantity, usize), QuantityError> {
    let missing = || QuantityError::Number { text: short(text) };
    let negative = text.starts_with('-');
    let mut at = usize::from(text.starts_with(['-', '+']));
    let (_, rest) = split(text, at);
    let currency = rest
        .chars()
        .next()
        .and_then(|c| Some((Currency::from_sign(c)?, c.len_utf8())));
    at += currency.map_or(0, |(_, len)| len);
    let (_, rest) = split(text, at);
    let digits = number_len(rest);
    if digits == 0 {
        return Err(missing());
    }
    let (number, rest) = split(rest, digits);
    at += digits;
    let size = decimal(number)?;
    let number = if negative {
        Decimal::ZERO.checked_sub(size).ok_or_else(missing)?
    } else {
        size
    };
    let (unit, len) = match currency {
        Some((currency, _)) => (Unit::new(BaseUnit::Money(currency))?, 0),
        None => base_unit(rest)?,
    };
    at += len;
    let (_, rest) = split(text, at);
    if matches!(unit.base(), BaseUnit::Time(_)) && rest.starts_with(|c: char| c.is_ascii_digit()) {
        if negative {
            return Err(missing());
        }
        let (total, len) = compound(Quantity::new(number, unit), rest)?;
        return Ok((total, at + len));
    }
    let (unit, len) = slash(unit, rest)?;
    Ok((Quantity::new(number, unit), at + len))
}

/// A unit without a number, the whole text.
pub(super) fn unit(text: &str) -> Result<Unit, UnitError> {
    let unknown = || UnitError::Unknown { text: short(text) };
    let (unit, at) = match text.chars().next() {
        None => return Ok(Unit::NUMBER),
        Some('/') => (Unit::NUMBER, 0),
        Some('%') => (Unit::PERCENT, 1),
        Some(first) => match Currency::from_sign(first) {
            Some(currency) => (Unit::new(BaseUnit::Money(currency))?, first.len_utf8()),
            None => {
                let len = word_len(text);
                (word_unit(split(text, len).0)?, len)
            }
        },
    };
    let (_, rest) = split(text, at);
    let (unit, len) = slash(unit, rest)?;
    if at + len == text.len() {
        Ok(unit)
    } else {
        Err(unknown())
    }
}
