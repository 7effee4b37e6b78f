//! Where atomics and locks come from: the standard library, or a model checker's copy of it.

#[cfg(loom)]
pub(crate) use loom::{
    lazy_static,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread_local,
};
#[cfg(shuttle)]
pub(crate) use shuttle::{
    lazy_static,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread_local,
};
#[cfg(not(loom))]
pub(crate) use std::sync::OnceLock;
#[cfg(not(any(loom, shuttle)))]
pub(crate) use std::{
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread_local,
};

/// Works on what a lock guards. A panic elsewhere while it was held does not matter here: no code
/// under these locks leaves anything half done.
pub(crate) fn locked<T, R>(mutex: &Mutex<T>, work: impl FnOnce(&mut T) -> R) -> R {
    let mut guard: MutexGuard<'_, T> = match mutex.lock() {
        Ok(guard) => guard,
        Err(poisoned) => poisoned.into_inner(),
    };
    work(&mut guard)
}

/// What the standard cell does, in terms that loom can follow: the value is published by `ready`.
#[cfg(loom)]
#[derive(Debug)]
pub(crate) struct OnceLock<T> {
    ready: AtomicU64,
    filling: Mutex<()>,
    value: std::sync::OnceLock<T>,
}

#[cfg(loom)]
impl<T> OnceLock<T> {
    pub(crate) fn new() -> Self {
        Self {
            ready: AtomicU64::new(0),
            filling: Mutex::new(()),
            value: std::sync::OnceLock::new(),
        }
    }

    pub(crate) fn get(&self) -> Option<&T> {
        let ready = self.ready.load(Ordering::Acquire) == 1;
        if ready { self.value.get() } else { None }
    }

    pub(crate) fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        locked(&self.filling, |()| {
            let value = self.value.get_or_init(make);
            self.ready.store(1, Ordering::Release);
            value
        })
    }
}
