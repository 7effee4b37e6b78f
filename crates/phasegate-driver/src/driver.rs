//! The driver: appends, leases, effects under way, and what an error of the journal leads to.

use phasegate_core::{Now, Span, TargetId, Timestamp};
use phasegate_engine::amend::NotPermitted;
use phasegate_engine::program::Program;
use phasegate_engine::record::{Record, RecordError};
use phasegate_engine::{Act, Engine, Event, EventError, Person, ReplayError, Sources, State};
use phasegate_journal::{AppendError, Batch, Draft, Head, Lease, LeaseError, Tenure};

use crate::creation::check_keys;
use crate::heads::Heads;
use crate::request::{Done, Input, Request, Said, Stop};

/// The most records in one append: a commit stays short, and a journal's own bound (1024) is far.
const BATCH_RECORDS_MAX: usize = 256;
/// How long a rollout that waits for a person alone is left alone by everybody.
const LOOK_IN: Span = Span::from_secs(24 * 60 * 60);
/// How long is waited before a journal that was out of reach is asked again.
const UNAVAILABLE_PAUSE: Span = Span::from_secs(1);

/// Carries an engine over a journal, without I/O of its own.
///
/// Call [`Driver::poll`] until it has nothing; do what it wants; tell it with [`Driver::handle`]; call
/// [`Driver::handle_timeout`] when [`Driver::poll_timeout`] is due; then poll again.
///
/// After [`Request::Rebuild`] or [`Request::Stop`] it wants nothing more, ever.
#[derive(Debug)]
pub struct Driver {
    engine: Engine,
    lease: Lease,
    ttl: Span,
    /// Measured from before the request that brought the lease, on our own clock.
    tenure: Tenure,
    renewal: Option<Now>,
    renew_not_before: Timestamp,
    appending: Appending,
    durable: u64,
    heads: Heads,
    now: Now,
    stage: Stage,
}

#[derive(Debug)]
enum Appending {
    Idle,
    UnderWay {
        batch: Batch,
        drafts: u64,
    },
    /// Certainly not written: the same batch again, then.
    Again {
        batch: Batch,
        at: Timestamp,
    },
}

#[derive(Debug)]
enum Stage {
    Live,
    /// To be told once.
    Ending(Request),
    Ended,
}

/// Why a driver cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DriverError {
    /// Something did what it never should.
    #[error("{why}")]
    Defect {
        /// What.
        why: String,
    },
    /// A key of the plan cannot be used.
    #[error("the plan wants acts of people signed, and {why}")]
    Keys {
        /// What is wrong, and how to mend it.
        why: String,
    },
    /// A record cannot be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// What it was taken up for does not fit.
    #[error(transparent)]
    Refused(EventError),
    /// The journal does not replay.
    #[error("failed to replay the journal of {rollout}")]
    Replay {
        /// Of which rollout.
        rollout: String,
        /// Why.
        source: ReplayError,
    },
}

pub(crate) fn draft_of(record: &Record) -> Result<Draft, RecordError> {
    Ok(Draft {
        at: record.at(),
        kind: record.kind().to_owned(),
        payload: record.encode()?,
    })
}

impl Driver {
    pub(crate) fn around(engine: Engine, lease: Lease, ttl: Span, asked: Now, head: Head) -> Self {
        let tenure = Tenure::new(asked, lease.expires_in);
        Self {
            engine,
            lease,
            ttl,
            tenure,
            renewal: None,
            renew_not_before: asked.wall,
            appending: Appending::Idle,
            durable: head.next_seq,
            heads: Heads::new(head),
            now: asked,
            stage: Stage::Live,
        }
    }

    /// Takes a rollout up from its journal.
    ///
    /// `asked` is the reading of the clocks from before the lease was acquired, `records` are all of
    /// the rollout's records.
    ///
    /// # Errors
    /// If the records do not replay.
    pub fn resume(
        lease: Lease,
        ttl: Span,
        asked: Now,
        records: &[phasegate_journal::Record],
        now: &Now,
    ) -> Result<Self, DriverError> {
        Self::rebuilt(lease, ttl, (asked, now), records, |engine| {
            engine.recover(now);
            Ok(())
        })
    }

