//! Append-only, hash-chained journal: the trait, the chain and the memory store.
#![forbid(unsafe_code)]
