//! What an operator declares: scenarios that nobody can measure, each a file with who says so.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use phasegate_core::{Capability, PersonId, Span, Timestamp};
use phasegate_provider::signed::Key;
use phasegate_provider::text::one_line;
use phasegate_provider::{Call, EventId, EventSource, Occurrence, Provider, ProviderError};
use serde::{Deserialize, Serialize};

use crate::approvals::json;
use crate::config::FolderConfig;
use crate::dropped::{Dropped, forget_notes, leave, look, make, note, put_away};
use crate::person::People;

/// The most characters that are kept of each text.
const TEXT_CHARS_MAX: usize = 1000;
/// How old a signed declaration may be. What was acknowledged longer ago need not be kept in `calls-done`.
const SIGNED_AGE_MAX: Span = Span::from_secs(86_400);

/// What an operator declares.
///
/// ```
/// let written = r#"{"person": "ada", "scenario": "data-loss", "severity": "critical", "evidence": "INC-7"}"#;
/// let call: phasegate_provider_operator::OperatorCall = serde_json::from_str(written)?;
/// assert_eq!(call.scenario, "data-loss");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct OperatorCall {
    /// Who says so.
    pub person: PersonId,
    /// What has happened, in the plan's words.
    pub scenario: String,
    /// How bad it is, in the plan's words.
    pub severity: String,
    /// One line, or a link.
    pub evidence: String,
}

/// Declarations that operators leave as files: an event source.
///
/// In its folder are `calls` (where they leave them), `calls-refused` (why one does not count) and `calls-done` (those
/// that were acknowledged; none of them counts again). It may be the folder of
/// [`FileApprovals`](crate::FileApprovals).
#[derive(Clone, Debug)]
pub struct OperatorCalls {
    config: FolderConfig,
}

impl OperatorCalls {
    /// A source in this folder; what is missing of it is made.
    ///
    /// # Errors
    /// When a folder cannot be made.
    pub fn open(config: FolderConfig) -> Result<Self, ProviderError> {
        let source = Self { config };
        for name in ["calls", "calls-refused", "calls-done"] {
            make(&source.folder(name), "open the operators' calls")?;
        }
        Ok(source)
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.config.folder.join(name)
    }

    /// What counts, oldest first, with the files; beside the others it is said why they do not.
    fn found(
        &self,
        now: Timestamp,
        act: &str,
    ) -> Result<Vec<(Occurrence, PathBuf)>, ProviderError> {
        let people = People::of(&self.config, act)?;
        let (calls, refused) = (self.folder("calls"), self.folder("calls-refused"));
        let mut found = Vec::new();
        for (path, looked) in look(&calls, act)? {
            let read = looked.and_then(|file| self.occurrence(&file, &people, now));
            note(
                &refused,
                &path,
                read.as_ref().err().map(String::as_str),
                act,
            )?;
            if let Ok(occurrence) = read {
                found.push((occurrence, path));
            }
        }
        forget_notes(&refused, &calls, act)?;
        found.sort_by(|(a, _), (b, _)| (a.at, &a.id).cmp(&(b.at, &b.id)));
        Ok(found)
    }

    fn occurrence(
        &self,
        file: &Dropped,
        people: &People<'_>,
        now: Timestamp,
    ) -> Result<Occurrence, String> {
        let call: OperatorCall = serde_json::from_slice(&file.body)
            .map_err(|error| format!("it is no declaration: {error}"))?;
        let proof = people.proof(&call.person, file, now)?;
        if file.signature.is_some() && now.since(proof.at) > SIGNED_AGE_MAX {
            return Err("it was signed more than a day ago".to_owned());
        }
        let text = |text: &str| one_line(text.trim(), TEXT_CHARS_MAX);
        let [scenario, severity, evidence] =
            [&call.scenario, &call.severity, &call.evidence].map(|of| text(of));
        if scenario.is_empty() || severity.is_empty() || evidence.is_empty() {
            return Err("scenario, severity and evidence must be said".to_owned());
        }
        let id = format!("{}@{}", file.name, proof.at.as_unix_millis());
        if self.folder("calls-done").join(&id).exists() {
            return Err("it has been taken before".to_owned());
        }
        Ok(Occurrence {
            id: EventId::new(id),
            scenario,
            severity,
            at: proof.at,
            by: format!("{} ({})", call.person, proof.verified),
            evidence,
        })
    }
}

/// Leaves a declaration, as a tool does for the person who runs it. Signed by a key, or else known by the user that
/// the file belongs to. Says where it lies.
///
/// # Errors
/// When the file cannot be written.
pub fn declare(
    folder: &Path,
    call: &OperatorCall,
    key: Option<&Key>,
    now: Timestamp,
) -> Result<PathBuf, ProviderError> {
    let act = "leave a declaration";
    let name = format!("{}-{}.json", call.person, now.as_unix_millis());
    let path = folder.join("calls").join(name);
    leave(&path, &json(call, act)?, key, now, act)?;
    Ok(path)
}

impl Provider for OperatorCalls {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::new()
    }
}

#[async_trait]
impl EventSource for OperatorCalls {
    async fn poll(&self, call: &Call) -> Result<Vec<Occurrence>, ProviderError> {
        let found = self.found(call.at, "collect the operators' calls")?;
        Ok(found
            .into_iter()
            .map(|(occurrence, _)| occurrence)
            .collect())
    }

    async fn acknowledge(&self, ids: &[EventId], call: &Call) -> Result<(), ProviderError> {
        let act = "acknowledge operators' calls";
        let done = self.folder("calls-done");
        for (occurrence, path) in self.found(call.at, act)? {
            if ids.contains(&occurrence.id) {
                put_away(&path, &done.join(occurrence.id.as_str()), act)?;
            }
        }
        Ok(())
    }
}
