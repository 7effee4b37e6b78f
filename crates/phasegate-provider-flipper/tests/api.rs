//! The store against a real Flipper, its API on puma, as `tests/real-flags` runs it; and, where that was not
//! asked for, against what was recorded then.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use phasegate_core::{Ratio, Span, TargetId, Timestamp};
use phasegate_http::{HttpClient, HttpConfig};
use phasegate_provider::{
    Call, ErrorKind, FlagStore as _, HttpEndpoint, HttpRequest, HttpTransport, Method,
};
use phasegate_provider_flipper::{Beside, Flipper, FlipperConfig};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::{Folder, Process, Tape, find, free_port, mislabelled, withstand};

/// What the recordings say of themselves.
const RECORDED: &str = "Flipper 1.4.2 on puma, store in memory, by tests/real-flags";

/// A rack application: the API over a store in memory.
const APPLICATION: &str = r"
require 'rack'; require 'pathname'
Dir[ENV.fetch('FLIPPER_GEMS') + '/flipper*/lib'].each { |d| $LOAD_PATH.unshift d }
require 'flipper'; require 'flipper/api'; require 'flipper/adapters/memory'
run Flipper::Api.app(Flipper.new(Flipper::Adapters::Memory.new)) { |b| }
";

/// A real server whose answers are recorded, or the recording.
struct Server {
    url: String,
    tape: Arc<Tape>,
    _real: Option<(Process, Folder)>,
}

fn http(within: Span) -> Arc<dyn HttpTransport> {
    let mut config = HttpConfig::default();
    config.read_within = within;
    config.total_within = within;
    Arc::new(HttpClient::new(config).expect("a client"))
}

impl Server {
    /// `PHASEGATE_SERVERS` is where `tests/real-flags` has put the real server.
    fn start(recording: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
        let file = folder.join(format!("{recording}.jsonl"));
        let Some(servers) = std::env::var_os("PHASEGATE_SERVERS") else {
            let tape = Arc::new(Tape::play(file).expect("a recording"));
            let url = "http://recorded".to_owned();
            return Self {
                url,
                tape,
                _real: None,
            };
        };
        let (url, real) = real(&PathBuf::from(servers));
        let tape = Arc::new(Tape::record(file, http(Span::from_secs(10))));
        Self {
            url,
            tape,
            _real: Some(real),
        }
    }

    fn store(&self, beside: Beside) -> Flipper {
        let config = FlipperConfig::new(HttpEndpoint::new(&self.url)).with_beside(beside);
        Flipper::new(Arc::<Tape>::clone(&self.tape), config)
    }

    async fn post(&self, path: &str, form: &str) {
        let request = HttpRequest::new(Method::Post, format!("{}{path}", self.url))
            .with_body("application/x-www-form-urlencoded", form);
        let answer = self.tape.send(request, &call()).await.expect("sent");
        answer.or_error("post").expect("done");
    }
}

fn real(servers: &Path) -> (String, (Process, Folder)) {
    let gems = servers.join("flipper/usr/share/rubygems-integration/all/gems");
    let folder = Folder::new().expect("a folder");
    let application = folder.write("config.ru", APPLICATION).expect("written");
    let port = free_port().expect("a port");
    let address = format!("127.0.0.1:{port}");
    let mut command = Command::new(find("puma").expect("puma, which tests/real-flags installs"));
    command
        .args(["-q", "-e", "production", "-t", "1:4", "-b"])
        .arg(format!("tcp://{address}"))
        .arg(application)
        .env("FLIPPER_GEMS", gems)
        .current_dir(folder.path());
    let ready = || std::net::TcpStream::connect(&address).is_ok();
    let process = Process::start(command, ready).expect("Flipper starts");
    (format!("http://{address}"), (process, folder))
}

fn id(text: &str) -> TargetId {
    text.parse().expect("an id")
}

fn call() -> Call {
    Call::new(Timestamp::EPOCH, Span::from_secs(10))
}

#[tokio::test]
async fn the_store_passes_the_suite_of_its_role() {
    let server = Server::start("suite");
    server.post("/features", "name=checkout").await;
    let store = server.store(Beside::Refuse);
    let violations =
        conformance::flag_store(&store, &id("checkout"), Some(&id("nope")), &call()).await;
    assert_eq!(violations, []);
    let read = store.read(&id("nope"), &call()).await;
    let error = read.expect_err("it was not made");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    server.tape.finish(RECORDED).expect("all that was recorded");
}

#[tokio::test]
async fn gates_that_somebody_set_are_seen_and_not_lost() {
    let server = Server::start("gates");
    server.post("/features", "name=checkout").await;
    let actor = ("/features/checkout/actors", "flipper_id=User%3B1");
    server.post(actor.0, actor.1).await;
    let (refuse, keep) = (server.store(Beside::Refuse), server.store(Beside::Keep));
    let (flag, share) = (id("checkout"), Ratio::from_percent(25).expect("a share"));
    let refused = refuse.set(&flag, share, &call()).await;
    assert!(refused.expect_err("actors").is_refusal());
    let refused = refuse.read(&flag, &call()).await;
    assert_eq!(refused.expect_err("a guess").kind(), ErrorKind::Invalid);
    keep.set(&flag, share, &call()).await.expect("set");
    let found = keep.read(&flag, &call()).await.expect("read");
    assert_eq!(found.share, share);
    assert_eq!(found.native, "percentage_of_actors 25");
    // On for all by the boolean gate, which Flipper lets beat everything and which clears the rest.
    server.post("/features/checkout/boolean", "").await;
    let found = refuse.read(&flag, &call()).await.expect("read");
    assert_eq!(found.share, Ratio::ONE);
    let set = refuse.set(&flag, Ratio::ONE, &call()).await;
    set.expect("it stands");
    refuse.set(&flag, share, &call()).await.expect("down");
    let found = refuse.read(&flag, &call()).await.expect("read");
    assert_eq!(found.share, share);
    server.tape.finish(RECORDED).expect("all that was recorded");
}

#[tokio::test]
async fn every_misbehaviour_is_a_typed_error_in_bounded_time() {
    let client = http(Span::from_millis(500));
    let violations = withstand(&[], async |url| {
        let config = FlipperConfig::new(HttpEndpoint::new(url));
        let store = Flipper::new(Arc::clone(&client), config);
        store.read(&id("checkout"), &call()).await
    });
    assert_eq!(violations.await.expect("a port"), []);
    let violations = withstand(&[], async |url| {
        let config = FlipperConfig::new(HttpEndpoint::new(url));
        let store = Flipper::new(Arc::clone(&client), config);
        store.set(&id("checkout"), Ratio::ONE, &call()).await
    });
    assert_eq!(violations.await.expect("a port"), []);
    let violations = mislabelled(r#"{"gates":[]}"#, async |url| {
        let config = FlipperConfig::new(HttpEndpoint::new(url));
        let store = Flipper::new(Arc::clone(&client), config);
        store.read(&id("checkout"), &call()).await
    });
    assert_eq!(violations.await.expect("a port"), []);
}
