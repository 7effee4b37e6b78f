//! Time as the tests of the runner have it: tokio's, which is paused and jumps to the next timer.

use phasegate_core::{BootId, Clock, Now, Span, Timestamp};
use tokio::time::Instant;

/// Both clocks follow tokio's since this moment.
#[derive(Debug)]
pub(crate) struct Paused(pub(crate) Instant);

impl Clock for Paused {
    fn now(&self) -> Now {
        let passed = Span::from(self.0.elapsed());
        Now {
            wall: Timestamp::EPOCH + Span::from_secs(1_000_000) + passed,
            boot: BootId(1),
            since_boot: passed,
        }
    }
}
