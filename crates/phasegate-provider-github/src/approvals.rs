//! The role of an approval source: each question is an issue, answers are comments by members of the role's team.
//!
//! A comment counts by who wrote it, as GitHub says, and only as it was written: others may edit comments, so one that
//! was edited counts no more. An issue whose text was edited asks something else, so no answer to it counts.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use async_trait::async_trait;
use phasegate_core::PersonId;
use phasegate_provider::text::one_line;
use phasegate_provider::{
    ApprovalSource, Ask, AskId, Call, Decision, ProviderError, Receipt, Reply, Sent,
};
use tokio::time::Instant;

use crate::config::{ApprovalsConfig, TeamConfig};
use crate::host::{Github, mark};
use crate::issue::{Comment, fenced, hidden, left};

/// The longest title and reason, in characters.
const TITLE_CHARS_MAX: usize = 200;
const REASON_CHARS_MAX: usize = 1000;

/// A question that is open.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    ask: Ask,
    issue: u64,
    /// What its issue says.
    text: String,
}

impl Github {
    fn approvals(&self, act: &str) -> Result<&ApprovalsConfig, ProviderError> {
        let config = self.api.config.approvals.as_ref();
        config.ok_or_else(|| ProviderError::misuse(format!("{act}: nobody may answer here")))
    }

    fn opened(&self, ask: &AskId) -> Option<Open> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(ask).cloned()
    }

    fn all_open(&self) -> Vec<Open> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.values().cloned().collect()
    }

    /// What counts of the comments on one question.
    async fn replies(
        &self,
        open: &Open,
        members: &mut BTreeMap<(String, String), bool>,
        (call, began): (&Call, Instant),
        act: &str,
    ) -> Result<Vec<Reply>, ProviderError> {
        let (config, number) = (self.approvals(act)?, open.issue);
        let now = || left(call, began);
        let team = team(config, open, act)?;
        if !self.api.issue(number, &now(), act).await?.says(&open.text) {
            let told = format!("{act}: issue {number} does not say any more what was asked");
            return Err(ProviderError::invalid(told));
        }
        let mut replies = Vec::new();
        for comment in self.api.comments(number, &now(), act).await? {
            let Some((person, login, decision, reason)) = said(&comment, &open.ask, config) else {
                continue;
            };
            let key = (team.team.clone(), login.to_owned());
            let is_member = match members.get(&key) {
                Some(known) => *known,
                None => {
                    let found = self.api.is_member(team, login, &now(), act).await?;
                    members.insert(key, found);
                    found
                }
            };
            if !is_member {
                continue;
            }
            let (id, url) = (comment.id, &comment.html_url);
            let reply = Reply {
                ask: open.ask.id.clone(),
                person: person.clone(),
                role: open.ask.role.clone(),
                decision,
                comment: reason,
                plan_digest: open.ask.plan_digest.clone(),
                journal_head: open.ask.journal_head.clone(),
                at: comment.created_at,
                verified: format!("comment {id} of {login}, member of {}: {url}", team.team),
            };
            reply.supersede(&mut replies);
        }
        Ok(replies)
    }
}

fn team<'a>(
    config: &'a ApprovalsConfig,
    open: &Open,
    act: &str,
) -> Result<&'a TeamConfig, ProviderError> {
    let role = &open.ask.role;
    let none = || ProviderError::misuse(format!("{act}: the role {role} has no team"));
    config.roles.get(role).ok_or_else(none)
}

