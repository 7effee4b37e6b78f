//! A real Prometheus server, and an exporter whose numbers the test sets.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::expect_used,
    reason = "shared by test binaries that each use a part"
)]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use phasegate_core::{Arm, Query, Span, Timestamp, Wants, Window, WindowKind};
use phasegate_http::{HttpClient, HttpConfig};
use phasegate_provider::Call;
use phasegate_testkit::servers::{Folder, Process, find, free_port, skipped};

/// Serves what it was given last, as text or as protobuf by what is asked for. Ends with the process.
#[derive(Clone, Debug)]
pub(crate) struct Exporter {
    pub(crate) port: u16,
    text: Arc<Mutex<String>>,
    protobuf: Arc<Mutex<Vec<u8>>>,
}

impl Exporter {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let exporter = Self {
            port,
            text: Arc::default(),
            protobuf: Arc::default(),
        };
        let served = exporter.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                served.answer(stream);
            }
        });
        exporter
    }

    /// What is served from now on; nothing is a failed scrape.
    pub(crate) fn tell(&self, text: &str) {
        text.clone_into(&mut self.text.lock().expect("no panic"));
    }

    /// What is told to scrapers that prefer protobuf.
    pub(crate) fn tell_protobuf(&self, message: Vec<u8>) {
        *self.protobuf.lock().expect("no panic") = message;
    }

    fn answer(&self, mut stream: TcpStream) {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read > 0) {
            head.push(byte[0]);
        }
        let protobuf = self.protobuf.lock().expect("no panic").clone();
        let wants = String::from_utf8_lossy(&head).contains("application/vnd.google.protobuf");
        let (kind, body) = if wants && !protobuf.is_empty() {
            let kind = "application/vnd.google.protobuf; \
                        proto=io.prometheus.client.MetricFamily; encoding=delimited";
            (kind, protobuf)
        } else {
            let text = self.text.lock().expect("no panic").clone();
            ("text/plain; version=0.0.4", text.into_bytes())
        };
        let status = if body.is_empty() {
            "503 Away"
        } else {
            "200 OK"
        };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n",
            body.len()
        );
        drop(
            stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(&body)),
        );
    }
}

/// A server that scrapes an exporter every 200 ms.
#[derive(Debug)]
pub(crate) struct Scraper {
    pub(crate) port: u16,
    _process: Process,
    _folder: Folder,
}

impl Scraper {
    /// `None`, after a line that says why, where it is not installed.
    pub(crate) fn prometheus(exporter: &Exporter) -> Option<Self> {
        let arguments = |config: &Path, data: &Path, port| {
            vec![
                format!("--config.file={}", config.display()),
                format!("--storage.tsdb.path={}", data.display()),
                format!("--web.listen-address=127.0.0.1:{port}"),
                "--enable-feature=native-histograms".to_owned(),
                "--log.level=warn".to_owned(),
            ]
        };
        Self::start("prometheus", exporter, arguments, is_ready)
    }

    /// The same API by another server. `None` as above.
    pub(crate) fn victoria_metrics(exporter: &Exporter) -> Option<Self> {
        let arguments = |config: &Path, data: &Path, port| {
            vec![
                format!("-promscrape.config={}", config.display()),
                format!("-storageDataPath={}", data.display()),
                format!("-httpListenAddr=127.0.0.1:{port}"),
                "-search.latencyOffset=0s".to_owned(),
            ]
        };
        let ready = |port| TcpStream::connect(("127.0.0.1", port)).is_ok();
        Self::start("victoria-metrics", exporter, arguments, ready)
    }

    fn start(
        name: &str,
        exporter: &Exporter,
        arguments: impl Fn(&Path, &Path, u16) -> Vec<String>,
        ready: impl Fn(u16) -> bool,
    ) -> Option<Self> {
        let Some(program) = find(name) else {
            skipped(&format!("{name} is not installed"));
            return None;
        };
        let folder = Folder::new().expect("a folder");
        let port = free_port().expect("a port");
        let config = format!(
            "global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}\n\
             scrape_configs:\n- job_name: app\n  static_configs: [{{targets: ['127.0.0.1:{}']}}]\n",
            exporter.port
        );
        let config = folder.write("scrape.yml", &config).expect("written");
        let mut command = Command::new(program);
        command.args(arguments(&config, &folder.path().join("data"), port));
        let process = Process::start(command, || ready(port)).expect("it starts");
        Some(Self {
            port,
            _process: process,
            _folder: folder,
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

fn is_ready(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return false;
    };
    let asked = stream.write_all(b"GET /-/ready HTTP/1.0\r\n\r\n");
    let mut text = String::new();
    asked.is_ok() && stream.read_to_string(&mut text).is_ok() && text.starts_with("HTTP/1.0 200")
}

pub(crate) fn client(total: Duration) -> Arc<HttpClient> {
    let mut config = HttpConfig::default();
    config.read_within = total.into();
    config.total_within = total.into();
    Arc::new(HttpClient::new(config).expect("a client"))
}

/// Milliseconds since 1970, now.
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = since.expect("after 1970").as_millis();
    Timestamp::from_unix_millis(i64::try_from(millis).expect("before the year 292 million"))
}

pub(crate) fn call() -> Call {
    Call::new(now(), Span::from_secs(10))
}

pub(crate) fn query(text: &str, unit: &str, window: (Timestamp, Timestamp), wants: Wants) -> Query {
    Query {
        to: "prometheus".parse().expect("an id"),
        kpi: "k".parse().expect("an id"),
        text: text.to_owned(),
        arm: Arm::Canary,
        window: Window {
            start: window.0,
            end: window.1,
            kind: WindowKind::Rolling,
        },
        unit: unit.to_owned(),
        wants,
    }
}
