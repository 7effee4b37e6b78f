//! Serde: what is written reads back as the same, and what is damaged is refused.
#![cfg(feature = "serde")]

use phasegate_percentile::{Histogram, Ppm, ThresholdCounter};

#[test]
fn values_survive_json() {
    let mut histogram = Histogram::new();
    histogram.record_slice(&[1.0, 2.0, f64::NAN, -3.0]);
    let text = serde_json::to_string(&histogram).unwrap();
    assert_eq!(serde_json::from_str::<Histogram>(&text).unwrap(), histogram);
    let mut counter = ThresholdCounter::new(2.0).unwrap();
    counter.record_slice(&[1.0, 3.0]);
    let text = serde_json::to_string(&counter).unwrap();
    assert_eq!(
        serde_json::from_str::<ThresholdCounter>(&text).unwrap(),
        counter
    );
}

#[test]
fn impossible_values_are_refused() {
    assert!(serde_json::from_str::<Histogram>("[1,2,3]").is_err());
    assert!(serde_json::from_str::<Ppm>("1000001").is_err());
    let counter = r#"{"threshold":1.0,"below":2,"count":1}"#;
    assert!(serde_json::from_str::<ThresholdCounter>(counter).is_err());
}
