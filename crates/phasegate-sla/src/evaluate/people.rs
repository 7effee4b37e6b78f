//! What people attest, events show and time decides.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{Quantity, Timestamp};
use phasegate_criterion::{Condition, Length, Name};
use serde::{Deserialize, Serialize};

use super::{Polarity, words};
use crate::verdict::{Finding, Verdict, Why};

/// What is known beside measurements, as of now. Nothing here is a pass by default: what is missing is
/// inconclusive.
///
/// Roles and events are found whatever the case of their letters, and with hyphens for underscores: a
/// plan's ids are often written `data-loss`, names in criteria `data_loss`. Answers of one role under two spellings
/// that contradict each other decide nothing.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Testimony {
    /// By role: did somebody in it say yes (`true`) or no?
    pub approvals: BTreeMap<String, bool>,
    /// By the condition's text (`check "..."`, `all scripts satisfy "..."`): is it so?
    pub attested: BTreeMap<String, bool>,
    /// Events that were declared.
    pub events: BTreeSet<String>,
    /// Whether events are being listened for. Where nobody listens, silence says nothing.
    pub listening: bool,
    /// By group of criteria (empty for all of the phase's): what came of it.
    pub groups: BTreeMap<String, Verdict>,
    /// By the measure's text: how the run before stood, in a unit of the measure. In another one it is not usable.
    pub previous: BTreeMap<String, Quantity>,
    /// When the rollout began.
    pub started: Option<Timestamp>,
    /// When it was delivered.
    pub delivered: Option<Timestamp>,
    /// Since when it is being watched.
    pub watched_since: Option<Timestamp>,
}

const MISSING: Verdict = Verdict::Inconclusive(Why::HumanAnswerMissing);

fn said(answer: Option<&bool>) -> Verdict {
    match answer {
        None => MISSING,
        Some(true) => Verdict::Pass,
        Some(false) => Verdict::Fail,
    }
}

impl Testimony {
    pub(super) fn finding(
        &self,
        condition: &Condition,
        polarity: Polarity,
        at: Timestamp,
    ) -> Finding {
        let rule = condition.to_string();
        let verdict = match condition {
            Condition::Approve(role) => self.approved(role),
            Condition::Check(_) | Condition::ForAll { .. } => said(self.attested.get(&rule)),
            Condition::Delivered(limit) => self.delivered(limit, at),
            Condition::Event(events) => {
                let is_seen = |event: &Name| self.events.iter().any(|seen| event.means(seen));
                let seen = events.names().any(is_seen);
                match (seen, self.listening) {
                    (true, _) => Verdict::Pass,
                    (false, true) => Verdict::Fail,
                    (false, false) => Verdict::Inconclusive(Why::NoData),
                }
            }
            Condition::Group(name) => {
                let key = name.as_ref().map_or("", |name| name.as_str());
                self.groups
                    .get(key)
                    .cloned()
                    .unwrap_or(Verdict::Inconclusive(Why::NoData))
            }
            Condition::Monitor(length) => self.watched(length, at),
            Condition::Not(negated) => {
                match self.finding(negated.condition(), polarity, at).verdict {
                    Verdict::Fail => Verdict::Pass,
                    Verdict::Pass | Verdict::Warn => Verdict::Fail,
                    Verdict::Inconclusive(why) => Verdict::Inconclusive(why),
                }
            }
            // These are evaluated from their parts; nobody attests them.
            Condition::All(_) | Condition::Any(_) | Condition::Score(_) | Condition::Test(_) => {
                Verdict::Inconclusive(Why::NoData)
            }
        };
        let sentence = format!("{rule}: {}", words::outcome(&verdict, polarity));
        Finding::new(rule, verdict, at, sentence)
    }

    /// What one role says under several spellings of it must agree: else it has said neither.
    fn approved(&self, role: &Name) -> Verdict {
        let of_role = self.approvals.iter().filter(|(of, _)| role.means(of));
        let mut answers = of_role.map(|(_, yes)| yes);
        let first = answers.next();
        if answers.any(|other| Some(other) != first) {
            return Verdict::Inconclusive(Why::Undecided);
        }
        said(first)
    }

    /// In time, too late, or not delivered yet.
    fn delivered(&self, limit: &Length, at: Timestamp) -> Verdict {
        let (Some(started), Some(limit)) = (self.started, limit.span()) else {
            return Verdict::Inconclusive(Why::NoData);
        };
        let due = started + limit;
        match self.delivered {
            Some(delivered) if delivered <= due => Verdict::Pass,
            Some(_) => Verdict::Fail,
            None if at > due => Verdict::Fail,
            None => Verdict::Inconclusive(Why::NotYet {
                remaining: due.since(at),
            }),
        }
    }

    fn watched(&self, length: &Length, at: Timestamp) -> Verdict {
        let (Some(since), Some(length)) = (self.watched_since, length.span()) else {
            return Verdict::Inconclusive(Why::NoData);
        };
        let remaining = length.saturating_sub(at.since(since));
        if remaining.is_zero() {
            Verdict::Pass
        } else {
            Verdict::Inconclusive(Why::NotYet { remaining })
        }
    }
}
