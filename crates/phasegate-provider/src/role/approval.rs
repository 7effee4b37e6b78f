//! The role that collects yes and no from people. Whether an answer counts is for the engine.

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
}

/// Yes or no.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "there is no third answer")]
pub enum Decision {
    /// Against.
    No,
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
}

/// Collects answers from people.
///
/// Delivery is at least once: a reply comes again with every poll until its question is closed, and
/// the caller closes a question once its decision is durable.
#[async_trait]
pub trait ApprovalSource: Provider {
    /// Puts a question. Putting the same question again is harmless.
    async fn ask(&self, ask: &Ask, call: &Call) -> Result<Receipt, ProviderError>;

    /// The replies to questions that are not closed, oldest first. Dropping the future loses nothing.
    async fn poll(&self, call: &Call) -> Result<Vec<Reply>, ProviderError>;

    /// Says that this question needs no more answers. An unknown id is ignored.
    async fn close(&self, ask: &AskId, call: &Call) -> Result<(), ProviderError>;
}
