//! The loop of one rollout: one task that owns the driver; everything else comes to it by message.

use std::sync::Arc;
use std::time::Duration;

use phasegate_core::{Effect, EffectOutcome, Now, Span};
use phasegate_driver::{Driver, Input, Request, Stop};
use phasegate_engine::EventError;
use phasegate_engine::amend::NotPermitted;
use phasegate_engine::program::Program;
use phasegate_journal::{Anchor, LeaseError};
use phasegate_provider::{Call, CallClass};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::beat::Beating;
use crate::fit::unfit;
use crate::handle::{Command, Ended, View, Word};
use crate::people::{Came, People};
use crate::runner::{Runner, RunnerError};

/// How long a query or a read-back may take when the driver states no deadline.
const LOOK_WITHIN: Span = Span::from_secs(10);
/// How long is waited before a lease that somebody else seems to hold is asked for again.
const REBUILD_PAUSE: Duration = Duration::from_secs(1);
/// How often a rebuild is tried before the runner gives up: about as long as a lease lasts.
const REBUILDS_MAX: u32 = 30;

pub(crate) struct Actor {
    runner: Runner,
    driver: Driver,
    acts: mpsc::Receiver<Command>,
    stopped: oneshot::Receiver<()>,
    publish: watch::Sender<View>,
    work: JoinSet<Work>,
    waiting: Vec<(u64, oneshot::Sender<Result<u64, EventError>>)>,
    people: People,
    /// When it was taken up.
    since: Now,
    beating: Option<Beating>,
}

/// What came of something that was spawned.
pub(crate) enum Work {
    Beat(std::io::Result<()>),
    Input(Input),
    /// Nothing where the round did not come to an end.
    People(Option<Came>),
}

impl Actor {
    pub(crate) fn new(
        runner: Runner,
        driver: Driver,
        acts: mpsc::Receiver<Command>,
        stopped: oneshot::Receiver<()>,
        publish: watch::Sender<View>,
    ) -> Self {
        let people = People::new(&runner);
        let (work, waiting) = (JoinSet::new(), Vec::new());
        let since = runner.clock.now();
        let beating = runner.pulse.clone();
        let beating = beating.map(|pulse| Beating::new(pulse, since.wall));
        Self {
            runner,
            driver,
            acts,
            stopped,
            publish,
            work,
            waiting,
            people,
            since,
            beating,
        }
    }

    pub(crate) async fn run(mut self) -> Ended {
        loop {
            if let Some(ended) = self.serve_all().await {
                return self.wind_up(ended).await;
            }
            self.show();
            self.beat();
            self.people
                .look(&self.driver, &mut self.work, self.runner.clock.now());
            if self.may_park() {
                return self.wind_up(Ended::Stopped).await;
            }
            let due = self.next_due();
            tokio::select! {
                biased;
                Some(done) = self.work.join_next() => self.take(done),
                stop = &mut self.stopped => {
                    // A dropped handle stops the runner too.
                    let _asked_or_dropped = stop;
                    return self.wind_up(Ended::Stopped).await;
                }
                Some(command) = self.acts.recv() => self.act(command),
                () = tokio::time::sleep(due) => {
                    let now = self.runner.clock.now();
                    self.driver.handle_timeout(&now);
                }
            }
        }
    }

    /// Does everything that the driver wants; says when nothing more is to be done.
    async fn serve_all(&mut self) -> Option<Ended> {
        while let Some(request) = self.driver.poll() {
            match request {
                Request::Rebuild => {
                    if let Some(ended) = self.rebuild().await {
                        return Some(ended);
                    }
                }
                Request::Stop(stop) => return Some(ended_by(stop)),
                Request::Append { .. }
                | Request::Inspect(_)
                | Request::Measure { .. }
                | Request::Perform { .. }
                | Request::Renew { .. } => self.spawn(request),
            }
        }
        None
    }

