//! The roles: the file is changed, and Envoy itself must say that it has loaded the change.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use phasegate_core::{Capability, Desired, Ratio, Span, TargetId};
use phasegate_provider::{
    Call, Effector, ErrorKind, HttpTransport, Provider, ProviderError, Receipt, Sent, Traffic,
    TrafficRouter, file,
};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use crate::admin;
use crate::config::{EnvoyConfig, EnvoyConfigError, Route};
use crate::table::{Split, Wish, edited};

/// How often Envoy is asked whether it has loaded the file.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// How long a change waits to hear how many files Envoy has refused so far.
const COUNT_WITHIN: Span = Span::from_secs(1);

#[derive(Debug)]
struct Envoy {
    config: EnvoyConfig,
    transport: Arc<dyn HttpTransport>,
    /// One change at a time: what is refused must be that one.
    writing: Mutex<()>,
}

/// An Envoy whose weights stand in files that it watches.
#[derive(Clone, Debug)]
pub struct EnvoyRouter {
    envoy: Arc<Envoy>,
}

/// The same Envoy as what sends copies of requests to a shadow: bind it as an effector of the router's binding.
#[derive(Clone, Debug)]
pub struct EnvoyMirror {
    envoy: Arc<Envoy>,
}

impl EnvoyRouter {
    /// A router for the routes of this configuration.
    ///
    /// # Errors
    /// [`EnvoyConfigError`] for a configuration that cannot be meant.
    pub fn new(
        config: EnvoyConfig,
        transport: Arc<dyn HttpTransport>,
    ) -> Result<Self, EnvoyConfigError> {
        config.check()?;
        let envoy = Envoy {
            config,
            transport,
            writing: Mutex::new(()),
        };
        Ok(Self {
            envoy: Arc::new(envoy),
        })
    }

    /// What sends copies, for the same routes.
    pub fn mirror(&self) -> EnvoyMirror {
        EnvoyMirror {
            envoy: Arc::clone(&self.envoy),
        }
    }
}

impl Envoy {
    fn route(&self, target: &TargetId, act: &str) -> Result<&Route, ProviderError> {
        self.config.routes.get(target).ok_or_else(|| {
            let told = format!("{act}: no route has this name");
            ProviderError::new(ErrorKind::NotFound, Sent::Nothing, told)
        })
    }

    async fn loaded(&self, route: &Route, call: &Call, act: &str) -> Result<Split, ProviderError> {
        admin::loaded(&self.config, self.transport.as_ref(), route, call, act).await
    }

    async fn refused(&self, route: &Route, call: &Call, act: &str) -> Result<u64, ProviderError> {
        admin::refused(&self.config, self.transport.as_ref(), route, call, act).await
    }

    /// Writes, and waits until Envoy has loaded or refused what was written.
    async fn change(
        &self,
        route: &Route,
        wish: Wish,
        call: &Call,
        act: &str,
    ) -> Result<Receipt, ProviderError> {
        let within = self.config.within.min(call.deadline);
        let until = Instant::now() + within.to_duration();
        let _one = self.writing.lock().await;
        // Without an answer the file is changed all the same: a way back must not wait for it.
        let brief = COUNT_WITHIN.min(call.deadline);
        let brief = call.clone().with_deadline(brief);
        let before = self.refused(route, &brief, act).await.ok();
        let (mut old, mut new) = (String::new(), String::new());
        let wrote = file::edit(&route.file, act, |text| {
            text.clone_into(&mut old);
            new = edited(text, route, wish, act)?;
            Ok(new.clone())
        })?;
        if !wrote && !self.has_loaded(route, wish, &brief, act).await {
            // The file says so and Envoy does not: it is shown the file once more.
            file::replace(&route.file, old.as_bytes(), act)?;
        }
        loop {
            let left = Span::from(until.saturating_duration_since(Instant::now()));
            let look = call.clone().with_deadline(left);
            if self.has_loaded(route, wish, &look, act).await {
                let done = if wrote {
                    "written"
                } else {
                    "stood there already"
                };
                return Ok(Receipt::new(format!("{done}, and loaded")));
            }
            let now = self.refused(route, &look, act).await.ok();
            if before.zip(now).is_some_and(|(before, now)| now > before) {
                put_back(&route.file, &new, &old, act)?;
                let table = &route.table;
                let told = format!("{act}: Envoy refused table '{table}', its log says why");
                return Err(ProviderError::invalid(told).with_sent(Sent::Nothing));
            }
            if Instant::now() >= until {
                let told = format!("{act}: written, and not loaded after {within}");
                return Err(ProviderError::new(ErrorKind::Timeout, Sent::Maybe, told));
            }
            sleep(ASK_EVERY).await;
        }
    }