    /// The same for somebody who takes it up to do something: the first of the acts that fits is done before anything
    /// else is decided.
    ///
    /// # Errors
    /// If the records do not replay, or none of the acts fits: it is as it was then, and the lease is to be given back.
    pub fn resume_by(
        lease: Lease,
        ttl: Span,
        records: &[phasegate_journal::Record],
        (asked, now): (Now, &Now),
        (by, reason, acts): (&Person, &str, &[Act]),
    ) -> Result<Self, DriverError> {
        Self::rebuilt(lease, ttl, (asked, now), records, |engine| {
            engine.recover_by(now, by, reason, acts)
        })
    }

    fn rebuilt(
        lease: Lease,
        ttl: Span,
        (asked, now): (Now, &Now),
        records: &[phasegate_journal::Record],
        recover: impl FnOnce(&mut Engine) -> Result<(), EventError>,
    ) -> Result<Self, DriverError> {
        let rollout = lease.rollout.to_string();
        let pairs = records
            .iter()
            .map(|r| (r.kind.as_str(), r.payload.as_slice()));
        let mut engine =
            Engine::replay(pairs).map_err(|source| DriverError::Replay { rollout, source })?;
        recover(&mut engine).map_err(DriverError::Refused)?;
        let head = records.last().map(phasegate_journal::Record::head);
        let Some(head) = head else {
            return Err(DriverError::Defect {
                why: "a journal without records".to_owned(),
            });
        };
        let mut driver = Self::around(engine, lease, ttl, asked, head);
        driver.heads = Heads::new(head).with_records(records);
        let asks = driver.engine.state().asks.values();
        let questions: Vec<_> = asks
            .filter_map(|ask| records.get(usize::try_from(ask.seq).ok()?))
            .map(phasegate_journal::Record::head)
            .collect();
        for head in questions {
            driver.remember_question(head);
        }
        driver.now = *now;
        Ok(driver)
    }

    /// The state as far as it is durable.
    pub fn state(&self) -> &State {
        self.engine.state()
    }

    /// One past the last durable record.
    pub fn durable_seq(&self) -> u64 {
        self.durable
    }

    /// One past the last record that was decided, durable or not.
    pub fn decided_seq(&self) -> u64 {
        self.engine.next_seq()
    }

    /// Where the journal ends, as far as it is durable: what can be anchored outside.
    pub fn durable_head(&self) -> Head {
        self.heads.present()
    }

    /// A person does something. Tell them only when [`Driver::durable_seq`] has reached the sequence
    /// that this returns. What is signed is held against the keys of the plan and the rollout's own journal; its head is
    /// the present one or one that was within the last hour ([`SIGNED_WITHIN`](crate::SIGNED_WITHIN)); for an answer, and
    /// for taking it back, also that of the question ([`Driver::remember_question`]), as long as it is open.
    ///
    /// # Errors
    /// If the act does not fit, is not signed where the plan wants that, or not so that it holds; nothing has changed then.
    pub fn handle_operator(&mut self, now: &Now, said: Said, act: Act) -> Result<u64, EventError> {
        self.check_note(now, &said, &Done::Act(&act))?;
        let Said { by, reason, note } = said;
        let event = Event::Operator {
            by,
            reason,
            act,
            note,
        };
        self.told(now, event)
    }

    /// Keeps the head that this rollout's journal had with the record of an open question: the answer may be signed over it
    /// until the question is decided. For a shell that puts questions elsewhere, where answers take days. What is the head of
    /// no open question is dropped.
    pub fn remember_question(&mut self, head: Head) {
        let asks = &self.engine.state().asks;
        let is_open = |records| {
            asks.values()
                .any(|ask| ask.seq.saturating_add(1) == records)
        };
        self.heads.asked(head, is_open);
    }

