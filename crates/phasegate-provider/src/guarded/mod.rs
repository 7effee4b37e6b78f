//! The one wrapper for all roles: every call goes through one policy (deadline, retry, breaker, limits)
//! and every attempt through one chain of layers.
//!
//! The policy is outside, so that layers see each attempt. What an earlier attempt may have done is not
//! forgotten: if one may have arrived, the error of the whole call says so, whatever the last one said.

mod endpoint;
mod judge;
mod role;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use phasegate_core::Span;
use phasegate_resilience::{Attempt, Policy, PolicyError, Timer};

use crate::layer::{Endpoint, Layer, Next, Request, Response};
use crate::{Call, ErrorKind, ProviderError, Retry, Sent};

use self::judge::{described, judged};

/// What calls to one other side share: its policy, its layers, and the timer that waits.
///
/// Give two bindings the same guard only if they call the same thing with the same credential.
#[derive(Clone)]
pub struct Guard<T> {
    policy: Arc<Policy>,
    layers: Arc<[Arc<dyn Layer>]>,
    timer: T,
}

impl<T> Guard<T> {
    /// A guard; attempts pass the layers in this order.
    pub fn new(policy: Policy, layers: Vec<Arc<dyn Layer>>, timer: T) -> Self {
        Self {
            policy: Arc::new(policy),
            layers: layers.into(),
            timer,
        }
    }

    /// The policy: to look at its breaker, for one.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }
}

impl<T> fmt::Debug for Guard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("policy", &self.policy)
            .field("layers", &self.layers)
            .finish_non_exhaustive()
    }
}

/// A provider behind a [`Guard`]: itself a provider in the same role.
///
/// ```
/// use std::sync::Arc;
/// use phasegate_provider::{Guard, Guarded, TrafficRouter};
/// use phasegate_resilience::Timer;
///
/// fn guarded<T>(router: Arc<dyn TrafficRouter>, guard: Guard<T>) -> Arc<dyn TrafficRouter>
/// where
///     T: Timer<Sleep: Send> + Send + Sync + 'static,
/// {
///     Arc::new(Guarded::<dyn TrafficRouter, T>::new(router, guard))
/// }
/// ```
pub struct Guarded<R: ?Sized, T> {
    inner: Arc<R>,
    guard: Guard<T>,
}

impl<R: ?Sized, T> Guarded<R, T> {
    /// Puts a provider behind a guard.
    pub fn new(inner: Arc<R>, guard: Guard<T>) -> Self {
        Self { inner, guard }
    }
}

impl<R: ?Sized + fmt::Debug, T> fmt::Debug for Guarded<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded")
            .field("inner", &self.inner)
            .field("guard", &self.guard)
            .finish()
    }
}

/// One call: through the policy, each attempt through the layers, to the provider at the end.
async fn through<E, T>(
    end: &E,
    guard: &Guard<T>,
    request: Request,
    call: &Call,
) -> Result<Response, ProviderError>
where
    E: Endpoint,
    T: Timer<Sleep: Send> + Send + Sync,
{
    let timer = &guard.timer;
    let deadline = timer.now() + call.deadline.to_duration();
    let told = described(call, deadline);
    // Set while an attempt is under way, and left set if nobody knows its end.
    let arrived = &AtomicBool::new(false);
    let request = &request;
    let attempt = |attempt: Attempt| async move {
        let left = attempt
            .deadline
            .map(|at| at.saturating_since(timer.now()).into());
        let call = call.clone().with_deadline(left.unwrap_or(call.deadline));
        let before = arrived.swap(true, Ordering::AcqRel);
        let answer = Next::new(&guard.layers, end).run(request, &call).await;
        let settled = match &answer {
            Ok(_) => true,
            Err(error) => error.is_refusal(),
        };
        if settled {
            arrived.store(before, Ordering::Release);
        }
        answer
    };
    let sent = guard.policy.run(timer, &told, &judged, attempt).await;
    sent.map_err(|error| {
        let now = timer.now();
        let wait = error
            .retry_at
            .map(|at| Span::from(at.saturating_since(now)));
        one_error(error, wait, request, arrived.load(Ordering::Acquire))
    })
}

/// The one error of a call that took several attempts.
fn one_error(
    error: PolicyError<ProviderError>,
    wait: Option<Span>,
    request: &Request,
    may_have_arrived: bool,
) -> ProviderError {
    let retry = wait.map(Retry::After);
    let rejected = error.is_inconclusive();
    let told = format!("{}: {error}", request.name());
    let mut whole = match error.into_error() {
        Some(last) => last,
        None if rejected && !may_have_arrived => {
            ProviderError::new(ErrorKind::Rejected, Sent::Nothing, told)
        }
        None => ProviderError::new(ErrorKind::Timeout, Sent::Maybe, told),
    };
    if may_have_arrived {
        whole = whole.with_sent(Sent::Maybe);
    }
    match retry {
        Some(retry) => whole.with_retry(retry),
        None => whole,
    }
}
