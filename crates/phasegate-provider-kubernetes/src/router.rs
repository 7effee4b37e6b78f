//! The role of a router: the route is read, and its rules are applied with other weights, as long as nobody changed it meanwhile.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use kube::core::params::{Patch, PatchParams};
use phasegate_core::{Capability, Ratio, Span, TargetId};
use phasegate_provider::{
    Call, ErrorKind, Provider, ProviderError, Receipt, Retry, Sent, Traffic, TrafficRouter,
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::access::{KubernetesError, client};
use crate::api::{Api, Changed, Object};
use crate::config::{KubernetesConfig, RouteConfig};
use crate::following::{Following, following};
use crate::route::{Split, metadata, split, with_weights};

/// How often a change is tried anew that somebody else's has overtaken.
const TRIES: usize = 5;
/// How often it is asked whether the gateways follow.
const ASK_EVERY: Duration = Duration::from_millis(200);
/// The version of the Gateway API whose routes these are.
const GATEWAY_API: &str = "gateway.networking.k8s.io/v1";

/// Routes of the Gateway API whose weights stand in a cluster.
///
/// Its futures must be polled inside a tokio runtime.
pub struct KubernetesRouter {
    api: Api,
    config: KubernetesConfig,
}

impl fmt::Debug for KubernetesRouter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KubernetesRouter")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl KubernetesRouter {
    /// A router for the routes of this configuration. Nothing is sent yet.
    ///
    /// # Errors
    /// [`KubernetesError`]: the configuration cannot be meant, or how the cluster is reached cannot be read.
    pub async fn new(config: KubernetesConfig) -> Result<Self, KubernetesError> {
        config.check()?;
        let api = Api {
            client: client(&config.access, config.within).await?,
            within: config.within,
        };
        Ok(Self { api, config })
    }

    fn route(&self, target: &TargetId, act: &str) -> Result<&RouteConfig, ProviderError> {
        self.config.routes.get(target).ok_or_else(|| {
            let told = format!("{act}: no route has this name");
            ProviderError::new(ErrorKind::NotFound, Sent::Nothing, told)
        })
    }

    fn object<'a>(&'a self, route: &'a RouteConfig) -> Object<'a> {
        let namespace = route.namespace.as_ref().unwrap_or(&self.config.namespace);
        Object {
            path: format!("/apis/{GATEWAY_API}/namespaces/{namespace}/httproutes"),
            name: &route.name,
            subresource: None,
        }
    }

    /// Applies the weights, unless they stand there already.
    async fn apply(
        &self,
        route: &RouteConfig,
        canary: Ratio,
        (call, began): (&Call, Instant),
        act: &str,
    ) -> Result<(&'static str, Value), ProviderError> {
        let object = self.object(route);
        let mut manner = PatchParams::apply(&self.config.field_manager);
        manner.force = self.config.take_over;
        for _ in 0..TRIES {
            // Looking has changed nothing, whatever becomes of it.
            let found = self.api.read(&object, &left(call, began), act).await;
            let found = found.map_err(|error| error.with_sent(Sent::Nothing))?;
            let before = split(&found, route, act).map_err(|e| e.with_sent(Sent::Nothing));
            if before?.share() == Some(canary) {
                return Ok(("stood there already", found));
            }
            let rules = with_weights(&found, route, Split::of(canary), act)?;
            let applied = json!({
                "apiVersion": GATEWAY_API,
                "kind": "HTTPRoute",
                "metadata": {
                    "name": route.name,
                    "namespace": metadata(&found, "namespace", act)?,
                    // Who has changed it meanwhile is not written over.
                    "resourceVersion": metadata(&found, "resourceVersion", act)?,
                },
                "spec": { "rules": rules },
            });
            let (patch, call) = (Patch::Apply(&applied), left(call, began));
            match self
                .api
                .change(&object, (&manner, &patch), &call, act)
                .await?
            {
                Changed::Made(made) => return Ok(("applied", made)),
                Changed::Overtaken => {}
            }
        }
        let told = format!("{act}: others change it all the time");
        let error = ProviderError::new(ErrorKind::Conflict, Sent::Answered, told);
        Err(error.with_retry(Retry::Maybe))
    }

    /// Waits until all gateways follow what the route says now.
    async fn followed(
        &self,
        route: &RouteConfig,
        mut found: Value,
        (call, began): (&Call, Instant),
        act: &str,
    ) -> Result<Value, ProviderError> {
        loop {
            match following(&found) {
                Following::Yes => return Ok(found),
                Following::No(why) => return Err(refused(act, &why)),
                Following::NotYet => {}
            }
            if left(call, began).deadline <= Span::from(ASK_EVERY) {
                let told = format!("{act}: applied, and not all gateways follow yet");
                return Err(ProviderError::new(ErrorKind::Timeout, Sent::Maybe, told));
            }
            sleep(ASK_EVERY).await;
            let (object, call) = (self.object(route), left(call, began));
            let look = self.api.read(&object, &call, act).await;
            found = look.map_err(|error| error.with_sent(Sent::Maybe))?;
        }
    }
}

/// A gateway refuses what the route says, so nobody knows where its traffic goes.
fn refused(act: &str, why: &str) -> ProviderError {
    let told = format!("{act}: {why}");
    ProviderError::new(ErrorKind::Invalid, Sent::Maybe, told)
}

/// The call with the time that is left.
pub(crate) fn left(call: &Call, began: Instant) -> Call {
    let left = call.deadline.saturating_sub(Span::from(began.elapsed()));
    call.clone().with_deadline(left)
}

impl Provider for KubernetesRouter {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::ReadBack, Capability::Weights])
    }
}

#[async_trait]
impl TrafficRouter for KubernetesRouter {
    async fn read(&self, target: &TargetId, call: &Call) -> Result<Traffic, ProviderError> {
        let act = &format!("read route '{target}' of Kubernetes");
        let route = self.route(target, act)?;
        let found = self.api.read(&self.object(route), call, act).await?;
        if self.config.wait {
            match following(&found) {
                Following::Yes => {}
                Following::No(why) => return Err(refused(act, &why)),
                Following::NotYet => {
                    let told = format!("{act}: not all gateways follow it yet");
                    return Err(ProviderError::new(
                        ErrorKind::Unavailable,
                        Sent::Answered,
                        told,
                    ));
                }
            }
        }
        let split = split(&found, route, act)?;
        let Split { canary, stable } = split;
        let native = format!("{} {canary}, {} {stable}", route.canary, route.stable);
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
        let act = &format!("set route '{target}' of Kubernetes to {canary}");
        let route = self.route(target, act)?;
        let within = (call, Instant::now());
        let (done, found) = self.apply(route, canary, within, act).await?;
        if !self.config.wait {
            return Ok(Receipt::new(done));
        }
        let found = self.followed(route, found, within, act).await?;
        // Between the change and the gateways' word somebody else may have had theirs.
        if split(&found, route, act).is_ok_and(|split| split.share() == Some(canary)) {
            return Ok(Receipt::new(format!("{done}, and all gateways follow")));
        }
        let told = format!("{act}: somebody else changed it while its gateways took it up");
        Err(ProviderError::new(ErrorKind::Conflict, Sent::Maybe, told))
    }
}
