//! A handle: the writing end of one shard.

use core::{fmt, time::Duration};

use crate::{
    mapping::{LogLinear, Mapping},
    recorder::{
        Inner,
        shard::Shard,
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
        Self {
            recorder: Arc::clone(recorder),
            shard,
        }
    }

    /// Records one value.
    #[inline]
    pub fn record(&mut self, value: f64) {
        self.shard.record(&self.recorder.mapping, value);
    }

    /// Records the same value `n` times.
    #[inline]
    pub fn record_n(&mut self, value: f64, n: u64) {
        self.shard.record_n(&self.recorder.mapping, value, n);
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
