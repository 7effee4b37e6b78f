//! What a number of samples can show: said when a plan is checked, so that nobody waits for a proof that
//! five samples cannot give.

mod advice;
mod goal;
mod number;

pub use advice::{SampleAdvice, sample_advice, sample_advice_shared};
