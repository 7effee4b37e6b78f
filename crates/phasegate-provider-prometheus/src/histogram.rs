//! Histograms, classic and native, over a window: counts below a bound, and whole distributions where the
//! buckets are narrow enough.
//!
//! A bucket holds values up to and including its upper bound. So a count at a bound is exact for "at or
//! below"; for "below" it differs by the values that equal the bound to the last bit.

use std::collections::BTreeMap;

use phasegate_core::Decimal;
use phasegate_percentile::Histogram;
use phasegate_provider::ProviderError;

use crate::counts::increase;
use crate::scalar::{named, whole};
use crate::wire::{Native, Series};

/// The widest bucket of a distribution, as the ratio of its bounds: native histograms of schema 3 (2^(1/8),
/// client libraries' default) fit. A value taken for its bucket's middle is off by 4.5 % at most.
const WIDTH_MAX: f64 = 1.1;
/// Buckets in messages.
const BOUNDS_SHOWN: usize = 12;

/// One bucket over the window, in the histogram's own unit: more than `low`, at most `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bucket {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) count: u64,
}

/// All buckets of all series over the window, in order.
pub(crate) fn buckets(series: &[Series], act: &str) -> Result<Vec<Bucket>, ProviderError> {
    let mut sum = ByBounds::new();
    let classic: Vec<&Series> = series
        .iter()
        .filter(|one| one.histograms.is_empty())
        .collect();
    for ((low, high), count) in classic_buckets(&classic, act)? {
        let held = sum.entry((low, high)).or_default();
        *held = held.saturating_add(count);
    }
    for one in series.iter().filter(|one| !one.histograms.is_empty()) {
        if !one.values.is_empty() {
            let told = format!("{act}: {} is half a histogram", named(&one.metric));
            return Err(ProviderError::invalid(told));
        }
        for ((low, high), count) in native_buckets(&one.histograms, act)? {
            let held = sum.entry((low, high)).or_default();
            *held = held.saturating_add(count);
        }
    }
    let bucket = |((low, high), count): ((Key, Key), u64)| Bucket {
        low: low.0,
        high: high.0,
        count,
    };
    let found: Vec<Bucket> = sum.into_iter().map(bucket).collect();
    if found.iter().all(|bucket| bucket.count == 0) {
        return Err(ProviderError::no_data(act));
    }
    Ok(found)
}

/// A bound that sorts.
#[derive(Clone, Copy, Debug)]
struct Key(f64);

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

fn bound(text: &str, act: &str) -> Result<Key, ProviderError> {
    let found = text.parse::<f64>().ok().filter(|bound| !bound.is_nan());
    // Minus zero is zero.
    found.map(|bound| Key(bound + 0.0)).ok_or_else(|| {
        let text: String = text.chars().take(40).collect();
        ProviderError::invalid(format!("{act}: '{text}' is no bound of a bucket"))
    })
}

type Counts = Vec<((Key, Key), u64)>;
/// Counts by bounds.
type ByBounds = BTreeMap<(Key, Key), u64>;

/// Classic buckets count everything up to their bound `le`; the rest of a series' labels tells histograms
/// apart, and each must come with all the same bounds.
fn classic_buckets(series: &[&Series], act: &str) -> Result<Counts, ProviderError> {
    let mut histograms: BTreeMap<String, BTreeMap<Key, u64>> = BTreeMap::new();
    for one in series {
        let mut labels = one.metric.clone();
        let Some(le) = labels.remove("le") else {
            let told = format!(
                "{act}: {} has no label le: not a histogram",
                named(&one.metric)
            );
            return Err(ProviderError::invalid(told));
        };
        let of = histograms.entry(named_in_full(&labels)).or_default();
        let grown = increase(&one.values, act)?;
        if of.insert(bound(&le, act)?, grown).is_some() {
            let told = format!("{act}: two series for the bucket {}", named(&one.metric));
            return Err(ProviderError::invalid(told));
        }
    }
    let mut bounds = histograms
        .values()
        .map(|of| of.keys().copied().collect::<Vec<_>>());
    if let Some(first) = bounds.next()
        && bounds.any(|other| other != first)
    {
        let told = format!("{act}: the histograms have different buckets");
        return Err(ProviderError::invalid(told));
    }
    let mut counts = Counts::new();
    for of in histograms.values() {
        if of.keys().next_back() != Some(&Key(f64::INFINITY)) {
            let told = format!("{act}: no bucket le=\"+Inf\": the total is unknown");
            return Err(ProviderError::invalid(told));
        }
        let (mut low, mut before) = (Key(f64::NEG_INFINITY), 0);
        for (high, upto) in of {
            let Some(count) = upto.checked_sub(before) else {
                let told = format!("{act}: the buckets do not add up");
                return Err(ProviderError::invalid(told));
            };
            counts.push(((low, *high), count));
            (low, before) = (*high, *upto);
        }
    }
    Ok(counts)
}

