//! What the tests of this crate share.
#![allow(
    dead_code,
    unused_imports,
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "shared by test binaries that each use a part"
)]

mod cluster;
mod described;
pub(crate) mod scenarios;

use std::path::PathBuf;

use phasegate_core::{Ratio, Span, TargetId, Timestamp};
use phasegate_provider::{Call, ScaleLimits};
use phasegate_provider_kubernetes::{
    KubernetesAccess, KubernetesConfig, KubernetesRouter, KubernetesScaler, RouteConfig,
    ScaledConfig,
};
use phasegate_testkit::servers::Folder;
use serde_json::{Value, json};

pub(crate) use cluster::{Cluster, ROUTES, Trouble};

pub(crate) const LIMITS: ScaleLimits = ScaleLimits {
    min: 2,
    max: 9,
    cooldown: Span::from_secs(60),
};

pub(crate) fn id(name: &str) -> TargetId {
    name.parse().expect("an id")
}

pub(crate) fn at() -> Timestamp {
    "2026-09-07T12:00:00Z".parse().expect("a moment")
}

pub(crate) fn call() -> Call {
    Call::new(at(), Span::from_secs(10))
}

pub(crate) fn percent(percent: u32) -> Ratio {
    Ratio::from_percent(percent).expect("a ratio")
}

/// A kubeconfig for a server, with a token; `more` is more of what is said of the cluster.
pub(crate) fn kubeconfig(folder: &Folder, url: &str, more: &Value) -> PathBuf {
    let mut cluster = json!({ "server": url });
    let members = cluster.as_object_mut().expect("an object");
    members.extend(more.as_object().cloned().unwrap_or_default());
    let text = json!({"apiVersion": "v1", "kind": "Config", "current-context": "x",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {"token": "marked-secret-token"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}]});
    folder
        .write("kubeconfig", &text.to_string())
        .expect("written");
    folder.path().join("kubeconfig")
}

pub(crate) fn folder() -> Folder {
    Folder::new().expect("a folder")
}

/// The cluster of a kubeconfig: a route and a deployment, and one of each that is not there.
pub(crate) fn config(kubeconfig: PathBuf) -> KubernetesConfig {
    let access = KubernetesAccess::Kubeconfig {
        path: Some(kubeconfig),
        context: None,
    };
    KubernetesConfig::new(access, "shop")
        .with_route(id("checkout"), RouteConfig::new("checkout", "v2", "v1"))
        .with_route(id("nowhere"), RouteConfig::new("nowhere", "v2", "v1"))
        .with_scaled(id("web"), ScaledConfig::new("web", LIMITS))
        .with_scaled(id("nowhere"), ScaledConfig::new("nowhere", LIMITS))
}

/// A route at a gateway, split between two services; documents are served by a third.
pub(crate) fn route(canary: u64, stable: u64) -> Value {
    json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
    "metadata": {"name": "checkout", "namespace": "shop"},
    "spec": {
        "parentRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "edge"}],
        "hostnames": ["shop.example"],
        "rules": [
            {"matches": [{"path": {"type": "PathPrefix", "value": "/docs"}}],
                "backendRefs": [{"name": "docs", "port": 80}]},
            {"matches": [{"path": {"type": "PathPrefix", "value": "/"}}], "backendRefs": [
                {"name": "v1", "port": 80, "weight": stable}, {"name": "v2", "port": 80, "weight": canary}]},
        ]}})
}

pub(crate) async fn router(config: KubernetesConfig) -> KubernetesRouter {
    KubernetesRouter::new(config).await.expect("a router")
}

pub(crate) async fn scaler(config: KubernetesConfig) -> KubernetesScaler {
    KubernetesScaler::new(config).await.expect("a scaler")
}
