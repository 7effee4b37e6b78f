//! Issues: found again by a mark in their text, made, read with their comments, closed.

use phasegate_core::{Span, Timestamp};
use phasegate_provider::text::plain;
use phasegate_provider::{Call, ErrorKind, Method, ProviderError, Sent};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::api::{Api, segment};
use crate::config::TeamConfig;

/// How many issues or comments a page holds at most.
const PER_PAGE: usize = 100;
/// How many pages are read: more than a thousand are no conversation any more.
const PAGES_MAX: usize = 10;
/// The most characters of somebody's text in an issue. GitHub takes 65,536 in all.
const TEXT_CHARS_MAX: usize = 50_000;

/// An issue: what is used of it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Issue {
    pub(crate) number: u64,
    pub(crate) html_url: String,
    body: Option<String>,
    pub(crate) created_at: Timestamp,
    /// GitHub counts pull requests among issues.
    pull_request: Option<Value>,
}

impl Issue {
    /// Does it say this, whatever ends its lines?
    pub(crate) fn says(&self, text: &str) -> bool {
        let body = self.body.as_deref().unwrap_or_default();
        body.replace("\r\n", "\n").trim_end() == text.trim_end()
    }

    fn has(&self, mark: &str) -> bool {
        let body = self.body.as_deref().unwrap_or_default();
        self.pull_request.is_none() && body.trim_end().ends_with(&hidden(mark))
    }
}

/// A comment on an issue: what is used of it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) html_url: String,
    #[serde(default)]
    pub(crate) body: String,
    pub(crate) user: Option<User>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// The app that wrote it in somebody's name.
    #[serde(default)]
    pub(crate) performed_via_github_app: Option<Value>,
}

/// Who wrote something.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct User {
    pub(crate) login: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

#[derive(Deserialize)]
struct Membership {
    state: String,
}

impl Api {
    /// The newest issue with these labels and this mark that was made within the time to look back.
    pub(crate) async fn issue_with(
        &self,
        labels: &[String],
        mark: &str,
        call: &Call,
        act: &str,
    ) -> Result<Option<Issue>, ProviderError> {
        for label in labels {
            segment(&label.replace(':', "-"), act)?;
        }
        if labels.is_empty() {
            let why = "issues need a label by which they are found again";
            return Err(ProviderError::misuse(format!("{act}: {why}")));
        }
        let (issues, labels) = (self.issues(act)?, labels.join(","));
        let path = format!("{issues}?state=all&labels={labels}&sort=created&direction=desc");
        let since = call.at.before(self.config.look_back);
        let began = Instant::now();
        for page in 1..=PAGES_MAX {
            let path = format!("{path}&per_page={PER_PAGE}&page={page}");
            let call = left(call, began);
            let found: Vec<Issue> = self.get(&path, None, &call, act).await?.json(act)?;
            let ours = found.iter().find(|issue| issue.has(mark)).cloned();
            let is_old = found.last().is_none_or(|last| last.created_at < since);
            if ours.is_some() || is_old || found.len() < PER_PAGE {
                return Ok(ours);
            }
        }
        Ok(None)
    }

    /// Makes an issue that carries the mark at its end.
    pub(crate) async fn open_issue(
        &self,
        title: &str,
        body: &str,
        labels: &[String],
        call: &Call,
        act: &str,
    ) -> Result<Issue, ProviderError> {
        let made = json!({ "title": title, "body": body, "labels": labels });
        let request = self
            .request(Method::Post, &self.issues(act)?, act)?
            .with_body("application/json", made.to_string());
        let answer = self.change(request, call, act).await?;
        // It was made, whatever the answer looks like.
        answer
            .json(act)
            .map_err(|error| error.with_sent(Sent::Maybe))
    }

    pub(crate) async fn issue(
        &self,
        number: u64,
        call: &Call,
        act: &str,
    ) -> Result<Issue, ProviderError> {
        let path = format!("{}/{number}", self.issues(act)?);
        self.get(&path, None, call, act).await?.json(act)
    }

    /// Closes an issue; one that is gone is closed.
    pub(crate) async fn close_issue(
        &self,
        number: u64,
        call: &Call,
        act: &str,
    ) -> Result<(), ProviderError> {
        let path = format!("{}/{number}", self.issues(act)?);
        let closed = json!({ "state": "closed", "state_reason": "completed" });
        let request = self
            .request(Method::Patch, &path, act)?
            .with_body("application/json", closed.to_string());
        match self.change(request, call, act).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// All comments on an issue, oldest first.
    pub(crate) async fn comments(
        &self,
        number: u64,
        call: &Call,
        act: &str,
    ) -> Result<Vec<Comment>, ProviderError> {
        let path = format!("{}/{number}/comments", self.issues(act)?);
        let (mut all, began): (Vec<Comment>, _) = (Vec::new(), Instant::now());
        for page in 1..=PAGES_MAX {
            let path = format!("{path}?per_page={PER_PAGE}&page={page}");
            let call = left(call, began);
            let found: Vec<Comment> = self.get(&path, None, &call, act).await?.json(act)?;
            let is_last = found.len() < PER_PAGE;
            all.extend(found);
            if is_last {
                return Ok(all);
            }
        }
        let told = format!("{act}: issue {number} has more than a thousand comments");
        Err(ProviderError::invalid(told))
    }

    /// Is somebody an active member of a team?
    pub(crate) async fn is_member(
        &self,
        team: &TeamConfig,
        login: &str,
        call: &Call,
        act: &str,
    ) -> Result<bool, ProviderError> {
        let organisation = team.organisation.as_ref().unwrap_or(&self.config.owner);
        let (organisation, login) = (segment(organisation, act)?, segment(login, act)?);
        let team = segment(&team.team, act)?;
        let path = format!("/orgs/{organisation}/teams/{team}/memberships/{login}");
        match self.get(&path, None, call, act).await {
            Ok(answer) => Ok(answer.json::<Membership>(act)?.state == "active"),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn issues(&self, act: &str) -> Result<String, ProviderError> {
        Ok(format!("{}/issues", self.repository(act)?))
    }
}

/// The call with the time that is left.
pub(crate) fn left(call: &Call, began: Instant) -> Call {
    let left = call.deadline.saturating_sub(Span::from(began.elapsed()));
    call.clone().with_deadline(left)
}

/// Somebody's text as it is: nothing in it is read as Markdown, mentions anybody or refers to anything.
pub(crate) fn fenced(text: &str) -> String {
    let text = plain(text, TEXT_CHARS_MAX);
    let runs = text.split(|c| c != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or(0).max(2) + 1);
    format!("{fence}text\n{text}\n{fence}")
}

/// A mark as it stands in a text, where nobody sees it.
pub(crate) fn hidden(mark: &str) -> String {
    format!("<!-- {mark} -->")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_fence() {
        for (text, fence) in [
            ("plain", "```"),
            ("```\n@everyone", "````"),
            ("a ````` b", "``````"),
            ("``", "```"),
            ("", "```"),
        ] {
            let fenced = fenced(text);
            assert_eq!(fenced, format!("{fence}text\n{text}\n{fence}"));
        }
        assert!(!fenced("a\u{0}b\u{202e}").contains(['\u{0}', '\u{202e}']));
    }
}
