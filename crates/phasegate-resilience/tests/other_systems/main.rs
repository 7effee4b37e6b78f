//! Rules and sequences of other systems, row by row, on breakers configured as
//! `docs/semantics.md` says.
#![cfg(not(any(loom, shuttle)))]

mod breakers;
mod steps;
mod windows;
