//! LaunchDarkly: percentage rollouts.
//!
//! Source: `evaluator_bucketing.go` and `evaluator.go` of `launchdarkly/go-server-sdk-evaluation`: the first
//! 15 hexadecimal digits of a SHA-1 as a fraction in **single** precision, compared with weights that are
//! summed up in single precision. Wider floats give other answers near the borders.

use sha1::{Digest as _, Sha1};

/// Weights are parts of this.
pub const WHOLE: u32 = 100_000;

/// What is hashed before the id.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the service has these two")]
pub enum Prefix<'a> {
    /// The flag's key and salt: rollouts without a seed.
    Salt {
        /// The flag's key.
        key: &'a str,
        /// The flag's salt.
        salt: &'a str,
    },
    /// The rollout's own seed.
    Seed(i64),
}

/// The bucket of an id, 0.0 to 1.0. Whole numbers are their decimal text; other numbers have no bucket and
/// count as 0.0, and so does an attribute that is missing: pass those as `None`.
///
/// ```
/// use phasegate_bucketing::launchdarkly::{Prefix, bucket};
/// let flag = Prefix::Salt { key: "hashKey", salt: "saltyA" };
/// assert!((bucket(flag, Some("userKeyA")) - 0.421_575_87).abs() < 1e-7); // published
/// ```
pub fn bucket(prefix: Prefix<'_>, id: Option<&str>) -> f32 {
    let Some(id) = id else {
        return 0.0;
    };
    let text = match prefix {
        Prefix::Salt { key, salt } => format!("{key}.{salt}.{id}"),
        Prefix::Seed(seed) => format!("{seed}.{id}"),
    };
    let digest = Sha1::digest(text.as_bytes());
    let head = digest
        .iter()
        .take(8)
        .fold(0_u64, |n, b| (n << 8) | u64::from(*b))
        >> 4;
    head as f32 / 0x0fff_ffff_ffff_ffff_u64 as f32
}

/// Which of the variations with these weights (parts of 100 000) a bucket gets, as its place. Past the end,
/// by rounding or because they do not add up, it is the last; `None` without any.
pub fn variation(bucket: f32, weights: &[u32]) -> Option<usize> {
    let mut sum = 0.0_f32;
    let hit = weights.iter().position(|weight| {
        sum += part(*weight);
        bucket < sum
    });
    hit.or(weights.len().checked_sub(1))
}

/// A weight as a fraction in single precision.
fn part(weight: u32) -> f32 {
    weight as f32 / 100_000.0
}
