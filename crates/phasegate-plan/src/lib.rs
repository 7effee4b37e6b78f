//! Rollout plans: from a document to a checked plan and an executable program.
#![forbid(unsafe_code)]
