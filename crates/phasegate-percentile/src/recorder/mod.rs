//! Recording from many threads into one histogram.
//!
//! Why not atomic additions: a `lock add` costs twenty cycles even when nobody else is there, and
//! several times that when somebody is. Here every thread has a shard that it alone writes, with
//! plain loads and stores; a snapshot adds the shards up. Cells only grow, so a snapshot that runs
//! beside the writers loses nothing and counts nothing twice: each value is in it or in the next.

mod handle;
mod shard;
mod slot;
mod sync;

#[cfg(all(test, loom))]
mod loom_model;
#[cfg(all(test, shuttle))]
mod shuttle_model;

use std::vec::Vec;

use crate::{
    error::ConfigError,
    histogram::{MappedHistogram, Range},
    mapping::{LogLinear, Mapping},
    recorder::{
        shard::Shard,
        slot::Shards,
        sync::{Arc, Mutex, locked},
    },
};

pub use handle::Handle;

/// A histogram that threads share: `record` takes `&self`.
///
/// Each thread writes to a shard of its own, found through a thread-local number; a
/// [`Handle`](Self::handle) finds it without looking. [`snapshot`](Self::snapshot) adds up all
/// shards at any time, without stopping anyone. Clones share the same values.
///
/// Positive values in range take the fast way. All others (zero, negative, NaN, infinite, out of
/// range) take a lock that only the own thread and snapshots take. Up to 1024 live threads have
/// shards of their own; further ones share one behind a lock.
///
/// Snapshots keep no exact sum: [`MappedHistogram::sum_estimate`] reads it from the buckets.
///
/// ```
/// use phasegate_percentile::Recorder;
///
/// let recorder = Recorder::new();
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| (1..=250_u32).for_each(|millis| recorder.record(f64::from(millis))));
///     }
/// });
/// let snapshot = recorder.snapshot();
/// assert_eq!(snapshot.count(), 1000);
/// assert_eq!(snapshot.max(), Some(250.0));
/// ```
#[derive(Debug)]
pub struct Recorder<M: Mapping = LogLinear> {
    inner: Arc<Inner<M>>,
}

/// What all clones and handles share.
#[derive(Debug)]
pub(crate) struct Inner<M: Mapping> {
    mapping: M,
    range: Range,
    /// One shard per thread that records through `&self`.
    threads: Shards<M>,
    handles: Mutex<HandleShards<M>>,
    /// For threads that have no number: too many, or on their way out.
    shared: Mutex<MappedHistogram<M, false>>,
}

/// The shards of handles. A shard outlives its handle, and the next handle takes it over with all
/// that is in it.
#[derive(Debug)]
struct HandleShards<M: Mapping> {
    all: Vec<Arc<Shard<M>>>,
    free: Vec<Arc<Shard<M>>>,
}