    fn spawn(&mut self, request: Request) {
        let (runner, lease) = (self.runner.clone(), self.driver.lease().clone());
        let asked = runner.clock.now();
        let at = asked.wall;
        let going_back = self.driver.state().is_rolling_back();
        self.work.spawn(async move {
            let registry = &runner.registry;
            Work::Input(match request {
                Request::Append {
                    expected_next_seq,
                    batch,
                } => Input::Appended(
                    runner
                        .journal
                        .append(&lease, expected_next_seq, batch)
                        .await,
                ),
                Request::Renew { ttl } => Input::Renewed(runner.journal.renew(&lease, ttl).await),
                Request::Inspect(inspection) => {
                    let class = if going_back {
                        CallClass::Safety
                    } else {
                        CallClass::Read
                    };
                    let call = Call::new(at, LOOK_WITHIN).with_class(class);
                    let look = registry.inspect(&inspection, &call);
                    let reading = tokio::time::timeout(LOOK_WITHIN.to_duration(), look)
                        .await
                        .ok();
                    Input::Inspected {
                        number: inspection.number,
                        reading,
                    }
                }
                Request::Measure { ticket, query } => {
                    let call = Call::new(at, LOOK_WITHIN);
                    let ask = registry.measure(&query, &call);
                    let answer = tokio::time::timeout(LOOK_WITHIN.to_duration(), ask).await;
                    let answer = answer.unwrap_or_else(|_| {
                        Err(phasegate_core::Absence::Unavailable {
                            detail: "no answer in time".into(),
                        })
                    });
                    Input::Measured { ticket, answer }
                }
                Request::Perform {
                    effect,
                    token,
                    within,
                } => {
                    let class = if going_back {
                        CallClass::Safety
                    } else {
                        CallClass::Mutation
                    };
                    // A process that was stopped in between must not begin what it may no longer do.
                    let passed = runner.clock.now().elapsed_since(&asked).high;
                    let left = within.saturating_sub(passed);
                    let call = Call::new(at, left).with_class(class).with_fencing(token);
                    let outcome = perform(registry, &effect, &call, left).await;
                    Input::Performed {
                        number: effect.number,
                        outcome,
                    }
                }
                // Handled by the loop itself.
                Request::Rebuild | Request::Stop(_) => return Work::People(None),
            })
        });
    }

    fn take(&mut self, done: Result<Work, tokio::task::JoinError>) {
        let now = self.runner.clock.now();
        match done {
            Ok(Work::Beat(written)) => {
                if let Some(beating) = &mut self.beating {
                    beating.busy = false;
                }
                if let Err(error) = written {
                    tracing::warn!(%error, "the heartbeat was not written");
                }
            }
            Ok(Work::Input(input)) => self.driver.handle(&now, input),
            Ok(Work::People(came)) => {
                self.people
                    .came_back(came.as_ref().map(|came| came.unput.as_slice()));
                let Came { answers, heads, .. } = came.unwrap_or_default();
                for head in heads {
                    self.driver.remember_question(head);
                }
                for answer in answers {
                    if self.people.has_heard(&answer, self.driver.state()) {
                        continue;
                    }
                    let heard = answer.said();
                    let (said, act) = answer.into_act();
                    match self.driver.handle_operator(&now, said, act) {
                        Ok(_) => self.people.hear(heard),
                        // It will not be signed otherwise when it comes again.
                        Err(
                            error @ (EventError::SignatureMissing { .. }
                            | EventError::SignatureRefused { .. }),
                        ) => {
                            tracing::warn!(%error, "a reply was not taken");
                            self.people.hear(heard);
                        }
                        // What had been taken before this process came comes again.
                        Err(error) => tracing::debug!(%error, "a reply was not taken"),
                    }
                }
            }
            // An adapter panicked. Its effect is overdue at its deadline and resolved as in doubt.
            Err(error) => {
                tracing::error!(%error, "a provider's task broke");
                // It may have been the one that asks people.
                self.people.came_back(None);
            }
        }
    }

    fn act(&mut self, command: Command) {
        let now = self.runner.clock.now();
        let Command { word, done } = command;
        let taken = match word {
            Word::Amend {
                said,
                program,
                sources,
            } => match unserved(&program, &self.runner.registry) {
                Ok(()) => self.driver.handle_amendment(&now, said, program, sources),
                Err(error) => Err(error),
            },
            Word::Act { said, act } => self.driver.handle_operator(&now, said, act),
            Word::Differed {
                target,
                id,
                count,
                detail,
            } => self
                .driver
                .handle_difference(&now, target, id, count, detail),
        };
        match taken {
            Ok(seq) => self.waiting.push((seq, done)),
            Err(error) => {
                // Whoever asked may have gone.
                let _gone = done.send(Err(error));
            }
        }
    }

