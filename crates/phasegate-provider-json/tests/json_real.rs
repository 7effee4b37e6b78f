//! Against a real server that tells about itself in JSON: Prometheus' status and targets.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use phasegate_core::{Decimal, Measurement, Observed, Span, Wants};
use phasegate_provider::{ErrorKind, HttpEndpoint, MetricSource as _, ProviderError};
use phasegate_provider_json::{JsonConfig, JsonSource};
use phasegate_testkit::servers::{Folder, Process, find, free_port, skipped};

use support::{call, client, now, query};

const LIMIT: &str =
    r#"{"get": "/api/v1/status/tsdb?limit=3", "value": "$.data.headStats.numSeries"}"#;
const TOOK: &str = r#"{"get": "/api/v1/targets", "parameters": {"state": "active"}, "unit": "s",
    "value": "$.data.activeTargets[?@.labels.job == 'itself' && @.health == 'up'].lastScrapeDuration"}"#;
/// The moment of a range query's last point.
const POINTS: &str = r#"{"get": "/api/v1/query_range", "value": "$.data.result[0].values[-1][0]",
    "parameters": {"query": "vector(1)", "step": "1", "start": ":start", "end": ":end"}}"#;

/// A Prometheus that scrapes itself; `None`, after a line that says why, where it is not installed.
fn server() -> Option<(u16, Process, Folder)> {
    let Some(program) = find("prometheus") else {
        skipped("prometheus is not installed");
        return None;
    };
    let folder = Folder::new().expect("a folder");
    let port = free_port().expect("a port");
    let config = format!(
        "global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}\n\
         scrape_configs:\n- job_name: itself\n  static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n"
    );
    let config = folder.write("scrape.yml", &config).expect("written");
    let mut command = Command::new(program);
    command.arg(format!("--config.file={}", config.display()));
    command.arg(format!(
        "--storage.tsdb.path={}",
        folder.path().join("data").display()
    ));
    command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
    command.arg("--log.level=warn");
    let process = Process::start(command, || is_ready(port)).expect("it starts");
    Some((port, process, folder))
}

fn is_ready(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return false;
    };
    let asked = stream.write_all(b"GET /-/ready HTTP/1.0\r\n\r\n");
    let mut text = String::new();
    asked.is_ok() && stream.read_to_string(&mut text).is_ok() && text.starts_with("HTTP/1.0 200")
}

fn scalar(found: Result<Measurement, ProviderError>) -> Result<Decimal, ProviderError> {
    let found = found?.observed;
    if let Observed::Scalar { value } = found {
        return Ok(value);
    }
    Err(ProviderError::invalid(format!("{found:?}")))
}

#[tokio::test]
async fn numbers_of_a_real_server_are_read_by_their_paths() {
    let Some((port, _process, _folder)) = server() else {
        return;
    };
    let endpoint = HttpEndpoint::new(format!("http://127.0.0.1:{port}"));
    let source = JsonSource::new(JsonConfig::new(endpoint), client(Span::from_secs(10)));
    let ask = async |text: &str, unit: &str| {
        let at = now();
        let question = query(text, unit, at, Span::from_secs(60), Wants::Scalar);
        scalar(source.measure(&question, &call(at)).await)
    };
    // It has scraped itself once its target is up; the path finds nothing before.
    let mut took = ask(TOOK, "ms").await;
    for _ in 0..300 {
        if !took
            .as_ref()
            .is_err_and(|error| error.kind() == ErrorKind::Invalid)
        {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        took = ask(TOOK, "ms").await;
    }
    let took = took.expect("a duration");
    assert!(
        took > Decimal::ZERO && took < Decimal::from(1000u64),
        "{took}"
    );
    let series = ask(LIMIT, "").await.expect("a number");
    assert!(
        series.to_u64().is_some_and(|series| series > 100),
        "{series}"
    );

    let text =
        r#"{"get": "/api/v1/query", "parameters": {"query": "1"}, "value": "$.data.result[1]"}"#;
    let error = ask(text, "")
        .await
        .expect_err("Prometheus' numbers are texts");
    assert!(error.to_string().contains("is a text"), "{error}");
    let text = r#"{"get": "/api/v1/query", "parameters": {"query": "1 +"}, "value": "$"}"#;
    let error = ask(text, "").await.expect_err("no query");
    assert_eq!(error.kind(), ErrorKind::Misuse);
    let text = r#"{"get": "/api/v1/nothing", "value": "$"}"#;
    let error = ask(text, "").await.expect_err("no such path");
    assert_eq!(error.kind(), ErrorKind::NotFound);

    let at = now();
    let tomorrow = at + Span::from_secs(86_400);
    let question = query(LIMIT, "", tomorrow, Span::from_secs(60), Wants::Scalar);
    let error = source.measure(&question, &call(at)).await;
    assert_eq!(error.expect_err("tomorrow").kind(), ErrorKind::NoData);
}

#[tokio::test]
async fn the_bounds_of_a_window_reach_the_server() {
    let Some((port, _process, _folder)) = server() else {
        return;
    };
    let endpoint = HttpEndpoint::new(format!("http://127.0.0.1:{port}"));
    let source = JsonSource::new(JsonConfig::new(endpoint), client(Span::from_secs(10)));
    let at = "2026-09-07T12:00:30Z".parse().expect("a moment");
    let question = query(POINTS, "", at, Span::from_secs(60), Wants::Scalar);
    let found = source
        .measure(&question, &call(at))
        .await
        .expect("a moment");
    let value = Decimal::from(1_788_782_430u64);
    assert_eq!(found.observed, Observed::Scalar { value });
    assert_eq!(found.window, question.window);
}
