//! A clock that stands still until it is told that time has passed.

use std::sync::atomic::{AtomicU64, Ordering};

use phasegate_core::{BootId, Clock, Now, Span, Timestamp};

/// A [`Clock`] that moves only when told, for stores that take a clock.
#[derive(Debug, Default)]
pub struct SteppedClock {
    passed_nanos: AtomicU64,
}

impl SteppedClock {
    /// Moves both clocks on.
    pub fn pass(&self, span: Span) {
        self.passed_nanos
            .fetch_add(span.as_nanos(), Ordering::Relaxed);
    }
}

impl Clock for SteppedClock {
    fn now(&self) -> Now {
        let start = Now {
            wall: Timestamp::from_unix_millis(1_790_000_000_000),
            boot: BootId(1),
            since_boot: Span::from_secs(1000),
        };
        start.plus(Span::from_nanos(self.passed_nanos.load(Ordering::Relaxed)))
    }
}
