//! Against a real mail server, aiosmtpd: what arrives, over which way, and what is refused.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use phasegate_core::{EffectClass, EffectKey, Span, Timestamp};
use phasegate_provider::{
    Call, ErrorKind, Message, Notifier as _, ProviderError, Receipt, Retry, SecretSource, Sent,
};
use phasegate_provider_mail::{Mail, MailConfig, Security};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::{Folder, Process, free_port, skipped};
use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;

const PASSWORD: &str = "marked-secret-7f3a";
/// The distribution's: others may not have its packages.
const PYTHON: &str = "/usr/bin/python3";

struct Server {
    _process: Process,
    port: u16,
    security: Security,
    pem: String,
    folder: Folder,
}

impl Server {
    fn start(security: Security) -> Option<Self> {
        let there = Command::new(PYTHON)
            .args(["-c", "import aiosmtpd"])
            .output();
        if !there.is_ok_and(|there| there.status.success()) {
            skipped("python3-aiosmtpd is not installed");
            return None;
        }
        let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        let folder = Folder::new().expect("a folder");
        let written = |name: &str, text: &str| folder.write(name, text).expect("written");
        let certificate = written("certificate", &pem);
        let key = written("key", &key.serialize_pem());
        written("password", PASSWORD);
        let port = free_port().expect("a port");
        let how = serde_json::to_value(security).expect("JSON");
        let mut command = Command::new(PYTHON);
        command
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/server.py"))
            .arg(how.as_str().expect("a word"))
            .arg(port.to_string())
            .args([&certificate, &key, &folder.path().join("taken")])
            .arg(PASSWORD);
        let ready = || TcpStream::connect(("127.0.0.1", port)).is_ok();
        let process = Process::start(command, ready).expect("the server starts");
        Some(Self {
            _process: process,
            port,
            security,
            pem,
            folder,
        })
    }

    fn config(&self) -> MailConfig {
        let mut config = MailConfig::new("localhost", "Rollouts <rollouts@example.com>")
            .with_security(self.security, self.port);
        for (name, address) in [
            ("ops", "Ops <ops@example.com>"),
            ("gone", "nobody@example.com"),
            ("grey", "grey@example.com"),
        ] {
            let more = "second@example.com".to_owned();
            config =
                config.with_channel(name.parse().expect("an id"), vec![address.to_owned(), more]);
        }
        config.roots_pem.push(self.pem.clone());
        if self.security == Security::Plain {
            return config;
        }
        config.with_user(
            "rollouts",
            SecretSource::File(self.folder.path().join("password")),
        )
    }

    fn mail(&self) -> Mail {
        Mail::new(self.config()).expect("a notifier")
    }

    fn taken(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.path().join("taken"));
        let text = text.unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }
}

fn call() -> Call {
    let at = "2026-09-07T12:00:00Z"
        .parse::<Timestamp>()
        .expect("a moment");
    Call::new(at, Span::from_secs(10))
}

async fn send(mail: &Mail, channel: &str) -> Result<Receipt, ProviderError> {
    let message = Message {
        channel: channel.parse().expect("an id"),
        subject: "Rollout grüßt 🚀".to_owned(),
        body: "At 25 %.\n.\nStill going.".to_owned(),
    };
    let rollout = "r1".parse().expect("an id");
    let call = call().with_effect(EffectKey::new(&rollout, 7), EffectClass::FireAndForget);
    mail.send(&message, &call).await
}