    /// Shows the durable state, and confirms acts that are durable by now.
    fn show(&mut self) {
        let durable = self.driver.durable_seq();
        if self.publish.borrow().next_seq != durable {
            let state = Arc::new(self.driver.state().clone());
            self.publish.send_replace(View {
                state,
                next_seq: durable,
                head: self.driver.durable_head(),
                token: self.driver.lease().token,
            });
        }
        for (_, done) in self.waiting.extract_if(.., |(seq, _)| *seq <= durable) {
            // Whoever asked may have gone.
            let _gone = done.send(Ok(durable));
        }
    }

    /// The loop turns: whoever looks from outside sees it.
    fn beat(&mut self) {
        let Some(beating) = &mut self.beating else {
            return;
        };
        let (now, driver) = (self.runner.clock.now().wall, &self.driver);
        let heads = || [(driver.lease().rollout.clone(), driver.durable_head())].into();
        if let Some(beat) = beating.due(now, &self.runner.holder, heads) {
            // A disk that hangs must not stop the loop.
            self.work.spawn_blocking(move || Work::Beat(beat.write()));
        }
    }

    /// Nobody need miss the heartbeat of what has ended in order, or is carried out elsewhere.
    async fn rest(&mut self, ended: &Ended) {
        while self.work.join_next().await.is_some() {}
        let Some(beating) = &mut self.beating else {
            return;
        };
        if !matches!(ended, Ended::Failed(_)) {
            let last = beating.last(self.runner.clock.now().wall, &self.runner.holder);
            let written = tokio::task::spawn_blocking(move || last.write()).await;
            if !matches!(written, Ok(Ok(()))) {
                tracing::warn!("the last heartbeat was not written");
            }
        }
    }

    fn next_due(&self) -> Duration {
        let now = self.runner.clock.now().wall;
        let timeout = self.driver.poll_timeout();
        let people = self.people.due();
        let beat = self.beating.as_ref().map(Beating::next);
        let lingers = Some(self.since.wall + self.runner.linger).filter(|until| now < *until);
        let due = [timeout, people, lingers, beat].into_iter().flatten().min();
        due.map_or(Duration::from_secs(3600), |due| {
            due.since(now).to_duration()
        })
    }

    /// Does it wait for so long, and for nobody here, that it can be put away?
    fn may_park(&self) -> bool {
        let now = self.runner.clock.now().wall;
        let waits = self.runner.park_after.is_some_and(|least| {
            let until = self.driver.idle_until();
            until.is_some_and(|until| until.since(now) > least)
        });
        let lingered = self.runner.clock.now().elapsed_since(&self.since).low;
        waits
            && lingered >= self.runner.linger
            && self.work.is_empty()
            && self.waiting.is_empty()
            && self.acts.is_empty()
            && self.people.due().is_none()
    }

    /// Builds the driver anew from the journal. People whose act may be lost are told so.
    async fn rebuild(&mut self) -> Option<Ended> {
        self.waiting.clear();
        self.work.abort_all();
        while self.work.join_next().await.is_some() {}
        self.people.start_over();
        let rollout = self.driver.lease().rollout.clone();
        let mut last = String::new();
        for _ in 0..REBUILDS_MAX {
            match self.runner.take_up(&rollout).await {
                Ok(driver) => {
                    self.driver = driver;
                    return None;
                }
                Err(RunnerError::Lease(LeaseError::HeldBy { .. })) => {
                    return Some(Ended::LostLease);
                }
                // The append whose answer was lost was the last one.
                Err(RunnerError::Lease(LeaseError::Finished)) => {
                    match self.runner.outcome(&rollout).await {
                        Ok(Some(outcome)) => return Some(Ended::Finished(outcome)),
                        Ok(None) => return Some(Ended::LostLease),
                        Err(error) => last = error.to_string(),
                    }
                }
                Err(error) => last = error.to_string(),
            }
            tokio::select! {
                () = tokio::time::sleep(REBUILD_PAUSE) => {}
                stop = &mut self.stopped => {
                    let _asked_or_dropped = stop;
                    return Some(Ended::Stopped);
                }
            }
        }
        Some(Ended::Failed(format!(
            "the journal could not be read back: {last}"
        )))
    }

