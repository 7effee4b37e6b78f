//! The loop of a fleet: what is claimed when, what becomes of what has ended, who gets what.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use phasegate_core::{PersonId, RolloutId, Span, Timestamp};
use phasegate_engine::Sources;
use phasegate_engine::program::Program;
use phasegate_journal::{Change, Peer, ReadError, RolloutSummary, StorageError};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::controller::{FleetEnded, FleetError, FleetView};
use super::listing::Listing;
use super::reports::answer;
use super::timetable::Timetable;
use crate::beat::Beating;
use crate::handle::{Ended, Handle, Operator, View};
use crate::runner::{Runner, RunnerError};

/// How long a controller that has all it can carry would hesitate; the others in proportion. One rollout
/// more or less in 64 makes 5 ms then, which is longer than a claim takes.
const SPREAD: Span = Span::from_millis(300);
/// How long is waited before a store that was out of reach is asked again.
pub(super) const RETRY_PAUSE: Span = Span::from_secs(1);
/// How long a rollout that was taken up for a person's act stays, for the act to arrive.
const LINGER: Span = Span::from_secs(2);

/// What a tool wants of a fleet.
#[derive(Debug)]
pub(super) enum Order {
    Begin {
        rollout: RolloutId,
        program: Box<Program>,
        sources: Sources,
        by: PersonId,
        done: oneshot::Sender<Result<(), FleetError>>,
    },
    Operate {
        rollout: RolloutId,
        done: Asked,
    },
}

pub(super) type Asked = oneshot::Sender<Result<Operator, FleetError>>;
pub(super) type Begun = oneshot::Sender<Result<(), FleetError>>;

/// A rollout that runs here.
pub(super) struct Running {
    pub(super) operator: Operator,
    pub(super) view: watch::Receiver<View>,
    pub(super) stop: Option<oneshot::Sender<()>>,
    /// It was told to stop so that others get something to do.
    pub(super) handed_over: bool,
}

/// What a task reports.
pub(super) enum Report {
    Announced(Result<Vec<Peer>, ReadError>),
    Begun(RolloutId, Result<Handle, RunnerError>, Begun),
    Claimed(RolloutId, Result<Handle, RunnerError>),
    Ended(RolloutId, Ended),
    /// What was due before that moment.
    Listed {
        all: bool,
        before: Timestamp,
        found: Result<Vec<RolloutSummary>, ReadError>,
    },
    Looked(RolloutId, Result<RolloutSummary, ReadError>),
    Pulsed(std::io::Result<()>),
    /// Nothing more will be heard from the store, or this is news.
    News(Option<Change>, Option<Box<dyn phasegate_journal::Changes>>),
}

pub(super) struct Dispatch {
    pub(super) runner: Runner,
    pub(super) running_max: usize,
    orders: mpsc::Receiver<Order>,
    publish: watch::Sender<FleetView>,
    pub(super) timetable: Timetable,
    pub(super) running: BTreeMap<RolloutId, Running>,
    /// Being claimed or looked at, with the people who wait for it.
    pub(super) busy: BTreeMap<RolloutId, Vec<Asked>>,
    /// Due, and hesitated about.
    pub(super) hesitated: BTreeSet<RolloutId>,
    pub(super) claiming: usize,
    pub(super) tasks: JoinSet<Report>,
    pub(super) peers: Vec<Peer>,
    pub(super) trouble: Option<String>,
    pub(super) failed: Option<StorageError>,
    announce_at: Timestamp,
    pub(super) listing: Listing,
    pub(super) has_news: bool,
    pulse: Option<Beating>,
}

impl Dispatch {
    pub(super) fn new(
        runner: Runner,
        running_max: usize,
        orders: mpsc::Receiver<Order>,
        publish: watch::Sender<FleetView>,
    ) -> Self {
        let now = runner.clock.now().wall;
        Self {
            runner,
            running_max,
            orders,
            publish,
            timetable: Timetable::default(),
            running: BTreeMap::new(),
            busy: BTreeMap::new(),
            hesitated: BTreeSet::new(),
            claiming: 0,
            tasks: JoinSet::new(),
            peers: Vec::new(),
            trouble: None,
            failed: None,
            announce_at: now,
            listing: Listing::all_at(now),
            has_news: false,
            pulse: None,
        }
    }

    pub(super) fn with_pulse(mut self, pulse: Option<(PathBuf, Span)>) -> Self {
        let now = self.now();
        self.pulse = pulse.map(|pulse| Beating::new(pulse, now));
        self
    }

