//! What a tool holds of a rollout that runs.

use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::TargetId;
use phasegate_driver::Said;
use phasegate_engine::program::Program;
use phasegate_engine::record::Outcome;
use phasegate_engine::{Act, EventError, Person, Sources, State};
use phasegate_provider::{DifferenceSink, ErrorKind, Found, ProviderError, Sent};
use tokio::sync::{mpsc, oneshot, watch};

/// The durable state, whenever it changes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct View {
    /// The state.
    pub state: Arc<State>,
    /// One past the last durable record.
    pub next_seq: u64,
    /// Where the journal ends: anchored elsewhere, it holds whoever could rewrite the journal to it.
    pub head: phasegate_journal::Head,
    /// The fencing token under which this process carries it out.
    pub token: u64,
}

/// How a runner's work on a rollout ended.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "tools must tell them apart")]
pub enum Ended {
    /// Something did what it never should. The journal is whole.
    Failed(String),
    /// The rollout has ended.
    Finished(Outcome),
    /// Another controller carries it out now.
    LostLease,
    /// It was asked to stop; the rollout goes on when somebody resumes it.
    Stopped,
}

/// Why an act was not carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperateError {
    /// It does not fit.
    #[error(transparent)]
    Refused(#[from] EventError),
    /// The runner stopped before it was durable: resume and look whether it happened.
    #[error("the runner stopped before it could confirm that")]
    Stopped,
}

/// What a tool tells a rollout that runs.
#[derive(Debug)]
pub(crate) enum Word {
    Amend {
        said: Said,
        program: Box<Program>,
        sources: Sources,
    },
    Act {
        said: Said,
        act: Act,
    },
    Differed {
        target: TargetId,
        id: String,
        count: u64,
        detail: String,
    },
}

pub(crate) struct Command {
    pub(crate) word: Word,
    pub(crate) done: oneshot::Sender<Result<u64, EventError>>,
}

/// A rollout that this process carries out.
#[derive(Debug)]
pub struct Handle {
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) view: watch::Receiver<View>,
    pub(crate) stop: Option<oneshot::Sender<()>>,
    pub(crate) task: tokio::task::JoinHandle<Ended>,
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Command")
            .field("word", &self.word)
            .finish_non_exhaustive()
    }
}

impl Handle {
    /// The durable state. Clone the receiver to watch it change.
    pub fn view(&self) -> watch::Receiver<View> {
        self.view.clone()
    }

    /// Does what a person says, and returns the sequence that was durable then.
    ///
    /// Dropping the future does not take the act back.
    ///
    /// # Errors
    /// If it does not fit, or the runner stopped before it was durable.
    pub async fn operate(&self, by: Person, reason: String, act: Act) -> Result<u64, OperateError> {
        self.operator().operate(by, reason, act).await
    }

    /// As [`Operator::amend`].
    ///
    /// # Errors
    /// As there.
    pub async fn amend(
        &self,
        by: Person,
        reason: String,
        program: Program,
        sources: Sources,
    ) -> Result<u64, OperateError> {
        self.operator().amend(by, reason, program, sources).await
    }

    /// A face for people's acts that can be cloned and sent around.
    pub fn operator(&self) -> Operator {
        Operator {
            commands: self.commands.clone(),
        }
    }

    /// Waits until the work ends. Safe to drop: the work then stops as in [`Handle::shutdown`].
    pub async fn ended(self) -> Ended {
        let Self {
            task,
            stop: _keep,
            commands: _commands,
            ..
        } = self;
        joined(task.await)
    }

    /// Waits until the work ends, or until `stop` is ready: then it stops as in [`Handle::shutdown`].
    ///
    /// ```
    /// # use phasegate_runner::{Ended, Handle};
    /// # async fn serve(handle: Handle, asked_to_stop: tokio::sync::oneshot::Receiver<()>) -> Ended {
    /// let signal = async { drop(asked_to_stop.await) };
    /// handle.ended_unless(signal).await
    /// # }
    /// ```
    pub async fn ended_unless(mut self, stop: impl Future<Output = ()>) -> Ended {
        tokio::select! {
            biased;
            ended = &mut self.task => return joined(ended),
            () = stop => {}
        }
        self.shutdown().await
    }

    /// Stops without ending the rollout: nothing new is begun, effects that are under way are waited for
    /// (ten seconds at most; what has no answer then is in doubt and resolved by whoever goes on), the
    /// lease is given back.
    pub async fn shutdown(mut self) -> Ended {
        if let Some(stop) = self.stop.take() {
            // It may have ended by itself just now.
            let _ended_already = stop.send(());
        }
        joined(self.task.await)
    }
}

pub(crate) fn joined(result: Result<Ended, tokio::task::JoinError>) -> Ended {
    result.unwrap_or_else(|error| Ended::Failed(format!("the runner's task broke: {error}")))
}

