//! A comparison that runs: its tasks, which end with it.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use phasegate_core::{Ratio, Span};
use phasegate_provider::Call;
use phasegate_shadow::Rules;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::records::{HowMany, RecordPair, Round};
use crate::request::CopiedRequest;
use crate::services::{Compared, Services};
use crate::tally::Apart;
use crate::target::{Target, Work};
use crate::words::Words;

/// How many copies wait at most: a few seconds' worth, so that a service that hangs holds little memory.
pub(crate) const QUEUE_MAX: usize = 64;

/// What a plan wants.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) share: Ratio,
    pub(crate) sample: Option<u64>,
    pub(crate) words: Words,
}

/// A comparison under way. Dropped, its tasks end.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) wanted: Wanted,
    /// What asks the services: ends by itself when its queue is closed.
    pub(crate) work: JoinSet<()>,
    /// What feeds the queue, looks at records again, tells: ended from outside.
    pub(crate) beside: JoinSet<()>,
    /// How much of the sample is not compared yet.
    pub(crate) left: Arc<AtomicU64>,
    /// How many comparisons there had been before.
    pub(crate) before: u64,
}

impl Run {
    pub(crate) fn new(wanted: Wanted, before: u64) -> Self {
        let left = AtomicU64::new(wanted.sample.unwrap_or(0));
        Self {
            wanted,
            work: JoinSet::new(),
            beside: JoinSet::new(),
            left: Arc::new(left),
            before,
        }
    }

    /// Tasks that ask the services what comes through the queue.
    pub(crate) fn ask(
        &mut self,
        services: &Services,
        target: &Arc<Target>,
        queue: mpsc::Receiver<Work>,
    ) {
        let queue = Arc::new(Mutex::new(queue));
        // Rules for latency are the same for all; words choose among what was found.
        let rules = Arc::new(services.config.rules.clone());
        for _ in 0..services.config.at_once.get() {
            let (services, target, queue) =
                (services.clone(), Arc::clone(target), Arc::clone(&queue));
            let (rules, words, left) = (
                Arc::clone(&rules),
                self.wanted.words.clone(),
                Arc::clone(&self.left),
            );
            self.work.spawn(async move {
                loop {
                    let next = queue.lock().await.recv().await;
                    let Some(work) = next else {
                        return;
                    };
                    one(work, &services, &target, &rules, &words, &left).await;
                }
            });
        }
    }

    /// A task that puts a sample into the queue, at its pace.
    pub(crate) fn feed(
        &mut self,
        sample: Vec<CopiedRequest>,
        per_second: NonZeroU32,
        queue: mpsc::Sender<Work>,
    ) {
        self.beside.spawn(async move {
            let apart = Duration::from_secs(1) / per_second.get();
            let mut pace = interval(apart.max(Duration::from_micros(1)));
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            for copy in sample {
                pace.tick().await;
                let work = Work {
                    copy,
                    old: None,
                    of_sample: true,
                };
                if queue.send(work).await.is_err() {
                    return;
                }
            }
        });
    }

    /// A task that compares the records again and again.
    pub(crate) fn look_again(&mut self, pair: RecordPair, target: &Arc<Target>) {
        let (target, words) = (Arc::clone(target), self.wanted.words.clone());
        let (share, every) = (self.wanted.share, pair.config.every);
        self.beside.spawn(async move {
            loop {
                sleep(every.to_duration().max(Duration::from_millis(10))).await;
                let call = Call::new(target.tally().now(), ROUND_WITHIN);
                let act = format!("compare {}", target.id);
                let round = pair.round(&words, HowMany::Share(share), &call, &act).await;
                match round {
                    Ok(round) => take(&target, round),
                    Err(_) => target.tally().not_compared(),
                }
            }
        });
    }
}

/// How long a look at records may take where nobody waits for it.
const ROUND_WITHIN: Span = Span::from_secs(120);

/// Takes in a comparison of records.
pub(crate) fn take(target: &Target, round: Round) {
    let mut tally = target.tally();
    for (key, found) in round.cases {
        tally.record(&key, found, Apart::Each);
    }
    if round.missing > 0 {
        let missing = round.missing;
        tally.note("not compared".to_owned(), missing, || {
            format!("there were {missing} fewer records than the sample wants")
        });
    }
}

async fn one(
    work: Work,
    services: &Services,
    target: &Target,
    rules: &Rules,
    words: &Words,
    left: &AtomicU64,
) {
    let at = target.tally().now();
    let compared = services.compare(&work.copy, work.old, rules, at).await;
    let mut tally = target.tally();
    match compared {
        Compared::Found(found) => {
            if work.of_sample {
                left.fetch_sub(1, Ordering::AcqRel);
            }
            tally.record(&work.copy.id, words.covered(found), Apart::Place);
        }
        Compared::Not => tally.not_compared(),
    }
}
