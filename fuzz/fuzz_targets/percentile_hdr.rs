//! No bytes make the decoder of HdrHistogram V2, or the inflater under it, panic; what it reads is usable, and is
//! written as bytes that read back.
#![no_main]

mod percentile;

use libfuzzer_sys::fuzz_target;
use percentile::usable;
use phasegate_percentile::{
    mapping::{LogLinear, Mapping},
    wire::hdr,
};

fn read<M: Mapping + Default>(bytes: &[u8], digits: u8) {
    if let Ok(decoded) = hdr::decode::<M>(bytes) {
        usable(&decoded.histogram);
        if let Ok(written) = hdr::encode(&decoded.histogram, digits) {
            let _again = hdr::decode::<M>(&written.bytes);
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    read::<LogLinear<10>>(bytes, 3);
    read::<LogLinear<7>>(bytes, 2);
});
