//! The engine: its face and its bookkeeping. What it decides stands in [`crate::decide`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, OnceLock};

use phasegate_core::{
    BindingId, Effect, Inspection, Now, PersonId, Query, RolloutId, TargetId, Timestamp,
};
use phasegate_criterion::KpiRegistry;
use phasegate_plan::{Catalog, Digest, Plan};

use crate::decide::{MaintenanceDue, Sight, Tick, Wanted, Watch, canary_triggers};
use crate::event::{Act, Event, EventError, Person, amendment_words};
use crate::program::Program;
use crate::record::{Body, HoldReason, Place, RECORD_FORMAT, Record, RecordError, signed_text};
use crate::state::{Misfit, State};

/// Carries one rollout out, without I/O, time or chance of its own.
///
/// The order of calls:
///
/// 1. [`Engine::create`] for a new rollout, or [`Engine::replay`] and then [`Engine::recover`] for one
///    that is in a journal.
/// 2. [`Engine::handle_event`] when something happened, [`Engine::handle_timeout`] when
///    [`Engine::poll_timeout`] is due. Both may be called at any time, with any `now`.
/// 3. After each: take all of [`Engine::poll_record`], make them durable in order, then call
///    [`Engine::handle_durable`] with the last sequence that is durable.
/// 4. Then take all of [`Engine::poll_effect`], [`Engine::poll_inspection`] and
///    [`Engine::poll_query`]. An effect comes out only after the record of its intent is durable.
///
/// After a failed append the engine knows more than the journal: drop it and replay.
///
/// Cost: a replayed record about a microsecond; an idle rollout waits on one timer.
#[derive(Debug)]
pub struct Engine {
    /// With everything emitted folded in.
    pub(crate) state: State,
    /// With everything durable folded in: what callers see.
    durable: State,
    durable_next: u64,
    emitted: VecDeque<(u64, Record)>,
    unpolled: usize,
    effects: VecDeque<(u64, Effect)>,
    pub(crate) inspections: VecDeque<Inspection>,
    pub(crate) queries: VecDeque<(u64, Query)>,
    pub(crate) volatile: Volatile,
    /// Of the program, for evaluation.
    pub(crate) registry: KpiRegistry,
    /// Triggers that can only be told while the canary is exposed.
    pub(crate) canary_triggers: BTreeSet<phasegate_core::TriggerId>,
    fault: Option<Misfit>,
}

/// What is lost in a crash, on the safe side.
#[derive(Debug)]
pub(crate) struct Volatile {
    pub(crate) now: Now,
    /// When this engine was created or recovered.
    pub(crate) since: Now,
    /// Effects that were handed out and not yet answered.
    pub(crate) in_flight: BTreeSet<u64>,
    /// What is being read back, and since when.
    pub(crate) inspections: BTreeMap<u64, (Sight, Now)>,
    pub(crate) inspection_count: u64,
    /// Not before these moments: tries of what failed.
    pub(crate) retry_at: BTreeMap<Sight, Timestamp>,
    /// What was read before the first write of an operation.
    pub(crate) read: BTreeMap<Place, phasegate_core::Reading>,
    /// How often in a row reading it was refused, and since when it could not be read.
    pub(crate) unread: BTreeMap<Place, (u32, Now)>,
    pub(crate) standing_due: Timestamp,
    /// What is looked at, until the state changes.
    pub(crate) watch: OnceLock<Arc<Watch>>,
    /// Where work goes on, until the state changes.
    pub(crate) places: OnceLock<Arc<[Place]>>,
    /// When each announcement is due, until the state changes.
    pub(crate) due: OnceLock<Arc<[Option<Timestamp>]>>,
    /// What of each work that comes again is due next, and when, until the state changes.
    pub(crate) maintenance_due: OnceLock<Arc<[Option<MaintenanceDue>]>>,
    pub(crate) tick: Option<Tick>,
    pub(crate) tick_due: Timestamp,
    pub(crate) ticket_count: u64,
    pub(crate) recorded_at: Timestamp,
    /// A decision waits for the findings of the next look.
    pub(crate) wants_findings: bool,
    /// Holds of triggers, further than the last record of them.
    pub(crate) holds: BTreeMap<phasegate_core::TriggerId, phasegate_sla::HoldState>,
    /// Covered since the last record, and when it was last looked.
    pub(crate) bakes: BTreeMap<Place, (phasegate_core::Span, Now)>,
    /// What policies want of what is being read.
    pub(crate) wanted: BTreeMap<(BindingId, TargetId), Wanted>,
    /// Of what was said last what policies still want.
    pub(crate) said: BTreeSet<(BindingId, TargetId)>,
    /// Where a change by so many would be none, or was told: until when that is not looked at again.
    pub(crate) settled: BTreeMap<(BindingId, TargetId), (i64, Timestamp)>,
    /// Nothing new is decided any more.
    pub(crate) quiet: bool,
    /// Was there nothing to decide when that began?
    pub(crate) rested: bool,
    /// The signed note of the act that is being taken in, until a record has it.
    pub(crate) note: Option<String>,
}

