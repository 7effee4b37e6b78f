//! Shedding at the client in proportion to what the server refuses (Google SRE, "adaptive
//! throttling").

use core::time::Duration;

use crate::budget::ring::SlotRing;
use crate::call::CallClass;
use crate::rejection::{Rejection, RejectionKind};
use crate::rng::Seed;
use crate::time::Clock;

/// Rejects with probability `max(0, (requests - k * accepts) / (requests + 1))`.
///
/// Requests are counted when they are made, so that a slow server is not taken for a refusing one
/// only while the window is at least as long as its slowest answers: choose it so.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{CallClass, ClientThrottle, Seed, Tick};
///
/// let throttle = ClientThrottle::new(Duration::from_secs(120), 2000, Seed::fixed(1));
/// let now = Tick::from_secs(5);
/// let shed = (0..1000).filter(|_| throttle.try_send(CallClass::Read, &now).is_err()).count();
/// assert!(shed > 900, "a server that accepts nothing is spared");
/// assert!(throttle.try_send(CallClass::Safety, &now).is_ok());
/// ```
#[derive(Debug)]
pub struct ClientThrottle {
    requests: SlotRing,
    accepts: SlotRing,
    k_milli: u64,
    seed: Seed,
}

impl ClientThrottle {
    /// A throttle over the last `window` (2 minutes are usual) with the factor `k` in thousandths
    /// (2000 is usual: one refused request in two is let through to the server).
    pub fn new(window: Duration, k_milli: u32, seed: Seed) -> Self {
        Self {
            requests: SlotRing::new(window),
            accepts: SlotRing::new(window),
            k_milli: u64::from(k_milli),
            seed,
        }
    }

    /// A request is to be made. It counts whether or not it is let through, as the method wants.
    /// Safety calls are always let through.
    ///
    /// # Errors
    /// [`RejectionKind::Throttled`]; chance decides, so asking again may help at once.
    pub fn try_send<C: Clock>(&self, class: CallClass, clock: &C) -> Result<(), Rejection> {
        let now = clock.now();
        let requests = self.requests.sum(now);
        let accepted = self.accepts.sum(now).saturating_mul(self.k_milli) / 1000;
        self.requests.add(now);
        let excess = requests.saturating_sub(accepted);
        if excess == 0 || class == CallClass::Safety {
            return Ok(());
        }
        let draw = u128::from(self.seed.stream().draw());
        if draw * u128::from(requests + 1) < u128::from(excess) << 64 {
            return Err(Rejection::new(RejectionKind::Throttled, Some(now)));
        }
        Ok(())
    }

    /// The server accepted a request, whatever became of it then.
    pub fn on_accepted<C: Clock>(&self, clock: &C) {
        self.accepts.add(clock.now());
    }
}
