//! What the adapter is told, checked when it is built.

use std::collections::BTreeMap;

use phasegate_core::{Span, TargetId};
use phasegate_provider::ScaleLimits;
use serde::{Deserialize, Serialize};

use crate::access::KubernetesAccess;

/// The longest name that Kubernetes takes.
const NAME_LEN_MAX: usize = 253;
/// The longest name of a field manager.
const MANAGER_LEN_MAX: usize = 128;

/// A route of the Gateway API, and which of its backends are which version.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct RouteConfig {
    /// The name of the `HTTPRoute`.
    pub name: String,
    /// Its namespace. Default: that of [`KubernetesConfig`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The service of the new version, in the route's namespace.
    pub canary: String,
    /// The service of the stable version, in the route's namespace.
    pub stable: String,
}

impl RouteConfig {
    /// A route in the default namespace.
    pub fn new(
        name: impl Into<String>,
        canary: impl Into<String>,
        stable: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            namespace: None,
            canary: canary.into(),
            stable: stable.into(),
        }
    }

    /// The same in another namespace.
    #[must_use]
    pub fn with_namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }
}

/// A workload with the scale subresource, and its bounds.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ScaledConfig {
    /// The group and version of its kind. Default `apps/v1`.
    #[serde(default = "apps")]
    pub group_version: String,
    /// Its kind as it stands in URLs. Default `deployments`.
    #[serde(default = "deployments")]
    pub resource: String,
    /// Its name.
    pub name: String,
    /// Its namespace. Default: that of [`KubernetesConfig`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// How many replicas it may have, and how often that may change.
    pub limits: ScaleLimits,
}

fn apps() -> String {
    "apps/v1".to_owned()
}

fn deployments() -> String {
    "deployments".to_owned()
}

impl ScaledConfig {
    /// A deployment in the default namespace.
    pub fn new(name: impl Into<String>, limits: ScaleLimits) -> Self {
        Self {
            group_version: apps(),
            resource: deployments(),
            name: name.into(),
            namespace: None,
            limits,
        }
    }

    /// The same as another kind: `apps/v1` and `statefulsets`, or one of one's own.
    #[must_use]
    pub fn with_kind(
        mut self,
        group_version: impl Into<String>,
        resource: impl Into<String>,
    ) -> Self {
        self.group_version = group_version.into();
        self.resource = resource.into();
        self
    }
}

/// Which cluster, and what the names of plans mean there.
///
/// ```
/// use phasegate_provider_kubernetes::{KubernetesAccess, KubernetesConfig, RouteConfig};
/// let config = KubernetesConfig::new(KubernetesAccess::InCluster, "shop")
///     .with_route("checkout".parse()?, RouteConfig::new("checkout", "checkout-v2", "checkout-v1"));
/// let read = r#"{"access": "in-cluster", "namespace": "shop",
///     "routes": {"checkout": {"name": "checkout", "canary": "checkout-v2", "stable": "checkout-v1"}}}"#;
/// assert_eq!(serde_json::from_str::<KubernetesConfig>(read)?, config);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct KubernetesConfig {
    /// How the cluster is reached.
    pub access: KubernetesAccess,
    /// Where routes and workloads are that do not say it themselves.
    pub namespace: String,
    /// Who owns the fields that the adapter sets. Default `phasegate`.
    #[serde(default = "manager")]
    pub field_manager: String,
    /// May a route's rules be taken from another field manager, `kubectl` or a controller that applies a repository? Default no: then that
    /// is an error, which names who owns them.
    #[serde(default)]
    pub take_over: bool,
    /// Is a route set only when all its gateways have accepted it? Default yes.
    #[serde(default = "yes")]
    pub wait: bool,
    /// How long one request may take. A call's own deadline may be shorter. Default 10 s.
    #[serde(default = "within")]
    pub within: Span,
    /// The routes by the names that plans use.
    #[serde(default)]
    pub routes: BTreeMap<TargetId, RouteConfig>,
    /// The workloads that are scaled, by the names that plans use.
    #[serde(default)]
    pub scaled: BTreeMap<TargetId, ScaledConfig>,
}

fn manager() -> String {
    "phasegate".to_owned()
}

const fn yes() -> bool {
    true
}

fn within() -> Span {
    Span::from_secs(10)
}

impl KubernetesConfig {
    /// A cluster of which nothing is used yet.
    pub fn new(access: KubernetesAccess, namespace: impl Into<String>) -> Self {
        Self {
            access,
            namespace: namespace.into(),
            field_manager: manager(),
            take_over: false,
            wait: yes(),
            within: within(),
            routes: BTreeMap::new(),
            scaled: BTreeMap::new(),
        }
    }

    /// The same with one more route.
    #[must_use]
    pub fn with_route(mut self, name: TargetId, route: RouteConfig) -> Self {
        self.routes.insert(name, route);
        self
    }

    /// The same with one more workload that is scaled.
    #[must_use]
    pub fn with_scaled(mut self, name: TargetId, scaled: ScaledConfig) -> Self {
        self.scaled.insert(name, scaled);
        self
    }

