//! A small number per thread, so that a thread may own a shard and write it without atomic
//! read-modify-write. Numbers return when threads end; threads beyond the last share one shard.

/// How many threads at a time have a shard of their own.
pub(crate) const OWNED: usize = 16;

/// The calling thread's shard, `OWNED` for the shared one.
#[inline]
pub(crate) fn index() -> usize {
    let index = threads::INDEX.get();
    if index == threads::UNSET {
        threads::register()
    } else {
        index
    }
}

mod threads {
    use std::cell::Cell;
    use std::sync::{Mutex, PoisonError};

    use super::OWNED;

    pub(super) const UNSET: usize = usize::MAX;

    thread_local! {
        pub(super) static INDEX: Cell<usize> = const { Cell::new(UNSET) };
        static LEASE: Lease = const { Lease };
    }

    /// Numbers that ended threads gave back. The lock also orders their last writes before the
    /// next owner's first.
    static FREE: Mutex<Pool> = Mutex::new(Pool {
        next: 0,
        returned: Vec::new(),
    });

    struct Pool {
        next: usize,
        returned: Vec<usize>,
    }

    struct Lease;

    impl Drop for Lease {
        fn drop(&mut self) {
            let index = INDEX.replace(OWNED);
            if index < OWNED {
                let mut pool = FREE.lock().unwrap_or_else(PoisonError::into_inner);
                pool.returned.push(index);
            }
        }
    }

    #[cold]
    pub(super) fn register() -> usize {
        // A thread that is already ending cannot promise to return a number.
        let index = if LEASE.try_with(|_| ()).is_ok() {
            take()
        } else {
            OWNED
        };
        INDEX.set(index);
        index
    }

    fn take() -> usize {
        let mut pool = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = pool.returned.pop() {
            return index;
        }
        let index = pool.next.min(OWNED);
        pool.next = pool.next.saturating_add(1).min(OWNED);
        index
    }

    #[cfg(test)]
    mod tests {
        use super::super::{OWNED, index};

        #[test]
        fn a_number_belongs_to_one_live_thread_and_comes_back() {
            let mine = index();
            assert_eq!(mine, index());
            for _ in 0..100 {
                let theirs = std::thread::spawn(index).join().unwrap();
                assert!(theirs != mine || theirs == OWNED);
            }
            let other = std::thread::spawn(index).join().unwrap();
            assert!(
                other < OWNED,
                "a hundred ended threads did not use the numbers up"
            );
        }
    }
}
