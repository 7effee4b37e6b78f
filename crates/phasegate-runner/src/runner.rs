//! Starting a rollout, and taking one up again.

use std::path::PathBuf;
use std::sync::Arc;

use phasegate_core::{Clock, PersonId, RolloutId, Span};
use phasegate_driver::{Creation, Driver, DriverError};
use phasegate_engine::program::Program;
use phasegate_engine::record::{Body, Outcome, Record};
use phasegate_engine::{Act, Person, Sources};
use phasegate_journal::{CreateError, Holder, Journal, LeaseError, ReadError};
use phasegate_provider::Registry;
use tokio::sync::{mpsc, oneshot, watch};

use crate::actor::Actor;
use crate::fit::{Unfit, unfit};
use crate::handle::{Handle, View};

/// Acts of people that wait to be taken. People are slow; a page of impatient clicks fits.
const COMMANDS_MAX: usize = 64;

/// Carries rollouts out in this process.
#[derive(Clone, Debug)]
pub struct Runner {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) clock: Arc<dyn ClockDebug>,
    pub(crate) holder: Holder,
    pub(crate) lease: Span,
    pub(crate) poll_people: Span,
    /// A rollout that waits for longer than this is put away.
    pub(crate) park_after: Option<Span>,
    /// Nothing is put away sooner after it was taken up: somebody took it up to do something with it.
    pub(crate) linger: Span,
    pub(crate) pulse: Option<(PathBuf, Span)>,
}

/// What is done about a rollout before anything else when it is taken up: the first of the acts that fits.
#[derive(Debug)]
pub(crate) struct FirstAct {
    pub(crate) by: Person,
    pub(crate) reason: String,
    pub(crate) acts: Vec<Act>,
}

/// A clock that can be shown.
pub(crate) trait ClockDebug: Clock + std::fmt::Debug {}
impl<C: Clock + std::fmt::Debug> ClockDebug for C {}

