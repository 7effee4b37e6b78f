//! Atomics and the lock, exchanged for those of loom or shuttle when a model is being checked.

#[cfg(loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering},
};
#[cfg(shuttle)]
pub(crate) use shuttle::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering},
};

#[cfg(not(any(loom, shuttle)))]
pub(crate) use core::sync::atomic::{AtomicU64, Ordering};
#[cfg(all(not(any(loom, shuttle)), feature = "std"))]
pub(crate) use std::sync::{Mutex, MutexGuard};

#[cfg(all(not(any(loom, shuttle)), not(feature = "std"), feature = "spin"))]
pub(crate) use spin::{Mutex, MutexGuard};

/// Takes the lock. No code of a user runs under any lock of this crate, and none of ours panics
/// there, so a poisoned lock still guards consistent data.
#[cfg(any(feature = "std", loom, shuttle))]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Takes the lock.
#[cfg(all(not(feature = "std"), feature = "spin", not(any(loom, shuttle))))]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock()
}
