//! The results of probes.

use super::config::BreakerConfig;
use crate::trip::{Condition, Trip};

/// Counts of one half-open state.
#[derive(Debug, Default)]
pub(super) struct HalfOpen {
    pub(super) results: u32,
    failures: u32,
    slows: u32,
}

/// What the probes say so far.
#[derive(Debug)]
pub(super) enum Probed {
    Undecided,
    Recovered,
    Broken(Trip),
}

impl HalfOpen {
    pub(super) fn record(&mut self, failed: bool, slow: bool) {
        self.results = self.results.saturating_add(1);
        self.failures = self.failures.saturating_add(u32::from(failed));
        self.slows = self.slows.saturating_add(u32::from(slow));
    }

    /// Judged by rate as soon as enough results are in. Without a failure rate, one failure is
    /// too many.
    pub(super) fn judge(&self, config: &BreakerConfig) -> Probed {
        if self.results < config.probes_needed() {
            return Probed::Undecided;
        }
        let of = u64::from(self.results);
        let (failures, slows) = (u64::from(self.failures), u64::from(self.slows));
        let failed = match config.failure_rate {
            Some(rate) => rate.is_reached(failures, of),
            None => failures > 0 && config.consecutive > 0,
        };
        if failed {
            return Probed::Broken(Trip::new(Condition::Probes, failures, of));
        }
        if config
            .slow_rate
            .is_some_and(|rate| rate.is_reached(slows, of))
        {
            return Probed::Broken(Trip::new(Condition::Probes, slows, of));
        }
        Probed::Recovered
    }
}
