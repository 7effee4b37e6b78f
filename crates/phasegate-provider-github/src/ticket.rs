//! The role of a notifier: each message of a channel is an issue, once.

use async_trait::async_trait;
use phasegate_provider::text::one_line;
use phasegate_provider::{Call, Message, Notifier, ProviderError, Receipt, Sent};

use crate::host::{Github, mark};
use crate::issue::{fenced, hidden};

/// The longest title of ours, in characters. GitHub takes 256.
const TITLE_CHARS_MAX: usize = 200;

#[async_trait]
impl Notifier for Github {
    async fn send(&self, message: &Message, call: &Call) -> Result<Receipt, ProviderError> {
        let channel = &message.channel;
        let act = &format!("make an issue for {channel}");
        let Some(ticket) = self.api.config.tickets.get(channel) else {
            return Err(ProviderError::misuse(format!("{act}: no such channel")));
        };
        let digest = message.digest();
        let key = call
            .key
            .as_ref()
            .map_or(digest.as_str(), |key| key.as_str());
        let mark = mark(&[channel.as_str(), key]);
        let found = self.api.issue_with(&ticket.labels, &mark, call, act).await;
        // Nothing was changed by looking.
        if let Some(issue) = found.map_err(|error| error.with_sent(Sent::Nothing))? {
            let told = format!("issue {} is there: {}", issue.number, issue.html_url);
            return Ok(Receipt::new(told));
        }
        let title = one_line(message.subject.trim(), TITLE_CHARS_MAX);
        let title = match title.trim() {
            "" => "(no subject)",
            title => title,
        };
        let body = format!("{}\n\n{}\n", fenced(&message.body), hidden(&mark));
        let issue = self
            .api
            .open_issue(title, &body, &ticket.labels, call, act)
            .await?;
        let told = format!("issue {} was made: {}", issue.number, issue.html_url);
        Ok(Receipt::new(told))
    }
}