fn named_in_full(labels: &BTreeMap<String, String>) -> String {
    let pairs = labels
        .iter()
        .map(|(name, value)| format!("{name}={value:?},"));
    pairs.collect()
}

/// How much each bucket of a native histogram grew. Its buckets may become coarser on the way; then counts
/// cannot be told apart, and that is an error.
fn native_buckets(points: &[(f64, Native)], act: &str) -> Result<Counts, ProviderError> {
    let mut sum = ByBounds::new();
    let mut before: Option<(u64, ByBounds)> = None;
    for (_, native) in points {
        let count = whole(&native.count, act)?;
        let mut now = ByBounds::new();
        for (_, low, high, count) in &native.buckets {
            now.insert((bound(low, act)?, bound(high, act)?), whole(count, act)?);
        }
        let held = now.values().fold(0u64, |all, one| all.saturating_add(*one));
        if held != count {
            let told = format!("{act}: the buckets do not add up to the count");
            return Err(ProviderError::invalid(told));
        }
        if let Some((total, old)) = before {
            let restarted = count < total;
            for (bucket, held) in &old {
                if !restarted && *held > now.get(bucket).copied().unwrap_or(0) {
                    let told = format!("{act}: the histogram's resolution changed in the window");
                    return Err(ProviderError::invalid(told));
                }
            }
            for (bucket, held) in &now {
                let had = if restarted {
                    0
                } else {
                    old.get(bucket).copied().unwrap_or(0)
                };
                let grown = sum.entry(*bucket).or_default();
                *grown = grown.saturating_add(held.saturating_sub(had));
            }
        }
        before = Some((count, now));
    }
    Ok(sum.into_iter().collect())
}

/// How many lie at or below `threshold`, of how many.
pub(crate) fn below(
    buckets: &[Bucket],
    threshold: Decimal,
    act: &str,
) -> Result<(u64, u64), ProviderError> {
    let at = threshold.to_f64();
    let (mut below, mut total) = (0u64, 0u64);
    for bucket in buckets {
        total = total.saturating_add(bucket.count);
        if bucket.high <= at {
            below = below.saturating_add(bucket.count);
        } else if bucket.low < at && bucket.count > 0 {
            let bounds = buckets.iter().map(|bucket| bucket.high.to_string());
            let bounds: Vec<_> = bounds.take(BOUNDS_SHOWN).collect();
            return Err(ProviderError::invalid(format!(
                "{act}: no bucket ends at {threshold}, so it cannot be counted against; \
                 buckets end at {}",
                bounds.join(", ")
            )));
        }
    }
    Ok((below, total))
}

/// The distribution, each value `scale` times its own unit and taken for the middle of its bucket.
pub(crate) fn distribution(
    buckets: &[Bucket],
    scale: f64,
    act: &str,
) -> Result<Histogram, ProviderError> {
    let mut histogram = Histogram::new();
    for bucket in buckets.iter().filter(|bucket| bucket.count > 0) {
        let (low, high) = (bucket.low, bucket.high);
        let middle = if low <= 0.0 && high >= 0.0 && high - low < 1e-9 {
            // The zero bucket.
            0.0
        } else {
            let (near, far) = (low.abs().min(high.abs()), low.abs().max(high.abs()));
            if low.signum() * high.signum() < 0.0 || far > near * WIDTH_MAX || !far.is_finite() {
                return Err(ProviderError::invalid(format!(
                    "{act}: the bucket from {low} to {high} is too wide to make a distribution of; \
                     use a native histogram, or ask for a percentile as a number"
                )));
            }
            (near * far).sqrt().copysign(high + low)
        };
        histogram.record_n(middle * scale, bucket.count);
    }
    Ok(histogram)
}
