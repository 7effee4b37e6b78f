//! Each fault on real connections: what passes, what does not, and what is so once it is mended.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::io::ErrorKind as Io;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use phasegate_core::{
    Desired, Effect, EffectClass, EffectKey, EffectOutcome, Ratio, Span, Timestamp,
};
use phasegate_provider::{Call, ErrorKind, FaultInjector as _, Registry};
use phasegate_provider_faultproxy::{Fault, FaultConfig, FaultProxy, ProxyConfig};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::{Redis, free_port, skipped};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const LATENCY: Duration = Duration::from_millis(300);
/// How long something that must not come is waited for.
const SILENCE: Duration = Duration::from_millis(300);
/// How long something that must come may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

fn call() -> Call {
    Call::new(Timestamp::EPOCH, Span::from_secs(5))
}

/// Sends back what it gets, and counts the bytes.
async fn echo() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let bytes = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&bytes);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let counted = Arc::clone(&counted);
            tokio::spawn(async move {
                let mut read = vec![0; 64 << 10];
                while let Ok(length) = stream.read(&mut read).await {
                    counted.fetch_add(length, Ordering::Relaxed);
                    let back = read.get(..length).unwrap_or_default();
                    if length == 0 || stream.write_all(back).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (port, bytes)
}

fn faults() -> [(&'static str, Fault); 5] {
    [
        ("drop", Fault::Drop),
        ("latency", Fault::Latency(LATENCY.into())),
        ("lose", Fault::LoseResponse),
        (
            "limit",
            Fault::RateLimit(NonZeroU32::new(20_000).expect("not zero")),
        ),
        ("reset", Fault::Reset),
    ]
}

fn config(upstream: u16) -> ProxyConfig {
    let listen = "127.0.0.1:0".parse().expect("an address");
    let mut config = ProxyConfig::new(listen, format!("127.0.0.1:{upstream}"));
    for (name, fault) in faults() {
        config = config.with_fault(name, FaultConfig::new(fault));
    }
    config
}

/// A proxy before an echo.
async fn proxy() -> (FaultProxy, Arc<AtomicUsize>) {
    let (upstream, bytes) = echo().await;
    let proxy = FaultProxy::start(config(upstream)).await;
    (proxy.expect("a proxy"), bytes)
}

async fn connect(proxy: &FaultProxy) -> TcpStream {
    TcpStream::connect(proxy.address())
        .await
        .expect("connected")
}

async fn start(proxy: &FaultProxy, fault: &str) {
    let started = proxy.faults().start("e", fault, &call()).await;
    started.expect("started");
}

async fn stop(proxy: &FaultProxy) {
    proxy.faults().stop("e", &call()).await.expect("stopped");
}

/// Sends a word and says how long its echo took.
async fn say(stream: &mut TcpStream, word: &[u8]) -> std::io::Result<Duration> {
    let began = Instant::now();
    stream.write_all(word).await?;
    let mut back = vec![0; word.len()];
    let read = timeout(PATIENCE, stream.read_exact(&mut back)).await;
    read.expect("in time")?;
    assert_eq!(back, word);
    Ok(began.elapsed())
}

/// Nothing comes.
async fn is_silent(stream: &mut TcpStream) {
    let mut one = [0];
    let read = timeout(SILENCE, stream.read(&mut one)).await;
    assert!(read.is_err(), "it said something: {read:?}");
}

async fn is_reset(stream: &mut TcpStream) {
    let mut one = [0];
    let read = timeout(PATIENCE, stream.read(&mut one)).await;
    let error = read.expect("in time").expect_err("no end");
    assert_eq!(error.kind(), Io::ConnectionReset);
}

#[tokio::test]
async fn the_proxy_passes_the_suite_of_its_role() {
    let (proxy, _) = proxy().await;
    let violations =
        conformance::fault_injector(&proxy.faults(), "latency", "no such", &call()).await;
    assert_eq!(violations, []);
}

#[tokio::test]
async fn without_a_fault_everything_passes_in_both_ways_and_ends_where_it_ends() {
    let (proxy, bytes) = proxy().await;
    let mut stream = connect(&proxy).await;
    say(&mut stream, b"hello").await.expect("said");
    // Ten times what is held back at a time.
    let much = vec![7; 10 << 20];
    let (mut from, mut to) = stream.split();
    let writing = async {
        to.write_all(&much).await.expect("written");
        to.shutdown().await.expect("ended");
    };
    let mut back = Vec::new();
    let reading = async { from.read_to_end(&mut back).await.expect("to its end") };
    tokio::join!(writing, reading);
    assert_eq!(back.len(), much.len());
    assert_eq!(bytes.load(Ordering::Relaxed), 5 + much.len());
}

#[tokio::test]
async fn an_answer_comes_later_by_the_latency_and_at_once_when_it_is_mended() {
    let (proxy, _) = proxy().await;
    let mut stream = connect(&proxy).await;
    assert!(say(&mut stream, b"before").await.expect("said") < LATENCY);
    start(&proxy, "latency").await;
    assert!(say(&mut stream, b"slow").await.expect("said") >= LATENCY);
    assert!(say(&mut connect(&proxy).await, b"new").await.expect("said") >= LATENCY);
    // Ten words under way at once are late by one latency, not by ten.
    let many = say(&mut stream, &[7; 500_000]).await.expect("said");
    assert!(many >= LATENCY && many < 8 * LATENCY, "{many:?}");
    stream.write_all(b"under way").await.expect("written");
    stop(&proxy).await;
    let mut back = [0; 9];
    stream.read_exact(&mut back).await.expect("read");
    assert!(say(&mut stream, b"after").await.expect("said") < LATENCY);
}

#[tokio::test]
async fn what_is_dropped_waits_and_passes_in_order_once_it_is_mended() {
    let (proxy, bytes) = proxy().await;
    let mut old = connect(&proxy).await;
    say(&mut old, b"before").await.expect("said");
    start(&proxy, "drop").await;
    let mut new = connect(&proxy).await;
    for stream in [&mut old, &mut new] {
        stream.write_all(b"first").await.expect("written");
        is_silent(stream).await;
        stream.write_all(b"second").await.expect("written");
    }
    assert_eq!(bytes.load(Ordering::Relaxed), 6, "nothing arrives");
    stop(&proxy).await;
    for stream in [&mut old, &mut new] {
        let mut back = [0; 11];
        let read = timeout(PATIENCE, stream.read_exact(&mut back)).await;
        read.expect("in time").expect("read");
        assert_eq!(&back, b"firstsecond");
    }
}

#[tokio::test]
async fn connections_are_reset_those_that_are_open_and_those_that_are_made() {
    let (proxy, bytes) = proxy().await;
    let mut open = connect(&proxy).await;
    say(&mut open, b"before").await.expect("said");
    start(&proxy, "reset").await;
    is_reset(&mut open).await;
    is_reset(&mut connect(&proxy).await).await;
    stop(&proxy).await;
    let mut new = connect(&proxy).await;
    say(&mut new, b"after").await.expect("said");
    assert_eq!(bytes.load(Ordering::Relaxed), 11);
}

#[tokio::test]
async fn a_limited_rate_is_kept_and_ends_when_it_is_mended() {
    let (proxy, _) = proxy().await;
    let mut stream = connect(&proxy).await;
    start(&proxy, "limit").await;
    // 10 kB at 20 kB/s there; back they follow piece by piece.
    let took = say(&mut stream, &[7; 10_000]).await.expect("said");
    assert!(took >= Duration::from_millis(400), "{took:?}");
    stream.write_all(&[7; 200_000]).await.expect("written");
    stop(&proxy).await;
    let began = Instant::now();
    let mut back = vec![0; 200_000];
    stream.read_exact(&mut back).await.expect("read");
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "ten seconds' worth"
    );
}

#[tokio::test]
async fn half_of_the_connections_are_hit_where_the_share_is_half() {
    let (upstream, _) = echo().await;
    let half = Ratio::from_percent(50).expect("a share");
    let half = FaultConfig::new(Fault::Reset).with_share(half);
    let config = config(upstream).with_fault("half", half);
    let proxy = FaultProxy::start(config).await.expect("a proxy");
    start(&proxy, "half").await;
    let mut through = 0;
    for _ in 0..20 {
        through += usize::from(say(&mut connect(&proxy).await, b"x").await.is_ok());
    }
    assert_eq!(through, 10);
}

/// The worst of faults: the other side has done it, and nobody says so.
#[tokio::test]
async fn a_request_whose_answer_is_lost_has_had_its_effect() {
    let Some(server) = Redis::start("pass").expect("Redis starts") else {
        return skipped("redis-server is not installed");
    };
    let proxy = FaultProxy::start(config(server.port()))
        .await
        .expect("a proxy");
    let mut stream = connect(&proxy).await;
    let ask = async |stream: &mut TcpStream, command: &str, want: &str| {
        stream.write_all(command.as_bytes()).await.expect("written");
        let mut said = vec![0; want.len()];
        let read = timeout(PATIENCE, stream.read_exact(&mut said)).await;
        read.expect("in time").expect("read");
        assert_eq!(String::from_utf8_lossy(&said), want, "{command}");
    };
    ask(&mut stream, "AUTH pass\r\nSET n 41\r\n", "+OK\r\n+OK\r\n").await;
    start(&proxy, "lose").await;
    stream.write_all(b"INCR n\r\n").await.expect("written");
    is_silent(&mut stream).await;
    stop(&proxy).await;
    is_reset(&mut stream).await;
    let mut new = connect(&proxy).await;
    ask(&mut new, "AUTH pass\r\nGET n\r\n", "+OK\r\n$2\r\n42\r\n").await;
}

/// A crash of whoever has started it: nobody will ever stop it.
#[tokio::test]
async fn a_fault_that_nobody_stops_ends_by_itself_however_often_it_was_started() {
    let (upstream, _) = echo().await;
    let short = FaultConfig::new(Fault::Drop).with_at_most(Span::from_millis(600));
    let config = config(upstream).with_fault("short", short);
    let proxy = FaultProxy::start(config).await.expect("a proxy");
    start(&proxy, "short").await;
    let began = Instant::now();
    let mut stream = connect(&proxy).await;
    stream.write_all(b"hello").await.expect("written");
    is_silent(&mut stream).await;
    start(&proxy, "short").await;
    let mut back = [0; 5];
    stream.read_exact(&mut back).await.expect("it ends");
    let lasted = began.elapsed();
    assert!(lasted < Duration::from_secs(5), "{lasted:?}");
    let read = proxy.faults().read("e", &call()).await;
    assert_eq!(read.expect("read"), None);
    // And another experiment may begin.
    let other = proxy.faults().start("f", "latency", &call()).await;
    other.expect("started");
}

/// A crash of the proxy: what comes back in its place breaks nothing, and what is left of it breaks nothing either.
#[tokio::test]
async fn a_proxy_that_has_ended_leaves_no_fault() {
    let (upstream, _) = echo().await;
    let mut config = config(upstream);
    let port = free_port().expect("a port");
    config.listen = ([127, 0, 0, 1], port).into();
    let first = FaultProxy::start(config.clone()).await.expect("a proxy");
    let left = first.faults();
    start(&first, "drop").await;
    let mut held = connect(&first).await;
    held.write_all(b"hello").await.expect("written");
    is_silent(&mut held).await;
    first.shutdown().await;
    let mut one = [0];
    let ended = timeout(PATIENCE, held.read(&mut one))
        .await
        .expect("in time");
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");

    let second = FaultProxy::start(config).await.expect("a proxy");
    say(&mut connect(&second).await, b"hello")
        .await
        .expect("said");
    let gone = left.start("e", "drop", &call()).await.expect_err("gone");
    assert_eq!(gone.kind(), ErrorKind::Unavailable);
    assert!(left.read("e", &call()).await.is_err());
    left.stop("e", &call()).await.expect("harmless");
    say(&mut connect(&second).await, b"hello")
        .await
        .expect("said");
}

#[tokio::test]
async fn where_nobody_listens_a_connection_is_reset() {
    let port = free_port().expect("a port");
    let proxy = FaultProxy::start(config(port)).await.expect("a proxy");
    is_reset(&mut connect(&proxy).await).await;
}

/// As a rollout has it done: on, read back; off, read back; for something else, refused.
#[tokio::test]
async fn a_registry_breaks_mends_and_reads_back() {
    let (proxy, _) = proxy().await;
    let mut registry = Registry::new();
    let bound =
        registry.bind_fault_injector("chaos".parse().expect("an id"), Arc::new(proxy.faults()));
    bound.expect("free");
    let perform = async |experiment: &str, fault: &str, on: bool| {
        let rollout = "r".parse().expect("an id");
        let effect = Effect {
            number: 1,
            key: EffectKey::new(&rollout, 1),
            to: "chaos".parse().expect("an id"),
            desired: Desired::Fault {
                experiment: experiment.to_owned(),
                fault: fault.to_owned(),
                on,
            },
            before: None,
            class: EffectClass::IdempotentByKey,
            deadline: Timestamp::EPOCH + Span::from_secs(60),
        };
        registry.perform(&effect, &call()).await
    };
    let applied = |outcome: &EffectOutcome, told: &str| matches!(outcome, EffectOutcome::Applied { evidence } if evidence.contains(told));
    for _ in 0..2 {
        let on = perform("e", "drop", true).await;
        assert!(applied(&on, "read back: fault of e on: drop"), "{on:?}");
    }
    let taken = perform("f", "drop", true).await;
    assert!(
        matches!(taken, EffectOutcome::NotApplied { .. }),
        "{taken:?}"
    );
    let unknown = perform("e", "flood", true).await;
    assert!(
        matches!(unknown, EffectOutcome::NotApplied { .. }),
        "{unknown:?}"
    );
    for _ in 0..2 {
        let off = perform("e", "drop", false).await;
        assert!(applied(&off, "read back: fault of e off: drop"), "{off:?}");
    }
}
