//! Reads the reference figures, and the generator whose streams feed them.

use phasegate_sla::statistics::{Alpha, Rate};
use serde_json::Value;

pub(crate) fn load(name: &str) -> Value {
    let path = format!(
        "{}/tests/data/statistics/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub(crate) fn rows<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap()
}

pub(crate) fn f(value: &Value, key: &str) -> f64 {
    value[key]
        .as_f64()
        .unwrap_or_else(|| panic!("{key} in {value}"))
}

pub(crate) fn u(value: &Value, key: &str) -> u64 {
    value[key]
        .as_u64()
        .unwrap_or_else(|| panic!("{key} in {value}"))
}

pub(crate) fn list(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_f64().unwrap())
        .collect()
}

pub(crate) fn alpha(value: f64) -> Alpha {
    Alpha::new(value).unwrap()
}

pub(crate) fn rate(value: f64) -> Rate {
    Rate::new(value).unwrap()
}

/// Within an absolute or relative tolerance, whichever is wider.
#[track_caller]
pub(crate) fn close(ours: f64, theirs: f64, tolerance: f64, what: impl std::fmt::Display) {
    let allowed = tolerance * theirs.abs().max(1.0);
    assert!(
        (ours - theirs).abs() <= allowed,
        "{what}: ours {ours:e}, theirs {theirs:e}"
    );
}

/// Within a relative tolerance.
#[track_caller]
pub(crate) fn relative(ours: f64, theirs: f64, tolerance: f64, what: impl std::fmt::Display) {
    let fine = ours == theirs || (ours - theirs).abs() <= tolerance * theirs.abs();
    assert!(fine, "{what}: ours {ours:e}, theirs {theirs:e}");
}

/// `SplitMix64` (Steele, Lea, Flood 2014): the generator of every reference stream.
#[derive(Clone, Debug)]
pub(crate) struct SplitMix64(pub(crate) u64);

impl SplitMix64 {
    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    pub(crate) fn uniforms(seed: u64, n: usize) -> Vec<f64> {
        let mut generator = Self(seed);
        (0..n).map(|_| generator.uniform()).collect()
    }
}

#[test]
fn the_generator_gives_the_reference_streams() {
    let reference = load("splitmix64");
    let mut generator = SplitMix64(1);
    for expected in rows(&reference, "seed_1_u64") {
        assert_eq!(generator.next_u64().to_string(), expected.as_str().unwrap());
    }
    for (seed, key) in [(1, "seed_1_uniform"), (2, "seed_2_uniform")] {
        assert_eq!(SplitMix64::uniforms(seed, 5), list(&reference[key]));
    }
}
