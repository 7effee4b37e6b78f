//! One rate limit per key, with a bound on how many keys are kept.

use alloc::collections::BTreeMap;
use core::borrow::Borrow;

use crate::call::CallClass;
use crate::rejection::{Rejection, RejectionKind};
use crate::sync::{Mutex, lock};
use crate::time::{Clock, Tick};

use super::gcra::Quota;

/// A limiter per key under one lock.
///
/// A key that was not used for long is worth nothing (its limit is untouched) and is dropped when
/// room is needed. When all keys are in use, a new key is refused: forgetting one would give it
/// its burst again.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{CallClass, KeyedLimiter, Quota, Tick};
///
/// let limiter = KeyedLimiter::new(Quota::new(1, Duration::from_secs(1))?, 100);
/// let now = Tick::ZERO;
/// assert!(limiter.try_acquire(&"alice", 1, CallClass::Read, &now).is_ok());
/// assert!(limiter.try_acquire(&"alice", 1, CallClass::Read, &now).is_err());
/// assert!(limiter.try_acquire(&"bob", 1, CallClass::Read, &now).is_ok());
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Debug)]
pub struct KeyedLimiter<K> {
    quota: Quota,
    most_keys: usize,
    states: Mutex<BTreeMap<K, u64>>,
}

impl<K: Ord + Clone> KeyedLimiter<K> {
    /// The same quota for each of at most `most_keys` keys at a time; zero is read as one.
    pub fn new(quota: Quota, most_keys: usize) -> Self {
        Self {
            quota,
            most_keys: most_keys.max(1),
            states: Mutex::new(BTreeMap::new()),
        }
    }

    /// Takes `cells` of `key` or none.
    ///
    /// # Errors
    /// As [`RateLimiter::try_acquire`](super::RateLimiter::try_acquire); a new key that finds no
    /// room is refused until the first of the others is untouched again.
    pub fn try_acquire<C: Clock>(
        &self,
        key: &K,
        cells: u32,
        class: CallClass,
        clock: &C,
    ) -> Result<(), Rejection> {
        let now = clock.now();
        let limited = |at| Rejection::new(RejectionKind::RateLimited, at);
        let mut states = lock(&self.states);
        if let Some(state) = states.get_mut(key) {
            *state = self
                .quota
                .take_cut(*state, cells, class, now)
                .map_err(limited)?;
            return Ok(());
        }
        if states.len() >= self.most_keys {
            states.retain(|_, state| *state > now.as_nanos());
        }
        if states.len() >= self.most_keys {
            let first = states.values().min().copied().map(Tick::from_nanos);
            return Err(limited(first));
        }
        let state = self.quota.take_cut(0, cells, class, now).map_err(limited)?;
        states.insert(key.clone(), state);
        Ok(())
    }

    /// Gives cells of `key` back.
    pub fn refund<Q>(&self, key: &Q, cells: u32)
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        if let Some(state) = lock(&self.states).get_mut(key) {
            *state = self.quota.give(*state, cells);
        }
    }

    /// How many keys are kept.
    pub fn keys(&self) -> usize {
        lock(&self.states).len()
    }
}