    async fn has_loaded(&self, route: &Route, wish: Wish, call: &Call, act: &str) -> bool {
        let loaded = self.loaded(route, call, act).await;
        loaded.is_ok_and(|split| split.is(wish))
    }
}

/// Puts a file back as it was, unless somebody has changed it since.
fn put_back(path: &Path, ours: &str, old: &str, act: &str) -> Result<(), ProviderError> {
    let mut is_ours = true;
    file::edit(path, act, |now| {
        is_ours = now == ours;
        let text = if is_ours { old } else { now };
        Ok(text.to_owned())
    })?;
    if is_ours {
        return Ok(());
    }
    let path = path.display();
    let told = format!("{act}: Envoy refused {path}, which somebody else has changed meanwhile");
    Err(ProviderError::new(ErrorKind::Conflict, Sent::Maybe, told))
}

impl Provider for EnvoyRouter {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::ReadBack, Capability::Weights])
    }
}

#[async_trait]
impl TrafficRouter for EnvoyRouter {
    async fn read(&self, target: &TargetId, call: &Call) -> Result<Traffic, ProviderError> {
        let act = &format!("read route '{target}' of envoy");
        let route = self.envoy.route(target, act)?;
        let split = self.envoy.loaded(route, call, act).await?;
        let Split { canary, stable, .. } = split;
        let native = format!("{}={canary} {}={stable}", route.canary, route.stable);
        let Some(canary) = split.share() else {
            let told = format!("{act}: nobody gets any traffic: {native}");
            return Err(ProviderError::invalid(told));
        };
        Ok(Traffic { canary, native })
    }

    async fn set(
        &self,
        target: &TargetId,
        canary: Ratio,
        call: &Call,
    ) -> Result<Receipt, ProviderError> {
        let act = &format!("set route '{target}' of envoy to {canary}");
        let route = self.envoy.route(target, act)?;
        self.envoy
            .change(route, Wish::Weights(canary), call, act)
            .await
    }
}

impl Provider for EnvoyMirror {
    fn capabilities(&self) -> BTreeSet<Capability> {
        let shadows = |route: &Route| route.shadow.is_some();
        let mirrors = self.envoy.config.routes.values().any(shadows);
        mirrors.then_some(Capability::Mirror).into_iter().collect()
    }
}

#[async_trait]
impl Effector for EnvoyMirror {
    async fn perform(&self, desired: &Desired, call: &Call) -> Result<Receipt, ProviderError> {
        let act = &format!("set {desired} in envoy");
        let Desired::Mirror { target, share } = desired else {
            let told = format!("{act}: this sends copies and does nothing else");
            return Err(ProviderError::invalid(told).with_sent(Sent::Nothing));
        };
        let route = self.envoy.route(target, act)?;
        if route.shadow.is_none() {
            let told = format!("{act}: the route has no shadow: name its cluster");
            return Err(ProviderError::misuse(told));
        }
        self.envoy
            .change(route, Wish::Copies(*share), call, act)
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_else_has_written_is_not_put_back() {
        let path =
            std::env::temp_dir().join(format!("phasegate-envoy-{}.json", std::process::id()));
        let put = |found: &str| {
            std::fs::write(&path, found).expect("written");
            let put = put_back(&path, "ours", "old", "set");
            (put, std::fs::read_to_string(&path).expect("there"))
        };
        let (put_ours, left) = put("ours");
        assert_eq!((put_ours.is_ok(), &*left), (true, "old"));
        let (put_theirs, left) = put("theirs");
        let error = put_theirs.expect_err("not ours");
        assert_eq!(
            (error.kind(), error.sent()),
            (ErrorKind::Conflict, Sent::Maybe)
        );
        assert_eq!(left, "theirs");
        std::fs::remove_file(&path).expect("removed");
    }
}
