//! Numbers for threads: small, unique among those alive, used again later.
//!
//! With such a number a recorder finds a thread's shard by indexing. A thread gives its number back
//! when it ends; whoever gets it next took the same lock afterwards, and so sees all that the shards
//! of that number hold.

use core::cmp::Reverse;
use std::{boxed::Box, collections::BinaryHeap};

use crate::{
    mapping::Mapping,
    recorder::{
        shard::Shard,
        sync::{Mutex, OnceLock, locked, thread_local},
    },
};

#[cfg(not(any(loom, shuttle)))]
const PAGE: usize = 32;
#[cfg(any(loom, shuttle))]
const PAGE: usize = 2;
/// Threads alive at once that have shards of their own: `PAGE * PAGES`. A page of pointers to pages
/// costs each recorder 512 bytes; more live recording threads than 1024 are rare.
const PAGES: usize = PAGE;

type Page<M> = [OnceLock<Box<Shard<M>>>; PAGE];

/// The shards of one recorder, by thread number.
#[derive(Debug)]
pub(crate) struct Shards<M: Mapping> {
    pages: [OnceLock<Box<Page<M>>>; PAGES],
}

impl<M: Mapping> Shards<M> {
    pub(crate) fn new() -> Self {
        Self {
            pages: core::array::from_fn(|_| OnceLock::new()),
        }
    }

    /// The shard of this thread; `None` if the thread has no number.
    #[inline(always)]
    pub(crate) fn own(&self, make: impl FnOnce() -> Shard<M>) -> Option<&Shard<M>> {
        let number = OWN.try_with(|own| own.0).ok()?;
        let page = self.pages.get(number / PAGE)?;
        let found = page
            .get()
            .and_then(|page| page.get(number % PAGE))
            .and_then(OnceLock::get);
        match found {
            Some(shard) => Some(shard),
            None => self.first(number, make),
        }
    }

    #[cold]
    #[inline(never)]
    fn first(&self, number: usize, make: impl FnOnce() -> Shard<M>) -> Option<&Shard<M>> {
        let page = self.pages.get(number / PAGE)?;
        let page = page.get_or_init(|| Box::new(core::array::from_fn(|_| OnceLock::new())));
        let shard = page.get(number % PAGE)?;
        Some(shard.get_or_init(|| Box::new(make())))
    }

    pub(crate) fn for_each(&self, visit: &mut dyn FnMut(&Shard<M>)) {
        let pages = self.pages.iter().filter_map(OnceLock::get);
        for shard in pages.flat_map(|page| page.iter()).filter_map(OnceLock::get) {
            visit(shard);
        }
    }
}

/// The number of a thread, given back when the thread ends.
struct Number(usize);

impl Drop for Number {
    fn drop(&mut self) {
        locked(&NUMBERS, |numbers| numbers.free.push(Reverse(self.0)));
    }
}

/// The numbers not in use: the returned ones, and all from `next` on.
struct Numbers {
    free: BinaryHeap<Reverse<usize>>,
    next: usize,
}

impl Numbers {
    const fn new() -> Self {
        Self {
            free: BinaryHeap::new(),
            next: 0,
        }
    }

    /// The least number that is free, so that shards are shared among threads over time.
    fn take(&mut self) -> usize {
        if let Some(Reverse(number)) = self.free.pop() {
            return number;
        }
        self.next += 1;
        self.next - 1
    }
}

#[cfg(not(any(loom, shuttle)))]
static NUMBERS: Mutex<Numbers> = Mutex::new(Numbers::new());
#[cfg(any(loom, shuttle))]
crate::recorder::sync::lazy_static! {
    static ref NUMBERS: Mutex<Numbers> = Mutex::new(Numbers::new());
}

thread_local! {
    static OWN: Number = Number(locked(&NUMBERS, Numbers::take));
}
