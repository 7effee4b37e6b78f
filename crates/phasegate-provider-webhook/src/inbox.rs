//! The other direction: signed webhooks that declare what happened, as an event source. What was taken in is
//! on disk before the sender hears so, and no webhook counts twice, across restarts too.
//!
//! There is no server in here: whoever has one passes on what came in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use phasegate_core::{Capability, Timestamp};
use phasegate_provider::signed::{Rejected, verify};
use phasegate_provider::text::one_line;
use phasegate_provider::{
    Call, EventId, EventSource, Misplaced, Occurrence, Provider, ProviderError, SecretSource,
};
use serde::{Deserialize, Serialize};

use crate::config::{InboxConfig, keys};
use crate::log::Log;
use crate::remembered::Remembered;

/// The longest body that is looked at, in bytes.
pub const BODY_BYTES_MAX: usize = 64 << 10;
/// The longest id, in bytes.
const ID_BYTES_MAX: usize = 256;
/// The most characters that are kept of each text of a declaration.
const TEXT_CHARS_MAX: usize = 1000;

/// What a sender declares: the body, as JSON, with `data` inside as the convention has it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "senders write it out")]
pub struct Declaration {
    /// Always `phasegate.scenario`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it happened.
    pub timestamp: Timestamp,
    /// What happened.
    pub data: Declared,
}

/// What happened.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "senders write it out")]
pub struct Declared {
    /// The scenario, in the plan's words.
    pub scenario: String,
    /// The severity, in the sender's words.
    pub severity: String,
    /// One line, or a link.
    pub evidence: String,
}

/// A webhook that was taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third")]
pub enum Taken {
    /// For the first time.
    New,
    /// It was there before: the sender tried again, or somebody replays it. Answer as the first time.
    Repeated,
}

/// Why a webhook was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotTaken {
    /// It is not signed by a key of ours, or not now: 401.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// The body is no declaration, or too long, or the id is: 400.
    #[error("the webhook is no declaration: {why}")]
    Malformed {
        /// What is wrong.
        why: String,
    },
    /// Too many at a time, the disk failed, or the keys cannot be read: 503. Nothing was taken.
    #[error("the webhook cannot be taken now")]
    Unavailable {
        /// The reason.
        source: Option<ProviderError>,
    },
}

impl NotTaken {
    pub(crate) fn malformed(why: impl Into<String>) -> Self {
        Self::Malformed { why: why.into() }
    }
}

/// An answer to another question than is asked.
impl From<Misplaced> for NotTaken {
    fn from(why: Misplaced) -> Self {
        Self::malformed(why.to_string())
    }
}

/// What cannot be kept is not taken.
impl From<ProviderError> for NotTaken {
    fn from(source: ProviderError) -> Self {
        Self::Unavailable {
            source: Some(source),
        }
    }
}

/// What is in the file, one line each.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    Acknowledged(EventId),
    Taken {
        id: String,
        at: Timestamp,
        occurrence: Occurrence,
    },
    Remembered {
        id: String,
        at: Timestamp,
    },
}

/// Signed webhooks of one sender as occurrences.
///
/// ```
/// use phasegate_core::Timestamp;
/// use phasegate_provider::signed::{Key, sign};
/// use phasegate_provider::{Secret, SecretSource};
/// use phasegate_provider_webhook::{InboxConfig, Taken, WebhookInbox};
/// # let path = std::env::temp_dir().join(format!("phasegate-inbox-doc-{}", std::process::id()));
/// # let secret = path.with_extension("key");
/// # std::fs::write(&secret, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
/// let config = InboxConfig::new("security scanner", &path);
/// let config = config.with_key(SecretSource::File(secret.clone()));
/// let now = Timestamp::from_unix_millis(1_700_000_000_000);
/// let inbox = WebhookInbox::open(config, now)?;
/// let key = Key::new(&Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))?;
/// let body = br#"{"type": "phasegate.scenario", "timestamp": "2023-11-14T22:13:20Z",
///     "data": {"scenario": "vulnerability", "severity": "critical", "evidence": "CVE-1"}}"#;
/// let signed = sign(&[key], "msg_1", now, body);
/// assert_eq!(inbox.take("msg_1", "1700000000", &signed, body, now)?, Taken::New);
/// assert_eq!(inbox.take("msg_1", "1700000000", &signed, body, now)?, Taken::Repeated);
/// # std::fs::remove_file(path)?;
/// # std::fs::remove_file(secret)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct WebhookInbox {
    sender: Arc<str>,
    keys: Arc<[SecretSource]>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    log: Log,
    remembered: Remembered,
    open: BTreeMap<EventId, Occurrence>,
}

impl State {
    /// Keeps the file from growing for ever. What was to be written is: a failure only leaves it long.
    fn shorten(&mut self) {
        if self.log.is_overgrown() {
            let lines = compacted(&self.remembered, &self.open);
            drop(self.log.rewrite(&lines, "shorten the inbox"));
        }
    }
}

