//! The role of a scaler: replicas by the scale subresource, within bounds and not too often.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use kube::core::params::{Patch, PatchParams};
use phasegate_core::{Capability, TargetId, Timestamp};
use phasegate_provider::{
    Call, ErrorKind, Provider, ProviderError, Receipt, Retry, Scale, Scaler, Sent,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::access::{KubernetesError, client};
use crate::api::{Api, Changed, Object};
use crate::config::{KubernetesConfig, ScaledConfig};
use crate::route::{metadata, value};
use crate::router::left;

/// How often a change is tried anew that somebody else's has overtaken.
const TRIES: usize = 5;

/// The last change of this process that may have happened.
#[derive(Clone, Copy, Debug)]
struct Change {
    count: u32,
    at: Timestamp,
}

/// Workloads with the scale subresource: deployments, stateful sets, and kinds of one's own.
///
/// Its futures must be polled inside a tokio runtime.
pub struct KubernetesScaler {
    api: Api,
    config: KubernetesConfig,
    changed: Mutex<BTreeMap<TargetId, Change>>,
}

impl fmt::Debug for KubernetesScaler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KubernetesScaler")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl KubernetesScaler {
    /// A scaler for the workloads of this configuration. Nothing is sent yet.
    ///
    /// # Errors
    /// [`KubernetesError`]: the configuration cannot be meant, or how the cluster is reached cannot be read.
    pub async fn new(config: KubernetesConfig) -> Result<Self, KubernetesError> {
        config.check()?;
        let api = Api {
            client: client(&config.access, config.within).await?,
            within: config.within,
        };
        let changed = Mutex::default();
        Ok(Self {
            api,
            config,
            changed,
        })
    }

    fn scaled(&self, target: &TargetId, act: &str) -> Result<&ScaledConfig, ProviderError> {
        self.config.scaled.get(target).ok_or_else(|| {
            let told = format!("{act}: nothing has this name");
            ProviderError::new(ErrorKind::NotFound, Sent::Nothing, told)
        })
    }

    fn object<'a>(
        &'a self,
        scaled: &'a ScaledConfig,
        subresource: Option<&'static str>,
    ) -> Object<'a> {
        let namespace = scaled.namespace.as_ref().unwrap_or(&self.config.namespace);
        let group_version = &scaled.group_version;
        let root = if group_version.contains('/') {
            "apis"
        } else {
            "api"
        };
        Object {
            path: format!(
                "/{root}/{group_version}/namespaces/{namespace}/{}",
                scaled.resource
            ),
            name: &scaled.name,
            subresource,
        }
    }

    /// How many there are to be, when that was changed last, and the object that says it.
    async fn look(
        &self,
        scaled: &ScaledConfig,
        (call, began): (&Call, Instant),
        act: &str,
    ) -> Result<(Scale, Value), ProviderError> {
        let (scale, whole) = (
            self.object(scaled, Some("scale")),
            self.object(scaled, None),
        );
        let found = self.api.read(&scale, &left(call, began), act).await?;
        let whole = self.api.read(&whole, &left(call, began), act).await?;
        let number = |path: &[&str]| value(&found, path).as_u64().map(u32::try_from);
        let Some(Ok(count)) = number(&["spec", "replicas"]) else {
            let told = format!("{act}: the answer has no spec.replicas");
            return Err(ProviderError::invalid(told));
        };
        let up = value(&found, &["status", "replicas"]).as_u64().unwrap_or(0);
        let scale = Scale {
            count,
            changed_at: scaled_at(&whole, &self.config.field_manager),
            native: format!("replicas {count}, of which there are {up}"),
        };
        Ok((scale, found))
    }

    /// Notes that a change begins, if it may, and gives what was noted before it.
    fn begin(
        &self,
        target: &TargetId,
        count: u32,
        told: Option<Timestamp>,
        call: &Call,
        act: &str,
    ) -> Result<Option<Change>, ProviderError> {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        let last = changed.get(target).copied();
        // The same again, whatever became of it.
        if last.is_none_or(|last| last.count != count) {
            let limits = self.scaled(target, act)?.limits;
            limits.cooled(last.map(|last| last.at).max(told), call, act)?;
        }
        let at = call.at;
        changed.insert(target.clone(), Change { count, at });
        Ok(last)
    }

    /// What was begun certainly did not happen.
    fn take_back(&self, target: &TargetId, before: Option<Change>) {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        match before {
            Some(before) => changed.insert(target.clone(), before),
            None => changed.remove(target),
        };
    }

    async fn scale(
        &self,
        (scaled, found): (&ScaledConfig, &Value),
        count: u32,
        call: &Call,
        act: &str,
    ) -> Result<Changed, ProviderError> {
        let version = metadata(found, "resourceVersion", act);
        let version = version.map_err(|error| error.with_sent(Sent::Nothing))?;
        // Who has scaled it meanwhile is not written over.
        let wanted = json!({
            "metadata": { "resourceVersion": version },
            "spec": { "replicas": count },
        });
        let manner = PatchParams {
            field_manager: Some(self.config.field_manager.clone()),
            ..PatchParams::default()
        };
        let object = self.object(scaled, Some("scale"));
        let patch = Patch::Merge(&wanted);
        self.api.change(&object, (&manner, &patch), call, act).await
    }
}

