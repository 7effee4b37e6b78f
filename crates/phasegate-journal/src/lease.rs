//! Who may write to a rollout, and which resources a rollout holds.

use std::fmt;
use std::str::FromStr;

use phasegate_core::{BindingId, Now, RolloutId, Span, TargetId};
use serde::{Deserialize, Serialize};

/// The longest lease. A longer wish is cut to it, so that a mistyped one cannot lock a rollout up for
/// ever. A day is far above every sensible value; 15 to 60 seconds are usual.
pub const LEASE_TTL_MAX: Span = Span::from_secs(24 * 60 * 60);
/// The longest name of a holder, in bytes: a host name (253) would not fit, its first label does.
pub const HOLDER_LEN_MAX: usize = 128;

/// Names one process that carries rollouts out: host, unit, pod.
///
/// Two processes that can run at the same time must have different names: a holder that asks for a
/// lease it already has gets a new token at once, so that it need not wait after a crash.
///
/// ```
/// use phasegate_journal::Holder;
/// let holder: Holder = "controller-0".parse()?;
/// assert_eq!(holder.as_str(), "controller-0");
/// assert!("".parse::<Holder>().is_err());
/// # Ok::<(), phasegate_journal::HolderError>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Holder(String);

/// Why a text is no [`Holder`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a holder's name is 1 to {HOLDER_LEN_MAX} bytes without control characters")]
pub struct HolderError;

impl Holder {
    /// Checks a text and makes it a holder's name.
    pub fn new(name: impl Into<String>) -> Result<Self, HolderError> {
        let name = name.into();
        let fits =
            !name.is_empty() && name.len() <= HOLDER_LEN_MAX && !name.chars().any(char::is_control);
        if fits {
            Ok(Self(name))
        } else {
            Err(HolderError)
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for Holder {
    type Err = HolderError;
    fn from_str(name: &str) -> Result<Self, HolderError> {
        Self::new(name)
    }
}

impl TryFrom<String> for Holder {
    type Error = HolderError;
    fn try_from(name: String) -> Result<Self, HolderError> {
        Self::new(name)
    }
}

impl From<Holder> for String {
    fn from(holder: Holder) -> String {
        holder.0
    }
}

/// The right to write to one rollout.
///
/// It is lost when somebody else has taken it over, which the store allows once it has expired by the
/// *store's* clock. An expired lease that nobody took over still writes. Its holder cannot know
/// which is the case and must therefore stop acting outside before `expires_in` has passed on a clock of
/// its own, measured from *before* the call that brought the lease.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "stores write it out")]
pub struct Lease {
    /// Which rollout.
    pub rollout: RolloutId,
    /// Who has it.
    pub holder: Holder,
    /// The fencing token: strictly increasing over all leases of all rollouts of a store, never reused.
    /// A target that remembers the highest token it has seen can refuse a holder of the past.
    pub token: u64,
    /// For how long, from the moment at which the store answered.
    pub expires_in: Span,
}

/// A resource that only one rollout may hold: a target of a binding.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "the engine writes it out")]
pub struct Claim {
    /// Through which binding it is moved.
    pub binding: BindingId,
    /// What is moved.
    pub target: TargetId,
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.binding, self.target)
    }
}

/// When a lease was granted and for how long: what a store with a clock of its own keeps of it.
///
/// Within one boot the time since boot decides, which nobody can set. Across boots only the wall
/// clock tells.
///
/// ```
/// use phasegate_core::{BootId, Now, Span, Timestamp};
/// use phasegate_journal::Tenure;
/// let now = Now { wall: Timestamp::EPOCH, boot: BootId(1), since_boot: Span::ZERO };
/// let tenure = Tenure::new(now, Span::from_secs(30));
/// assert_eq!(tenure.remaining(now.plus(Span::from_secs(10))), Span::from_secs(20));
/// assert!(tenure.is_over(now.plus(Span::from_secs(30))));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Tenure {
    from: Now,
    ttl: Span,
}

impl Tenure {
    /// Beginning now, for `ttl`, at most [`LEASE_TTL_MAX`].
    pub fn new(now: Now, ttl: Span) -> Self {
        let ttl = ttl.min(LEASE_TTL_MAX);
        Self { from: now, ttl }
    }

    /// When it began.
    pub const fn from(&self) -> Now {
        self.from
    }

    /// How long it is in all.
    pub const fn ttl(&self) -> Span {
        self.ttl
    }

    /// What is left of it. Zero: it is over.
    pub fn remaining(&self, now: Now) -> Span {
        let passed = if now.boot == self.from.boot {
            now.since_boot.saturating_sub(self.from.since_boot)
        } else {
            now.wall.since(self.from.wall)
        };
        self.ttl.saturating_sub(passed)
    }

    /// May somebody else take over?
    pub fn is_over(&self, now: Now) -> bool {
        self.remaining(now).is_zero()
    }
}

#[cfg(test)]
mod tests {
    use phasegate_core::{BootId, Timestamp};

    use super::*;

    #[test]
    fn within_a_boot_nobody_can_end_a_lease_by_setting_the_clock() {
        let start = Now {
            wall: Timestamp::from_unix_millis(1_000_000),
            boot: BootId(1),
            since_boot: Span::from_secs(100),
        };
        let tenure = Tenure::new(start, Span::from_secs(60));
        for (name, wall, boot, since_boot, left) in [
            ("wall a day ahead", 87_400_000, 1, 110, 50),
            ("wall set back", 0, 1, 160, 0),
            ("another boot, wall tells", 1_020_000, 2, 1, 40),
            ("another boot, wall says over", 1_060_000, 2, 1, 0),
        ] {
            let now = Now {
                wall: Timestamp::from_unix_millis(wall),
                boot: BootId(boot),
                since_boot: Span::from_secs(since_boot),
            };
            assert_eq!(tenure.remaining(now), Span::from_secs(left), "{name}");
        }
    }

    #[test]
    fn a_lease_is_never_longer_than_a_day() {
        let now = Now {
            wall: Timestamp::EPOCH,
            boot: BootId(1),
            since_boot: Span::ZERO,
        };
        assert_eq!(Tenure::new(now, Span::MAX).ttl(), LEASE_TTL_MAX);
    }

    #[test]
    fn a_holder_has_a_name_that_prints() {
        for (name, fits) in [
            ("pod-7f.example (pid 12)", true),
            ("", false),
            ("a\nb", false),
            (&"h".repeat(128), true),
            (&"h".repeat(129), false),
        ] {
            assert_eq!(Holder::new(name).is_ok(), fits, "{name:?}");
        }
    }
}
