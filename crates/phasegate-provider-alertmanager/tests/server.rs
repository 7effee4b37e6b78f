//! The source against a real Alertmanager.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use phasegate_core::{Span, Timestamp};
use phasegate_http::{HttpClient, HttpConfig};
use phasegate_provider::{
    Call, EventSource as _, HttpEndpoint, HttpRequest, HttpTransport, Method,
};
use phasegate_provider_alertmanager::{Alertmanager, AlertmanagerConfig, Rule, from_webhook};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::{
    Folder, Process, Receiver, find, free_port, mislabelled, skipped, withstand,
};

const ALERTS: &str = r#"[
    {"labels":{"alertname":"HighErrors","severity":"critical"},"annotations":{"summary":"12 % of all"}},
    {"labels":{"alertname":"Unrelated"}}
]"#;
const SILENCE: &str = r#"{"matchers":[{"name":"alertname","value":"HighErrors","isRegex":false}],
    "startsAt":"2020-01-01T00:00:00Z","endsAt":"2099-01-01T00:00:00Z","createdBy":"t","comment":"t"}"#;

struct Server {
    url: String,
    http: Arc<dyn HttpTransport>,
    _process: Process,
    _folder: Folder,
}

fn http(read_within: Span, total_within: Span) -> Arc<dyn HttpTransport> {
    let mut config = HttpConfig::default();
    config.read_within = read_within;
    config.total_within = total_within;
    Arc::new(HttpClient::new(config).expect("a client"))
}

fn server(hook: &str) -> Option<Server> {
    let Some(program) = find("prometheus-alertmanager").or_else(|| find("alertmanager")) else {
        skipped("prometheus-alertmanager is not installed");
        return None;
    };
    let folder = Folder::new().expect("a folder");
    let config = format!(
        "route: {{receiver: hook, group_wait: 0s, group_interval: 1s}}\nreceivers: [{{name: hook, webhook_configs: [{{url: \"{hook}\"}}]}}]\n"
    );
    let config = folder.write("a.yml", &config).expect("written");
    let port = free_port().expect("a port");
    let mut command = Command::new(program);
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.path={}", folder.path().display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--cluster.listen-address=");
    let ready = || TcpStream::connect(("127.0.0.1", port)).is_ok();
    let process = Process::start(command, ready).expect("Alertmanager starts");
    Some(Server {
        url: format!("http://127.0.0.1:{port}"),
        http: http(Span::from_secs(10), Span::from_secs(20)),
        _process: process,
        _folder: folder,
    })
}

impl Server {
    async fn post(&self, path: &str, body: &str) {
        let request = HttpRequest::new(Method::Post, format!("{}{path}", self.url))
            .with_body("application/json", body);
        self.http
            .send(request, &call())
            .await
            .expect("sent")
            .or_error("post")
            .expect("done");
    }

    fn source(&self) -> Alertmanager {
        Alertmanager::new(
            Arc::clone(&self.http),
            AlertmanagerConfig::new(HttpEndpoint::new(&self.url)).with_rule(rule()),
        )
    }
}

fn rule() -> Rule {
    Rule::new("errors-high").with_label("alertname", "HighErrors")
}

fn call() -> Call {
    Call::new(Timestamp::EPOCH, Span::from_secs(5))
}

/// Waits until `holds`, a minute at most: a busy machine takes its time.
async fn until<F: AsyncFnMut() -> bool>(what: &str, mut holds: F) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn the_source_passes_the_suite_of_its_role_against_a_real_alertmanager() {
    let hook = Receiver::start(|_| (200, vec![], String::new())).await;
    let hook = hook.expect("a server");
    let Some(server) = server(&hook.url("/hook")) else {
        return;
    };
    let (source, call) = (server.source(), call());
    let violations = conformance::event_source(&source, &call, async || {
        server.post("/api/v2/alerts", ALERTS).await;
        let looks = server.source();
        let told = async || !looks.poll(&call).await.expect("polled").is_empty();
        until("the alert fires", told).await;
    });
    assert_eq!(violations.await, []);
    let again = server.source();
    let found = again.poll(&call).await.expect("polled");
    let [told] = found.as_slice() else {
        panic!("after a restart it comes again: {found:?}")
    };
    assert_eq!(
        (told.scenario.as_str(), told.severity.as_str()),
        ("errors-high", "critical")
    );
    assert_eq!(told.evidence, "HighErrors: 12 % of all");

    // What the same server posts as a webhook is the same occurrence.
    until("the webhook is posted", async || {
        let mut posted = hook
            .received()
            .into_iter()
            .flat_map(|one| from_webhook(&one.body, &[rule()]).expect("a webhook"));
        posted.any(|posted| posted == *told)
    })
    .await;
    server.post("/api/v2/silences", SILENCE).await;
    until("a silenced alert does not count", async || {
        again.poll(&call).await.expect("polled").is_empty()
    })
    .await;
}

#[tokio::test]
async fn every_misbehaviour_is_a_typed_error_and_never_an_alert() {
    let client = http(Span::from_millis(500), Span::from_secs(2));
    let violations = withstand(&[], async |url| {
        let config = AlertmanagerConfig::new(HttpEndpoint::new(url)).with_rule(Rule::new("any"));
        let source = Alertmanager::new(Arc::clone(&client), config);
        source.poll(&call()).await
    });
    assert_eq!(violations.await.expect("a port"), []);
    let violations = mislabelled("[]", async |url| {
        let config = AlertmanagerConfig::new(HttpEndpoint::new(url)).with_rule(Rule::new("any"));
        let source = Alertmanager::new(Arc::clone(&client), config);
        source.poll(&call()).await
    });
    assert_eq!(violations.await.expect("a port"), []);
}
