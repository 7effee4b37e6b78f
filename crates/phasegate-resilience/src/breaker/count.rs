//! The window of exactly the last N calls, kept as marks: only calls that failed or were slow leave
//! a trace, a plain success is a number.
//!
//! Positions count calls from 0; `drawn` is how many positions were given out. The window after
//! `drawn` calls is `drawn - N .. drawn`, and a mark at `q` leaves it when `drawn > q + N`.

use alloc::boxed::Box;
use alloc::vec;

/// Marks of one window: two bitmaps over a ring of N positions.
#[derive(Debug)]
pub(super) struct CountMarks {
    /// Failure bits, then (only if calls are timed) slow bits.
    bits: Box<[u64]>,
    size: u32,
    failures: u32,
    slows: u32,
    /// The position of the oldest mark; meaningless without marks.
    oldest: u64,
    /// One past the position of the newest mark.
    end: u64,
}

impl CountMarks {
    pub(super) fn new(size: u32, timed: bool) -> Self {
        let words = usize::try_from(size.div_ceil(64)).unwrap_or(1);
        let bits = vec![0; if timed { words * 2 } else { words }].into_boxed_slice();
        Self {
            bits,
            size,
            failures: 0,
            slows: 0,
            oldest: 0,
            end: 0,
        }
    }

    pub(super) fn clear(&mut self) {
        self.bits.fill(0);
        (self.failures, self.slows, self.oldest, self.end) = (0, 0, 0, 0);
    }

    pub(super) fn failures(&self) -> u64 {
        u64::from(self.failures)
    }

    pub(super) fn slows(&self) -> u64 {
        u64::from(self.slows)
    }

    pub(super) fn is_unmarked(&self) -> bool {
        self.failures == 0 && self.slows == 0
    }

    pub(super) fn total(&self, drawn: u64) -> u64 {
        drawn.min(u64::from(self.size))
    }

    pub(super) fn size(&self) -> u64 {
        u64::from(self.size)
    }

    pub(super) fn is_full(&self, drawn: u64) -> bool {
        drawn >= u64::from(self.size)
    }

    /// After how many draws the oldest mark must leave; never without marks.
    pub(super) fn next_eviction(&self) -> u64 {
        if self.is_unmarked() {
            u64::MAX
        } else {
            self.oldest + u64::from(self.size) + 1
        }
    }

    /// Lets every mark leave that is not among the last N of `drawn` calls.
    pub(super) fn evict(&mut self, drawn: u64) {
        while !self.is_unmarked() && drawn > self.oldest + u64::from(self.size) {
            let (word, bit, words) = self.place(self.oldest);
            if self.take(word, bit) {
                self.failures -= 1;
            }
            if self.take(word + words, bit) {
                self.slows -= 1;
            }
            if !self.is_unmarked() {
                self.oldest = self.next_mark(self.oldest + 1);
            }
        }
    }

    /// Marks `position`, which must be newer than every mark. Old marks must have left.
    pub(super) fn mark(&mut self, position: u64, failed: bool, slow: bool) {
        if self.is_unmarked() {
            self.oldest = position;
        }
        self.end = position + 1;
        let (word, bit, words) = self.place(position);
        if failed && self.put(word, bit) {
            self.failures += 1;
        }
        if slow && self.put(word + words, bit) {
            self.slows += 1;
        }
    }

    /// Word, bit and the length of one bitmap.
    fn place(&self, position: u64) -> (usize, u64, usize) {
        let index = position % u64::from(self.size);
        let word = usize::try_from(index / 64).unwrap_or(0);
        (
            word,
            index % 64,
            usize::try_from(self.size.div_ceil(64)).unwrap_or(1),
        )
    }

    fn take(&mut self, word: usize, bit: u64) -> bool {
        let Some(bits) = self.bits.get_mut(word) else {
            return false;
        };
        let was = *bits & (1 << bit) != 0;
        *bits &= !(1 << bit);
        was
    }

    fn put(&mut self, word: usize, bit: u64) -> bool {
        let Some(bits) = self.bits.get_mut(word) else {
            return false;
        };
        *bits |= 1 << bit;
        true
    }

    /// The first mark at or after `from`. There is one before `end`.
    fn next_mark(&self, from: u64) -> u64 {
        let mut position = from;
        while position < self.end {
            let (word, bit, words) = self.place(position);
            let failed = self.bits.get(word).copied().unwrap_or(0);
            let slow = self.bits.get(word + words).copied().unwrap_or(0);
            let ahead = (failed | slow) >> bit;
            if ahead != 0 {
                return position + u64::from(ahead.trailing_zeros());
            }
            // On to the next word, or to the start of the ring.
            let index = position % u64::from(self.size);
            position += (64 - bit).min(u64::from(self.size) - index);
        }
        position
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::VecDeque;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn marks_agree_with_a_plain_list(
            size in 1_u32..200,
            calls in prop::collection::vec((0_u8..8, 1_u64..90), 1..300),
        ) {
            let mut marks = CountMarks::new(size, true);
            let mut plain: VecDeque<(bool, bool)> = VecDeque::new();
            let mut drawn = 0;
            for (kind, successes) in calls {
                let (failed, slow) = (kind & 1 != 0, kind & 2 != 0);
                for _ in 0..successes {
                    plain.push_back((false, false));
                }
                drawn += successes;
                marks.evict(drawn);
                if failed || slow {
                    marks.evict(drawn + 1);
                    marks.mark(drawn, failed, slow);
                    plain.push_back((failed, slow));
                    drawn += 1;
                }
                while plain.len() > usize::try_from(size).unwrap() {
                    plain.pop_front();
                }
                prop_assert_eq!(marks.failures(), plain.iter().filter(|c| c.0).count() as u64);
                prop_assert_eq!(marks.slows(), plain.iter().filter(|c| c.1).count() as u64);
                prop_assert_eq!(marks.total(drawn), plain.len() as u64);
            }
        }
    }
}
