//! Chooses at run time between three compilations of the same loops: plain, AVX2, AVX-512.
//!
//! This is the only module of the crate with `unsafe` in it. Plain loads and stores of vectors need it,
//! and calls: a function compiled for a processor
//! feature may only be called on a processor that has it; that is checked once, and the answer is
//! kept in `LEVEL`. Nothing else here needs trust: the loops themselves are safe code in `kernels`.
#![cfg_attr(
    all(feature = "simd", target_arch = "x86_64"),
    expect(
        unsafe_code,
        reason = "loads and stores of vectors, and calls after detection of features"
    )
)]

use alloc::vec::Vec;

use crate::kernels::{self, BRACKETS, Brackets, CHUNK, Counts, UpperBrackets, WANTED};

#[cfg(all(feature = "simd", target_arch = "x86_64"))]
mod level {
    use core::sync::atomic::{AtomicU8, Ordering};

    pub(super) const PLAIN: u8 = 1;
    pub(super) const AVX2: u8 = 2;
    pub(super) const AVX512: u8 = 3;

    static LEVEL: AtomicU8 = AtomicU8::new(0);

    /// What this processor can do.
    #[inline(always)]
    pub(super) fn level() -> u8 {
        match LEVEL.load(Ordering::Relaxed) {
            0 => detect(),
            level => level,
        }
    }

    #[cold]
    fn detect() -> u8 {
        use std::arch::is_x86_feature_detected as has;
        let avx2 = has!("avx2") && has!("bmi1") && has!("bmi2") && has!("popcnt") && has!("lzcnt");
        let avx512 =
            avx2 && has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl");
        let level = match (avx2, avx512) {
            (_, true) => AVX512,
            (true, false) => AVX2,
            (false, false) => PLAIN,
        };
        LEVEL.store(level, Ordering::Relaxed);
        level
    }
}

#[cfg(all(feature = "simd", target_arch = "x86_64"))]
mod avx2;
#[cfg(all(feature = "simd", target_arch = "x86_64"))]
mod avx512;
#[cfg(all(test, feature = "simd", target_arch = "x86_64"))]
mod tests;

/// Whether this processor has vectors that the crate makes use of.
pub(crate) fn has_vectors() -> bool {
    #[cfg(all(feature = "simd", target_arch = "x86_64"))]
    return level::level() != level::PLAIN;
    #[cfg(not(all(feature = "simd", target_arch = "x86_64")))]
    false
}

/// Makes functions that choose among three compilations. Those after `plain` are the kernels,
/// compiled with more features; those after `written` stand in the modules of the features.
macro_rules! dispatched {
    (
        plain { $(fn $name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)* }
        written { $(fn $own:ident($($own_arg:ident: $own_type:ty),*) -> $own_answer:ty;)* }
    ) => {
        #[cfg(all(feature = "simd", target_arch = "x86_64"))]
        mod compiled_avx2 {
            use super::*;
            $(
                #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
                pub(super) fn $name($($arg: $type),*) -> $answer {
                    kernels::$name($($arg),*)
                }
            )*
            pub(super) use super::avx2::{$($own),*};
        }

        #[cfg(all(feature = "simd", target_arch = "x86_64"))]
        mod compiled_avx512 {
            use super::*;
            $(
                #[target_feature(
                    enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,popcnt,lzcnt"
                )]
                pub(super) fn $name($($arg: $type),*) -> $answer {
                    kernels::$name($($arg),*)
                }
            )*
            pub(super) use super::avx512::{$($own),*};
        }

        $(dispatched!(@one $name($($arg: $type),*) -> $answer);)*
        $(dispatched!(@one $own($($own_arg: $own_type),*) -> $own_answer);)*
    };
    (@one $name:ident($($arg:ident: $type:ty),*) -> $answer:ty) => {
        /// See the kernel of the same name.
        #[inline]
        pub(crate) fn $name($($arg: $type),*) -> $answer {
            #[cfg(all(feature = "simd", target_arch = "x86_64"))]
            match level::level() {
                // SAFETY: the level says that the processor has all features that the function is
                // compiled for.
                level::AVX512 => return unsafe { compiled_avx512::$name($($arg),*) },
                // SAFETY: as above.
                level::AVX2 => return unsafe { compiled_avx2::$name($($arg),*) },
                _ => {}
            }
            kernels::$name($($arg),*)
        }
    };
}

dispatched! {
    plain {
        fn subtract(own: &mut [u32], others: &[u32]) -> bool;
        fn sum(counts: &[u32]) -> u64;
        fn greatest(counts: &[u32]) -> u32;
        fn count_below(values: &[f64], bound: f64) -> u64;
        fn has_nan(values: &[f64]) -> bool;
        fn float_extremes(values: &[f64]) -> (f64, f64);
        fn places(values: &[f64], shift: u32, first: u32, places: &mut [u32; CHUNK]) -> (u32, u32);
        fn extremes(values: &[f64]) -> Option<(f64, f64)>;
        fn whole_indices(
            values: &[f64], base: u64, shift: u32, last: u16, indices: &mut [u16]
        ) -> bool;
        fn upper_indices(
            values: &[f64], base: u32, shift: u32, last: u16, indices: &mut [u16]
        ) -> bool;
        fn three_way(values: &[f64], middle: f64) -> (u64, u64);
    }
    written {
        fn add(own: &mut [u32], others: &[u32]) -> bool;
        fn block_sums(counts: &[u32], shift: u32, sums: &mut [u64]) -> bool;
        fn place_of_rank(counts: &[u32], rank: u64) -> usize;
        fn places_of_ranks(
            counts: &[u32], shift: u32, sums: &[u64], ranks: &mut [u64]
        ) -> ();
        fn count_places(counts: &mut [u32], places: &[u32]) -> ();
        fn count_indices(counts: &mut [u32], indices: &[u16]) -> ();
        fn split_sums(values: &[f64], magnet: f64) -> (f64, f64);
        fn gather_brackets(
            values: &[f64], brackets: &Brackets, limit: usize, out: &mut Vec<f64>
        ) -> Option<Counts>;
        fn gather_upper(
            values: &[f64], brackets: &UpperBrackets, limit: usize, out: &mut Vec<f64>
        ) -> Option<[u64; BRACKETS]>;
        fn gather_buckets(
            values: &[f64], indices: &[u16], wanted: [u16; WANTED], out: &mut Vec<f64>
        ) -> ();
    }
}
