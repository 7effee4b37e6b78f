//! Several quotas at once: a call takes from all of them or from none.
//!
//! Why not a chain of limiters: when the second refuses, the first has already been used.

use alloc::vec::Vec;

use crate::call::CallClass;
use crate::rejection::{Rejection, RejectionKind};
use crate::sync::{Mutex, lock};
use crate::time::{Clock, Tick};

use super::gcra::Quota;

/// A set of quotas that are taken together, such as "30 a minute and 1000 an hour".
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{CallClass, Quota, Quotas, Tick};
///
/// let per_second = Quota::new(2, Duration::from_secs(1))?;
/// let per_minute = Quota::new(3, Duration::from_secs(60))?;
/// let quotas = Quotas::new([per_second, per_minute]);
/// assert!(quotas.try_acquire(&[1, 1], CallClass::Read, &Tick::ZERO).is_ok());
/// assert!(quotas.try_acquire(&[2, 1], CallClass::Read, &Tick::ZERO).is_err());
/// assert_eq!(quotas.left(&Tick::ZERO), [1, 2]);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Debug)]
pub struct Quotas {
    quotas: Vec<Quota>,
    states: Mutex<Vec<u64>>,
}

impl Quotas {
    /// Untouched quotas. Costs are given in the same order.
    pub fn new(quotas: impl Into<Vec<Quota>>) -> Self {
        let quotas = quotas.into();
        let states = Mutex::new(alloc::vec![0; quotas.len()]);
        Self { quotas, states }
    }

    /// Takes `cells[i]` from the i-th quota, from all or from none. Missing costs are zero.
    ///
    /// # Errors
    /// [`RejectionKind::RateLimited`] with the moment at which all of them would agree; without a
    /// moment when one never can.
    pub fn try_acquire<C: Clock>(
        &self,
        cells: &[u32],
        class: CallClass,
        clock: &C,
    ) -> Result<(), Rejection> {
        let now = clock.now();
        let mut states = lock(&self.states);
        let mut refused: Option<Option<Tick>> = None;
        for ((quota, state), cells) in self.quotas.iter().zip(states.iter()).zip(cells) {
            if *cells == 0 {
                continue;
            }
            if let Err(at) = quota.take_cut(*state, *cells, class, now) {
                refused = Some(match refused {
                    None => at,
                    Some(before) => before.zip(at).map(|(a, b)| a.max(b)),
                });
            }
        }
        if let Some(at) = refused {
            return Err(Rejection::new(RejectionKind::RateLimited, at));
        }
        for ((quota, state), cells) in self.quotas.iter().zip(states.iter_mut()).zip(cells) {
            if *cells > 0
                && let Ok(next) = quota.take_cut(*state, *cells, class, now)
            {
                *state = next;
            }
        }
        Ok(())
    }

    /// Gives back what a call took and did not use.
    pub fn refund(&self, cells: &[u32]) {
        let mut states = lock(&self.states);
        for ((quota, state), cells) in self.quotas.iter().zip(states.iter_mut()).zip(cells) {
            *state = quota.give(*state, *cells);
        }
    }

    /// How many cells each has left for a safety call.
    pub fn left<C: Clock>(&self, clock: &C) -> Vec<u64> {
        let now = clock.now();
        let states = lock(&self.states);
        self.quotas
            .iter()
            .zip(states.iter())
            .map(|(quota, state)| quota.left(*state, now))
            .collect()
    }
}