impl Volatile {
    fn new(now: Now) -> Self {
        Self {
            now,
            since: now,
            in_flight: BTreeSet::new(),
            inspections: BTreeMap::new(),
            inspection_count: 0,
            retry_at: BTreeMap::new(),
            read: BTreeMap::new(),
            unread: BTreeMap::new(),
            standing_due: now.wall,
            watch: OnceLock::new(),
            places: OnceLock::new(),
            due: OnceLock::new(),
            maintenance_due: OnceLock::new(),
            tick: None,
            tick_due: now.wall,
            // An answer that an engine was asked for which is dropped by now must not pass for one that
            // its successor asked for. No engine asks once a nanosecond.
            ticket_count: now.since_boot.as_nanos(),
            recorded_at: now.wall,
            wants_findings: false,
            holds: BTreeMap::new(),
            bakes: BTreeMap::new(),
            wanted: BTreeMap::new(),
            said: BTreeSet::new(),
            settled: BTreeMap::new(),
            quiet: false,
            rested: false,
            note: None,
        }
    }

    /// The wall clock was set back: what was due by it would come late by as much, so all is due now.
    fn set_back(&mut self) {
        self.watch.take();
        self.tick = None;
        self.tick_due = self.now.wall;
        self.standing_due = self.now.wall;
        self.recorded_at = self.recorded_at.min(self.now.wall);
        self.retry_at.clear();
        self.settled.clear();
    }
}

/// Why a journal does not replay.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// There is no record at all.
    #[error("the journal is empty")]
    Empty,
    /// A record does not fit.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// A record cannot be read.
    #[error("failed to replay record {seq}")]
    Record {
        /// Its sequence.
        seq: u64,
        /// What is wrong.
        source: RecordError,
    },
}

/// The documents a rollout is made from, for record 0 and for records of revised plans.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "shells write it out")]
pub struct Sources {
    /// The plan document, byte for byte.
    pub plan: String,
    /// The bindings document, byte for byte.
    pub bindings: String,
}

impl Sources {
    /// The documents that a plan and its bindings were read from.
    pub fn of(plan: &Plan, catalog: &Catalog) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            plan: text(plan.bytes()),
            bindings: text(catalog.bytes()),
        }
    }
}

impl Engine {
    /// Begins a rollout. Record 0 is ready to be polled.
    pub fn create(
        rollout: RolloutId,
        program: Program,
        sources: Sources,
        by: PersonId,
        now: Now,
    ) -> Result<Self, Misfit> {
        let body = Body::Created {
            rollout,
            program: Box::new(program),
            plan_source: sources.plan,
            bindings_source: sources.bindings,
            flags: Vec::new(),
            by,
        };
        let record = Record {
            v: RECORD_FORMAT,
            now,
            body,
            note: None,
        };
        let state = State::created(&record)?;
        let mut engine = Self::around(state, now);
        engine.durable_next = 0;
        engine.emitted.push_back((0, record));
        engine.unpolled = 1;
        engine.advance();
        Ok(engine)
    }

