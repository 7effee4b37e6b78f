//! The role that collects yes and no from people. Whether an answer counts is for the engine.

use std::collections::BTreeSet;
use std::fmt;

use async_trait::async_trait;
use phasegate_core::{GateId, PersonId, RoleId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Provider, Receipt};
use crate::{Call, ProviderError};

/// Names one question, the same however often it is asked.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct AskId(String);

impl AskId {
    /// An id of the asker's own.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a person signs for their answer to count, where the plan wants answers signed: this with the plan's digest, their
/// id, what they do and why, as `phasegate_journal::checkpoint::SignedAct` has it.
///
/// ```
/// use phasegate_provider::{Decision, ToSign};
/// let to_sign = ToSign {
///     anchor: "checkout@41:9f0c…".to_owned(),
///     yes: "answer 7 as lead: yes".to_owned(),
///     no: "answer 7 as lead: no".to_owned(),
///     withdraw: "withdraw 7".to_owned(),
/// };
/// assert_eq!(to_sign.act(Decision::No), "answer 7 as lead: no");
/// ```
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct ToSign {
    /// Rollout, and where its journal ended with the question: `ROLLOUT@RECORDS:HASH`.
    pub anchor: String,
    /// What is done by a yes, in the words that are signed.
    pub yes: String,
    /// By a no.
    pub no: String,
    /// By taking back what was said.
    pub withdraw: String,
}

impl ToSign {
    /// The words of one decision.
    pub fn act(&self, decision: Decision) -> &str {
        match decision {
            Decision::No => &self.no,
            Decision::Withdraw => &self.withdraw,
            Decision::Yes => &self.yes,
        }
    }
}

/// A question to people. The answer is bound to the plan and to what had happened when it was asked.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct Ask {
    /// Which question.
    pub id: AskId,
    /// The gate that waits for it; none where it is about anything else: an item of a checklist, something
    /// to be done, whether something has happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<GateId>,
    /// The role in which somebody is to answer.
    pub role: RoleId,
    /// Plain text.
    pub question: String,
    /// The digest of the plan, hexadecimal.
    pub plan_digest: String,
    /// The journal's head when the question was asked, hexadecimal.
    pub journal_head: String,
    /// Answers after this moment do not count.
    pub expires: Timestamp,
    /// What is signed, where an answer counts only under the person's own signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_sign: Option<ToSign>,
}

/// Yes, no, or neither any more.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth answer")]
pub enum Decision {
    /// Against.
    No,
    /// What was said before is taken back.
    Withdraw,
    /// In favour.
    Yes,
}

/// What a person answered.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "adapters write it out")]
pub struct Reply {
    /// Which question.
    pub ask: AskId,
    /// Who, as the source has verified.
    pub person: PersonId,
    /// In which role.
    pub role: RoleId,
    /// What.
    pub decision: Decision,
    /// Why, in their words.
    pub comment: String,
    /// The plan's digest that the person saw.
    pub plan_digest: String,
    /// The journal's head that the person saw.
    pub journal_head: String,
    /// When, by the source's clock.
    pub at: Timestamp,
    /// How it is known that it was them: `console user 1000`, `signature of key 7f3a`.
    pub verified: String,
    /// The note by which they signed it, if they did. Whether it holds is for whoever asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Reply {
    /// Puts this in the place of what the same person said to the same question before: the last word of each
    /// person counts. Says whether it did: what they said later stays.
    pub fn supersede(self, replies: &mut Vec<Self>) -> bool {
        let earlier = |reply: &&mut Self| reply.ask == self.ask && reply.person == self.person;
        match replies.iter_mut().find(earlier) {
            Some(said) if said.at > self.at => return false,
            Some(said) => *said = self,
            None => replies.push(self),
        }
        true
    }
}

/// What somebody answers, as they write it: whoever shows a question copies digest and head from it.
///
/// ```
/// use phasegate_provider::{Answer, Decision};
/// let written = r#"{"ask": "r1/7/lead", "person": "ada", "decision": "yes", "comment": "fine",
///     "plan_digest": "5f3a", "journal_head": "41"}"#;
/// let answer: Answer = serde_json::from_str(written)?;
/// assert_eq!(answer.decision, Decision::Yes);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "senders write it out")]
pub struct Answer {
    /// Which question.
    pub ask: AskId,
    /// Who. It must be known by something else that it is them: a signature, the owner of a file.
    pub person: PersonId,
    /// What.
    pub decision: Decision,
    /// Why, in their words.
    #[serde(default)]
    pub comment: String,
    /// The plan's digest that they saw.
    pub plan_digest: String,
    /// The journal's head that they saw.
    pub journal_head: String,
    /// Where the question says what [is to be signed](ToSign): the signed note, with `comment` as its reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Why an answer is none to the question that it names.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Misplaced {
    /// It came too late.
    #[error("the question has expired")]
    Expired,
    /// Nobody asks that, or it is closed.
    #[error("the question is not open")]
    NotOpen,
    /// The person has not the role.
    #[error("the person may not answer in the question's role")]
    NotInRole,
    /// Plan or journal are not those that the question showed.
    #[error("the answer is to another plan, or to an earlier state of the rollout")]
    OtherState,
    /// The person has said something else since.
    #[error("the person has answered later than this")]
    Superseded,
}

impl Answer {
    /// Holds this against the question: by somebody of these roles, before it expires, to the same plan and the
    /// same state of the rollout.
    ///
    /// # Errors
    /// [`Misplaced`], the first of its reasons.
    pub fn fits(
        &self,
        ask: &Ask,
        roles: &BTreeSet<RoleId>,
        now: Timestamp,
    ) -> Result<(), Misplaced> {
        if self.ask != ask.id {
            Err(Misplaced::NotOpen)
        } else if now > ask.expires {
            Err(Misplaced::Expired)
        } else if !roles.contains(&ask.role) {
            Err(Misplaced::NotInRole)
        } else if self.plan_digest != ask.plan_digest || self.journal_head != ask.journal_head {
            Err(Misplaced::OtherState)
        } else {
            Ok(())
        }
    }

    /// The reply that this is once it [fits](Self::fits), in the question's role; `verified` says how it is known
    /// who it was.
    pub fn into_reply(self, role: RoleId, at: Timestamp, verified: String) -> Reply {
        Reply {
            ask: self.ask,
            person: self.person,
            role,
            decision: self.decision,
            comment: self.comment,
            plan_digest: self.plan_digest,
            journal_head: self.journal_head,
            at,
            verified,
            note: self.note,
        }
    }
}

/// Collects answers from people.
///
/// Delivery is at least once: a reply comes again with every poll until its question is closed, and
/// the caller closes a question once its decision is durable. Of each person only the last word to a question
/// comes: who withdrew an answer has withdrawn it.
#[async_trait]
pub trait ApprovalSource: Provider {
    /// Puts a question. Putting the same question again is harmless.
    async fn ask(&self, ask: &Ask, call: &Call) -> Result<Receipt, ProviderError>;

    /// The replies to questions that are not closed, oldest first. Dropping the future loses nothing.
    async fn poll(&self, call: &Call) -> Result<Vec<Reply>, ProviderError>;

    /// Says that this question needs no more answers. An unknown id is ignored.
    async fn close(&self, ask: &AskId, call: &Call) -> Result<(), ProviderError>;
}
