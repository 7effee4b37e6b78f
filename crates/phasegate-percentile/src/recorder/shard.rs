//! A shard: counters with one writer and any number of readers.
//!
//! The writer adds by a relaxed load and a release store: nobody else writes, so nothing is lost.
//! It stores a new extreme before it counts the value; a reader loads counts with acquire and the
//! extremes after them, so the extremes that it sees hold every value that it counted.

use std::{boxed::Box, vec::Vec};

use crate::{
    histogram::{MappedHistogram, Range},
    mapping::Mapping,
    recorder::sync::{AtomicU64, Mutex, OnceLock, Ordering, locked},
};

/// Buckets are allocated by blocks, when a value first falls there.
#[cfg(not(loom))]
const BLOCK: usize = 64;
/// A model checker tracks every single cell.
#[cfg(loom)]
const BLOCK: usize = 2;

type Block = [AtomicU64; BLOCK];

#[derive(Debug)]
pub(crate) struct Shard<M: Mapping> {
    first: u32,
    length: u32,
    blocks: Box<[OnceLock<Box<Block>>]>,
    /// Of positive values in range, as bits, which sort as the values do.
    min_bits: AtomicU64,
    max_bits: AtomicU64,
    /// All other values.
    odd: Mutex<MappedHistogram<M, false>>,
}

impl<M: Mapping> Shard<M> {
    pub(crate) fn new(mapping: &M, range: Range) -> Self {
        let length = range.last - range.first + 1;
        let blocks = (length as usize).div_ceil(BLOCK);
        Self {
            first: range.first,
            length,
            blocks: (0..blocks)
                .map(|_| OnceLock::new())
                .collect::<Vec<_>>()
                .into_boxed_slice(),
            min_bits: AtomicU64::new(u64::MAX),
            max_bits: AtomicU64::new(0),
            odd: Mutex::new(MappedHistogram::with_keys(mapping.clone(), range)),
        }
    }

    /// Records a value. Only one thread at a time may call this or [`record_n`](Self::record_n).
    #[inline(always)]
    pub(crate) fn record(&self, mapping: &M, value: f64) {
        self.record_n(mapping, value, 1);
    }

    #[inline(always)]
    pub(crate) fn record_n(&self, mapping: &M, value: f64, n: u64) {
        let key = mapping.key(value).wrapping_sub(self.first);
        if key >= self.length {
            self.record_odd(value, n);
            return;
        }
        let block = self.blocks.get(key as usize / BLOCK);
        match block
            .and_then(OnceLock::get)
            .and_then(|block| block.get(key as usize % BLOCK))
        {
            Some(cell) => self.count(cell, value, n),
            None => self.record_first(key, value, n),
        }
    }

    #[inline(always)]
    fn count(&self, cell: &AtomicU64, value: f64, n: u64) {
        let bits = value.to_bits();
        if bits < self.min_bits.load(Ordering::Relaxed) && n != 0 {
            self.min_bits.store(bits, Ordering::Relaxed);
        }
        if bits > self.max_bits.load(Ordering::Relaxed) && n != 0 {
            self.max_bits.store(bits, Ordering::Relaxed);
        }
        cell.store(
            cell.load(Ordering::Relaxed).saturating_add(n),
            Ordering::Release,
        );
    }

    /// The first value in its block.
    #[cold]
    #[inline(never)]
    fn record_first(&self, key: u32, value: f64, n: u64) {
        let Some(place) = self.blocks.get(key as usize / BLOCK) else {
            return;
        };
        let block = place.get_or_init(|| Box::new(core::array::from_fn(|_| AtomicU64::new(0))));
        if let Some(cell) = block.get(key as usize % BLOCK) {
            self.count(cell, value, n);
        }
    }

    #[cold]
    #[inline(never)]
    fn record_odd(&self, value: f64, n: u64) {
        locked(&self.odd, |odd| odd.record_n(value, n));
    }

    /// Adds all that is in the shard to a histogram made alike.
    pub(crate) fn add_to(&self, sum: &mut MappedHistogram<M, false>) {
        let mut counted = false;
        let keys = (self.first..).step_by(BLOCK);
        for (start, block) in keys.zip(&self.blocks) {
            let Some(block) = block.get() else { continue };
            for (key, cell) in (start..).zip(block.iter()) {
                let n = cell.load(Ordering::Acquire);
                counted |= n != 0;
                sum.positive.add(key, n, sum.range.last);
            }
        }
        if counted {
            // Both extremes belong to values that were recorded: for those, counting is idle.
            for bits in [&self.min_bits, &self.max_bits] {
                sum.include_extreme(f64::from_bits(bits.load(Ordering::Relaxed)));
            }
        }
        locked(&self.odd, |odd| {
            let merged = sum.merge(odd);
            debug_assert!(merged.is_ok(), "made alike");
        });
    }
}
