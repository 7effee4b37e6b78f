//! An incident as the API wants it, and what its answers mean. Pure.

use phasegate_core::Span;
use phasegate_provider::text::{one_line, plain};
use phasegate_provider::{Call, ErrorKind, HttpResponse, Message, ProviderError, Retry, Sent};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Entry;

/// The schema's limit for names.
const NAME_CHARS_MAX: usize = 255;
/// The schema's limit for texts.
const BODY_CHARS_MAX: usize = 25_000;
/// So many keys of messages are kept with an incident.
const TOLD_MAX: usize = 100;
/// The API counts over a minute and does not say when to come back.
const PAUSE: Span = Span::from_secs(30);
/// An older way of the API to say that its limit is reached.
const CALM: u16 = 420;

/// What a message is known by on the page.
pub(crate) struct Mark {
    /// Whose incident it is.
    rollout: String,
    /// Which message.
    key: String,
}

impl Mark {
    pub(crate) fn of(message: &Message, call: &Call) -> Self {
        let key = call.key.as_ref().map(|key| key.as_str());
        match key.and_then(|key| Some((key.rsplit_once('/')?.0, key))) {
            Some((rollout, key)) => Self {
                rollout: rollout.to_owned(),
                key: key.to_owned(),
            },
            None => Self {
                rollout: format!("channel/{}", message.channel),
                key: message.digest(),
            },
        }
    }
}

#[derive(Deserialize)]
struct Noted {
    rollout: String,
    #[serde(default)]
    told: Vec<String>,
}

/// An incident, as far as it is looked at.
#[derive(Deserialize)]
pub(crate) struct Incident {
    /// Letters and digits.
    pub(crate) id: String,
    #[serde(default)]
    metadata: Value,
}

impl Incident {
    fn noted(&self) -> Option<Noted> {
        Noted::deserialize(self.metadata.get("phasegate")?).ok()
    }

    pub(crate) fn is_of(&self, mark: &Mark) -> bool {
        self.noted()
            .is_some_and(|noted| noted.rollout == mark.rollout)
    }

    pub(crate) fn has(&self, mark: &Mark) -> bool {
        self.noted()
            .is_some_and(|noted| noted.told.contains(&mark.key))
    }
}

/// The body that opens an incident, or changes the one that is open.
pub(crate) fn change(
    message: &Message,
    entry: &Entry,
    mark: &Mark,
    open: Option<&Incident>,
) -> Value {
    let subject = one_line(&message.subject, NAME_CHARS_MAX);
    let name = match subject.trim() {
        "" => "(no subject)".to_owned(),
        _ => subject,
    };
    let body = plain(&message.body, BODY_CHARS_MAX);
    let body = if body.trim().is_empty() {
        name.clone()
    } else {
        body
    };
    let mut told = open
        .and_then(Incident::noted)
        .map_or_else(Vec::new, |noted| noted.told);
    told.push(mark.key.clone());
    told.drain(..told.len().saturating_sub(TOLD_MAX));
    let mut incident = json!({
        "status": entry.status,
        "body": body,
        "deliver_notifications": entry.deliver,
        "metadata": {"phasegate": {"rollout": mark.rollout, "told": told}},
    });
    if let Some(members) = incident.as_object_mut() {
        // The incident keeps the name it was opened with.
        if open.is_none() {
            members.insert("name".to_owned(), name.into());
        }
        if !entry.components.is_empty() {
            let ids: Vec<&String> = entry.components.keys().collect();
            members.insert("component_ids".to_owned(), json!(ids));
            members.insert("components".to_owned(), json!(entry.components));
        }
    }
    json!({ "incident": incident })
}

/// Can an id be part of an address as it is?
pub(crate) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The incidents that are open.
pub(crate) fn listed(answer: HttpResponse, act: &str) -> Result<Vec<Incident>, ProviderError> {
    let answer = accepted(answer, act)?;
    let list: Vec<Incident> = answer.json(act)?;
    if list.iter().all(|one| is_id(&one.id)) {
        return Ok(list);
    }
    Err(invalid(act))
}

/// The evidence of a change.
pub(crate) fn changed(answer: HttpResponse, act: &str) -> Result<String, ProviderError> {
    let answer = accepted(answer, act)?;
    let incident: Incident = answer.json(act)?;
    if is_id(&incident.id) {
        return Ok(format!("incident {}", incident.id));
    }
    Err(invalid(act))
}

fn accepted(answer: HttpResponse, act: &str) -> Result<HttpResponse, ProviderError> {
    if answer.status == CALM {
        let detail = format!("{act}: HTTP {CALM}, the limit of requests is reached");
        let error = ProviderError::new(ErrorKind::Throttled, Sent::Answered, detail);
        let wait = answer.retry_after().unwrap_or(PAUSE);
        return Err(error.with_retry(Retry::After(wait)));
    }
    let waits = |error: ProviderError| match (error.kind(), error.retry()) {
        (ErrorKind::Throttled, Retry::Maybe) => error.with_retry(Retry::After(PAUSE)),
        _ => error,
    };
    answer.or_error(act).map_err(waits)
}

fn invalid(act: &str) -> ProviderError {
    ProviderError::invalid(format!("{act}: the answer is none of the API's"))
}
