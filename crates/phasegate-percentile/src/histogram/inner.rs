//! Which values cannot move the extremes: the test that nearly every recorded value passes.
//!
//! Buckets strictly between those of the least and the greatest value need one comparison of keys.
//! Values in the two outermost buckets are told apart by their bits: those of positive floats sort
//! as the floats do.

use crate::{
    histogram::{Class, Extremes, Range},
    mapping::Mapping,
};

/// Keys and bits that lie between the extremes and in range.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct InnerKeys {
    first_key: u32,
    /// How many keys from the first one on.
    keys: u32,
    /// The key after the last one, which may be before the first one.
    end_key: u32,
    first_bits: u64,
    /// How many bit patterns from the first one on.
    patterns: u64,
    /// Whether the patterns reach exactly from the least to the greatest value: both are in range
    /// and known, so a new extreme is only a longer reach.
    reaches: bool,
}

impl InnerKeys {
    pub(crate) fn between<M: Mapping>(extremes: Extremes, range: Range, mapping: &M) -> Self {
        let (first_key, first, first_known) = match range.classify(mapping, extremes.min) {
            Class::Positive(key) if extremes.min_exact => (key + 1, extremes.min, true),
            // The least value was taken away: its bucket may get a new one.
            Class::Positive(key) => (key + 1, mapping.upper(key).next_up(), false),
            Class::Overflow | Class::Infinite | Class::NotANumber => return Self::default(),
            // Nothing positive can be a new minimum.
            Class::NegativeInfinite
            | Class::NegativeOverflow
            | Class::Negative(_)
            | Class::NegativeUnderflow
            | Class::NegativeSubnormal
            | Class::Zero
            | Class::Subnormal
            | Class::Underflow => (range.first, mapping.lower(range.first).next_up(), false),
        };
        let (end_key, last, last_known) = match range.classify(mapping, extremes.max) {
            Class::Positive(key) if extremes.max_exact => (key, extremes.max, true),
            Class::Positive(key) => (key, mapping.lower(key).next_down(), false),
            // Nothing in range can be a new maximum.
            Class::Overflow | Class::Infinite => {
                (range.last + 1, mapping.upper(range.last).next_down(), false)
            }
            Class::NegativeInfinite
            | Class::NegativeOverflow
            | Class::Negative(_)
            | Class::NegativeUnderflow
            | Class::NegativeSubnormal
            | Class::Zero
            | Class::Subnormal
            | Class::Underflow
            | Class::NotANumber => return Self::default(),
        };
        Self {
            first_key,
            keys: end_key.saturating_sub(first_key),
            end_key,
            first_bits: first.to_bits(),
            patterns: (last.to_bits() + 1).saturating_sub(first.to_bits()),
            reaches: first_known && last_known,
        }
    }

    #[inline(always)]
    pub(crate) fn holds_key(&self, key: u32) -> bool {
        key.wrapping_sub(self.first_key) < self.keys
    }

    #[inline(always)]
    pub(crate) fn holds_bits(&self, bits: u64) -> bool {
        bits.wrapping_sub(self.first_bits) < self.patterns
    }

    /// Whether all keys from `low` to `high` are inner ones.
    #[inline]
    pub(crate) fn holds_keys(&self, low: u32, high: u32) -> bool {
        self.first_key <= low && high.wrapping_sub(self.first_key) < self.keys
    }

    /// Takes in a new extreme: the usual case in data that rise or fall. `false`, and nothing done,
    /// if extremes and range have to be looked at.
    #[inline]
    pub(crate) fn reach(&mut self, key: u32, bits: u64, range: Range, of: &mut Extremes) -> bool {
        if !self.reaches || !range.holds(key) {
            return false;
        }
        if bits < self.first_bits {
            self.patterns += self.first_bits - bits;
            self.first_bits = bits;
            self.first_key = key + 1;
            of.min = f64::from_bits(bits);
        } else {
            self.patterns = bits - self.first_bits + 1;
            self.end_key = key;
            of.max = f64::from_bits(bits);
        }
        self.keys = self.end_key.saturating_sub(self.first_key);
        true
    }
}