/// Who says what by a comment, if it can be an answer: by a person, as it was written, in time.
fn said<'a>(
    comment: &'a Comment,
    ask: &Ask,
    config: &'a ApprovalsConfig,
) -> Option<(&'a PersonId, &'a str, Decision, String)> {
    let user = comment.user.as_ref().filter(|user| user.kind == "User")?;
    let is_as_written = comment.created_at == comment.updated_at;
    if !is_as_written
        || comment.performed_via_github_app.is_some()
        || comment.created_at > ask.expires
    {
        return None;
    }
    let known = |(_, login): &(&PersonId, &String)| login.eq_ignore_ascii_case(&user.login);
    let (person, _) = config.people.iter().find(known)?;
    let body = comment.body.trim_start();
    let end = body.find(char::is_whitespace).unwrap_or(body.len());
    let (word, reason) = body.split_at_checked(end)?;
    let decision = match word.to_ascii_lowercase().as_str() {
        "/no" => Decision::No,
        "/withdraw" => Decision::Withdraw,
        "/yes" => Decision::Yes,
        _ => return None,
    };
    let reason = one_line(reason.trim(), REASON_CHARS_MAX);
    Some((person, &user.login, decision, reason))
}

/// What the issue of a question says, and its mark. The same question says the same.
fn text(ask: &Ask, team: &TeamConfig) -> (String, String) {
    let Ask {
        id,
        role,
        question,
        plan_digest,
        journal_head,
        expires,
        ..
    } = ask;
    let shown = fenced(&format!(
        "{question}\n\nquestion {id}\nplan     {plan_digest}\njournal  {journal_head}"
    ));
    let expires = expires.to_string();
    let mark = mark(&[id.as_str(), role.as_str(), &shown, &expires]);
    let team = &team.team;
    let text = format!(
        "A rollout asks in the role `{role}`. Members of the team `{team}` answer by a comment that begins with \
         `/yes`, `/no` or `/withdraw`, with the reason behind it. The last one of each counts. A comment that was \
         edited does not count, and neither does one after {expires}.\n\n{shown}\n\n{}\n",
        hidden(&mark)
    );
    (text, mark)
}

#[async_trait]
impl ApprovalSource for Github {
    async fn ask(&self, ask: &Ask, call: &Call) -> Result<Receipt, ProviderError> {
        let act = &format!("put question {}", one_line(ask.id.as_str(), 80));
        let config = self.approvals(act)?;
        if let Some(open) = self.opened(&ask.id) {
            if open.ask == *ask {
                return Ok(Receipt::new(format!("issue {} is there", open.issue)));
            }
            let told = format!("{act}: another question has this id");
            return Err(ProviderError::misuse(told));
        }
        let mut open = Open {
            ask: ask.clone(),
            issue: 0,
            text: String::new(),
        };
        let (text, mark) = text(ask, team(config, &open, act)?);
        let found = self.api.issue_with(&config.labels, &mark, call, act).await;
        let found = found.map_err(|error| error.with_sent(Sent::Nothing))?;
        // One that was edited meanwhile, or that somebody else has laid there, asks something else.
        let issue = match found.filter(|issue| issue.says(&text)) {
            Some(issue) => issue,
            None => {
                let title = format!(
                    "Question: {}",
                    one_line(ask.question.trim(), TITLE_CHARS_MAX)
                );
                let labels = &config.labels;
                self.api
                    .open_issue(&title, &text, labels, call, act)
                    .await?
            }
        };
        open.issue = issue.number;
        open.text = text;
        let mut all = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(ask.id.clone(), open);
        Ok(Receipt::new(format!(
            "issue {}: {}",
            issue.number, issue.html_url
        )))
    }

    async fn poll(&self, call: &Call) -> Result<Vec<Reply>, ProviderError> {
        let act = "collect answers from GitHub";
        let (mut all, mut members) = (Vec::new(), BTreeMap::new());
        let within = (call, Instant::now());
        for open in self.all_open() {
            all.extend(self.replies(&open, &mut members, within, act).await?);
        }
        all.sort_by(|a, b| (a.at, &a.person).cmp(&(b.at, &b.person)));
        Ok(all)
    }

    async fn close(&self, ask: &AskId, call: &Call) -> Result<(), ProviderError> {
        let act = &format!("close question {}", one_line(ask.as_str(), 80));
        let Some(open) = self.opened(ask) else {
            return Ok(());
        };
        self.api.close_issue(open.issue, call, act).await?;
        let mut all = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(ask);
        Ok(())
    }
}
