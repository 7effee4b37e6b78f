//! Evaluation of criteria: verdicts with evidence, holds, windows.
#![forbid(unsafe_code)]