    /// The same, which may take rules of routes from other field managers.
    #[must_use]
    pub fn taking_over(mut self) -> Self {
        self.take_over = true;
        self
    }

    /// The same, which does not wait for gateways.
    #[must_use]
    pub fn without_waiting(mut self) -> Self {
        self.wait = false;
        self
    }

    /// The same with more or less time for a request.
    #[must_use]
    pub fn with_within(mut self, within: Span) -> Self {
        self.within = within;
        self
    }

    pub(crate) fn check(&self) -> Result<(), KubernetesConfigError> {
        if self.within.is_zero() {
            return Err(KubernetesConfigError::Within);
        }
        let manager = &self.field_manager;
        if manager.is_empty() || manager.len() > MANAGER_LEN_MAX || !manager.is_ascii() {
            return Err(named("field-manager", manager));
        }
        name("namespace", &self.namespace)?;
        for route in self.routes.values() {
            for text in [&route.name, &route.canary, &route.stable] {
                name("routes", text)?;
            }
            if let Some(namespace) = &route.namespace {
                name("routes", namespace)?;
            }
            if route.canary == route.stable {
                let name = route.canary.clone();
                return Err(KubernetesConfigError::Same { name });
            }
        }
        for (target, scaled) in &self.scaled {
            let parts = scaled.group_version.split('/');
            let parts = parts.chain([scaled.resource.as_str(), &scaled.name]);
            for text in parts.chain(scaled.namespace.as_deref()) {
                name("scaled", text)?;
            }
            if scaled.group_version.split('/').count() > 2 {
                return Err(named("scaled", &scaled.group_version));
            }
            if scaled.limits.check("scale").is_err() {
                let target = target.clone();
                return Err(KubernetesConfigError::Bounds { target });
            }
        }
        Ok(())
    }
}

/// One part of a path of the API.
fn name(field: &'static str, text: &str) -> Result<(), KubernetesConfigError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let inside = |byte: u8| plain(byte) || matches!(byte, b'-' | b'.');
    let ends = [text.bytes().next(), text.bytes().last()];
    let fits = text.len() <= NAME_LEN_MAX
        && text.bytes().all(inside)
        && !text.contains("..")
        && ends.into_iter().all(|end| end.is_some_and(plain));
    if fits {
        Ok(())
    } else {
        Err(named(field, text))
    }
}

fn named(field: &'static str, name: &str) -> KubernetesConfigError {
    let name = phasegate_provider::text::one_line(name, 80);
    KubernetesConfigError::Name { field, name }
}

/// Why a configuration cannot be meant.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KubernetesConfigError {
    /// Bounds that leave nothing to set.
    #[error("scaled '{target}': min is more than max")]
    Bounds {
        /// What is scaled.
        target: TargetId,
    },
    /// A name that is none of Kubernetes.
    #[error("{field}: '{name}' is no name: a-z, 0-9, '-' and '.' are, 253 at most")]
    Name {
        /// The field of [`KubernetesConfig`].
        field: &'static str,
        /// The name.
        name: String,
    },
    /// One service for both versions.
    #[error("routes: canary and stable are one service, '{name}'")]
    Same {
        /// The service.
        name: String,
    },
    /// No time at all.
    #[error("within must be more than zero")]
    Within,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_meant_is_refused() {
        use KubernetesConfigError as E;
        let good = || KubernetesConfig::new(KubernetesAccess::InCluster, "shop");
        let route = |name: &str, canary: &str| {
            let route = RouteConfig::new(name, canary, "v1");
            good().with_route("r".parse().expect("an id"), route)
        };
        let scaled = |group_version: &str, min| {
            let limits = ScaleLimits {
                min,
                max: 3,
                cooldown: Span::ZERO,
            };
            let scaled = ScaledConfig::new("web", limits).with_kind(group_version, "deployments");
            good().with_scaled("s".parse().expect("an id"), scaled)
        };
        assert_eq!(route("checkout", "v2").check(), Ok(()));
        assert_eq!(scaled("apps/v1", 1).check(), Ok(()));
        assert_eq!(scaled("v1", 1).check(), Ok(()));
        for text in [
            "",
            "A",
            "a/b",
            "a..b",
            "..",
            "-a",
            "a-",
            "a?b",
            "a%2fb",
            &"a".repeat(254),
        ] {
            let found = route(text, "v2").check();
            assert!(matches!(found, Err(E::Name { .. })), "{text}: {found:?}");
        }
        let same = E::Same {
            name: "v1".to_owned(),
        };
        assert_eq!(route("checkout", "v1").check(), Err(same));
        assert!(matches!(scaled("a/b/c", 1).check(), Err(E::Name { .. })));
        assert!(matches!(
            scaled("apps/v1", 4).check(),
            Err(E::Bounds { .. })
        ));
        assert_eq!(good().with_within(Span::ZERO).check(), Err(E::Within));
        let mut nobody = good();
        nobody.field_manager.clear();
        assert!(matches!(nobody.check(), Err(E::Name { .. })));
    }
}
