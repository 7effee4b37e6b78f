//! The error bound on the ten distributions that the benches use, for every mapping.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "ranks of a hundred thousand values; a test stops where there is no answer"
)]

use phasegate_percentile::{
    MappedHistogram, Recorder,
    exact::{self, Definition},
    mapping::{Base2, Cubic, LogLinear, Logarithmic, Mapping},
};

const N: usize = 100_000;
const QUANTILES: [f64; 6] = [0.01, 0.5, 0.9, 0.95, 0.99, 0.999];
const DISTRIBUTIONS: [&str; 10] = [
    "lognormal",
    "pareto",
    "bimodal",
    "constant",
    "uniform",
    "sorted",
    "reversed",
    "wide",
    "spike",
    "narrow",
];

/// `SplitMix64`: every run sees the same values.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

fn sample(distribution: &str) -> Vec<f64> {
    let mut random = Random(1);
    let mut values: Vec<f64> = (0..N)
        .map(|_| match distribution {
            "lognormal" => (random.normal() + 3.0).exp(),
            "pareto" => 5.0 / random.uniform().powf(1.0 / 1.5),
            "bimodal" if random.uniform() < 0.9 => random.normal().mul_add(2.0, 20.0).max(1.0),
            "bimodal" => random.normal().mul_add(50.0, 500.0).max(1.0),
            "constant" => 42.0,
            "wide" => 10_f64.powf(random.uniform().mul_add(18.0, -6.0)),
            "spike" if random.uniform() < 0.989 => 10.0,
            "spike" => random.normal().mul_add(1.5, 4.0).exp(),
            "narrow" => random.normal() + 1e6,
            _ => random.uniform().mul_add(999.0, 1.0),
        })
        .collect();
    match distribution {
        "sorted" => values.sort_by(f64::total_cmp),
        "reversed" => values.sort_by(|a, b| b.total_cmp(a)),
        _ => {}
    }
    values
}

/// Recorded one by one, as a slice, and by a handle: each answer within the bound, all the same.
fn keeps_its_bound<M: Mapping + Default>(name: &str, values: &[f64]) {
    let mut histogram: MappedHistogram<M, false> = MappedHistogram::new();
    values.iter().for_each(|value| histogram.record(*value));
    let mut slice = histogram.empty_copy();
    slice.record_slice(values);
    assert_eq!(histogram, slice, "{name}");
    let recorder = Recorder::with_mapping(M::default());
    recorder.handle().record_slice(values);
    assert_eq!(histogram, recorder.snapshot(), "{name}");
    let mut truth = [0.0; QUANTILES.len()];
    exact::quantiles(values, &QUANTILES, Definition::InverseCdf, &mut truth).unwrap();
    let mut answers = [None; QUANTILES.len()];
    histogram.quantiles(&QUANTILES, &mut answers);
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    for ((q, truth), answer) in QUANTILES.iter().zip(truth).zip(answers) {
        let rank = (q * N as f64).ceil() as usize;
        assert_eq!(truth.to_bits(), sorted[rank - 1].to_bits(), "{name} {q}");
        let answer = answer.unwrap();
        let error = (answer.value / truth - 1.0).abs();
        let bound = histogram.relative_error();
        assert!(
            error <= bound * (1.0 + 1e-9),
            "{name} {q}: {error} > {bound}"
        );
        assert!(
            answer.guaranteed && answer.low <= truth && truth <= answer.high,
            "{name} {q}"
        );
    }
}

#[test]
fn the_bound_is_held_on_all_ten_distributions() {
    assert!(LogLinear::<6>.relative_error() <= 0.007_752);
    for name in DISTRIBUTIONS {
        let values = sample(name);
        keeps_its_bound::<LogLinear>(name, &values);
        keeps_its_bound::<LogLinear<4>>(name, &values);
        keeps_its_bound::<Base2>(name, &values);
        keeps_its_bound::<Logarithmic>(name, &values);
        keeps_its_bound::<Cubic>(name, &values);
    }
}
