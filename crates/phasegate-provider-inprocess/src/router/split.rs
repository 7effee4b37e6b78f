//! The weight, and which way a request goes. One atomic word holds weight and generation, so a request
//! sees both of one moment and never a mixture.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use phasegate_core::{Arm, Ratio};

/// Bits of the word that hold the weight in parts per million: 2^20 is more than a million.
const PPM_BITS: u32 = 20;
const PPM_MASK: u64 = (1 << PPM_BITS) - 1;
/// The step of splitmix64: an odd number near 2^64 divided by the golden ratio, so the counter visits
/// every state once.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The weight now, and the draws.
pub(super) struct Split {
    /// Generation in the upper 44 bits, parts per million in the lower 20.
    word: AtomicU64,
    draws: AtomicU64,
}

impl Split {
    pub(super) fn new(canary: Ratio, seed: u64) -> Self {
        Self {
            word: AtomicU64::new(u64::from(canary.ppm())),
            draws: AtomicU64::new(seed),
        }
    }

    /// The canary's share and the generation.
    pub(super) fn now(&self) -> (Ratio, u64) {
        unpack(self.word.load(Ordering::Acquire))
    }

    /// Sets the share and returns the generation, which grows when the share differs.
    pub(super) fn set(&self, canary: Ratio) -> u64 {
        let next = |word: u64| {
            let (now, generation) = unpack(word);
            if now == canary {
                word
            } else {
                (generation.wrapping_add(1) << PPM_BITS) | u64::from(canary.ppm())
            }
        };
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            let wanted = next(word);
            match self
                .word
                .compare_exchange_weak(word, wanted, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => return unpack(wanted).1,
                Err(found) => word = found,
            }
        }
    }

    /// Decides one request: by `sticky` if there is one, else by the next draw.
    pub(super) fn decide(&self, sticky: Option<&[u8]>) -> Arm {
        let (canary, _) = self.now();
        let draw = match sticky {
            Some(value) => mix(fnv1a(value)),
            None => mix(self.draws.fetch_add(GOLDEN, Ordering::Relaxed)),
        };
        if millionth(draw) < u64::from(canary.ppm()) {
            Arm::Canary
        } else {
            Arm::Stable
        }
    }
}

impl fmt::Debug for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (canary, generation) = self.now();
        f.debug_struct("Split")
            .field("canary", &canary)
            .field("generation", &generation)
            .finish_non_exhaustive()
    }
}

fn unpack(word: u64) -> (Ratio, u64) {
    let ppm = u32::try_from(word & PPM_MASK).unwrap_or(0);
    (
        Ratio::from_ppm(ppm).unwrap_or(Ratio::ZERO),
        word >> PPM_BITS,
    )
}

/// Maps 64 even bits to 0..1 000 000, even to 2^-44.
fn millionth(draw: u64) -> u64 {
    u64::try_from((u128::from(draw) * 1_000_000) >> 64).unwrap_or(u64::MAX)
}

/// The output function of splitmix64.
fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(GOLDEN);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// FNV-1a, 64 bits: spread enough for [`mix`] to finish, and the same on every machine.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(percent: u32) -> Ratio {
        Ratio::from_percent(percent).expect("a ratio")
    }

    /// Splitmix64 with seed 1234567: the published first outputs.
    #[test]
    fn draws_are_splitmix64() {
        let (mut state, mut found) = (1_234_567u64, Vec::new());
        for _ in 0..3 {
            found.push(mix(state));
            state = state.wrapping_add(GOLDEN);
        }
        assert_eq!(
            found,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn nobody_goes_to_the_canary_at_nothing_and_all_do_at_everything() {
        for (weight, arm) in [(0, Arm::Stable), (100, Arm::Canary)] {
            let split = Split::new(percent(weight), 7);
            assert!((0..10_000).all(|_| split.decide(None) == arm));
            let sticky = |n: u32| split.decide(Some(n.to_string().as_bytes()));
            assert!((0..10_000).all(|n| sticky(n) == arm));
        }
    }

    /// Five standard deviations: wrong by chance once in 1.7 million seeds, and the seeds are fixed.
    #[test]
    fn the_share_lies_within_binomial_bounds_of_the_weight() {
        for (weight, seed) in [(1, 1), (5, 2), (25, 3), (50, 4), (95, 5)] {
            let split = Split::new(percent(weight), seed);
            let n = 100_000;
            for sticky in [false, true] {
                let hits = (0..n).filter(|n| {
                    let key = format!("user-{n}");
                    split.decide(sticky.then_some(key.as_bytes())) == Arm::Canary
                });
                let p = f64::from(weight) / 100.0;
                let hits = f64::from(u32::try_from(hits.count()).expect("fits"));
                let bound = 5.0 * (p * (1.0 - p) * f64::from(n)).sqrt();
                assert!(
                    (hits - p * f64::from(n)).abs() <= bound,
                    "{weight} {sticky}: {hits}"
                );
            }
        }
    }

    #[test]
    fn a_sticky_request_stays_with_the_canary_while_the_weight_grows() {
        let split = Split::new(percent(5), 0);
        let on = |split: &Split| -> Vec<u32> {
            (0..10_000u32)
                .filter(|n| split.decide(Some(&n.to_be_bytes())) == Arm::Canary)
                .collect()
        };
        let few = on(&split);
        split.set(percent(25));
        let more = on(&split);
        assert!(few.len() > 300 && more.len() > few.len());
        assert!(few.iter().all(|n| more.contains(n)));
    }

    #[test]
    fn the_generation_counts_changes_and_not_repetitions() {
        let split = Split::new(percent(0), 0);
        assert_eq!(split.set(percent(0)), 0);
        assert_eq!(split.set(percent(5)), 1);
        assert_eq!(split.set(percent(5)), 1);
        assert_eq!(split.set(Ratio::ONE), 2);
        assert_eq!(split.now(), (Ratio::ONE, 2));
    }
}
