//! What the targets of the percentile core share.
#![allow(dead_code, reason = "each target uses a part")]

use phasegate_percentile::{MappedHistogram, mapping::Mapping};

/// Asks and changes a histogram that was read: nothing may panic, and answers lie in their interval.
pub fn usable<M: Mapping, const SUM: bool>(histogram: &MappedHistogram<M, SUM>) {
    for q in [0.0, 0.5, 0.99, 1.0] {
        if let Some(answer) = histogram.quantile(q) {
            assert!(answer.low <= answer.value && answer.value <= answer.high, "{answer:?}");
        }
    }
    let _below = histogram.count_below(1.0);
    let _sum = histogram.sum_estimate();
    let mut twice = histogram.clone();
    twice.merge(histogram).expect("alike");
    if histogram.count() < u64::MAX / 2 {
        assert_eq!(twice.count(), 2 * histogram.count());
        twice.subtract(histogram).expect("a part");
        assert_eq!(twice.count(), histogram.count());
    }
    twice.record(1.0);
    twice.record(-1.0);
}

/// The bytes with their last four replaced by the CRC-32 of the others.
pub fn resealed(bytes: &[u8]) -> Vec<u8> {
    let body = bytes.split_last_chunk::<4>().map_or(bytes, |(body, _)| body);
    let mut checksum = u32::MAX;
    for byte in body {
        checksum ^= u32::from(*byte);
        for _ in 0..8 {
            checksum = (checksum >> 1) ^ if checksum & 1 == 1 { 0xEDB8_8320 } else { 0 };
        }
    }
    [body, &(!checksum).to_le_bytes()].concat()
}
