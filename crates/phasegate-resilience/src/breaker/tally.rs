//! How many calls were refused: a count that many threads add to and few read. One padded counter
//! per thread, written by its owner with a plain load and store, since a read-modify-write would
//! cost more than the rejection that it counts.
//!
//! The counters take about a kilobyte and are made when a breaker first leaves the closed state, so
//! that a healthy one stays small and no rejection allocates.

#[cfg(all(feature = "std", not(any(loom, shuttle))))]
pub(super) use owned::Refusals;
#[cfg(any(not(feature = "std"), loom, shuttle))]
pub(super) use shared::Refusals;

#[cfg(all(feature = "std", not(any(loom, shuttle))))]
mod owned {
    use std::sync::OnceLock;

    use crate::sync::{AtomicU64, Ordering};
    use crate::sync_shard::{OWNED, index};

    /// Counts of refused calls. Exact: each thread adds to its own counter or, without one, to the
    /// shared one.
    #[derive(Debug)]
    pub(in super::super) struct Refusals(OnceLock<Box<Counters>>);

    #[derive(Debug, Default)]
    struct Counters {
        owned: [Padded; OWNED],
        shared: AtomicU64,
        would_be: AtomicU64,
    }

    /// A counter on a cache line of its own.
    #[derive(Debug, Default)]
    #[repr(align(64))]
    struct Padded(AtomicU64);

    impl Refusals {
        pub(in super::super) const fn new() -> Self {
            Self(OnceLock::new())
        }

        /// Makes the counters, if they are not there yet. Nothing is counted before.
        pub(in super::super) fn prepare(&self) {
            let _counters = self.0.get_or_init(Box::default);
        }

        /// One more.
        #[inline]
        pub(in super::super) fn add(&self) {
            let Some(counters) = self.0.get() else { return };
            match counters.owned.get(index()) {
                Some(Padded(own)) => {
                    let counted = own.load(Ordering::Relaxed).wrapping_add(1);
                    own.store(counted, Ordering::Relaxed);
                }
                None => {
                    counters.shared.fetch_add(1, Ordering::Relaxed);
                }
            }
        }

        /// One more that was let through, because nothing is enforced.
        pub(in super::super) fn add_would_be(&self) {
            if let Some(counters) = self.0.get() {
                counters.would_be.fetch_add(1, Ordering::Relaxed);
            }
        }

        /// How many so far.
        pub(in super::super) fn total(&self) -> u64 {
            let Some(counters) = self.0.get() else {
                return 0;
            };
            let owned = counters.owned.iter();
            let owned: u64 = owned.map(|Padded(own)| own.load(Ordering::Relaxed)).sum();
            owned + counters.shared.load(Ordering::Relaxed)
        }

        /// How many were let through so far.
        pub(in super::super) fn would_be(&self) -> u64 {
            let counters = self.0.get();
            counters.map_or(0, |counters| counters.would_be.load(Ordering::Relaxed))
        }
    }
}

#[cfg(any(not(feature = "std"), loom, shuttle))]
mod shared {
    use crate::sync::{AtomicU64, Ordering};

    /// Counts of refused calls.
    #[derive(Debug)]
    pub(in super::super) struct Refusals {
        refused: AtomicU64,
        would_be: AtomicU64,
    }

    impl Refusals {
        pub(in super::super) fn new() -> Self {
            Self {
                refused: AtomicU64::new(0),
                would_be: AtomicU64::new(0),
            }
        }

        /// There is nothing to make.
        pub(in super::super) const fn prepare(&self) {}

        /// One more.
        pub(in super::super) fn add(&self) {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }

        /// One more that was let through, because nothing is enforced.
        pub(in super::super) fn add_would_be(&self) {
            self.would_be.fetch_add(1, Ordering::Relaxed);
        }

        /// How many so far.
        pub(in super::super) fn total(&self) -> u64 {
            self.refused.load(Ordering::Relaxed)
        }

        /// How many were let through so far.
        pub(in super::super) fn would_be(&self) -> u64 {
            self.would_be.load(Ordering::Relaxed)
        }
    }
}