    /// Rebuilds the engine from its records: kind and payload, in order.
    ///
    /// # Errors
    /// If a record cannot be read or does not fit the ones before it.
    pub fn replay<'a>(
        records: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<Self, ReplayError> {
        let mut state: Option<State> = None;
        for (seq, (kind, payload)) in (0u64..).zip(records) {
            let record = Record::decode(kind, payload)
                .map_err(|source| ReplayError::Record { seq, source })?;
            match &mut state {
                None => state = Some(State::created(&record)?),
                Some(state) => state.apply(&record)?,
            }
        }
        let state = state.ok_or(ReplayError::Empty)?;
        let now = state.last;
        Ok(Self::around(state, now))
    }

    fn around(state: State, now: Now) -> Self {
        let registry = state.registry();
        Self {
            canary_triggers: canary_triggers(&state.program, &registry),
            registry,
            durable: state.clone(),
            durable_next: state.next_seq,
            state,
            emitted: VecDeque::new(),
            unpolled: 0,
            effects: VecDeque::new(),
            inspections: VecDeque::new(),
            queries: VecDeque::new(),
            volatile: Volatile::new(now),
            fault: None,
        }
    }

    /// Begins anew with the state alone.
    fn forget(&mut self, now: &Now) {
        self.volatile = Volatile::new(*now);
        // What was told of scaling last is not told again because of a restart.
        self.volatile.said = self.state.scaled.keys().cloned().collect();
    }

    /// Takes a replayed rollout up again. Effects without an outcome are in doubt from here on.
    pub fn recover(&mut self, now: &Now) {
        self.forget(now);
        if self.state.outcome.is_none() {
            let in_doubt = self.state.effects.keys().copied().collect();
            self.emit(Body::Recovered { in_doubt });
            self.advance();
        }
    }

    /// The same for somebody who takes it up to do something: the first of these acts that fits is done before anything
    /// else is decided, so that nothing moves forward in between. None of them is signed, whatever the plan wants: it is
    /// for the watchdog, so where the plan wants signatures what can let the rollout move forward does not fit.
    ///
    /// # Errors
    /// If none of them fits; it is taken up all the same.
    pub fn recover_by(
        &mut self,
        now: &Now,
        by: &Person,
        reason: &str,
        acts: &[Act],
    ) -> Result<(), EventError> {
        self.forget(now);
        if self.state.outcome.is_some() {
            return Err(EventError::Ended);
        }
        let in_doubt = self.state.effects.keys().copied().collect();
        self.emit(Body::Recovered { in_doubt });
        let mut done = Err(EventError::NotApplicable {
            what: "there is nothing to be done",
        });
        for act in acts {
            // Nobody need be there for what stops a rollout that stands still, or takes it back.
            let (forward, words) = (act.moves_forward(), || act.to_string());
            done = match forward {
                true => self.take_note(by, None, forward, words),
                false => Ok(()),
            };
            done = done.and_then(|()| self.operator(by, reason, act.clone()));
            if done.is_ok() {
                break;
            }
        }
        self.advance();
        done
    }

    /// Takes something in that happened. Returns the sequence that must be durable before anybody is
    /// told of the consequences: one past the last record there is.
    ///
    /// # Errors
    /// If the event does not fit; the state is unchanged then.
    pub fn handle_event(&mut self, now: &Now, event: Event) -> Result<u64, EventError> {
        self.set_now(now);
        if self.state.outcome.is_some() {
            return Err(EventError::Ended);
        }
        match event {
            Event::Amended {
                by,
                reason,
                program,
                sources,
                note,
            } => {
                let words = || amendment_words(&program.plan_digest, &program.bindings_digest);
                self.take_note(&by, note, true, words)?;
                let taken = self.amend(&by, &reason, program, sources);
                self.volatile.note = None;
                taken?;
            }
            Event::EffectDone { number, outcome } => self.effect_done(number, outcome)?,
            Event::Inspected { number, reading } => self.inspected(number, reading)?,
            Event::Measured { ticket, answer } => {
                // Until all answers of a look are there, nothing follows from one.
                if !self.measured(ticket, answer)? {
                    return Ok(self.state.next_seq);
                }
            }
            Event::Differed {
                target,
                id,
                count,
                detail,
            } => self.differed(target, &id, count, &detail)?,
            Event::Operator {
                by,
                reason,
                act,
                note,
            } => {
                self.take_note(&by, note, act.moves_forward(), || act.to_string())?;
                let taken = self.operator(&by, &reason, act);
                self.volatile.note = None;
                taken?;
            }
        }
        self.advance();
        Ok(self.state.next_seq)
    }

