//! Waiting, as a trait: the only thing that an async face needs of a runtime.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use pin_project_lite::pin_project;

use crate::time::{Clock, Tick};

/// A clock that can also wake a task. Ticks are those of the same value's [`Clock`].
///
/// ```
/// use phasegate_resilience::{Clock, Tick, TickClock, Timer};
///
/// /// A timer for tests: whoever sleeps is there at once.
/// struct Jumping(TickClock);
///
/// impl Clock for Jumping {
///     fn now(&self) -> Tick {
///         self.0.now()
///     }
/// }
///
/// impl Timer for Jumping {
///     type Sleep = core::future::Ready<()>;
///
///     fn sleep_until(&self, at: Tick) -> Self::Sleep {
///         self.0.set(at);
///         core::future::ready(())
///     }
/// }
///
/// let timer = Jumping(TickClock::default());
/// let _sleep = timer.sleep_until(Tick::from_secs(5));
/// assert_eq!(timer.now(), Tick::from_secs(5));
/// ```
pub trait Timer: Clock {
    /// Completes at a moment. Dropping it cancels the wait.
    type Sleep: Future<Output = ()>;

    /// A future that completes at `at` or soon after it, never before. [`Tick::MAX`] may mean never.
    fn sleep_until(&self, at: Tick) -> Self::Sleep;
}

impl<T: Timer + ?Sized> Timer for &T {
    type Sleep = T::Sleep;

    fn sleep_until(&self, at: Tick) -> Self::Sleep {
        (**self).sleep_until(at)
    }
}

impl<T: Timer + ?Sized> Timer for alloc::sync::Arc<T> {
    type Sleep = T::Sleep;

    fn sleep_until(&self, at: Tick) -> Self::Sleep {
        (**self).sleep_until(at)
    }
}

/// A clock that can block the thread: the blocking counterpart of [`Timer`].
///
/// ```
/// use phasegate_resilience::{
///     Backoff, Call, Clock, OkOrFailure, Policy, RetryPolicy, Sleeper, Tick, TickClock,
/// };
///
/// /// A sleeper for tests: it does not sleep, it moves the clock.
/// struct Jumping(TickClock);
///
/// impl Clock for Jumping {
///     fn now(&self) -> Tick {
///         self.0.now()
///     }
/// }
///
/// impl Sleeper for Jumping {
///     fn block_until(&self, at: Tick) {
///         self.0.set(at);
///     }
/// }
///
/// let sleeper = Jumping(TickClock::default());
/// let hour = Backoff::constant(core::time::Duration::from_secs(3_600));
/// let policy = Policy::new().retry(RetryPolicy::default().attempts(2).backoff(hour));
/// let failing = |_attempt| Err::<u8, _>("no");
/// assert!(policy.run_blocking(&sleeper, &Call::read(), &OkOrFailure, failing).is_err());
/// assert_eq!(sleeper.now(), Tick::from_secs(3_600));
/// ```
pub trait Sleeper: Clock {
    /// Returns at `at` or soon after it, never before.
    fn block_until(&self, at: Tick);
}

impl<S: Sleeper + ?Sized> Sleeper for &S {
    fn block_until(&self, at: Tick) {
        (**self).block_until(at);
    }
}

/// The time was over before the future was ready.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{Elapsed, Timeout, TokioTimer};
///
/// let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// let answer: Result<(), Elapsed> = runtime.block_on(async {
///     Timeout::new(TokioTimer::new(), Duration::ZERO, core::future::pending()).await
/// });
/// assert!(answer.is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Elapsed;

impl core::fmt::Display for Elapsed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the time was over before the answer came")
    }
}

impl core::error::Error for Elapsed {}

pin_project! {
    /// A future with a time limit whose timer is armed when the inner future is first pending.
    ///
    /// A future that is ready at once costs neither a reading of the clock nor a timer. The limit
    /// counts from the first poll that was pending. Dropping it drops the inner future.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Timeout<T: Timer, F> {
        timer: T,
        limit: Duration,
        deadline: Tick,
        #[pin]
        future: F,
        #[pin]
        sleep: Option<T::Sleep>,
    }
}

impl<T: Timer, F: Future> Timeout<T, F> {
    /// Limits `future` to `limit` from its first pending poll.
    #[inline]
    pub fn new(timer: T, limit: Duration, future: F) -> Self {
        Self {
            timer,
            limit,
            deadline: Tick::MAX,
            future,
            sleep: None,
        }
    }

    /// Ends it at `deadline` too, if that is earlier.
    #[inline]
    pub fn or_at(mut self, deadline: Tick) -> Self {
        self.deadline = deadline;
        self
    }
}

impl<T: Timer, F: Future> Future for Timeout<T, F> {
    type Output = Result<F::Output, Elapsed>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        if this.sleep.is_none() {
            if *this.limit == Duration::MAX && *this.deadline == Tick::MAX {
                return Poll::Pending;
            }
            let at = (this.timer.now() + *this.limit).min(*this.deadline);
            if at == Tick::MAX {
                return Poll::Pending;
            }
            this.sleep.set(Some(this.timer.sleep_until(at)));
        }
        match this.sleep.as_pin_mut().map(|sleep| sleep.poll(cx)) {
            Some(Poll::Ready(())) => Poll::Ready(Err(Elapsed)),
            Some(Poll::Pending) | None => Poll::Pending,
        }
    }
}
