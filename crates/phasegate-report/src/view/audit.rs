//! What a report rests on: how many records of which kinds, the chain's head, and where the controller
//! was down or its clocks disagreed.

use std::collections::BTreeMap;

use phasegate_core::{Span, Timestamp};
use phasegate_engine::record::{Body, Record};
use serde::Serialize;

use super::Step;

/// What a report rests on.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Audit {
    /// How many records there are.
    pub records: u64,
    /// How many of each kind.
    pub kinds: BTreeMap<String, u64>,
    /// The oldest and the newest record format.
    pub formats: (u32, u32),
    /// The switches of behaviour that the rollout began with.
    pub flags: Vec<u32>,
    /// The head of the journal's hash chain, if it was given.
    pub head: Option<Head>,
    /// When the controller was down.
    pub outages: Vec<Outage>,
    /// When the two clocks disagreed.
    pub clocks: Vec<ClockDisagreement>,
}

/// The head of a journal's hash chain.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct Head {
    /// Sequence of the last record.
    pub seq: u64,
    /// Its hash, as hex.
    pub hash: String,
    /// Was the whole chain verified when it was read?
    pub verified: bool,
}

/// A time without a controller.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Outage {
    /// The last record before it: it was down at most since then.
    pub from: Timestamp,
    /// When it was taken up again.
    pub until: Timestamp,
    /// Effects whose outcome was not known then.
    pub in_doubt: Vec<u64>,
}

/// A moment at which the two clocks disagreed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ClockDisagreement {
    /// When.
    pub at: Timestamp,
    /// By how much.
    pub by: Span,
}

pub(super) struct Fold {
    audit: Audit,
}

impl Fold {
    pub(super) fn new(first: &Record, flags: &[u32]) -> Self {
        let mut audit = Audit {
            records: 0,
            kinds: BTreeMap::new(),
            formats: (first.v, first.v),
            flags: flags.to_vec(),
            head: None,
            outages: Vec::new(),
            clocks: Vec::new(),
        };
        audit.count(first);
        Self { audit }
    }

    pub(super) fn take(&mut self, step: &Step<'_>) {
        self.audit.count(step.record);
        let at = step.record.at();
        if let Body::Recovered { in_doubt } = &step.record.body {
            let (from, in_doubt) = (step.before.last.wall, in_doubt.clone());
            self.audit.outages.push(Outage {
                from,
                until: at,
                in_doubt,
            });
        }
        if let Body::ClockDisagreed { by } = &step.record.body {
            self.audit.clocks.push(ClockDisagreement { at, by: *by });
        }
    }

    pub(super) fn finish(self) -> Audit {
        self.audit
    }
}

impl Audit {
    fn count(&mut self, record: &Record) {
        self.records = self.records.saturating_add(1);
        let of_kind = self.kinds.entry(record.kind().to_owned()).or_insert(0);
        *of_kind = of_kind.saturating_add(1);
        let (oldest, newest) = self.formats;
        self.formats = (oldest.min(record.v), newest.max(record.v));
    }
}