impl WebhookInbox {
    /// Opens the file of an inbox, or makes it. Blocks for as long as the file is read.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds what this has not written. A torn last line is cut.
    pub fn open(config: InboxConfig, now: Timestamp) -> Result<Self, ProviderError> {
        let (path, act) = (config.file, "open the inbox");
        let (mut remembered, mut open) = (Remembered::default(), BTreeMap::new());
        for line in Log::read(&path, act)? {
            match line {
                Line::Acknowledged(id) => {
                    open.remove(&id);
                }
                Line::Remembered { id, at } => {
                    remembered.add(id, at);
                }
                Line::Taken { id, at, occurrence } => {
                    remembered.add(id, at);
                    open.insert(occurrence.id.clone(), occurrence);
                }
            }
        }
        remembered.forget(now);
        let log = Log::begin(path, &compacted(&remembered, &open), act)?;
        let state = State {
            log,
            remembered,
            open,
        };
        Ok(Self {
            sender: config.sender.into(),
            keys: config.keys.into(),
            state: Arc::new(Mutex::new(state)),
        })
    }

    /// Takes a webhook in: its three headers, its raw body, and the time. Once this is `Ok` it is on disk.
    ///
    /// # Errors
    /// [`NotTaken`], which says what to answer.
    pub fn take(
        &self,
        id: &str,
        timestamp: &str,
        signatures: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Taken, NotTaken> {
        bounded(id, body)?;
        let keys = keys(&self.keys, "take a webhook")?;
        verify(&keys, id, timestamp, signatures, body, now)?;
        let declaration: Declaration =
            serde_json::from_slice(body).map_err(|error| NotTaken::malformed(error.to_string()))?;
        if declaration.kind != "phasegate.scenario" {
            return Err(NotTaken::malformed("its type is not phasegate.scenario"));
        }
        let at = signed_at(timestamp);
        let mut state = self.state();
        if state.remembered.has(id, at, now)? {
            return Ok(Taken::Repeated);
        }
        let Declared {
            scenario,
            severity,
            evidence,
        } = declaration.data;
        let occurrence = Occurrence {
            id: EventId::new(id),
            scenario: one_line(&scenario, TEXT_CHARS_MAX),
            severity: one_line(&severity, TEXT_CHARS_MAX),
            at: declaration.timestamp,
            by: self.sender.to_string(),
            evidence: one_line(&evidence, TEXT_CHARS_MAX),
        };
        let line = Line::Taken {
            id: id.to_owned(),
            at,
            occurrence: occurrence.clone(),
        };
        state.log.append(&[line], "write the inbox")?;
        state.remembered.add(id.to_owned(), at);
        state.open.insert(occurrence.id.clone(), occurrence);
        state.shorten();
        Ok(Taken::New)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses an id or a body that is too long, before anything is done with it.
pub(crate) fn bounded(id: &str, body: &[u8]) -> Result<(), NotTaken> {
    if id.is_empty() || id.len() > ID_BYTES_MAX || body.len() > BODY_BYTES_MAX {
        let why = "the id is empty or too long, or the body is too long";
        return Err(NotTaken::malformed(why));
    }
    Ok(())
}

/// The time of a webhook that was verified.
pub(crate) fn signed_at(timestamp: &str) -> Timestamp {
    let secs = timestamp.parse::<i64>().unwrap_or_default();
    Timestamp::from_unix_millis(secs.saturating_mul(1000))
}

/// What matters still.
fn compacted(remembered: &Remembered, open: &BTreeMap<EventId, Occurrence>) -> Vec<Line> {
    let ids = remembered
        .iter()
        .map(|(id, at)| Line::Remembered { id, at });
    let taken = open.iter().map(|(id, occurrence)| Line::Taken {
        id: id.as_str().to_owned(),
        // One that is no longer remembered cannot come again.
        at: remembered.at(id.as_str()).unwrap_or(Timestamp::EPOCH),
        occurrence: occurrence.clone(),
    });
    ids.chain(taken).collect()
}

impl Provider for WebhookInbox {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::new()
    }
}

#[async_trait]
impl EventSource for WebhookInbox {
    async fn poll(&self, _call: &Call) -> Result<Vec<Occurrence>, ProviderError> {
        let mut found: Vec<Occurrence> = self.state().open.values().cloned().collect();
        found.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        Ok(found)
    }

    async fn acknowledge(&self, ids: &[EventId], _call: &Call) -> Result<(), ProviderError> {
        let mut state = self.state();
        let known: Vec<EventId> = ids
            .iter()
            .filter(|id| state.open.contains_key(id))
            .cloned()
            .collect();
        if known.is_empty() {
            return Ok(());
        }
        let lines: Vec<Line> = known.iter().cloned().map(Line::Acknowledged).collect();
        state.log.append(&lines, "write the inbox")?;
        for id in &known {
            state.open.remove(id);
        }
        state.shorten();
        Ok(())
    }
}
