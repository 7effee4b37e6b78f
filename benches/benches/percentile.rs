//! The operations of the percentile core one by one, for development: what did a change do?
//!
//! `cargo bench -p phasegate-benches --bench percentile`; a word after `--` picks operations. Claims
//! against peers are made by `percentile_peers`, whose contenders are interleaved.

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use phasegate_percentile::{
    CountHistogram, Histogram, Recorder, Window,
    exact::{Definition, Selector},
};

const QS: [f64; 4] = [0.5, 0.95, 0.99, 0.999];

/// Values over a few octaves, in no order, the same in every run.
fn values(n: usize) -> Vec<f64> {
    let mut state = 7_u64;
    let step = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let share = (state >> 40) as f64 / (1_u64 << 24) as f64;
        20.0 * (share * 6.0).exp2()
    };
    (0..n).map(step).collect()
}

fn recording(criterion: &mut Criterion) {
    let values = values(10_000);
    let mut group = criterion.benchmark_group("record");
    group.throughput(Throughput::Elements(values.len() as u64));
    group.bench_function("counts and extremes", |bench| {
        let mut histogram = CountHistogram::new();
        bench.iter(|| values.iter().for_each(|value| histogram.record(*value)));
    });
    group.bench_function("with exact sum", |bench| {
        let mut histogram = Histogram::new();
        bench.iter(|| values.iter().for_each(|value| histogram.record(*value)));
    });
    group.bench_function("slice with exact sum", |bench| {
        let mut histogram = Histogram::new();
        bench.iter(|| histogram.record_slice(&values));
    });
    group.bench_function("handle", |bench| {
        let recorder = Recorder::new();
        let mut handle = recorder.handle();
        bench.iter(|| values.iter().for_each(|value| handle.record(*value)));
    });
    group.bench_function("shared", |bench| {
        let recorder = Recorder::new();
        bench.iter(|| values.iter().for_each(|value| recorder.record(*value)));
    });
    group.bench_function("window", |bench| {
        let slot = Duration::from_secs(10);
        let mut window = Window::new(CountHistogram::new(), slot, 30).expect("30 slots of 10 s");
        bench.iter(|| {
            for value in &values {
                black_box(window.record(slot, *value));
            }
        });
    });
    group.finish();
}

fn asking(criterion: &mut Criterion) {
    let mut histogram = Histogram::new();
    histogram.record_slice(&values(100_000));
    let mut group = criterion.benchmark_group("ask");
    group.bench_function("four quantiles", |bench| {
        let mut answers = [None; 4];
        bench.iter(|| histogram.quantiles(&QS, black_box(&mut answers)));
    });
    group.bench_function("merge", |bench| {
        let mut sum = CountHistogram::new();
        let mut part = CountHistogram::new();
        part.record_slice(&values(100_000));
        bench.iter(|| sum.merge(&part).expect("alike"));
    });
    group.bench_function("encode", |bench| bench.iter(|| histogram.encode()));
    let bytes = histogram.encode();
    group.bench_function("decode", |bench| {
        bench.iter(|| Histogram::decode(&bytes).expect("ours"))
    });
    group.finish();
}

fn exact(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("exact");
    for n in [1_000, 100_000] {
        let values = values(n);
        let mut selector = Selector::new();
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(n.to_string(), |bench| {
            let mut answers = [0.0; 4];
            bench.iter(|| selector.quantiles(&values, &QS, Definition::default(), &mut answers));
        });
    }
    group.finish();
}

criterion_group!(benches, recording, asking, exact);
criterion_main!(benches);
