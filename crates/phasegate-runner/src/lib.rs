//! The tokio shell: real timers, effects, shutdown, the system clock.
#![forbid(unsafe_code)]