    pub(super) async fn run(mut self, mut stopped: oneshot::Receiver<()>) -> FleetEnded {
        // Listened first, listed then: nothing falls between.
        if let Some(changes) = self.runner.journal.changes() {
            self.has_news = true;
            self.listen(changes);
        }
        loop {
            if let Some(error) = self.failed.take() {
                self.wind_up().await;
                return FleetEnded::Storage(error);
            }
            self.do_what_is_due();
            self.show();
            let due = self.next_due();
            tokio::select! {
                biased;
                Some(report) = self.tasks.join_next() => match report {
                    Ok(report) => self.take(report),
                    Err(error) => self.trouble(error.to_string()),
                },
                stop = &mut stopped => {
                    // A dropped controller stops the fleet too.
                    let _asked_or_dropped = stop;
                    self.wind_up().await;
                    self.rest().await;
                    return FleetEnded::Stopped;
                }
                Some(order) = self.orders.recv() => self.obey(order),
                () = tokio::time::sleep(due) => {}
            }
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.runner.clock.now().wall
    }

    fn has_room(&self) -> bool {
        self.running.len().saturating_add(self.claiming) < self.running_max
    }

    /// How long until something has to be done without being asked for.
    fn next_due(&self) -> Duration {
        let claim = self.timetable.next().filter(|_| self.has_room());
        let list = self.listing.next.filter(|_| !self.listing.under_way);
        let pulse = self.pulse.as_ref().map(Beating::next);
        let next = [claim, list, pulse, Some(self.announce_at)];
        let next = next.into_iter().flatten().min();
        next.unwrap_or(self.announce_at)
            .since(self.now())
            .to_duration()
    }

    fn do_what_is_due(&mut self) {
        let now = self.now();
        self.beat(now);
        if now >= self.announce_at {
            self.announce(now);
        }
        if self.listing.is_due(now) {
            self.list(now);
        }
        while self.has_room()
            && let Some(rollout) = self.timetable.take_due(now)
        {
            let hesitation = self.hesitation();
            if hesitation.is_zero() || self.hesitated.remove(&rollout) {
                self.claim(rollout, Vec::new());
            } else {
                self.hesitated.insert(rollout.clone());
                self.timetable.set(rollout, now + hesitation);
            }
        }
    }

    /// The more runs here, the longer others may be first.
    fn hesitation(&self) -> Span {
        let share = |of: usize| u64::try_from(of).unwrap_or(u64::MAX);
        let nanos = SPREAD.as_nanos().saturating_mul(share(self.running.len()));
        Span::from_nanos(nanos / share(self.running_max).max(1))
    }

    fn beat(&mut self, now: Timestamp) {
        let Some(beating) = &mut self.pulse else {
            return;
        };
        let running = &self.running;
        let heads = || {
            let head =
                |(id, running): (&RolloutId, &Running)| (id.clone(), running.view.borrow().head);
            running.iter().map(head).collect()
        };
        if let Some(beat) = beating.due(now, &self.runner.holder, heads) {
            // A disk that hangs must not stop the loop.
            self.tasks
                .spawn_blocking(move || Report::Pulsed(beat.write()));
        }
    }

    /// What was handed over in order needs no watchdog.
    async fn rest(&mut self) {
        while self.tasks.join_next().await.is_some() {}
        let now = self.now();
        if let Some(beating) = &mut self.pulse {
            let last = beating.last(now, &self.runner.holder);
            let written = tokio::task::spawn_blocking(move || last.write()).await;
            if !matches!(written, Ok(Ok(()))) {
                tracing::warn!("the last heartbeat was not written");
            }
        }
    }

    fn announce(&mut self, now: Timestamp) {
        self.announce_at = now + Span::from_nanos(self.runner.lease.as_nanos() / 3);
        let (journal, ttl) = (Arc::clone(&self.runner.journal), self.runner.lease);
        let me = self.me();
        self.tasks
            .spawn(async move { Report::Announced(journal.announce(&me, ttl).await) });
    }

    fn me(&self) -> Peer {
        Peer {
            holder: self.runner.holder.clone(),
            running: u32::try_from(self.running.len()).unwrap_or(u32::MAX),
        }
    }

    fn listen(&mut self, mut changes: Box<dyn phasegate_journal::Changes>) {
        self.tasks.spawn(async move {
            let change = changes.next().await;
            let rest = change.is_some().then_some(changes);
            Report::News(change, rest)
        });
    }

    pub(super) fn claim(&mut self, rollout: RolloutId, asked: Vec<Asked>) {
        self.claiming = self.claiming.saturating_add(1);
        self.timetable.forget(&rollout);
        let mut runner = self.runner.clone();
        if !asked.is_empty() {
            runner.linger = LINGER;
        }
        self.busy.insert(rollout.clone(), asked);
        self.tasks.spawn(async move {
            let claimed = runner.resume(&rollout).await;
            Report::Claimed(rollout, claimed)
        });
    }

    pub(super) fn look(&mut self, rollout: RolloutId) {
        if self.running.contains_key(&rollout) || self.busy.contains_key(&rollout) {
            return;
        }
        self.busy.insert(rollout.clone(), Vec::new());
        let journal = Arc::clone(&self.runner.journal);
        self.tasks.spawn(async move {
            let found = journal.summary(&rollout).await;
            Report::Looked(rollout, found)
        });
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Begin {
                rollout,
                program,
                sources,
                by,
                done,
            } => {
                let runner = self.runner.clone();
                self.claiming = self.claiming.saturating_add(1);
                self.tasks.spawn(async move {
                    let begun = runner.start(rollout.clone(), *program, sources, by).await;
                    Report::Begun(rollout, begun, done)
                });
            }
            Order::Operate { rollout, done } => {
                if let Some(running) = self.running.get(&rollout) {
                    answer(done, Ok(running.operator.clone()));
                } else if let Some(asked) = self.busy.get_mut(&rollout) {
                    asked.push(done);
                } else {
                    self.claim(rollout, vec![done]);
                }
            }
        }
    }

