//! Counting: calls inside and waiters in one word, so that neither is seen without the other.

use crate::call::CallClass;
use crate::rejection::{Rejection, RejectionKind};
use crate::sync::{AtomicU64, Mutex, Ordering, lock};

use super::queue::{Acquire, Queue};

const WAITER: u64 = 1 << 32;
const INSIDE: u64 = WAITER - 1;

/// The limits of a [`Bulkhead`].
///
/// ```
/// use phasegate_resilience::{Bulkhead, BulkheadConfig, CallClass};
///
/// // Four places, of which one is kept for safety calls.
/// let bulkhead = Bulkhead::new(BulkheadConfig::new(4).reserve(0, 1));
/// let held: Vec<_> = (0..3).map(|_| bulkhead.try_acquire(CallClass::Read)).collect();
/// assert!(held.iter().all(Result::is_ok));
/// assert!(bulkhead.try_acquire(CallClass::Read).is_err());
/// assert!(bulkhead.try_acquire(CallClass::Safety).is_ok());
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct BulkheadConfig {
    /// How many calls may be inside.
    pub limit: u32,
    /// How many may wait in front; 0 (the default) rejects at once.
    pub queue: u32,
    /// Places that only mutations and safety calls may take.
    pub reserve_mutation: u32,
    /// Places that only safety calls may take, beside those.
    pub reserve_safety: u32,
}

impl BulkheadConfig {
    /// `limit` calls inside, no queue, no reserve. A limit of zero is read as one.
    pub const fn new(limit: u32) -> Self {
        let limit = if limit == 0 { 1 } else { limit };
        Self {
            limit,
            queue: 0,
            reserve_mutation: 0,
            reserve_safety: 0,
        }
    }

    /// Sets how many may wait.
    #[must_use]
    pub const fn queue(mut self, waiters: u32) -> Self {
        self.queue = waiters;
        self
    }

    /// Sets how many places only higher classes may take.
    #[must_use]
    pub const fn reserve(mut self, mutation: u32, safety: u32) -> Self {
        (self.reserve_mutation, self.reserve_safety) = (mutation, safety);
        self
    }
}

/// A bulkhead. Entering is one compare-and-swap, leaving one subtraction.
///
/// Waiters are let in by class, then in order of arrival; nobody overtakes a waiter of the same or
/// a higher class.
///
/// ```
/// use phasegate_resilience::{Bulkhead, BulkheadConfig, CallClass};
///
/// let bulkhead = Bulkhead::new(BulkheadConfig::new(2).reserve(0, 1));
/// let inside = bulkhead.try_acquire(CallClass::Read).unwrap();
/// assert!(bulkhead.try_acquire(CallClass::Read).is_err());
/// assert!(bulkhead.try_acquire(CallClass::Safety).is_ok());
/// drop(inside);
/// assert_eq!(bulkhead.inside(), 0);
/// ```
#[derive(Debug)]
pub struct Bulkhead {
    pub(super) word: AtomicU64,
    limit: AtomicU64,
    pub(super) config: BulkheadConfig,
    pub(super) queue: Mutex<Queue>,
}

impl Bulkhead {
    /// An empty bulkhead.
    pub fn new(config: BulkheadConfig) -> Self {
        Self {
            word: AtomicU64::new(0),
            limit: AtomicU64::new(u64::from(config.limit.max(1))),
            config,
            queue: Mutex::new(Queue::default()),
        }
    }

