//! Whatever listens there: a typed error in bounded time and memory. And what cannot be meant.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::time::{Duration, Instant};

use phasegate_core::{Span, Timestamp};
use phasegate_provider::{Call, ErrorKind, Message, Notifier as _, ProviderError, SecretSource};
use phasegate_provider_mail::{Mail, MailConfig, Security};
use phasegate_testkit::servers::{Then, babble, free_port};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

fn config(security: Security, port: u16) -> MailConfig {
    let to = vec!["ops@example.com".to_owned()];
    MailConfig::new("localhost", "rollouts@example.com")
        .with_security(security, port)
        .with_channel("ops".parse().expect("an id"), to)
}

async fn sent(security: Security, port: u16, within: Span) -> Result<(), ProviderError> {
    let message = Message {
        channel: "ops".parse().expect("an id"),
        subject: "s".to_owned(),
        body: "b".to_owned(),
    };
    let mail = Mail::new(config(security, port)).expect("a notifier");
    let call = Call::new(Timestamp::EPOCH, within);
    mail.send(&message, &call).await.map(drop)
}

/// Long enough for any answer that comes.
const SOON: Span = Span::from_millis(200);

#[tokio::test]
async fn misbehaviour_is_a_typed_error_in_bounded_time() {
    use ErrorKind::{Denied, Invalid, Misuse, Throttled, Timeout, Unavailable};
    for security in [Security::Plain, Security::StartTls, Security::Tls] {
        for (says, then) in [
            (&b""[..], Then::Silence),
            (b"", Then::Close),
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", Then::Close),
            (b"220 hello\r\n", Then::Close),
            (b"220 hello\r\n", Then::Silence),
            (b"220 hello\r\n", Then::Repeat),
            (b"220-hello\r\n", Then::Repeat),
            (b"220 hello without an end ", Then::Repeat),
            (b"250-more\r\n", Then::Repeat),
            (b"250 fine\r\n", Then::Repeat),
            (b"421 go away\r\n", Then::Close),
            (b"554 never\r\n", Then::Silence),
            (b"999 what\r\n", Then::Silence),
            (b"\xff\xfe\r\n", Then::Silence),
        ] {
            let started = Instant::now();
            let error = sent(security, babble(says, then).expect("a port"), SOON).await;
            let Err(error) = error else {
                // Whoever says yes to everything has said yes.
                assert!(says.starts_with(b"250 fine") && security == Security::Plain);
                continue;
            };
            let took = started.elapsed();
            let kinds = [Denied, Invalid, Misuse, Throttled, Timeout, Unavailable];
            let said = String::from_utf8_lossy(says);
            assert!(kinds.contains(&error.kind()), "{said} {then:?}: {error}");
            assert!(took < Duration::from_secs(3), "{said} {then:?}: {took:?}");
            assert!(
                (1..=401).contains(&error.detail().chars().count()),
                "{error}"
            );
        }
    }
    let nobody = sent(Security::Plain, free_port().expect("a port"), SOON).await;
    let nobody = nobody.expect_err("nobody listens");
    assert_eq!((nobody.kind(), nobody.is_refusal()), (Unavailable, true));
}

#[test]
fn what_cannot_be_meant_is_refused_at_once() {
    let good = || config(Security::Tls, 465);
    assert!(Mail::new(good()).is_ok());
    let secret = SecretSource::Env("UNSET".to_owned());
    let channel = |to: &[&str]| {
        let to = to.iter().map(|to| (*to).to_owned()).collect();
        good().with_channel("dev".parse().expect("an id"), to)
    };
    let mut lonely = good();
    lonely.user = Some("rollouts".to_owned());
    let mut trustless = good();
    trustless.trust_public_roots = false;
    let mut broken = good();
    broken
        .roots_pem
        .push("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned());
    let mut elsewhere = good()
        .with_user("u", secret)
        .with_security(Security::Plain, 25);
    elsewhere.host = "mail.example.com".to_owned();
    let mut sender = good();
    sender.from = "rollouts".to_owned();
    for (what, config) in [
        ("nobody", channel(&[])),
        ("no address", channel(&["ops@example.com", "two words"])),
        (
            "a header",
            channel(&["ops@example.com\r\nBcc: eve@example.com"]),
        ),
        ("no password", lonely),
        ("no authority", trustless),
        ("no certificate", broken),
        ("a password for all to read", elsewhere),
        ("no sender", sender),
    ] {
        let refused = Mail::new(config).map(drop).expect_err(what);
        assert_eq!(refused.kind(), ErrorKind::Misuse, "{what}");
    }
}

/// Takes one message and says nothing more.
async fn takes_and_falls_silent(listener: tokio::net::TcpListener) {
    let (stream, _) = listener.accept().await.expect("accepted");
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading).lines();
    writing.write_all(b"220 here\r\n").await.expect("said");
    let mut in_message = false;
    while let Some(line) = lines.next_line().await.expect("a line") {
        let answer: &[u8] = match (in_message, line.as_str()) {
            (true, ".") => b"250 taken\r\n",
            (true, _) | (false, "QUIT") => b"",
            (false, "DATA") => b"354 go on\r\n",
            (false, _) => b"250 fine\r\n",
        };
        in_message = line == "DATA" || (in_message && line != ".");
        writing.write_all(answer).await.expect("said");
    }
}

#[tokio::test]
async fn who_takes_a_message_and_knows_no_farewell_has_taken_it() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let server = tokio::spawn(takes_and_falls_silent(listener));
    let within = Span::from_millis(900);
    sent(Security::Plain, port, within)
        .await
        .expect("it was taken");
    server.abort();
}
