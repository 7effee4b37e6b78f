//! The engine on a clock that jumps from one moment at which something is due to the next.
//!
//! Everything outside is there at once: an effect is applied when it is asked for, a question is answered from the
//! recording, a person who is asked says yes. What remains is what the plan decides.

use std::collections::BTreeMap;

use phasegate_core::{
    BindingId, BootId, CriterionId, Desired, Effect, EffectOutcome, Inspection, Now, PersonId,
    Ratio, Reading, RoleId, RolloutId, Standing, TargetId, Timestamp,
};
use phasegate_engine::program::{OpKind, Program, Response};
use phasegate_engine::record::{AskAbout, Body, HoldReason, Record};
use phasegate_engine::{Act, Engine, Event, EventError, Person, Sources};

use crate::answer::answer;
use crate::exposed::exposed;
use crate::options::{BacktestError, Options};
use crate::outcome::{Alarm, Backtest, VerdictChange};
use crate::recording::Recording;

/// Carries a program out over what was recorded, on a virtual clock. The same input gives the same result.
///
/// Tasks are done, gates approved and questions answered with yes at once; what only a person could state
/// (`check "..."`) is stated by nobody.
///
/// Cost: a few microseconds for each look and each KPI. Memory: the records, one a change and one every five minutes.
///
/// # Errors
/// [`BacktestError`], for programs that were not compiled, and for defects.
pub fn backtest(
    program: &Program,
    recording: &Recording,
    options: &Options,
) -> Result<Backtest, BacktestError> {
    let mut all = Backtest::beginning(options.start);
    let mut at = options.start;
    loop {
        if all
            .exposure
            .last()
            .is_some_and(|(_, share)| *share != Ratio::ZERO)
        {
            all.exposure.push((at, Ratio::ZERO));
        }
        let mut run = Run::new(program, recording, options, at)?;
        run.carry_out(&mut all)?;
        all.until = run.now.wall;
        if let Some(outcome) = run.engine.state().outcome {
            all.ends.push((run.now.wall, outcome));
        }
        let took_time = run.now.wall > at;
        let ended = run.engine.state().outcome.is_some() && all.detection().is_none();
        all.records.push(run.records);
        at = run.now.wall;
        if !(options.goes_on && ended && took_time) || at >= options.until {
            break;
        }
    }
    exposed(&mut all, options);
    Ok(all)
}

/// At one moment no engine has so much to do.
const STEPS_MAX: u32 = 100_000;

struct Run<'r> {
    engine: Engine,
    recording: &'r Recording,
    options: &'r Options,
    now: Now,
    things: BTreeMap<(BindingId, TargetId), Desired>,
    exposure: Ratio,
    records: Vec<Record>,
    verdicts: BTreeMap<String, String>,
}

impl<'r> Run<'r> {
    fn new(
        program: &Program,
        recording: &'r Recording,
        options: &'r Options,
        at: Timestamp,
    ) -> Result<Self, BacktestError> {
        let now = Now {
            wall: at,
            boot: BootId(1),
            since_boot: at.since(Timestamp::EPOCH),
        };
        let sources = Sources {
            plan: String::new(),
            bindings: String::new(),
        };
        let rollout = RolloutId::new("backtest")?;
        let by = PersonId::new("backtest")?;
        Ok(Self {
            engine: Engine::create(rollout, program.clone(), sources, by, now)?,
            recording,
            options,
            now,
            things: BTreeMap::new(),
            exposure: Ratio::ZERO,
            records: Vec::new(),
            verdicts: BTreeMap::new(),
        })
    }

    fn carry_out(&mut self, all: &mut Backtest) -> Result<(), BacktestError> {
        loop {
            self.settle(all)?;
            let is_found = all
                .alarms
                .last()
                .is_some_and(|alarm| !alarm.is_false || !self.options.goes_on);
            let state = self.engine.state();
            let rolling = state.is_rolling_back();
            if state.outcome.is_some() || (is_found && !rolling) {
                return Ok(());
            }
            let Some(next) = self.engine.poll_timeout() else {
                return Ok(());
            };
            if next >= self.options.until {
                self.now = self.now.plus(self.options.until.since(self.now.wall));
                return Ok(());
            }
            self.now = self.now.plus(next.since(self.now.wall));
            self.engine.handle_timeout(&self.now);
        }
    }

    /// Does everything that is to be done at this moment.
    fn settle(&mut self, all: &mut Backtest) -> Result<(), BacktestError> {
        for _ in 0..STEPS_MAX {
            let mut rests = true;
            while let Some((seq, record)) = self.engine.poll_record() {
                let record = record.clone();
                self.engine.handle_durable(seq + 1);
                self.read(&record, all);
                self.records.push(record);
                rests = false;
            }
            while let Some(effect) = self.engine.poll_effect() {
                self.apply(&effect, all)?;
                rests = false;
            }
            while let Some(inspection) = self.engine.poll_inspection() {
                let reading = self.inspect(&inspection);
                let number = inspection.number;
                let reading = Some(reading);
                self.tell(Event::Inspected { number, reading })?;
                rests = false;
            }
            let mut asked = false;
            while let Some((ticket, query)) = self.engine.poll_query() {
                let answer = answer(self.recording, &query, self.exposure);
                self.tell(Event::Measured { ticket, answer })?;
                asked = true;
            }
            all.looks += u64::from(asked);
            if asked || !rests {
                continue;
            }
            if !self.people()? {
                return Ok(());
            }
        }
        Err(BacktestError::Restless(self.now.wall))
    }

