//! Against the real server, started on a loopback port.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;

use phasegate_core::{Decimal, Observed, Query, Span, Timestamp, Wants};
use phasegate_http::{HttpClient, HttpConfig};
use phasegate_provider::{
    Credential, ErrorKind, HttpEndpoint, HttpRequest, HttpTransport as _, Method, MetricSource,
    ProviderError, SecretSource,
};
use phasegate_provider_influxdb::{AbsentCount, InfluxdbConfig, InfluxdbSource};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::{Folder, Process, find, free_port, skipped};

use support::{call, client, query};

const MEAN: &str = "SELECT mean(ms) AS value, count(ms) AS samples FROM req \
    WHERE track = 'canary' AND time >= $start AND time < $end";
const SHARE: &str = "SELECT count(ms) AS matching FROM req WHERE status = '500' AND time >= $start AND time < $end; \
    SELECT count(ms) AS total FROM req WHERE time >= $start AND time < $end";
const BELOW: &str = "SELECT count(ms) AS below FROM req \
    WHERE (ms < $threshold OR (ms = $threshold AND $inclusive)) AND time >= $start AND time < $end; \
    SELECT count(ms) AS total FROM req WHERE time >= $start AND time < $end";
/// Errors are a field that is written where there were some.
const SUMMED: &str = "SELECT sum(errors) AS matching, sum(requests) AS total FROM minutes \
    WHERE time >= $start AND time < $end";

/// A server with a database; `None`, after a line that says why, where it is not installed.
struct Server {
    url: String,
    _process: Process,
    _folder: Folder,
}

impl Server {
    async fn start(auth: bool) -> Option<Self> {
        let Some(program) = find("influxd") else {
            skipped("influxd is not installed");
            return None;
        };
        let folder = Folder::new().expect("a folder");
        let (port, backup) = (free_port().expect("a port"), free_port().expect("a port"));
        let at = folder.path().display();
        let config = format!(
            "bind-address = \"127.0.0.1:{backup}\"\nreporting-disabled = true\n\
             [meta]\ndir = \"{at}/meta\"\n[data]\ndir = \"{at}/data\"\nwal-dir = \"{at}/wal\"\n\
             [monitor]\nstore-enabled = false\n[coordinator]\nmax-select-buckets = 1000\n\
             [http]\nbind-address = \"127.0.0.1:{port}\"\nauth-enabled = {auth}\n"
        );
        let config = folder.write("influxdb.conf", &config).expect("written");
        let mut command = Command::new(program);
        command.arg("run").arg("-config").arg(config);
        let process = Process::start(command, || is_ready(port)).expect("it starts");
        let server = Self {
            url: format!("http://127.0.0.1:{port}"),
            _process: process,
            _folder: folder,
        };
        if !auth {
            server.post("/query?q=CREATE%20DATABASE%20m", "").await;
            server.post("/write?db=m&precision=s", &points()).await;
        }
        Some(server)
    }

    async fn post(&self, path: &str, body: &str) {
        let url = format!("{}{path}", self.url);
        let request = HttpRequest::new(Method::Post, url).with_body("text/plain", body);
        let answer = HttpClient::new(HttpConfig::default())
            .expect("a client")
            .send(request, &call(at(0)))
            .await
            .expect("an answer");
        assert!(answer.is_success(), "{path}: {answer:?}");
    }

    fn source(&self, absent: AbsentCount) -> InfluxdbSource {
        let config = InfluxdbConfig::new(HttpEndpoint::new(&self.url), "m");
        let client = client(Span::from_secs(10));
        InfluxdbSource::new(config.with_absent_count(absent), client)
    }
}

fn is_ready(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return false;
    };
    let asked = stream.write_all(b"GET /ping HTTP/1.0\r\n\r\n");
    let mut text = String::new();
    asked.is_ok() && stream.read_to_string(&mut text).is_ok() && text.starts_with("HTTP/1.0 204")
}

/// One request each second of a minute, the n-th took n ms, each twentieth failed. In the minute after it two of a
/// hundred failed, in the next none of fifty.
fn points() -> String {
    let mut lines = String::new();
    for second in 0..60 {
        let status = if second % 20 == 19 { 500 } else { 200 };
        let at = at(second).as_unix_millis() / 1000;
        lines += &format!("req,track=canary,status={status} ms={second} {at}\n");
    }
    let minute = |minute: u64| at(60 * minute).as_unix_millis() / 1000;
    lines += &format!("minutes errors=2i,requests=100i {}\n", minute(1));
    lines += &format!("minutes requests=50i,said=\"nothing\" {}\n", minute(2));
    lines
}

fn at(secs: u64) -> Timestamp {
    let start: Timestamp = "2026-09-07T12:00:00Z".parse().expect("a moment");
    start + Span::from_secs(secs)
}