/// A face for the acts of people and the reports of comparers.
#[derive(Clone, Debug)]
pub struct Operator {
    commands: mpsc::Sender<Command>,
}

impl Operator {
    /// As [`Handle::operate`].
    ///
    /// # Errors
    /// As there.
    pub async fn operate(&self, by: Person, reason: String, act: Act) -> Result<u64, OperateError> {
        self.operate_as(Said::new(by, reason), act).await
    }

    /// Does what a person says and has signed with their own key: a plan may want that (its `signatures`). The note is
    /// a `phasegate_journal::checkpoint::SignedAct` over the head in [`View`], or one that was the head within the last
    /// hour; it is good for one act, and its record keeps it. Feature `signed`; without it every signed act is refused.
    ///
    /// ```
    /// # use phasegate_engine::{Act, Person};
    /// # use phasegate_journal::Anchor;
    /// # use phasegate_journal::checkpoint::{SignedAct, Signer};
    /// # use phasegate_runner::{OperateError, Operator, Said, View};
    /// # async fn release(operator: &Operator, view: &View, ada: Person, key: &Signer) -> Result<(), Box<dyn std::error::Error>> {
    /// let (act, reason) = (Act::Release, "the disk was full, and is not any more");
    /// let signed = SignedAct {
    ///     anchor: Anchor { rollout: view.state.rollout.clone(), head: view.head },
    ///     plan_digest: view.state.program.plan_digest.clone(),
    ///     by: ada.id.clone(),
    ///     act: act.to_string(),
    ///     reason: reason.to_owned(),
    /// };
    /// let said = Said::new(ada, reason).with_note(signed.sign(key)?);
    /// operator.operate_as(said, act).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Operator::operate`], and if the signature does not hold.
    pub async fn operate_as(&self, said: Said, act: Act) -> Result<u64, OperateError> {
        self.tell(Word::Act { said, act }).await
    }

    /// Brings in a revised plan, compiled with the person as its author and with the parameters of the start. What is
    /// permitted stands in [`phasegate_engine::amend`]; the reason must be given. Work that has begun goes on, gates
    /// that are open are asked anew, and nothing moves forward before the gates before the start of the whole are
    /// approved anew. Returns the sequence that was durable then.
    ///
    /// # Errors
    /// If the rollout may not adopt it, or this process cannot serve it
    /// ([`EventError::NotPermitted`] lists all of it), or the runner stopped before it was durable.
    pub async fn amend(
        &self,
        by: Person,
        reason: String,
        program: Program,
        sources: Sources,
    ) -> Result<u64, OperateError> {
        let said = Said::new(by, reason);
        self.amend_as(said, program, sources).await
    }

    /// As [`Operator::amend`], signed: see [`Operator::operate_as`].
    ///
    /// # Errors
    /// As there, and if the signature does not hold.
    pub async fn amend_as(
        &self,
        said: Said,
        program: Program,
        sources: Sources,
    ) -> Result<u64, OperateError> {
        let program = Box::new(program);
        let word = Word::Amend {
            said,
            program,
            sources,
        };
        self.tell(word).await
    }

    /// Says that old and new of `target` differ in the way `id`, `count` times in all by now. Comparers
    /// say so while a comparison runs; the rollout goes on after it only when each difference has been
    /// explained. Only the first sighting and each doubling are recorded, so every count may be told.
    /// Returns the sequence that was durable then.
    ///
    /// # Errors
    /// If the plan compares nothing there, or the runner stopped before it was durable: tell it again.
    pub async fn differed(
        &self,
        target: TargetId,
        id: String,
        count: u64,
        detail: String,
    ) -> Result<u64, OperateError> {
        let word = Word::Differed {
            target,
            id,
            count,
            detail,
        };
        self.tell(word).await
    }

    async fn tell(&self, word: Word) -> Result<u64, OperateError> {
        let (done, answer) = oneshot::channel();
        if self.commands.send(Command { word, done }).await.is_err() {
            return Err(OperateError::Stopped);
        }
        match answer.await {
            Ok(result) => Ok(result?),
            Err(_) => Err(OperateError::Stopped),
        }
    }
}

/// A comparer tells a rollout what it finds.
#[async_trait]
impl DifferenceSink for Operator {
    async fn differed(&self, found: &Found) -> Result<(), ProviderError> {
        let Found {
            target,
            id,
            count,
            detail,
        } = found.clone();
        let told = Self::differed(self, target, id, count, detail).await;
        told.map(drop).map_err(|error| {
            let (kind, sent) = match &error {
                OperateError::Refused(_) => (ErrorKind::Misuse, Sent::Answered),
                OperateError::Stopped => (ErrorKind::Unavailable, Sent::Maybe),
            };
            let told = format!("tell of a difference of {}: {error}", found.target);
            ProviderError::new(kind, sent, told).with_source(error)
        })
    }
}