#[tokio::test]
async fn a_message_arrives_as_it_was_over_every_way() {
    for security in [Security::Plain, Security::StartTls, Security::Tls] {
        let Some(server) = Server::start(security) else {
            return;
        };
        let mail = server.mail();
        for _ in 0..2 {
            let receipt = send(&mail, "ops").await.expect("sent");
            assert_eq!(receipt.evidence, "250 taken as 7");
        }
        let taken = server.taken();
        assert_eq!(taken.len(), 2);
        let (first, second) = (taken.first().expect("one"), taken.last().expect("two"));
        assert_eq!(first, second, "repeated, it is the same to the letter");
        let safe = security != Security::Plain;
        assert_eq!(
            (&first["tls"], &first["user"]),
            (&safe.into(), &safe.into()),
            "{security:?}"
        );
        assert_eq!(first["from"], "rollouts@example.com");
        assert_eq!(
            first["to"],
            serde_json::json!(["ops@example.com", "second@example.com"])
        );
        assert_eq!(first["subject"], "Rollout grüßt 🚀");
        let body = first["body"].as_str().expect("text").replace("\r\n", "\n");
        assert_eq!(body.trim_end(), "At 25 %.\n.\nStill going.");
        assert_eq!(first["date"], "2026-09-07T12:00:00+00:00");
        let id = first["id"].as_str().expect("an id");
        assert!(
            id.starts_with('<') && id.contains("r1") && id.ends_with("@example.com>"),
            "{id}"
        );
    }
}

#[tokio::test]
async fn the_notifier_passes_the_suite_of_its_role_and_no_text_becomes_a_header() {
    let Some(server) = Server::start(Security::Tls) else {
        return;
    };
    let mail = server.mail();
    let channel = "ops".parse().expect("an id");
    assert_eq!(conformance::notifier(&mail, &channel, &call()).await, []);
    let taken = server.taken();
    assert!(taken.len() >= 16, "each twice");
    let headers = &taken.first().expect("one")["headers"];
    for message in &taken {
        assert_eq!(&message["headers"], headers, "{message}");
        assert_eq!(
            message["to"],
            serde_json::json!(["ops@example.com", "second@example.com"])
        );
    }
}

#[tokio::test]
async fn what_is_refused_is_told_as_what_it_is() {
    let Some(server) = Server::start(Security::Tls) else {
        return;
    };
    let mail = server.mail();
    let gone = send(&mail, "gone").await.expect_err("nobody");
    assert_eq!(
        (gone.kind(), gone.sent()),
        (ErrorKind::NotFound, Sent::Answered)
    );
    assert!(gone.detail().contains("no such user"), "{gone}");
    let later = send(&mail, "grey").await.expect_err("greylisted");
    assert_eq!(
        (later.kind(), later.retry()),
        (ErrorKind::Throttled, Retry::Maybe)
    );
    assert!(later.is_refusal() && gone.is_refusal());
    send(&mail, "grey").await.expect("the second time");
    let unknown = send(&mail, "nowhere").await.expect_err("no channel");
    assert_eq!(unknown.kind(), ErrorKind::Misuse);

    let wrong = server
        .folder
        .write("wrong", "not-the-password-9c1")
        .expect("written");
    let config = server
        .config()
        .with_user("rollouts", SecretSource::File(wrong));
    let denied = send(&Mail::new(config).expect("a notifier"), "ops")
        .await
        .expect_err("denied");
    assert_eq!(denied.kind(), ErrorKind::Denied);
    let told = format!("{denied:?} {denied} {mail:?}");
    assert!(!told.contains("9c1") && !told.contains(PASSWORD), "{told}");
    assert_eq!(server.taken().len(), 1, "greylisted once");
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_or_that_has_no_tls_gets_neither_password_nor_message() {
    for security in [Security::StartTls, Security::Tls] {
        let Some(server) = Server::start(security) else {
            return;
        };
        let mut config = server.config();
        config.roots_pem.clear();
        let error = send(&Mail::new(config).expect("a notifier"), "ops").await;
        let error = error.expect_err("not trusted");
        assert_eq!(
            (error.kind(), error.sent()),
            (ErrorKind::Unavailable, Sent::Nothing)
        );
        assert_eq!(server.taken().len(), 0);
    }
    let Some(server) = Server::start(Security::Plain) else {
        return;
    };
    let mut config = server
        .config()
        .with_security(Security::StartTls, server.port);
    config.user = None;
    let error = send(&Mail::new(config.clone()).expect("a notifier"), "ops").await;
    assert_eq!(error.expect_err("no STARTTLS").kind(), ErrorKind::Misuse);
    let config = config.with_security(Security::Tls, server.port);
    let error = send(&Mail::new(config).expect("a notifier"), "ops").await;
    assert_eq!(error.expect_err("no TLS").sent(), Sent::Nothing);
    assert_eq!(server.taken().len(), 0);
}