    /// A person brings in a revised plan. As [`Driver::handle_operator`].
    ///
    /// # Errors
    /// If the rollout may not adopt it: everything that is not permitted. Nothing has changed then.
    pub fn handle_amendment(
        &mut self,
        now: &Now,
        said: Said,
        program: Box<Program>,
        sources: Sources,
    ) -> Result<u64, EventError> {
        // A key that is none would let nobody act from here on.
        check_keys(&program).map_err(|error| {
            let what = error.to_string();
            let what = vec![NotPermitted::Unserved { what }];
            EventError::NotPermitted { what }
        })?;
        self.check_note(now, &said, &Done::Amendment(&program))?;
        let Said { by, reason, note } = said;
        let event = Event::Amended {
            by,
            reason,
            program,
            sources,
            note,
        };
        self.told(now, event)
    }

    /// A comparer has seen old and new differ. It may forget that once [`Driver::durable_seq`] has reached
    /// the sequence that this returns.
    ///
    /// # Errors
    /// If the plan compares nothing there; nothing has changed then.
    pub fn handle_difference(
        &mut self,
        now: &Now,
        target: TargetId,
        id: String,
        count: u64,
        detail: String,
    ) -> Result<u64, EventError> {
        let event = Event::Differed {
            target,
            id,
            count,
            detail,
        };
        self.told(now, event)
    }

    /// Whether there must be a note is the engine's to say.
    #[cfg(feature = "signed")]
    fn check_note(&self, now: &Now, said: &Said, act: &Done<'_>) -> Result<(), EventError> {
        let Some(note) = &said.note else {
            return Ok(());
        };
        let against = crate::signed::Against {
            anchor: phasegate_journal::Anchor {
                rollout: self.lease.rollout.clone(),
                head: self.heads.present(),
            },
            program: self.engine.program(),
            heads: &self.heads,
            now: now.wall,
        };
        crate::signed::check(note, said, act, &against)
    }

    #[cfg(not(feature = "signed"))]
    #[expect(clippy::unused_self, reason = "as where signatures are checked")]
    fn check_note(&self, _: &Now, said: &Said, act: &Done<'_>) -> Result<(), EventError> {
        let act = match act {
            Done::Act(act) => act.to_string(),
            Done::Amendment(program) => format!("amend {}", program.plan_digest),
        };
        let why = "this build checks none: build it with the feature 'signed'".to_owned();
        match said.note {
            Some(_) => Err(EventError::SignatureRefused { act, why }),
            None => Ok(()),
        }
    }

    fn told(&mut self, now: &Now, event: Event) -> Result<u64, EventError> {
        self.now = *now;
        if !matches!(self.stage, Stage::Live) {
            return Err(EventError::NotApplicable {
                what: "this controller has stopped: ask the one that holds the rollout",
            });
        }
        self.engine.handle_event(now, event)
    }

    /// Takes in what became of a request. What nobody waits for any more is dropped.
    pub fn handle(&mut self, now: &Now, input: Input) {
        self.now = *now;
        if !matches!(self.stage, Stage::Live) {
            return;
        }
        let event = match input {
            Input::Appended(result) => return self.appended(result),
            Input::Renewed(result) => return self.renewed(result),
            Input::Inspected { number, reading } => Event::Inspected { number, reading },
            Input::Measured { ticket, answer } => Event::Measured { ticket, answer },
            Input::Performed { number, outcome } => Event::EffectDone { number, outcome },
        };
        match self.engine.handle_event(now, event) {
            // An answer that came twice or too late changes nothing.
            Ok(_) | Err(_) => self.check_engine(),
        }
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: &Now) {
        self.now = *now;
        if matches!(self.stage, Stage::Live) {
            self.engine.handle_timeout(now);
            self.check_engine();
        }
    }