/// Why a rollout cannot be started or resumed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunnerError {
    /// It could not be created.
    #[error("failed to create the rollout")]
    Create(#[from] CreateError),
    /// The driver could not be made.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// This process cannot serve the names of the bindings document.
    #[error("{}", crate::fit::lines(.0))]
    Unfit(Vec<Unfit>),
    /// Its lease could not be had.
    #[error("failed to acquire the lease")]
    Lease(#[from] LeaseError),
    /// Its records could not be read.
    #[error("failed to read the journal")]
    Read(#[from] ReadError),
}

impl Runner {
    /// A runner over a journal and the providers behind the bindings. `holder` names this process.
    pub fn new<C>(
        journal: Arc<dyn Journal>,
        registry: Arc<Registry>,
        clock: Arc<C>,
        holder: Holder,
    ) -> Self
    where
        C: Clock + std::fmt::Debug + 'static,
    {
        Self {
            journal,
            registry,
            clock,
            holder,
            lease: Span::from_secs(30),
            poll_people: Span::from_secs(1),
            park_after: None,
            linger: Span::ZERO,
            pulse: None,
        }
    }

    /// Replaces a file that often while the rollout is carried out; see [`Pulse`](crate::Pulse). A
    /// [`Watchdog`](crate::Watchdog) takes over when it stops. One file is for one rollout, or for one
    /// [`Fleet`](crate::Fleet). None is written if nothing is said.
    #[must_use]
    pub fn with_heartbeat(mut self, path: impl Into<PathBuf>, every: Span) -> Self {
        self.pulse = Some((path.into(), every));
        self
    }

    /// How long a lease lasts; 30 seconds if nothing is said. A dead controller's rollouts stand still
    /// that long before another takes over.
    #[must_use]
    pub fn with_lease(mut self, lease: Span) -> Self {
        self.lease = lease;
        self
    }

    /// How often people's answers are collected; every second if nothing is said.
    #[must_use]
    pub fn with_people_polled_every(mut self, every: Span) -> Self {
        self.poll_people = every;
        self
    }

    /// Begins a rollout.
    ///
    /// Must be called in a tokio runtime with time enabled. Dropping the future may leave the rollout
    /// created: resume it then.
    ///
    /// # Errors
    /// If a name of the bindings document has no provider in the registry or one that cannot do what the
    /// document says, the id is taken, something it moves is held by another rollout, or the journal fails.
    pub async fn start(
        &self,
        rollout: RolloutId,
        program: Program,
        sources: Sources,
        by: PersonId,
    ) -> Result<Handle, RunnerError> {
        self.fits(&program)?;
        let creation = Creation::new(rollout.clone(), program, sources, by, self.clock.now())?;
        let (lease, head) = self
            .journal
            .create(
                &rollout,
                &self.holder,
                self.lease,
                creation.claims(),
                creation.batch(),
            )
            .await?;
        Ok(self.spawn(creation.created(lease, head, self.lease)))
    }

    /// Takes a rollout up where its journal ends.
    ///
    /// # Errors
    /// If another controller holds it, the journal is damaged or does not replay, or the registry does not
    /// hold what the bindings document says.
    pub async fn resume(&self, rollout: &RolloutId) -> Result<Handle, RunnerError> {
        Ok(self.spawn(self.take_up(rollout).await?))
    }

    /// Takes it up with an act; also the sequence that must be durable for the act to be.
    pub(crate) async fn resume_with(
        &self,
        rollout: &RolloutId,
        first: &FirstAct,
    ) -> Result<(Handle, u64), RunnerError> {
        let driver = self.take_up_with(rollout, Some(first)).await?;
        let seq = driver.decided_seq();
        Ok((self.spawn(driver), seq))
    }

    pub(crate) async fn take_up(&self, rollout: &RolloutId) -> Result<Driver, RunnerError> {
        self.take_up_with(rollout, None).await
    }

    async fn take_up_with(
        &self,
        rollout: &RolloutId,
        first: Option<&FirstAct>,
    ) -> Result<Driver, RunnerError> {
        let asked = self.clock.now();
        let lease = self
            .journal
            .acquire(rollout, &self.holder, self.lease)
            .await?;
        let records = self.journal.read(rollout, 0).await?;
        let now = self.clock.now();
        let driver = match first {
            None => Driver::resume(lease, self.lease, asked, &records, &now)?,
            Some(first) => {
                let act = (&first.by, first.reason.as_str(), first.acts.as_slice());
                let driver =
                    Driver::resume_by(lease.clone(), self.lease, &records, (asked, &now), act);
                if driver.is_err() {
                    let _released = self.journal.release(&lease).await;
                }
                driver?
            }
        };
        if let Err(error) = self.fits(&driver.state().program) {
            // Others need not wait until it has run out; if it is not given back, it does.
            let _released = self.journal.release(driver.lease()).await;
            return Err(error);
        }
        Ok(driver)
    }

    fn fits(&self, program: &Program) -> Result<(), RunnerError> {
        let unfit = unfit(program, &self.registry);
        if unfit.is_empty() {
            Ok(())
        } else {
            Err(RunnerError::Unfit(unfit))
        }
    }

    /// How a rollout that is over ended.
    pub(crate) async fn outcome(
        &self,
        rollout: &RolloutId,
    ) -> Result<Option<Outcome>, RunnerError> {
        let records = self.journal.read(rollout, 0).await?;
        let last = records
            .last()
            .map(|last| (last.kind.as_str(), last.payload.as_slice()));
        let ended = last.and_then(|(kind, payload)| Record::decode(kind, payload).ok());
        Ok(match ended.map(|record| record.body) {
            Some(Body::Finished { outcome }) => Some(outcome),
            Some(_) | None => None,
        })
    }

    fn spawn(&self, driver: Driver) -> Handle {
        let (commands, acts) = mpsc::channel(COMMANDS_MAX);
        let (stop, stopped) = oneshot::channel();
        let first = View {
            state: Arc::new(driver.state().clone()),
            next_seq: driver.durable_seq(),
            head: driver.durable_head(),
            token: driver.lease().token,
        };
        let (publish, view) = watch::channel(first);
        let actor = Actor::new(self.clone(), driver, acts, stopped, publish);
        let task = tokio::spawn(actor.run());
        Handle {
            commands,
            view,
            stop: Some(stop),
            task,
        }
    }
}
