//! The wire formats against other implementations: what they wrote, and what they read of ours.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests: small numbers, exactness is what counts"
)]

use phasegate_percentile::{
    CountHistogram, DecodeError, Histogram, MappedHistogram,
    mapping::{Base2, Cubic, LogLinear, Logarithmic, Mapping},
    wire::{
        ddsketch::{self, Dialect},
        hdr::{self, EncodeError},
        otel, prometheus,
    },
};
use proptest::prelude::*;
use serde_json::Value;

/// Written by others: see `make_wire.py` beside it.
const THEIRS: &str = include_str!("data/wire.json");
/// Written by the example `wire_vectors`.
const OURS: &str = include_str!("data/ours.json");
/// What others read from ours: see `read_wire.py` beside it.
const READ: &str = include_str!("data/read.json");

const SHARES: [f64; 5] = [0.01, 0.25, 0.5, 0.9, 0.99];

fn bytes(document: &Value, name: &str) -> Vec<u8> {
    let value = &document[name];
    let text = value.as_str().or_else(|| value["bytes"].as_str()).unwrap();
    let digits = text
        .as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).unwrap());
    digits
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The same generator as in `make_wire.py`.
fn numbers(n: usize) -> Vec<u64> {
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
        .collect()
}

fn filled<M: Mapping>(mapping: M) -> MappedHistogram<M, false> {
    let mut histogram = MappedHistogram::with_mapping(mapping);
    numbers(1000)
        .iter()
        .for_each(|number| histogram.record(1.0 + *number as f64 / 64.0));
    for value in [0.0, -3.5, -1000.25, 0.0] {
        histogram.record(value);
    }
    histogram
}

fn positive(scale: i8) -> MappedHistogram<Base2> {
    let mut histogram = MappedHistogram::with_mapping(Base2::new(scale).unwrap());
    numbers(1000)
        .iter()
        .for_each(|number| histogram.record(1.0 + *number as f64 / 64.0));
    histogram.record(0.0);
    histogram
}

/// Others round at the edges of buckets in their own way: at most so many values of a bucket may
/// have gone to its neighbour.
fn same_but_for_rounding(ours: &[(f64, f64, u64)], theirs: &[(f64, f64, u64)]) {
    let all = |list: &[(f64, f64, u64)]| list.iter().map(|(_, _, n)| *n).sum::<u64>();
    assert_eq!(all(ours), all(theirs));
    let moved: u64 = ours
        .iter()
        .map(|(low, _, n)| {
            let other = theirs
                .iter()
                .find(|(other, _, _)| (other / low - 1.0).abs() < 1e-9);
            n.abs_diff(other.map_or(0, |(_, _, n)| *n))
        })
        .sum();
    assert!(moved <= 4, "{moved}");
}

fn sketch_of<M: Mapping>(name: &str, mapping: M) {
    let theirs = json(THEIRS);
    let ours = filled(mapping.clone());
    let read = ddsketch::decode::<M>(&bytes(&theirs, name), Dialect::UpperBound).unwrap();
    assert_eq!(read.classes().zero, 2, "{name}");
    same_but_for_rounding(
        &ours.buckets().collect::<Vec<_>>(),
        &read.buckets().collect::<Vec<_>>(),
    );
    // And what they read of ours.
    let message = ddsketch::encode(&ours, Dialect::UpperBound).unwrap();
    assert_eq!(message.bytes, bytes(&json(OURS), name), "{name}");
    let answers = &json(READ)[name];
    for (q, answer) in SHARES.iter().zip(answers.as_array().unwrap()) {
        let answer = answer.as_f64().unwrap();
        let error = nearest(&ours, *q, answer);
        assert!(
            error <= mapping.relative_error() * 1.03,
            "{name} {q} {answer} {error}"
        );
    }
}

/// How far an answer is from the nearest value next to a rank.
fn nearest<M: Mapping>(of: &MappedHistogram<M, false>, q: f64, answer: f64) -> f64 {
    let mut values: Vec<f64> = numbers(1000)
        .iter()
        .map(|n| 1.0 + *n as f64 / 64.0)
        .collect();
    values.extend([0.0, -3.5, -1000.25, 0.0]);
    values.sort_by(f64::total_cmp);
    assert_eq!(values.len() as u64, of.count());
    let rank = (q * values.len() as f64) as usize;
    let around = values[rank.saturating_sub(1)..(rank + 2).min(values.len())].iter();
    around
        .map(|value| (answer / value - 1.0).abs())
        .fold(f64::INFINITY, f64::min)
}

