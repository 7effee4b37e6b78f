//! A handle: the writing end of one shard.

use core::{fmt, time::Duration};

use crate::{
    mapping::{LogLinear, Mapping},
    recorder::{
        Inner,
        shard::{Segment, Shard},
        sync::{Arc, locked},
    },
};

/// Records into a shard of its own: the fastest way to share a recorder between threads.
///
/// Recording takes `&mut self`, so a handle has one user at a time; it may move between threads.
/// Dropping it keeps its values and gives its shard to the next handle.
pub struct Handle<M: Mapping = LogLinear> {
    recorder: Arc<Inner<M>>,
    shard: Arc<Shard<M>>,
    /// What the shard would answer, kept here for the usual value.
    segment: Option<Arc<Segment>>,
    /// The bits of the extremes.
    min_bits: u64,
    max_bits: u64,
}

impl<M: Mapping> Handle<M> {
    pub(crate) fn new(recorder: &Arc<Inner<M>>) -> Self {
        let shard = locked(&recorder.handles, |handles| {
            handles.free.pop().unwrap_or_else(|| {
                let shard = Arc::new(Shard::new(&recorder.mapping, recorder.range));
                handles.all.push(Arc::clone(&shard));
                shard
            })
        });
        let mut handle = Self {
            recorder: Arc::clone(recorder),
            shard,
            segment: None,
            min_bits: u64::MAX,
            max_bits: 0,
        };
        handle.refresh();
        handle
    }

    /// Records one value.
    #[inline]
    pub fn record(&mut self, value: f64) {
        let (key, bits) = (self.recorder.mapping.key(value), value.to_bits());
        let known = || self.min_bits <= bits && bits <= self.max_bits;
        if !self
            .segment
            .as_ref()
            .is_some_and(|segment| segment.count(key, known))
        {
            self.record_outermost(bits);
        }
    }

    /// Records the same value `n` times.
    #[inline]
    pub fn record_n(&mut self, value: f64, n: u64) {
        self.shard.record_n(&self.recorder.mapping, value, n);
        self.refresh();
    }

    /// Records each value of a slice.
    pub fn record_slice(&mut self, values: &[f64]) {
        values.iter().for_each(|value| self.record(*value));
    }

    /// Records a duration as its number of nanoseconds.
    #[inline]
    pub fn record_duration(&mut self, duration: Duration) {
        self.record(duration.as_nanos() as f64);
    }

    /// Records a value that is a new extreme, or one that has no cell.
    #[inline(never)]
    fn record_outermost(&mut self, bits: u64) {
        let mapping = &self.recorder.mapping;
        let key = mapping.key(f64::from_bits(bits));
        if let Some(segment) = &self.segment
            && segment.covers(key)
        {
            // Cells are in range, so the value is a positive one.
            self.shard.include(mapping, segment, bits);
            self.min_bits = self.min_bits.min(bits);
            self.max_bits = self.max_bits.max(bits);
            segment.count(key, || true);
        } else {
            self.record_n(f64::from_bits(bits), 1);
        }
    }

    /// Takes over what the shard has now.
    #[cold]
    fn refresh(&mut self) {
        self.segment = self.shard.newest().cloned();
        if let Some((min, max)) = self.shard.extremes() {
            (self.min_bits, self.max_bits) = (min, max);
        }
    }
}

impl<M: Mapping> Drop for Handle<M> {
    fn drop(&mut self) {
        // The lock hands all that this handle stored to whoever takes the shard next.
        locked(&self.recorder.handles, |handles| {
            handles.free.push(Arc::clone(&self.shard));
        });
    }
}

impl<M: Mapping> fmt::Debug for Handle<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("mapping", &self.recorder.mapping)
            .finish_non_exhaustive()
    }
}
