//! No bytes make the decoder of the compact form panic; what it reads is usable, and is written as bytes that read
//! back as the same.
#![no_main]

mod percentile;

use libfuzzer_sys::fuzz_target;
use percentile::{resealed, usable};
use phasegate_percentile::{
    CountHistogram, Histogram, MappedHistogram,
    mapping::{Base2, Cubic, LogLinear, Logarithmic, Mapping},
};

fn read<M: Mapping, const SUM: bool>(bytes: &[u8]) {
    if let Ok(histogram) = MappedHistogram::<M, SUM>::decode(bytes) {
        usable(&histogram);
        assert_eq!(MappedHistogram::<M, SUM>::decode(&histogram.encode()), Ok(histogram));
    }
}

fuzz_target!(|bytes: &[u8]| {
    // As it is, and with a checksum that fits: else no mutation would pass the first check.
    for bytes in [bytes.to_vec(), resealed(bytes)] {
        let _plain = Histogram::decode(&bytes);
        let _counts = CountHistogram::decode(&bytes);
        read::<LogLinear<6>, true>(&bytes);
        read::<LogLinear<6>, false>(&bytes);
        read::<Base2, false>(&bytes);
        read::<Logarithmic, false>(&bytes);
        read::<Cubic, false>(&bytes);
    }
});
