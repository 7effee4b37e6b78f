//! A count that many threads add to and few read: one padded counter per thread, written by its
//! owner with a plain load and store, since a read-modify-write would cost more than the rejection
//! that it counts.
//!
//! The counters take about a kilobyte and are made when a breaker first leaves the closed state, so
//! that a healthy one stays small and no rejection allocates.

use crate::sync::{AtomicU64, Ordering};

#[cfg(all(feature = "std", not(any(loom, shuttle))))]
use crate::sync_shard::{OWNED, index};

/// A count. Exact: each thread adds to its own counter or, without one, to the shared one.
#[derive(Debug)]
pub(super) struct Tally {
    shared: AtomicU64,
    #[cfg(all(feature = "std", not(any(loom, shuttle))))]
    owned: std::sync::OnceLock<Box<[Padded; OWNED]>>,
}

/// A counter on a cache line of its own.
#[cfg(all(feature = "std", not(any(loom, shuttle))))]
#[derive(Debug, Default)]
#[repr(align(64))]
struct Padded(AtomicU64);

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            shared: AtomicU64::new(0),
            #[cfg(all(feature = "std", not(any(loom, shuttle))))]
            owned: std::sync::OnceLock::new(),
        }
    }

    /// Makes the counters of threads, if they are not there yet.
    pub(super) fn prepare(&self) {
        #[cfg(all(feature = "std", not(any(loom, shuttle))))]
        let _counters = self.owned.get_or_init(Box::default);
    }

    /// Adds one.
    #[inline]
    pub(super) fn add(&self) {
        #[cfg(all(feature = "std", not(any(loom, shuttle))))]
        if let Some(Padded(own)) = self.owned.get().and_then(|owned| owned.get(index())) {
            own.store(
                own.load(Ordering::Relaxed).wrapping_add(1),
                Ordering::Relaxed,
            );
            return;
        }
        self.shared.fetch_add(1, Ordering::Relaxed);
    }

    /// The sum now.
    pub(super) fn total(&self) -> u64 {
        let shared = self.shared.load(Ordering::Relaxed);
        #[cfg(all(feature = "std", not(any(loom, shuttle))))]
        if let Some(owned) = self.owned.get() {
            let sum: u64 = owned
                .iter()
                .map(|Padded(own)| own.load(Ordering::Relaxed))
                .sum();
            return shared + sum;
        }
        shared
    }
}
