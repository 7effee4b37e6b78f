//! What the records say: how verdicts changed, and what stopped the rollout or sent it back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use phasegate_core::Timestamp;
use phasegate_engine::program::{Program, Response};
use phasegate_engine::record::{Body, HoldReason, Judged, Record, TriggerProgress};
use phasegate_engine::state::is_blind;
use phasegate_sla::Alert;

use crate::alarm::{Lastings, Source};
use crate::outcome::{Alarm, Backtest, VerdictChange};

/// Reads records as they come, of one rollout after the other.
#[derive(Debug)]
pub(crate) struct Reader {
    bad_from: Option<Timestamp>,
    /// The last verdict of each criterion and each trigger.
    verdicts: BTreeMap<Source, String>,
    /// What was not seen when it was looked at last.
    unseen: BTreeSet<Source>,
    lastings: Lastings,
    /// What sends the rollout back now.
    goes_back_for: Option<(Source, Timestamp)>,
    /// Is what held it last an alarm that was raised when nothing was bad, or did such a one send it back?
    held_falsely: bool,
    /// Did a false alarm send it back last?
    went_back_falsely: bool,
    /// Triggers that neither hold nor send back.
    only_tell: BTreeSet<Source>,
}

impl Reader {
    pub(crate) fn new(program: &Program, bad_from: Option<Timestamp>) -> Self {
        let timing = &program.timing;
        let triggers = program.triggers.iter();
        let only_tell = triggers.filter(|trigger| trigger.reaction.act.is_none());
        Self {
            bad_from,
            verdicts: BTreeMap::new(),
            unseen: BTreeSet::new(),
            lastings: Lastings::new(timing.roll_up.saturating_add(timing.every)),
            goes_back_for: None,
            held_falsely: false,
            went_back_falsely: false,
            only_tell: only_tell
                .filter_map(|trigger| Source::trigger(&trigger.id))
                .collect(),
        }
    }

    /// Is it held for nothing that was found out, as far as a person can tell who knows since when it is bad?
    pub(crate) fn is_held_falsely(&self, now: Timestamp) -> bool {
        self.is_good(now) || self.held_falsely
    }

    fn is_good(&self, at: Timestamp) -> bool {
        self.bad_from.is_none_or(|bad| at < bad)
    }

    /// Reads the next one.
    pub(crate) fn read(&mut self, record: &Record, all: &mut Backtest) {
        let at = record.at();
        match &record.body {
            Body::Evaluated {
                judged, triggers, ..
            } => self.evaluated(at, judged, triggers, all),
            Body::GateDecided { gate, reason, .. } => self.lastings.decided(gate, reason),
            // A person says how it goes on after a way back.
            Body::Held {
                reason: HoldReason::RolledBack,
            } => self.held_falsely = self.went_back_falsely,
            Body::Held { reason } => {
                self.held_falsely = self.lastings.of_hold(reason).is_some_and(|source| {
                    let cause = reason.to_string();
                    self.raises_falsely(at, source, cause, Response::Hold, all)
                });
            }
            Body::RollbackStarted { cause, back, .. } => {
                let Some(source) = self.lastings.of_cause(cause) else {
                    return;
                };
                self.goes_back_for = Some((source.clone(), at));
                let response = Response::Rollback(back.clone());
                self.went_back_falsely =
                    self.raises_falsely(at, source, cause.to_string(), response, all);
            }
            Body::RollbackEnded { .. } => {
                if let Some((source, began)) = self.goes_back_for.take() {
                    self.lastings.came_back(&source, began, at);
                }
            }
            _ => {}
        }
    }

    /// Raises the alarm: is it a false one?
    fn raises_falsely(
        &mut self,
        at: Timestamp,
        source: Source,
        cause: String,
        response: Response,
        all: &mut Backtest,
    ) -> bool {
        let number = self.alarm(at, source, cause, response, all);
        let alarm = number.and_then(|number| all.alarms.get(number));
        alarm.is_some_and(|alarm| alarm.is_false)
    }

    fn evaluated(
        &mut self,
        at: Timestamp,
        judged: &[Judged],
        triggers: &[TriggerProgress],
        all: &mut Backtest,
    ) {
        let checks = judged.iter();
        let checks = checks.map(|one| (Source::Check(one.check.clone()), true, &one.finding));
        let triggers = triggers.iter().filter_map(|one| {
            let fires = one.hold.alert() == Alert::Firing;
            Some((Source::trigger(&one.trigger)?, fires, &one.finding))
        });
        // Is something not seen, and is something seen again?
        let (mut unseen, mut seen_again) = (false, false);
        for (source, fires, finding) in checks.chain(triggers) {
            let (Source::Check(of) | Source::Trigger(of)) = &source else {
                continue;
            };
            let is_trigger = matches!(source, Source::Trigger(_));
            // A trigger is well where its condition does not hold, a criterion where it does.
            let condition = finding.verdict.condition();
            let is_wrong = condition == Some(is_trigger);
            if is_wrong {
                let acts = fires && !self.only_tell.contains(&source);
                let told = format!("{of}: {}", finding.sentence);
                self.lastings.went_wrong(&source, acts, told, at);
            }
            self.lasts(at, &source, condition.is_some() && !is_wrong, all);
            let verdict = finding.verdict.to_string();
            if is_blind(&finding.verdict) {
                unseen = true;
                self.unseen.insert(source.clone());
            } else {
                seen_again |= self.unseen.remove(&source);
            }
            if self.verdicts.get(&source) == Some(&verdict) {
                continue;
            }
            let of = of.clone();
            self.verdicts.insert(source, verdict.clone());
            all.verdicts.push(VerdictChange {
                at,
                of,
                is_trigger,
                verdict,
                sentence: finding.sentence.clone(),
            });
        }
        if unseen || seen_again {
            self.lasts(at, &Source::Blindness, !unseen, all);
        }
    }

    /// An alarm that was raised by this lasts, or is over.
    fn lasts(&mut self, at: Timestamp, source: &Source, well: bool, all: &mut Backtest) {
        let number = self.lastings.found(source, well, at);
        if let Some(alarm) = number.and_then(|number| all.alarms.get_mut(number)) {
            alarm.until = at;
        }
    }

    /// Which alarm it is: a new one, or one that lasts.
    fn alarm(
        &mut self,
        at: Timestamp,
        source: Source,
        mut cause: String,
        response: Response,
        all: &mut Backtest,
    ) -> Option<usize> {
        // The same bad version is found out once.
        if all.detection().is_some() {
            return None;
        }
        let is_blind = source == Source::Blindness;
        let mut is_false = self.is_good(at);
        if let Some(bad) = self.bad_from.filter(|_| !is_false && !is_blind)
            && self.lastings.was_wrong(&source, bad, at)
        {
            match self.lastings.wrong_since(bad, at) {
                // It names what was wrong before; that something else has gone wrong would have stopped it, too.
                Some(new) => write!(cause, "; and since it is bad {new}").unwrap_or_default(),
                None => is_false = true,
            }
        }
        let lasting = self.lastings.still(&source, at);
        // What stops it when it is bad is another alarm than the false one before.
        let lasting = lasting.filter(|number| {
            let alarm = all.alarms.get(*number);
            alarm.is_some_and(|alarm| alarm.is_false == is_false)
        });
        let number = lasting.unwrap_or(all.alarms.len());
        self.lastings.seen(source, number, at);
        match all.alarms.get_mut(number) {
            Some(alarm) => alarm.until = at,
            None => all.alarms.push(Alarm {
                at,
                until: at,
                cause,
                response,
                is_false,
                is_blind,
            }),
        }
        Some(number)
    }
}
