//! One thing that runs twice: what is known of it, and what is done with it now.

use std::sync::{Mutex, MutexGuard, PoisonError};

use phasegate_core::{Ratio, TargetId};
use phasegate_provider::{DifferenceSink, ErrorKind, ProviderError, Sent};
use phasegate_shadow::Answer;
use tokio::sync::mpsc;

use crate::config::TargetConfig;
use crate::request::CopiedRequest;
use crate::run::Run;
use crate::tally::Tally;

/// A request on its way to the sides.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) copy: CopiedRequest,
    pub(crate) old: Option<Answer>,
    pub(crate) of_sample: bool,
}

/// The way in for copies while a comparison runs.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) share: Ratio,
    pub(crate) offered: u64,
    pub(crate) queue: mpsc::Sender<Work>,
}

#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) id: TargetId,
    pub(crate) config: TargetConfig,
    tally: Mutex<Tally>,
    live: Mutex<Option<Live>>,
    pub(crate) run: tokio::sync::Mutex<Option<Run>>,
}

impl Target {
    pub(crate) fn new(id: TargetId, config: TargetConfig) -> Self {
        Self {
            id,
            config,
            tally: Mutex::default(),
            live: Mutex::default(),
            run: tokio::sync::Mutex::default(),
        }
    }

    pub(crate) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn live(&self) -> MutexGuard<'_, Option<Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what has not been told yet.
    pub(crate) async fn tell(
        &self,
        sink: Option<&dyn DifferenceSink>,
    ) -> Result<(), ProviderError> {
        let untold = self.tally().untold(&self.id);
        if untold.is_empty() {
            return Ok(());
        }
        let Some(sink) = sink else {
            let told = format!("differences of {} were found and nobody is told", self.id);
            return Err(ProviderError::new(ErrorKind::Rejected, Sent::Nothing, told));
        };
        for found in &untold {
            sink.differed(found).await?;
            self.tally().told(found);
        }
        Ok(())
    }
}