    /// Is an act signed where the plan in force wants that, and for the first time? Its first record gets the note.
    fn take_note(
        &mut self,
        by: &Person,
        note: Option<String>,
        moves_forward: bool,
        act: impl Fn() -> String,
    ) -> Result<(), EventError> {
        let asked = self.state.program.signatures.as_ref();
        match &note {
            None if asked.is_some_and(|asked| asked.want(moves_forward)) => {
                let (by, act) = (by.id.clone(), act());
                return Err(EventError::SignatureMissing { by, act });
            }
            Some(note) if self.state.signed.contains(&digest(note)) => {
                let why = "it was done already under what is signed: sign anew".to_owned();
                return Err(EventError::SignatureRefused { act: act(), why });
            }
            Some(_) | None => {}
        }
        self.volatile.note = note;
        Ok(())
    }

    /// Does what is due. Harmless when nothing is.
    pub fn handle_timeout(&mut self, now: &Now) {
        self.set_now(now);
        self.advance();
    }

    /// Decides nothing new from here on; what comes of effects that are under way is still recorded. For
    /// whoever hands the rollout over: what is under way can come to an end, and nothing is begun that
    /// the next one would find in doubt.
    pub fn quiesce(&mut self) {
        if !self.volatile.quiet {
            self.volatile.rested = self.is_idle();
            self.volatile.quiet = true;
        }
    }

    /// Is every effect that was intended answered, and every record durable?
    pub fn is_settled(&self) -> bool {
        self.emitted.is_empty() && self.effects.is_empty() && self.volatile.in_flight.is_empty()
    }

    /// Says that all records before `next_seq` are durable.
    pub fn handle_durable(&mut self, next_seq: u64) {
        while let Some((seq, _)) = self.emitted.front()
            && *seq < next_seq
            && self.unpolled < self.emitted.len()
        {
            let Some((seq, record)) = self.emitted.pop_front() else {
                break;
            };
            if seq > 0
                && let Err(misfit) = self.durable.apply(&record)
            {
                self.fault = Some(misfit);
            }
            self.durable_next = seq + 1;
        }
    }

    /// The next record to make durable, and its sequence.
    pub fn poll_record(&mut self) -> Option<(u64, &Record)> {
        let index = self.emitted.len().checked_sub(self.unpolled)?;
        if self.unpolled == 0 {
            return None;
        }
        self.unpolled -= 1;
        self.emitted.get(index).map(|(seq, record)| (*seq, record))
    }

    /// The next effect to bring about. It must be answered with [`Event::EffectDone`].
    pub fn poll_effect(&mut self) -> Option<Effect> {
        let (seq, _) = self.effects.front()?;
        if *seq >= self.durable_next {
            return None;
        }
        self.effects.pop_front().map(|(_, effect)| effect)
    }

    /// The next state to read back. It must be answered with [`Event::Inspected`].
    pub fn poll_inspection(&mut self) -> Option<Inspection> {
        self.inspections.pop_front()
    }

    /// The next question to a source, and its ticket. An answer comes as [`Event::Measured`]. One whose look was begun
    /// at the moment at which the rollout ended is not asked any more.
    pub fn poll_query(&mut self) -> Option<(u64, Query)> {
        if self.state.outcome.is_some() {
            self.queries.clear();
        }
        self.queries.pop_front()
    }

