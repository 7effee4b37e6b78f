//! How much of a bake is covered by evidence.

use std::sync::Arc;

use phasegate_core::Span;
use phasegate_sla::Verdict;

use super::{CheckSeen, Seen};
use crate::engine::Engine;
use crate::program::{Check, Op, OpKind};
use crate::record::{BakeProgress, Place};
use crate::state::{Stage, is_blind};

/// A gap between two looks longer than so many intervals is not covered by evidence.
const GAP_INTERVALS_MAX: u64 = 3;

impl Engine {
    /// Adds the time since the last look to every bake that could be looked at.
    pub(super) fn cover_bakes(&mut self, seen: &Seen<'_>) -> Vec<BakeProgress> {
        let now = self.now();
        let gap_max = self
            .state
            .program
            .timing
            .every
            .saturating_mul(GAP_INTERVALS_MAX);
        let mut bakes = Vec::new();
        for place in Arc::clone(self.places()).iter() {
            let is_bake = self
                .state
                .op(place)
                .is_some_and(|op| matches!(op.kind, OpKind::Bake { .. }));
            let Some(Stage::Started { at, .. }) = self.state.stage(place) else {
                continue;
            };
            if !is_bake || self.state.rollback.is_some() {
                continue;
            }
            let recorded = self.state.bakes.get(place);
            let running = self.volatile.bakes.get(place).copied();
            let here: Vec<_> = seen.checks.iter().filter(|c| c.place == place).collect();
            // The look may have begun before the bake did: then its criteria were not looked at.
            let checks = self.state.op(place).map(Op::checks).unwrap_or_default();
            let is_seen = |(nth, check): (usize, &Check)| {
                let is_it = |c: &&CheckSeen<'_>| *c.check == check.id;
                here.get(nth).is_some_and(is_it) || here.iter().any(is_it)
            };
            if !checks.iter().enumerate().all(is_seen) {
                continue;
            }
            let blind = here.iter().any(|c| is_blind(&c.verdict));
            // After a restart the time before the first look is a gap, not evidence.
            let restarted = running.is_none() && at.wall < self.volatile.since.wall;
            let fresh = || (recorded.map_or(Span::ZERO, |bake| bake.covered), *at);
            let (before, from) = running.unwrap_or_else(fresh);
            let step = now.elapsed_since(&from).low;
            let counts = !blind && !restarted && step <= gap_max;
            let covered = before.saturating_add(if counts { step } else { Span::ZERO });
            self.volatile.bakes.insert(place.clone(), (covered, now));
            // Undecided criteria are borne while the bake lasts; then their time runs.
            let span = self.bake_span(place).unwrap_or_default();
            let undecided = covered >= span
                && here
                    .iter()
                    .any(|c| matches!(c.verdict, Verdict::Inconclusive(_)));
            let before = recorded.and_then(|bake| bake.blind_since);
            let blind_since = self.blind_since(blind || undecided, before);
            bakes.push(BakeProgress {
                place: place.clone(),
                covered,
                blind_since,
            });
        }
        bakes
    }

    pub(super) fn bake_span(&self, place: &Place) -> Option<Span> {
        let OpKind::Bake { span, .. } = self.state.op(place)?.kind else {
            return None;
        };
        Some(span)
    }
}
