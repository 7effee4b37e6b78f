//! What people said, and what stays known of an operation that has ended.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{Now, PersonId, RoleId};

use super::State;
use crate::program::OpKind;
use crate::record::{Answered, AskAbout, Finish, Place};

impl State {
    /// Have enough different people of each role said yes to the gate there, and not too long before `now`? One person
    /// counts for one role only. True as well where nobody has to; false where no gate is.
    ///
    /// ```
    /// # use phasegate_core::Now;
    /// # use phasegate_engine::{record::Place, state::State};
    /// # fn waits_for_people(state: &State, place: &Place, now: &Now) -> bool {
    /// !state.is_approved(place, now)
    /// # }
    /// ```
    pub fn is_approved(&self, place: &Place, now: &Now) -> bool {
        let Some(gate) = self.gate(place) else {
            return false;
        };
        let asked = self.asks.values().find(
            |state| matches!(&state.ask.about, AskAbout::Approval { place: at, .. } if at == place),
        );
        let mut yes: BTreeMap<&RoleId, BTreeSet<&PersonId>> = BTreeMap::new();
        for (answer, at) in asked.iter().flat_map(|state| &state.answers) {
            if answer.yes && gate.approvals.last(at, now) {
                yes.entry(&answer.role).or_default().insert(&answer.by);
            }
        }
        gate.approvals.quorum.iter().all(|(role, count)| {
            let have = yes.get(role).map_or(0, BTreeSet::len);
            u32::try_from(have).is_ok_and(|have| have >= *count)
        })
    }

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
                ask.withdrawn.remove(&answered.by);
                ask.answers.retain(|(answer, _)| answer.by != answered.by);
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
