//! Which repository, which workflows and what it takes for one to be done, which issues and who may answer there.

use std::collections::BTreeMap;
use std::time::Duration;

use phasegate_core::{ChannelId, PersonId, RoleId, Span, TargetId};
use phasegate_provider::{Credential, HttpEndpoint, Pace, SecretSource};
use phasegate_resilience::{Misuse, Policy};
use serde::{Deserialize, Serialize};

/// When a workflow is done.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Until {
    /// When its run has ended with success.
    #[default]
    Ended,
    /// When its run is there. How it ends is then for a criterion: `failed NAME`.
    Started,
}

/// One workflow.
///
/// ```
/// use phasegate_provider_github::{Until, WorkflowConfig};
/// let read = r#"{"file": "deploy.yml", "ref": "main", "correlation": "rollout", "until": "started"}"#;
/// let deploy = WorkflowConfig::new("deploy.yml").with_correlation("rollout").with_until(Until::Started);
/// assert_eq!(serde_json::from_str::<WorkflowConfig>(read)?, deploy);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct WorkflowConfig {
    /// The name of its file below `.github/workflows`, or its number.
    pub file: String,
    /// The branch or tag whose version of the file is run. Default `main`.
    #[serde(default = "main", rename = "ref")]
    pub git_ref: String,
    /// The input that takes the correlation id, which the workflow shows in its `run-name`. With it a run whose dispatch
    /// was not confirmed is found again; without it such a dispatch is in doubt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// When it is done. Default: when it has ended with success.
    #[serde(default)]
    pub until: Until,
}

fn main() -> String {
    "main".to_owned()
}

impl WorkflowConfig {
    /// This file on `main`, without a correlation id, done when it has ended.
    pub fn new(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            git_ref: main(),
            correlation: None,
            until: Until::Ended,
        }
    }

    /// The same on another branch or tag.
    #[must_use]
    pub fn with_ref(mut self, git_ref: impl Into<String>) -> Self {
        self.git_ref = git_ref.into();
        self
    }

    /// The same with an input for the correlation id.
    #[must_use]
    pub fn with_correlation(mut self, input: impl Into<String>) -> Self {
        self.correlation = Some(input.into());
        self
    }

    /// The same, done at another point.
    #[must_use]
    pub fn with_until(mut self, until: Until) -> Self {
        self.until = until;
        self
    }
}

/// A channel whose messages become issues.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct TicketConfig {
    /// The labels that its issues get, one at least: by them a repeated message finds its issue again. Letters, digits,
    /// `.`, `_`, `-` and `:`.
    pub labels: Vec<String>,
}

/// A label that is switched: on an issue or a pull request, or not.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct LabelConfig {
    /// The number of the issue or pull request.
    pub issue: u64,
    /// The label: letters, digits, `.`, `_`, `-` and `:`.
    pub label: String,
}

/// A team whose members may answer in a role.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct TeamConfig {
    /// The organisation. Default: the owner of the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// The team's name in URLs.
    pub team: String,
}

/// Who may answer questions, in comments on issues and by reviews of a pull request.
///
/// ```
/// use phasegate_provider_github::ApprovalsConfig;
/// let read = r#"{"labels": ["phasegate-question"], "roles": {"release-lead": {"team": "release-leads"}},
///     "people": {"ada": "ada-l"}}"#;
/// let config: ApprovalsConfig = serde_json::from_str(read)?;
/// assert_eq!(config.people[&"ada".parse()?], "ada-l");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct ApprovalsConfig {
    /// The labels that questions get, as those of [`TicketConfig`].
    pub labels: Vec<String>,
    /// Whose members may answer in which role.
    pub roles: BTreeMap<RoleId, TeamConfig>,
    /// People and their logins. What others write is no answer.
    pub people: BTreeMap<PersonId, String>,
    /// The pull request whose reviews are answers too, by its number. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<u64>,
}

