//! The circuit breaker: a state word that every reader sees whole, and windows beside it.
//!
//! Why not a lock or an epoch pointer: the healthy path is one load and one compare, and writes
//! nothing. The permit carries the word it saw, and a result counts only while kind and generation
//! of the word are still the same, so results from before an opening, late probes and results that
//! cross a reset are refused by one comparison.

mod config;
mod core;
mod count;
mod event;
mod half;
mod limit;
mod permit;
mod record;
mod rules;
mod saved;
mod slots;
mod tally;
mod timed;
mod transition;
mod view;
mod word;

pub use config::{BreakerConfig, Window};
pub use core::Breaker;
pub use event::{BreakerEvent, Listener, OpenTime, Opening, Transition};
pub use limit::OpenLimit;
pub use permit::{Permit, Ticket};
pub use saved::{OpeningQuorum, SavedBreaker};
pub use view::{BreakerSnapshot, BreakerTotals, Explanation};
pub use word::State;
