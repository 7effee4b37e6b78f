//! GrowthBook: hashes, rollouts by coverage, experiments by weights, namespaces.
//!
//! Source: `packages/sdk-js/src/util.ts` and `core.ts` of `growthbook/growthbook`. The hash walks UTF-16
//! code units, so that ids beyond ASCII differ from FNV over bytes.

use serde::{Deserialize, Serialize};

use crate::hash::fnv1a_32_utf16;

/// Which of the two hashes.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "a third is another answer")]
pub enum HashVersion {
    /// A thousand buckets, biased: kept by clients for what runs already.
    #[default]
    V1,
    /// Ten thousand buckets, hashed twice.
    V2,
}

/// A half-open range of the hash: `start <= n < end`.
pub type Range = (f64, f64);

/// The hash of a value, 0.0 to 0.999 or 0.9999.
///
/// ```
/// use phasegate_bucketing::growthbook::{HashVersion, hash};
/// assert_eq!(hash("seed", "a", HashVersion::V2).to_string(), "0.0505");
/// ```
pub fn hash(seed: &str, value: &str, version: HashVersion) -> f64 {
    match version {
        HashVersion::V1 => f64::from(fnv1a_32_utf16(&format!("{value}{seed}")) % 1000) / 1000.0,
        HashVersion::V2 => {
            let first = fnv1a_32_utf16(&format!("{seed}{value}"));
            f64::from(fnv1a_32_utf16(&first.to_string()) % 10_000) / 10_000.0
        }
    }
}

/// Does the hash lie in the range?
pub fn in_range(n: f64, range: Range) -> bool {
    n >= range.0 && n < range.1
}

/// Is a value within a rollout of this coverage? The border is inside; 0 is nobody; an empty value never is.
pub fn in_rollout(seed: &str, value: &str, coverage: f64, version: HashVersion) -> bool {
    !value.is_empty() && coverage > 0.0 && hash(seed, value, version) <= coverage
}

/// Is a value in a namespace's range? Namespaces use the first hash.
pub fn in_namespace(value: &str, namespace: &str, range: Range) -> bool {
    in_range(
        hash(&format!("__{namespace}"), value, HashVersion::V1),
        range,
    )
}

/// Which of the ranges a hash lies in, as its place.
pub fn choose(n: f64, ranges: &[Range]) -> Option<usize> {
    ranges.iter().position(|range| in_range(n, *range))
}

/// The ranges of `count` variations. Coverage (clamped to 0..=1) shortens each and moves no start; weights
/// that are missing, of another number, or that do not add up to 1 within 0.01 count as equal.
///
/// ```
/// use phasegate_bucketing::growthbook::ranges;
/// assert_eq!(ranges(2, 0.5, &[0.4, 0.6]), [(0.0, 0.2), (0.4, 0.7)]);
/// ```
pub fn ranges(count: u32, coverage: f64, weights: &[f64]) -> Vec<Range> {
    let coverage = if coverage.is_nan() {
        0.0
    } else {
        coverage.clamp(0.0, 1.0)
    };
    let counted = usize::try_from(count).is_ok_and(|count| weights.len() == count);
    let total = weights.iter().fold(0.0, |sum, weight| weight + sum);
    let equal = vec![1.0 / f64::from(count.max(1)); usize::try_from(count).unwrap_or(0)];
    let weights = if counted && (0.99..=1.01).contains(&total) {
        weights
    } else {
        &equal
    };
    let mut cumulative = 0.0;
    let range = |weight: &f64| {
        let start = cumulative;
        cumulative += weight;
        (start, start + coverage * weight)
    };
    weights.iter().map(range).collect()
}
