//! What a call is (class, idempotency, deadline) and what became of it (outcome, hint).

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use crate::rejection::Origin;
use crate::time::Tick;

/// How much a call matters when there is not room for all. Ordered: `Safety > Mutation > Read`.
///
/// Limits keep a reserve for the higher classes, so that polling is shed first and a rollback
/// still gets through.
///
/// ```
/// use phasegate_resilience::CallClass;
///
/// assert!(CallClass::Safety > CallClass::Mutation && CallClass::Mutation > CallClass::Read);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(
    clippy::exhaustive_enums,
    reason = "reserves are written out per class"
)]
pub enum CallClass {
    /// Looking: analysis, polling. Shed first.
    #[default]
    Read,
    /// Changing something on the way forward.
    Mutation,
    /// Undoing harm. Passes an open breaker as an extra probe and an empty budget.
    Safety,
}

/// What repeating an operation does, which decides whether a retry is allowed.
///
/// ```
/// use phasegate_resilience::{Call, Idempotency};
///
/// assert_eq!(*Call::read().idempotency(), Idempotency::Read);
/// assert_eq!(*Call::at_most_once().idempotency(), Idempotency::Unsafe);
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "callers decide by it, and each case is a promise"
)]
pub enum Idempotency {
    /// Changes nothing. May be retried and hedged.
    Read,
    /// Changes something, and twice is the same as once.
    Idempotent,
    /// The server tells repetitions apart by this key, which is the same for every attempt of one
    /// logical operation and should be on disk before the first.
    Keyed(OperationKey),
    /// Twice is not once. Retried only where provably nothing was sent.
    #[default]
    Unsafe,
}

/// The key of one logical operation. Attempts share it; a new operation has a new one.
///
/// The crate never makes one up: a key drawn here would be lost with the process and could not be
/// repeated after a crash.
///
/// ```
/// use phasegate_resilience::OperationKey;
///
/// let key = OperationKey::new("rollout-7/step-3");
/// assert_eq!(key.as_str(), "rollout-7/step-3");
/// ```
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct OperationKey(Arc<str>);

impl OperationKey {
    /// Takes the caller's key as it is.
    pub fn new(key: impl Into<Arc<str>>) -> Self {
        Self(key.into())
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OperationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// One logical operation as its caller describes it.
///
/// ```
/// use phasegate_resilience::{Call, CallClass, Tick};
///
/// let rollback = Call::keyed("rollout-7/step-3").class(CallClass::Safety).deadline(Tick::from_secs(30));
/// assert_eq!(rollback.key().map(|key| key.as_str()), Some("rollout-7/step-3"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Call {
    pub(crate) class: CallClass,
    pub(crate) idempotency: Idempotency,
    pub(crate) deadline: Option<Tick>,
    pub(crate) outer_retries: bool,
}

impl Call {
    /// A call that only looks.
    pub fn read() -> Self {
        Self {
            idempotency: Idempotency::Read,
            ..Self::default()
        }
    }

    /// A change that may be repeated.
    pub fn idempotent() -> Self {
        Self {
            class: CallClass::Mutation,
            idempotency: Idempotency::Idempotent,
            ..Self::default()
        }
    }

    /// A change that the server recognises by `key` when it is repeated.
    pub fn keyed(key: impl Into<Arc<str>>) -> Self {
        let idempotency = Idempotency::Keyed(OperationKey::new(key));
        Self {
            class: CallClass::Mutation,
            idempotency,
            ..Self::default()
        }
    }

    /// A change that must not happen twice. Also what [`Call::default`] assumes, with class Read.
    pub fn at_most_once() -> Self {
        Self {
            class: CallClass::Mutation,
            ..Self::default()
        }
    }

    /// Sets the class.
    #[must_use]
    pub fn class(mut self, class: CallClass) -> Self {
        self.class = class;
        self
    }

    /// Sets the moment after which no answer is wanted. It bounds every attempt and every wait.
    #[must_use]
    pub fn deadline(mut self, at: Tick) -> Self {
        self.deadline = Some(at);
        self
    }

    /// Marks that a layer outside retries already, so this one must not: nested retries multiply.
    #[must_use]
    pub fn outer_retries(mut self) -> Self {
        self.outer_retries = true;
        self
    }

    /// How much the call matters.
    pub fn call_class(&self) -> CallClass {
        self.class
    }

    /// What repeating it does.
    pub fn idempotency(&self) -> &Idempotency {
        &self.idempotency
    }

    /// The key to send with every attempt, if the operation is keyed.
    pub fn key(&self) -> Option<&OperationKey> {
        match &self.idempotency {
            Idempotency::Keyed(key) => Some(key),
            Idempotency::Read | Idempotency::Idempotent | Idempotency::Unsafe => None,
        }
    }
}

/// What a result says about the health of the other side. A local rejection is none of these.
///
/// ```
/// use phasegate_resilience::{Judgement, Outcome};
///
/// assert_eq!(Judgement::permanent().outcome(), Outcome::Failure);
/// assert_eq!(Judgement::throttled().outcome(), Outcome::Throttled);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "every piece treats all four")]
pub enum Outcome {
    /// It works.
    Success,
    /// It does not work.
    Failure,
    /// It works and wants less. Counts towards the failure rate and fails a probe, but neither
    /// extends nor ends a run of consecutive failures.
    Throttled,
    /// Says nothing (the caller's own mistake, a cancelled call): not recorded, and a probe gives
    /// its slot back.
    Ignored,
}

/// What the server said about when to come back.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::Hint;
///
/// let wait = Duration::from_millis(250);
/// assert_eq!(Hint::from_grpc_pushback("250"), Hint::After(wait));
/// assert_eq!(Hint::from_grpc_pushback("-1"), Hint::Never);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the protocol knows no fourth answer"
)]
pub enum Hint {
    /// Nothing.
    #[default]
    None,
    /// Not before this much time has passed.
    After(Duration),
    /// Not at all (gRPC: a negative or unreadable pushback).
    Never,
}

