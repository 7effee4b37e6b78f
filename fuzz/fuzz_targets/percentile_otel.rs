//! No bytes make the decoder of OpenTelemetry exponential histograms panic; what it reads is usable, and is
//! written as bytes that read back with as many values.
#![no_main]

mod percentile;

use libfuzzer_sys::fuzz_target;
use percentile::usable;
use phasegate_percentile::wire::otel;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(histogram) = otel::decode(bytes) {
        usable(&histogram);
        let written = otel::encode(&histogram);
        if let Ok(again) = otel::decode(&written.bytes) {
            assert_eq!(again.count(), histogram.count() - written.left_out);
        }
    }
});
