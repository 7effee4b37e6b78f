//! One simulated rollout, from start to end, with as many deaths as the test wants.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use phasegate_core::{Clock as _, Effect, Inspection, PersonId, Query, RolloutId, Span, Timestamp};
use phasegate_driver::{Creation, Driver, DriverError, Input, Request, Said, Stop};
use phasegate_engine::program::Program;
use phasegate_engine::record::{Body, Outcome, Record, RecordError};
use phasegate_engine::{Act, EventError, Person, Sources, State};
use phasegate_journal::{Batch, Holder, Journal as _, LeaseError, MemoryJournal};

use super::crash::{CrashPoint, Kill};
use super::direction::Director;
use super::faults::{Faults, Struck};
use crate::clock::VirtualClock;
use crate::world::World;

/// What a simulation begins with.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "tests write it out")]
pub struct Setup {
    /// Its id; `simulated` if nothing is said.
    pub rollout: Option<RolloutId>,
    /// What is carried out.
    pub program: Program,
    /// In which world.
    pub world: World,
    /// From when on.
    pub start: Timestamp,
    /// Where the process dies, in order.
    pub kills: Vec<Kill>,
    /// How long an append takes to become durable. The driver is asked for more meanwhile.
    pub append_takes: Span,
    /// How long an effect takes to be answered.
    pub effect_takes: Span,
    /// How long a query takes to be answered.
    pub answer_takes: Span,
    /// Acts of operators: when, who and what.
    pub acts: Vec<(Timestamp, Person, Act)>,
    /// Revised plans that are brought in: when, by whom and what.
    pub amendments: Vec<(Timestamp, Person, Program)>,
    /// What else goes wrong.
    pub faults: Faults,
}

impl Setup {
    /// A quiet run: nobody acts, nothing dies, answers come within 40 ms. An append takes longer than a
    /// query, so that answers arrive before it is durable.
    pub fn new(program: Program, world: World, start: Timestamp) -> Self {
        Self {
            rollout: None,
            program,
            world,
            start,
            kills: Vec::new(),
            append_takes: Span::from_millis(25),
            effect_takes: Span::from_millis(40),
            answer_takes: Span::from_millis(20),
            acts: Vec::new(),
            amendments: Vec::new(),
            faults: Faults::default(),
        }
    }
}

/// How a simulation ended.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "tests must tell them apart")]
pub enum Ended {
    /// The rollout ended.
    Finished(Outcome),
    /// The limit on simulated time or steps was reached.
    OutOfTime,
    /// It waits for a person and for nothing else.
    Waiting,
}

/// What is under way, and what happens when its time has come.
#[derive(Debug)]
pub(super) enum Due {
    /// The driver is told.
    Answer(Input),
    /// The journal writes it, then the driver is told.
    Append {
        expected_next_seq: u64,
        batch: Batch,
    },
    /// The world is looked at, then the driver is told.
    Inspect(Inspection),
    /// The world is asked, then the driver is told.
    Measure { ticket: u64, query: Query },
}

/// A rollout in a simulated world.
#[derive(Debug)]
pub struct Simulation {
    /// The world, with everything that was done to it.
    pub world: World,
    /// Its clock.
    pub clock: VirtualClock,
    pub(super) journal: MemoryJournal,
    pub(super) rollout: RolloutId,
    pub(super) holder: Holder,
    pub(super) driver: Option<Driver>,
    pub(super) pending: VecDeque<(Timestamp, u64, Due)>,
    kills: Vec<Kill>,
    points: Vec<CrashPoint>,
    append_takes: Span,
    effect_takes: Span,
    answer_takes: Span,
    pub(super) acts: Vec<(Timestamp, Person, Act)>,
    amendments: Vec<(Timestamp, Person, Program)>,
    unconfirmed_amendments: Vec<(u64, Person, Program)>,
    /// Why each revised plan that was brought in was not adopted.
    refused: Vec<EventError>,
    /// Acts that are not durable yet: whoever did them has not been told, and does them again.
    pub(super) unconfirmed: Vec<(u64, Person, Act)>,
    pub(super) answered: BTreeSet<(u64, PersonId)>,
    sent: u64,
    answers: u64,
    /// The effects whose intent is in the journal, as far as it was read.
    intended: BTreeSet<u64>,
    read_to: u64,
    pub(super) ended: Option<Outcome>,
    pub(super) faults: Faults,
    pub(super) struck: Struck,
    pub(super) appends: u64,
    /// What was done or told that never may be: always a defect.
    pub(super) trespasses: Vec<String>,
    /// The highest sequence that an operator was told is durable.
    pub(super) confirmed: u64,
    /// Who arranges the world as the rollout goes on.
    pub(super) director: Option<Box<dyn Director>>,
}

