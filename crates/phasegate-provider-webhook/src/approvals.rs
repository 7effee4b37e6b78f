//! Yes and no as signed callbacks: each person has keys of their own, so that who answered is known by the
//! signature and not by a text. Answers are bound to the question, the plan and the journal's head that they
//! name; they are on disk before the sender hears that they were taken.
//!
//! There is no server in here: whoever has one passes on what came in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use phasegate_core::{Capability, PersonId, Timestamp};
use phasegate_provider::signed::{Rejected, verify};
use phasegate_provider::{
    Answer, ApprovalSource, Ask, AskId, Call, Misplaced, Provider, ProviderError, Receipt, Reply,
};
use serde::{Deserialize, Serialize};

use crate::config::{Approver, CallbackConfig, keys};
use crate::inbox::{NotTaken, Taken, bounded, signed_at};
use crate::log::Log;
use crate::remembered::Remembered;

/// What is in the file, one line each.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    Asked(Ask),
    Closed(AskId),
    Remembered {
        id: String,
        at: Timestamp,
    },
    Replied {
        id: String,
        at: Timestamp,
        reply: Box<Reply>,
    },
}

/// Collects signed answers.
#[derive(Clone, Debug)]
pub struct CallbackApprovals {
    people: Arc<BTreeMap<PersonId, Approver>>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    log: Log,
    open: BTreeMap<AskId, Ask>,
    /// Ids of callbacks and when they were signed.
    remembered: Remembered,
    replies: Vec<Reply>,
}

impl CallbackApprovals {
    /// Opens the file of a source, or makes it. Blocks for as long as the file is read.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds what this has not written.
    pub fn open(config: CallbackConfig, now: Timestamp) -> Result<Self, ProviderError> {
        let (path, act) = (config.file, "open the approvals");
        let (mut open, mut remembered) = (BTreeMap::new(), Remembered::default());
        let mut replies: Vec<Reply> = Vec::new();
        for line in Log::read(&path, act)? {
            match line {
                Line::Asked(ask) => {
                    open.insert(ask.id.clone(), ask);
                }
                Line::Closed(ask) => {
                    open.remove(&ask);
                    replies.retain(|reply| reply.ask != ask);
                }
                Line::Remembered { id, at } => {
                    remembered.add(id, at);
                }
                Line::Replied { id, at, reply } => {
                    remembered.add(id, at);
                    reply.supersede(&mut replies);
                }
            }
        }
        remembered.forget(now);
        let log = Log::begin(path, &compacted(&open, &remembered, &replies), act)?;
        let state = State {
            log,
            open,
            remembered,
            replies,
        };
        Ok(Self {
            people: Arc::new(config.people),
            state: Arc::new(Mutex::new(state)),
        })
    }

    /// Takes a callback in: its three headers, its raw body, and the time. Once this is `Ok` it is on disk.
    ///
    /// # Errors
    /// [`NotTaken`]: rejected where no key of the person fits; malformed where the question is not open or has
    /// expired, the person has not its role or has said something else since, or plan or journal are not those that
    /// it showed.
    pub fn take(
        &self,
        id: &str,
        timestamp: &str,
        signatures: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Taken, NotTaken> {
        bounded(id, body)?;
        let answer: Answer =
            serde_json::from_slice(body).map_err(|error| NotTaken::malformed(error.to_string()))?;
        let Some(approver) = self.people.get(&answer.person) else {
            return Err(Rejected::Signature.into());
        };
        let keys = keys(&approver.keys, "take an answer")?;
        verify(&keys, id, timestamp, signatures, body, now)?;
        let mut state = self.state();
        let at = signed_at(timestamp);
        // Two people may choose one id.
        let unique = format!("{}/{id}", answer.person);
        if state.remembered.has(&unique, at, now)? {
            return Ok(Taken::Repeated);
        }
        let ask = state.open.get(&answer.ask).ok_or(Misplaced::NotOpen)?;
        answer.fits(ask, &approver.roles, now)?;
        let verified = format!("signed callback {id} by a key of {}", answer.person);
        let reply = answer.into_reply(ask.role.clone(), at, verified);
        if !reply.clone().supersede(&mut state.replies.clone()) {
            return Err(Misplaced::Superseded.into());
        }
        let line = Line::Replied {
            id: unique.clone(),
            at,
            reply: Box::new(reply.clone()),
        };
        state.log.append(&[line], "write the approvals")?;
        state.remembered.add(unique, at);
        reply.supersede(&mut state.replies);
        state.shorten();
        Ok(Taken::New)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Keeps the file from growing for ever. What was to be written is: a failure only leaves it long.
    fn shorten(&mut self) {
        if self.log.is_overgrown() {
            let lines = compacted(&self.open, &self.remembered, &self.replies);
            drop(self.log.rewrite(&lines, "shorten the approvals"));
        }
    }
}

/// What matters still.
fn compacted(open: &BTreeMap<AskId, Ask>, remembered: &Remembered, replies: &[Reply]) -> Vec<Line> {
    let asked = open.values().cloned().map(Line::Asked);
    let ids = remembered
        .iter()
        .map(|(id, at)| Line::Remembered { id, at });
    let replied = replies.iter().map(|reply| Line::Replied {
        // Its callback's own id is among the remembered; this one cannot come from outside.
        id: String::new(),
        at: reply.at,
        reply: Box::new(reply.clone()),
    });
    asked.chain(ids).chain(replied).collect()
}

impl Provider for CallbackApprovals {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::new()
    }
}

#[async_trait]
impl ApprovalSource for CallbackApprovals {
    async fn ask(&self, ask: &Ask, _call: &Call) -> Result<Receipt, ProviderError> {
        let mut state = self.state();
        match state.open.get(&ask.id) {
            Some(open) if open == ask => return Ok(Receipt::new("asked before")),
            Some(_) => {
                let told = format!("ask '{}': another question has this id", ask.id);
                return Err(ProviderError::misuse(told));
            }
            None => {}
        }
        state
            .log
            .append(&[Line::Asked(ask.clone())], "write the approvals")?;
        state.open.insert(ask.id.clone(), ask.clone());
        Ok(Receipt::new("open for signed callbacks"))
    }

    async fn poll(&self, _call: &Call) -> Result<Vec<Reply>, ProviderError> {
        Ok(self.state().replies.clone())
    }

    async fn close(&self, ask: &AskId, _call: &Call) -> Result<(), ProviderError> {
        let mut state = self.state();
        if state.open.contains_key(ask) {
            state
                .log
                .append(&[Line::Closed(ask.clone())], "write the approvals")?;
            state.open.remove(ask);
            state.replies.retain(|reply| reply.ask != *ask);
            state.shorten();
        }
        Ok(())
    }
}
