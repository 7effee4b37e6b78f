//! The SQLite journal against the suite that every store has to pass.

use crate::support::Place;
use phasegate_journal::conformance::{cases, differential};

#[test]
fn the_sqlite_journal_keeps_every_promise() {
    for case in cases() {
        if let Err(failure) = pollster::block_on(case.run(&Place::new())) {
            panic!("{failure}");
        }
    }
}

#[test]
fn a_random_history_is_told_as_by_the_memory_store() {
    for seed in 0..8 {
        if let Err(failure) = pollster::block_on(differential(&Place::new(), seed, 300)) {
            panic!("{failure}");
        }
    }
}
