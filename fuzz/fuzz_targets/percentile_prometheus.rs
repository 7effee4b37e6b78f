//! No bytes make the decoder of Prometheus native histograms panic; what it reads is usable, and is
//! written as bytes that read back with as many values.
#![no_main]

mod percentile;

use libfuzzer_sys::fuzz_target;
use percentile::usable;
use phasegate_percentile::wire::prometheus;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(histogram) = prometheus::decode(bytes) {
        usable(&histogram);
        let written = prometheus::encode(&histogram);
        if let Ok(again) = prometheus::decode(&written.bytes) {
            assert_eq!(again.count(), histogram.count() - written.left_out);
        }
    }
});
