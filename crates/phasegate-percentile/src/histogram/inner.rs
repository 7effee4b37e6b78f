//! Which values cannot move the extremes: the test that nearly every recorded value passes.
//!
//! Buckets strictly between those of the least and the greatest value are those without a guard in
//! their cell (see the store). Values in the two outermost buckets are told apart by their bits: those
//! of positive floats sort as the floats do.

use crate::{
    histogram::{Class, Extremes, Range},
    mapping::Mapping,
};

/// Keys and bits that lie between the extremes and in range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InnerKeys {
    /// The keys strictly between the outermost buckets: from the first up to but without the end,
    /// which may be before it.
    pub(crate) first_key: u32,
    pub(crate) end_key: u32,
    /// The bits of the least and of the greatest value that move no extreme.
    first_bits: u64,
    last_bits: u64,
    /// The keys of the extremes if both are in range and known, so that a new extreme is only a longer
    /// reach; else a key that no value has.
    bottom_key: u32,
    top_key: u32,
}

impl Default for InnerKeys {
    fn default() -> Self {
        Self {
            first_key: 0,
            end_key: 0,
            first_bits: u64::MAX,
            last_bits: 0,
            bottom_key: u32::MAX,
            top_key: u32::MAX,
        }
    }
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
        let known = first_known && last_known;
        Self {
            first_key,
            end_key,
            first_bits: first.to_bits(),
            last_bits: last.to_bits(),
            bottom_key: if known { first_key - 1 } else { u32::MAX },
            top_key: if known { end_key } else { u32::MAX },
        }
    }

    #[inline(always)]
    pub(crate) fn holds_bits(&self, bits: u64) -> bool {
        self.first_bits <= bits && bits <= self.last_bits
    }

    /// The extremes, if both are in range and known.
    #[inline]
    pub(crate) fn extremes(&self) -> Option<Extremes> {
        (self.top_key != u32::MAX).then(|| Extremes {
            min: f64::from_bits(self.first_bits),
            max: f64::from_bits(self.last_bits),
            ..Extremes::NONE
        })
    }

    /// Whether all keys from `low` to `high` are inner ones.
    #[inline]
    pub(crate) fn holds_keys(&self, low: u32, high: u32) -> bool {
        self.first_key <= low && high < self.end_key
    }

    /// Takes in a new extreme that stays in its bucket: data that rise or fall have hardly any other.
    /// `false`, and nothing done, if it belongs elsewhere.
    #[inline(always)]
    pub(crate) fn stretch(&mut self, key: u32, bits: u64) -> bool {
        if key == self.top_key && bits > self.last_bits {
            self.last_bits = bits;
            return true;
        }
        if key == self.bottom_key && bits < self.first_bits {
            self.first_bits = bits;
            return true;
        }
        false
    }

    /// Takes in a new extreme in another bucket. `false`, and nothing done, if extremes and range have
    /// to be looked at.
    pub(crate) fn extend(&mut self, key: u32, bits: u64, range: Range) -> bool {
        if self.top_key == u32::MAX || !range.holds(key) {
            return false;
        }
        if bits < self.first_bits {
            (self.first_key, self.bottom_key) = (key + 1, key);
        } else {
            (self.end_key, self.top_key) = (key, key);
        }
        self.stretch(key, bits)
    }
}