/// The first half minute.
fn half(text: &str, wants: Wants) -> Query {
    query(text, "ms", at(30), Span::from_secs(30), wants)
}

fn below(threshold: &str, inclusive: bool) -> Wants {
    Wants::Below {
        threshold: threshold.parse().expect("a decimal"),
        inclusive,
    }
}

async fn ask(source: &InfluxdbSource, question: Query) -> Result<(Observed, u64), ProviderError> {
    let at = question.window.end;
    let found = source.measure(&question, &call(at)).await;
    found.map(|found| (found.observed, found.samples))
}

#[tokio::test]
async fn the_source_passes_the_suite_of_its_role() {
    let Some(server) = Server::start(false).await else {
        return;
    };
    let source: Arc<dyn MetricSource> = Arc::new(server.source(AbsentCount::NoData));
    let answered = [
        half(MEAN, Wants::Scalar),
        half(SHARE, Wants::Share),
        half(BELOW, below("10.5", false)),
    ];
    let violations =
        conformance::metric_source(&source, &answered, "nonsense", &call(at(30))).await;
    assert_eq!(violations, []);
}

#[tokio::test]
async fn what_was_counted_in_the_window_is_what_is_measured() {
    let Some(server) = Server::start(false).await else {
        return;
    };
    let source = server.source(AbsentCount::NoData);
    // 0 to 29 ms: the end is not in the window.
    let value: Decimal = "14.5".parse().expect("a decimal");
    let found = ask(&source, half(MEAN, Wants::Scalar)).await;
    assert_eq!(found.expect("a mean"), (Observed::Scalar { value }, 30));
    let (matching, total) = (1, 30);
    let found = ask(&source, half(SHARE, Wants::Share)).await;
    let want = (Observed::Share { matching, total }, 30);
    assert_eq!(found.expect("a share"), want);
    for (threshold, inclusive, below_it) in [
        ("10", false, 10),
        ("10", true, 11),
        ("10.5", true, 11),
        ("1000", false, 30),
    ] {
        let wants = below(threshold, inclusive);
        let found = ask(&source, half(BELOW, wants)).await.expect("counts");
        let Wants::Below { threshold, .. } = wants else {
            unreachable!()
        };
        let want = Observed::Below {
            threshold,
            below: below_it,
            total: 30,
        };
        assert_eq!(found, (want, 30), "{threshold} {inclusive}");
    }
    let text = "SELECT last(ms) AS value FROM req WHERE time < $end";
    let value = Decimal::from(29u64);
    let found = ask(&source, half(text, Wants::Scalar)).await;
    assert_eq!(found.expect("the last"), (Observed::Scalar { value }, 1));
}

