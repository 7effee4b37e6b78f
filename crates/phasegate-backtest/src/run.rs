//! The engine on a clock that jumps from one moment at which something is due to the next.
//!
//! Everything outside is there at once: an effect is applied when it is asked for, a question is answered from the
//! recording, a person who is asked says yes. What remains is what the plan decides.

use phasegate_core::{Absence, BootId, EffectOutcome, Now, PersonId, Ratio, RolloutId, Timestamp};
use phasegate_engine::program::Program;
use phasegate_engine::record::{Outcome, Record};
use phasegate_engine::{Act, Engine, Event, EventError, Person, Sources};

use crate::answer::answer;
use crate::exposed::exposed;
use crate::options::{BacktestError, Options};
use crate::outcome::Backtest;
use crate::outside::Outside;
use crate::people;
use crate::reader::Reader;
use crate::recording::Recording;

/// Carries a program out over what was recorded, on a virtual clock. The same input gives the same result.
///
/// Tasks are done, gates approved and questions answered with yes at once; what only a person could state
/// (`check "..."`) is stated by nobody.
///
/// Cost: a few microseconds for each look and each KPI, and half a millisecond for each rollout that begins again. Memory:
/// the records of the first hundred rollouts, one a change and one every five minutes.
///
/// # Errors
/// [`BacktestError`], for programs that were not compiled, and for defects.
pub fn backtest(
    program: &Program,
    recording: &Recording,
    options: &Options,
) -> Result<Backtest, BacktestError> {
    let mut all = Backtest::beginning(options.start, options.bad_from);
    let mut reader = Reader::new(program, options.bad_from);
    let mut at = options.start;
    loop {
        if all
            .exposure
            .last()
            .is_some_and(|(_, share)| *share != Ratio::ZERO)
        {
            all.exposure.push((at, Ratio::ZERO));
        }
        let mut run = Run::new(program, recording, options, at, &mut reader)?;
        run.carry_out(&mut all)?;
        all.until = run.now.wall;
        all.stands_at = run.stands_at();
        let outcome = run.engine.state().outcome;
        if let Some(outcome) = outcome {
            all.ends.push((run.now.wall, outcome));
        }
        let took_time = run.now.wall > at;
        all.rollouts += 1;
        if all.records.len() < RECORDS_MAX {
            all.records.push(run.records);
        }
        at = run.now.wall;
        let begins_again = match outcome {
            // A version that was let through is not rolled out once more when it is bad: nobody looks at it any longer.
            Some(Outcome::Completed) => options.bad_from.is_none_or(|bad| at < bad),
            Some(Outcome::Aborted | Outcome::RolledBack | Outcome::RollbackFailed) => true,
            None => false,
        };
        let is_found = all.detection().is_some();
        if !(options.goes_on && begins_again && took_time) || is_found || at >= options.until {
            break;
        }
    }
    reader.finish(&mut all);
    exposed(&mut all, options);
    Ok(all)
}

/// Of more rollouts than this nobody reads the journals.
const RECORDS_MAX: usize = 100;

/// At one moment no engine has so much to do.
const STEPS_MAX: u32 = 100_000;

struct Run<'r> {
    engine: Engine,
    recording: &'r Recording,
    options: &'r Options,
    now: Now,
    outside: Outside,
    records: Vec<Record>,
    reader: &'r mut Reader,
}

impl<'r> Run<'r> {
    fn new(
        program: &Program,
        recording: &'r Recording,
        options: &'r Options,
        at: Timestamp,
        reader: &'r mut Reader,
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
        let mut unsigned = program.clone();
        // The people of a backtest have no keys.
        unsigned.signatures = None;
        Ok(Self {
            engine: Engine::create(rollout, unsigned, sources, by, now)?,
            recording,
            options,
            now,
            outside: Outside::default(),
            records: Vec::new(),
            reader,
        })
    }

    fn carry_out(&mut self, all: &mut Backtest) -> Result<(), BacktestError> {
        loop {
            self.settle(all)?;
            // Stopped blind it waits: what it sees later may still find the bad version out.
            let is_found = all.alarms.last().is_some_and(|alarm| match alarm.is_false {
                true => !self.options.goes_on,
                false => !alarm.is_blind,
            });
            let state = self.engine.state();
            let rolling = state.is_rolling_back();
            if state.outcome.is_some() || (is_found && !rolling) {
                return Ok(());
            }
            let Some(next) = self.engine.poll_timeout() else {
                return Ok(());
            };
            if next > self.options.until {
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
                self.reader.read(&record, all);
                self.records.push(record);
                rests = false;
            }
            while let Some(effect) = self.engine.poll_effect() {
                if let Some(exposure) = self.outside.apply(&effect) {
                    all.exposure.push((self.now.wall, exposure));
                }
                let evidence = "in a backtest".to_owned();
                let number = effect.number;
                let outcome = EffectOutcome::Applied { evidence };
                self.tell(Event::EffectDone { number, outcome })?;
                rests = false;
            }
            while let Some(inspection) = self.engine.poll_inspection() {
                let reading = Some(self.outside.inspect(&inspection));
                let number = inspection.number;
                self.tell(Event::Inspected { number, reading })?;
                rests = false;
            }
            let mut asked = false;
            while let Some((ticket, query)) = self.engine.poll_query() {
                if self.recording.of(&query.text, query.arm).is_none() {
                    all.unrecorded.insert((query.text.clone(), query.arm));
                }
                let answer = answer(self.recording, &query, self.outside.exposure());
                if let Err(Absence::Invalid { detail }) = &answer {
                    all.unfit
                        .insert((query.text.clone(), query.arm, detail.clone()));
                }
                self.tell(Event::Measured { ticket, answer })?;
                asked = true;
            }
            if asked {
                all.looks += 1;
                self.reader.look(self.now.wall);
            }
            if asked || !rests {
                continue;
            }
            if !self.people()? {
                return Ok(());
            }
        }
        Err(BacktestError::Restless(self.now.wall))
    }

    /// Where it stands, and what holds it, for people; nothing where it is over.
    fn stands_at(&self) -> Vec<String> {
        let state = self.engine.state();
        if state.outcome.is_some() {
            return Vec::new();
        }
        let places = state.places();
        let ops = places.iter().filter_map(|place| state.op(place));
        let ops = ops.map(|op| op.title.clone());
        let holds = state.holds.iter().map(|hold| format!("held: {hold}"));
        ops.chain(holds).collect()
    }

    fn tell(&mut self, event: Event) -> Result<(), BacktestError> {
        self.engine.handle_event(&self.now, event)?;
        Ok(())
    }

    /// Somebody says yes to what is asked; after a false alarm they let it go on. False when nobody has anything to say.
    fn people(&mut self) -> Result<bool, BacktestError> {
        let state = self.engine.state();
        let held = !state.holds.is_empty() && state.rollback.is_none();
        if self.options.goes_on && held && self.reader.is_held_falsely(self.now.wall) {
            self.operate(people::person("backtest", Vec::new())?, Act::Release)?;
            return Ok(true);
        }
        let answers = people::answers(self.engine.state())?;
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
            note: None,
        };
        match self.engine.handle_event(&self.now, event) {
            // An answer of the same moment may have closed the question.
            Ok(_) | Err(EventError::UnknownAsk { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
