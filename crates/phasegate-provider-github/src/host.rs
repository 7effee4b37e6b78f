//! The role of a workflow host: dispatched once, found again by its correlation id, watched to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use phasegate_core::{Capability, Desired, EffectKey};
use phasegate_provider::text::one_line;
use phasegate_provider::{
    AskId, Call, Effector, ErrorKind, HttpTransport, Provider, ProviderError, Receipt, Retry, Sent,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::time::{Instant, sleep};

use crate::answer::Run;
use crate::api::Api;
use crate::approvals::Open;
use crate::config::{GithubConfig, Until, WorkflowConfig};
use crate::list::Created;
use crate::wanted::{Wanted, ended, inputs_with};

/// How many dispatches of this process are remembered.
const REMEMBERED_MAX: usize = 1000;

/// One repository: its workflows as a workflow host, as switches and as a metric source, its issues as a notifier and an
/// approval source. Copies of it are the same one.
/// Its futures must be polled inside a tokio runtime.
#[derive(Clone, Debug)]
pub struct Github {
    pub(crate) api: Arc<Api>,
    /// Which run a key has: what this process has dispatched and seen.
    remembered: Arc<Mutex<BTreeMap<EffectKey, u64>>>,
    /// The questions that are open, with their issues.
    pub(crate) open: Arc<Mutex<BTreeMap<AskId, Open>>>,
}

impl Github {
    /// The repository, over this transport.
    pub fn new(config: GithubConfig, transport: Arc<dyn HttpTransport>) -> Self {
        Self {
            api: Arc::new(Api::new(config, transport)),
            remembered: Arc::default(),
            open: Arc::default(),
        }
    }

    async fn workflow(
        &self,
        name: &str,
        inputs: &BTreeMap<String, String>,
        call: &Call,
    ) -> Result<Receipt, ProviderError> {
        let act = &format!("run workflow {}", one_line(name, 80));
        let workflow = self.api.workflow(name, act)?;
        let wanted = Wanted {
            name,
            workflow,
            correlation: self.correlation(workflow, call),
            call,
            began: Instant::now(),
        };
        let inputs = inputs_with(inputs, workflow, wanted.correlation.as_deref(), act)?;
        let mut known = call.key.as_ref().and_then(|key| self.remembered(key));
        while known.is_none() {
            match self.find(&wanted, act).await {
                Ok(found) => {
                    known = found;
                    break;
                }
                Err(error) => wanted.wait_out(error).await?,
            }
        }
        let id = match known {
            Some(id) => Some(id),
            None => self.dispatch(&wanted, &inputs, act).await?,
        };
        let Some(id) = id else {
            return match workflow.until {
                Until::Started => Ok(Receipt::new(format!("workflow {name} was dispatched"))),
                Until::Ended => Err(wanted
                    .in_doubt("it was dispatched, and GitHub does not tell which run that is")),
            };
        };
        if let Some(key) = &call.key {
            self.remember(key, id);
        }
        self.watch(&wanted, id, act).await
    }

    /// What names this effect's run: one length for all, so that none is the beginning of another.
    fn correlation(&self, workflow: &WorkflowConfig, call: &Call) -> Option<String> {
        let (_, key) = workflow.correlation.as_ref().zip(call.key.as_ref())?;
        let config = &self.api.config;
        Some(mark(&[
            &config.owner,
            &config.repository,
            &workflow.file,
            key.as_str(),
        ]))
    }

    /// The run that has the correlation id, if there is one.
    async fn find(&self, wanted: &Wanted<'_>, act: &str) -> Result<Option<u64>, ProviderError> {
        let Some(correlation) = &wanted.correlation else {
            return Ok(None);
        };
        let call = wanted.call();
        let created = Created {
            from: call.at.before(self.api.config.look_back),
            to: None,
            dispatched: true,
        };
        let runs = self.api.runs(wanted.workflow, created, &call, act).await;
        // Nothing was changed by looking.
        let runs = runs.map_err(|error| error.with_sent(Sent::Nothing))?;
        let found = runs
            .iter()
            .find(|run| run.display_title.contains(correlation.as_str()));
        Ok(found.map(|run| run.id))
    }

    /// Dispatches it once. Where nobody says what became of that, the run is looked for, and it is not dispatched again.
    async fn dispatch(
        &self,
        wanted: &Wanted<'_>,
        inputs: &Value,
        act: &str,
    ) -> Result<Option<u64>, ProviderError> {
        let lost = loop {
            let call = wanted.call();
            match self.api.dispatch(wanted.workflow, inputs, &call, act).await {
                Ok(Some(id)) => return Ok(Some(id)),
                Ok(None) if wanted.correlation.is_none() => return Ok(None),
                Ok(None) => break None,
                // It certainly did not happen, so it may be tried again when a limit is over.
                Err(error) if error.is_refusal() => wanted.wait_out(error).await?,
                Err(error) if wanted.correlation.is_none() => return Err(error),
                Err(error) => break Some(error),
            }
        };
        let poll = self.api.config.poll;
        while wanted.may_wait(poll) {
            sleep(poll.to_duration()).await;
            match self.find(wanted, act).await {
                Ok(Some(id)) => return Ok(Some(id)),
                Ok(None) => {}
                Err(error) if error.retry() == Retry::Never => break,
                Err(_) => {}
            }
        }
        Err(lost.unwrap_or_else(|| wanted.in_doubt("it was dispatched, and its run was not seen")))
    }

    /// Looks at the run until it has ended, or is there where that is enough.
    async fn watch(
        &self,
        wanted: &Wanted<'_>,
        id: u64,
        act: &str,
    ) -> Result<Receipt, ProviderError> {
        let poll = self.api.config.poll;
        let mut seen: Option<(Run, Option<String>)> = None;
        loop {
            let etag = seen.as_ref().and_then(|(_, etag)| etag.as_deref());
            match self.api.run(id, etag, &wanted.call(), act).await {
                Ok(Some(new)) => seen = Some(new),
                Ok(None) => {}
                // A run that was dispatched a moment ago may not be there yet.
                Err(error)
                    if error.retry() == Retry::Never && error.kind() != ErrorKind::NotFound =>
                {
                    return Err(error.with_sent(Sent::Maybe));
                }
                Err(_) => {}
            }
            if let Some((run, _)) = &seen {
                if run.has_ended() {
                    return ended(wanted.name, run);
                }
                if wanted.workflow.until == Until::Started {
                    let told = format!("run {id} of {} is there: {}", wanted.name, run.html_url);
                    return Ok(Receipt::new(told));
                }
            }
            if !wanted.may_wait(poll) {
                let status = seen.as_ref().and_then(|(run, _)| run.status.as_deref());
                let status = status.unwrap_or("not seen");
                return Err(wanted.in_doubt(&format!("run {id} is {status}")));
            }
            sleep(poll.to_duration()).await;
        }
    }

    fn remembered(&self, key: &EffectKey) -> Option<u64> {
        let remembered = self
            .remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        remembered.get(key).copied()
    }

    fn remember(&self, key: &EffectKey, id: u64) {
        let mut remembered = self
            .remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_MAX {
            remembered.pop_first();
        }
        remembered.insert(key.clone(), id);
    }
}

/// A name for what these parts name together: one length for all.
pub(crate) fn mark(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    let digest = digest.finalize();
    let digits = digest.iter().take(12);
    let hex: String = digits.map(|byte| format!("{byte:02x}")).collect();
    format!("phasegate-{hex}")
}

impl Provider for Github {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([
            Capability::MeasureBelow,
            Capability::MeasureScalar,
            Capability::MeasureShare,
            Capability::ReadBack,
        ])
    }
}

#[async_trait]
impl Effector for Github {
    async fn perform(&self, desired: &Desired, call: &Call) -> Result<Receipt, ProviderError> {
        let Desired::Workflow { name, inputs } = desired else {
            let told = format!("{desired}: GitHub runs workflows and does nothing else of that");
            return Err(ProviderError::invalid(told).with_sent(Sent::Nothing));
        };
        self.workflow(name, inputs, call).await
    }
}
