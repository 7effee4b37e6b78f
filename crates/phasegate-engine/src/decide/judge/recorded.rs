//! What of a look is worth a record.

use super::Seen;
use crate::engine::Engine;
use crate::record::{Body, Judged, TriggerProgress};

impl Engine {
    /// One record at most: on a change, before a decision, or when the last is old.
    pub(super) fn record_findings(&mut self, seen: &Seen<'_>) {
        let now = self.now().wall;
        let old = now >= self.volatile.recorded_at + self.state.program.timing.roll_up;
        let wanted = std::mem::take(&mut self.volatile.wants_findings);
        if old || wanted || self.has_changed(seen) {
            self.record_now(seen);
        }
    }

    /// Records what this look has found, where it is not recorded yet: before anything is decided by it.
    pub(super) fn record_now(&mut self, seen: &Seen<'_>) {
        let some = !(seen.checks.is_empty() && seen.stops.is_empty());
        let any = some || !(seen.triggers.is_empty() && seen.bakes.is_empty());
        if !any || seen.recorded.replace(true) {
            return;
        }
        let now = self.now().wall;
        let testimony = &self.state.testimony;
        let finding = |look| seen.closed.finding(look, &self.registry, testimony, now);
        let judged = seen.checks.iter().map(|c| Judged {
            place: c.place.clone(),
            check: c.check.clone(),
            finding: finding(c.look),
            failures: c.failures,
        });
        // Of conditions that end something at once those that hold: nothing else is made of them.
        let stops = seen.stops.iter().map(|(look, place, check)| Judged {
            place: (*place).clone(),
            check: (*check).clone(),
            finding: finding(look),
            failures: 0,
        });
        let judged = judged.chain(stops);
        let triggers = seen.triggers.iter().map(|t| TriggerProgress {
            trigger: t.trigger.clone(),
            finding: finding(t.look),
            hold: t.hold,
            blind_since: t.blind_since,
        });
        let body = Body::Evaluated {
            judged: judged.collect(),
            triggers: triggers.collect(),
            bakes: seen.bakes.clone(),
        };
        self.volatile.recorded_at = now;
        self.emit(body);
    }

    fn has_changed(&self, seen: &Seen<'_>) -> bool {
        let bake_changed = seen.bakes.iter().any(|b| {
            let recorded = self.state.bakes.get(&b.place);
            recorded.is_none_or(|state| state.blind_since != b.blind_since)
                || self
                    .bake_span(&b.place)
                    .is_some_and(|span| b.covered >= span)
        });
        bake_changed
            || seen.checks.iter().any(|c| c.changed)
            || seen.triggers.iter().any(|t| t.changed)
    }
}
