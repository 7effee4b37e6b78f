//! A budget of retries at the same time, as a share of the calls at the same time (Envoy).

use crate::call::CallClass;
use crate::rate::Rate;
use crate::rejection::{Rejection, RejectionKind};
use crate::sync::{AtomicU64, Ordering};

const RETRY: u64 = 1 << 32;
const CALLS: u64 = RETRY - 1;

/// At most `share` of the calls under way may be retries or hedges, and always at least so many.
///
/// Calls and retries are counted in one word and compared in one step, so the share is never
/// overshot. Count each logical call once, its retries on top.
///
/// ```
/// use phasegate_resilience::{CallClass, ConcurrentBudget, Rate};
///
/// let budget = ConcurrentBudget::new(Rate::percent(20)?, 1);
/// let calls: Vec<_> = (0..10).map(|_| budget.begin_call()).collect();
/// let _first = budget.try_retry(CallClass::Read).unwrap();
/// let _second = budget.try_retry(CallClass::Read).unwrap();
/// assert!(budget.try_retry(CallClass::Read).is_err());
/// # drop(calls);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Debug)]
pub struct ConcurrentBudget {
    word: AtomicU64,
    share: Rate,
    at_least: u64,
}

impl ConcurrentBudget {
    /// At most `share` of the calls, but always `at_least` retries.
    pub fn new(share: Rate, at_least: u32) -> Self {
        Self {
            word: AtomicU64::new(0),
            share,
            at_least: u64::from(at_least),
        }
    }

    /// A logical call begins; dropping the guard ends it.
    pub fn begin_call(&self) -> Underway<'_> {
        self.word.fetch_add(1, Ordering::AcqRel);
        Underway {
            budget: self,
            unit: 1,
        }
    }

    /// A retry or hedge begins; dropping the guard ends it. A safety call always may.
    ///
    /// # Errors
    /// [`RejectionKind::BudgetEmpty`]; no clock says when others end.
    pub fn try_retry(&self, class: CallClass) -> Result<Underway<'_>, Rejection> {
        let taken = self
            .word
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, |word| {
                let most = self.share.of(word & CALLS).max(self.at_least);
                (word / RETRY < most || class == CallClass::Safety).then_some(word + RETRY)
            });
        match taken {
            Ok(_) => Ok(Underway {
                budget: self,
                unit: RETRY,
            }),
            Err(_) => Err(Rejection::new(RejectionKind::BudgetEmpty, None)),
        }
    }
}

/// Something under way; it ends when this is dropped.
///
/// ```
/// use phasegate_resilience::{CallClass, ConcurrentBudget, Rate, Underway};
///
/// let budget = ConcurrentBudget::new(Rate::ZERO, 1);
/// let retry: Underway<'_> = budget.try_retry(CallClass::Read).expect("one is always allowed");
/// assert!(budget.try_retry(CallClass::Read).is_err());
/// drop(retry);
/// assert!(budget.try_retry(CallClass::Read).is_ok());
/// ```
#[derive(Debug)]
#[must_use = "dropping it ends what it stands for"]
pub struct Underway<'a> {
    budget: &'a ConcurrentBudget,
    unit: u64,
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.budget.word.fetch_sub(self.unit, Ordering::AcqRel);
    }
}
