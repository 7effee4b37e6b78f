//! The role: reads what is there, sets weights in an order in which somebody always serves, judges what is
//! read with the rounding of weights.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use phasegate_core::{Capability, Ratio, Standing, TargetId};
use phasegate_provider::{
    Call, ErrorKind, Provider, ProviderError, Receipt, Sent, Traffic, TrafficRouter,
};

use crate::config::{HaproxyConfig, HaproxyConfigError, Route};
use crate::socket::exchange;
use crate::weights::{Pair, nearest, share};
use crate::wire::{self, Server};

/// An HAProxy whose weights move through its runtime API. Nothing is reloaded, so no connection is cut.
#[derive(Debug)]
pub struct HaproxyRouter {
    config: HaproxyConfig,
    /// The share that each route would have after a reload, as it was last seen.
    resting: Mutex<BTreeMap<TargetId, Ratio>>,
}

/// The servers of a route, found in the proxy.
struct Found {
    canary: Vec<Server>,
    stable: Vec<Server>,
}

impl Found {
    fn all(&self) -> Vec<Server> {
        self.canary.iter().chain(&self.stable).cloned().collect()
    }

    fn share(&self, weight: impl Fn(&Server) -> u64) -> Option<Ratio> {
        let canary = self.canary.iter().map(&weight).sum::<u64>();
        let stable = self.stable.iter().map(&weight).sum::<u64>();
        (canary + stable > 0).then(|| share(canary, stable))
    }

    fn native(&self) -> String {
        let side = |servers: &[Server]| {
            let told = servers.iter().map(|server| {
                let state = match (server.administrative, server.operational) {
                    (0, 2) => "",
                    (0, _) => " (not up)",
                    _ => " (maintenance or drain)",
                };
                format!("{}={}{state}", server.name, server.weight)
            });
            told.collect::<Vec<_>>().join(" ")
        };
        format!(
            "canary {}, stable {}",
            side(&self.canary),
            side(&self.stable)
        )
    }
}

impl HaproxyRouter {
    /// A router for the routes of this configuration.
    ///
    /// # Errors
    /// [`HaproxyConfigError`] for a configuration that cannot be meant.
    pub fn new(config: HaproxyConfig) -> Result<Self, HaproxyConfigError> {
        config.check()?;
        Ok(Self {
            config,
            resting: Mutex::default(),
        })
    }

    fn route(&self, target: &TargetId, act: &str) -> Result<&Route, ProviderError> {
        self.config.routes.get(target).ok_or_else(|| {
            let told = format!("{act}: no route has this name");
            ProviderError::new(ErrorKind::NotFound, Sent::Nothing, told)
        })
    }

    async fn say(&self, line: &str, call: &Call, act: &str) -> Result<String, ProviderError> {
        exchange(&self.config.socket, line, self.config.within, call, act).await
    }

    /// The route's servers as they are now.
    async fn look(
        &self,
        target: &TargetId,
        route: &Route,
        call: &Call,
        act: &str,
    ) -> Result<Found, ProviderError> {
        let answer = self.say(&wire::show(route), call, act).await?;
        let servers = wire::servers(&answer, act)?;
        let of = |names: &[String]| -> Result<Vec<Server>, ProviderError> {
            let find = |name: &String| {
                let found = servers.iter().find(|server| server.name == *name);
                found.cloned().ok_or_else(|| {
                    let told = format!("{act}: backend {} has no server {name}", route.backend);
                    ProviderError::new(ErrorKind::NotFound, Sent::Answered, told)
                })
            };
            names.iter().map(find).collect()
        };
        let found = Found {
            canary: of(&route.canary)?,
            stable: of(&route.stable)?,
        };
        if let Some(resting) = found.share(|server| server.configured) {
            let mut known = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(target.clone(), resting);
        }
        Ok(found)
    }

    /// The share that a wanted one becomes.
    fn rounded(&self, target: &TargetId, wanted: Ratio) -> Option<Ratio> {
        let (canary, stable) = counts(self.config.routes.get(target)?);
        let pair = nearest(wanted, canary, stable)?;
        Some(share(
            canary.saturating_mul(pair.canary),
            stable.saturating_mul(pair.stable),
        ))
    }
}

/// How many servers a route has for the canary, and how many for the stable version.
fn counts(route: &Route) -> (u64, u64) {
    let count = |servers: &[String]| u64::try_from(servers.len()).unwrap_or(u64::MAX);
    (count(&route.canary), count(&route.stable))
}

impl Provider for HaproxyRouter {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::ReadBack, Capability::Weights])
    }
}

#[async_trait]
impl TrafficRouter for HaproxyRouter {
    async fn read(&self, target: &TargetId, call: &Call) -> Result<Traffic, ProviderError> {
        let act = &format!("read route '{target}' of haproxy");
        let route = self.route(target, act)?;
        let found = self.look(target, route, call, act).await?;
        let native = found.native();
        let canary = found.share(Server::effective).ok_or_else(|| {
            ProviderError::invalid(format!("{act}: nobody gets any traffic: {native}"))
        })?;
        Ok(Traffic { canary, native })
    }

    async fn set(
        &self,
        target: &TargetId,
        canary: Ratio,
        call: &Call,
    ) -> Result<Receipt, ProviderError> {
        let act = &format!("set route '{target}' of haproxy to {canary}");
        let route = self.route(target, act)?;
        let (of_canary, of_stable) = counts(route);
        let pair = nearest(canary, of_canary, of_stable).ok_or_else(|| {
            let why = "weights of 0 to 256 come nowhere near it";
            ProviderError::misuse(format!("{act}: {why}"))
        })?;
        // Only looked so far: whatever fails here, nothing was changed.
        let look = self.look(target, route, call, act).await;
        let servers = look.map_err(|error| error.with_sent(Sent::Nothing))?.all();
        let canaries = route.canary.iter().map(|name| (&**name, pair.canary));
        let stables = route.stable.iter().map(|name| (&**name, pair.stable));
        let wanted: Vec<(&str, u64)> = canaries.chain(stables).collect();
        let line = wire::set(route, &wire::ordered(&servers, &wanted));
        // One line sets several weights: a refusal of one says nothing of those before it.
        let settled = wire::settled(&self.say(&line, call, act).await?, act);
        settled.map_err(|error| match error.kind() == ErrorKind::Denied {
            true => error,
            false => error.with_sent(Sent::Maybe),
        })?;
        let Pair { canary, stable } = pair;
        Ok(Receipt::new(format!("weights {canary} and {stable} set")))
    }

    fn judge(
        &self,
        target: &TargetId,
        desired: Ratio,
        before: Option<Ratio>,
        found: &Traffic,
    ) -> Standing {
        let is = |wanted: Ratio| self.rounded(target, wanted) == Some(found.canary);
        let known = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        if is(desired) {
            Standing::AsDesired
        } else if before.is_some_and(is) {
            Standing::AsBefore
        } else if known.get(target) == Some(&found.canary) {
            Standing::Resting
        } else {
            Standing::Other
        }
    }
}