/// Longer than any lease a test waits for, shorter than any bake.
pub(super) const LEASE: Span = Span::from_secs(30);

/// Why a simulation broke: always a defect.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulationError {
    /// The driver could not be made.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// The journal failed.
    #[error("the journal failed: {0}")]
    Journal(String),
    /// A record could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// An effect was begun although the journal does not say that it is intended.
    #[error("{0} was begun before its record was durable")]
    Undurable(String),
    /// The driver stopped for a reason that this world does not have.
    #[error("the driver stopped: {0:?}")]
    Stopped(Stop),
}

pub(super) fn journal_error(error: impl std::fmt::Debug) -> SimulationError {
    SimulationError::Journal(format!("{error:?}"))
}

impl Simulation {
    /// Creates the rollout.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn new(setup: Setup) -> Result<Self, SimulationError> {
        let clock = VirtualClock::new(setup.start);
        let journal = MemoryJournal::new(Arc::new(clock.clone()));
        let rollout = setup
            .rollout
            .map_or_else(|| RolloutId::new("simulated"), Ok);
        let rollout = rollout.map_err(journal_error)?;
        let holder = Holder::new("simulation").map_err(journal_error)?;
        let by = PersonId::new("author").map_err(journal_error)?;
        let sources = Sources {
            plan: String::new(),
            bindings: String::new(),
        };
        let creation = Creation::new(rollout.clone(), setup.program, sources, by, clock.now())?;
        let create = journal.create(
            &rollout,
            &holder,
            LEASE,
            creation.claims(),
            creation.batch(),
        );
        let (lease, head) = pollster::block_on(create).map_err(journal_error)?;
        Ok(Self {
            world: setup.world,
            clock,
            journal,
            rollout,
            holder,
            driver: Some(creation.created(lease, head, LEASE)),
            pending: VecDeque::new(),
            kills: setup.kills,
            points: Vec::new(),
            append_takes: setup.append_takes,
            effect_takes: setup.effect_takes,
            answer_takes: setup.answer_takes,
            acts: setup.acts,
            amendments: setup.amendments,
            unconfirmed_amendments: Vec::new(),
            refused: Vec::new(),
            unconfirmed: Vec::new(),
            answered: BTreeSet::new(),
            sent: 0,
            answers: 0,
            intended: BTreeSet::new(),
            read_to: 0,
            ended: None,
            faults: setup.faults,
            struck: Struck::new(),
            appends: 0,
            trespasses: Vec::new(),
            confirmed: 0,
            director: None,
        })
    }

    /// Runs until the rollout ends, waits for a person, or `limit` of simulated time has passed.
    ///
    /// # Errors
    /// If something did what it never should.
    pub fn run(&mut self, limit: Span) -> Result<Ended, SimulationError> {
        let deadline = self.clock.now().wall + limit;
        loop {
            self.work()?;
            if let Some(outcome) = self.ended {
                return Ok(Ended::Finished(outcome));
            }
            let timeout = self.driver.as_ref().and_then(Driver::poll_timeout);
            let Some(next) = self.next_moment(timeout) else {
                return Ok(Ended::Waiting);
            };
            if next > deadline {
                return Ok(Ended::OutOfTime);
            }
            self.clock.advance_to(next);
            self.step_clock();
            self.meddle();
            self.rival()?;
            // Whoever sleeps is woken, too, when the wall clock is set.
            let is_set = self.clock.now().wall != next;
            self.deliver(is_set || timeout.is_some_and(|due| due <= next))?;
        }
    }

    /// The state as far as it is durable.
    pub fn state(&self) -> Option<&State> {
        self.driver.as_ref().map(Driver::state)
    }

    /// How often each fault struck.
    pub fn struck(&self) -> &Struck {
        &self.struck
    }

    /// What a controller did without its lease, and what operators were told too early: nothing, or there is a defect.
    pub fn trespasses(&self) -> &[String] {
        &self.trespasses
    }

    /// The highest sequence that an operator was told is durable.
    pub fn confirmed_seq(&self) -> u64 {
        self.confirmed
    }

    /// Why revised plans were not adopted.
    pub fn refused_amendments(&self) -> &[EventError] {
        &self.refused
    }

    /// All crash points that were passed.
    pub fn crash_points(&self) -> &[CrashPoint] {
        &self.points
    }

    /// All records of the journal.
    ///
    /// # Errors
    /// If the journal is damaged, which a test may have seen to.
    pub fn records(&self) -> Result<Vec<Record>, SimulationError> {
        let read =
            pollster::block_on(self.journal.read(&self.rollout, 0)).map_err(journal_error)?;
        let decode = |r: &phasegate_journal::Record| Record::decode(&r.kind, &r.payload);
        Ok(read.iter().map(decode).collect::<Result<_, _>>()?)
    }

    /// Does everything that the driver wants now.
    fn work(&mut self) -> Result<(), SimulationError> {
        loop {
            self.direct();
            self.schedule_replies();
            let request = match &mut self.driver {
                Some(driver) => driver.poll(),
                None if self.ended.is_some() => return Ok(()),
                None => {
                    self.restart()?;
                    continue;
                }
            };
            let Some(request) = request else {
                return Ok(());
            };
            if self.serve(request)? {
                return Ok(());
            }
        }
    }

    /// Does one thing; true when nothing more is to be done.
    fn serve(&mut self, request: Request) -> Result<bool, SimulationError> {
        let now = self.clock.now();
        match request {
            Request::Append {
                expected_next_seq,
                batch,
            } => {
                if self.dies(CrashPoint::BeforeAppend) {
                    return Ok(false);
                }
                let append = Due::Append {
                    expected_next_seq,
                    batch,
                };
                self.later(self.append_takes, append);
            }
            Request::Perform { effect, .. } => {
                self.check_durable(&effect)?;
                if self.dies(CrashPoint::BeforeEffect) {
                    return Ok(false);
                }
                let outcome = self.world.perform(&effect, now.wall);
                if self.dies(CrashPoint::AfterEffect) {
                    return Ok(false);
                }
                let number = effect.number;
                self.answer(self.effect_takes, Input::Performed { number, outcome });
            }
            Request::Inspect(inspection) if self.is_slow() => {
                // What is slow may have looked as late as it answers.
                let late = self.faults.slow.get(&self.answers).copied();
                self.answers += 1;
                self.strike("answer slow");
                let after = self.answer_takes.saturating_add(late.unwrap_or_default());
                self.later(after, Due::Inspect(inspection));
            }
            Request::Inspect(inspection) => {
                let reading = self.world.inspect(&inspection, now.wall);
                let number = inspection.number;
                self.answer(self.answer_takes, Input::Inspected { number, reading });
            }
            // A director sees what is durable: the numbers are of the moment at which they come.
            Request::Measure { ticket, query } if self.director.is_some() => {
                self.later(self.answer_takes, Due::Measure { ticket, query });
            }
            Request::Measure { ticket, query } => {
                let answer = self.world.measure(&query, now.wall);
                self.answer(self.answer_takes, Input::Measured { ticket, answer });
            }
            Request::Renew { ttl } => {
                let lease = self.lease()?;
                let renewed = pollster::block_on(self.journal.renew(&lease, ttl));
                self.tell(Input::Renewed(renewed));
            }
            Request::Rebuild => {
                self.forget();
                self.driver = None;
            }
            Request::Stop(Stop::Finished(outcome)) => {
                self.ended = Some(outcome);
                return Ok(true);
            }
            // The process opens the store anew and takes the rollout up again.
            Request::Stop(Stop::Storage(_)) => {
                self.forget();
                self.driver = None;
            }
            Request::Stop(stop) => return Err(SimulationError::Stopped(stop)),
        }
        Ok(false)
    }

    pub(super) fn lease(&self) -> Result<phasegate_journal::Lease, SimulationError> {
        match &self.driver {
            Some(driver) => Ok(driver.lease().clone()),
            None => Err(SimulationError::Journal("no lease".to_owned())),
        }
    }

    fn dies(&mut self, point: CrashPoint) -> bool {
        let index = u64::try_from(self.points.len()).unwrap_or(u64::MAX);
        self.points.push(point);
        let Some(kill) = self.kills.first().copied() else {
            return false;
        };
        if kill.at != index {
            return false;
        }
        self.kills.remove(0);
        self.driver = None;
        if self.world.dies_with_process {
            for thing in self.world.things.values_mut() {
                thing.now = None;
            }
        }
        self.strike(if kill.reboot {
            "crash with a boot"
        } else {
            "crash"
        });
        if kill.reboot {
            self.clock.reboot();
        }
        self.clock.advance(Span::from_millis(kill.down_millis));
        self.forget();
        true
    }

    /// What a process that begins anew does not know any more.
    pub(super) fn forget(&mut self) {
        self.pending.clear();
        self.answered.clear();
        self.repeat_unconfirmed();
    }

    /// Whoever was not told that their act is durable acts again; answers are asked for anew.
    pub(super) fn repeat_unconfirmed(&mut self) {
        let now = self.clock.now().wall;
        let again = self
            .unconfirmed
            .drain(..)
            .filter(|(.., act)| !matches!(act, Act::Answer { .. }));
        self.acts
            .extend(again.map(|(_, person, act)| (now, person, act)));
        let again = self.unconfirmed_amendments.drain(..);
        self.amendments
            .extend(again.map(|(_, person, program)| (now, person, program)));
    }

    pub(super) fn restart(&mut self) -> Result<(), SimulationError> {
        let asked = self.clock.now();
        let acquire = self.journal.acquire(&self.rollout, &self.holder, LEASE);
        let lease = match pollster::block_on(acquire) {
            Ok(lease) => lease,
            Err(LeaseError::Finished) => {
                self.ended = self.records()?.iter().rev().find_map(finished);
                return match self.ended {
                    Some(_) => Ok(()),
                    None => Err(SimulationError::Journal(
                        "finished without saying how".to_owned(),
                    )),
                };
            }
            // Somebody else's lease has to run out first.
            Err(LeaseError::HeldBy { remaining, .. }) => {
                self.clock
                    .advance(remaining.saturating_add(Span::from_secs(1)));
                return Ok(());
            }
            Err(error) => return Err(journal_error(error)),
        };
        let records =
            pollster::block_on(self.journal.read(&self.rollout, 0)).map_err(journal_error)?;
        let driver = Driver::resume(lease, LEASE, asked, &records, &self.clock.now())?;
        self.driver = Some(driver);
        Ok(())
    }

    fn tell(&mut self, input: Input) {
        let now = self.clock.now();
        if let Some(driver) = &mut self.driver {
            driver.handle(&now, input);
        }
    }

    fn later(&mut self, after: Span, due: Due) {
        self.sent += 1;
        let at = self.clock.now().wall + after;
        self.pending.push_back((at, self.sent, due));
    }

    /// Is the next answer one that comes late?
    fn is_slow(&self) -> bool {
        let faults = &self.faults;
        faults.slow.contains_key(&self.answers) && !faults.lost.contains(&self.answers)
    }

    /// The answer comes later, unless a fault of the outside strikes it.
    fn answer(&mut self, after: Span, input: Input) {
        let count = self.answers;
        self.answers += 1;
        if self.faults.lost.contains(&count) {
            self.strike("answer lost");
            return;
        }
        let late = self.faults.slow.get(&count).copied();
        if late.is_some() {
            self.strike("answer slow");
        }
        let after = after.saturating_add(late.unwrap_or_default());
        if self.faults.doubled.contains(&count) {
            self.strike("answer doubled");
            self.later(after, Due::Answer(input.clone()));
        }
        self.later(after, Due::Answer(input));
    }

    /// The journal writes. The process may die before it hears of that.
    fn append(&mut self, expected_next_seq: u64, batch: Batch) -> Result<(), SimulationError> {
        let result = self.write(expected_next_seq, batch)?;
        if !self.dies(CrashPoint::AfterAppend) {
            self.tell(Input::Appended(result));
        }
        Ok(())
    }

    /// The journal itself is asked, not the driver: it must hold the intent.
    fn check_durable(&mut self, effect: &Effect) -> Result<(), SimulationError> {
        let unread = self.journal.read(&self.rollout, self.read_to);
        for record in pollster::block_on(unread).map_err(journal_error)? {
            self.read_to = record.seq + 1;
            // No other record says what is about to be done.
            if record.kind != "intended" {
                continue;
            }
            let record = Record::decode(&record.kind, &record.payload)?;
            if let Body::Intended { effect, .. } = record.body {
                self.intended.insert(effect.number);
            }
        }
        if self.intended.contains(&effect.number) {
            Ok(())
        } else {
            Err(SimulationError::Undurable(effect.desired.to_string()))
        }
    }

    fn next_moment(&self, timeout: Option<Timestamp>) -> Option<Timestamp> {
        let pending = self.pending.iter().map(|(at, ..)| *at).min();
        let acts = self.acts.iter().map(|(at, ..)| *at);
        let acts = acts.chain(self.amendments.iter().map(|(at, ..)| *at)).min();
        let steps = self.faults.clock_steps.iter().map(|(at, _)| *at);
        let meddling = self.faults.meddling.iter().map(|(at, ..)| *at);
        let rivals = self.faults.rivals.iter();
        let rivals = rivals.map(|at| self.rival_comes(*at));
        let planned = steps.chain(meddling).chain(rivals).min();
        // Faults that are still to come do not keep a rollout alive that waits for nothing else.
        let planned = planned.filter(|_| timeout.is_some() || pending.is_some() || acts.is_some());
        let next = [timeout, pending, acts, planned]
            .into_iter()
            .flatten()
            .min()?;
        Some(next.max(self.clock.now().wall))
    }

    fn deliver(&mut self, is_woken: bool) -> Result<(), SimulationError> {
        let now = self.clock.now();
        let pending = self.pending.make_contiguous();
        pending.sort_by_key(|(at, sent, _)| (*at, *sent));
        while let Some((at, ..)) = self.pending.front()
            && *at <= now.wall
            && let Some((.., due)) = self.pending.pop_front()
        {
            match due {
                Due::Answer(input) => self.tell(input),
                Due::Append {
                    expected_next_seq,
                    batch,
                } => self.append(expected_next_seq, batch)?,
                Due::Inspect(inspection) => {
                    let reading = self.world.inspect(&inspection, now.wall);
                    let number = inspection.number;
                    self.tell(Input::Inspected { number, reading });
                }
                Due::Measure { ticket, query } => {
                    self.direct();
                    let answer = self.world.measure(&query, now.wall);
                    self.tell(Input::Measured { ticket, answer });
                }
            }
        }
        self.report_differences();
        self.bring_in();
        let due: Vec<_> = self
            .acts
            .extract_if(.., |(at, ..)| *at <= now.wall)
            .collect();
        if let Some(driver) = &mut self.driver {
            for (_, person, act) in due {
                let again = (person.clone(), act.clone());
                // An act that does not fit any more is the operator's to notice.
                if let Ok(seq) = driver.handle_operator(&now, Said::new(person, "simulated"), act) {
                    self.unconfirmed.push((seq, again.0, again.1));
                }
            }
            if is_woken {
                driver.handle_timeout(&now);
            }
        }
        self.confirm()?;
        Ok(())
    }
}