/// When replicas were set last by scaling, as the server's record of field managers tells: by anybody through the scale
/// subresource, or by this manager.
fn scaled_at(whole: &Value, manager: &str) -> Option<Timestamp> {
    let managers = value(whole, &["metadata", "managedFields"]).as_array()?;
    let text = |one: &Value, name: &str| one.get(name).and_then(Value::as_str).map(str::to_owned);
    let scaled = managers.iter().filter(|one| {
        let is_ours = text(one, "manager").as_deref() == Some(manager);
        let by_scale = text(one, "subresource").as_deref() == Some("scale");
        let sets = value(one, &["fieldsV1", "f:spec", "f:replicas"]);
        (is_ours || by_scale) && !sets.is_null()
    });
    let moments = scaled.filter_map(|one| text(one, "time")?.parse().ok());
    moments.max()
}

impl Provider for KubernetesScaler {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::ReadBack])
    }
}

#[async_trait]
impl Scaler for KubernetesScaler {
    async fn read(&self, target: &TargetId, call: &Call) -> Result<Scale, ProviderError> {
        let act = &format!("read how many {target} there are in Kubernetes");
        let scaled = self.scaled(target, act)?;
        let (scale, _) = self.look(scaled, (call, Instant::now()), act).await?;
        Ok(scale)
    }

    async fn set(
        &self,
        target: &TargetId,
        count: u32,
        call: &Call,
    ) -> Result<Receipt, ProviderError> {
        let act = &format!("scale {target} in Kubernetes to {count}");
        let scaled = self.scaled(target, act)?;
        scaled.limits.admit(count, act)?;
        let began = Instant::now();
        for _ in 0..TRIES {
            // Looking has changed nothing, whatever becomes of it.
            let look = self.look(scaled, (call, began), act).await;
            let (scale, found) = look.map_err(|error| error.with_sent(Sent::Nothing))?;
            if scale.count == count {
                return Ok(Receipt::new(format!("{} already", scale.native)));
            }
            let before = self.begin(target, count, scale.changed_at, call, act)?;
            let call = left(call, began);
            match self.scale((scaled, &found), count, &call, act).await {
                Ok(Changed::Made(_)) => {
                    return Ok(Receipt::new(format!("{count} instead of {}", scale.count)));
                }
                Ok(Changed::Overtaken) => self.take_back(target, before),
                Err(error) => {
                    if error.is_refusal() {
                        self.take_back(target, before);
                    }
                    return Err(error);
                }
            }
        }
        let told = format!("{act}: others change it all the time");
        let error = ProviderError::new(ErrorKind::Conflict, Sent::Answered, told);
        Err(error.with_retry(Retry::Maybe))
    }
}
