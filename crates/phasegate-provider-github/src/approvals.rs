//! The role of an approval source: each question is an issue, answers are comments by members of the role's team, and
//! their reviews of a pull request where one is named.
//!
//! A comment counts by who wrote it, as GitHub says, and only as it was written: others may edit comments, so one that
//! was edited counts no more. An issue whose text was edited asks something else, so no answer to it counts.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use async_trait::async_trait;
use phasegate_core::{PersonId, Timestamp};
use phasegate_provider::text::one_line;
use phasegate_provider::{
    ApprovalSource, Ask, AskId, Call, Decision, ProviderError, Receipt, Reply, Sent,
};
use tokio::time::Instant;

use crate::config::{ApprovalsConfig, TeamConfig};
use crate::host::{Github, mark};
use crate::issue::{Comment, User, fenced, hidden, left};
use crate::review::Review;

/// The longest title and reason, in characters.
const TITLE_CHARS_MAX: usize = 200;
const REASON_CHARS_MAX: usize = 1000;
/// How much of a question's mark a review names: eight hexadecimal digits tell questions of one repository apart.
const CODE_CHARS: usize = "phasegate-".len() + 8;

/// A question that is open.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    ask: Ask,
    issue: u64,
    /// What its issue says.
    text: String,
    /// What a review begins with that answers it.
    code: String,
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

    /// What counts of what was said to one question.
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
        let issue = self.api.issue(number, &now(), act).await?;
        if !issue.says(&open.text) {
            let told = format!("{act}: issue {number} does not say any more what was asked");
            return Err(ProviderError::invalid(told));
        }
        let comments = self.api.comments(number, &now(), act).await?;
        let mut found: Vec<Said<'_>> = Vec::new();
        found.extend(comments.iter().filter_map(|one| commented(one, config)));
        let reviews = match config.pull_request {
            Some(pull) => self.api.reviews(pull, &now(), act).await?,
            None => Vec::new(),
        };
        let mut reviewed: Vec<Said<'_>> = Vec::new();
        reviewed.extend(
            reviews
                .iter()
                .filter_map(|one| reviews_of(one, open, config)),
        );
        // GitHub's moments are whole seconds: in the second of the question it cannot be told which came first.
        reviewed.retain(|said| said.at > issue.created_at);
        found.extend(reviewed);
        found.retain(|said| said.at <= open.ask.expires);
        found.sort_by_key(|said| said.at);
        let mut replies = Vec::new();
        for said in found {
            let key = (team.team.clone(), said.login.to_owned());
            let is_member = match members.get(&key) {
                Some(known) => *known,
                None => {
                    let found = self.api.is_member(team, said.login, &now(), act).await?;
                    members.insert(key, found);
                    found
                }
            };
            if is_member {
                said.reply(&open.ask, team).supersede(&mut replies);
            }
        }
        Ok(replies)
    }
}

/// What somebody said, where it can be an answer.
struct Said<'a> {
    person: &'a PersonId,
    login: &'a str,
    decision: Decision,
    reason: String,
    at: Timestamp,
    /// Which comment or review it is, and where it is.
    what: String,
    url: &'a str,
}

impl Said<'_> {
    fn reply(self, ask: &Ask, team: &TeamConfig) -> Reply {
        let (what, login, url) = (self.what, self.login, self.url);
        Reply {
            ask: ask.id.clone(),
            person: self.person.clone(),
            role: ask.role.clone(),
            decision: self.decision,
            comment: self.reason,
            plan_digest: ask.plan_digest.clone(),
            journal_head: ask.journal_head.clone(),
            at: self.at,
            verified: format!("{what} of {login}, member of {}: {url}", team.team),
            note: None,
        }
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

/// The person with this account, if it is one's own.
fn person<'a>(
    user: Option<&'a User>,
    config: &'a ApprovalsConfig,
) -> Option<(&'a PersonId, &'a str)> {
    let user = user.filter(|user| user.kind == "User")?;
    let known = |(_, login): &(&PersonId, &String)| login.eq_ignore_ascii_case(&user.login);
    let (person, _) = config.people.iter().find(known)?;
    Some((person, &user.login))
}

/// Who says what by a comment, if it can be an answer: by a person, as it was written.
fn commented<'a>(comment: &'a Comment, config: &'a ApprovalsConfig) -> Option<Said<'a>> {
    let is_as_written = comment.created_at == comment.updated_at;
    if !is_as_written || comment.performed_via_github_app.is_some() {
        return None;
    }
    let (person, login) = person(comment.user.as_ref(), config)?;
    let body = comment.body.trim_start();
    let end = body.find(char::is_whitespace).unwrap_or(body.len());
    let (word, reason) = body.split_at_checked(end)?;
    let decision = match word.to_ascii_lowercase().as_str() {
        "/no" => Decision::No,
        "/withdraw" => Decision::Withdraw,
        "/yes" => Decision::Yes,
        _ => return None,
    };
    Some(Said {
        person,
        login,
        decision,
        reason: one_line(reason.trim(), REASON_CHARS_MAX),
        at: comment.created_at,
        what: format!("comment {}", comment.id),
        url: &comment.html_url,
    })
}

/// Who says what by a review that names the question.
fn reviews_of<'a>(
    review: &'a Review,
    open: &Open,
    config: &'a ApprovalsConfig,
) -> Option<Said<'a>> {
    let (person, login) = person(review.user.as_ref(), config)?;
    let (decision, reason) = review.decides(&open.code)?;
    Some(Said {
        person,
        login,
        decision,
        reason: one_line(reason, REASON_CHARS_MAX),
        at: review.submitted_at?,
        what: format!("review {}", review.id),
        url: &review.html_url,
    })
}

/// What a review of a question begins with: the beginning of its mark.
fn code(mark: &str) -> String {
    mark.chars().take(CODE_CHARS).collect()
}

/// What the issue of a question says, and its mark. The same question says the same.
fn text(ask: &Ask, team: &TeamConfig, pull_request: Option<u64>) -> (String, String) {
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
    let review = pull_request.map_or_else(String::new, |pull| {
        format!(
            " They may as well approve pull request #{pull}, or request changes of it, by a review that begins with \
             `{}`.",
            code(&mark)
        )
    });
    let text = format!(
        "A rollout asks in the role `{role}`. Members of the team `{team}` answer by a comment that begins with \
         `/yes`, `/no` or `/withdraw`, with the reason behind it.{review} The last one of each counts. A comment that \
         was edited does not count, and neither does one after {expires}.\n\n{shown}\n\n{}\n",
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
            code: String::new(),
        };
        let team = team(config, &open, act)?;
        let (text, mark) = text(ask, team, config.pull_request);
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
        open.code = code(&mark);
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
