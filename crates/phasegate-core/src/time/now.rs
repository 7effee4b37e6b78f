//! A reading of both clocks, and what two readings say about the time between them.

use serde::{Deserialize, Serialize};

use super::{Span, Timestamp};

/// Names one boot of one machine. Readings of `since_boot` compare only within it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct BootId(pub u64);

/// One reading of the clocks: wall clock, and time since boot (which includes sleep and never steps).
///
/// ```
/// use phasegate_core::{BootId, Elapsed, Now, Span, Timestamp};
/// let start = Now { wall: Timestamp::EPOCH, boot: BootId(1), since_boot: Span::from_secs(5) };
/// // An hour passed, but somebody set the wall clock back by ten minutes.
/// let later = Now {
///     wall: Timestamp::EPOCH + Span::from_secs(3000),
///     since_boot: Span::from_secs(3605),
///     ..start
/// };
/// let elapsed = later.elapsed_since(&start);
/// assert_eq!(elapsed, Elapsed { low: Span::from_secs(3000), high: Span::from_secs(3600) });
/// ```
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Now {
    /// The wall clock.
    pub wall: Timestamp,
    /// The boot in which `since_boot` was read.
    pub boot: BootId,
    /// Time since that boot.
    pub since_boot: Span,
}

/// An interval that holds the true elapsed time, as far as the clocks tell.
///
/// Minimum waits are over when `low` has reached them; deadlines are missed when `high` has.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Elapsed {
    /// The least that can have passed.
    pub low: Span,
    /// The most that can have passed.
    pub high: Span,
}

impl Elapsed {
    /// By how much the two clocks disagree.
    #[must_use]
    pub fn disagreement(self) -> Span {
        self.high.saturating_sub(self.low)
    }
}

impl Now {
    /// The time from an earlier reading to this one. Across boots only the wall clock tells.
    #[must_use]
    pub fn elapsed_since(&self, earlier: &Self) -> Elapsed {
        let wall = self.wall.since(earlier.wall);
        if self.boot != earlier.boot {
            return Elapsed {
                low: wall,
                high: wall,
            };
        }
        let boot = self.since_boot.saturating_sub(earlier.since_boot);
        Elapsed {
            low: wall.min(boot),
            high: wall.max(boot),
        }
    }

    /// This reading, a span later on both clocks.
    #[must_use]
    pub fn plus(&self, span: Span) -> Self {
        Self {
            wall: self.wall + span,
            boot: self.boot,
            since_boot: self.since_boot.saturating_add(span),
        }
    }
}

/// Where shells get the time from. Pure crates never see it; they are given a [`Now`].
pub trait Clock: Send + Sync {
    /// Reads both clocks.
    fn now(&self) -> Now;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_boot_leaves_only_the_wall_clock() {
        let a = Now {
            wall: Timestamp::EPOCH,
            boot: BootId(1),
            since_boot: Span::from_secs(900),
        };
        let b = Now {
            wall: Timestamp::EPOCH + Span::from_secs(60),
            boot: BootId(2),
            since_boot: Span::from_secs(1),
        };
        let minute = Span::from_secs(60);
        assert_eq!(
            b.elapsed_since(&a),
            Elapsed {
                low: minute,
                high: minute
            }
        );
        assert_eq!(a.elapsed_since(&b).high, Span::ZERO);
    }
}