impl Recorder {
    /// An empty recorder with the default mapping and range.
    #[must_use]
    pub fn new() -> Self {
        Self::with_mapping(LogLinear)
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: Mapping> Recorder<M> {
    /// An empty recorder with a mapping of your own choice and the default range.
    #[must_use]
    pub fn with_mapping(mapping: M) -> Self {
        let range = Range::of(&mapping);
        Self::with_keys(mapping, range)
    }

    /// An empty recorder for magnitudes from `lowest` to `highest`: see
    /// [`MappedHistogram::with_range`].
    ///
    /// # Errors
    ///
    /// [`ConfigError::Range`] unless both are normal positive numbers and `lowest <= highest`.
    pub fn with_range(mapping: M, lowest: f64, highest: f64) -> Result<Self, ConfigError> {
        let range = Range::new(&mapping, lowest, highest)?;
        Ok(Self::with_keys(mapping, range))
    }

    fn with_keys(mapping: M, range: Range) -> Self {
        let shared = Mutex::new(MappedHistogram::with_keys(mapping.clone(), range));
        let handles = Mutex::new(HandleShards {
            all: Vec::new(),
            free: Vec::new(),
        });
        let inner = Inner {
            mapping,
            range,
            threads: Shards::new(),
            handles,
            shared,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Records one value.
    #[inline]
    pub fn record(&self, value: f64) {
        match self.shard() {
            Some(shard) => shard.record(&self.inner.mapping, value),
            None => locked(&self.inner.shared, |shared| shared.record(value)),
        }
    }

    /// Records the same value `n` times.
    #[inline]
    pub fn record_n(&self, value: f64, n: u64) {
        match self.shard() {
            Some(shard) => shard.record_n(&self.inner.mapping, value, n),
            None => locked(&self.inner.shared, |shared| shared.record_n(value, n)),
        }
    }

    /// Records a duration as its number of nanoseconds.
    #[inline]
    pub fn record_duration(&self, duration: core::time::Duration) {
        self.record(duration.as_nanos() as f64);
    }

    /// A writer for one thread, the fastest way to record. Its values stay when it is dropped.
    ///
    /// ```
    /// use phasegate_percentile::Recorder;
    ///
    /// let recorder = Recorder::new();
    /// let mut handle = recorder.handle();
    /// handle.record(1.5);
    /// drop(handle);
    /// assert_eq!(recorder.snapshot().count(), 1);
    /// ```
    #[must_use]
    pub fn handle(&self) -> Handle<M> {
        Handle::new(&self.inner)
    }

    /// All values recorded so far, in one histogram.
    ///
    /// A value whose recording has returned, in this thread or in one that was synchronised with,
    /// is in it. A value recorded meanwhile may be in it, once, or in the next.
    #[must_use]
    pub fn snapshot(&self) -> MappedHistogram<M, false> {
        let mut sum = MappedHistogram::with_keys(self.inner.mapping.clone(), self.inner.range);
        self.inner
            .threads
            .for_each(&mut |shard| shard.add_to(&mut sum));
        let handles = locked(&self.inner.handles, |handles| handles.all.clone());
        handles.iter().for_each(|shard| shard.add_to(&mut sum));
        locked(&self.inner.shared, |shared| {
            let merged = sum.merge(shared);
            debug_assert!(merged.is_ok(), "made alike");
        });
        sum
    }

    /// A reader of what was recorded since its last answer: see [`Intervals`].
    #[must_use]
    pub fn intervals(&self) -> Intervals<M> {
        Intervals {
            recorder: self.clone(),
            before: self.snapshot(),
        }
    }

    #[inline(always)]
    fn shard(&self) -> Option<&Shard<M>> {
        self.inner
            .threads
            .own(|| Shard::new(&self.inner.mapping, self.inner.range))
    }
}

impl<M: Mapping> Clone for Recorder<M> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

/// Reads a recorder in intervals: each value is in exactly one answer.
///
/// Several readers of one recorder do not disturb each other.
///
/// ```
/// use phasegate_percentile::Recorder;
///
/// let recorder = Recorder::new();
/// let mut intervals = recorder.intervals();
/// recorder.record(1.0);
/// assert_eq!(intervals.take().count(), 1);
/// assert_eq!(intervals.take().count(), 0);
/// ```
#[derive(Debug)]
pub struct Intervals<M: Mapping = LogLinear> {
    recorder: Recorder<M>,
    before: MappedHistogram<M, false>,
}

impl<M: Mapping> Intervals<M> {
    /// What was recorded since the last call, or since the reader was made. The extremes are bounds
    /// from the buckets, within the relative error, unless they are new ones of the whole.
    pub fn take(&mut self) -> MappedHistogram<M, false> {
        let now = self.recorder.snapshot();
        let mut interval = now.clone();
        // Cells only grow, so the earlier snapshot is always a part of the later one.
        let subtracted = interval.subtract(&self.before);
        debug_assert!(subtracted.is_ok(), "cells only grow");
        self.before = now;
        interval
    }
}
