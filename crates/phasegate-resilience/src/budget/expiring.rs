//! A budget whose deposits expire (Finagle): so many retries per call of the last seconds.

use core::time::Duration;

use crate::call::CallClass;
use crate::error::Misuse;
use crate::rate::Rate;
use crate::rejection::{Rejection, RejectionKind};
use crate::sync::{Mutex, lock};
use crate::time::{Clock, Tick, nanos};

use super::ring::SlotRing;

/// At most `ratio` retries per call, over the calls of the last `ttl`, plus a reserve.
///
/// A deposit counts for the whole `ttl` and at most a tenth of it longer.
///
/// The ratio is exact: 1000 calls at 0.3 pay for 300 retries. Withdrawals are decided one at a
/// time and never overshoot. Time that passes costs nothing, however long.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{CallClass, ExpiringBudget, Rate, Tick};
///
/// let budget = ExpiringBudget::new(Duration::from_secs(10), Rate::percent(20)?, 0)?;
/// let now = Tick::from_secs(100);
/// for _ in 0..10 {
///     budget.deposit(&now);
/// }
/// assert!(budget.try_retry(CallClass::Read, &now).is_ok());
/// assert!(budget.try_retry(CallClass::Read, &now).is_ok());
/// assert!(budget.try_retry(CallClass::Read, &now).is_err());
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Debug)]
pub struct ExpiringBudget {
    ratio: Rate,
    reserve: u64,
    slot: Duration,
    deposits: SlotRing,
    withdrawals: Mutex<SlotRing>,
}

impl ExpiringBudget {
    /// A budget over the last `ttl` with `reserve_per_second` retries that need no call.
    ///
    /// # Errors
    /// [`Misuse::Zero`] when `ttl` is zero.
    pub fn new(ttl: Duration, ratio: Rate, reserve_per_second: u32) -> Result<Self, Misuse> {
        if ttl.is_zero() {
            return Err(Misuse::Zero);
        }
        let reserve = u128::from(reserve_per_second) * u128::from(nanos(ttl)) / 1_000_000_000;
        Ok(Self {
            ratio,
            reserve: u64::try_from(reserve).unwrap_or(u64::MAX),
            slot: ttl / 10,
            deposits: SlotRing::new(ttl),
            withdrawals: Mutex::new(SlotRing::new(ttl)),
        })
    }

    /// A call is made that may be retried.
    #[inline]
    pub fn deposit<C: Clock>(&self, clock: &C) {
        self.deposits.add(clock.now());
    }

    /// Takes one retry. A safety call is allowed with an empty budget, and counts.
    ///
    /// # Errors
    /// [`RejectionKind::BudgetEmpty`] with the next moment at which old withdrawals expire.
    pub fn try_retry<C: Clock>(&self, class: CallClass, clock: &C) -> Result<(), Rejection> {
        let now = clock.now();
        let withdrawals = lock(&self.withdrawals);
        let granted = self.granted(now);
        if withdrawals.sum(now) < granted || class == CallClass::Safety {
            withdrawals.add(now);
            return Ok(());
        }
        Err(Rejection::new(
            RejectionKind::BudgetEmpty,
            Some(now + self.slot),
        ))
    }

    /// How many retries are left now.
    pub fn left<C: Clock>(&self, clock: &C) -> u64 {
        let now = clock.now();
        self.granted(now)
            .saturating_sub(lock(&self.withdrawals).sum(now))
    }

    fn granted(&self, now: Tick) -> u64 {
        self.ratio
            .of(self.deposits.sum(now))
            .saturating_add(self.reserve)
    }
}
