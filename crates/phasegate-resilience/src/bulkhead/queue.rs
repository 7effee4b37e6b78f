//! Waiting in front of a bulkhead, for tasks and for threads.

use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use crate::call::CallClass;
use crate::rejection::{Rejection, RejectionKind};
use crate::sync::lock;

use super::permits::{Bulkhead, BulkheadPermit};

/// Who waits. A granted waiter stays until it collects its place or is dropped.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiters: Vec<Waiter>,
    next_id: u64,
}

#[derive(Debug)]
struct Waiter {
    id: u64,
    class: CallClass,
    granted: bool,
    waker: Option<Waker>,
}

impl Queue {
    /// Grants the first waiter of the highest class for which `promote` finds room; gives its
    /// waker, if it has left one.
    pub(super) fn grant_first(
        &mut self,
        promote: impl Fn(CallClass) -> bool,
    ) -> Option<Option<Waker>> {
        let class = self
            .waiters
            .iter()
            .filter(|w| !w.granted)
            .map(|w| w.class)
            .max()?;
        let first = self
            .waiters
            .iter_mut()
            .find(|w| !w.granted && w.class == class)?;
        if !promote(class) {
            return None;
        }
        first.granted = true;
        Some(first.waker.take())
    }

    fn join(&mut self, class: CallClass) -> u64 {
        let id = self.next_id;
        self.next_id = id.wrapping_add(1);
        self.waiters.push(Waiter {
            id,
            class,
            granted: false,
            waker: None,
        });
        id
    }

    fn leave(&mut self, id: u64) -> Option<Waiter> {
        let at = self.waiters.iter().position(|w| w.id == id)?;
        Some(self.waiters.remove(at))
    }

    /// Whether the waiter was granted; if not, who is to be woken then.
    fn collect(&mut self, id: u64, waker: &Waker) -> bool {
        let Some(at) = self.waiters.iter().position(|w| w.id == id) else {
            return false;
        };
        match self.waiters.get_mut(at) {
            Some(waiter) if !waiter.granted => {
                waiter.waker = Some(waker.clone());
                false
            }
            Some(_) => {
                self.waiters.remove(at);
                true
            }
            None => false,
        }
    }
}

/// The wait for a place; see [`Bulkhead::acquire`].
///
/// ```
/// use core::future::Future;
/// use core::pin::pin;
/// use core::task::{Context, Waker};
/// use phasegate_resilience::{Acquire, Bulkhead, BulkheadConfig, CallClass};
///
/// let bulkhead = Bulkhead::new(BulkheadConfig::new(1).queue(1));
/// let inside = bulkhead.try_acquire(CallClass::Read)?;
/// let wait: Acquire<'_> = bulkhead.acquire(CallClass::Read);
/// let mut wait = pin!(wait);
/// let mut cx = Context::from_waker(Waker::noop());
/// assert!(wait.as_mut().poll(&mut cx).is_pending());
/// drop(inside);
/// assert!(wait.as_mut().poll(&mut cx).is_ready());
/// # Ok::<(), phasegate_resilience::Rejection>(())
/// ```
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Acquire<'a> {
    bulkhead: &'a Bulkhead,
    class: CallClass,
    id: Option<u64>,
}

impl<'a> Acquire<'a> {
    pub(super) fn new(bulkhead: &'a Bulkhead, class: CallClass) -> Self {
        Self {
            bulkhead,
            class,
            id: None,
        }
    }

    /// Joins the queue unless it is full.
    fn join(&mut self) -> Result<u64, Rejection> {
        let id = {
            let mut queue = lock(&self.bulkhead.queue);
            if self.bulkhead.waiting() >= u64::from(self.bulkhead.config.queue) {
                return Err(Rejection::new(RejectionKind::BulkheadFull, None));
            }
            self.bulkhead.count_waiter();
            queue.join(self.class)
        };
        self.id = Some(id);
        // Somebody may have left between the look at the door and the joining.
        self.bulkhead.let_in();
        Ok(id)
    }
}

impl<'a> Future for Acquire<'a> {
    type Output = Result<BulkheadPermit<'a>, Rejection>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let bulkhead = self.bulkhead;
        let id = match self.id {
            Some(id) => id,
            None => match bulkhead.try_acquire(self.class) {
                Ok(permit) => return Poll::Ready(Ok(permit)),
                Err(_full) => match self.join() {
                    Ok(id) => id,
                    Err(rejection) => return Poll::Ready(Err(rejection)),
                },
            },
        };
        if lock(&bulkhead.queue).collect(id, cx.waker()) {
            self.id = None;
            return Poll::Ready(Ok(BulkheadPermit { bulkhead }));
        }
        Poll::Pending
    }
}

impl Drop for Acquire<'_> {
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        let waiter = {
            let mut queue = lock(&self.bulkhead.queue);
            let waiter = queue.leave(id);
            if waiter.as_ref().is_some_and(|waiter| !waiter.granted) {
                self.bulkhead.discount_waiter();
            }
            waiter
        };
        match waiter {
            // The place came and nobody takes it.
            Some(waiter) if waiter.granted => self.bulkhead.leave(),
            // A waiter that could not enter may have kept a lower class behind it.
            Some(_) => self.bulkhead.let_in(),
            None => {}
        }
    }
}

#[cfg(feature = "std")]
mod blocking {
    use std::sync::Arc;
    use std::task::Wake;
    use std::thread::Thread;

    use super::{Acquire, Bulkhead, BulkheadPermit, CallClass, Context, Future, Pin, Poll};
    use crate::rejection::{Rejection, RejectionKind};
    use crate::std_time::StdClock;
    use crate::time::Clock;

    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    impl Bulkhead {
        /// Enters, or blocks this thread in the queue for at most `wait`.
        ///
        /// # Errors
        /// [`RejectionKind::BulkheadFull`] when the queue is full,
        /// [`RejectionKind::QueueTimeout`] when `wait` is over.
        pub fn acquire_blocking(
            &self,
            class: CallClass,
            wait: core::time::Duration,
        ) -> Result<BulkheadPermit<'_>, Rejection> {
            let mut acquire = Acquire::new(self, class);
            let waker = Arc::new(Unpark(std::thread::current())).into();
            let mut cx = Context::from_waker(&waker);
            let end = StdClock.now() + wait;
            loop {
                if let Poll::Ready(answer) = Pin::new(&mut acquire).poll(&mut cx) {
                    return answer;
                }
                let left = end.saturating_since(StdClock.now());
                if left.is_zero() {
                    return Err(Rejection::new(RejectionKind::QueueTimeout, None));
                }
                std::thread::park_timeout(left);
            }
        }
    }
}