    fn tell(&mut self, event: Event) -> Result<(), BacktestError> {
        self.engine.handle_event(&self.now, event)?;
        Ok(())
    }

    fn apply(&mut self, effect: &Effect, all: &mut Backtest) -> Result<(), BacktestError> {
        if let Some(target) = effect.desired.target() {
            let key = (effect.to.clone(), target.clone());
            self.things.insert(key, effect.desired.clone());
            let shown = self.things.values().filter_map(Desired::exposure);
            let exposure = shown.max().unwrap_or(Ratio::ZERO);
            if exposure != self.exposure {
                self.exposure = exposure;
                all.exposure.push((self.now.wall, exposure));
            }
        }
        let outcome = EffectOutcome::Applied {
            evidence: "in a backtest".to_owned(),
        };
        let number = effect.number;
        self.tell(Event::EffectDone { number, outcome })
    }

    fn inspect(&self, inspection: &Inspection) -> Reading {
        let target = inspection.desired.target().cloned();
        let key = target.map(|target| (inspection.to.clone(), target));
        let found = key.and_then(|key| self.things.get(&key)).cloned();
        let standing = match &found {
            Some(found) if *found == inspection.desired => Standing::AsDesired,
            Some(found) if inspection.before.as_ref() == Some(found) => Standing::AsBefore,
            Some(_) => Standing::Other,
            None => Standing::Resting,
        };
        Reading {
            found: found.or_else(|| inspection.desired.at_rest()),
            standing,
            unread: None,
        }
    }

    /// Somebody says yes to what is asked; after a false alarm they let it go on. False when nobody has anything to say.
    fn people(&mut self) -> Result<bool, BacktestError> {
        let state = self.engine.state();
        if self.options.goes_on && !state.holds.is_empty() && state.rollback.is_none() {
            let bound = self.options.bad_from.is_none_or(|bad| self.now.wall < bad);
            if bound {
                self.operate(person("backtest", Vec::new())?, Act::Release)?;
                return Ok(true);
            }
        }
        let state = self.engine.state();
        let (digest, seen) = (state.program.plan_digest.clone(), state.next_seq);
        let mut answers = Vec::new();
        for (number, ask) in &state.asks {
            for role in &ask.ask.roles {
                let quorum = match &ask.ask.about {
                    AskAbout::Approval { place, .. } => match state.op(place).map(|op| &op.kind) {
                        Some(OpKind::Gate(gate)) => gate.approvals.quorum.get(role).copied(),
                        _ => None,
                    },
                    _ => None,
                };
                for one in 1..=quorum.unwrap_or(1) {
                    let who = person(&format!("{role}-{one}"), vec![role.clone()])?;
                    let given = ask.answers.iter().any(|(answer, _)| answer.by == who.id);
                    if !given {
                        let act = Act::Answer {
                            ask: *number,
                            role: role.clone(),
                            yes: true,
                            plan_digest: digest.clone(),
                            seen,
                        };
                        answers.push((who, act));
                    }
                }
            }
        }
        let any = !answers.is_empty();
        for (who, act) in answers {
            self.operate(who, act)?;
        }
        Ok(any)
    }

    fn operate(&mut self, by: Person, act: Act) -> Result<(), BacktestError> {
        let event = Event::Operator {
            by,
            reason: "in a backtest".to_owned(),
            act,
        };
        match self.engine.handle_event(&self.now, event) {
            // An answer of the same moment may have closed the question.
            Ok(_) | Err(EventError::UnknownAsk { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn read(&mut self, record: &Record, all: &mut Backtest) {
        let alarm = match &record.body {
            Body::Evaluated {
                judged, triggers, ..
            } => {
                let checks = judged
                    .iter()
                    .map(|one| (one.check.clone(), false, &one.finding));
                let triggers = triggers.iter().filter_map(|one| {
                    let id = CriterionId::new(one.trigger.to_string()).ok()?;
                    Some((id, true, &one.finding))
                });
                for (of, is_trigger, finding) in checks.chain(triggers) {
                    let verdict = finding.verdict.to_string();
                    let key = format!("{is_trigger}{of}");
                    if self.verdicts.get(&key) != Some(&verdict) {
                        self.verdicts.insert(key, verdict.clone());
                        all.verdicts.push(VerdictChange {
                            at: record.at(),
                            of,
                            is_trigger,
                            verdict,
                            sentence: finding.sentence.clone(),
                        });
                    }
                }
                return;
            }
            Body::Held {
                reason:
                    reason @ (HoldReason::Blind { .. }
                    | HoldReason::Criterion { .. }
                    | HoldReason::Gate { .. }
                    | HoldReason::Trigger { .. }),
            } => (reason.to_string(), Response::Hold),
            Body::RollbackStarted { cause, back, .. } => {
                (cause.to_string(), Response::Rollback(back.clone()))
            }
            _ => return,
        };
        let (cause, response) = alarm;
        let at = record.at();
        // The same bad version is found out once.
        if all.detection().is_some() {
            return;
        }
        all.alarms.push(Alarm {
            at,
            cause,
            response,
            is_false: self.options.bad_from.is_none_or(|bad| at < bad),
        });
    }
}

fn person(id: &str, roles: Vec<RoleId>) -> Result<Person, BacktestError> {
    let id = PersonId::new(id)?;
    Ok(Person { id, roles })
}
