//! What must be so at the end, whatever was killed: in the journal, and in HAProxy.

use std::collections::{BTreeMap, BTreeSet};

use phasegate::core::{Desired, EffectOutcome, Span, Timestamp};
use phasegate::engine::Engine;
use phasegate::engine::record::{Body, Outcome, Record};
use phasegate::journal::{Journal, Soundness, verify};

use crate::controller::Kill;
use crate::stage::Stage;
use crate::{Error, documents};

/// What was found.
pub struct Checked {
    pub rollouts: usize,
    pub records: usize,
    pub shifts: usize,
    pub in_doubt: usize,
    /// The time from each kill of a controller that carried something out to the first record of its successor.
    pub take_overs: Vec<Span>,
}

impl Checked {
    pub fn median(&self) -> Span {
        let middle = self.take_overs.get(self.take_overs.len() / 2);
        middle.copied().unwrap_or_default()
    }

    pub fn worst(&self) -> Span {
        self.take_overs.last().copied().unwrap_or_default()
    }
}

/// Checks every rollout of every backend.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn check(
    journal: &dyn Journal,
    stage: &Stage,
    backends: &[u32],
    kills: &[Kill],
) -> Result<Checked, Error> {
    for (rollout, soundness) in verify(journal, &[]).await? {
        if !matches!(soundness, Soundness::Sound(_)) {
            return Err(format!("{rollout}: {soundness:?}").into());
        }
    }
    let mut checked = Checked {
        rollouts: 0,
        records: 0,
        shifts: 0,
        in_doubt: 0,
        take_overs: Vec::new(),
    };
    for (backend, versions) in backends.iter().enumerate() {
        for version in 1..=*versions {
            one(journal, backend, version, kills, &mut checked).await?;
        }
    }
    checked.take_overs.sort();
    for (backend, share) in stage.shares()? {
        if share != 100 {
            return Err(format!("{backend} is left at {share}%").into());
        }
    }
    Ok(checked)
}

async fn one(
    journal: &dyn Journal,
    backend: usize,
    version: u32,
    kills: &[Kill],
    checked: &mut Checked,
) -> Result<(), Error> {
    let rollout = documents::rollout(backend, version)?;
    let stored = journal.read(&rollout, 0).await?;
    let pairs = || stored.iter().map(|one| (&*one.kind, &*one.payload));
    // What is replayed is what the engines had.
    let state = Engine::replay(pairs())?;
    if state.state().outcome != Some(Outcome::Completed) {
        return Err(format!("{rollout}: {:?}", state.state().outcome).into());
    }
    let records: Result<Vec<Record>, _> = pairs()
        .map(|(kind, payload)| Record::decode(kind, payload))
        .collect();
    let records = records?;
    checked.rollouts += 1;
    checked.records += records.len();
    shifts(&records, checked).map_err(|why| format!("{rollout}: {why}"))?;
    let taken_up = records
        .iter()
        .filter(|r| matches!(r.body, Body::Recovered { .. }));
    let taken_up: Vec<Timestamp> = taken_up.map(Record::at).collect();
    for kill in kills.iter().filter(|kill| kill.held.contains(&rollout)) {
        // One that was over when it was written down needs no successor.
        if let Some(at) = taken_up.iter().find(|at| **at >= kill.at) {
            checked.take_overs.push(at.since(kill.at));
        }
    }
    Ok(())
}

/// Each shift was asked for once, under a key of its own, has an end, and they went up as the plan says.
fn shifts(records: &[Record], checked: &mut Checked) -> Result<(), Error> {
    let mut open: BTreeMap<u64, String> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    let mut done = Vec::new();
    for record in records {
        match &record.body {
            Body::Intended { effect, .. } => {
                if !keys.insert(effect.key.to_string()) {
                    return Err(format!("two effects have the key {}", effect.key).into());
                }
                if let Desired::Traffic { canary, .. } = &effect.desired {
                    open.insert(effect.number, canary.to_string());
                }
            }
            Body::Recovered { in_doubt } => checked.in_doubt += in_doubt.len(),
            Body::Concluded {
                effect, outcome, ..
            } => {
                let Some(share) = open.remove(effect) else {
                    continue;
                };
                if !matches!(outcome, EffectOutcome::Applied { .. }) {
                    return Err(format!("the shift to {share} ended with {outcome:?}").into());
                }
                done.push(share);
            }
            _ => {}
        }
    }
    if done != ["10%", "50%", "100%"] || !open.is_empty() {
        return Err(format!("shifts to {done:?}, and {open:?} without an end").into());
    }
    checked.shifts += done.len();
    Ok(())
}
