//! What the records say: how verdicts changed, and what stopped the rollout or sent it back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use phasegate_core::{GateId, Span, Timestamp};
use phasegate_engine::program::{Program, Response};
use phasegate_engine::record::{
    Body, Cause, GateReason, HoldReason, Judged, Record, TriggerProgress,
};
use phasegate_engine::state::is_blind;
use phasegate_sla::Alert;

use crate::alarm::{Lastings, Source};
use crate::counted::{counts_over, windows};
use crate::outcome::{Alarm, Backtest, VerdictChange};

/// Reads records as they come, of one rollout after the other.
#[derive(Debug)]
pub(crate) struct Reader {
    bad_from: Option<Timestamp>,
    /// The last verdict of each criterion and each trigger.
    verdicts: BTreeMap<Source, String>,
    /// What was not seen when it was looked at last.
    unseen: BTreeSet<Source>,
    /// What could not be told at the last look.
    untold: BTreeSet<Source>,
    /// The last look, and the one before it.
    looks: (Option<Timestamp>, Option<Timestamp>),
    /// What is well only where counts are of so long a time: fewer are counted in less.
    counts_over: BTreeMap<Source, Span>,
    /// On what the last no of a gate rests, in a sentence.
    gates: BTreeMap<GateId, String>,
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
            untold: BTreeSet::new(),
            looks: (None, None),
            counts_over: counts_over(program),
            gates: BTreeMap::new(),
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

    /// It is looked now.
    pub(crate) fn look(&mut self, at: Timestamp) {
        let (last, _) = self.looks;
        if last != Some(at) {
            self.looks = (Some(at), last);
        }
    }

    /// Reads the next one.
    pub(crate) fn read(&mut self, record: &Record, all: &mut Backtest) {
        let at = record.at();
        match &record.body {
            Body::Evaluated {
                judged, triggers, ..
            } => self.evaluated(at, judged, triggers, all),
            Body::GateDecided { gate, reason, .. } => {
                self.lastings.decided(gate, reason);
                let why = match reason {
                    GateReason::Criterion { check, sentence } => format!(": {check}: {sentence}"),
                    _ => String::new(),
                };
                self.gates.insert(gate.clone(), why);
            }
            // A person says how it goes on after a way back.
            Body::Held {
                reason: HoldReason::RolledBack,
            } => self.held_falsely = self.went_back_falsely,
            Body::Held { reason } => {
                self.held_falsely = self.lastings.of_hold(reason).is_some_and(|source| {
                    let cause = self.with_grounds(reason.to_string(), reason_gate(reason));
                    self.raises_falsely(at, source, cause, Response::Hold, all)
                });
            }
            Body::RollbackStarted { cause, back, .. } => {
                let Some(source) = self.lastings.of_cause(cause) else {
                    return;
                };
                self.goes_back_for = Some((source.clone(), at));
                let response = Response::Rollback(back.clone());
                let gate = match cause {
                    Cause::Gate { gate } => Some(gate),
                    _ => None,
                };
                let words = self.with_grounds(cause.to_string(), gate);
                self.went_back_falsely = self.raises_falsely(at, source, words, response, all);
            }
            Body::RollbackEnded { .. } => {
                if let Some((source, began)) = self.goes_back_for.take() {
                    self.lastings.came_back(&source, began, at);
                }
            }
            _ => {}
        }
    }

    /// A gate's no, and what it rests on.
    fn with_grounds(&self, words: String, gate: Option<&GateId>) -> String {
        let why = gate.and_then(|gate| self.gates.get(gate));
        why.map_or_else(|| words.clone(), |why| format!("{words}{why}"))
    }

    /// Nothing is read after the last look: what was not over lasted until then, although what has not changed is
    /// recorded now and then only.
    pub(crate) fn finish(&self, all: &mut Backtest) {
        let (last, _) = self.looks;
        for source in self.lastings.sources() {
            if !self.untold.contains(source) {
                self.lasted(source, last, all);
            }
        }
    }

    /// The alarm that was raised by this, if it lasted until that look.
    fn lasted(&self, source: &Source, look: Option<Timestamp>, all: &mut Backtest) {
        let number = look.and_then(|look| self.lastings.still(source, look));
        if let (Some(number), Some(look)) = (number, look)
            && let Some(alarm) = all.alarms.get_mut(number)
        {
            alarm.until = alarm.until.max(look);
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
            let is_whole = self.counts_over.get(&source).is_none_or(|over| {
                let mut windows = windows(finding);
                windows.all(|window| window.span() >= *over)
            });
            if condition.is_some() {
                self.untold.remove(&source);
                self.lasts(at, &source, !is_wrong && is_whole, all);
            } else if self.untold.insert(source.clone()) {
                // It neither lasts nor is over; until the look before this one it was as it was recorded last.
                let (_, before) = self.looks;
                self.lasted(&source, before, all);
            }
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

fn reason_gate(reason: &HoldReason) -> Option<&GateId> {
    match reason {
        HoldReason::Gate { gate } => Some(gate),
        _ => None,
    }
}
