//! Against a real Redis whose keys the test has set.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests, and helpers beside them"
)]

use std::sync::Arc;

use phasegate_core::{Arm, Decimal, Observed, Query, Span, Timestamp, Wants, Window, WindowKind};
use phasegate_provider::{Call, ErrorKind, MetricSource, ProviderError, SecretSource, Sent};
use phasegate_provider_redis::{Absent, RedisConfig, RedisEndpoint, RedisSource};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::{Redis, free_port, skipped};

const PASSWORD: &str = "marked-secret-7f3a";

fn server() -> Option<Redis> {
    let server = Redis::start(PASSWORD).expect("Redis starts");
    if server.is_none() {
        skipped("redis-server is not installed");
    }
    server
}

fn endpoint(server: &Redis) -> RedisEndpoint {
    let password = SecretSource::File(server.password_file());
    RedisEndpoint::new("127.0.0.1", server.port()).with_password(Some(password))
}

fn source(server: &Redis) -> RedisSource {
    RedisSource::new(RedisConfig::new(endpoint(server)))
}

async fn run(server: &Redis, commands: &[&str]) {
    let url = format!("redis://:{PASSWORD}@127.0.0.1:{}/", server.port());
    let client = redis::Client::open(url).expect("a client");
    let connected = client.get_multiplexed_async_connection().await;
    let mut connection = connected.expect("connected");
    for command in commands {
        let words: Vec<&str> = command.split(' ').collect();
        let mut asked = redis::cmd(words[0]);
        asked.arg(&words[1..]);
        let said = asked.query_async::<redis::Value>(&mut connection).await;
        said.expect(command);
    }
}

fn at() -> Timestamp {
    "2026-09-07T12:00:00Z".parse().expect("a moment")
}

fn query(text: &str, unit: &str) -> Query {
    Query {
        to: "redis".parse().expect("an id"),
        kpi: "k".parse().expect("an id"),
        text: text.to_owned(),
        arm: Arm::Canary,
        window: Window {
            start: at().before(Span::from_secs(60)),
            end: at(),
            kind: WindowKind::Rolling,
        },
        unit: unit.to_owned(),
        wants: Wants::Scalar,
    }
}

fn call() -> Call {
    Call::new(at(), Span::from_secs(5))
}

async fn ask(source: &RedisSource, text: &str, unit: &str) -> Result<Decimal, ProviderError> {
    let found = source.measure(&query(text, unit), &call()).await?;
    assert_eq!(found.samples, 1);
    if let Observed::Scalar { value } = found.observed {
        return Ok(value);
    }
    Err(ProviderError::invalid(format!("{found:?}")))
}

const KEYS: [&str; 10] = [
    "RPUSH orders a b c",
    "SADD tags x y",
    "HSET fields a 1",
    "ZADD scores 1 a 2 b 3 c 4 d",
    "SET depth 12.5",
    "SET word twelve",
    "XADD stream 1-0 k v",
    "XADD stream 2-0 k v",
    "XGROUP CREATE stream billing 0",
    "XREADGROUP GROUP billing one COUNT 1 STREAMS stream >",
];

#[tokio::test]
async fn what_redis_holds_is_what_is_measured() {
    let Some(server) = server() else { return };
    run(&server, &KEYS).await;
    let source = source(&server);
    for (text, want) in [
        ("LLEN orders", "3"),
        ("SCARD tags", "2"),
        ("HLEN fields", "1"),
        ("ZCARD scores", "4"),
        ("xlen stream", "2"),
        ("GET depth", "12.5"),
        ("XINFO GROUPS stream billing lag", "1"),
        ("XINFO GROUPS stream billing pending", "1"),
        ("XINFO GROUPS stream billing consumers", "1"),
        ("DBSIZE", "7"),
        ("INFO keyspace db0.keys", "7"),
        ("INFO replication connected_slaves", "0"),
        ("INFO commandstats cmdstat_rpush.calls", "1"),
    ] {
        let found = ask(&source, text, "").await;
        assert_eq!(found.expect(text).to_string(), want, "{text}");
    }
    let memory = ask(&source, "INFO memory used_memory", "B")
        .await
        .expect("bytes");
    assert!(memory > Decimal::from(100_000u64), "{memory}");
    let peak = ask(&source, "INFO memory used_memory_peak_perc", "%")
        .await
        .expect("a share");
    assert!(
        peak > Decimal::ZERO && peak <= Decimal::from(101u64),
        "{peak}"
    );

    let source: Arc<dyn MetricSource> = Arc::new(source);
    let answered = ["LLEN orders", "INFO memory used_memory", "DBSIZE"].map(|text| query(text, ""));
    let violations = conformance::metric_source(&source, &answered, "FLUSHALL", &call()).await;
    assert_eq!(violations, []);
}

