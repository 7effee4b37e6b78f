//! Hooks: what becomes of every attempt, for metrics and logs.

use alloc::sync::Arc;
use core::fmt;

use crate::call::{Call, Judgement};
use crate::rejection::Rejection;
use crate::retry::StopReason;
use crate::time::Tick;

use super::attempt::Attempt;

/// One thing that happened on the way of a call. Each names the attempt, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum AttemptEvent<'a> {
    /// Every piece let the attempt pass; the operation is called now.
    Began(Attempt),
    /// The attempt ended, as judged: it was answered or its time was over.
    Ended {
        /// Which attempt.
        number: u32,
        /// What became of it.
        judged: &'a Judgement,
    },
    /// There will be a further attempt.
    Repeats {
        /// The attempt that ended.
        number: u32,
        /// When the next one begins.
        at: Tick,
    },
    /// There will be none, though the result is no plain success.
    GaveUp {
        /// The attempt that ended.
        number: u32,
        /// Why.
        reason: StopReason,
        /// When the same call could be made again, where that is known.
        retry_at: Option<Tick>,
    },
    /// A local piece refused the attempt.
    Refused {
        /// The attempt that was not made.
        number: u32,
        /// By what, and until when.
        rejection: &'a Rejection,
    },
}

/// Hears of every attempt of a policy, on the task or thread that makes it. Any
/// `Fn(&Call, &AttemptEvent)` that can be shared between threads is one.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use phasegate_resilience::{
///     AttemptEvent, AttemptListener, Call, OkOrFailure, Policy, StdClock,
/// };
///
/// #[derive(Default)]
/// struct Begun(AtomicU32);
///
/// impl AttemptListener for Begun {
///     fn on_attempt(&self, _call: &Call, event: &AttemptEvent<'_>) {
///         if let AttemptEvent::Began(_) = event {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
///
/// let begun = Arc::new(Begun::default());
/// let policy = Policy::new().listener(Arc::clone(&begun) as Arc<dyn AttemptListener>);
/// let _answer = policy.run_blocking(&StdClock, &Call::read(), &OkOrFailure, |_| Ok::<_, ()>(7));
/// assert_eq!(begun.0.load(Ordering::Relaxed), 1);
/// ```
pub trait AttemptListener: Send + Sync {
    /// Called for each event. Keep it short: the call waits for it.
    fn on_attempt(&self, call: &Call, event: &AttemptEvent<'_>);
}

impl<F: Fn(&Call, &AttemptEvent<'_>) + Send + Sync> AttemptListener for F {
    fn on_attempt(&self, call: &Call, event: &AttemptEvent<'_>) {
        self(call, event);
    }
}

/// A listener in a policy that can be shown.
#[derive(Clone)]
pub(super) struct Hook(pub(super) Arc<dyn AttemptListener>);

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AttemptListener")
    }
}
