//! The role: looks, and says what was found in one line.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::{Capability, TargetId};
use phasegate_provider::{
    Call, CommandRunner, ErrorKind, Exit, Health, HealthProbe, HealthState, HttpTransport, Method,
    Provider, ProviderError, Sent,
};

use crate::config::{CommandProbe, HttpProbe, Probe, ProbesConfig};
use crate::{document, tcp};

/// Looks at the targets of a [`ProbesConfig`].
#[derive(Clone, Debug)]
pub struct Probes {
    config: ProbesConfig,
    transport: Arc<dyn HttpTransport>,
    commands: Option<Arc<dyn CommandRunner>>,
}

impl Probes {
    /// Probes over this transport. Command probes need [`with_commands`](Self::with_commands).
    pub fn new(config: ProbesConfig, transport: Arc<dyn HttpTransport>) -> Self {
        Self {
            config,
            transport,
            commands: None,
        }
    }

    /// The same probes with somebody to run commands.
    #[must_use]
    pub fn with_commands(mut self, commands: Arc<dyn CommandRunner>) -> Self {
        self.commands = Some(commands);
        self
    }

    async fn http(
        &self,
        probe: &HttpProbe,
        call: &Call,
        act: &str,
    ) -> Result<Health, ProviderError> {
        let call = call.clone().with_deadline(call.deadline.min(probe.within));
        let request = probe.endpoint.request(Method::Get, &probe.path, act)?;
        let answer = match self
            .transport
            .send(request.without_redirects(), &call)
            .await
        {
            Ok(answer) => answer,
            Err(error) => return unanswered(error),
        };
        let status = answer.status;
        let down = |detail| Ok(health(HealthState::Down, detail));
        if probe.statuses.is_empty() && !answer.is_success() && !probe.detailed {
            return down(format!("HTTP {status}"));
        }
        if !probe.statuses.is_empty() && !probe.statuses.contains(&status) {
            return down(format!("HTTP {status}"));
        }
        if !probe.detailed {
            return Ok(health(HealthState::Up, format!("HTTP {status}")));
        }
        if let Err(error) = answer.json_type(act) {
            return down(format!("HTTP {status}, no health document: {error}"));
        }
        match document::read(&answer.body, &probe.critical) {
            // A document may say what is wrong under a status of failure; it cannot say that all is well.
            Ok((HealthState::Up, _)) if !answer.is_success() && probe.statuses.is_empty() => {
                down(format!("HTTP {status}, and yet it says that it is up"))
            }
            Ok((state, told)) => Ok(health(state, format!("HTTP {status} {told}"))),
            Err(why) => down(format!("HTTP {status}, no health document: {why}")),
        }
    }

    async fn command(
        &self,
        probe: &CommandProbe,
        call: &Call,
        act: &str,
    ) -> Result<Health, ProviderError> {
        let commands = self.commands.as_ref().ok_or_else(|| {
            ProviderError::misuse(format!("{act}: nobody was given to run commands"))
        })?;
        let within = probe.within.min(call.deadline);
        let call = call.clone().with_deadline(within);
        let ran = match commands.run(&probe.command, &call).await {
            Ok(ran) => ran,
            Err(error) => return unanswered(error),
        };
        let line = ran
            .stdout
            .lines()
            .chain(ran.stderr.lines())
            .next()
            .unwrap_or_default();
        let line: String = line.chars().take(200).collect();
        Ok(match ran.exit {
            Exit::Code(0) => health(HealthState::Up, format!("status 0 {line}")),
            Exit::Code(code) if probe.degraded.contains(&code) => {
                health(HealthState::Degraded, format!("status {code} {line}"))
            }
            Exit::Code(code) => health(HealthState::Down, format!("status {code} {line}")),
            Exit::Signal(signal) => health(HealthState::Down, format!("signal {signal} {line}")),
        })
    }
}

fn health(state: HealthState, detail: impl Into<String>) -> Health {
    let detail = detail.into().trim_end().replace(['\n', '\r'], " ");
    Health { state, detail }
}

/// What does not answer, or not as it should, is down; only where nobody could look is that an error.
fn unanswered(error: ProviderError) -> Result<Health, ProviderError> {
    match error.kind() {
        ErrorKind::Invalid | ErrorKind::Timeout | ErrorKind::Unavailable => {
            Ok(health(HealthState::Down, error.to_string()))
        }
        ErrorKind::Conflict
        | ErrorKind::Denied
        | ErrorKind::Misuse
        | ErrorKind::NoData
        | ErrorKind::NotFound
        | ErrorKind::Rejected
        | ErrorKind::Throttled
        | _ => Err(error),
    }
}

impl Provider for Probes {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::new()
    }
}

#[async_trait]
impl HealthProbe for Probes {
    async fn probe(&self, target: &TargetId, call: &Call) -> Result<Health, ProviderError> {
        let act = &format!("probe '{target}'");
        let found = self.config.targets.get(target).ok_or_else(|| {
            let told = format!("{act}: no probe has this name");
            ProviderError::new(ErrorKind::NotFound, Sent::Nothing, told)
        })?;
        if call.deadline.is_zero() {
            let told = format!("{act}: there is no time left");
            return Err(ProviderError::new(ErrorKind::Rejected, Sent::Nothing, told));
        }
        match found {
            Probe::Command(probe) => self.command(probe, call, act).await,
            Probe::Http(probe) => self.http(probe, call, act).await,
            Probe::Tcp(probe) => {
                let within = probe.within.min(call.deadline).to_duration();
                Ok(tcp::look(probe, within).await)
            }
        }
    }
}
