//! Bytes on the heap and on the wire, and the worst error, on all distributions.

use std::io::Write;

use phasegate_benches::percentile::{DISTRIBUTIONS, Plan, sample};
use phasegate_percentile::{CountHistogram, Histogram, MappedHistogram, mapping::Logarithmic};

const QS: [f64; 4] = [0.5, 0.95, 0.99, 0.999];

pub fn run(plan: &Plan) {
    if !plan.wants("size") {
        return;
    }
    let mut rows = String::from(
        "\n### size: bytes after 1e6 values, and the worst relative error of four quantiles\n\n\
         | distribution | heap | wire | wire, no sum | wire, log mapping 1 % | sketches-ddsketch java | error % |\n\
         |---|---:|---:|---:|---:|---:|---:|\n",
    );
    for distribution in DISTRIBUTIONS {
        let mut values = sample(distribution, 1_000_000 / plan.reduce, 1);
        let mut ours = Histogram::new();
        let mut counts = CountHistogram::new();
        let mut small: MappedHistogram<Logarithmic, false> = MappedHistogram::new();
        let mut sketch = sketches_ddsketch::DDSketch::default();
        for value in &values {
            ours.record(*value);
            small.record(*value);
            sketch.add(*value);
        }
        counts.record_slice(&values);
        values.sort_by(f64::total_cmp);
        let error = QS.map(|q| {
            let truth = values[((q * values.len() as f64).ceil() as usize).max(1) - 1];
            let answer = ours.quantile(q).expect("not empty").value;
            (answer / truth - 1.0).abs()
        });
        let worst = error.into_iter().fold(0.0, f64::max) * 100.0;
        assert!(
            worst <= 100.0 / 129.0 + 1e-9,
            "{distribution}: the bound is broken"
        );
        rows += &format!(
            "| {distribution} | {} | {} | {} | {} | {} | {worst:.3} |\n",
            ours.heap_bytes(),
            ours.encode().len(),
            counts.encode().len(),
            small.encode().len(),
            sketch.to_java_bytes().len(),
        );
    }
    let _ = std::io::stdout().lock().write_all(rows.as_bytes());
}
