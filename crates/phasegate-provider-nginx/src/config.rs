//! What the adapter is told, checked when it is built: names and keys go into a configuration file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use phasegate_core::{Span, TargetId};
use phasegate_provider::HttpEndpoint;
use serde::{Deserialize, Serialize};

/// One route: the file that the adapter owns, and what stands in it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Route {
    /// The file, included by nginx's `http` block. The adapter writes all of it.
    pub file: PathBuf,
    /// What of a request decides its way: `$request_id` (each by itself, the default), or what stays the
    /// same for one user: `$cookie_user`, `$remote_addr$http_user_agent`.
    #[serde(default = "key")]
    pub key: String,
    /// The variable that the file sets, without `$`: `shop_upstream`. Beside it the file sets
    /// `shop_upstream_share`, for reading back.
    pub variable: String,
    /// The variable's value for the new version: an upstream's name.
    pub canary: String,
    /// Its value for the stable version.
    pub stable: String,
    /// A location that returns `$…_share`, for people and for reading back.
    pub status: String,
}

fn key() -> String {
    "$request_id".to_owned()
}

impl Route {
    /// A route that decides each request by itself; its status is at `/phasegate/VARIABLE`.
    pub fn new(
        file: impl Into<PathBuf>,
        variable: impl Into<String>,
        canary: impl Into<String>,
        stable: impl Into<String>,
    ) -> Self {
        let variable = variable.into();
        Self {
            file: file.into(),
            key: key(),
            status: format!("/phasegate/{variable}"),
            variable,
            canary: canary.into(),
            stable: stable.into(),
        }
    }

    /// The same route, decided by something else.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }
}

/// Why a configuration cannot be meant.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NginxConfigError {
    /// A file that is not named by an absolute path.
    #[error("route '{route}': the file must be an absolute path")]
    File {
        /// The route.
        route: TargetId,
    },
    /// A name that nginx would not take, or would take for something else.
    #[error("route '{route}': '{name}' is no {what}")]
    Name {
        /// The route.
        route: TargetId,
        /// What it should be.
        what: &'static str,
        /// The name.
        name: String,
    },
}

/// Which nginx, and what the names of routes mean.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct NginxConfig {
    /// nginx itself, for reading back.
    pub endpoint: HttpEndpoint,
    /// The routes by the names that plans use.
    #[serde(default)]
    pub routes: BTreeMap<TargetId, Route>,
    /// The command that checks the configuration (`nginx -t`), as the command runner knows it.
    #[serde(default = "test")]
    pub test: String,
    /// The command that reloads it (`nginx -s reload`).
    #[serde(default = "reload")]
    pub reload: String,
    /// How long new workers may take after a reload. Default 5 s.
    #[serde(default = "within")]
    pub within: Span,
}

fn test() -> String {
    "nginx-test".to_owned()
}

fn reload() -> String {
    "nginx-reload".to_owned()
}

fn within() -> Span {
    Span::from_secs(5)
}

impl NginxConfig {
    /// An nginx without routes; its commands are `nginx-test` and `nginx-reload`.
    pub fn new(endpoint: HttpEndpoint) -> Self {
        Self {
            endpoint,
            routes: BTreeMap::new(),
            test: test(),
            reload: reload(),
            within: within(),
        }
    }

    /// The same with one more route.
    #[must_use]
    pub fn with_route(mut self, name: TargetId, route: Route) -> Self {
        self.routes.insert(name, route);
        self
    }

    pub(crate) fn check(&self) -> Result<(), NginxConfigError> {
        let word = |text: &str, more: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
            !text.is_empty() && text.len() <= 200 && text.chars().all(fits)
        };
        for (name, route) in &self.routes {
            if !route.file.is_absolute() {
                let route = name.clone();
                return Err(NginxConfigError::File { route });
            }
            for (what, text, fits) in [
                ("variable", &route.variable, word(&route.variable, "_")),
                ("key of variables", &route.key, word(&route.key, "_$")),
                ("upstream", &route.canary, word(&route.canary, "_.:-")),
                ("upstream", &route.stable, word(&route.stable, "_.:-")),
                ("path", &route.status, route.status.starts_with('/')),
            ] {
                if !fits {
                    let (route, name) = (name.clone(), text.clone());
                    return Err(NginxConfigError::Name { route, what, name });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_more_than_a_name_is_refused() {
        let with = |route| {
            NginxConfig::new(HttpEndpoint::new("http://127.0.0.1"))
                .with_route("r".parse().expect("an id"), route)
                .check()
        };
        assert_eq!(
            with(Route::new("/f", "up", "v2", "v1").with_key("$a$b_c")),
            Ok(())
        );
        for bad in ["", "a b", "x;}", "x}", "\"", "\n", "x$"] {
            for route in [
                Route::new("/f", bad, "v2", "v1"),
                Route::new("/f", "up", bad, "v1"),
                Route::new("/f", "up", "v2", bad),
            ] {
                assert!(
                    matches!(with(route), Err(NginxConfigError::Name { .. })),
                    "{bad:?}"
                );
            }
        }
        let key = Route::new("/f", "up", "v2", "v1").with_key("$a\" $b { 100% x; }");
        assert!(matches!(with(key), Err(NginxConfigError::Name { .. })));
        let file = Route::new("f", "up", "v2", "v1");
        assert!(matches!(with(file), Err(NginxConfigError::File { .. })));
    }
}
