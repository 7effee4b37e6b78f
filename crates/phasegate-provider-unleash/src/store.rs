//! The flag store over the admin API.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::{Capability, Ratio, Standing, TargetId};
use phasegate_provider::{
    Call, Exposure, FlagStore, HttpEndpoint, HttpResponse, HttpTransport, Method, Provider,
    ProviderError, Receipt,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::environment::{Environment, Rollout, whole_percent};

/// Where the server is, and which of its environments is meant.
///
/// ```
/// use phasegate_provider_unleash::UnleashConfig;
/// let config: UnleashConfig = serde_json::from_str(
///     r#"{"endpoint": {"url": "https://unleash.example.com"}, "environment": "production"}"#,
/// )?;
/// assert_eq!((config.project.as_str(), config.stickiness.as_str()), ("default", "default"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct UnleashConfig {
    /// The server, without `/api`. Its credential is a header `authorization` that holds an admin token or a
    /// service account's.
    pub endpoint: HttpEndpoint,
    /// The environment: `production`.
    pub environment: String,
    /// The project. Default `default`.
    #[serde(default = "default")]
    pub project: String,
    /// What a new rollout hashes: `userId`, `sessionId`, a field of the context. Default `default`: the
    /// user, else the session, else chance.
    #[serde(default = "default")]
    pub stickiness: String,
}

fn default() -> String {
    "default".to_owned()
}

impl UnleashConfig {
    /// An environment of the project `default`.
    pub fn new(endpoint: HttpEndpoint, environment: impl Into<String>) -> Self {
        Self {
            endpoint,
            environment: environment.into(),
            project: default(),
            stickiness: default(),
        }
    }

    /// The same in another project.
    #[must_use]
    pub fn with_project(mut self, project: impl Into<String>) -> Self {
        self.project = project.into();
        self
    }

    /// The same with another stickiness of new rollouts.
    #[must_use]
    pub fn with_stickiness(mut self, stickiness: impl Into<String>) -> Self {
        self.stickiness = stickiness.into();
        self
    }
}

/// Flags of Unleash.
#[derive(Clone, Debug)]
pub struct Unleash {
    transport: Arc<dyn HttpTransport>,
    config: UnleashConfig,
}

impl Unleash {
    /// A store over a server. Nothing is asked yet.
    pub fn new(transport: Arc<dyn HttpTransport>, config: UnleashConfig) -> Self {
        Self { transport, config }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        act: &str,
        call: &Call,
    ) -> Result<HttpResponse, ProviderError> {
        let request = self.config.endpoint.request(method, path, act)?;
        let mut request = request.without_redirects();
        if let Some(body) = body {
            request = request.with_body("application/json", body.to_string());
        }
        self.transport.send(request, call).await?.or_error(act)
    }

    fn path(&self, flag: &TargetId) -> String {
        let (project, environment) = (
            encoded(&self.config.project),
            encoded(&self.config.environment),
        );
        format!("/api/admin/projects/{project}/features/{flag}/environments/{environment}")
    }

    async fn found(
        &self,
        flag: &TargetId,
        act: &str,
        call: &Call,
    ) -> Result<Environment, ProviderError> {
        let answer = self
            .send(Method::Get, &self.path(flag), None, act, call)
            .await?;
        answer.json_type(act)?;
        Environment::from_api(&answer.body).map_err(|error| {
            let told = format!("{act}: the answer is no feature environment");
            ProviderError::invalid(told).with_source(error)
        })
    }

    /// Brings the rollout to a percentage, whether or not the environment is on.
    async fn roll_out(
        &self,
        flag: &TargetId,
        rollout: &Rollout,
        percent: u32,
        act: &str,
        call: &Call,
    ) -> Result<(), ProviderError> {
        let strategies = format!("{}/strategies", self.path(flag));
        match rollout {
            Rollout::Other(why) => return Err(ProviderError::misuse(format!("{act}: {why}"))),
            Rollout::Flexible { percent: found, .. } if *found == percent => {}
            Rollout::Flexible { id, .. } => {
                let patch = json!([{"op": "replace", "path": "/parameters/rollout", "value": percent.to_string()}]);
                let path = format!("{strategies}/{}", encoded(id));
                self.send(Method::Patch, &path, Some(&patch), act, call)
                    .await?;
            }
            Rollout::Everybody => {
                let strategy = json!({
                    "name": "flexibleRollout",
                    "constraints": [],
                    "parameters": {
                        "rollout": percent.to_string(),
                        "stickiness": self.config.stickiness,
                        "groupId": flag.as_str(),
                    },
                });
                self.send(Method::Post, &strategies, Some(&strategy), act, call)
                    .await?;
            }
        }
        Ok(())
    }
}

impl Provider for Unleash {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::ReadBack])
    }
}

#[async_trait]
impl FlagStore for Unleash {
    async fn read(&self, flag: &TargetId, call: &Call) -> Result<Exposure, ProviderError> {
        let act = format!("read flag {flag}");
        let found = self.found(flag, &act, call).await?;
        match found.share() {
            Ok((share, native)) => Ok(Exposure { share, native }),
            Err(why) => Err(ProviderError::invalid(format!("{act}: {why}"))),
        }
    }

    async fn set(
        &self,
        flag: &TargetId,
        share: Ratio,
        call: &Call,
    ) -> Result<Receipt, ProviderError> {
        let act = format!("set flag {flag} to {share}");
        let Some(percent) = whole_percent(share) else {
            let why = "Unleash holds whole percents and would round this to nobody";
            return Err(ProviderError::misuse(format!("{act}: {why}")));
        };
        let found = self.found(flag, &act, call).await?;
        // Off is off: nothing has to be made for that.
        if found.enabled || percent > 0 {
            self.roll_out(flag, &found.rollout, percent, &act, call)
                .await?;
        }
        if !found.enabled && percent > 0 {
            let on = format!("{}/on", self.path(flag));
            self.send(Method::Post, &on, None, &act, call).await?;
        }
        Ok(Receipt::new(format!(
            "flexibleRollout {percent} in {}",
            self.config.environment
        )))
    }

    fn judge(
        &self,
        _flag: &TargetId,
        desired: Ratio,
        before: Option<Ratio>,
        found: &Exposure,
    ) -> Standing {
        let is = |share: Ratio| whole_percent(share) == whole_percent(found.share);
        if is(desired) {
            Standing::AsDesired
        } else if before.is_some_and(is) {
            Standing::AsBefore
        } else {
            Standing::Other
        }
    }
}

/// One segment of a path.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
