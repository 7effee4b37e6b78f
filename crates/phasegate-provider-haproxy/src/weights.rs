//! From a share to the two weights that come nearest to it, and back.
//!
//! Weights are whole numbers from 0 to 256. Taking both as free and not one as the rest of 256 meets most
//! shares exactly (1 % is 1 and 99).

use phasegate_core::Ratio;

/// The highest weight that HAProxy takes.
pub(crate) const WEIGHT_MAX: u64 = 256;

/// The weight of each canary server, and of each stable one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Pair {
    pub(crate) canary: u64,
    pub(crate) stable: u64,
}

/// The weights that come nearest to a share, for so many servers of each version: the smallest of those
/// that come as near. `None` for a share so near to nothing or all that weights would miss it by more than
/// a quarter.
pub(crate) fn nearest(share: Ratio, canaries: u64, stables: u64) -> Option<Pair> {
    if share == Ratio::ZERO {
        return Some(Pair {
            canary: 0,
            stable: 1,
        });
    }
    if share == Ratio::ONE {
        return Some(Pair {
            canary: 1,
            stable: 0,
        });
    }
    let mut best: Option<(u64, Pair)> = None;
    for canary in 1..=WEIGHT_MAX {
        // stables * s / (canaries * c) = (1 - share) / share
        let wanted = u128::from(canaries * canary) * u128::from(1_000_000 - share.ppm());
        let divisor = u128::from(stables) * u128::from(share.ppm());
        let floor = u64::try_from(wanted / divisor.max(1)).unwrap_or(u64::MAX);
        for stable in [floor, floor.saturating_add(1)] {
            let stable = stable.clamp(1, WEIGHT_MAX);
            let off = ppm(canaries * canary, stables * stable).abs_diff(u64::from(share.ppm()));
            if best.is_none_or(|(least, _)| off < least) {
                best = Some((off, Pair { canary, stable }));
            }
        }
    }
    let (off, pair) = best?;
    // Off by more than a quarter of the smaller side: it cannot be done.
    let edge = u64::from(share.ppm().min(1_000_000 - share.ppm()));
    (off <= edge / 4).then_some(pair)
}

/// The part of the first in both, in parts per million, rounded; 0 of nothing.
fn ppm(canary: u64, stable: u64) -> u64 {
    let sum = canary.saturating_add(stable);
    if sum == 0 {
        return 0;
    }
    let part = (u128::from(canary) * 1_000_000 + u128::from(sum) / 2) / u128::from(sum);
    u64::try_from(part).unwrap_or(u64::MAX)
}

/// The canary's share for weights summed over servers.
pub(crate) fn share(canary: u64, stable: u64) -> Ratio {
    let ppm = u32::try_from(ppm(canary, stable)).ok();
    ppm.and_then(|ppm| Ratio::from_ppm(ppm).ok())
        .unwrap_or(Ratio::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(ppm: u32) -> Ratio {
        Ratio::from_ppm(ppm).expect("a ratio")
    }

    #[test]
    fn round_shares_are_met_exactly_and_others_within_two_thousandths() {
        for (ppm, pair) in [
            (0, (0, 1)),
            (1_000_000, (1, 0)),
            (500_000, (1, 1)),
            (10_000, (1, 99)),
            (50_000, (1, 19)),
            (250_000, (1, 3)),
            (333_333, (1, 2)),
            (990_000, (99, 1)),
        ] {
            let found = nearest(ratio(ppm), 1, 1).expect("possible");
            assert_eq!((found.canary, found.stable), pair, "{ppm}");
        }
        for ppm in (8_000..=992_000).step_by(997) {
            for (canaries, stables) in [(1, 1), (1, 3), (2, 1)] {
                let Some(pair) = nearest(ratio(ppm), canaries, stables) else {
                    assert!((canaries, stables) != (1, 1), "{ppm}");
                    continue;
                };
                assert!(pair.canary <= WEIGHT_MAX && pair.stable <= WEIGHT_MAX);
                let found = share(canaries * pair.canary, stables * pair.stable);
                let off = found.ppm().abs_diff(ppm);
                assert!(off <= ppm.min(1_000_000 - ppm) / 4, "{ppm}: {pair:?}");
                assert!(
                    off <= 2000 || (canaries, stables) != (1, 1),
                    "{ppm}: {pair:?}"
                );
            }
        }
    }

    #[test]
    fn what_would_become_nothing_or_all_is_impossible() {
        for ppm in [1, 1000, 999_000, 999_999] {
            assert_eq!(nearest(ratio(ppm), 1, 1), None, "{ppm}");
        }
        assert!(nearest(ratio(3_900), 1, 1).is_some());
    }

    #[test]
    fn shares_count_all_servers() {
        assert_eq!(share(1, 3), ratio(250_000));
        assert_eq!(share(0, 0), Ratio::ZERO);
        let pair = nearest(ratio(250_000), 1, 3).expect("possible");
        assert_eq!((pair.canary, pair.stable), (1, 1));
    }
}
