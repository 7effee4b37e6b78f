//! Probes against servers that are fine, slow, half-open, redirecting, lying, and worse.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use phasegate_core::{Span, TargetId, Timestamp};
use phasegate_http::{HttpClient, HttpConfig};
use phasegate_provider::{
    Call, CommandRunner, ErrorKind, Health, HealthProbe as _, HealthState, HttpEndpoint,
};
use phasegate_provider_command::{CommandConfig, Commands, CommandsConfig};
use phasegate_provider_probe::{CommandProbe, HttpProbe, Probe, Probes, ProbesConfig, TcpProbe};
use phasegate_testkit::conformance::health_probe;
use phasegate_testkit::servers::{
    Hostile, MISBEHAVIOURS, Process, Receiver, find, free_port, skipped,
};
use tokio::net::TcpListener;

fn id(text: &str) -> TargetId {
    text.parse().expect("an id")
}

fn call() -> Call {
    Call::new(Timestamp::EPOCH, Span::from_secs(5))
}

fn probes(targets: impl IntoIterator<Item = (TargetId, Probe)>) -> Probes {
    let http = Arc::new(HttpClient::new(HttpConfig::default()).expect("a client"));
    let targets: BTreeMap<_, _> = targets.into_iter().collect();
    Probes::new(ProbesConfig { targets }, http)
}

fn http(server: &Hostile, path: &str) -> HttpProbe {
    let endpoint = HttpEndpoint::new(server.url("")).with_response_bytes_max(1 << 20);
    HttpProbe::new(endpoint, path).with_within(Span::from_millis(300))
}

fn tcp(address: impl Into<String>) -> TcpProbe {
    TcpProbe::new(address).with_within(Span::from_millis(300))
}

async fn look(probe: Probe) -> Health {
    let started = Instant::now();
    let found = probes([(id("x"), probe)])
        .probe(&id("x"), &call())
        .await
        .expect("a state");
    assert!(started.elapsed() < Duration::from_secs(3), "{found:?}");
    found
}

#[tokio::test]
async fn a_status_decides_and_misbehaviour_is_down() {
    let server = Hostile::start().await.expect("a port");
    let elsewhere = Hostile::start().await.expect("a port");
    let up = look(Probe::Http(http(&server, "/fine"))).await;
    assert_eq!(
        (up.state, up.detail.as_str()),
        (HealthState::Up, "HTTP 200")
    );
    let redirect = format!("/to?{}", elsewhere.url("/fine"));
    for path in [
        "/to?/fine",
        redirect.as_str(),
        "/status?404",
        "/status?204x",
    ] {
        let found = look(Probe::Http(http(&server, path))).await;
        assert_eq!(found.state, HealthState::Down, "{path}: {found:?}");
    }
    assert!(elsewhere.asked().is_empty());
    // Whatever is no complete answer is down; whatever is no health document too.
    let complete = ["/json?", "/text?"];
    for way in MISBEHAVIOURS {
        let server = Hostile::always(way).await.expect("a port");
        if !complete.iter().any(|prefix| way.starts_with(prefix)) {
            let found = look(Probe::Http(http(&server, "/"))).await;
            assert_eq!(found.state, HealthState::Down, "{way}: {found:?}");
        }
        let found = look(Probe::Http(http(&server, "/").with_components(["db"]))).await;
        assert_eq!(found.state, HealthState::Down, "{way}: {found:?}");
    }
}

#[tokio::test]
async fn a_lie_is_found_where_the_document_holds_the_truth() {
    for (answer, state) in [
        (
            r#"{"status":"UP","components":{"db":{"status":"UP"}}}"#,
            HealthState::Up,
        ),
        (
            r#"{"status":"UP","components":{"db":{"status":"DOWN"}}}"#,
            HealthState::Down,
        ),
        (
            r#"{"status":"UP","components":{"db":{"status":"UP"},"mail":{"status":"DOWN"}}}"#,
            HealthState::Degraded,
        ),
    ] {
        let server = Hostile::always(&format!("/json?{answer}"))
            .await
            .expect("a port");
        let found = look(Probe::Http(
            http(&server, "/health").with_components(["db"]),
        ))
        .await;
        assert_eq!(found.state, state, "{answer}: {found:?}");
    }
}

