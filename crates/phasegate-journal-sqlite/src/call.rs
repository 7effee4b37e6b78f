//! A call on its way to the store's thread and its answer on the way back.

use async_channel::{Receiver, Sender};
use phasegate_core::Now;
use phasegate_journal::{StorageError, StorageKind, Unavailable};
use rusqlite::Connection;

use crate::read::Answer;
use crate::trouble::Trouble;

/// Does a call change something?
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// A call, whatever its answer is.
pub(crate) trait Task: Send {
    fn access(&self) -> Access;
    /// Does the work inside a transaction and keeps the answer.
    fn run(&mut self, connection: &Connection, now: Now) -> Result<(), Trouble>;
    /// Sends the answer, now that the transaction has ended.
    fn answer(self: Box<Self>, end: Result<(), Trouble>);
}

struct Call<T, E, F> {
    access: Access,
    work: Option<F>,
    answer: Option<Result<T, E>>,
    to: Sender<Result<T, E>>,
}

/// Makes a task of some work, and the place where its answer arrives.
pub(crate) fn call<T, E, F>(access: Access, work: F) -> (Box<dyn Task>, Receiver<Result<T, E>>)
where
    T: Send + 'static,
    E: From<StorageError> + From<Unavailable> + Send + 'static,
    F: FnOnce(&Connection, Now) -> Answer<T, E> + Send + 'static,
{
    let (to, from) = async_channel::bounded(1);
    let task = Call {
        access,
        work: Some(work),
        answer: None,
        to,
    };
    (Box::new(task), from)
}

/// What a caller learns when no answer comes any more.
pub(crate) fn gone() -> StorageError {
    StorageError::new(StorageKind::Closed, "the store's thread has ended")
}

impl<T, E, F> Task for Call<T, E, F>
where
    T: Send,
    E: From<StorageError> + From<Unavailable> + Send,
    F: FnOnce(&Connection, Now) -> Answer<T, E> + Send,
{
    fn access(&self) -> Access {
        self.access
    }

    fn run(&mut self, connection: &Connection, now: Now) -> Result<(), Trouble> {
        if let Some(work) = self.work.take() {
            self.answer = Some(work(connection, now)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, end: Result<(), Trouble>) {
        let answer = match (end, self.answer) {
            (Ok(()), Some(answer)) => answer,
            (Ok(()), None) => Err(gone().into()),
            (Err(trouble), _) => Err(trouble.into_error()),
        };
        // Nobody waits any more when the caller has dropped its future.
        drop(self.to.try_send(answer));
    }
}
