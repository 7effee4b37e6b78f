//! Functions on numbers and lists of them, and on the bits of whole numbers (`builtin/lib.go`).
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

use std::cmp::Ordering;

use super::ConditionError;
use super::item::{Item, Of};

type Outcome<T = Item> = Result<T, ConditionError>;

fn misfit<T>() -> Outcome<T> {
    Err(ConditionError::value("an argument is not a number"))
}

/// The greatest or least number of all, in lists too; nil if there is none. What stands alone and is neither
/// number nor list is itself.
pub(super) fn extreme(greatest: bool, arguments: &[Item]) -> Outcome {
    let wanted = if greatest {
        Ordering::Less
    } else {
        Ordering::Greater
    };
    let best = best(wanted, arguments)?;
    Ok(best.unwrap_or(Item::Nil))
}

fn best(wanted: Ordering, arguments: &[Item]) -> Outcome<Option<Item>> {
    let mut found: Option<Item> = None;
    let mut offer = |item: &Item| {
        let better = match &found {
            None => true,
            Some(best) => best.order(item).flatten() == Some(wanted),
        };
        if better {
            found = Some(item.clone());
        }
    };
    for argument in arguments {
        match argument {
            // The best of a list of numbers is found first, so that a NaN at its head hides the others.
            Item::List(list) if matches!(list.of, Of::Float | Of::Integer) => {
                let best = list.items.iter().reduce(|best, item| {
                    match best.order(item).flatten() == Some(wanted) {
                        true => item,
                        false => best,
                    }
                });
                if let Some(best) = best {
                    offer(best);
                }
            }
            Item::List(list) => {
                for item in &list.items {
                    match item {
                        Item::List(_) => {
                            if let Some(best) = best(wanted, std::slice::from_ref(item))? {
                                offer(&best);
                            }
                        }
                        item if item.number().is_some() => offer(item),
                        _ => return misfit(),
                    }
                }
            }
            item if item.number().is_some() => offer(item),
            item if arguments.len() == 1 => return Ok(Some(item.clone())),
            _ => return misfit(),
        }
    }
    Ok(found)
}

/// The mean of all numbers, in lists too; 0 if there is none.
pub(super) fn mean(arguments: &[Item]) -> Outcome {
    let (count, sum) = total(arguments)?;
    Ok(Item::Float(if count == 0 {
        0.0
    } else {
        sum / count as f64
    }))
}

/// How many numbers, and their sum; a list in a list is summed up for itself.
fn total(arguments: &[Item]) -> Outcome<(usize, f64)> {
    let (mut count, mut sum) = (0, 0.0);
    for argument in arguments {
        let items = match argument {
            Item::List(list) => list.items.as_slice(),
            number => std::slice::from_ref(number),
        };
        for item in items {
            let (inner, part) = match (item, item.number()) {
                (_, Some(number)) => (1, number),
                (Item::List(_), None) => total(std::slice::from_ref(item))?,
                (_, None) => return misfit(),
            };
            count += inner;
            sum += part;
        }
    }
    Ok((count, sum))
}

/// The median of all numbers, in lists too; 0 if there is none.
pub(super) fn median(arguments: &[Item]) -> Outcome {
    let mut found = Vec::new();
    collect(arguments, &mut found)?;
    // Go sorts NaN before everything else.
    found.sort_by(|a, b| b.is_nan().cmp(&a.is_nan()).then(a.total_cmp(b)));
    let half = found.len() / 2;
    let at = |index: usize| found.get(index).copied().unwrap_or(0.0);
    Ok(Item::Float(if found.is_empty() {
        0.0
    } else if found.len() % 2 == 1 {
        at(half)
    } else {
        (at(half - 1) + at(half)) / 2.0
    }))
}

fn collect(items: &[Item], found: &mut Vec<f64>) -> Outcome<()> {
    for item in items {
        match (item, item.number()) {
            (_, Some(number)) => found.push(number),
            (Item::List(list), None) => collect(&list.items, found)?,
            (_, None) => return misfit(),
        }
    }
    Ok(())
}

/// Functions on the bits of whole numbers of any width.
pub(super) fn bits(name: &str, arguments: &[Item]) -> Outcome {
    let whole: Option<Vec<i64>> = arguments.iter().map(Item::integer).collect();
    match (name, whole.as_deref()) {
        ("bitnot", Some([number])) => Ok(Item::Integer(!number)),
        (_, Some([a, b])) => on_two(name, *a, *b).map(Item::Integer),
        _ => misfit(),
    }
}

fn on_two(name: &str, a: i64, b: i64) -> Outcome<i64> {
    let shift = u32::try_from(b).map_err(|_outside| ConditionError::value("a negative shift"));
    // Shifted by more than there are bits, nothing is left but the sign.
    let shift = if b > i64::from(u32::MAX) {
        Ok(u32::MAX)
    } else {
        shift
    };
    Ok(match name {
        "bitand" => a & b,
        "bitor" => a | b,
        "bitxor" => a ^ b,
        "bitnand" => a & !b,
        "bitshl" => a.checked_shl(shift?).unwrap_or(0),
        "bitshr" => a >> shift?.min(63),
        "bitushr" => {
            let shifted = a.cast_unsigned().checked_shr(shift?);
            shifted.unwrap_or(0).cast_signed()
        }
        _ => return misfit(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_beyond_the_bits_leave_the_sign_or_nothing() {
        for (name, a, b, wanted) in [
            ("bitshl", 1, 63, Some(i64::MIN)),
            ("bitshl", 1, 64, Some(0)),
            ("bitshl", 1, 1 << 40, Some(0)),
            ("bitshr", -8, 1, Some(-4)),
            ("bitshr", -8, 200, Some(-1)),
            ("bitushr", -1, 63, Some(1)),
            ("bitnand", 7, 2, Some(5)),
            ("bitshl", 1, -1, None),
        ] {
            let found = bits(name, &[Item::Integer(a), Item::Integer(b)]).ok();
            assert_eq!(found, wanted.map(Item::Integer), "{name}({a}, {b})");
        }
    }
}