#[tokio::test]
async fn a_document_of_another_type_is_no_health_document() {
    for (kind, state) in [
        (Some("application/json; charset=utf-8"), HealthState::Up),
        (Some("application/health+json"), HealthState::Up),
        (
            Some("application/vnd.spring-boot.actuator.v3+json"),
            HealthState::Up,
        ),
        (Some("text/html"), HealthState::Down),
        (Some("text/plain"), HealthState::Down),
        (None, HealthState::Down),
    ] {
        let server = Receiver::start(move |_| {
            let kind = kind.map(|kind| ("content-type".to_owned(), kind.to_owned()));
            let body = r#"{"status":"UP","components":{"db":{"status":"UP"}}}"#;
            (200, kind.into_iter().collect(), body.to_owned())
        });
        let server = server.await.expect("a port");
        let probe = HttpProbe::new(HttpEndpoint::new(server.url("")), "/health");
        let found = look(Probe::Http(probe.with_components(["db"]))).await;
        assert_eq!(found.state, state, "{kind:?}: {found:?}");
    }
}

#[tokio::test]
async fn who_accepts_and_never_speaks_is_found_by_a_greeting() {
    // Nobody calls accept: the system's queue answers in their place.
    let half_open = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = half_open.local_addr().expect("an address").to_string();
    let bare = look(Probe::Tcp(tcp(&address))).await;
    assert_eq!(bare.state, HealthState::Up);
    let greeted = look(Probe::Tcp(tcp(&address).with_greeting("PING\r\n", "+PONG"))).await;
    assert_eq!(greeted.state, HealthState::Down, "{greeted:?}");
    drop(half_open);
    let gone = look(Probe::Tcp(tcp(&address))).await;
    assert_eq!(gone.state, HealthState::Down, "{gone:?}");
    let other = Hostile::start().await.expect("a port");
    let address = other.address().to_string();
    let asked = "GET /garbage HTTP/1.0\r\n\r\n";
    let greeted = look(Probe::Tcp(
        tcp(address).with_greeting(asked, "HTTP/1.1 200"),
    ))
    .await;
    assert_eq!(greeted.state, HealthState::Down);
    assert!(greeted.detail.contains("SSH-2.0"), "{greeted:?}");
}

#[tokio::test]
async fn a_real_redis_says_pong() {
    let Some(program) = find("redis-server") else {
        return skipped("redis-server is not installed");
    };
    let address = format!("127.0.0.1:{}", free_port().expect("a port"));
    let port = address.rsplit(':').next().unwrap_or_default();
    let mut command = Command::new(program);
    command.args(["--bind", "127.0.0.1", "--save", "", "--port", port]);
    let ready = || std::net::TcpStream::connect(&address).is_ok();
    let server = Process::start(command, ready).expect("it starts");
    let probe = Probe::Tcp(tcp(&address).with_greeting("PING\r\n", "+PONG"));
    assert_eq!(look(probe.clone()).await.state, HealthState::Up);
    drop(server);
    assert_eq!(look(probe).await.state, HealthState::Down);
}

#[tokio::test]
async fn the_rules_of_probes_hold() {
    let server = Hostile::start().await.expect("a port");
    let mut config = CommandsConfig::default();
    for (name, script) in [
        ("fine", "exit 0"),
        ("partly", "echo slow; exit 3"),
        ("broken", "exit 1"),
    ] {
        let command = CommandConfig::new("/bin/sh", ["-c", script]);
        config.commands.insert(name.to_owned(), command);
    }
    let commands: Arc<dyn CommandRunner> = Arc::new(Commands::new(config));
    let command = |name: &str| {
        let mut probe = CommandProbe::new(name);
        probe.degraded.insert(3);
        Probe::Command(probe)
    };
    let gone = format!("127.0.0.1:{}", free_port().expect("a port"));
    let known = [
        (
            "http-up",
            Probe::Http(http(&server, "/fine")),
            HealthState::Up,
        ),
        (
            "http-down",
            Probe::Http(http(&server, "/status?500")),
            HealthState::Down,
        ),
        (
            "tcp-up",
            Probe::Tcp(tcp(server.address().to_string())),
            HealthState::Up,
        ),
        ("tcp-down", Probe::Tcp(tcp(gone)), HealthState::Down),
        ("command-up", command("fine"), HealthState::Up),
        ("command-partly", command("partly"), HealthState::Degraded),
        ("command-down", command("broken"), HealthState::Down),
    ];
    let targets = known
        .iter()
        .map(|(name, probe, _)| (id(name), probe.clone()));
    let all = probes(targets).with_commands(commands);
    let states: Vec<_> = known
        .iter()
        .map(|(name, _, state)| (id(name), *state))
        .collect();
    assert_eq!(
        health_probe(&all, &states, &id("nowhere"), &call()).await,
        []
    );
    let missing = probes([(id("x"), command("nothing"))]);
    let error = missing
        .probe(&id("x"), &call())
        .await
        .expect_err("nobody to run it");
    assert_eq!(error.kind(), ErrorKind::Misuse);
}