    /// When [`Engine::handle_timeout`] is to be called next, by the wall clock.
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        if self.state.outcome.is_some() {
            None
        } else {
            self.next_timeout()
        }
    }

    /// The state with everything durable folded in.
    #[expect(
        clippy::misnamed_getters,
        reason = "what is not durable is nobody's business"
    )]
    pub fn state(&self) -> &State {
        &self.durable
    }

    /// The program by which is decided: after a revision, before that is durable.
    pub fn program(&self) -> &Program {
        &self.state.program
    }

    /// One past the last record there is.
    pub fn next_seq(&self) -> u64 {
        self.state.next_seq
    }

    /// A record of ours that did not fit: a defect of the engine. The driver drops it and replays.
    pub fn fault(&self) -> Option<&Misfit> {
        self.fault.as_ref()
    }

    fn set_now(&mut self, now: &Now) {
        let before = std::mem::replace(&mut self.volatile.now, *now);
        let elapsed = now.elapsed_since(&before);
        // What a wall clock that was set back tells is no time at all, so that is looked at by itself.
        let back = before.wall.since(now.wall);
        let by = elapsed.disagreement().saturating_add(back);
        let steps = now.boot == before.boot && by > CLOCK_DISAGREEMENT_MAX;
        if back > CLOCK_DISAGREEMENT_MAX {
            self.volatile.set_back();
        }
        if steps && self.state.outcome.is_none() {
            self.emit(Body::ClockDisagreed { by });
            if self.state.program.timing.hold_when_clocks_disagree && self.state.rollback.is_none()
            {
                self.hold(HoldReason::Clocks { by });
            }
        }
    }

    /// Folds a record in and queues it for the journal.
    pub(crate) fn emit(&mut self, body: Body) {
        let note = &mut self.volatile.note;
        let note = note.take_if(|_| body.deed().is_some());
        let record = Record {
            v: RECORD_FORMAT,
            now: self.volatile.now,
            body,
            note,
        };
        if !matches!(record.body, Body::Evaluated { .. }) {
            self.volatile.watch.take();
            self.volatile.places.take();
            self.volatile.due.take();
            self.volatile.maintenance_due.take();
        }
        let seq = self.state.next_seq;
        match self.state.apply(&record) {
            Ok(()) => {
                self.emitted.push_back((seq, record));
                self.unpolled += 1;
            }
            Err(misfit) => self.fault = Some(misfit),
        }
    }

    /// Hands an effect out as soon as everything emitted so far is durable.
    pub(crate) fn hand_out(&mut self, effect: Effect) {
        // Whoever is reading that thing now may read it before or after the change: it says nothing of either.
        if let Some(target) = effect.desired.target() {
            let sight = Sight::Standing(effect.to.clone(), target.clone());
            let inspections = &mut self.volatile.inspections;
            inspections.retain(|_, (other, _)| *other != sight);
        }
        self.volatile.in_flight.insert(effect.number);
        self.effects
            .push_back((self.state.next_seq.saturating_sub(1), effect));
    }

    /// Takes an effect back that was handed out and that nobody has begun. True if there was one: then it
    /// has certainly not happened.
    pub(crate) fn take_back(&mut self, number: u64) -> bool {
        let before = self.effects.len();
        self.effects.retain(|(_, effect)| effect.number != number);
        self.effects.len() < before
    }

    /// Is everything durable, and everything that was to be done handed out?
    pub(crate) fn all_taken(&self) -> bool {
        self.emitted.is_empty()
            && self.effects.is_empty()
            && self.inspections.is_empty()
            && self.queries.is_empty()
    }

    /// The places that are being worked on, as [`State::places`] has them.
    pub(crate) fn places(&self) -> &Arc<[Place]> {
        let places = &self.volatile.places;
        places.get_or_init(|| self.state.places().into())
    }

    pub(crate) fn now(&self) -> Now {
        self.volatile.now
    }

    /// When that was, by the wall clock as it is set now. A moment that lies ahead was read before the clock
    /// was set back; the boot clock tells how long ago that was, and after a boot it counts from the recovery.
    pub(crate) fn in_present(&self, then: &Now) -> Timestamp {
        let now = self.volatile.now;
        if then.wall <= now.wall {
            return then.wall;
        }
        let since = self.volatile.since.wall.min(now.wall);
        self.by_boot_clock(then).unwrap_or(since)
    }

    /// The wall clock's moment at which `then` was, if it shows now what it should; nothing after another boot.
    pub(crate) fn by_boot_clock(&self, then: &Now) -> Option<Timestamp> {
        let now = self.volatile.now;
        let passed = now.since_boot.saturating_sub(then.since_boot);
        (then.boot == now.boot).then(|| now.wall.before(passed))
    }
}

fn digest(note: &str) -> Digest {
    Digest::of(signed_text(note).as_bytes())
}

/// Clocks that disagree by more than this over one stretch are recorded. NTP slews stay below it.
const CLOCK_DISAGREEMENT_MAX: phasegate_core::Span = phasegate_core::Span::from_secs(5);
