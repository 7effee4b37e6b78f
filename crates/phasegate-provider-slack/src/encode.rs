//! A message as Slack wants it, and what its answers mean. Pure.

use phasegate_core::Span;
use phasegate_provider::text::plain;
use phasegate_provider::{ErrorKind, HttpResponse, Message, ProviderError, Retry, Sent};
use serde::Deserialize;
use serde_json::{Value, json};

/// Slack refuses longer texts in a block.
const TEXT_CHARS_MAX: usize = 3000;
/// Names in answers (an error's, a message's) that are longer are not Slack's.
const NAME_CHARS_MAX: usize = 100;
/// When Slack says that there is too much and not until when: its published rate is one a second.
const PAUSE: Span = Span::from_secs(1);

/// The message: rich text, in which nothing is interpreted, and a fallback for notifications.
pub(crate) fn body(message: &Message, channel: Option<&str>) -> Value {
    let (subject, text) = (
        plain(&message.subject, TEXT_CHARS_MAX),
        plain(&message.body, TEXT_CHARS_MAX),
    );
    let mut elements = Vec::new();
    if !subject.is_empty() {
        elements.push(json!({"type": "text", "text": subject, "style": {"bold": true}}));
    }
    if !text.is_empty() {
        let apart = if subject.is_empty() {
            text
        } else {
            format!("\n{text}")
        };
        elements.push(json!({"type": "text", "text": apart}));
    }
    if elements.is_empty() {
        elements.push(json!({"type": "text", "text": "(no text)"}));
    }
    let fallback = if subject.is_empty() {
        "(no subject)".to_owned()
    } else {
        escaped(&subject)
    };
    let mut body = json!({
        "text": fallback,
        "blocks": [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}],
        "unfurl_links": false,
        "unfurl_media": false,
    });
    if let (Some(channel), Some(members)) = (channel, body.as_object_mut()) {
        members.insert("channel".to_owned(), channel.into());
    }
    body
}

/// The three characters that Slack's text gives a meaning to.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[derive(Deserialize)]
struct Answer {
    ok: bool,
    #[serde(default)]
    error: String,
    #[serde(default)]
    ts: String,
}

/// The API's answer: evidence, or an error by Slack's own word for it.
pub(crate) fn api_answer(answer: HttpResponse, act: &str) -> Result<String, ProviderError> {
    let wait = answer.retry_after();
    let answer = answer.or_error(act)?;
    let told: Answer = answer.json(act)?;
    if told.ok {
        return Ok(format!("Slack message {}", plain(&told.ts, NAME_CHARS_MAX)));
    }
    let kind = match told.error.as_str() {
        "ratelimited" | "rate_limited" | "message_limit_exceeded" => ErrorKind::Throttled,
        "invalid_auth" | "not_authed" | "account_inactive" | "token_revoked" | "token_expired"
        | "missing_scope" | "no_permission" | "ekm_access_denied" | "access_denied"
        | "not_in_channel" | "restricted_action" => ErrorKind::Denied,
        "channel_not_found" | "is_archived" => ErrorKind::NotFound,
        "fatal_error" | "internal_error" | "service_unavailable" | "request_timeout" => {
            ErrorKind::Unavailable
        }
        _ => ErrorKind::Misuse,
    };
    let error = ProviderError::new(
        kind,
        Sent::Answered,
        format!("{act}: {}", plain(&told.error, NAME_CHARS_MAX)),
    );
    Err(if kind == ErrorKind::Throttled {
        error.with_retry(Retry::After(wait.unwrap_or(PAUSE)))
    } else {
        error
    })
}

/// A webhook's answer.
pub(crate) fn webhook_answer(answer: HttpResponse, act: &str) -> Result<String, ProviderError> {
    let answer = answer.or_error(act)?;
    if answer.body.trim_ascii() == b"ok" {
        Ok("Slack said ok".to_owned())
    } else {
        Err(ProviderError::invalid(format!(
            "{act}: the answer is not Slack's ok"
        )))
    }
}
