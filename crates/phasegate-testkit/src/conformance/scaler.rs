//! Scalers: a count within its bounds, not changed again too soon, and read back.

use phasegate_core::{Capability, Span, Standing, TargetId};
use phasegate_provider::{Call, CallClass, ErrorKind, ProviderError, Retry, ScaleLimits, Scaler};

use super::{Findings, Violation};

/// The suite for scalers. `limits` are those that the adapter is configured with for `target`: two counts at least, and
/// a cooldown; `unknown` is a target that does not exist. Changes are made at the moment of `call` and later ones, so
/// nothing is waited for; nothing may have been changed within the cooldown before it. Ends at the smallest count.
pub async fn scaler(
    scaler: &dyn Scaler,
    target: &TargetId,
    unknown: &TargetId,
    limits: ScaleLimits,
    call: &Call,
) -> Vec<Violation> {
    let mut suite = Suite {
        scaler,
        target,
        limits,
        readable: scaler.capabilities().contains(&Capability::ReadBack),
        findings: Findings::default(),
    };
    let ScaleLimits { min, max, cooldown } = limits;
    let possible = min < max && !cooldown.is_zero();
    let rule = "the suite is given two counts at least, and a cooldown";
    suite.findings.check(rule, possible, limits);
    let mut call = call.clone();
    let mut before = None;
    for count in [min, max, min + (max - min) / 2, max, min] {
        if before != Some(count) {
            suite.step(count, before, &call).await;
            suite.outside(count, &call).await;
            suite.too_soon(count, &call).await;
        }
        before = Some(count);
        call.at = call.at + cooldown;
    }
    suite.way_back(&call).await;
    let set = scaler.set(unknown, min, &call).await;
    let rule = "setting an unknown target is refused, and certainly did nothing";
    let refused = set.as_ref().is_err_and(ProviderError::is_refusal);
    suite.findings.check(rule, refused, &set);
    if suite.readable {
        let read = scaler.read(unknown, &call).await;
        let rule = "an unknown target has no count";
        suite.findings.check(rule, read.is_err(), &read);
    }
    suite.findings.0
}

struct Suite<'a> {
    scaler: &'a dyn Scaler,
    target: &'a TargetId,
    limits: ScaleLimits,
    readable: bool,
    findings: Findings,
}

impl Suite<'_> {
    /// Twice: setting the same count again is harmless, also within the cooldown.
    async fn step(&mut self, count: u32, before: Option<u32>, call: &Call) {
        for rule in [
            "a count within the bounds can be set",
            "setting the same count twice is harmless",
        ] {
            let set = self.scaler.set(self.target, count, call).await;
            self.findings.check(rule, set.is_ok(), (count, &set));
            self.stands_at(count, before, call).await;
        }
    }

    /// What lies outside the bounds is not set.
    async fn outside(&mut self, count: u32, call: &Call) {
        let ScaleLimits { min, max, .. } = self.limits;
        let mut late = call.clone().with_class(CallClass::Safety);
        late.at = call.at + self.limits.cooldown;
        for beyond in [min.checked_sub(1), max.checked_add(1), Some(u32::MAX)] {
            let Some(beyond) = beyond.filter(|beyond| !(min..=max).contains(beyond)) else {
                continue;
            };
            let set = self.scaler.set(self.target, beyond, &late).await;
            let rule = "a count outside the bounds is the caller's fault, and nothing is sent";
            let holds = set
                .as_ref()
                .is_err_and(|e| e.kind() == ErrorKind::Misuse && e.is_refusal());
            self.findings.check(rule, holds, (beyond, &set));
        }
        self.stands_at(count, None, call).await;
    }

    /// Another count right after a change has to wait, and is told how long.
    async fn too_soon(&mut self, count: u32, call: &Call) {
        let ScaleLimits { min, max, cooldown } = self.limits;
        let other = if count == min { max } else { min };
        let mut soon = call.clone();
        soon.at = call.at + cooldown.saturating_sub(Span::from_millis(1));
        for call in [call, &soon] {
            let set = self.scaler.set(self.target, other, call).await;
            let rule =
                "another count within the cooldown is told to come back, and nothing is changed";
            let told = |e: &ProviderError| {
                let wait = matches!(e.retry(), Retry::After(w) if !w.is_zero() && w <= cooldown);
                e.kind() == ErrorKind::Rejected && e.is_refusal() && wait
            };
            self.findings
                .check(rule, set.as_ref().is_err_and(told), (other, &set));
        }
        self.stands_at(count, None, call).await;
    }

    /// What undoes harm does not wait.
    async fn way_back(&mut self, call: &Call) {
        let ScaleLimits { min, max, cooldown } = self.limits;
        let mut call = call.clone();
        call.at = call.at + cooldown;
        let set = self.scaler.set(self.target, max, &call).await;
        self.findings
            .check("a count within the bounds can be set", set.is_ok(), &set);
        let back = call.clone().with_class(CallClass::Safety);
        let set = self.scaler.set(self.target, min, &back).await;
        let rule = "the way back does not wait for the cooldown";
        self.findings.check(rule, set.is_ok(), &set);
        self.stands_at(min, Some(max), &call).await;
    }

    async fn stands_at(&mut self, count: u32, before: Option<u32>, call: &Call) {
        if !self.readable {
            return;
        }
        let found = match self.scaler.read(self.target, call).await {
            Ok(found) => found,
            Err(error) => {
                let rule = "a count is read back where that is claimed";
                self.findings.check(rule, false, error);
                return;
            }
        };
        let judge = |desired, before| self.scaler.judge(self.target, desired, before, &found);
        let as_wanted = judge(count, before) == Standing::AsDesired;
        let apart = before.is_none_or(|old| judge(old, Some(count)) != Standing::AsDesired);
        let rule = "what was set is read back as desired";
        self.findings.check(rule, as_wanted, (count, &found));
        self.findings
            .check("another count is told apart", apart, (before, &found));
        let native = !found.native.is_empty();
        self.findings
            .check("the other side's own words are told", native, &found);
    }
}