impl Simulation {
    /// Whoever acted is told when it is durable; the journal itself must have it by then.
    fn confirm(&mut self) -> Result<(), SimulationError> {
        let Some(driver) = &self.driver else {
            return Ok(());
        };
        let durable = driver.durable_seq();
        let acts = self.unconfirmed.iter().map(|(seq, ..)| *seq);
        let revisions = self.unconfirmed_amendments.iter().map(|(seq, ..)| *seq);
        let told = acts.chain(revisions).filter(|seq| *seq <= durable).max();
        let Some(told) = told else {
            return Ok(());
        };
        let head = pollster::block_on(self.journal.head(&self.rollout)).map_err(journal_error)?;
        if head.next_seq < told {
            let length = head.next_seq;
            self.trespasses.push(format!(
                "told: an operator was told of record {told} when there were {length}"
            ));
        }
        self.confirmed = self.confirmed.max(told);
        self.unconfirmed.retain(|(seq, ..)| *seq > durable);
        self.unconfirmed_amendments
            .retain(|(seq, ..)| *seq > durable);
        Ok(())
    }

    /// Brings in the revised plans whose time has come.
    fn bring_in(&mut self) {
        let now = self.clock.now();
        let Some(driver) = &mut self.driver else {
            return;
        };
        for (_, person, program) in self
            .amendments
            .extract_if(.., |(at, ..)| *at <= now.wall)
            .collect::<Vec<_>>()
        {
            let sources = Sources {
                plan: String::new(),
                bindings: String::new(),
            };
            let revised = Box::new(program.clone());
            let said = Said::new(person.clone(), "simulated");
            match driver.handle_amendment(&now, said, revised, sources) {
                Ok(seq) => self.unconfirmed_amendments.push((seq, person, program)),
                Err(error) => self.refused.push(error),
            }
        }
    }
}

fn finished(record: &Record) -> Option<Outcome> {
    match &record.body {
        Body::Finished { outcome } => Some(*outcome),
        _ => None,
    }
}