/// One repository: its workflows, and what its issues are for.
///
/// ```
/// use phasegate_provider::SecretSource;
/// use phasegate_provider_github::{GithubConfig, WorkflowConfig};
/// let config = GithubConfig::new("octo-org", "shop", SecretSource::Env("GITHUB_TOKEN".to_owned()))
///     .with_workflow("deploy", WorkflowConfig::new("deploy.yml"));
/// let read = r#"{"endpoint": {"url": "https://api.github.com", "credential": {"bearer": {"env": "GITHUB_TOKEN"}}},
///     "owner": "octo-org", "repository": "shop", "workflows": {"deploy": {"file": "deploy.yml"}}}"#;
/// assert_eq!(serde_json::from_str::<GithubConfig>(read)?, config);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct GithubConfig {
    /// `https://api.github.com`, or `https://HOST/api/v3` of an Enterprise Server, and a token.
    pub endpoint: HttpEndpoint,
    /// Whose repository.
    pub owner: String,
    /// Which one.
    pub repository: String,
    /// Its workflows, by the names that plans use.
    #[serde(default)]
    pub workflows: BTreeMap<String, WorkflowConfig>,
    /// Labels that are switched, by the names that plans use: flags that are there at 100 % and not there at 0 %.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<TargetId, LabelConfig>,
    /// Channels whose messages become issues.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tickets: BTreeMap<ChannelId, TicketConfig>,
    /// Who may answer questions, in comments on issues. Default: nobody is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<ApprovalsConfig>,
    /// How often a run that is waited for is looked at. Default 5 s.
    #[serde(default = "poll")]
    pub poll: Span,
    /// How far back runs with a correlation id, and issues, are looked for. A rollout's id must be its own for that long. Default
    /// one day.
    #[serde(default = "look_back")]
    pub look_back: Span,
    /// How far apart calls that change something are. Default 1 s, as GitHub asks for.
    #[serde(default = "apart")]
    pub apart: Span,
}

fn poll() -> Span {
    Span::from_secs(5)
}

fn look_back() -> Span {
    Span::from_secs(24 * 3600)
}

fn apart() -> Span {
    Span::from_secs(1)
}

impl GithubConfig {
    /// This repository at github.com, with a token.
    pub fn new(
        owner: impl Into<String>,
        repository: impl Into<String>,
        token: SecretSource,
    ) -> Self {
        let endpoint = HttpEndpoint::new("https://api.github.com");
        Self {
            endpoint: endpoint.with_credential(Credential::Bearer(token)),
            owner: owner.into(),
            repository: repository.into(),
            workflows: BTreeMap::new(),
            labels: BTreeMap::new(),
            tickets: BTreeMap::new(),
            approvals: None,
            poll: poll(),
            look_back: look_back(),
            apart: apart(),
        }
    }

    /// The same at another place, with the credential that stands there.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: HttpEndpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// The same with a workflow.
    #[must_use]
    pub fn with_workflow(mut self, name: impl Into<String>, workflow: WorkflowConfig) -> Self {
        self.workflows.insert(name.into(), workflow);
        self
    }

    /// The same with a label that is switched.
    #[must_use]
    pub fn with_label(mut self, name: TargetId, label: LabelConfig) -> Self {
        self.labels.insert(name, label);
        self
    }

    /// The same with a channel whose messages become issues.
    #[must_use]
    pub fn with_ticket(mut self, channel: ChannelId, ticket: TicketConfig) -> Self {
        self.tickets.insert(channel, ticket);
        self
    }

    /// The same with people who answer questions.
    #[must_use]
    pub fn with_approvals(mut self, approvals: ApprovalsConfig) -> Self {
        self.approvals = Some(approvals);
        self
    }

    /// The same, looking more or less often.
    #[must_use]
    pub fn with_poll(mut self, span: Span) -> Self {
        self.poll = span;
        self
    }

    /// The same with more or less time between changes.
    #[must_use]
    pub fn with_apart(mut self, span: Span) -> Self {
        self.apart = span;
        self
    }
}

/// A policy within GitHub's published limits, for metrics and switches: one call a second, of the 5000 an hour and 900
/// points a minute that a token has (`docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api`); three
/// attempts within 20 s, 10 s for each; a breaker that opens after five failures in a row. A limit that is told comes
/// as [`Throttled`](phasegate_provider::ErrorKind::Throttled) with its wait, which is kept.
///
/// # Errors
/// None in fact; the parts check their numbers.
pub fn default_policy() -> Result<Policy, Misuse> {
    Pace::HOSTED.limited(1, Duration::from_secs(1), Duration::from_secs(2))
}