#[tokio::test]
async fn what_is_no_number_says_why() {
    let Some(server) = server() else { return };
    run(&server, &KEYS).await;
    let refusing = source(&server);
    for (text, says) in [
        ("LLEN nothing", "no key 'nothing'"),
        ("GET nothing", "no key 'nothing'"),
        ("GET word", "'twelve'"),
        ("LLEN tags", "WRONGTYPE"),
        ("GET orders", "WRONGTYPE"),
        ("XINFO GROUPS nothing billing lag", "no such key"),
        ("XINFO GROUPS stream nobody lag", "no group nobody"),
        ("XINFO GROUPS stream billing nothing", "no field nothing"),
        ("XINFO GROUPS stream billing name", "no number"),
        ("INFO memory used_memory_human", "no number"),
        ("INFO memory nothing", "no one field nothing"),
        ("INFO nothing used_memory", "no one field"),
        ("INFO memory used_memory_peak_perc", "in percent"),
    ] {
        let error = ask(&refusing, text, "").await.expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Invalid, "{text}: {error}");
        assert!(error.to_string().contains(says), "{text}: {error}");
    }
    // After a deletion in the middle nobody knows how many are left.
    run(
        &server,
        &[
            "XADD stream 3-0 k v",
            "XADD stream 4-0 k v",
            "XDEL stream 3-0",
        ],
    )
    .await;
    let error = ask(&refusing, "XINFO GROUPS stream billing lag", "").await;
    assert_eq!(error.expect_err("nil").kind(), ErrorKind::NoData);

    let config = RedisConfig::new(endpoint(&server)).with_absent(Absent::Zero);
    let zero = RedisSource::new(config);
    for text in ["LLEN nothing", "GET nothing", "XLEN nothing"] {
        assert_eq!(ask(&zero, text, "").await.expect(text), Decimal::ZERO);
    }
    let mut share = query("LLEN orders", "%");
    share.wants = Wants::Share;
    let error = zero.measure(&share, &call()).await.expect_err("a share");
    assert_eq!(error.kind(), ErrorKind::Misuse);
}

#[tokio::test]
async fn who_may_not_is_told_so_and_no_password_is_told() {
    let Some(server) = server() else { return };
    run(
        &server,
        &["ACL SETUSER watcher on >watching ~* +ping +info"],
    )
    .await;
    let file = |name: &str, text: &str| {
        let path = server.folder().join(name);
        std::fs::write(&path, text).expect("written");
        Some(SecretSource::File(path))
    };
    let watcher = RedisEndpoint::new("127.0.0.1", server.port())
        .with_user(Some("watcher".to_owned()))
        .with_password(file("watcher", "watching"));
    let watcher = RedisSource::new(RedisConfig::new(watcher));
    ask(&watcher, "INFO memory used_memory", "")
        .await
        .expect("let in");
    let wrong = RedisEndpoint::new("127.0.0.1", server.port());
    let wrong = wrong.with_password(file("wrong", &format!("{PASSWORD}-wrong")));
    let nobody = RedisEndpoint::new("127.0.0.1", server.port());
    let [wrong, nobody] = [wrong, nobody].map(|to| RedisSource::new(RedisConfig::new(to)));
    for source in [watcher, wrong, nobody] {
        let error = ask(&source, "LLEN orders", "").await.expect_err("denied");
        assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
        assert!(!format!("{error} {error:?} {source:?}").contains(PASSWORD));
    }
    let away = RedisEndpoint::new("127.0.0.1", free_port().expect("a port"));
    let away = RedisSource::new(RedisConfig::new(away));
    let error = ask(&away, "DBSIZE", "").await.expect_err("nobody there");
    assert_eq!(
        (error.kind(), error.sent()),
        (ErrorKind::Unavailable, Sent::Nothing)
    );
}
