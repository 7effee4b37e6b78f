//! Whether a way back, or a stage of it, was enough.

use phasegate_sla::Verdict;

use super::Seen;
use crate::engine::Engine;
use crate::program::OpKind;
use crate::record::{Finish, Place};

impl Engine {
    pub(super) fn act_on_validation(&mut self, seen: &Seen<'_>) {
        let Some(place) = self
            .state
            .rollback
            .as_ref()
            .map(|r| Place::Rollback { op: r.op })
        else {
            return;
        };
        let Some(OpKind::Validate { within, spares, .. }) =
            self.state.op(&place).map(|op| &op.kind)
        else {
            return;
        };
        let (within, spares) = (*within, *spares);
        if !self.is_started(&place) || !self.state.is_rolling_back() {
            return;
        }
        let here = || seen.checks.iter().filter(|c| *c.place == place);
        let open = here().find(|c| !matches!(c.verdict, Verdict::Pass | Verdict::Warn));
        match open {
            None if here().next().is_some() => {
                self.record_now(seen);
                self.finish_op(&place, Finish::Done);
                // In the same look it may have begun to go further back.
                if self.may_be_enough() {
                    self.spare(spares);
                }
            }
            None => {}
            Some(open)
                if self
                    .running_for(&place)
                    .is_some_and(|elapsed| elapsed.high >= within) =>
            {
                let sentence = self.sentence(seen.closed, open.look);
                let reason = format!("not valid after {within}: {sentence}");
                let finish = if spares > 0 {
                    Finish::TooLittle { reason }
                } else {
                    Finish::Failed { reason }
                };
                self.record_now(seen);
                self.finish_op(&place, finish);
            }
            Some(_) => {}
        }
    }
}
