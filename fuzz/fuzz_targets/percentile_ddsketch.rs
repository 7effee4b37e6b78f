//! No bytes make the decoder of DDSketch messages panic; what it reads is usable, and encodes again.
#![no_main]

mod percentile;

use libfuzzer_sys::fuzz_target;
use percentile::usable;
use phasegate_percentile::{
    mapping::{Cubic, LogLinear, Logarithmic, Mapping},
    wire::ddsketch::{self, Dialect},
};

fn read<M: Mapping>(bytes: &[u8]) {
    for dialect in [Dialect::LowerBound, Dialect::UpperBound] {
        if let Ok(histogram) = ddsketch::decode::<M>(bytes, dialect) {
            usable(&histogram);
            let written = ddsketch::encode(&histogram, dialect).expect("it has this mapping");
            let _again = ddsketch::decode::<M>(&written.bytes, dialect);
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    read::<LogLinear<6>>(bytes);
    read::<Logarithmic>(bytes);
    read::<Cubic>(bytes);
});
