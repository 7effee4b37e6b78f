//! How a cluster is reached: kube reads kubeconfig files and service accounts and renews tokens; the connection is ours.

use std::path::PathBuf;

use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ConfigExt as _};
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use phasegate_core::Span;
use serde::{Deserialize, Serialize};
use tower::{BoxError, ServiceBuilder};

use crate::config::KubernetesConfigError;
use crate::tls;

/// How a cluster is reached, and as whom.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub enum KubernetesAccess {
    /// As the service account of the pod that this runs in. Its token is read anew when it is renewed.
    InCluster,
    /// As a kubeconfig file says. A command that stands there as `exec` is run whenever its token has expired.
    Kubeconfig {
        /// The file. Default: `$KUBECONFIG`, else `~/.kube/config`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<PathBuf>,
        /// Which of its contexts. Default: the current one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        context: Option<String>,
    },
}

/// Why there is no adapter.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KubernetesError {
    /// The configuration cannot be meant.
    #[error(transparent)]
    Config(#[from] KubernetesConfigError),
    /// How the cluster is reached could not be read, or is not supported.
    #[error("cannot reach the cluster: {why}")]
    Access {
        /// The reason; no part of a credential.
        why: String,
    },
}

impl KubernetesError {
    pub(crate) fn access(why: impl Into<String>) -> Self {
        Self::Access { why: why.into() }
    }
}

/// A client as the configuration says. Nothing is sent yet.
pub(crate) async fn client(
    access: &KubernetesAccess,
    connect_within: Span,
) -> Result<Client, KubernetesError> {
    let config = match access {
        KubernetesAccess::InCluster => {
            Config::incluster().map_err(|error| KubernetesError::access(error.to_string()))?
        }
        KubernetesAccess::Kubeconfig { path, context } => {
            let options = KubeConfigOptions {
                context: context.clone(),
                ..KubeConfigOptions::default()
            };
            let read = path
                .as_ref()
                .map_or_else(Kubeconfig::read, Kubeconfig::read_from);
            let file = read.map_err(|error| KubernetesError::access(told(&error)))?;
            if wants_proxy(&file, context.as_deref()) {
                let why = "proxy-url: proxies are not supported";
                return Err(KubernetesError::access(why));
            }
            let read = Config::from_custom_kubeconfig(file, &options).await;
            read.map_err(|error| KubernetesError::access(told(&error)))?
        }
    };
    supported(&config)?;
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_connect_timeout(Some(connect_within.to_duration()));
    let builder = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(tls::config(&config)?)
        .https_or_http();
    let connector = match &config.tls_server_name {
        Some(name) => {
            let name = rustls::pki_types::ServerName::try_from(name.clone())
                .map_err(|error| KubernetesError::access(format!("tls-server-name: {error}")))?;
            builder
                .with_server_name_resolver(hyper_rustls::FixedServerNameResolver::new(name))
                .enable_http1()
                .wrap_connector(connector)
        }
        None => builder.enable_http1().wrap_connector(connector),
    };
    let connection: legacy::Client<_, Body> =
        legacy::Client::builder(TokioExecutor::new()).build(connector);
    let unusable = |error: kube::Error| KubernetesError::access(error.to_string());
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer().map_err(unusable)?)
        .layer(config.extra_headers_layer().map_err(unusable)?)
        .map_err(BoxError::from)
        .service(connection);
    Ok(Client::new(service, config.default_namespace))
}

/// Does the file say that the cluster is reached through a proxy? What the environment says of proxies is for others.
fn wants_proxy(file: &Kubeconfig, context: Option<&str>) -> bool {
    let context = context.or(file.current_context.as_deref());
    let named = file
        .contexts
        .iter()
        .find(|one| Some(one.name.as_str()) == context);
    let name = named.and_then(|one| Some(one.context.as_ref()?.cluster.as_str()));
    let cluster = file
        .clusters
        .iter()
        .find(|one| Some(one.name.as_str()) == name);
    let proxy = cluster.and_then(|one| one.cluster.as_ref()?.proxy_url.as_ref());
    proxy.is_some_and(|proxy| !proxy.is_empty())
}

/// What kube can read there and this connection cannot do.
fn supported(config: &Config) -> Result<(), KubernetesError> {
    let host = config.cluster_url.host().unwrap_or_default();
    let is_near = matches!(host, "127.0.0.1" | "localhost" | "[::1]");
    let why = match config.cluster_url.scheme_str() {
        _ if config.accept_invalid_certs => {
            "insecure-skip-tls-verify: name the certificate authority instead"
        }
        Some("https") => return Ok(()),
        Some("http") if is_near => return Ok(()),
        Some(_) | None => "its address must begin with https://, or be http:// on this machine",
    };
    Err(KubernetesError::access(why))
}

/// Why a kubeconfig cannot be used. What stands there may be a credential: what a reader quotes is left out.
fn told(error: &KubeconfigError) -> String {
    if matches!(error, KubeconfigError::Parse(_)) {
        return "the kubeconfig cannot be read: it is no YAML of that form".to_owned();
    }
    error.to_string()
}