    /// When [`Driver::handle_timeout`] is to be called next.
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        if !matches!(self.stage, Stage::Live) {
            return None;
        }
        let left = self.tenure.remaining(self.now);
        let half = Span::from_nanos(self.ttl.as_nanos() / 2);
        let renew = match self.renewal {
            Some(_) => None,
            None => Some((self.now.wall + left.saturating_sub(half)).max(self.renew_not_before)),
        };
        let again = match &self.appending {
            Appending::Again { at, .. } => Some(*at),
            Appending::Idle | Appending::UnderWay { .. } => None,
        };
        [self.engine.poll_timeout(), renew, again]
            .into_iter()
            .flatten()
            .min()
    }

    /// The next thing to do, if there is one.
    pub fn poll(&mut self) -> Option<Request> {
        match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Ended => return None,
            Stage::Ending(request) => return Some(request),
            Stage::Live => self.stage = Stage::Live,
        }
        if let Some(request) = self.poll_append() {
            return Some(request);
        }
        if let Some(outcome) = self.engine.state().outcome {
            self.stage = Stage::Ended;
            return Some(Request::Stop(Stop::Finished(outcome)));
        }
        if let Some(request) = self.poll_renewal() {
            return Some(request);
        }
        // Whoever may have lost the lease acts no more.
        let left = self.tenure.remaining(self.now);
        if !left.is_zero()
            && let Some(effect) = self.engine.poll_effect()
        {
            let within = effect.deadline.since(self.now.wall).min(left);
            return Some(Request::Perform {
                effect,
                token: self.lease.token,
                within,
            });
        }
        if let Some(inspection) = self.engine.poll_inspection() {
            return Some(Request::Inspect(inspection));
        }
        self.engine
            .poll_query()
            .map(|(ticket, query)| Request::Measure { ticket, query })
    }

    fn poll_append(&mut self) -> Option<Request> {
        match &self.appending {
            Appending::UnderWay { .. } => return None,
            Appending::Again { at, .. } if self.is_ahead(*at) => return None,
            Appending::Again { batch, .. } => {
                let batch = batch.clone();
                return Some(self.append(batch));
            }
            Appending::Idle => {}
        }
        let mut drafts = Vec::new();
        while drafts.len() < BATCH_RECORDS_MAX
            && let Some((_, record)) = self.engine.poll_record()
        {
            match draft_of(record) {
                Ok(draft) => drafts.push(draft),
                Err(error) => {
                    self.stop(Stop::Defect(error.to_string()));
                    return None;
                }
            }
        }
        if drafts.is_empty() {
            return None;
        }
        let finished = drafts.last().is_some_and(|draft| draft.kind == "finished");
        let batch = Batch {
            // While it is carried out, it is due as soon as nobody holds it.
            wake_at: (!finished).then_some(self.now.wall),
            finished,
            ..Batch::of(drafts)
        };
        Some(self.append(batch))
    }

    fn append(&mut self, batch: Batch) -> Request {
        let drafts = u64::try_from(batch.drafts.len()).unwrap_or(u64::MAX);
        self.appending = Appending::UnderWay {
            batch: batch.clone(),
            drafts,
        };
        Request::Append {
            expected_next_seq: self.durable,
            batch,
        }
    }

    fn poll_renewal(&mut self) -> Option<Request> {
        let half = Span::from_nanos(self.ttl.as_nanos() / 2);
        let early = self.tenure.remaining(self.now) > half || self.is_ahead(self.renew_not_before);
        if self.renewal.is_some() || early {
            return None;
        }
        self.renewal = Some(self.now);
        Some(Request::Renew { ttl: self.ttl })
    }

    /// Is a pause still on that lasts until then? One that would last longer than pauses do was begun
    /// before the wall clock was set back, and is over.
    fn is_ahead(&self, until: Timestamp) -> bool {
        let left = until.since(self.now.wall);
        !left.is_zero() && left <= UNAVAILABLE_PAUSE
    }

    fn appended(&mut self, result: Result<Head, AppendError>) {
        let Appending::UnderWay { batch, drafts } =
            std::mem::replace(&mut self.appending, Appending::Idle)
        else {
            return;
        };
        match result {
            Ok(head) if head.next_seq == self.durable.saturating_add(drafts) => {
                self.durable = head.next_seq;
                self.heads.advance(head, self.now.wall);
                self.engine.handle_durable(head.next_seq);
                self.check_engine();
            }
            Ok(head) => {
                let why = format!("the journal ends at {}, not where it should", head.next_seq);
                self.stop(Stop::Defect(why));
            }
            Err(AppendError::Unavailable(_)) => {
                let at = self.now.wall + UNAVAILABLE_PAUSE;
                self.appending = Appending::Again { batch, at };
            }
            // The engine knows more than the journal, or less: build it anew from the journal.
            Err(AppendError::Ambiguous { .. } | AppendError::Conflict { .. }) => {
                self.stage = Stage::Ending(Request::Rebuild);
            }
            Err(AppendError::Fenced { .. } | AppendError::Finished | AppendError::NotFound) => {
                self.stop(Stop::LostLease);
            }
            Err(AppendError::Invalid(fault)) => self.stop(Stop::Defect(fault.to_string())),
            Err(AppendError::Storage(error)) => self.stop(Stop::Storage(error)),
        }
    }

    fn renewed(&mut self, result: Result<Lease, LeaseError>) {
        let Some(asked) = self.renewal.take() else {
            return;
        };
        match result {
            Ok(lease) => {
                self.tenure = Tenure::new(asked, lease.expires_in);
                self.lease = lease;
            }
            // Try again a little later; what is left of the lease still counts.
            Err(LeaseError::Ambiguous { .. } | LeaseError::Unavailable(_)) => {
                self.renew_not_before = self.now.wall + UNAVAILABLE_PAUSE;
            }
            Err(LeaseError::Storage(error)) => self.stop(Stop::Storage(error)),
            // The last batch, which is under way, gives the lease back.
            Err(LeaseError::Finished) => {}
            Err(_) => self.stop(Stop::LostLease),
        }
    }

    fn check_engine(&mut self) {
        if let Some(misfit) = self.engine.fault() {
            self.stop(Stop::Defect(misfit.to_string()));
        }
    }

    fn stop(&mut self, stop: Stop) {
        self.stage = Stage::Ending(Request::Stop(stop));
    }

    /// Begins nothing new from here on: for a shell that is to stop, or to hand the rollout over. Go on
    /// as before until [`Driver::is_settled`], then [`Driver::part`].
    pub fn quiesce(&mut self) {
        self.engine.quiesce();
    }

    /// Is everything durable that was decided, and every effect answered that was handed out?
    pub fn is_settled(&self) -> bool {
        !matches!(self.stage, Stage::Live)
            || (matches!(self.appending, Appending::Idle) && self.engine.is_settled())
    }

    /// When the rollout has to be looked at next, if nothing is under way: until then nobody needs this
    /// driver. `None`: something is under way.
    pub fn idle_until(&self) -> Option<Timestamp> {
        let idle = matches!(self.stage, Stage::Live)
            && matches!(self.appending, Appending::Idle)
            && self.renewal.is_none()
            && self.engine.state().outcome.is_none()
            && self.engine.is_idle();
        idle.then(|| self.next_look())
    }

    /// Ends this driver's work before the rollout's end, so that another may go on with it: to be called
    /// when nothing is under way any more or nobody will wait for it. The append that it asks for says in
    /// the store when the rollout has to be looked at next; once it is answered, give the lease back.
    /// `None`: the last append has no answer, and the store says that it is due at once.
    pub fn part(&mut self) -> Option<Request> {
        let live = matches!(
            std::mem::replace(&mut self.stage, Stage::Ended),
            Stage::Live
        );
        if !live || !matches!(self.appending, Appending::Idle) {
            return None;
        }
        let idle = self.engine.is_idle();
        let wake_at = if idle {
            self.next_look()
        } else {
            self.now.wall
        };
        let batch = Batch {
            wake_at: Some(wake_at),
            ..Batch::default()
        };
        Some(Request::Append {
            expected_next_seq: self.durable,
            batch,
        })
    }

    /// Somebody looks at least once a day: were a moment ever missing in the store, the rollout would be
    /// forgotten for ever.
    fn next_look(&self) -> Timestamp {
        let latest = self.now.wall + LOOK_IN;
        self.engine
            .poll_timeout()
            .map_or(latest, |moment| moment.min(latest))
    }

    /// The lease under which it works.
    pub fn lease(&self) -> &Lease {
        &self.lease
    }
}
