//! What people said, and what stays known of an operation that has ended.

use phasegate_core::Now;

use super::State;
use crate::program::OpKind;
use crate::record::{Answered, AskAbout, Finish, Place};

impl State {
    pub(super) fn fold_answered(
        &mut self,
        answered: &Answered,
        now: Now,
    ) -> Result<(), &'static str> {
        self.hear_answer(answered);
        let ask = self
            .asks
            .get_mut(&answered.ask)
            .ok_or("nobody asked that")?;
        match ask.ask.about.clone() {
            AskAbout::Approval { .. }
            | AskAbout::Effect { .. }
            | AskAbout::Incident { .. }
            | AskAbout::Task { .. } => {
                ask.answers.push((answered.clone(), now));
            }
            // One word is enough; a no holds the rollout, and then it is asked anew.
            AskAbout::Attestation { place } => {
                self.asks.remove(&answered.ask);
                if answered.yes {
                    self.attested.insert(place, now);
                }
            }
            AskAbout::Difference { target, id } => {
                self.asks.remove(&answered.ask);
                let difference = self.differences.get_mut(&(target, id));
                if answered.yes {
                    difference.ok_or("no such difference")?.explained =
                        Some((answered.by.clone(), answered.reason.clone()));
                }
            }
        }
        Ok(())
    }

    /// An attestation that does not hold for ever keeps its moment; a target that failed and was
    /// passed over counts.
    pub(super) fn remember_finished(&mut self, place: &Place, finish: &Finish) {
        let (Some(op), Some(phase)) = (self.op(place), place.phase()) else {
            return;
        };
        match (&op.kind, finish) {
            (
                OpKind::Ask {
                    valid_for: Some(_), ..
                },
                Finish::Done,
            ) => {
                let given = self.asks.values().find_map(|state| match &state.ask.about {
                    AskAbout::Task { place: at } if at == place => {
                        state.answers.last().map(|(_, at)| *at)
                    }
                    _ => None,
                });
                if let Some(given) = given {
                    self.attested.insert(place.clone(), given);
                }
            }
            (
                OpKind::Apply {
                    may_fail: Some(limits),
                    ..
                },
                Finish::Failed { .. },
            ) => {
                let (key, wave) = ((phase.clone(), op.step.clone()), limits.wave);
                let failed = self.passed_over.entry(key).or_default();
                *failed.entry(wave).or_default() += 1;
            }
            _ => {}
        }
    }
}
