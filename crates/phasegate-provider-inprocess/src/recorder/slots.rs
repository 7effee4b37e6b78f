//! The slots of one arm: counters and a histogram for each stretch of time, the oldest dropped.

use std::collections::BTreeMap;

use phasegate_percentile::Histogram;

use super::Ended;

/// At most so many thresholds are counted: each costs one comparison for each request. Plans that we
/// know have fewer than ten.
const THRESHOLDS_MAX: usize = 64;

/// What is known of one slot.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) requests: u64,
    pub(super) failures: u64,
    /// Latencies in milliseconds.
    pub(super) latencies: Histogram,
    /// For each threshold of the arm, how many latencies lie at or below it. Shorter than the arm's
    /// list when thresholds were added later.
    below: Vec<u64>,
}

/// Counts a latency threshold, `since` the first slot that is counted in full.
#[derive(Clone, Debug)]
struct Threshold {
    /// The greatest latency that counts, in nanoseconds.
    nanos_max: u64,
    /// `None`: since ever.
    since: Option<i64>,
}

/// The slots of one arm.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    kept: i64,
    slots: BTreeMap<i64, Slot>,
    thresholds: Vec<Threshold>,
    /// The latest slot that was recorded into.
    latest: Option<i64>,
    requests: u64,
    failures: u64,
}

/// The sum of several slots.
#[derive(Clone, Debug, Default)]
pub(super) struct Totals {
    pub(super) requests: u64,
    pub(super) failures: u64,
}

impl Slots {
    pub(super) fn new(kept: i64, limits: &[u64]) -> Self {
        let threshold = |nanos_max: &u64| Threshold {
            nanos_max: *nanos_max,
            since: None,
        };
        Self {
            kept,
            slots: BTreeMap::new(),
            thresholds: limits.iter().take(THRESHOLDS_MAX).map(threshold).collect(),
            latest: None,
            requests: 0,
            failures: 0,
        }
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests
    }

    pub(super) fn failures(&self) -> u64 {
        self.failures
    }

    pub(super) fn record(&mut self, number: i64, nanos: u64, ended: Ended) {
        let failed = u64::from(ended == Ended::Failed);
        self.requests += 1;
        self.failures += failed;
        let latest = self.latest.map_or(number, |latest| latest.max(number));
        self.latest = Some(latest);
        let oldest = self.oldest();
        if number < oldest {
            return;
        }
        let thresholds = &self.thresholds;
        let slot = self.slots.entry(number).or_insert_with(|| Slot {
            requests: 0,
            failures: 0,
            latencies: Histogram::new(),
            below: vec![0; thresholds.len()],
        });
        slot.requests += 1;
        slot.failures += failed;
        slot.latencies.record(millis(nanos));
        slot.below.resize(thresholds.len(), 0);
        for (count, threshold) in slot.below.iter_mut().zip(thresholds) {
            *count += u64::from(nanos <= threshold.nanos_max);
        }
        while let Some(entry) = self.slots.first_entry()
            && *entry.key() < oldest
        {
            entry.remove();
        }
    }

    /// The first slot that is still held in full.
    pub(super) fn oldest(&self) -> i64 {
        self.latest
            .map_or(i64::MIN, |latest| latest.saturating_sub(self.kept - 1))
    }

    pub(super) fn totals(&self, from: i64, to: i64) -> Totals {
        let mut totals = Totals::default();
        for slot in self.between(from, to) {
            totals.requests += slot.requests;
            totals.failures += slot.failures;
        }
        totals
    }

    /// Adds the latencies of slots to a histogram.
    pub(super) fn merge_into(&self, sum: &mut Histogram, from: i64, to: i64) {
        for slot in self.between(from, to) {
            // Both are default histograms: the only error, different mappings, cannot happen.
            let merged = sum.merge(&slot.latencies);
            debug_assert!(merged.is_ok(), "default histograms merge");
        }
    }

    /// From which slot on latencies up to `nanos_max` are counted exactly; `None`: since ever. A
    /// threshold that is new is counted from the slot after the latest one on.
    pub(super) fn counted_since(&mut self, nanos_max: u64) -> Result<Option<i64>, TooMany> {
        let known = self.thresholds.iter().find(|t| t.nanos_max == nanos_max);
        if let Some(known) = known {
            return Ok(known.since);
        }
        if self.thresholds.len() >= THRESHOLDS_MAX {
            return Err(TooMany);
        }
        let since = self.latest.map(|latest| latest + 1);
        self.thresholds.push(Threshold { nanos_max, since });
        Ok(since)
    }

    /// How many latencies lie at or below a threshold that is counted.
    pub(super) fn below(&self, nanos_max: u64, from: i64, to: i64) -> u64 {
        let at = self
            .thresholds
            .iter()
            .position(|t| t.nanos_max == nanos_max);
        at.map_or(0, |at| {
            self.between(from, to)
                .filter_map(|slot| slot.below.get(at))
                .sum()
        })
    }

    fn between(&self, from: i64, to: i64) -> impl Iterator<Item = &Slot> {
        let range = (from < to).then(|| self.slots.range(from..to));
        range.into_iter().flatten().map(|(_, slot)| slot)
    }
}

/// There are as many thresholds as are counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct TooMany;

/// Milliseconds of nanoseconds, within half a unit of the last place below 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "104 days of nanoseconds are exact"
)]
pub(super) fn millis(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}
