//! Time that passes when the test says so.

use std::sync::{Arc, Mutex, PoisonError};

use phasegate_core::{BootId, Clock, Now, Span, Timestamp};

/// A clock that stands still until it is moved. Clones show the same time.
///
/// ```
/// use phasegate_core::{Clock as _, Span, Timestamp};
/// use phasegate_testkit::clock::VirtualClock;
/// let clock = VirtualClock::new("2026-09-07T08:00:00Z".parse()?);
/// clock.advance(Span::from_secs(90));
/// assert_eq!(clock.now().wall, "2026-09-07T08:01:30Z".parse::<Timestamp>()?);
/// # Ok::<(), phasegate_core::TimestampError>(())
/// ```
#[derive(Clone, Debug)]
pub struct VirtualClock {
    now: Arc<Mutex<Now>>,
}

impl VirtualClock {
    /// A clock that shows this moment, an hour after boot.
    pub fn new(wall: Timestamp) -> Self {
        let now = Now {
            wall,
            boot: BootId(1),
            since_boot: Span::from_secs(3600),
        };
        Self {
            now: Arc::new(Mutex::new(now)),
        }
    }

    fn change(&self, change: impl FnOnce(&mut Now)) {
        change(&mut self.now.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Lets time pass on both clocks.
    pub fn advance(&self, span: Span) {
        self.change(|now| *now = now.plus(span));
    }

    /// Lets time pass until a moment; nothing happens if that is past.
    pub fn advance_to(&self, moment: Timestamp) {
        self.change(|now| *now = now.plus(moment.since(now.wall)));
    }

    /// Sets the wall clock, as a person or NTP would. The time since boot goes on.
    pub fn set_wall(&self, wall: Timestamp) {
        self.change(|now| now.wall = wall);
    }

    /// Boots the machine: a new boot id, and the time since boot begins anew.
    pub fn reboot(&self) {
        self.change(|now| {
            now.boot = BootId(now.boot.0.wrapping_add(1));
            now.since_boot = Span::ZERO;
        });
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Now {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
