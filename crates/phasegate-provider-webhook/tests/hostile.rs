//! Whatever a receiver does: an end in bounded time, and its URL is told to nobody.

use std::sync::Arc;

use phasegate_core::{ChannelId, Span, Timestamp};
use phasegate_http::{HttpClient, HttpConfig};
use phasegate_provider::{Call, Message, Notifier as _, SecretSource};
use phasegate_provider_webhook::{WebhookConfig, WebhookNotifier};
use phasegate_testkit::servers::{Folder, MISBEHAVIOURS, withstand};

const SECRET: &str = "marked-secret-7f3a";

#[tokio::test]
async fn every_misbehaviour_ends_in_time_and_tells_no_url() {
    let mut config = HttpConfig::default();
    config.read_within = Span::from_millis(500);
    config.total_within = Span::from_secs(2);
    let client = Arc::new(HttpClient::new(config).expect("a client"));
    let channel: ChannelId = "ops".parse().expect("an id");
    let folder = Folder::new().expect("a folder");
    let secret =
        |name: &str, text: &str| SecretSource::File(folder.write(name, text).expect("written"));
    let key = secret("key", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let message = Message {
        channel: channel.clone(),
        subject: "s".to_owned(),
        body: "b".to_owned(),
    };
    let call = Call::new(Timestamp::EPOCH, Span::from_secs(5));
    // A receiver's status says all, so what has a good one and an end is taken.
    let whole = |way: &&str| way.starts_with("/json") || way.starts_with("/text");
    let may_pass: Vec<&str> = MISBEHAVIOURS.into_iter().filter(whole).collect();
    let violations = withstand(&may_pass, async |url| {
        let url = secret("url", &format!("{url}/in/{SECRET}"));
        let config = WebhookConfig::default()
            .with_channel(channel.clone(), url)
            .with_key(key.clone());
        let client = Arc::<HttpClient>::clone(&client);
        let notifier = WebhookNotifier::new(client, config);
        let sent = notifier.send(&message, &call).await;
        assert!(
            !format!("{sent:?} {notifier:?}").contains(SECRET),
            "{sent:?}"
        );
        sent
    });
    assert_eq!(violations.await.expect("a port"), []);
}
