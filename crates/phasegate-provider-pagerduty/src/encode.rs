//! An alert event as the API wants it, and what its answers mean. Pure.

use phasegate_core::Span;
use phasegate_provider::text::plain;
use phasegate_provider::{Call, ErrorKind, HttpResponse, Message, ProviderError, Retry};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Severity;

/// The API refuses a longer summary.
const SUMMARY_CHARS_MAX: usize = 1024;
/// An event must stay under 512 KB; nobody reads this much on a telephone.
const DETAIL_CHARS_MAX: usize = 8000;
/// The API counts per minute and does not say when to come back.
const PAUSE: Span = Span::from_secs(30);

/// The event without its routing key, which is a secret and is put in last.
pub(crate) fn event(message: &Message, severity: Severity, source: &str, call: &Call) -> Value {
    let subject = plain(&message.subject, SUMMARY_CHARS_MAX);
    let summary = if subject.trim().is_empty() {
        "(no subject)".to_owned()
    } else {
        subject
    };
    json!({
        "event_action": "trigger",
        "dedup_key": dedup_key(message, call),
        "client": "phasegate",
        "payload": {
            "summary": summary,
            "source": source,
            "severity": severity,
            "timestamp": call.at,
            "component": message.channel,
            "custom_details": {"text": plain(&message.body, DETAIL_CHARS_MAX)},
        },
    })
}

/// The same for the same message, 255 characters at most.
fn dedup_key(message: &Message, call: &Call) -> String {
    match &call.key {
        Some(key) => format!("phasegate/{key}"),
        None => format!("phasegate/message/{}", message.digest()),
    }
}

#[derive(Deserialize)]
struct Answer {
    status: String,
    #[serde(default)]
    dedup_key: String,
}

/// The evidence of an answer.
pub(crate) fn answered(answer: HttpResponse, act: &str) -> Result<String, ProviderError> {
    let answer = answer
        .or_error(act)
        .map_err(|error| match (error.kind(), error.retry()) {
            (ErrorKind::Throttled, Retry::Maybe) => error.with_retry(Retry::After(PAUSE)),
            _ => error,
        })?;
    answer.json_type(act)?;
    // The key was in what was sent: of an answer that is none, nothing is told.
    let told: Result<Answer, _> = serde_json::from_slice(&answer.body);
    match told {
        Ok(told) if told.status == "success" => {
            Ok(format!("alert {}", plain(&told.dedup_key, 256)))
        }
        Ok(_) | Err(_) => Err(ProviderError::invalid(format!(
            "{act}: the answer is none of the API's"
        ))),
    }
}
