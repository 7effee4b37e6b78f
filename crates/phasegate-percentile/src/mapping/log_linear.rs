//! The default mapping: octaves cut into equal parts, read straight from a float's bits.
//!
//! The key is the exponent and the first bits of the mantissa, so it costs one shift. A bucket
//! `[l, u)` with `u = l + l/2^bits` at most has the harmonic centre at relative distance
//! `(u-l)/(u+l)` from both ends, which is `1/(2^(bits+1)+1)` in the widest bucket of an octave.

use crate::mapping::{Mapping, MappingId};

/// `2^BITS` buckets of equal width per octave; 64 by default, with a relative error of 1/129.
///
/// `BITS` may be 0 to 12. The error bound is `1/(2^(BITS+1)+1)`: 3 % at 4, 1.54 % at 5,
/// **0.7752 % at 6**, 0.39 % at 7, 0.1 % at 9.
///
/// ```
/// use phasegate_percentile::mapping::{LogLinear, Mapping};
///
/// let mapping = LogLinear::<6>;
/// let key = mapping.key(3.0);
/// assert!(mapping.lower(key) <= 3.0 && 3.0 < mapping.upper(key));
/// assert_eq!(mapping.relative_error(), 1.0 / 129.0);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a unit type that callers write out"
)]
pub struct LogLinear<const BITS: u32 = 6>;

impl<const BITS: u32> LogLinear<BITS> {
    const SHIFT: u32 = {
        assert!(
            BITS <= 12,
            "a key of more than 12 bits of mantissa has no use"
        );
        52 - BITS
    };

    const fn bound(key: u32) -> f64 {
        f64::from_bits((key as u64) << Self::SHIFT)
    }
}

impl<const BITS: u32> Mapping for LogLinear<BITS> {
    #[inline(always)]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "12 bits of sign and exponent and at most 12 of mantissa remain"
    )]
    fn key(&self, value: f64) -> u32 {
        (value.to_bits() >> Self::SHIFT) as u32
    }

    fn first_key(&self) -> u32 {
        1 << BITS
    }

    #[inline]
    fn last_key(&self) -> u32 {
        (0x7FF << BITS) - 1
    }

    #[inline]
    fn lower(&self, key: u32) -> f64 {
        Self::bound(key)
    }

    #[inline]
    fn upper(&self, key: u32) -> f64 {
        if key >= self.last_key() {
            f64::MAX
        } else {
            Self::bound(key + 1)
        }
    }

    #[inline]
    fn representative(&self, key: u32) -> f64 {
        // The harmonic centre of l = 2^e·(1 + m/2^B) and the next bound is l + l/(2·(2^B + m) + 1).
        let low = Self::bound(key);
        let part = key & ((1 << BITS) - 1);
        low + low / f64::from(2 * ((1 << BITS) + part) + 1)
    }

    fn relative_error(&self) -> f64 {
        1.0 / (f64::from(2_u32 << BITS) + 1.0)
    }

    fn key_shift(&self) -> Option<u32> {
        Some(Self::SHIFT)
    }

    fn id(&self) -> MappingId {
        MappingId::LogLinear { bits: BITS }
    }

    fn from_id(id: MappingId) -> Option<Self> {
        (id == Self.id()).then_some(Self)
    }
}