/// A result, judged: its outcome, whether another attempt could help, whether the request may have
/// reached the server, and the server's own wish.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{Judgement, Origin};
///
/// let busy = Judgement::throttled().after(Duration::from_secs(3)).because("http 429");
/// let refused = Judgement::failure().not_sent();
/// assert_eq!(refused.origin(), Origin::Transport);
/// assert_eq!(busy.origin(), Origin::Server);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Judgement {
    pub(crate) outcome: Outcome,
    pub(crate) hint: Hint,
    pub(crate) retryable: bool,
    pub(crate) not_sent: bool,
    pub(crate) origin: Origin,
    pub(crate) cause: &'static str,
}

impl Judgement {
    const fn new(outcome: Outcome, retryable: bool) -> Self {
        Self {
            outcome,
            hint: Hint::None,
            retryable,
            not_sent: false,
            origin: Origin::Server,
            cause: "",
        }
    }

    /// It worked.
    #[inline]
    pub const fn success() -> Self {
        Self::new(Outcome::Success, false)
    }

    /// It did not work, and another attempt may.
    pub const fn failure() -> Self {
        Self::new(Outcome::Failure, true)
    }

    /// It did not work and never will.
    pub const fn permanent() -> Self {
        Self::new(Outcome::Failure, false)
    }

    /// The server wants fewer requests.
    pub const fn throttled() -> Self {
        Self::new(Outcome::Throttled, true)
    }

    /// It says nothing about the server, and repeating it will not help.
    pub const fn ignored() -> Self {
        Self::new(Outcome::Ignored, false)
    }

    /// A good call whose value should still be asked for again (a job not yet done).
    pub const fn again() -> Self {
        Self::new(Outcome::Success, true)
    }

    /// The server said to wait this long.
    #[must_use]
    pub const fn after(mut self, wait: Duration) -> Self {
        self.hint = Hint::After(wait);
        self
    }

    /// Sets what the server said.
    #[must_use]
    pub const fn hint(mut self, hint: Hint) -> Self {
        self.hint = hint;
        self
    }

    /// Nothing reached the server, provably: even an unsafe call may be retried. The origin
    /// becomes the transport.
    #[must_use]
    pub const fn not_sent(mut self) -> Self {
        self.not_sent = true;
        self.origin = Origin::Transport;
        self
    }

    /// Sets where the result came from.
    #[must_use]
    pub const fn from_origin(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// Names the cause in a few fixed words, for `explain()`.
    #[must_use]
    pub const fn because(mut self, cause: &'static str) -> Self {
        self.cause = cause;
        self
    }

    /// The outcome.
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Where the result came from.
    pub const fn origin(&self) -> Origin {
        self.origin
    }
}

/// Judges results. Any `Fn(&Result<T, E>) -> Judgement` is a judge.
///
/// ```
/// use phasegate_resilience::{Judge, Judgement, Outcome};
///
/// /// A job that is not done is asked for again.
/// let judge = |result: &Result<bool, String>| match result {
///     Ok(true) => Judgement::success(),
///     Ok(false) => Judgement::again(),
///     Err(_) => Judgement::failure(),
/// };
/// assert!(judge.accepts(&Ok(true)) && !judge.accepts(&Ok(false)));
/// assert_eq!(judge.judge(&Ok(false)).outcome(), Outcome::Success);
/// ```
pub trait Judge<T, E> {
    /// What `result` says.
    fn judge(&self, result: &Result<T, E>) -> Judgement;

    /// Whether `result` is a success that is final. Asked first, because most results are; must
    /// agree with [`judge`](Self::judge), which may then be asked again.
    #[inline]
    fn accepts(&self, result: &Result<T, E>) -> bool {
        let judged = self.judge(result);
        judged.outcome == Outcome::Success && !judged.retryable
    }
}

impl<T, E, F: Fn(&Result<T, E>) -> Judgement> Judge<T, E> for F {
    #[inline]
    fn judge(&self, result: &Result<T, E>) -> Judgement {
        self(result)
    }
}

/// The plainest judge: `Ok` is success, every `Err` is a failure that may be retried.
///
/// ```
/// use phasegate_resilience::{Judge, OkOrFailure};
///
/// assert!(OkOrFailure.accepts(&Ok::<_, ()>(1)));
/// assert!(!OkOrFailure.accepts(&Err::<(), _>("no")));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct OkOrFailure;

impl<T, E> Judge<T, E> for OkOrFailure {
    #[inline]
    fn judge(&self, result: &Result<T, E>) -> Judgement {
        match result {
            Ok(_) => Judgement::success(),
            Err(_) => Judgement::failure(),
        }
    }

    #[inline]
    fn accepts(&self, result: &Result<T, E>) -> bool {
        result.is_ok()
    }
}
