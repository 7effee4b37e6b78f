//! The role that changes how many there are of something, within bounds and not too often.

use async_trait::async_trait;
use phasegate_core::{Span, Standing, TargetId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Provider, Receipt};
use crate::{Call, CallClass, ErrorKind, ProviderError, Retry, Sent};

/// How many there are of something.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "adapters write it out")]
pub struct Scale {
    /// How many are wanted on the other side now; they need not all be up yet.
    pub count: u32,
    /// When that was changed last, where the other side tells.
    pub changed_at: Option<Timestamp>,
    /// The other side's own words, for people: `replicas 3, ready 2`.
    pub native: String,
}

/// Changes how many there are of something.
///
/// Counts are absolute and setting the same count twice is harmless, at any time. A count outside the bounds of the
/// configuration is [`Misuse`](ErrorKind::Misuse) and nothing is sent. Another count within the cooldown after a change
/// is [`Rejected`](ErrorKind::Rejected) with the time that is left, and nothing is changed; calls of
/// [`CallClass::Safety`] undo harm and never wait for it. [`ScaleLimits`] decides both.
///
/// Dropping a future of `set` leaves it unknown whether the change was made.
#[async_trait]
pub trait Scaler: Provider {
    /// Reads how many there are to be now.
    async fn read(&self, target: &TargetId, call: &Call) -> Result<Scale, ProviderError>;

    /// Has this many of it.
    async fn set(
        &self,
        target: &TargetId,
        count: u32,
        call: &Call,
    ) -> Result<Receipt, ProviderError>;

    /// Says how a count that was found stands to the one that was wanted. The default compares exactly.
    fn judge(
        &self,
        target: &TargetId,
        desired: u32,
        before: Option<u32>,
        found: &Scale,
    ) -> Standing {
        let _ = target;
        if found.count == desired {
            Standing::AsDesired
        } else if before == Some(found.count) {
            Standing::AsBefore
        } else {
            Standing::Other
        }
    }
}

/// How far and how often something may be scaled. An operator states all of it; nothing has a default.
///
/// ```
/// use phasegate_core::{Span, Timestamp};
/// use phasegate_provider::{Call, CallClass, ErrorKind, Retry, ScaleLimits};
/// let limits = ScaleLimits { min: 2, max: 8, cooldown: Span::from_secs(60) };
/// let at = Timestamp::EPOCH + Span::from_secs(100);
/// let call = Call::new(at, Span::from_secs(5));
/// assert_eq!(limits.admit(9, "scale shop").unwrap_err().kind(), ErrorKind::Misuse);
///
/// let changed = Some(Timestamp::EPOCH + Span::from_secs(70));
/// let early = limits.cooled(changed, &call, "scale shop").unwrap_err();
/// assert_eq!(early.retry(), Retry::After(Span::from_secs(30)));
/// let back = call.with_class(CallClass::Safety);
/// assert!(limits.cooled(changed, &back, "scale shop").is_ok());
/// ```
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct ScaleLimits {
    /// Never fewer than this.
    pub min: u32,
    /// Never more than this.
    pub max: u32,
    /// How long after a change nothing else is set, but to undo harm.
    pub cooldown: Span,
}

impl ScaleLimits {
    /// Do the bounds leave anything to set? `act` says what is tried.
    ///
    /// # Errors
    /// [`Misuse`](ErrorKind::Misuse): `min` is more than `max`.
    pub fn check(&self, act: &str) -> Result<(), ProviderError> {
        let Self { min, max, .. } = self;
        if min > max {
            let told = format!("{act}: min {min} is more than max {max}, so nothing can be set");
            return Err(ProviderError::misuse(told));
        }
        Ok(())
    }

    /// Holds a count against the bounds.
    ///
    /// # Errors
    /// [`Misuse`](ErrorKind::Misuse): it lies outside.
    pub fn admit(&self, count: u32, act: &str) -> Result<(), ProviderError> {
        let Self { min, max, .. } = self;
        if (*min..=*max).contains(&count) {
            return Ok(());
        }
        let told = format!("{act}: {count} is not within {min} and {max}, its bounds");
        Err(ProviderError::misuse(told))
    }

    /// Is the last change long enough ago for another one at the time of the call? A change that seems to lie in the
    /// future was made just now, by a clock that runs ahead. A call of [`CallClass::Safety`] does not wait.
    ///
    /// # Errors
    /// [`Rejected`](ErrorKind::Rejected), with the time that is left: it is not.
    pub fn cooled(
        &self,
        changed_at: Option<Timestamp>,
        call: &Call,
        act: &str,
    ) -> Result<(), ProviderError> {
        let Some(changed_at) = changed_at else {
            return Ok(());
        };
        let left = self.cooldown.saturating_sub(call.at.since(changed_at));
        if left.is_zero() || call.class == CallClass::Safety {
            return Ok(());
        }
        let cooldown = self.cooldown;
        let told = format!("{act}: it was changed less than {cooldown} ago, {left} are left");
        let error = ProviderError::new(ErrorKind::Rejected, Sent::Nothing, told);
        Err(error.with_retry(Retry::After(left)))
    }
}
