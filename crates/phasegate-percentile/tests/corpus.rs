//! Replays saved inputs of every decoder: written by this crate and by other implementations.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{fs, path::Path};

use phasegate_percentile::{
    CountHistogram, Histogram, MappedHistogram,
    mapping::{Base2, Cubic, LogLinear, Logarithmic, Mapping},
    wire::{
        ddsketch::{self, Dialect},
        hdr, otel, prometheus,
    },
};

/// Calls `check` with each saved input of a target; how many there were.
fn replay(target: &str, check: impl Fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus")
        .join(target);
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    files.map(|file| check(&fs::read(file).unwrap())).count()
}

fn usable<M: Mapping, const SUM: bool>(histogram: &MappedHistogram<M, SUM>) {
    for q in [0.0, 0.5, 0.99, 1.0] {
        if let Some(answer) = histogram.quantile(q) {
            assert!(
                answer.low <= answer.value && answer.value <= answer.high,
                "{answer:?}"
            );
        }
    }
    let mut twice = histogram.clone();
    twice.merge(histogram).unwrap();
    twice.record(1.0);
}

fn sketch<M: Mapping>(bytes: &[u8]) {
    for dialect in [Dialect::LowerBound, Dialect::UpperBound] {
        if let Ok(read) = ddsketch::decode::<M>(bytes, dialect) {
            usable(&read);
        }
    }
}

#[test]
fn every_saved_input_is_read_or_refused() {
    let compact = replay("percentile_compact", |bytes| {
        if let Ok(read) = Histogram::decode(bytes) {
            usable(&read);
            assert_eq!(Histogram::decode(&read.encode()), Ok(read));
        }
        if let Ok(read) = CountHistogram::decode(bytes) {
            usable(&read);
        }
    });
    let sketches = replay("percentile_ddsketch", |bytes| {
        sketch::<LogLinear<6>>(bytes);
        sketch::<Logarithmic>(bytes);
        sketch::<Cubic>(bytes);
    });
    let otel = replay("percentile_otel", |bytes| {
        if let Ok(read) = otel::decode(bytes) {
            usable::<Base2, false>(&read);
        }
    });
    let prometheus = replay("percentile_prometheus", |bytes| {
        if let Ok(read) = prometheus::decode(bytes) {
            usable::<Base2, false>(&read);
        }
    });
    let hdr = replay("percentile_hdr", |bytes| {
        if let Ok(read) = hdr::decode::<LogLinear<10>>(bytes) {
            usable(&read.histogram);
        }
    });
    assert!(
        [compact, sketches, otel, prometheus, hdr]
            .into_iter()
            .all(|seen| seen > 0)
    );
}
