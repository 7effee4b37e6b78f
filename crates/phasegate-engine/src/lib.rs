//! The rollout as a pure state machine: events in, records and effects out.
#![forbid(unsafe_code)]
