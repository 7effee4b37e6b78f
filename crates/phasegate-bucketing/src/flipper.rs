//! Flipper: percentage of actors, percentage of time.
//!
//! Source: `lib/flipper/gates/percentage_of_actors.rb` of `flippercloud/flipper`:
//! `Zlib.crc32(feature + actor) % 100_000 < percentage * 1_000`. A percentage is a Ruby number; one with
//! decimals is a float, and so is its product: at 2.007 % it is 2007.0000000000002, which lets in one
//! bucket more than the exact decimal would. 731 of the 99 999 percentages with three decimals do so. We
//! multiply as Ruby does.

use phasegate_core::Ratio;

/// How many buckets there are: Flipper keeps three decimals of a percentage.
pub const BUCKETS: u32 = 100_000;

/// The bucket of these actors for a feature, 0 to 99 999.
///
/// Several actors are one: their values in the order of their bytes, joined with nothing between.
///
/// ```
/// use phasegate_bucketing::flipper::bucket;
/// assert_eq!(bucket("fast_deployment", &["User;1"]), 48_409);
/// ```
pub fn bucket(feature: &str, actors: &[&str]) -> u32 {
    let mut actors = actors.to_vec();
    actors.sort_unstable();
    let mut crc = crc32fast::Hasher::new();
    crc.update(feature.as_bytes());
    for actor in actors {
        crc.update(actor.as_bytes());
    }
    crc.finalize() % BUCKETS
}

/// Is the gate open for these actors at this percentage? Never without actors; never at 0 or less or NaN;
/// always at 100 or more.
///
/// ```
/// use phasegate_bucketing::flipper::is_open;
/// assert!(is_open("fast_deployment", &["User;2"], 25.0));
/// assert!(!is_open("fast_deployment", &["User;1"], 25.0));
/// ```
pub fn is_open(feature: &str, actors: &[&str], percentage: f64) -> bool {
    if actors.is_empty() || percentage <= 0.0 || percentage.is_nan() {
        return false;
    }
    percentage >= 100.0 || f64::from(bucket(feature, actors)) < percentage * 1000.0
}

/// A share as the number that Flipper reads from its text: the nearest float of the percentage.
pub fn percentage(share: Ratio) -> f64 {
    // Both are exact floats, so their quotient is the float nearest to the decimal.
    f64::from(share.ppm()) / 10_000.0
}

/// Is the gate "percentage of time" open? `drawn` is uniform in 0.0..1.0; the caller draws it, each time anew.
///
/// Source: `lib/flipper/gates/percentage_of_time.rb`: `rand < percentage / 100.0`.
pub fn is_open_by_time(percentage: f64, drawn: f64) -> bool {
    drawn < percentage / 100.0
}
