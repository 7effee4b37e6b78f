//! flagd: the targeting operation `fractional`, as it is and as it was.
//!
//! Source: `core/pkg/evaluator/fractional.go` of `open-feature/flagd`. Today: `(hash · total) >> 32` with
//! whole weights. Before: |signed hash| over 2³¹ − 1 as a percentage in floats. Going from one to the other
//! moves people to other buckets.

use crate::hash::murmur3_x86_32;

/// The largest sum of weights: 2³¹ − 1.
pub const WEIGHT_SUM_MAX: u32 = 0x7fff_ffff;

/// Weights that flagd refuses.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the weights of a fractional rule must not add up to more than {WEIGHT_SUM_MAX}")]
pub struct WeightsError;

/// What is hashed when the rule names no property: the flag's key and the targeting key, joined.
pub fn default_value(flag_key: &str, targeting_key: &str) -> String {
    format!("{flag_key}{targeting_key}")
}

/// The bucket of a value, 0 to `total` − 1.
pub fn bucket(value: &str, total: u32) -> u32 {
    let wide = (u64::from(murmur3_x86_32(value.as_bytes(), 0)) * u64::from(total)) >> 32;
    u32::try_from(wide).unwrap_or(u32::MAX)
}

/// Which of the variants with these weights a value gets, as its place; `None` when they weigh nothing.
///
/// `value` is the rule's first argument where it has one, without the flag's key; else [`default_value`].
///
/// # Errors
/// [`WeightsError`].
///
/// ```
/// use phasegate_bucketing::flagd::fractional;
/// assert_eq!(fractional("joey@faas.com", &[25, 25, 25, 25])?, Some(3));
/// # Ok::<(), phasegate_bucketing::flagd::WeightsError>(())
/// ```
pub fn fractional(value: &str, weights: &[u32]) -> Result<Option<usize>, WeightsError> {
    let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
    let total = match u32::try_from(total) {
        Ok(total) if total <= WEIGHT_SUM_MAX => total,
        Ok(_) | Err(_) => return Err(WeightsError),
    };
    let bucket = bucket(value, total);
    let mut end = 0;
    Ok(weights.iter().position(|weight| {
        end += weight;
        bucket < end
    }))
}

/// The same by the old rule. `value` is always the flag's key and the property, joined.
///
/// `None` when the weights weigh nothing, and for the one hash of 2³² whose size has no positive number.
pub fn fractional_before(value: &str, weights: &[u32]) -> Option<usize> {
    let signed = murmur3_x86_32(value.as_bytes(), 0).cast_signed();
    let bucket = f64::from(signed.unsigned_abs()) / f64::from(i32::MAX) * 100.0;
    let total: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
    let mut end = 0.0;
    weights.iter().position(|weight| {
        end += 100.0 * f64::from(*weight) / total;
        bucket < end
    })
}
