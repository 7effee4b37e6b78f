//! What people attested, by where they were asked: the engine forgets who said so when the item is done, and the gate
//! behind it rests on it.

use std::collections::BTreeMap;

use phasegate_engine::record::{AskAbout, Body, Place, Record};
use phasegate_engine::state::State;

use super::gates::Said;

/// The last word about each item.
#[derive(Debug, Default)]
pub(crate) struct Attested(BTreeMap<Place, Said>);

impl Attested {
    pub(super) fn take(&mut self, record: &Record, before: &State) {
        let place = |ask: u64| match &before.asks.get(&ask)?.ask.about {
            AskAbout::Attestation { place } | AskAbout::Task { place } => Some(place.clone()),
            AskAbout::Approval { .. }
            | AskAbout::Difference { .. }
            | AskAbout::Effect { .. }
            | AskAbout::Incident { .. } => None,
        };
        if let Body::Answered(answered) = &record.body
            && let Some(place) = place(answered.ask)
        {
            self.0.insert(place, Said::of(answered, record.at()));
        }
        if let Body::AnswerWithdrawn { ask, by, .. } = &record.body
            && let Some(place) = place(*ask)
        {
            self.0.retain(|at, said| *at != place || said.by != *by);
        }
    }

    /// An item that people are asked about, and the last word about it.
    pub(super) fn item(&self, place: &Place, state: &State) -> Option<(String, &Said)> {
        let said = self.0.get(place)?;
        Some((state.op(place)?.title.clone(), said))
    }
}
