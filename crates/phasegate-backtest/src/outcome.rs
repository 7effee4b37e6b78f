//! What a plan would have done with what was recorded.

use std::collections::BTreeSet;

use phasegate_core::{Arm, CriterionId, Ratio, Span, Timestamp};
use phasegate_engine::program::Response;
use phasegate_engine::record::{Outcome, Record};
use serde::Serialize;

/// A verdict that changed.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct VerdictChange {
    /// When.
    pub at: Timestamp,
    /// Whose: a criterion's id, or a trigger's.
    pub of: CriterionId,
    /// Is it a trigger? Then pass means that its condition is true.
    pub is_trigger: bool,
    /// What it became: `pass`, `warn`, `fail` or why it cannot be said.
    pub verdict: String,
    /// In one sentence.
    pub sentence: String,
}

/// Something stopped the rollout or sent it back.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Alarm {
    /// When.
    pub at: Timestamp,
    /// Until when it was so, as far as was looked: the look at which it was over, or the last one at which it was not. What
    /// holds again for the same at the next look is no other alarm.
    pub until: Timestamp,
    /// Why, in words.
    pub cause: String,
    /// What was done.
    pub response: Response,
    /// Before anything was bad, where nothing ever was, or for what was wrong already before it was bad.
    pub is_false: bool,
    /// Because nothing could be measured for too long: that stops it too, and finds nothing out.
    pub is_blind: bool,
}

/// Who met the bad version until it was found out, or until the end of what was recorded.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Exposed {
    /// So many requests.
    pub requests: u64,
    /// So many users at most: those who were assigned to it, and no more than the requests that met it.
    pub users: u64,
    /// So many users were assigned to the new version by the largest share, where each stays with the version that
    /// they have met first. Whether each of them came by in that time nobody has recorded.
    pub assigned: u64,
    /// The largest share.
    pub share: Ratio,
    /// Is it known who could meet it? Else there are no requests and users to count.
    pub counted: bool,
}

/// What a plan would have done. As JSON it is without the journals.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Backtest {
    /// From when on it was bad, as the options say.
    pub bad_from: Option<Timestamp>,
    /// When the bad version could be met first: it was bad, and somebody saw it.
    pub bad_since: Option<Timestamp>,
    /// What stopped it or sent it back, in order.
    pub alarms: Vec<Alarm>,
    /// How criteria and triggers went.
    pub verdicts: Vec<VerdictChange>,
    /// The share that saw the new version, from each moment on.
    pub exposure: Vec<(Timestamp, Ratio)>,
    /// Who met the bad version until it was found out.
    pub exposed: Exposed,
    /// How the rollouts ended, and when: one, or several where a false alarm had ended one.
    pub ends: Vec<(Timestamp, Outcome)>,
    /// When the first rollout began.
    pub began: Timestamp,
    /// Until when it was carried out.
    pub until: Timestamp,
    /// How many looks were taken.
    pub looks: u64,
    /// What was asked of a side and recorded nowhere, by the text of the question.
    pub unrecorded: BTreeSet<(String, Arm)>,
    /// What was asked of a side in a form in which it was not recorded, and what is missing.
    pub unfit: BTreeSet<(String, Arm, String)>,
    /// How many rollouts there were: a false alarm that ended one makes room for the next.
    pub rollouts: u64,
    /// Where the last of them stood when it was broken off, and what it waited for: none where it was over.
    pub stands_at: Vec<String>,
    /// The journals of the first hundred of them, one after the other: reports can be made of them.
    #[serde(skip)]
    pub records: Vec<Vec<Record>>,
}

impl Backtest {
    pub(crate) fn beginning(at: Timestamp, bad_from: Option<Timestamp>) -> Self {
        Self {
            bad_from,
            bad_since: None,
            alarms: Vec::new(),
            verdicts: Vec::new(),
            exposure: vec![(at, Ratio::ZERO)],
            exposed: Exposed::default(),
            ends: Vec::new(),
            began: at,
            until: at,
            looks: 0,
            unrecorded: BTreeSet::new(),
            unfit: BTreeSet::new(),
            rollouts: 0,
            stands_at: Vec::new(),
            records: Vec::new(),
        }
    }

    /// The alarm that found the bad version out, if one did.
    #[must_use]
    pub fn detection(&self) -> Option<&Alarm> {
        let mut alarms = self.alarms.iter();
        alarms.find(|alarm| !alarm.is_false && !alarm.is_blind)
    }

    /// How long the bad version was met before it was found out.
    #[must_use]
    pub fn time_to_detect(&self) -> Option<Span> {
        let since = self.bad_since?;
        self.detection().map(|alarm| alarm.at.since(since))
    }

    /// How many alarms there were where nothing was bad.
    #[must_use]
    pub fn false_alarms(&self) -> usize {
        self.alarms.iter().filter(|alarm| alarm.is_false).count()
    }

    /// How long the first rollout took, if it ended well.
    #[must_use]
    pub fn duration(&self) -> Option<Span> {
        let (at, outcome) = self.ends.first()?;
        (*outcome == Outcome::Completed).then(|| at.since(self.began))
    }
}
