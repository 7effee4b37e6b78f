//! What the records say: how verdicts changed, and what stopped the rollout or sent it back.

use std::collections::BTreeMap;

use phasegate_core::{CriterionId, Timestamp};
use phasegate_engine::program::Response;
use phasegate_engine::record::{Body, Cause, HoldReason, Judged, Record, TriggerProgress};

use crate::outcome::{Alarm, Backtest, VerdictChange};

/// Reads records as they come.
#[derive(Debug)]
pub(crate) struct Reader {
    bad_from: Option<Timestamp>,
    /// The last verdict of each criterion and each trigger.
    verdicts: BTreeMap<(CriterionId, bool), String>,
}

impl Reader {
    pub(crate) fn new(bad_from: Option<Timestamp>) -> Self {
        Self {
            bad_from,
            verdicts: BTreeMap::new(),
        }
    }

    /// Reads the next one.
    pub(crate) fn read(&mut self, record: &Record, all: &mut Backtest) {
        let at = record.at();
        match &record.body {
            Body::Evaluated {
                judged, triggers, ..
            } => self.evaluated(at, judged, triggers, all),
            Body::Held {
                reason:
                    reason @ (HoldReason::Blind { .. }
                    | HoldReason::Criterion { .. }
                    | HoldReason::Gate { .. }
                    | HoldReason::Trigger { .. }),
            } => {
                let is_blind = matches!(reason, HoldReason::Blind { .. });
                self.alarm(at, reason.to_string(), Response::Hold, is_blind, all);
            }
            Body::RollbackStarted { cause, back, .. } => {
                let response = Response::Rollback(back.clone());
                let is_blind = matches!(cause, Cause::Blind { .. });
                self.alarm(at, cause.to_string(), response, is_blind, all);
            }
            _ => {}
        }
    }

    fn evaluated(
        &mut self,
        at: Timestamp,
        judged: &[Judged],
        triggers: &[TriggerProgress],
        all: &mut Backtest,
    ) {
        let checks = judged.iter();
        let checks = checks.map(|one| (one.check.clone(), false, &one.finding));
        let triggers = triggers.iter().filter_map(|one| {
            let id = CriterionId::new(one.trigger.to_string()).ok()?;
            Some((id, true, &one.finding))
        });
        for (of, is_trigger, finding) in checks.chain(triggers) {
            let verdict = finding.verdict.to_string();
            let key = (of, is_trigger);
            if self.verdicts.get(&key) == Some(&verdict) {
                continue;
            }
            let of = key.0.clone();
            self.verdicts.insert(key, verdict.clone());
            all.verdicts.push(VerdictChange {
                at,
                of,
                is_trigger,
                verdict,
                sentence: finding.sentence.clone(),
            });
        }
    }

    fn alarm(
        &self,
        at: Timestamp,
        cause: String,
        response: Response,
        is_blind: bool,
        all: &mut Backtest,
    ) {
        // The same bad version is found out once.
        if all.detection().is_some() {
            return;
        }
        all.alarms.push(Alarm {
            at,
            cause,
            response,
            is_false: self.bad_from.is_none_or(|bad| at < bad),
            is_blind,
        });
    }
}