    /// When it was asked to stop: waits for effects that are under way, appends what is decided, says in
    /// the store when somebody has to look next, gives the lease back.
    async fn wind_up(mut self, mut ended: Ended) -> Ended {
        self.acts.close();
        if ended == Ended::Stopped {
            match self.settle().await {
                Some(by_itself) => ended = by_itself,
                None => self.part().await,
            }
        }
        self.work.abort_all();
        self.rest(&ended).await;
        self.show();
        if matches!(ended, Ended::Finished(_)) {
            self.people.leave(self.runner.clock.now().wall).await;
        }
        let anchor = Anchor {
            rollout: self.driver.lease().rollout.clone(),
            head: self.driver.durable_head(),
        };
        // Whoever keeps logs elsewhere has the journal anchored by this line.
        tracing::info!(%anchor, ?ended, "left");
        ended
    }

    /// Lets what was begun come to its end, without beginning anything.
    async fn settle(&mut self) -> Option<Ended> {
        self.driver.quiesce();
        let patience = tokio::time::sleep(LOOK_WITHIN.to_duration());
        tokio::pin!(patience);
        loop {
            while let Some(request) = self.driver.poll() {
                match request {
                    Request::Append { .. } | Request::Perform { .. } | Request::Renew { .. } => {
                        self.spawn(request);
                    }
                    Request::Stop(stop) => return Some(ended_by(stop)),
                    // Looks are volatile. A rebuild is the next one's to do.
                    Request::Inspect(_) | Request::Measure { .. } | Request::Rebuild => {}
                }
            }
            if self.driver.is_settled() {
                return None;
            }
            tokio::select! {
                biased;
                done = self.work.join_next() => match done {
                    Some(done) => self.take(done),
                    None => return None,
                },
                () = &mut patience => return None,
            }
        }
    }

    async fn part(&mut self) {
        self.work.abort_all();
        while self.work.join_next().await.is_some() {}
        let (journal, lease) = (&self.runner.journal, self.driver.lease().clone());
        if let Some(Request::Append {
            expected_next_seq,
            batch,
        }) = self.driver.part()
            && let Err(error) = journal.append(&lease, expected_next_seq, batch).await
        {
            tracing::debug!(%error, "the moment of the next look was not written; it is due at once");
        }
        if let Err(error) = journal.release(&lease).await {
            tracing::debug!(%error, "the lease was not given back; it expires by itself");
        }
    }
}

/// Is there an adapter here for every name of a revised plan?
fn unserved(program: &Program, registry: &phasegate_provider::Registry) -> Result<(), EventError> {
    let unfit = unfit(program, registry);
    let what = |one: &crate::fit::Unfit| NotPermitted::Unserved {
        what: one.to_string(),
    };
    match unfit.is_empty() {
        true => Ok(()),
        false => Err(EventError::NotPermitted {
            what: unfit.iter().map(what).collect(),
        }),
    }
}

fn ended_by(stop: Stop) -> Ended {
    match stop {
        Stop::Defect(why) => Ended::Failed(why),
        Stop::Finished(outcome) => Ended::Finished(outcome),
        Stop::LostLease => Ended::LostLease,
        Stop::Storage(error) => Ended::Failed(error.to_string()),
    }
}

async fn perform(
    registry: &phasegate_provider::Registry,
    effect: &Effect,
    call: &Call,
    within: Span,
) -> EffectOutcome {
    if within.is_zero() {
        return EffectOutcome::Unknown {
            reason: "this process stood still until its time had passed".to_owned(),
        };
    }
    match tokio::time::timeout(within.to_duration(), registry.perform(effect, call)).await {
        Ok(outcome) => outcome,
        Err(_) => EffectOutcome::Unknown {
            reason: format!("no answer within {within}"),
        },
    }
}
