//! Reads the recorded verdicts.

use serde_json::Value;

/// The rows of a file of recorded verdicts. `PHASEGATE_VECTORS` is not read: the data is fixed.
pub(crate) fn rows(name: &str) -> Vec<Value> {
    let path = format!(
        "{}/tests/data/vectors/{name}.jsonl",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A number, or the names of what JSON has no number for.
pub(crate) fn number(value: &Value) -> f64 {
    match value {
        Value::String(text) => match text.as_str() {
            "NaN" => f64::NAN,
            "+Inf" => f64::INFINITY,
            "-Inf" => f64::NEG_INFINITY,
            other => panic!("{other}"),
        },
        other => other.as_f64().unwrap(),
    }
}

pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}
