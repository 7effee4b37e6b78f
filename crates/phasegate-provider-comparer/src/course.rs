//! How a comparison begins and ends.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use phasegate_core::{Ratio, Span};
use phasegate_provider::{Call, CallClass, ProviderError, Receipt};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::comparer::{Comparer, sink_of};
use crate::config::{RecordsConfig, ServicesConfig, TargetConfig};
use crate::records::{HowMany, RecordPair};
use crate::run::{QUEUE_MAX, Run, Wanted, take};
use crate::services::{Services, chosen};
use crate::target::{Live, Target};
use crate::words::Words;

/// How often what was found is told while a comparison runs.
const TELL_EVERY: Duration = Duration::from_secs(1);

impl Comparer {
    pub(crate) async fn begin(
        &self,
        target: &Arc<Target>,
        asked: (Ratio, Option<u64>, &[String]),
        call: &Call,
    ) -> Result<Receipt, ProviderError> {
        let (share, sample, compare) = asked;
        let act = &format!("compare {}", target.id);
        let words = match &target.config {
            TargetConfig::Services(config) => Words::of_services(compare, &config.words, act)?,
            TargetConfig::Records(config) => Words::of_records(compare, &config.words, act)?,
        };
        let wanted = Wanted {
            share,
            sample,
            words,
        };
        let mut run = target.run.lock().await;
        if run.as_ref().is_some_and(|run| run.wanted == wanted) {
            return Ok(Receipt::new(format!(
                "{} is compared, since before",
                target.id
            )));
        }
        if run.is_some() {
            self.end(target, &mut run, call).await?;
        }
        let mut new = Run::new(wanted, target.tally().compared());
        match &target.config {
            TargetConfig::Services(config) => {
                self.begin_services(target, config, &mut new, call, act)
                    .await?;
            }
            TargetConfig::Records(config) => {
                self.begin_records(target, config, &mut new, call, act)
                    .await?;
            }
        }
        let (told, sink) = (Arc::clone(target), Arc::clone(&self.sink));
        new.beside.spawn(async move {
            loop {
                sleep(TELL_EVERY).await;
                // What cannot be told now is told again, at the end at the latest.
                drop(told.tell(sink_of(&sink).as_deref()).await);
            }
        });
        *run = Some(new);
        let of_sample = match sample {
            Some(sample) => format!(", a sample of {sample}"),
            None => String::new(),
        };
        Ok(Receipt::new(format!(
            "{} is compared: {share} of what is new{of_sample}",
            target.id
        )))
    }

    async fn begin_services(
        &self,
        target: &Arc<Target>,
        config: &ServicesConfig,
        run: &mut Run,
        call: &Call,
        act: &str,
    ) -> Result<(), ProviderError> {
        let Some(transport) = &self.outside.transport else {
            let told = format!("{act}: there is no transport to ask the services over");
            return Err(ProviderError::misuse(told));
        };
        let sample = match run.wanted.sample {
            Some(sample) => chosen(config, sample, act).await?,
            None => Vec::new(),
        };
        let services = Services {
            config: Arc::new(config.clone()),
            transport: Arc::clone(transport),
        };
        target.tally().begin(call.at);
        let (queue, work) = mpsc::channel(QUEUE_MAX);
        run.ask(&services, target, work);
        run.feed(sample, config.per_second, queue.clone());
        if run.wanted.share > Ratio::ZERO {
            *target.live() = Some(Live {
                share: run.wanted.share,
                offered: 0,
                queue,
            });
        }
        Ok(())
    }

    async fn begin_records(
        &self,
        target: &Arc<Target>,
        config: &RecordsConfig,
        run: &mut Run,
        call: &Call,
        act: &str,
    ) -> Result<(), ProviderError> {
        let pair = self.pair(config);
        let Wanted {
            share,
            sample,
            words,
        } = &run.wanted;
        let how_many = sample.map_or(HowMany::Share(*share), HowMany::Sample);
        let round = pair.round(words, how_many, call, act).await?;
        target.tally().begin(call.at);
        take(target, round);
        run.left.store(0, Ordering::Release);
        if *share > Ratio::ZERO {
            run.look_again(pair, target);
        }
        Ok(())
    }

    fn pair(&self, config: &RecordsConfig) -> RecordPair {
        RecordPair {
            config: Arc::new(config.clone()),
            commands: self.outside.commands.clone(),
        }
    }

    /// Ends a comparison and tells all that was found. If it is given up, what is left is done by the next one.
    pub(crate) async fn end(
        &self,
        target: &Arc<Target>,
        run: &mut Option<Run>,
        call: &Call,
    ) -> Result<Receipt, ProviderError> {
        if let Some(running) = run.as_mut() {
            drop(target.live().take());
            running.beside.shutdown().await;
            let half = call.deadline.to_duration() / 2;
            let drained = async { while running.work.join_next().await.is_some() {} };
            if timeout(half, drained).await.is_err() {
                running.work.shutdown().await;
            }
            if let TargetConfig::Records(config) = &target.config
                && running.wanted.share > Ratio::ZERO
            {
                let call = call.clone().with_deadline(Span::from(half));
                self.last_look(target, config, &running.wanted, &call).await;
            }
            account(target, running);
            target.tally().has_ended = true;
            *run = None;
        } else if !target.tally().has_ended {
            let detail = || {
                "the process that compared has ended before the comparison; what it found is lost"
                    .to_owned()
            };
            let mut tally = target.tally();
            tally.note("not compared".to_owned(), 1, detail);
            tally.has_ended = true;
        }
        let told = target.tell(self.sink().as_deref()).await;
        // Going back waits for nobody: no ledger decides there.
        if call.class != CallClass::Safety {
            told?;
        }
        let counts = target.tally().all().ledger.counts();
        Ok(Receipt::new(format!(
            "{} is not compared any more: {} comparisons, {} without a difference",
            target.id, counts.compared, counts.agreed
        )))
    }

    /// What came in since the last look is looked at. If that cannot be done, it is to be explained, and the comparison
    /// ends all the same.
    async fn last_look(
        &self,
        target: &Target,
        config: &RecordsConfig,
        wanted: &Wanted,
        call: &Call,
    ) {
        let act = format!("compare {} for the last time", target.id);
        let how_many = HowMany::Share(wanted.share);
        let pair = self.pair(config);
        match pair.round(&wanted.words, how_many, call, &act).await {
            Ok(round) => take(target, round),
            Err(error) => {
                let mut tally = target.tally();
                tally.note("not compared".to_owned(), 1, || error.to_string());
            }
        }
    }
}

/// What a comparison leaves to be explained beside what differed: what was not compared.
fn account(target: &Target, run: &Run) {
    let mut tally = target.tally();
    let left = run.left.load(Ordering::Acquire);
    if left > 0 {
        tally.note("not compared".to_owned(), left, || {
            let sample = run.wanted.sample.unwrap_or(0);
            format!(
                "{left} of the {sample} of the sample were not compared when the comparison ended"
            )
        });
    } else if tally.compared() == run.before {
        tally.note("not compared".to_owned(), 1, || {
            "nothing was compared: no copies came, or the old side did not answer".to_owned()
        });
    }
}
