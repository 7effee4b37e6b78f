//! Bulkheads: Polly's scenarios, resilience4j's, failsafe-go's and tower's, as rows of our own.
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use phasegate_resilience::{
    Acquire, Bulkhead, BulkheadConfig, BulkheadPermit, CallClass, RejectionKind,
};

const READ: CallClass = CallClass::Read;

type Asking<'a> = Pin<Box<Acquire<'a>>>;

/// Calls in front of a bulkhead, inside it, and refused.
struct Scene<'a> {
    bulkhead: &'a Bulkhead,
    inside: Vec<BulkheadPermit<'a>>,
    queued: Vec<Asking<'a>>,
    refused: usize,
}

impl<'a> Scene<'a> {
    fn new(bulkhead: &'a Bulkhead) -> Self {
        Self {
            bulkhead,
            inside: Vec::new(),
            queued: Vec::new(),
            refused: 0,
        }
    }

    fn come(&mut self, calls: usize) {
        for _ in 0..calls {
            self.queued.push(Box::pin(self.bulkhead.acquire(READ)));
            self.poll();
        }
    }

    /// Lets in who has a place now.
    fn poll(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        for mut asking in core::mem::take(&mut self.queued) {
            match asking.as_mut().poll(&mut cx) {
                Poll::Ready(Ok(permit)) => self.inside.push(permit),
                Poll::Ready(Err(refused)) => {
                    assert_eq!(refused.kind, RejectionKind::BulkheadFull);
                    self.refused += 1;
                }
                Poll::Pending => self.queued.push(asking),
            }
        }
        let seen = (self.bulkhead.inside(), self.bulkhead.waiting());
        let held = (self.inside.len() as u64, self.queued.len() as u64);
        assert_eq!(seen, held, "inside and waiting");
    }

    fn end(&mut self, calls: usize) {
        for _ in 0..calls.min(self.inside.len()) {
            drop(self.inside.remove(0));
            // Whoever was let in stands in the count already; it collects its place now.
            self.poll();
        }
    }

    fn counts(&self) -> (usize, usize, usize) {
        (self.inside.len(), self.queued.len(), self.refused)
    }
}

#[test]
fn pollys_scenarios_fill_queue_and_empty_as_here() {
    // (inside at most, queue at most, calls that come; inside, queued, refused)
    for (most, queue, calls, counts) in [
        (5, 0, 3, (3, 0, 0)),
        (20, 0, 3, (3, 0, 0)),
        (3, 0, 4, (3, 0, 1)),
        (3, 1, 5, (3, 1, 1)),
        (6, 3, 9, (6, 3, 0)),
        (5, 3, 8, (5, 3, 0)),
        (1, 6, 5, (1, 4, 0)),
        (1, 2, 9, (1, 2, 6)),
    ] {
        let row = format!("{most} inside, {queue} queued, {calls} come");
        let bulkhead = Bulkhead::new(BulkheadConfig::new(most).queue(queue));
        let mut scene = Scene::new(&bulkhead);
        scene.come(calls);
        assert_eq!(scene.counts(), counts, "{row}");
        // One who waits gives up: the queue has room again.
        if scene.queued.pop().is_some() {
            scene.come(1);
            assert_eq!(scene.counts(), counts, "{row}, one gave up and one came");
        }
        // All get through, one after the other.
        let mut through = 0;
        while !scene.inside.is_empty() {
            scene.end(1);
            through += 1;
            assert!(scene.inside.len() <= usize::try_from(most).expect("few"));
        }
        assert_eq!(through, counts.0 + counts.1, "{row}");
        assert_eq!((bulkhead.inside(), bulkhead.waiting()), (0, 0), "{row}");
    }
}

#[test]
fn permits_come_back_one_by_one_as_in_failsafe_and_tower() {
    let bulkhead = Bulkhead::new(BulkheadConfig::new(2));
    let (first, second) = (bulkhead.try_acquire(READ), bulkhead.try_acquire(READ));
    assert!(bulkhead.try_acquire(READ).is_err());
    drop(first);
    let third = bulkhead.try_acquire(READ);
    assert!(third.is_ok() && bulkhead.try_acquire(READ).is_err());
    drop((second, third));
    let both = [bulkhead.try_acquire(READ), bulkhead.try_acquire(READ)];
    assert!(both.iter().all(Result::is_ok) && bulkhead.try_acquire(READ).is_err());
    // tower: a limit of none is never ready; resilience4j: it refuses. Here it is read as one.
    assert_eq!(Bulkhead::new(BulkheadConfig::new(0)).limit(), 1);
}

#[test]
fn a_limit_that_changes_lets_waiters_in_and_puts_nobody_out() {
    // resilience4j blocks the change until enough have left; here it holds at once for who comes.
    let bulkhead = Bulkhead::new(BulkheadConfig::new(1).queue(2));
    let mut scene = Scene::new(&bulkhead);
    scene.come(3);
    assert_eq!(scene.counts(), (1, 2, 0));
    bulkhead.set_limit(2);
    scene.poll();
    assert_eq!(scene.counts(), (2, 1, 0), "one more place");
    bulkhead.set_limit(1);
    scene.end(1);
    assert_eq!(
        scene.counts(),
        (1, 1, 0),
        "one left, and there is one place only"
    );
    scene.end(1);
    assert_eq!(scene.counts(), (1, 0, 0));
}

#[test]
fn who_waits_is_not_overtaken_and_who_leaves_the_queue_is_skipped() {
    // tower's multi_waiters: the first who waits is woken, and when it goes, the second.
    let bulkhead = Bulkhead::new(BulkheadConfig::new(1).queue(9));
    let mut cx = Context::from_waker(Waker::noop());
    let inside = bulkhead.try_acquire(READ).expect("empty");
    let mut first = Box::pin(bulkhead.acquire(READ));
    let mut second = Box::pin(bulkhead.acquire(READ));
    assert!(
        first.as_mut().poll(&mut cx).is_pending() && second.as_mut().poll(&mut cx).is_pending()
    );
    drop(inside);
    assert!(
        bulkhead.try_acquire(READ).is_err(),
        "the place is the first's"
    );
    assert!(second.as_mut().poll(&mut cx).is_pending());
    drop(first);
    let Poll::Ready(Ok(place)) = second.as_mut().poll(&mut cx) else {
        unreachable!("the place of the first is the second's");
    };
    drop(place);
    assert!(bulkhead.try_acquire(READ).is_ok());
}
