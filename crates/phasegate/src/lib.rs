//! Progressive rollouts as a library.
#![forbid(unsafe_code)]
