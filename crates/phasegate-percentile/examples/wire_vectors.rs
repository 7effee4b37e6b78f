//! Prints the same values in every form that the crate writes, as JSON: what other implementations
//! read of it is recorded beside the tests.
//!
//! `cargo run -p phasegate-percentile --example wire_vectors > crates/phasegate-percentile/tests/data/ours.json`
#![expect(clippy::print_stdout, reason = "that is what it is for")]

use phasegate_percentile::{
    CountHistogram, MappedHistogram,
    mapping::{Base2, Cubic, LogLinear, Logarithmic, Mapping},
    wire::{
        ddsketch::{self, Dialect},
        hdr, otel, prometheus,
    },
};

fn numbers(n: usize) -> impl Iterator<Item = u64> {
    let step = |state: &u64| {
        Some(
            state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407),
        )
    };
    std::iter::successors(step(&1), step)
        .take(n)
        .map(|state| state >> 44)
}

fn filled<M: Mapping>(mapping: M) -> MappedHistogram<M, false> {
    let mut histogram = MappedHistogram::with_mapping(mapping);
    numbers(1000).for_each(|number| histogram.record(1.0 + number as f64 / 64.0));
    for value in [0.0, -3.5, -1000.25, 0.0] {
        histogram.record(value);
    }
    histogram
}

fn sketch<M: Mapping>(mapping: M) -> Option<Vec<u8>> {
    Some(ddsketch::encode(&filled(mapping), Dialect::UpperBound)?.bytes)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut whole: MappedHistogram<LogLinear<10>> = MappedHistogram::new();
    let mut coarse = CountHistogram::new();
    for number in numbers(1000) {
        whole.record_nanos(number);
        coarse.record_nanos(number);
    }
    let mut positive: MappedHistogram<Base2> = MappedHistogram::new();
    numbers(1000).for_each(|number| positive.record(1.0 + number as f64 / 64.0));
    positive.record(0.0);
    let rows = [
        ("ddsketch_linear", sketch(LogLinear::<6>)),
        ("ddsketch_logarithmic", sketch(Logarithmic::new(0.01)?)),
        ("ddsketch_cubic", sketch(Cubic::new(0.01)?)),
        ("otel", Some(otel::encode(&positive).bytes)),
        ("prometheus", Some(prometheus::encode(&positive).bytes)),
        ("hdr_3", Some(hdr::encode(&whole, 3)?.bytes)),
        ("hdr_3_deflate", Some(hdr::encode_deflate(&whole, 3)?.bytes)),
        (
            "hdr_2_deflate",
            Some(hdr::encode_deflate(&coarse, 2)?.bytes),
        ),
    ];
    let rows: Vec<String> = rows
        .into_iter()
        .map(|(name, bytes)| {
            let hex: String = bytes
                .iter()
                .flatten()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            format!("  \"{name}\": \"{hex}\"")
        })
        .collect();
    println!("{{\n{}\n}}", rows.join(",\n"));
    Ok(())
}
