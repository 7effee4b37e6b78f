//! Running requests side by side until one is good.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll};

use crate::budget::Paid;
use crate::call::{Call, Idempotency, Judge, Outcome};
use crate::time::Tick;
use crate::timer::Timer;

use super::policy::{HedgeDelay, HedgePolicy};

/// An answer, and which request gave it.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{Call, HedgeDelay, HedgePolicy, Hedged, OkOrFailure, TokioTimer};
///
/// let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// let Hedged { result, made, .. } = runtime.block_on(async {
///     let hedge = HedgePolicy::new(HedgeDelay::After(Duration::from_secs(1)));
///     let request = |number| async move { Ok::<_, ()>(number) };
///     hedge.run(&TokioTimer::new(), &Call::read(), &OkOrFailure, request).await
/// });
/// assert_eq!((result, made), (Ok(0), 1), "the first was in time");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Hedged<R> {
    /// The first good result, or the last bad one when none was good.
    pub result: R,
    /// 0 for the first request, 1 for the first hedge.
    pub winner: u32,
    /// How many requests were made.
    pub made: u32,
}

impl HedgePolicy {
    /// Makes the request, and more of them when it is late or fails. The first result that the
    /// judge calls a success wins, not the first to complete; the others are dropped.
    ///
    /// A request that is ready at once arms no timer and allocates nothing; each hedge allocates
    /// its own future. Dropping the returned future drops all requests.
    pub async fn run<T, E, M, J, F, Fut>(
        &self,
        timer: &M,
        call: &Call,
        judge: &J,
        mut request: F,
    ) -> Hedged<Result<T, E>>
    where
        M: Timer,
        J: Judge<T, E>,
        F: FnMut(u32) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let started = self.start(timer);
        let mut left = match call.idempotency() {
            Idempotency::Read => self.extra,
            Idempotency::Idempotent | Idempotency::Keyed(_) | Idempotency::Unsafe => 0,
        };
        let mut made = 1;
        let mut first = pin!(Some(request(0)));
        let mut hedges: Vec<Running<'_, Fut>> = Vec::new();
        let mut sleep = pin!(None::<M::Sleep>);
        let mut last = None;
        poll_fn(|cx| {
            loop {
                let mut failed = false;
                while let Some((winner, result)) = poll_all(first.as_mut(), &mut hedges, cx) {
                    if judge.judge(&result).outcome == Outcome::Success {
                        self.learn(started, timer);
                        return Poll::Ready(Hedged {
                            result,
                            winner,
                            made,
                        });
                    }
                    last = Some((winner, result));
                    failed = true;
                }
                let running = first.is_some() || !hedges.is_empty();
                if left > 0 && (failed || self.is_late(sleep.as_mut(), timer, cx)) {
                    sleep.set(None);
                    if let Some(paid) = self.pay(call, timer) {
                        left -= 1;
                        hedges.push(Running {
                            number: made,
                            request: Box::pin(request(made)),
                            _paid: paid,
                        });
                        made += 1;
                        continue;
                    }
                    left = 0;
                }
                return match last.take() {
                    Some((winner, result)) if !running => Poll::Ready(Hedged {
                        result,
                        winner,
                        made,
                    }),
                    kept => {
                        last = kept;
                        Poll::Pending
                    }
                };
            }
        })
        .await
    }

    /// Whether the delay since the last request is over. Arms the timer when first asked.
    fn is_late<M: Timer>(
        &self,
        mut sleep: Pin<&mut Option<M::Sleep>>,
        timer: &M,
        cx: &mut Context<'_>,
    ) -> bool {
        if sleep.is_none() {
            sleep.set(Some(timer.sleep_until(timer.now() + self.delay())));
        }
        sleep
            .as_pin_mut()
            .is_some_and(|sleep| sleep.poll(cx).is_ready())
    }

    /// `None` when the budget is spent. What stands in the budget for the hedge, if anything, is
    /// inside.
    fn pay<M: Timer>(&self, call: &Call, timer: &M) -> Option<Option<Paid<'_>>> {
        match &self.budget {
            None => Some(None),
            Some(budget) => budget.try_retry(call.class, false, timer).ok().map(Some),
        }
    }

    /// Only latencies that are learnt from need the clock.
    fn start<M: Timer>(&self, timer: &M) -> Option<Tick> {
        match &self.delay {
            HedgeDelay::Quantile { .. } => Some(timer.now()),
            HedgeDelay::After(_) => None,
        }
    }

    fn learn<M: Timer>(&self, started: Option<Tick>, timer: &M) {
        if let (HedgeDelay::Quantile { latencies, .. }, Some(started)) = (&self.delay, started) {
            let now = timer.now();
            latencies.record(now.saturating_since(started), &now);
        }
    }
}

/// A hedge under way.
struct Running<'a, Fut> {
    number: u32,
    request: Pin<Box<Fut>>,
    /// Stands in a concurrent budget until the hedge is done or dropped.
    _paid: Option<Paid<'a>>,
}

/// Polls every request that runs; takes out the first that is done.
fn poll_all<Fut: Future>(
    mut first: Pin<&mut Option<Fut>>,
    hedges: &mut Vec<Running<'_, Fut>>,
    cx: &mut Context<'_>,
) -> Option<(u32, Fut::Output)> {
    if let Some(running) = first.as_mut().as_pin_mut()
        && let Poll::Ready(output) = running.poll(cx)
    {
        first.set(None);
        return Some((0, output));
    }
    for at in 0..hedges.len() {
        let Some(running) = hedges.get_mut(at) else {
            break;
        };
        if let Poll::Ready(output) = running.request.as_mut().poll(cx) {
            let number = running.number;
            let _done = hedges.swap_remove(at);
            return Some((number, output));
        }
    }
    None
}
