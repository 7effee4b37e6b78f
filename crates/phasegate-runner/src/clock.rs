//! The system's clocks: the wall clock, and the time since boot, sleep included.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{SystemTime, UNIX_EPOCH};

use phasegate_core::{BootId, Clock, Now, Span, Timestamp};

/// Reads the system's clocks.
#[derive(Clone, Debug)]
pub struct SystemClock {
    boot: BootId,
    #[cfg(not(target_os = "linux"))]
    started: std::time::Instant,
}

impl SystemClock {
    /// Finds out which boot this is.
    ///
    /// Where the system does not tell (anything but Linux), each process counts as a boot of its own:
    /// across restarts only the wall clock tells then.
    pub fn new() -> Self {
        let mut hasher = DefaultHasher::new();
        match std::fs::read_to_string("/proc/sys/kernel/random/boot_id") {
            Ok(id) => id.trim().hash(&mut hasher),
            Err(_) => {
                std::process::id().hash(&mut hasher);
                SystemTime::now().hash(&mut hasher);
            }
        }
        Self {
            boot: BootId(hasher.finish()),
            #[cfg(not(target_os = "linux"))]
            started: std::time::Instant::now(),
        }
    }

    #[cfg(target_os = "linux")]
    fn since_boot(&self) -> Span {
        let read = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let secs = u64::try_from(read.tv_sec).unwrap_or(0);
        let nanos = u64::try_from(read.tv_nsec).unwrap_or(0);
        Span::from_secs(secs).saturating_add(Span::from_nanos(nanos))
    }

    #[cfg(not(target_os = "linux"))]
    fn since_boot(&self) -> Span {
        Span::from(self.started.elapsed())
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Now {
            wall: Timestamp::EPOCH + Span::from(since_epoch),
            boot: self.boot,
            since_boot: self.since_boot(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_clocks_of_one_machine_agree_on_the_boot() {
        let (a, b) = (SystemClock::new().now(), SystemClock::new().now());
        assert_eq!(a.boot, b.boot);
        assert!(b.since_boot >= a.since_boot);
    }
}
