//! Notifiers: any text is carried, and a message may be handed over twice.

use phasegate_core::ChannelId;
use phasegate_provider::{Call, Message, Notifier};

use super::{Findings, Violation};

/// Texts that something on the way might read as more than text.
const HOSTILE: [&str; 8] = [
    "plain",
    "",
    "two\nlines\r\nand a header: value",
    "<script>alert(1)</script> <!channel> @everyone",
    "*bold* _it_ `code` [link](javascript:alert(1))",
    "=HYPERLINK(\"http://a.example\")",
    "\u{1b}[2J\u{7}\u{202e}reversed",
    "grüße 🚀 \u{0}",
];

/// The suite for notifiers; `channel` is one that the adapter knows.
pub async fn notifier(notifier: &dyn Notifier, channel: &ChannelId, call: &Call) -> Vec<Violation> {
    let mut findings = Findings::default();
    for text in HOSTILE {
        let message = Message {
            channel: channel.clone(),
            subject: text.to_owned(),
            body: text.to_owned(),
        };
        for rule in ["any text is carried", "a message may be handed over twice"] {
            let sent = notifier.send(&message, call).await;
            findings.check(rule, sent.is_ok(), (text, &sent));
        }
    }
    findings.0
}
