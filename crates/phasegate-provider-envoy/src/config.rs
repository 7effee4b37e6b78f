//! What the adapter is told, checked when it is built.

use std::collections::BTreeMap;
use std::path::PathBuf;

use phasegate_core::{Span, TargetId};
use phasegate_provider::HttpEndpoint;
use serde::{Deserialize, Serialize};

/// One route: the file that Envoy watches, and which of its clusters are which version.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Route {
    /// The file, as JSON, that Envoy is told as `path` of its `path_config_source`. The adapter changes weights and
    /// copies in it and keeps the rest.
    pub file: PathBuf,
    /// The name of the `RouteConfiguration`: `route_config_name` of Envoy's `rds`.
    pub table: String,
    /// The cluster of the new version.
    pub canary: String,
    /// The cluster of the stable version.
    pub stable: String,
    /// The cluster that copies of requests are sent to, where there is one.
    #[serde(default)]
    pub shadow: Option<String>,
}

impl Route {
    /// A route without copies.
    pub fn new(
        file: impl Into<PathBuf>,
        table: impl Into<String>,
        canary: impl Into<String>,
        stable: impl Into<String>,
    ) -> Self {
        Self {
            file: file.into(),
            table: table.into(),
            canary: canary.into(),
            stable: stable.into(),
            shadow: None,
        }
    }

    /// The same route, of whose requests copies can be sent to a cluster.
    #[must_use]
    pub fn with_shadow(mut self, cluster: impl Into<String>) -> Self {
        self.shadow = Some(cluster.into());
        self
    }
}

/// Why a configuration cannot be meant.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvoyConfigError {
    /// A file of which Envoy would not think that it is JSON, or not named by an absolute path.
    #[error("route '{route}': the file must be an absolute path that ends with .json")]
    File {
        /// The route.
        route: TargetId,
    },
    /// A name that is none.
    #[error("route '{route}': '{name}' is no name: letters, digits and . : / _ - are, 200 at most")]
    Name {
        /// The route.
        route: TargetId,
        /// The name.
        name: String,
    },
    /// One cluster for both versions.
    #[error("route '{route}': canary and stable are one cluster, '{name}'")]
    Same {
        /// The route.
        route: TargetId,
        /// The cluster.
        name: String,
    },
    /// No time at all.
    #[error("within must be more than zero")]
    Within,
}

/// Which Envoy, and what the names of routes mean.
///
/// ```
/// use phasegate_provider::HttpEndpoint;
/// use phasegate_provider_envoy::{EnvoyConfig, Route};
/// let config = EnvoyConfig::new(HttpEndpoint::new("http://127.0.0.1:9901"))
///     .with_route("shop".parse()?, Route::new("/etc/envoy/shop.json", "shop", "shop_v2", "shop_v1"));
/// let read = r#"{"admin": {"url": "http://127.0.0.1:9901"}, "routes": {"shop": {"table": "shop",
///     "file": "/etc/envoy/shop.json", "canary": "shop_v2", "stable": "shop_v1"}}}"#;
/// assert_eq!(serde_json::from_str::<EnvoyConfig>(read)?, config);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct EnvoyConfig {
    /// Envoy's admin interface, for reading back. It knows no passwords: keep it on loopback.
    pub admin: HttpEndpoint,
    /// The routes by the names that plans use.
    #[serde(default)]
    pub routes: BTreeMap<TargetId, Route>,
    /// How long Envoy may take to load a file that has changed. Default 5 s.
    #[serde(default = "within")]
    pub within: Span,
}

fn within() -> Span {
    Span::from_secs(5)
}

impl EnvoyConfig {
    /// An Envoy without routes.
    pub fn new(admin: HttpEndpoint) -> Self {
        Self {
            admin,
            routes: BTreeMap::new(),
            within: within(),
        }
    }

    /// The same with one more route.
    #[must_use]
    pub fn with_route(mut self, name: TargetId, route: Route) -> Self {
        self.routes.insert(name, route);
        self
    }

    /// The same with more or less time to load a file.
    #[must_use]
    pub fn with_within(mut self, within: Span) -> Self {
        self.within = within;
        self
    }

    pub(crate) fn check(&self) -> Result<(), EnvoyConfigError> {
        if self.within.is_zero() {
            return Err(EnvoyConfigError::Within);
        }
        for (name, route) in &self.routes {
            let json = route.file.extension().is_some_and(|end| end == "json");
            if !json || !route.file.is_absolute() {
                let route = name.clone();
                return Err(EnvoyConfigError::File { route });
            }
            let names = [&route.table, &route.canary, &route.stable];
            for text in names.into_iter().chain(&route.shadow) {
                let fits = |c: char| c.is_ascii_alphanumeric() || ".:/_-".contains(c);
                if text.is_empty() || text.len() > 200 || !text.chars().all(fits) {
                    let (route, name) = (name.clone(), text.clone());
                    return Err(EnvoyConfigError::Name { route, name });
                }
            }
            if route.canary == route.stable {
                let (route, name) = (name.clone(), route.canary.clone());
                return Err(EnvoyConfigError::Same { route, name });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_meant_is_refused() {
        use EnvoyConfigError as E;
        let config = |route: Route| {
            let config = EnvoyConfig::new(HttpEndpoint::new("http://127.0.0.1:1"));
            config.with_route("r".parse().expect("an id"), route)
        };
        let good = Route::new("/f.json", "t", "a/v2.x:y", "v1").with_shadow("v2");
        assert_eq!(config(good.clone()).check(), Ok(()));
        for file in ["f.json", "/f.yaml", "/f", "/json"] {
            let error = config(Route::new(file, "t", "v2", "v1")).check();
            assert!(matches!(error, Err(E::File { .. })), "{file}");
        }
        for bad in ["", "a b", "x\"", "a\n", "x&y", "(", "ä", &"x".repeat(201)] {
            for route in [
                Route::new("/f.json", bad, "v2", "v1"),
                Route::new("/f.json", "t", bad, "v1"),
                Route::new("/f.json", "t", "v2", bad),
                good.clone().with_shadow(bad),
            ] {
                let error = config(route).check();
                assert!(matches!(error, Err(E::Name { .. })), "{bad:?}");
            }
        }
        let same = config(Route::new("/f.json", "t", "v1", "v1")).check();
        assert!(matches!(same, Err(E::Same { .. })));
        assert_eq!(config(good).with_within(Span::ZERO).check(), Err(E::Within));
    }
}
