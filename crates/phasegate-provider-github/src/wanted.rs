//! One effect: what is wanted, until when, and what its run's end means.

use std::collections::BTreeMap;

use phasegate_core::Span;
use phasegate_provider::text::one_line;
use phasegate_provider::{Call, ErrorKind, ProviderError, Receipt, Retry, Sent};
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep};

use crate::answer::Run;
use crate::config::WorkflowConfig;

/// How many inputs a workflow takes.
const INPUTS_MAX: usize = 25;

/// One perform: what is wanted, and until when.
pub(crate) struct Wanted<'a> {
    pub(crate) name: &'a str,
    pub(crate) workflow: &'a WorkflowConfig,
    pub(crate) correlation: Option<String>,
    pub(crate) call: &'a Call,
    pub(crate) began: Instant,
}

impl Wanted<'_> {
    /// The call with the time that is left.
    pub(crate) fn call(&self) -> Call {
        let left = self
            .call
            .deadline
            .saturating_sub(Span::from(self.began.elapsed()));
        self.call.clone().with_deadline(left)
    }

    /// Is there time for another look?
    pub(crate) fn may_wait(&self, wait: Span) -> bool {
        self.call().deadline > wait
    }

    /// Waits until a limit is over, if that is within the time; any other error stands.
    pub(crate) async fn wait_out(&self, error: ProviderError) -> Result<(), ProviderError> {
        if error.kind() == ErrorKind::Throttled
            && let Retry::After(wait) = error.retry()
            && self.may_wait(wait)
        {
            sleep(wait.to_duration()).await;
            return Ok(());
        }
        Err(error)
    }

    pub(crate) fn in_doubt(&self, why: &str) -> ProviderError {
        let told = format!("run workflow {}: {why}", self.name);
        ProviderError::new(ErrorKind::Timeout, Sent::Maybe, told)
    }
}

/// What a run that has ended means. One that has not ended well is known not to have done its work.
pub(crate) fn ended(name: &str, run: &Run) -> Result<Receipt, ProviderError> {
    let Run {
        id,
        html_url,
        logs_url,
        ..
    } = run;
    let conclusion = run.conclusion.as_deref().unwrap_or("no conclusion");
    let told = format!(
        "run {id} of {name} ended with {} after {}: {html_url}, logs {logs_url}",
        one_line(conclusion, 40),
        run.took()
    );
    if conclusion == "success" {
        Ok(Receipt::new(one_line(&told, 400)))
    } else {
        Err(ProviderError::new(
            ErrorKind::Conflict,
            Sent::Answered,
            one_line(&told, 400),
        ))
    }
}

/// The inputs of a dispatch, with the correlation id among them.
pub(crate) fn inputs_with(
    inputs: &BTreeMap<String, String>,
    workflow: &WorkflowConfig,
    correlation: Option<&str>,
    act: &str,
) -> Result<Value, ProviderError> {
    let mut all: Map<String, Value> = inputs
        .iter()
        .map(|(name, value)| (name.clone(), Value::String(value.clone())))
        .collect();
    if let (Some(input), Some(id)) = (&workflow.correlation, correlation) {
        let taken = all.insert(input.clone(), Value::String(id.to_owned()));
        if taken.is_some() {
            let told = format!("{act}: the input '{input}' is for the correlation id");
            return Err(ProviderError::misuse(told));
        }
    }
    if all.len() > INPUTS_MAX {
        let told = format!("{act}: {} inputs, and GitHub takes {INPUTS_MAX}", all.len());
        return Err(ProviderError::misuse(told));
    }
    Ok(Value::Object(all))
}
