//! One number out of an instant query, or why it is none.

use phasegate_core::Decimal;
use phasegate_provider::ProviderError;

use crate::wire::{Found, Labels, Point, Sample};

/// The label by which a text tells several series apart: `value`, `samples`, `matching`, `total`.
pub(crate) const ROLE: &str = "phasegate";

/// A number, and how many samples its text says that it is made of.
pub(crate) fn scalar(found: Found, act: &str) -> Result<(Decimal, u64), ProviderError> {
    let invalid = |why: &str| Err(ProviderError::invalid(format!("{act}: {why}")));
    match found {
        Found::Scalar(point) => Ok((number(&point, act)?, 1)),
        Found::Vector(samples) => vector(&samples, act),
        Found::Matrix(_) => invalid("a range of values where one number is wanted"),
        Found::String(_) => invalid("a text where a number is wanted"),
    }
}

fn vector(samples: &[Sample], act: &str) -> Result<(Decimal, u64), ProviderError> {
    let role = |sample: &Sample| sample.metric.get(ROLE).cloned();
    match samples {
        [] => Err(ProviderError::no_data(act)),
        [one] if role(one).is_none_or(|role| role == "value") => Ok((value(one, act)?, 1)),
        many if many.iter().any(|sample| role(sample).is_some()) => {
            let of = |wanted: &str| {
                let mut with = many
                    .iter()
                    .filter(|sample| role(sample).as_deref() == Some(wanted));
                match (with.next(), with.next()) {
                    (Some(sample), None) => value(sample, act),
                    _ => Err(ProviderError::invalid(format!(
                        "{act}: not exactly one series with {ROLE}=\"{wanted}\""
                    ))),
                }
            };
            let count = of("samples")?.to_u64().ok_or_else(|| {
                ProviderError::invalid(format!("{act}: the number of samples is not whole"))
            })?;
            if many.len() != 2 {
                return Err(several(many.len(), act));
            }
            Ok((of("value")?, count))
        }
        many => Err(several(many.len(), act)),
    }
}

fn several(count: usize, act: &str) -> ProviderError {
    ProviderError::invalid(format!("{act}: {count} series where one number is wanted"))
}

fn value(sample: &Sample, act: &str) -> Result<Decimal, ProviderError> {
    match (&sample.value, &sample.histogram) {
        (Some(point), _) => number(point, act),
        (None, Some(_)) => Err(ProviderError::invalid(format!(
            "{act}: a histogram where a number is wanted"
        ))),
        (None, None) => Err(ProviderError::invalid(format!(
            "{act}: a series without value"
        ))),
    }
}

/// The decimal of a float as the API writes it. NaN and infinities are none.
pub(crate) fn number((_, text): &Point, act: &str) -> Result<Decimal, ProviderError> {
    text.parse::<f64>()
        .ok()
        .and_then(|value| Decimal::from_f64(value).ok())
        .ok_or_else(|| {
            let text: String = text.chars().take(40).collect();
            ProviderError::invalid(format!("{act}: {text} is no number to judge by"))
        })
}

/// The whole number of a count.
pub(crate) fn whole(text: &str, act: &str) -> Result<u64, ProviderError> {
    let found = text
        .parse::<f64>()
        .ok()
        .and_then(|value| Decimal::from_f64(value).ok())
        .and_then(Decimal::to_u64)
        // Beyond 2^53 a float does not hold every whole number.
        .filter(|count| *count <= 1 << 53);
    found.ok_or_else(|| {
        let text: String = text.chars().take(40).collect();
        ProviderError::invalid(format!("{act}: {text} is no count of whole events"))
    })
}

/// A series for people: its labels, cut.
pub(crate) fn named(labels: &Labels) -> String {
    let pairs = labels
        .iter()
        .map(|(name, value)| format!("{name}=\"{value}\""));
    let text = pairs.collect::<Vec<_>>().join(",");
    format!("{{{}}}", text.chars().take(120).collect::<String>())
}