    /// Enters if there is room now and nobody of this class waits.
    ///
    /// # Errors
    /// [`RejectionKind::BulkheadFull`]; no clock says when there will be room.
    #[inline]
    pub fn try_acquire(&self, class: CallClass) -> Result<BulkheadPermit<'_>, Rejection> {
        self.try_enter(class)?;
        Ok(BulkheadPermit { bulkhead: self })
    }

    /// Enters, or waits for room in the queue.
    ///
    /// The returned future resolves to a rejection at once when the queue is full. Dropping it
    /// leaves the queue and loses nothing. Bound the wait with [`Timeout`](crate::Timeout).
    pub fn acquire(&self, class: CallClass) -> Acquire<'_> {
        Acquire::new(self, class)
    }

    /// Enters without a guard; [`leave`](Self::leave) must follow.
    ///
    /// # Errors
    /// As [`try_acquire`](Self::try_acquire).
    #[inline]
    pub fn try_enter(&self, class: CallClass) -> Result<(), Rejection> {
        let room = self.room(class);
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let overtakes = word >= WAITER && class != CallClass::Safety;
            if word & INSIDE >= room || overtakes {
                return Err(Rejection::new(RejectionKind::BulkheadFull, None));
            }
            match self.word.compare_exchange_weak(
                word,
                word + 1,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Ok(()),
                Err(seen) => word = seen,
            }
        }
    }

    /// Leaves. Once for each entering.
    #[inline]
    pub fn leave(&self) {
        let before = self.word.fetch_sub(1, Ordering::AcqRel);
        if before >= WAITER {
            self.let_in();
        }
    }

    /// How many calls are inside.
    pub fn inside(&self) -> u64 {
        self.word.load(Ordering::Acquire) & INSIDE
    }

    /// How many wait.
    pub fn waiting(&self) -> u64 {
        self.word.load(Ordering::Acquire) / WAITER
    }

    /// The current limit.
    pub fn limit(&self) -> u64 {
        self.limit.load(Ordering::Relaxed)
    }

    /// Changes the limit (at least one), for an adaptive one. Calls inside stay inside; waiters
    /// that now have room are let in.
    pub fn set_limit(&self, limit: u32) {
        self.limit.store(u64::from(limit.max(1)), Ordering::SeqCst);
        if self.waiting() > 0 {
            self.let_in();
        }
    }

    /// How many may be inside for a call of this class to enter.
    #[inline]
    pub(super) fn room(&self, class: CallClass) -> u64 {
        let kept = match class {
            CallClass::Safety => 0,
            CallClass::Mutation => u64::from(self.config.reserve_safety),
            CallClass::Read => {
                u64::from(self.config.reserve_safety) + u64::from(self.config.reserve_mutation)
            }
        };
        self.limit.load(Ordering::Relaxed).saturating_sub(kept)
    }

    /// Adds a waiter to the word. The lock is held.
    pub(super) fn count_waiter(&self) {
        self.word.fetch_add(WAITER, Ordering::AcqRel);
    }

    /// Removes a waiter from the word. The lock is held.
    pub(super) fn discount_waiter(&self) {
        self.word.fetch_sub(WAITER, Ordering::AcqRel);
    }

    /// Turns a waiter into a call inside, if there is room. The lock is held.
    pub(super) fn promote(&self, class: CallClass) -> bool {
        let room = self.room(class);
        self.word
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
                (word & INSIDE < room).then(|| word - WAITER + 1)
            })
            .is_ok()
    }

    /// Lets waiters in while there is room, and wakes them after the lock is released.
    pub(super) fn let_in(&self) {
        loop {
            let waker = {
                let mut queue = lock(&self.queue);
                match queue.grant_first(|class| self.promote(class)) {
                    Some(waker) => waker,
                    None => return,
                }
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

/// A place inside. Dropping it leaves.
///
/// ```
/// use phasegate_resilience::{Bulkhead, BulkheadConfig, BulkheadPermit, CallClass};
///
/// let bulkhead = Bulkhead::new(BulkheadConfig::new(1));
/// let place: BulkheadPermit<'_> = bulkhead.try_acquire(CallClass::Read)?;
/// assert_eq!(bulkhead.inside(), 1);
/// drop(place);
/// assert_eq!(bulkhead.inside(), 0);
/// # Ok::<(), phasegate_resilience::Rejection>(())
/// ```
#[derive(Debug)]
#[must_use = "dropping the permit leaves the bulkhead"]
pub struct BulkheadPermit<'a> {
    pub(super) bulkhead: &'a Bulkhead,
}

impl Drop for BulkheadPermit<'_> {
    #[inline]
    fn drop(&mut self) {
        self.bulkhead.leave();
    }
}
