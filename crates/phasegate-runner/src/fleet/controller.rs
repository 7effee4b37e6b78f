//! What a tool holds of a fleet that works.

use std::collections::BTreeMap;
use std::path::PathBuf;

use phasegate_core::{PersonId, RolloutId, Span};
use phasegate_engine::program::Program;
use phasegate_engine::{Act, Person, Sources};
use phasegate_journal::{Holder, Peer, StorageError};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::dispatch::{Dispatch, Order};
use crate::handle::{OperateError, Operator, View};
use crate::runner::{Runner, RunnerError};

/// Orders that wait to be taken. Each is a person's or a pipeline's act, so they are few.
const ORDERS_MAX: usize = 64;

/// What a fleet is doing.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FleetView {
    /// What runs here, each with its own view.
    pub running: BTreeMap<RolloutId, watch::Receiver<View>>,
    /// How many rollouts wait, or run elsewhere, as far as was heard: where the store tells nothing by itself, what
    /// others have begun and put off shows when it is due within a lease, and within an hour.
    pub waiting: usize,
    /// Everybody who works on the store, as far as it tells.
    pub peers: Vec<Peer>,
    /// What went wrong last and was not mended yet.
    pub trouble: Option<String>,
}

/// Why a fleet could not do what was asked of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FleetError {
    /// Another controller carries the rollout out: ask that one.
    #[error("the rollout is carried out by {holder}")]
    Elsewhere {
        /// Who.
        holder: Holder,
    },
    /// The act was not carried out.
    #[error(transparent)]
    Operate(#[from] OperateError),
    /// The rollout could not be begun or taken up.
    #[error(transparent)]
    Runner(#[from] RunnerError),
    /// The fleet has stopped.
    #[error("this controller has stopped")]
    Stopped,
}

/// How a fleet's work ended.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "tools must tell them apart")]
pub enum FleetEnded {
    /// A task of its own broke. The journal is whole.
    Failed(String),
    /// It was asked to stop. Everything that ran here was handed over.
    Stopped,
    /// The store failed: open it again and start another fleet.
    Storage(StorageError),
}

/// A fleet that works. Dropping it stops it as [`Controller::shutdown`] does, without waiting.
#[derive(Debug)]
pub struct Controller {
    orders: mpsc::Sender<Order>,
    view: watch::Receiver<FleetView>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<FleetEnded>,
}

impl Controller {
    pub(super) fn start(
        runner: Runner,
        running_max: usize,
        pulse: Option<(PathBuf, Span)>,
    ) -> Self {
        let (orders, taken) = mpsc::channel(ORDERS_MAX);
        let (stop, stopped) = oneshot::channel();
        let (publish, view) = watch::channel(FleetView::default());
        let dispatch = Dispatch::new(runner, running_max, taken, publish).with_pulse(pulse);
        let task = tokio::spawn(dispatch.run(stopped));
        Self {
            orders,
            view,
            stop,
            task,
        }
    }

    /// What it is doing. Clone the receiver to watch it change.
    pub fn view(&self) -> watch::Receiver<FleetView> {
        self.view.clone()
    }

    /// Begins a rollout. It runs here first; where there is too much to do, it is handed over at once.
    ///
    /// Dropping the future may leave the rollout begun.
    ///
    /// # Errors
    /// If the id is taken, something it moves is held by another rollout, or the journal fails.
    pub async fn begin(
        &self,
        rollout: RolloutId,
        program: Program,
        sources: Sources,
        by: PersonId,
    ) -> Result<(), FleetError> {
        let (done, answer) = oneshot::channel();
        let order = Order::Begin {
            rollout,
            program: Box::new(program),
            sources,
            by,
            done,
        };
        self.ask(order, answer).await?;
        Ok(())
    }

    /// A face for people's acts on a rollout. One that waits is taken up for it.
    ///
    /// # Errors
    /// If it runs elsewhere, is over, or the journal fails.
    pub async fn operator(&self, rollout: RolloutId) -> Result<Operator, FleetError> {
        let (done, answer) = oneshot::channel();
        self.ask(Order::Operate { rollout, done }, answer).await
    }

    /// Does what a person says, and returns the sequence that was durable then.
    ///
    /// Dropping the future does not take the act back.
    ///
    /// # Errors
    /// As of [`Controller::operator`], and if the act does not fit.
    pub async fn operate(
        &self,
        rollout: RolloutId,
        by: Person,
        reason: String,
        act: Act,
    ) -> Result<u64, FleetError> {
        let operator = self.operator(rollout).await?;
        Ok(operator.operate(by, reason, act).await?)
    }

    async fn ask<T>(
        &self,
        order: Order,
        answer: oneshot::Receiver<Result<T, FleetError>>,
    ) -> Result<T, FleetError> {
        if self.orders.send(order).await.is_err() {
            return Err(FleetError::Stopped);
        }
        answer.await.unwrap_or(Err(FleetError::Stopped))
    }

    /// Waits until it ends, which it does only when the store has failed.
    pub async fn ended(self) -> FleetEnded {
        let Self {
            task,
            stop: _keep,
            orders: _orders,
            ..
        } = self;
        joined(task.await)
    }

    /// Hands everything that runs here over and stops: nothing new is begun, effects under way are waited
    /// for as in [`Handle::shutdown`](crate::Handle::shutdown), all at the same time.
    pub async fn shutdown(self) -> FleetEnded {
        // It may have ended by itself just now.
        let _ended_already = self.stop.send(());
        joined(self.task.await)
    }
}

fn joined(result: Result<FleetEnded, tokio::task::JoinError>) -> FleetEnded {
    result.unwrap_or_else(|error| FleetEnded::Failed(error.to_string()))
}
