//! The results of probes.

use super::rules::Rules;
use crate::trip::{Condition, Trip};

/// Counts of one half-open state.
#[derive(Debug, Default)]
pub(super) struct HalfOpen {
    pub(super) results: u32,
    failures: u32,
    slows: u32,
    /// Failed or slow.
    bad: u32,
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
        self.bad = self.bad.saturating_add(u32::from(failed || slow));
    }

    /// Judged by rate as soon as enough results are in. Without a failure rate, one failure is
    /// too many.
    pub(super) fn judge(&self, rules: &Rules) -> Probed {
        let needed = u32::from(rules.probe_successes);
        if needed > 0 {
            return self.judge_by_number(rules, needed);
        }
        if self.results < rules.probes_needed() {
            return Probed::Undecided;
        }
        let of = u64::from(self.results);
        let (failures, slows) = (u64::from(self.failures), u64::from(self.slows));
        let failed = match rules.failure_rate {
            Some(rate) => rate.is_reached(failures, of),
            None => failures > 0 && (rules.consecutive > 0 || rules.failure_count > 0),
        };
        if failed {
            return Probed::Broken(Trip::new(Condition::Probes, failures, of));
        }
        if rules
            .slow_rate
            .is_some_and(|rate| rate.is_reached(slows, of))
        {
            return Probed::Broken(Trip::new(Condition::Probes, slows, of));
        }
        Probed::Recovered
    }

    /// As soon as so many are good, or so many failed or were slow that the good ones cannot come
    /// together.
    fn judge_by_number(&self, rules: &Rules, needed: u32) -> Probed {
        let bad = self.bad;
        if self.results.saturating_sub(bad) >= needed {
            return Probed::Recovered;
        }
        if bad > u32::from(rules.probes).saturating_sub(needed) {
            let trip = Trip::new(Condition::Probes, u64::from(bad), u64::from(self.results));
            return Probed::Broken(trip);
        }
        Probed::Undecided
    }
}
