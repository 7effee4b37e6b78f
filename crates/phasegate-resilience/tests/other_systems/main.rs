//! Rules and sequences of other systems, row by row, on pieces configured as
//! `docs/semantics.md` says.
#![cfg(not(any(loom, shuttle)))]

mod breakers;
mod budgets;
#[cfg(feature = "tokio")]
mod hedges;
mod limits;
mod places;
mod retries;
mod steps;
mod windows;
