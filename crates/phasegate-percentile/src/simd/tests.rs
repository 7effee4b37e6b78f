//! The vector compilations against their scalar twins.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "tests: small numbers"
)]
use std::vec::Vec;

use proptest::prelude::*;

use super::{avx2, avx512, level};
use crate::kernels::{self, BLOCKS, Brackets};

/// Runs a function in all compilations that this processor has and holds that the answers are equal.
macro_rules! same {
    ($name:ident($($arg:expr),*)) => {{
        let plain = kernels::$name($($arg),*);
        if level::level() >= level::AVX2 {
            // SAFETY: the level says that the processor has the features.
            prop_assert_eq!(unsafe { avx2::$name($($arg),*) }, plain);
        }
        if level::level() == level::AVX512 {
            // SAFETY: as above.
            prop_assert_eq!(unsafe { avx512::$name($($arg),*) }, plain);
        }
        plain
    }};
}

fn counts() -> impl Strategy<Value = Vec<u32>> {
    let count = prop_oneof![4 => 0..1000_u32, 1 => 0..1_u32 << 26, 1 => Just(0)];
    prop::collection::vec(count, 0..700)
}

fn float() -> impl Strategy<Value = f64> {
    prop_oneof![
        -1e3..1e3_f64,
        (0..5_i32).prop_map(f64::from),
        prop::sample::select(vec![
            f64::INFINITY,
            f64::NEG_INFINITY,
            -0.0,
            5e-324,
            f64::MAX
        ]),
    ]
}

proptest! {
    #[test]
    fn block_sums_are_equal(counts in counts(), shift in 0..3_u32) {
        let run = |sum: &dyn Fn(&mut [u64; BLOCKS]) -> bool| {
            let mut sums = [0; BLOCKS];
            (sum(&mut sums), sums)
        };
        let plain = run(&|sums| kernels::block_sums(&counts, shift, sums));
        let total: u64 = plain.1.iter().sum();
        prop_assert_eq!(total, counts.iter().map(|n| u64::from(*n)).sum::<u64>());
        if level::level() >= level::AVX2 {
            // SAFETY: the level says that the processor has the features.
            let found = run(&|sums| unsafe { avx2::block_sums(&counts, shift, sums) });
            prop_assert_eq!(found, plain);
        }
        if level::level() == level::AVX512 {
            // SAFETY: as above.
            let found = run(&|sums| unsafe { avx512::block_sums(&counts, shift, sums) });
            prop_assert_eq!(found, plain);
        }
    }

    #[test]
    fn places_of_ranks_are_equal_and_right(counts in counts(), share in 0.0..=1.0_f64) {
        let counts = &counts[..counts.len().min(256)];
        let total: u64 = counts.iter().map(|n| u64::from(*n)).sum();
        prop_assume!(total > 0);
        let rank = ((total as f64 * share) as u64).clamp(1, total);
        let place = same!(place_of_rank(counts, rank));
        let before: u64 = counts[..place].iter().map(|n| u64::from(*n)).sum();
        prop_assert!(before < rank && rank <= before + u64::from(counts[place]));
    }

    #[test]
    fn split_sums_are_equal(values in prop::collection::vec(1.0..1e6_f64, 0..1024)) {
        let magnet = f64::from_bits((1023 + 20 + 11) << 52) * 1.5;
        let (high, low) = same!(split_sums(&values, magnet));
        // Both parts are exact, so they hold what integers of the same values hold.
        let unit = 2_f64.powi(-60);
        let exact: i128 = values.iter().map(|value| (value / unit) as i128).sum();
        prop_assert_eq!((high / unit) as i128 + (low / unit) as i128, exact);
    }

    #[test]
    fn gathered_brackets_are_equal(
        values in prop::collection::vec(float(), 0..300),
        ends in prop::collection::vec(float(), 8),
        nan in any::<prop::sample::Index>(), with_nan in prop::bool::weighted(0.1),
    ) {
        let mut values = values;
        if with_nan && !values.is_empty() {
            let place = nan.index(values.len());
            values[place] = f64::NAN;
        }
        let brackets = Brackets {
            lows: std::array::from_fn(|i| ends[2 * i].min(ends[2 * i + 1])),
            highs: std::array::from_fn(|i| ends[2 * i].max(ends[2 * i + 1])),
        };
        type Gather<'a> = &'a dyn Fn(&mut [f64]) -> Option<([u64; 4], usize)>;
        let run = |gather: Gather<'_>| {
            let mut out = vec![0.0; values.len() + 8];
            let (totals, filled) = gather(&mut out)?;
            out.truncate(filled);
            Some((totals, out))
        };
        let plain = run(&|out| kernels::gather_brackets(&values, &brackets, out));
        prop_assert_eq!(plain.is_none(), values.iter().any(|value| value.is_nan()));
        if level::level() >= level::AVX2 {
            // SAFETY: the level says that the processor has the features.
            let found = run(&|out| unsafe { avx2::gather_brackets(&values, &brackets, out) });
            prop_assert_eq!(&found, &plain);
        }
        if level::level() == level::AVX512 {
            // SAFETY: as above.
            let found = run(&|out| unsafe { avx512::gather_brackets(&values, &brackets, out) });
            prop_assert_eq!(&found, &plain);
        }
    }

    #[test]
    fn compiled_kernels_are_equal(
        counts in prop::collection::vec(any::<u32>(), 0..300),
        others in prop::collection::vec(any::<u32>(), 0..300),
        values in prop::collection::vec(any::<f64>(), 0..300),
        bound in any::<f64>(),
    ) {
        let (mut left, mut right) = (counts.clone(), counts.clone());
        let wrapped = kernels::add(&mut left, &others);
        prop_assert_eq!(super::add(&mut right, &others), wrapped);
        prop_assert_eq!(&left, &right);
        let less = kernels::subtract(&mut left, &others);
        prop_assert_eq!(super::subtract(&mut right, &others), less);
        prop_assert_eq!(&left, &right);
        prop_assert_eq!(&left, &counts);
        prop_assert_eq!(super::sum(&counts), kernels::sum(&counts));
        prop_assert_eq!(super::greatest(&counts), kernels::greatest(&counts));
        prop_assert_eq!(super::count_below(&values, bound), kernels::count_below(&values, bound));
        prop_assert_eq!(super::has_nan(&values), kernels::has_nan(&values));
        prop_assert_eq!(super::bit_extremes(&values), kernels::bit_extremes(&values));
    }

    #[test]
    fn a_borrow_is_seen(left in any::<[u32; 3]>(), right in any::<[u32; 3]>()) {
        let mut own = left;
        let less = kernels::subtract(&mut own, &right);
        prop_assert_eq!(less, left.iter().zip(&right).any(|(a, b)| a < b));
    }
}
