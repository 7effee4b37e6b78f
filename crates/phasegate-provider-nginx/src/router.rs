//! The role: writes, checks, reloads, and waits until nginx itself tells the new share.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use phasegate_core::{Capability, Ratio, Standing, TargetId};
use phasegate_provider::{
    Call, CommandRunner, ErrorKind, Exit, HttpTransport, Method, Provider, ProviderError, Receipt,
    Sent, Traffic, TrafficRouter,
};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use crate::config::{NginxConfig, NginxConfigError, Route};
use crate::file;

/// How often nginx is asked whether the reload is done.
const ASK_EVERY: Duration = Duration::from_millis(20);

/// An nginx whose weights stand in files that this adapter writes.
#[derive(Debug)]
pub struct NginxRouter {
    config: NginxConfig,
    transport: Arc<dyn HttpTransport>,
    commands: Arc<dyn CommandRunner>,
    /// One change at a time: a check sees all files.
    writing: Mutex<()>,
}

impl NginxRouter {
    /// A router for the routes of this configuration. `commands` runs the check and the reload.
    ///
    /// # Errors
    /// [`NginxConfigError`] for a configuration that cannot be meant.
    pub fn new(
        config: NginxConfig,
        transport: Arc<dyn HttpTransport>,
        commands: Arc<dyn CommandRunner>,
    ) -> Result<Self, NginxConfigError> {
        config.check()?;
        Ok(Self {
            config,
            transport,
            commands,
            writing: Mutex::new(()),
        })
    }

    fn route(&self, target: &TargetId, act: &str) -> Result<&Route, ProviderError> {
        self.config.routes.get(target).ok_or_else(|| {
            let told = format!("{act}: no route has this name");
            ProviderError::new(ErrorKind::NotFound, Sent::Nothing, told)
        })
    }

    /// The share that the workers which answer now have loaded.
    async fn loaded(&self, route: &Route, call: &Call, act: &str) -> Result<Ratio, ProviderError> {
        let request = self
            .config
            .endpoint
            .request(Method::Get, &route.status, act)?;
        let request = request.without_redirects();
        let answer = self.transport.send(request, call).await?.or_error(act)?;
        let told = String::from_utf8_lossy(&answer.body);
        told.trim().parse().map_err(|error| {
            let why = format!("{act}: {} tells no share", route.status);
            ProviderError::invalid(why).with_source(error)
        })
    }

    async fn run(&self, command: &str, call: &Call, act: &str) -> Result<(), ProviderError> {
        let ran = self.commands.run(command, call).await?;
        if ran.exit == Exit::Code(0) {
            return Ok(());
        }
        let why = ran.stderr.lines().find(|line| line.contains("[emerg]"));
        let why: String = why.unwrap_or_default().chars().take(200).collect();
        let told = format!("{act}: {command} ended with {:?}: {why}", ran.exit);
        Err(ProviderError::invalid(told))
    }

    /// Writes the file, lets nginx check it and tells it to read it. What does not pass, or is not read, is put back.
    async fn write(
        &self,
        route: &Route,
        share: Ratio,
        call: &Call,
        act: &str,
    ) -> Result<(), ProviderError> {
        let failed = |error: io::Error| {
            let kind = if error.kind() == io::ErrorKind::PermissionDenied {
                ErrorKind::Denied
            } else {
                ErrorKind::Unavailable
            };
            let told = format!("{act}: {}: {error}", route.file.display());
            ProviderError::new(kind, Sent::Nothing, told).with_source(error)
        };
        let before = file::content(&route.file).map_err(failed)?;
        let text = file::text(route, share);
        file::replace(&route.file, text.as_bytes()).map_err(failed)?;
        let unread = Unread {
            file: &route.file,
            before: Some(before),
        };
        let checked = self.run(&self.config.test, call, act).await;
        if let Err(error) = checked {
            unread.put_back().map_err(failed)?;
            // Nothing was reloaded: nginx serves as before.
            return Err(error.with_sent(Sent::Nothing));
        }
        match self.run(&self.config.reload, call, act).await {
            // It could not be told to read the file; what somebody else makes it read is not this.
            Err(error) if error.kind() == ErrorKind::Invalid => {
                unread.put_back().map_err(failed)?;
                Err(error.with_sent(Sent::Nothing))
            }
            other => {
                unread.keep();
                other
            }
        }
    }
}

/// A file that nginx has not been told to read. It is put back when nobody waits any more: the next reload, whoever
/// makes it, must not read what was not checked.
struct Unread<'a> {
    file: &'a Path,
    /// What stood there; nothing once that is settled.
    before: Option<Option<Vec<u8>>>,
}

impl Unread<'_> {
    fn put_back(mut self) -> io::Result<()> {
        match self.before.take() {
            Some(before) => file::restore(self.file, before.as_deref()),
            None => Ok(()),
        }
    }

    fn keep(mut self) {
        self.before = None;
    }
}

impl Drop for Unread<'_> {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            // Whoever would be told has gone.
            drop(file::restore(self.file, before.as_deref()));
        }
    }
}

impl Provider for NginxRouter {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::ReadBack, Capability::Weights])
    }
}

#[async_trait]
impl TrafficRouter for NginxRouter {
    async fn read(&self, target: &TargetId, call: &Call) -> Result<Traffic, ProviderError> {
        let act = &format!("read route '{target}' of nginx");
        let route = self.route(target, act)?;
        let canary = self.loaded(route, call, act).await?;
        Ok(Traffic {
            canary,
            native: format!("${} is {} for {canary}", route.variable, route.canary),
        })
    }

    async fn set(
        &self,
        target: &TargetId,
        canary: Ratio,
        call: &Call,
    ) -> Result<Receipt, ProviderError> {
        let act = &format!("set route '{target}' of nginx to {canary}");
        let route = self.route(target, act)?;
        let share = file::rounded(canary).ok_or_else(|| {
            let why = "hundredths of a percent come no nearer than nothing or all";
            ProviderError::misuse(format!("{act}: {why}"))
        })?;
        let within = self.config.within.min(call.deadline);
        let until = Instant::now() + within.to_duration();
        let _one = self.writing.lock().await;
        self.write(route, share, call, act).await?;
        loop {
            // While workers change places an answer may fail; the time limit decides.
            if self
                .loaded(route, call, act)
                .await
                .is_ok_and(|found| found == share)
            {
                return Ok(Receipt::new(format!("{share} written, checked and loaded")));
            }
            if Instant::now() >= until {
                let told = format!("{act}: reloaded, and not loaded after {within}");
                return Err(ProviderError::new(ErrorKind::Timeout, Sent::Maybe, told));
            }
            sleep(ASK_EVERY).await;
        }
    }

    fn judge(
        &self,
        _target: &TargetId,
        desired: Ratio,
        before: Option<Ratio>,
        found: &Traffic,
    ) -> Standing {
        let is = |wanted: Ratio| file::rounded(wanted) == Some(found.canary);
        if is(desired) {
            Standing::AsDesired
        } else if before.is_some_and(is) {
            Standing::AsBefore
        } else {
            Standing::Other
        }
    }
}
