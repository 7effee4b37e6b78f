//! The store's own thread: takes calls from a bounded queue and commits all that wait in one go.
//!
//! While one commit waits for the disk, further calls queue up; the next commit takes them all with a
//! single flush. A lone caller pays one flush per call, sixty-four callers share one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use async_channel::{Receiver, Sender};
use phasegate_core::Clock;
use phasegate_journal::{StorageError, StorageKind};
use rusqlite::{Connection, TransactionBehavior};

use crate::call::{Access, Task, gone};
use crate::trouble::Trouble;

/// How many calls may wait. An engine has one append per rollout under way; more callers than this wait
/// for a place, without blocking a thread.
const QUEUE_LEN: usize = 256;
/// How many calls share a commit at most, so that the first one does not wait for ever.
const GROUP_LEN_MAX: usize = 128;

/// What a handle has done so far. Calls beyond the number of commits shared one with others.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct SqliteCounts {
    /// Writing calls that were answered, refused ones too.
    pub calls: u64,
    /// Transactions that they took, each one flush.
    pub commits: u64,
}

#[derive(Debug, Default)]
struct Counters {
    calls: AtomicU64,
    commits: AtomicU64,
}

/// The thread and the way to it. Dropping it lets the thread finish what waits, and joins it.
#[derive(Debug)]
pub(crate) struct Worker {
    tasks: Sender<Box<dyn Task>>,
    thread: Option<JoinHandle<()>>,
    counters: Arc<Counters>,
}

impl Worker {
    pub(crate) fn start(
        connection: Connection,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StorageError> {
        let (tasks, queue) = async_channel::bounded(QUEUE_LEN);
        let counters = Arc::new(Counters::default());
        let store = Store {
            connection: Ok(connection),
            clock,
            counters: Arc::clone(&counters),
        };
        let thread = thread::Builder::new()
            .name("phasegate-journal".to_owned())
            .spawn(move || store.serve(&queue))
            .map_err(|e| StorageError::new(StorageKind::Io, format!("start a thread: {e}")))?;
        Ok(Self {
            tasks,
            thread: Some(thread),
            counters,
        })
    }

    pub(crate) fn counts(&self) -> SqliteCounts {
        SqliteCounts {
            calls: self.counters.calls.load(Ordering::Relaxed),
            commits: self.counters.commits.load(Ordering::Relaxed),
        }
    }

    /// Hands a task over; waits for a place in the queue.
    pub(crate) async fn send(&self, task: Box<dyn Task>) -> Result<(), StorageError> {
        let sent = self.tasks.send(task).await;
        sent.map_err(|_closed| gone())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.tasks.close();
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported already, and callers got `Closed`.
            drop(thread.join());
        }
    }
}

struct Store {
    /// The connection, or what poisoned it.
    connection: Result<Connection, StorageError>,
    clock: Arc<dyn Clock>,
    counters: Arc<Counters>,
}

impl Store {
    fn serve(mut self, queue: &Receiver<Box<dyn Task>>) {
        while let Ok(first) = queue.recv_blocking() {
            let (mut writes, mut reads) = (Vec::new(), Vec::new());
            let waiting = std::iter::from_fn(|| queue.try_recv().ok());
            for task in std::iter::once(first).chain(waiting.take(GROUP_LEN_MAX - 1)) {
                match task.access() {
                    Access::Read => reads.push(task),
                    Access::Write => writes.push(task),
                }
            }
            // Reads see what was written before they were asked for: that has been committed by now.
            self.group(TransactionBehavior::Immediate, writes);
            self.group(TransactionBehavior::Deferred, reads);
        }
    }

    /// Runs tasks in one transaction and answers them when it has ended.
    fn group(&mut self, behavior: TransactionBehavior, mut tasks: Vec<Box<dyn Task>>) {
        if tasks.is_empty() {
            return;
        }
        let now = self.clock.now();
        let end = match &mut self.connection {
            Ok(connection) => transact(connection, behavior, |transaction| {
                tasks
                    .iter_mut()
                    .try_for_each(|task| task.run(transaction, now))
            }),
            Err(poison) => Err(Trouble::Storage(poison.clone())),
        };
        if let Err(Trouble::Storage(error)) = &end {
            // Closes the file, so that nothing more can come of what was under way.
            self.connection = Err(error.clone());
        }
        if matches!(behavior, TransactionBehavior::Immediate) {
            let calls = u64::try_from(tasks.len()).unwrap_or(u64::MAX);
            self.counters.calls.fetch_add(calls, Ordering::Relaxed);
            self.counters.commits.fetch_add(1, Ordering::Relaxed);
        }
        for task in tasks {
            task.answer(end.clone());
        }
    }
}

fn transact(
    connection: &mut Connection,
    behavior: TransactionBehavior,
    work: impl FnOnce(&Connection) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    // Dropped without a commit it rolls back.
    let transaction = connection.transaction_with_behavior(behavior)?;
    work(&transaction)?;
    Ok(transaction.commit()?)
}
