//! Repeating a call that must not happen twice, by asking before each repetition.

use core::future::Future;

use crate::call::{Call, Idempotency, Judge};
use crate::sync::{Mutex, lock};
use crate::timer::{Sleeper, Timer};

use super::attempt::Attempt;
use super::builder::Policy;
use super::error::PolicyError;

impl Policy {
    /// As [`run`](Self::run), for a call whose receiver knows no keys: where nobody can say what
    /// became of an attempt, `did_it_happen` looks before the next one is made.
    ///
    /// Every attempt after the first begins with that question, inside the attempt: after the delay,
    /// with a permit, within its timeout. The answers:
    ///
    /// * `Ok(Some(value))`: it happened; `value` is the result, and nothing is sent again.
    /// * `Ok(None)`: it did not; the operation is called.
    /// * `Err(error)`: nobody knows; the attempt ends with `error`, judged as any other, and nothing
    ///   was sent. A further attempt asks again.
    ///
    /// So an unsafe call is repeated here, though [`run`](Self::run) would give up with
    /// [`StopReason::NotIdempotent`](crate::StopReason::NotIdempotent). Two things are the caller's:
    /// the question must not miss what is still on its way (give the first delay that much time), and
    /// a process that was killed has to ask before its first attempt, by whatever its journal says.
    /// A listener is told of an idempotent call. Such calls are never hedged.
    ///
    /// # Errors
    /// [`PolicyError`], the one error of all pieces.
    ///
    /// ```
    /// use core::cell::Cell;
    /// use core::time::Duration;
    /// use phasegate_resilience::{
    ///     Backoff, Call, OkOrFailure, Policy, RetryPolicy, TokioTimer,
    /// };
    ///
    /// let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    /// let backoff = Backoff::constant(Duration::from_millis(1));
    /// let policy = Policy::new().retry(RetryPolicy::default().backoff(backoff));
    /// let sent = Cell::new(0);
    /// // The release is created, but the answer gets lost.
    /// let create = |_attempt| {
    ///     sent.set(sent.get() + 1);
    ///     async { Err("connection reset") }
    /// };
    /// let find = |_attempt| async { Ok(Some("release 7")) };
    /// let timer = TokioTimer::new();
    /// let call = Call::at_most_once();
    /// let made = runtime.block_on(policy.run_checked(&timer, &call, &OkOrFailure, create, find));
    /// assert_eq!(made, Ok("release 7"));
    /// assert_eq!(sent.get(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn run_checked<T, E, M, J, F, Fut, D, Asking>(
        &self,
        timer: &M,
        call: &Call,
        judge: &J,
        operation: F,
        did_it_happen: D,
    ) -> Result<T, PolicyError<E>>
    where
        M: Timer,
        J: Judge<T, E>,
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<T, E>>,
        D: FnMut(Attempt) -> Asking,
        Asking: Future<Output = Result<Option<T>, E>>,
    {
        // One attempt at a time uses them; the locks only make that known.
        let operation = &Mutex::new(operation);
        let did_it_happen = &Mutex::new(did_it_happen);
        let attempt = |attempt: Attempt| async move {
            if attempt.number > 1 {
                let asking = lock(did_it_happen)(attempt);
                if let Some(value) = asking.await? {
                    return Ok(value);
                }
            }
            let sending = lock(operation)(attempt);
            sending.await
        };
        self.run(timer, &repeatable(call), judge, attempt).await
    }

    /// As [`run_checked`](Self::run_checked), on this thread.
    ///
    /// # Errors
    /// [`PolicyError`], the one error of all pieces.
    ///
    /// ```
    /// use core::time::Duration;
    /// use phasegate_resilience::{
    ///     Backoff, Call, OkOrFailure, Policy, RetryPolicy, StdClock,
    /// };
    ///
    /// let backoff = Backoff::constant(Duration::from_millis(1));
    /// let policy = Policy::new().retry(RetryPolicy::default().backoff(backoff));
    /// let mut sent = 0;
    /// let create = |_attempt| {
    ///     sent += 1;
    ///     if sent == 1 { Err("connection reset") } else { Ok("release 7") }
    /// };
    /// let find = |_attempt| Ok(None); // It is not there.
    /// let call = Call::at_most_once();
    /// let made = policy.run_checked_blocking(&StdClock, &call, &OkOrFailure, create, find);
    /// assert_eq!((made, sent), (Ok("release 7"), 2));
    /// ```
    pub fn run_checked_blocking<T, E, S, J>(
        &self,
        sleeper: &S,
        call: &Call,
        judge: &J,
        mut operation: impl FnMut(Attempt) -> Result<T, E>,
        mut did_it_happen: impl FnMut(Attempt) -> Result<Option<T>, E>,
    ) -> Result<T, PolicyError<E>>
    where
        S: Sleeper,
        J: Judge<T, E>,
    {
        let attempt = |attempt: Attempt| {
            if attempt.number > 1
                && let Some(value) = did_it_happen(attempt)?
            {
                return Ok(value);
            }
            operation(attempt)
        };
        self.run_blocking(sleeper, &repeatable(call), judge, attempt)
    }
}

/// The call as one that may be repeated, because each repetition asks first.
fn repeatable(call: &Call) -> Call {
    Call {
        idempotency: Idempotency::Idempotent,
        ..call.clone()
    }
}
