//! Chance for jitter: seeded, one stream per request, one multiplication per draw.
//!
//! Not for secrets. The generator is wyrand; a stream is derived from a seed and a counter through
//! splitmix64, so two requests of one policy never jitter in step.

use core::sync::atomic::{AtomicU64, Ordering};

/// Where jitter starts from.
///
/// Each policy draws a stream of its own per request, so one seed serves any number of requests.
///
/// ```
/// use phasegate_resilience::Seed;
///
/// let (one, same, other) = (Seed::fixed(7), Seed::fixed(7), Seed::fixed(8));
/// let first = one.stream();
/// assert_eq!(first, same.stream());
/// assert!(first != one.stream() && first != other.stream());
/// ```
#[derive(Debug, Default)]
pub struct Seed {
    base: u64,
    streams: AtomicU64,
}

impl Seed {
    /// A seed that gives the same streams in the same order on every run.
    pub const fn fixed(base: u64) -> Self {
        Self {
            base,
            streams: AtomicU64::new(0),
        }
    }

    /// A seed from the operating system's randomness, so that two processes do not jitter in step.
    #[cfg(feature = "std")]
    pub fn random() -> Self {
        use std::hash::{BuildHasher, RandomState};
        Self::fixed(RandomState::new().hash_one(0_u64))
    }

    /// A generator that no other call of this method returns.
    pub fn stream(&self) -> Rng {
        let number = self.streams.fetch_add(1, Ordering::Relaxed);
        Rng(splitmix(
            self.base
                .wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        ))
    }
}

impl Clone for Seed {
    /// A copy goes on with streams of its own: it is seeded from a stream of the original.
    fn clone(&self) -> Self {
        Self::fixed(self.stream().0)
    }
}

/// A small generator for jitter.
///
/// ```
/// use phasegate_resilience::Rng;
///
/// let (mut one, mut same) = (Rng::new(1), Rng::new(1));
/// assert_eq!(one.draw(), same.draw());
/// assert!(one.up_to(10) <= 10);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rng(u64);

impl Rng {
    /// A generator that starts from `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "both halves of the product are wanted"
    )]
    #[inline]
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0xa076_1d64_78bd_642f);
        let product = u128::from(self.0) * u128::from(self.0 ^ 0xe703_7ed1_a0b4_28db);
        (product >> 64) as u64 ^ product as u64
    }

    /// A number in `0..=most`, uniform up to one part in 2^64.
    #[inline]
    pub fn up_to(&mut self, most: u64) -> u64 {
        ((u128::from(self.draw()) * (u128::from(most) + 1)) >> 64) as u64
    }
}

const fn splitmix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
