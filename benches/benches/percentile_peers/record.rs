//! Recording, one by one and by the slice.

use histogram::Histogram as Iop;
use phasegate_benches::percentile::{Contender, DISTRIBUTIONS, Outcome, Plan, race, sample};
use phasegate_percentile::{CountHistogram, Histogram};

pub fn run(plan: &Plan) -> Vec<Outcome> {
    DISTRIBUTIONS
        .into_iter()
        .filter(|distribution| plan.wants(&format!("record {distribution}")))
        .map(|distribution| one(plan, distribution))
        .collect()
}

fn one(plan: &Plan, distribution: &str) -> Outcome {
    let n = 500_000 / plan.reduce;
    let values = sample(distribution, n, 1);
    // Integer peers get the same values as nanoseconds and are spared the conversion.
    let whole: Vec<u64> = values.iter().map(|value| (value * 1e6) as u64).collect();
    let (values, whole) = (&values, &whole);
    let contenders = vec![
        Contender::new("**ours** counts, min, max (f64)", n, || {
            let mut histogram = CountHistogram::new();
            values.iter().for_each(|value| histogram.record(*value));
            histogram
        }),
        Contender::new("**ours** counts, min, max (u64 ns)", n, || {
            let mut histogram = CountHistogram::new();
            whole
                .iter()
                .for_each(|value| histogram.record_nanos(*value));
            histogram
        }),
        Contender::new("**ours** with exact sum (f64)", n, || {
            let mut histogram = Histogram::new();
            values.iter().for_each(|value| histogram.record(*value));
            histogram
        }),
        Contender::new("**ours** slice, counts, min, max", n, || {
            let mut histogram = CountHistogram::new();
            histogram.record_slice(values);
            histogram
        }),
        Contender::new("**ours** slice with exact sum", n, || {
            let mut histogram = Histogram::new();
            histogram.record_slice(values);
            histogram
        }),
        Contender::new("histogram, counts only", n, || {
            let mut histogram = Iop::new(6, 64).expect("valid");
            for value in whole {
                let _ = histogram.increment(*value);
            }
            histogram
        }),
        Contender::new("histogram to 2^42, counts only", n, || {
            let mut histogram = Iop::new(6, 42).expect("valid");
            for value in whole {
                let _ = histogram.increment(*value);
            }
            histogram
        }),
        Contender::new("hdrhistogram", n, || {
            let mut histogram =
                hdrhistogram::Histogram::<u64>::new_with_bounds(1, 1 << 62, 2).expect("valid");
            for value in whole {
                let _ = histogram.record(*value);
            }
            histogram
        }),
        Contender::new("base2histogram", n, || {
            let mut histogram = base2histogram::Histogram::<()>::with_log_scale(7, 1);
            whole.iter().for_each(|value| histogram.record(*value));
            histogram.total()
        }),
        Contender::new("sketches-rust cubic", n, || {
            let mut sketch =
                sketches_rust::DDSketch::collapsing_lowest_dense(0.01, 2048).expect("valid");
            values.iter().for_each(|value| sketch.accept(*value));
            sketch
        }),
        Contender::new("ddsketchy log", n, || {
            let mut sketch = ddsketchy::DDSketch::new(0.01).expect("valid");
            values.iter().for_each(|value| sketch.add(*value));
            sketch
        }),
        Contender::new("ddsketchy cubic", n, || {
            let mut sketch = ddsketchy::DDSketchBuilder::new(0.01)
                .mapping(ddsketchy::IndexMapping::Cubic)
                .build()
                .expect("valid");
            values.iter().for_each(|value| sketch.add(*value));
            sketch
        }),
        Contender::new("sketches-ddsketch", n, || {
            let mut sketch = sketches_ddsketch::DDSketch::default();
            values.iter().for_each(|value| sketch.add(*value));
            sketch
        }),
        Contender::new("quantile-sketch", n, || {
            let sketch = quantile_sketch::ConcurrentDDSketch::new();
            values.iter().for_each(|value| sketch.insert(*value));
            sketch
        }),
    ];
    race(
        &format!("record {distribution} (ns per value)"),
        plan.rounds,
        contenders,
    )
}
