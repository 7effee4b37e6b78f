//! A message as the workflow wants it. Pure.

use phasegate_provider::Message;
use phasegate_provider::text::plain;
use serde_json::{Value, json};

/// A message must stay under 28 KB: these many characters of four bytes each do, with the card around them.
const TEXT_CHARS_MAX: usize = 5000;
/// A subject is one line.
const SUBJECT_CHARS_MAX: usize = 200;

/// The envelope with one card. Its text stands in runs, which know no Markdown.
pub(crate) fn body(message: &Message) -> Value {
    let block = |text: String, weight: &str| {
        json!({
            "type": "RichTextBlock",
            "inlines": [{"type": "TextRun", "text": text, "weight": weight}],
        })
    };
    let (subject, text) = (
        plain(&message.subject, SUBJECT_CHARS_MAX),
        plain(&message.body, TEXT_CHARS_MAX),
    );
    let subject = if subject.is_empty() {
        "(no subject)".to_owned()
    } else {
        subject
    };
    let mut blocks = vec![block(subject, "Bolder")];
    if !text.is_empty() {
        blocks.push(block(text, "Default"));
    }
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": blocks,
            },
        }],
    })
}