#[test]
fn sketches_are_exchanged_with_datadogs_library() {
    sketch_of("ddsketch_linear", LogLinear::<6>);
    sketch_of("ddsketch_logarithmic", Logarithmic::new(0.01).unwrap());
    sketch_of("ddsketch_cubic", Cubic::new(0.01).unwrap());
    let message = bytes(&json(THEIRS), "ddsketch_cubic");
    let other = ddsketch::decode::<Logarithmic>(&message, Dialect::UpperBound);
    assert_eq!(other, Err(DecodeError::Mapping));
    assert!(ddsketch::encode(&filled(Base2::default()), Dialect::LowerBound).is_none());
}

#[test]
fn exponential_histograms_are_exchanged_with_opentelemetrys_library() {
    let (theirs, ours) = (json(THEIRS), positive(6));
    let read = otel::decode(&bytes(&theirs, "otel")).unwrap();
    same_but_for_rounding(
        &ours.buckets().collect::<Vec<_>>(),
        &read.buckets().collect::<Vec<_>>(),
    );
    assert_eq!((read.min(), read.max()), (ours.min(), ours.max()));
    let point = otel::encode(&ours);
    assert_eq!(
        (&point.bytes, point.left_out),
        (&bytes(&json(OURS), "otel"), 0)
    );
    // Their own point and what they read of ours agree in every field.
    let (seen, own) = (&json(READ)["otel"], &theirs["otel"]);
    for field in ["scale", "count", "sum", "offset"] {
        assert_eq!(seen[field], own[field], "{field}");
    }
    // Theirs has room for zeros at the end.
    let counts = |value: &Value| -> Vec<u64> {
        let counts = value["counts"].as_array().unwrap().iter();
        let mut counts: Vec<u64> = counts.map(|n| n.as_u64().unwrap()).collect();
        counts.truncate(counts.iter().rposition(|n| *n != 0).unwrap() + 1);
        counts
    };
    let (seen, own) = (counts(seen), counts(own));
    let moved: u64 = seen.iter().zip(&own).map(|(a, b)| a.abs_diff(*b)).sum();
    assert!(moved <= 4 && seen.len() == own.len(), "{moved}");
}

#[test]
fn native_histograms_are_read_by_prometheus_own_schema() {
    let ours = positive(6);
    let message = prometheus::encode(&ours);
    assert_eq!(message.bytes, bytes(&json(OURS), "prometheus"));
    let seen = &json(READ)["prometheus"];
    assert_eq!(
        (seen["schema"].as_i64(), seen["count"].as_u64()),
        (Some(6), Some(1001))
    );
    assert_eq!(seen["sum"].as_f64(), Some(ours.sum()));
    let buckets = seen["buckets"].as_array().unwrap();
    assert_eq!(buckets.len(), ours.buckets().count());
    for (bucket, (_, high, n)) in buckets.iter().zip(ours.buckets()) {
        // Their index names the upper bound 2^(i/2^schema).
        let bound = (bucket[0].as_f64().unwrap() / 64.0).exp2();
        assert!((bound / high - 1.0).abs() < 1e-12);
        assert_eq!(bucket[1].as_u64(), Some(n));
    }
    let read = prometheus::decode(&message.bytes).unwrap();
    assert!(read.buckets().eq(ours.buckets()));
}

#[test]
fn hdr_histograms_are_exchanged_with_their_own_library() {
    let (theirs, read) = (json(THEIRS), json(READ));
    let mut whole: MappedHistogram<LogLinear<10>> = MappedHistogram::new();
    let mut medium: MappedHistogram<LogLinear<7>> = MappedHistogram::new();
    let mut coarse = CountHistogram::new();
    for number in numbers(1000) {
        whole.record_nanos(number);
        medium.record_nanos(number);
        coarse.record_nanos(number);
    }
    let decoded = hdr::decode::<LogLinear<10>>(&bytes(&theirs, "hdr_3_deflate")).unwrap();
    assert!(decoded.histogram.buckets().eq(whole.buckets()));
    let decoded = hdr::decode::<LogLinear<7>>(&bytes(&theirs, "hdr_2")).unwrap();
    assert!(decoded.histogram.buckets().eq(medium.buckets()));
    let written = hdr::encode_deflate(&whole, 3).unwrap();
    assert_eq!(written.bytes, bytes(&json(OURS), "hdr_3_deflate"));
    // Lossless: they answer from our bytes what they answer from their own.
    assert_eq!(read["hdr_3_deflate"], theirs["hdr_3_deflate"]["quantiles"]);
    // Not lossless: the answer is within the error that was announced.
    let written = hdr::encode_deflate(&coarse, 2).unwrap();
    assert_eq!(written.bytes, bytes(&json(OURS), "hdr_2_deflate"));
    let exact = theirs["hdr_3_deflate"]["quantiles"].as_array().unwrap();
    for (seen, exact) in read["hdr_2_deflate"].as_array().unwrap().iter().zip(exact) {
        let error = (seen.as_f64().unwrap() / exact.as_f64().unwrap() - 1.0).abs();
        assert!(error <= written.relative_error + 0.002, "{error}");
    }
}

