//! The calls to GitHub that are used, one at a time where they change something, none while a limit lasts.

use std::sync::{Arc, Mutex, PoisonError};

use phasegate_core::Span;
use phasegate_provider::text::one_line;
use phasegate_provider::{
    Call, ErrorKind, HttpRequest, HttpResponse, HttpTransport, Method, ProviderError, Retry, Sent,
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use crate::answer::{Dispatched, Run, Workflow, checked};
use crate::config::{GithubConfig, WorkflowConfig};

/// The version of the API that is spoken.
const VERSION: &str = "2022-11-28";

/// GitHub, as one token sees it.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) config: GithubConfig,
    transport: Arc<dyn HttpTransport>,
    /// Until when nothing may be asked, because GitHub said so.
    not_before: Mutex<Option<Instant>>,
    /// When something was changed last. Whoever changes something holds it.
    changed: tokio::sync::Mutex<Option<Instant>>,
}

impl Api {
    pub(crate) fn new(config: GithubConfig, transport: Arc<dyn HttpTransport>) -> Self {
        Self {
            config,
            transport,
            not_before: Mutex::default(),
            changed: tokio::sync::Mutex::default(),
        }
    }

    /// The workflow that plans call by this name.
    pub(crate) fn workflow(&self, name: &str, act: &str) -> Result<&WorkflowConfig, ProviderError> {
        self.config.workflows.get(name).ok_or_else(|| {
            let name = one_line(name, 80);
            ProviderError::misuse(format!("{act}: no workflow has the name '{name}'"))
        })
    }

    /// How a workflow stands.
    pub(crate) async fn state(
        &self,
        workflow: &WorkflowConfig,
        call: &Call,
        act: &str,
    ) -> Result<String, ProviderError> {
        let path = self.path(&workflow.file, "", act)?;
        let answer = self.get(&path, None, call, act).await?;
        let found: Workflow = answer.json(act)?;
        Ok(found.state)
    }

    /// Switches a workflow on or off.
    pub(crate) async fn switch(
        &self,
        workflow: &WorkflowConfig,
        on: bool,
        call: &Call,
        act: &str,
    ) -> Result<(), ProviderError> {
        let path = self.path(&workflow.file, if on { "/enable" } else { "/disable" }, act)?;
        let request = self.request(Method::Put, &path, act)?;
        self.change(request, call, act).await.map(drop)
    }

    /// Dispatches a workflow; the number of its run, if GitHub tells it.
    pub(crate) async fn dispatch(
        &self,
        workflow: &WorkflowConfig,
        inputs: &Value,
        call: &Call,
        act: &str,
    ) -> Result<Option<u64>, ProviderError> {
        let path = self.path(&workflow.file, "/dispatches", act)?;
        let body = json!({
            "ref": workflow.git_ref,
            "inputs": inputs,
            "return_run_details": true,
        });
        let request = self
            .request(Method::Post, &path, act)?
            .with_body("application/json", body.to_string().into_bytes());
        let answer = self.change(request, call, act).await?;
        if answer.status == 204 {
            return Ok(None);
        }
        // It was taken, whatever the answer looks like.
        let found: Dispatched = answer.json(act).map_err(|e| e.with_sent(Sent::Maybe))?;
        Ok(Some(found.workflow_run_id))
    }

    /// One run, and the mark of this answer; `None` if nothing has changed since the answer with the mark `etag`.
    pub(crate) async fn run(
        &self,
        id: u64,
        etag: Option<&str>,
        call: &Call,
        act: &str,
    ) -> Result<Option<(Run, Option<String>)>, ProviderError> {
        let path = format!("{}/actions/runs/{id}", self.repository(act)?);
        let answer = self.get(&path, etag, call, act).await?;
        if answer.status == 304 {
            return Ok(None);
        }
        let etag = answer.header("etag").map(str::to_owned);
        Ok(Some((answer.json(act)?, etag)))
    }

    pub(crate) fn repository(&self, act: &str) -> Result<String, ProviderError> {
        let owner = segment(&self.config.owner, act)?;
        let repository = segment(&self.config.repository, act)?;
        Ok(format!("/repos/{owner}/{repository}"))
    }

    pub(crate) fn path(&self, file: &str, end: &str, act: &str) -> Result<String, ProviderError> {
        let (repository, file) = (self.repository(act)?, segment(file, act)?);
        Ok(format!("{repository}/actions/workflows/{file}{end}"))
    }

    pub(crate) fn request(
        &self,
        method: Method,
        path: &str,
        act: &str,
    ) -> Result<HttpRequest, ProviderError> {
        let request = self.config.endpoint.request(method, path, act)?;
        Ok(request
            .with_header("accept", "application/vnd.github+json")
            .with_header("x-github-api-version", VERSION))
    }

    pub(crate) async fn get(
        &self,
        path: &str,
        etag: Option<&str>,
        call: &Call,
        act: &str,
    ) -> Result<HttpResponse, ProviderError> {
        let mut request = self.request(Method::Get, path, act)?;
        if let Some(etag) = etag {
            request = request.with_header("if-none-match", etag);
        }
        let answer = self
            .send(request, &call.clone().without_effect(), act)
            .await?;
        if etag.is_none() && answer.status == 304 {
            return Err(ProviderError::invalid(format!(
                "{act}: HTTP 304, which nobody asked for"
            )));
        }
        Ok(answer)
    }

    /// One change after the other, and apart.
    pub(crate) async fn change(
        &self,
        request: HttpRequest,
        call: &Call,
        act: &str,
    ) -> Result<HttpResponse, ProviderError> {
        let mut changed = self.changed.lock().await;
        if let Some(last) = *changed {
            sleep_until(last + self.config.apart.to_duration()).await;
        }
        let answer = self.send(request, call, act).await;
        *changed = Some(Instant::now());
        answer
    }

    async fn send(
        &self,
        request: HttpRequest,
        call: &Call,
        act: &str,
    ) -> Result<HttpResponse, ProviderError> {
        let not_before = *self
            .not_before
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let left = not_before.map(|at| at.saturating_duration_since(Instant::now()));
        if let Some(left) = left.filter(|left| !left.is_zero()) {
            let told = format!(
                "{act}: GitHub's limit lasts for {} s more",
                left.as_secs() + 1
            );
            let error = ProviderError::new(ErrorKind::Throttled, Sent::Nothing, told);
            return Err(error.with_retry(Retry::After(Span::from(left))));
        }
        let answer = checked(self.transport.send(request, call).await?, act);
        if let Err(error) = &answer
            && error.kind() == ErrorKind::Throttled
            && let Retry::After(wait) = error.retry()
        {
            let until = Instant::now() + wait.to_duration();
            let mut not_before = self
                .not_before
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *not_before = Some(not_before.map_or(until, |at| at.max(until)));
        }
        answer
    }
}

/// A name as one part of a path.
pub(crate) fn segment<'a>(name: &'a str, act: &str) -> Result<&'a str, ProviderError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if name.bytes().all(plain) && !name.is_empty() && !name.bytes().all(|byte| byte == b'.') {
        return Ok(name);
    }
    let name = one_line(name, 80);
    Err(ProviderError::misuse(format!(
        "{act}: '{name}' is no name of GitHub's"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_part_of_a_path() {
        for (name, fine) in [
            ("deploy.yml", true),
            ("octo-org", true),
            ("..", false),
            ("", false),
            ("a/b", false),
            ("a?b", false),
            ("a%2fb", false),
        ] {
            assert_eq!(segment(name, "ask").is_ok(), fine, "{name}");
        }
    }
}