#[tokio::test]
async fn nothing_is_zero_only_where_that_is_said() {
    let Some(server) = Server::start(false).await else {
        return;
    };
    let (strict, zero) = (
        server.source(AbsentCount::NoData),
        server.source(AbsentCount::Zero),
    );
    let minute = |n: u64| {
        query(
            SUMMED,
            "",
            at(60 * n + 1),
            Span::from_secs(60),
            Wants::Share,
        )
    };
    let (matching, total) = (2, 100);
    let want = (Observed::Share { matching, total }, 100);
    for source in [&strict, &zero] {
        assert_eq!(ask(source, minute(1)).await.expect("two"), want);
        // A total of nothing is no data, whatever nothing means.
        let error = ask(source, minute(5)).await.expect_err("nothing");
        assert_eq!(error.kind(), ErrorKind::NoData);
    }
    // Null in one row, and no series at all of a statement of its own.
    let early = query(SHARE, "", at(10), Span::from_secs(10), Wants::Share);
    let unseen = query(BELOW, "", at(30), Span::from_secs(30), below("0", false));
    for (question, total) in [(minute(2), 50), (early, 10), (unseen, 30)] {
        let error = ask(&strict, question.clone()).await;
        assert_eq!(error.expect_err("none").kind(), ErrorKind::NoData);
        let (observed, samples) = ask(&zero, question.clone()).await.expect("zero");
        assert_eq!(samples, total, "{}", question.text);
        let none = matches!(
            observed,
            Observed::Share { matching: 0, .. } | Observed::Below { below: 0, .. }
        );
        assert!(none, "{observed:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_number_is_an_error_of_its_kind() {
    use ErrorKind as K;
    let Some(server) = Server::start(false).await else {
        return;
    };
    let source = server.source(AbsentCount::Zero);
    let within = "WHERE time >= $start AND time < $end";
    for (select, rest, kind, says) in [
        ("ms AS value", "", K::Invalid, "not exactly one row"),
        (
            "mean(ms) AS value",
            "GROUP BY track, status",
            K::Invalid,
            "several series",
        ),
        (
            "mean(ms) AS value",
            "GROUP BY time(10s)",
            K::Invalid,
            "not exactly one row",
        ),
        ("mean(ms)", "", K::Invalid, "column mean"),
        (
            "mean(ms) AS value, max(ms) AS samples",
            "GROUP BY time(1ms)",
            K::Misuse,
            "max-select-buckets",
        ),
        (
            "mean(ms) AS value, ms AS samples",
            "",
            K::Misuse,
            "mixing aggregate",
        ),
        ("mean(mss) AS value", "", K::NoData, ""),
        ("stddev(ms) AS value", "AND ms = 7", K::NoData, ""),
        (
            "mean(ms) AS value FROM req WHERE",
            "",
            K::Misuse,
            "error parsing query",
        ),
        ("bogus(ms) AS value", "", K::Misuse, "undefined function"),
    ] {
        let text = format!("SELECT {select} FROM req {within} {rest}");
        let error = ask(&source, half(&text, Wants::Scalar))
            .await
            .expect_err(&text);
        assert_eq!(error.kind(), kind, "{text}: {error}");
        assert!(error.to_string().contains(says), "{text}: {error}");
    }
    let text = "SELECT sum(said) AS value FROM minutes WHERE time < $end";
    let error = ask(
        &source,
        query(text, "", at(180), Span::from_secs(9), Wants::Scalar),
    )
    .await;
    assert_eq!(error.expect_err("a text").kind(), K::Misuse);
    let text = "SELECT first(said) AS value FROM minutes WHERE time < $end";
    let error = ask(
        &source,
        query(text, "", at(180), Span::from_secs(9), Wants::Scalar),
    )
    .await;
    assert_eq!(error.expect_err("a text").kind(), K::Invalid);
}

#[tokio::test]
async fn a_database_or_a_policy_that_is_not_there_is_not_found() {
    let Some(server) = Server::start(false).await else {
        return;
    };
    let elsewhere = InfluxdbConfig::new(HttpEndpoint::new(&server.url), "nowhere");
    let elsewhere = InfluxdbSource::new(elsewhere, client(Span::from_secs(10)));
    let error = ask(&elsewhere, half(MEAN, Wants::Scalar)).await;
    assert_eq!(
        error.expect_err("no such database").kind(),
        ErrorKind::NotFound
    );
    let policy = InfluxdbConfig::new(HttpEndpoint::new(&server.url), "m");
    let policy = policy.with_retention_policy("nowhere");
    let policy = InfluxdbSource::new(policy, client(Span::from_secs(10)));
    let error = ask(&policy, half(MEAN, Wants::Scalar)).await;
    assert_eq!(
        error.expect_err("no such policy").kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn a_question_changes_nothing() {
    let Some(server) = Server::start(false).await else {
        return;
    };
    let source = server.source(AbsentCount::NoData);
    for text in [
        "DROP MEASUREMENT req",
        "SELECT mean(ms) AS value INTO req FROM req",
        "SELECT mean(ms) AS value FROM req; DROP MEASUREMENT req",
    ] {
        let error = ask(&source, half(text, Wants::Scalar))
            .await
            .expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Misuse, "{text}");
    }
    let found = ask(&source, half(MEAN, Wants::Scalar)).await;
    assert_eq!(found.expect("all is there").1, 30);
}

#[tokio::test]
async fn a_server_that_asks_who_is_told() {
    let Some(server) = Server::start(true).await else {
        return;
    };
    // Cargo sets this variable for every test.
    let marked = env!("CARGO_PKG_NAME");
    let admin = format!(
        "/query?q=CREATE%20USER%20ana%20WITH%20PASSWORD%20'{marked}'%20WITH%20ALL%20PRIVILEGES"
    );
    server.post(&admin, "").await;
    let source = |variable: &str| {
        let password = SecretSource::Env(variable.to_owned());
        let user = "ana".to_owned();
        let credential = Credential::Basic { user, password };
        let endpoint = HttpEndpoint::new(&server.url).with_credential(credential);
        InfluxdbSource::new(
            InfluxdbConfig::new(endpoint, "m"),
            client(Span::from_secs(10)),
        )
    };
    let right = source("CARGO_PKG_NAME");
    let error = ask(&right, half(MEAN, Wants::Scalar)).await;
    assert_eq!(
        error.expect_err("no database yet").kind(),
        ErrorKind::NotFound
    );
    let wrong = source("CARGO_PKG_VERSION");
    let error = ask(&wrong, half(MEAN, Wants::Scalar))
        .await
        .expect_err("denied");
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert!(!format!("{error:?} {error} {right:?}").contains(marked));
    let nobody = server.source(AbsentCount::NoData);
    let error = ask(&nobody, half(MEAN, Wants::Scalar))
        .await
        .expect_err("denied");
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
}