#[test]
fn what_a_format_cannot_hold_is_said_or_refused() {
    let mut odd = CountHistogram::new();
    odd.record_slice(&[1.0, f64::NAN, f64::INFINITY, 1e300, -1.0, 0.0]);
    assert_eq!(
        ddsketch::encode(&odd, Dialect::LowerBound)
            .unwrap()
            .left_out,
        3
    );
    assert_eq!(hdr::encode(&odd, 3).unwrap().left_out, 4);
    assert_eq!(hdr::encode(&odd, 6), Err(EncodeError::Digits));
    odd.record(0.3);
    assert_eq!(hdr::encode(&odd, 3), Err(EncodeError::NotWhole));
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-60.0..60.0_f64).prop_map(f64::exp2),
        2 => (-60.0..60.0_f64).prop_map(|exponent| -exponent.exp2()),
        1 => Just(0.0),
    ]
}

fn survives<M: Mapping>(mapping: M, values: &[f64]) {
    let mut histogram: MappedHistogram<M, false> = MappedHistogram::with_mapping(mapping);
    histogram.record_slice(values);
    for dialect in [Dialect::LowerBound, Dialect::UpperBound] {
        let message = ddsketch::encode(&histogram, dialect).unwrap();
        let read = ddsketch::decode::<M>(&message.bytes, dialect).unwrap();
        // `gamma` may come back a last bit off, and bounds with it.
        let near = read
            .buckets()
            .zip(histogram.buckets())
            .all(|(left, right)| (left.0 / right.0 - 1.0).abs() < 1e-9 && left.2 == right.2);
        assert!(near && read.count() == histogram.count());
    }
}

proptest! {
    #[test]
    fn every_form_returns_what_it_was_given(values in prop::collection::vec(value(), 0..60)) {
        survives(LogLinear::<6>, &values);
        survives(Logarithmic::default(), &values);
        survives(Cubic::default(), &values);
        let mut histogram: MappedHistogram<Base2> = MappedHistogram::new();
        histogram.record_slice(&values);
        for read in [
            otel::decode(&otel::encode(&histogram).bytes),
            prometheus::decode(&prometheus::encode(&histogram).bytes),
        ] {
            let read = read.unwrap();
            prop_assert!(read.buckets().eq(histogram.buckets()));
            prop_assert_eq!(read.classes(), histogram.classes());
        }
    }

    #[test]
    fn whole_numbers_survive_hdr(values in prop::collection::vec(0..1_u64 << 50, 0..60)) {
        let mut histogram: MappedHistogram<LogLinear<10>> = MappedHistogram::new();
        values.iter().for_each(|value| histogram.record_nanos(*value));
        for encoded in [hdr::encode(&histogram, 3), hdr::encode_deflate(&histogram, 3)] {
            let encoded = encoded.unwrap();
            let read = hdr::decode::<LogLinear<10>>(&encoded.bytes).unwrap();
            prop_assert!(read.histogram.buckets().eq(histogram.buckets()));
            prop_assert_eq!(read.histogram.count(), histogram.count());
            prop_assert_eq!(read.relative_error, histogram.relative_error());
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(Histogram::decode(&bytes));
        drop(ddsketch::decode::<LogLinear<6>>(&bytes, Dialect::LowerBound));
        drop(otel::decode(&bytes));
        drop(prometheus::decode(&bytes));
        drop(hdr::decode::<LogLinear<6>>(&bytes));
    }

    #[test]
    fn damaged_messages_are_read_or_refused(
        which in 0..5_usize, place in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let names = ["ddsketch_linear", "otel", "prometheus", "hdr_3", "hdr_3_deflate"];
        let mut message = bytes(&json(OURS), names[which]);
        let place = place.index(message.len());
        message[place] = byte;
        drop(ddsketch::decode::<LogLinear<6>>(&message, Dialect::UpperBound));
        drop(otel::decode(&message));
        drop(prometheus::decode(&message));
        drop(hdr::decode::<LogLinear<10>>(&message));
    }
}
