//! Whatever a receiver does: an end in bounded time, and its URL is told to nobody.

use std::collections::BTreeMap;
use std::sync::Arc;

use phasegate_core::{ChannelId, Span, Timestamp};
use phasegate_http::{HttpClient, HttpConfig};
use phasegate_provider::signed::Key;
use phasegate_provider::{Call, Message, Notifier as _, Secret};
use phasegate_provider_webhook::WebhookNotifier;
use phasegate_testkit::servers::{MISBEHAVIOURS, withstand};

const SECRET: &str = "marked-secret-7f3a";

#[tokio::test]
async fn every_misbehaviour_ends_in_time_and_tells_no_url() {
    let mut config = HttpConfig::default();
    config.read_within = Span::from_millis(500);
    config.total_within = Span::from_secs(2);
    let client = Arc::new(HttpClient::new(config).expect("a client"));
    let channel: ChannelId = "ops".parse().expect("an id");
    let key = Key::new(&Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).expect("a key");
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
        let channels = BTreeMap::from([(channel.clone(), format!("{url}/in/{SECRET}"))]);
        let client = Arc::<HttpClient>::clone(&client);
        let notifier = WebhookNotifier::new(client, channels, vec![key.clone()]);
        let sent = notifier.send(&message, &call).await;
        assert!(
            !format!("{sent:?} {notifier:?}").contains(SECRET),
            "{sent:?}"
        );
        sent
    });
    assert_eq!(violations.await.expect("a port"), []);
}