    fn take(&mut self, report: Report) {
        match report {
            Report::Announced(Ok(peers)) => {
                self.peers = peers;
                self.share_out();
            }
            Report::Announced(Err(error)) => self.out_of_reach(error),
            Report::Begun(rollout, begun, done) => self.begun(rollout, begun, done),
            Report::Claimed(rollout, claimed) => self.claimed(rollout, claimed),
            Report::Ended(rollout, ended) => self.ended(rollout, ended),
            Report::Listed { all, before, found } => self.listed(all, before, found),
            Report::Looked(rollout, found) => self.looked(rollout, found),
            Report::Pulsed(written) => {
                if let Some(beating) = &mut self.pulse {
                    beating.busy = false;
                }
                if let Err(error) = written {
                    self.trouble(format!("the heartbeat: {error}"));
                }
            }
            Report::News(change, rest) => {
                match rest {
                    Some(changes) => self.listen(changes),
                    None => self.has_news = false,
                }
                match change {
                    Some(Change::Free(rollout)) => self.look(rollout),
                    // New, and held by whoever began it; anything else is its holder's business.
                    Some(Change::Rollout(rollout)) => {
                        let mine =
                            self.running.contains_key(&rollout) || self.busy.contains_key(&rollout);
                        if !mine && !self.timetable.knows(&rollout) {
                            let at = self.now() + self.runner.lease;
                            self.timetable.set(rollout, at);
                        }
                    }
                    Some(_) | None => {
                        let now = self.now();
                        self.listing.anew(now);
                    }
                }
            }
        }
    }

    pub(super) fn out_of_reach(&mut self, error: ReadError) {
        match error {
            ReadError::Storage(failed) => self.failed = Some(failed),
            ReadError::Archived { .. }
            | ReadError::Corrupt { .. }
            | ReadError::NotFound
            | ReadError::Unavailable(_) => self.trouble(error.to_string()),
        }
    }

    pub(super) fn trouble(&mut self, what: String) {
        tracing::warn!(trouble = what, "fleet");
        self.trouble = Some(what);
    }

    fn show(&self) {
        let running = self.running.iter();
        let view = FleetView {
            running: running
                .map(|(id, r)| (id.clone(), r.view.clone()))
                .collect(),
            waiting: self.timetable.len(),
            peers: self.peers.clone(),
            trouble: self.trouble.clone(),
        };
        self.publish.send_if_modified(|old| {
            let same = old.running.keys().eq(view.running.keys())
                && old.waiting == view.waiting
                && old.peers == view.peers
                && old.trouble == view.trouble;
            if !same {
                *old = view;
            }
            !same
        });
    }

    /// Claims nothing more, hands over everything and says goodbye.
    async fn wind_up(&mut self) {
        self.orders.close();
        let all: Vec<RolloutId> = self.running.keys().cloned().collect();
        for rollout in &all {
            self.hand_over(rollout);
        }
        // The listener ends only with the journal.
        while !self.running.is_empty() || self.claiming > 0 {
            match self.tasks.join_next().await {
                Some(Ok(Report::Claimed(rollout, claimed))) => {
                    self.claimed(rollout.clone(), claimed);
                    self.hand_over(&rollout);
                }
                Some(Ok(Report::Begun(rollout, begun, done))) => {
                    self.begun(rollout.clone(), begun, done);
                    self.hand_over(&rollout);
                }
                Some(Ok(Report::Ended(rollout, _))) => {
                    self.running.remove(&rollout);
                }
                Some(_) => {}
                None => break,
            }
        }
        self.tasks.abort_all();
        self.show();
        if let Err(error) = self.runner.journal.announce(&self.me(), Span::ZERO).await {
            tracing::debug!(%error, "no goodbye was said; it is forgotten by itself");
        }
    }
}
