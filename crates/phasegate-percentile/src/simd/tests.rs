//! The vector compilations against their scalar twins.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "tests: small numbers"
)]
use std::vec::Vec;

use proptest::prelude::*;

use super::{avx2, avx512, level};
use crate::kernels::{self, BLOCKS, Brackets, COUNT, UpperBrackets};

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

/// Some of the cells with the bit that is not a part of the count.
fn guarded(counts: &[u32], guards: u64) -> Vec<u32> {
    let guard = |place: usize| ((guards >> (place % 64)) as u32) << 31;
    counts
        .iter()
        .enumerate()
        .map(|(place, n)| n | guard(place))
        .collect()
}

proptest! {
    #[test]
    fn block_sums_are_equal(counts in counts(), shift in 0..3_u32, guards in any::<u64>()) {
        let counts = guarded(&counts, guards);
        let run = |sum: &dyn Fn(&mut [u64]) -> bool| {
            let mut sums = [0; BLOCKS];
            (sum(&mut sums), sums)
        };
        let plain = run(&|sums| kernels::block_sums(&counts, shift, sums));
        let total: u64 = plain.1.iter().sum();
        prop_assert_eq!(total, counts.iter().map(|n| u64::from(n & COUNT)).sum::<u64>());
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
    fn places_of_several_ranks_are_equal_and_right(
        counts in counts(), shift in 0..3_u32, guards in any::<u64>(),
        shares in prop::collection::vec(0.0..=1.0_f64, 0..9),
    ) {
        let counts = guarded(&counts, guards);
        let total = kernels::sum(&counts);
        prop_assume!(total > 0);
        let mut sums = [0; BLOCKS];
        prop_assert!(kernels::block_sums(&counts, shift, &mut sums));
        let mut run = 0;
        for sum in &mut sums {
            run += *sum;
            *sum = run;
        }
        let rank = |share: &f64| ((total as f64 * share) as u64).clamp(1, total);
        let ranks: Vec<u64> = shares.iter().map(rank).collect();
        let run = |find: &dyn Fn(&mut [u64])| {
            let mut places = ranks.clone();
            find(&mut places);
            places
        };
        let plain = run(&|ranks| kernels::places_of_ranks(&counts, shift, &sums, ranks));
        for (&rank, &place) in ranks.iter().zip(&plain) {
            let before = kernels::sum(&counts[..place as usize]);
            let count = u64::from(counts[place as usize] & COUNT);
            prop_assert!(before < rank && rank <= before + count);
            prop_assert_eq!(kernels::wide_place_of_rank(&counts, shift, &sums, rank), place);
        }
        if level::level() >= level::AVX2 {
            // SAFETY: the level says that the processor has the features.
            let found = run(&|ranks| unsafe { avx2::places_of_ranks(&counts, shift, &sums, ranks) });
            prop_assert_eq!(&found, &plain);
        }
        if level::level() == level::AVX512 {
            // SAFETY: as above.
            let found = run(&|ranks| unsafe { avx512::places_of_ranks(&counts, shift, &sums, ranks) });
            prop_assert_eq!(&found, &plain);
        }
    }

    #[test]
    fn added_counts_are_equal_and_right(
        own in counts(), others in counts(), skip in 0..16_usize, guards in any::<u64>(),
        high in prop::bool::weighted(0.1),
    ) {
        let mut own = guarded(&own, guards);
        let others = guarded(&others, guards.rotate_left(7));
        if high && !own.is_empty() {
            own[0] |= 1 << 30;
        }
        let run = |add: &dyn Fn(&mut [u32]) -> bool| {
            let mut cells = own.clone();
            // From any place on: lines of the cache begin somewhere else.
            let skip = skip.min(cells.len());
            (add(&mut cells[skip..]), cells)
        };
        let plain = run(&|cells| kernels::add(cells, &others));
        if !plain.0 {
            for (place, (sum, own)) in plain.1.iter().zip(&own).enumerate() {
                let other = place.checked_sub(skip).and_then(|place| others.get(place));
                prop_assert_eq!(*sum, own + (other.copied().unwrap_or(0) & COUNT));
            }
        }
        if level::level() >= level::AVX2 {
            // SAFETY: the level says that the processor has the features.
            prop_assert_eq!(&run(&|cells| unsafe { avx2::add(cells, &others) }), &plain);
        }
        if level::level() == level::AVX512 {
            // SAFETY: as above.
            prop_assert_eq!(&run(&|cells| unsafe { avx512::add(cells, &others) }), &plain);
        }
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
        ends in prop::collection::vec(float(), 8), used in 1..=4_usize,
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
            used,
        };
        let sorted = |mut out: Vec<f64>| {
            out.sort_by(f64::total_cmp);
            out.into_iter().map(f64::to_bits).collect::<Vec<_>>()
        };
        let (mut left, mut right) = (vec![], vec![]);
        let plain = kernels::gather_brackets(&values, &brackets, 300, &mut left);
        prop_assert_eq!(plain.is_none(), values.iter().any(|value| value.is_nan()));
        prop_assert_eq!(super::gather_brackets(&values, &brackets, 300, &mut right), plain);
        if plain.is_some() {
            prop_assert_eq!(sorted(left), sorted(right));
        }
        if let Some(upper) = UpperBrackets::around(&brackets) {
            let (mut left, mut right) = (vec![], vec![]);
            let plain = kernels::gather_upper(&values, &upper, 300, &mut left);
            prop_assert_eq!(plain.is_none(), !values.iter().all(|value| value.is_finite()));
            prop_assert_eq!(super::gather_upper(&values, &upper, 300, &mut right), plain);
            if plain.is_some() {
                prop_assert_eq!(sorted(left), sorted(right));
            }
        }
    }

    #[test]
    fn buckets_of_a_batch_are_equal_and_rise(
        values in prop::collection::vec(prop_oneof![4 => float(), 1 => any::<f64>()], 0..300),
        low in float(), bits in 1..=11_u32, wanted in prop::collection::vec(0..2048_u16, 4),
    ) {
        let last = (1_u16 << bits) - 1;
        let (base, shift) = (kernels::order(low), 64 - bits);
        let (mut left, mut right) = (vec![0; values.len()], vec![0; values.len()]);
        let plain = kernels::whole_indices(&values, base, shift, last, &mut left);
        let vector = super::whole_indices(&values, base, shift, last, &mut right);
        prop_assert_eq!((plain, &left), (vector, &right));
        let (base, shift) = ((base >> 32) as u32, 32 - bits);
        let plain = kernels::upper_indices(&values, base, shift, last, &mut left);
        let vector = super::upper_indices(&values, base, shift, last, &mut right);
        prop_assert_eq!((plain, &left), (vector, &right));
        prop_assert_eq!(plain, values.iter().all(|value| value.is_finite()));
        let mut pairs: Vec<(f64, u16)> = values.iter().copied().zip(left.clone()).collect();
        pairs.retain(|(value, _)| !value.is_nan());
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        prop_assert!(pairs.is_sorted_by_key(|(_, index)| *index));
        let wanted: [u16; 4] = wanted.try_into().unwrap();
        let (mut some, mut others) = (vec![], vec![]);
        kernels::gather_buckets(&values, &left, wanted, &mut some);
        super::gather_buckets(&values, &left, wanted, &mut others);
        let bits = |of: Vec<f64>| of.into_iter().map(f64::to_bits).collect::<Vec<_>>();
        prop_assert_eq!(bits(some), bits(others));
        let seen = super::extremes(&values);
        prop_assert_eq!(seen, kernels::extremes(&values));
        prop_assert_eq!(seen.is_none(), values.iter().any(|value| value.is_nan()));
        prop_assert_eq!(super::three_way(&values, low), kernels::three_way(&values, low));
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
    }

    #[test]
    fn places_extremes_and_counts_are_equal(
        values in prop::collection::vec(prop_oneof![1.0..1e3_f64, Just(7.0)], 0..300),
        shift in 40..=52_u32,
    ) {
        let (least, greatest) = kernels::float_extremes(&values);
        prop_assert_eq!(super::float_extremes(&values), (least, greatest));
        let expected = values
            .iter()
            .fold((f64::INFINITY, 0.0_f64), |(low, high), value| {
                (low.min(*value), high.max(*value))
            });
        prop_assert_eq!((least, greatest), expected);
        let first = (1.0_f64.to_bits() >> shift) as u32;
        let (mut left, mut right) = ([0; kernels::CHUNK], [0; kernels::CHUNK]);
        let ends = kernels::places(&values, shift, first, &mut left);
        prop_assert_eq!(super::places(&values, shift, first, &mut right), ends);
        prop_assert_eq!(left, right);
        let places: Vec<u32> = left[..values.len()].iter().map(|place| place % 500).collect();
        let indices: Vec<u16> = places.iter().map(|place| *place as u16).collect();
        let mut counts = vec![vec![0; 500]; 4];
        kernels::count_places(&mut counts[0], &places);
        super::count_places(&mut counts[1], &places);
        kernels::count_indices(&mut counts[2], &indices);
        super::count_indices(&mut counts[3], &indices);
        for place in 0..500_u32 {
            let n = places.iter().filter(|other| **other == place).count() as u32;
            prop_assert!(counts.iter().all(|counts| counts[place as usize] == n));
        }
    }

    #[test]
    fn a_borrow_is_seen(left in any::<[u32; 3]>(), right in any::<[u32; 3]>()) {
        let mut own = left;
        let less = kernels::subtract(&mut own, &right);
        let some_less = left.iter().zip(&right).any(|(a, b)| a & COUNT < b & COUNT);
        prop_assert_eq!(less, some_less);
    }
}
