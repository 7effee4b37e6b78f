//! The store against a real Unleash on a real PostgreSQL, as `tests/real-flags` runs it; and, where that was not
//! asked for, against what was recorded then.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use phasegate_core::{Ratio, Span, TargetId, Timestamp};
use phasegate_http::{HttpClient, HttpConfig};
use phasegate_provider::{
    Call, Credential, ErrorKind, FlagStore as _, HttpEndpoint, HttpTransport, Method, SecretSource,
};
use phasegate_provider_unleash::{Unleash, UnleashConfig};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::{Folder, Process, Tape, free_port, mislabelled, withstand};

const TOKEN: &str = "*:*.marked-secret-7f3a";

/// What the recordings say of themselves.
const RECORDED: &str = "Unleash 8.2.0 on PostgreSQL 15, by tests/real-flags";

/// A real server whose answers are recorded, or the recording.
struct Server {
    api: HttpEndpoint,
    tape: Arc<Tape>,
    secrets: Folder,
    // In the order in which they must end.
    _real: Option<(Process, Process, Folder)>,
}

fn http(within: Span) -> Arc<dyn HttpTransport> {
    let mut config = HttpConfig::default();
    config.read_within = within;
    config.total_within = within;
    Arc::new(HttpClient::new(config).expect("a client"))
}

fn postgres() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin")));
    folders
        .filter(|folder| folder.join("initdb").is_file())
        .max()
}

/// A command as the user `postgres` where we are root: PostgreSQL refuses to run as root.
fn unprivileged(program: &Path) -> Command {
    let root = std::fs::metadata("/proc/self")
        .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
        .arg(program);
    command
}

fn database(bin: &Path, folder: &Folder) -> (Process, u16) {
    use std::os::unix::fs::PermissionsExt as _;
    // The other user has to come in, and to write.
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777))
        .expect("opened");
    let data = folder.path().join("data");
    let made = unprivileged(&bin.join("initdb"))
        .args([
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C",
            "-D",
        ])
        .arg(&data)
        .current_dir(folder.path())
        .output()
        .expect("initdb runs");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let port = free_port().expect("a port");
    let mut command = unprivileged(&bin.join("postgres"));
    command.arg("-D").arg(&data).arg("-k").arg(folder.path());
    command.args([
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        "fsync=off",
        "-p",
        &port.to_string(),
    ]);
    let ready = || {
        let asked = Command::new(bin.join("pg_isready"))
            .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
            .status();
        asked.is_ok_and(|status| status.success())
    };
    (
        Process::start(command, ready).expect("PostgreSQL starts"),
        port,
    )
}

fn real(servers: &Path) -> (String, (Process, Process, Folder)) {
    let modules = servers.join("unleash/node_modules");
    let bin = postgres().expect("PostgreSQL, which tests/setup installs");
    let folder = Folder::new().expect("a folder");
    let (database, at) = database(&bin, &folder);
    let port = free_port().expect("a port");
    let mut command = Command::new(modules.join("node/bin/node"));
    command
        .arg(modules.join("unleash-server/dist/server.js"))
        .current_dir(folder.path())
        .envs([
            (
                "DATABASE_URL",
                format!("postgres://postgres@127.0.0.1:{at}/postgres"),
            ),
            ("DATABASE_SSL", "false".to_owned()),
            ("HTTP_HOST", "127.0.0.1".to_owned()),
            ("HTTP_PORT", port.to_string()),
            ("CHECK_VERSION", "false".to_owned()),
            ("SEND_TELEMETRY", "false".to_owned()),
            ("INIT_ADMIN_API_TOKENS", TOKEN.to_owned()),
        ]);
    let ready = || TcpStream::connect(("127.0.0.1", port)).is_ok();
    let unleash = Process::start(command, ready).expect("Unleash starts");
    (
        format!("http://127.0.0.1:{port}"),
        (unleash, database, folder),
    )
}

impl Server {
    /// `PHASEGATE_SERVERS` is where `tests/real-flags` has put the real server.
    fn start(recording: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
        let file = folder.join(format!("{recording}.jsonl"));
        let (url, tape, real) = match std::env::var_os("PHASEGATE_SERVERS") {
            None => {
                let tape = Tape::play(file).expect("a recording");
                ("http://recorded".to_owned(), tape, None)
            }
            Some(servers) => {
                let (url, real) = real(&PathBuf::from(servers));
                (
                    url,
                    Tape::record(file, http(Span::from_secs(20))),
                    Some(real),
                )
            }
        };
        let secrets = Folder::new().expect("a folder");
        let api = HttpEndpoint::new(url).with_credential(token(&secrets, TOKEN));
        let tape = Arc::new(tape);
        Self {
            api,
            tape,
            secrets,
            _real: real,
        }
    }

    fn store(&self) -> Unleash {
        let config = UnleashConfig::new(self.api.clone(), "development");
        Unleash::new(Arc::<Tape>::clone(&self.tape), config)
    }

    async fn post(&self, path: &str, body: &str) {
        let path = format!("/api/admin/projects/default/features{path}");
        let request = self.api.request(Method::Post, &path, "post");
        let request = request.expect("a request");
        let request = request.with_body("application/json", body);
        let answer = self.tape.send(request, &call()).await.expect("sent");
        let told = String::from_utf8_lossy(&answer.body);
        assert!(answer.is_success(), "{}: {told}", answer.status);
    }

    async fn feature(&self, name: &str) {
        let body = format!(r#"{{"name":"{name}","type":"release"}}"#);
        self.post("", &body).await;
    }
}

fn token(folder: &Folder, token: &str) -> Credential {
    let file = folder.write("token", token).expect("written");
    Credential::Header {
        name: "authorization".to_owned(),
        value: SecretSource::File(file),
    }
}

fn id(text: &str) -> TargetId {
    text.parse().expect("an id")
}

fn call() -> Call {
    Call::new(Timestamp::EPOCH, Span::from_secs(20))
}

#[tokio::test]
async fn the_store_passes_the_suite_of_its_role() {
    let server = Server::start("suite");
    server.feature("checkout").await;
    let store = server.store();
    let found = store.read(&id("checkout"), &call()).await.expect("read");
    assert_eq!(found.share, Ratio::ZERO);
    let violations =
        conformance::flag_store(&store, &id("checkout"), Some(&id("nope")), &call()).await;
    assert_eq!(violations, []);
    server.tape.finish(RECORDED).expect("all that was recorded");
}

#[tokio::test]
async fn what_unleash_cannot_hold_or_somebody_else_has_made_is_refused() {
    let server = Server::start("refusals");
    let store = server.store();
    // A feature that was never on gets its rollout first: turned on without one, Unleash makes one with 100 %.
    server.feature("search").await;
    let (flag, share) = (id("search"), Ratio::from_percent(7).expect("a share"));
    store.set(&flag, share, &call()).await.expect("set");
    let found = store.read(&flag, &call()).await.expect("read");
    assert_eq!(found.share, share);
    assert_eq!(found.native, "flexibleRollout 7");

    let tiny = Ratio::from_ppm(9_999).expect("a share");
    let refused = store.set(&flag, tiny, &call()).await;
    assert!(refused.expect_err("finer").is_refusal());
    let second = r#"{"name":"flexibleRollout","constraints":[],"parameters":{"rollout":"50","stickiness":"userId","groupId":"other"}}"#;
    let path = "/search/environments/development/strategies";
    server.post(path, second).await;
    let refused = store.set(&flag, share, &call()).await;
    assert!(refused.expect_err("two strategies").is_refusal());
    let refused = store.read(&flag, &call()).await;
    assert_eq!(refused.expect_err("a guess").kind(), ErrorKind::Invalid);
    server.tape.finish(RECORDED).expect("all that was recorded");
}

#[tokio::test]
async fn a_wrong_token_is_denied_and_no_token_is_told() {
    let server = Server::start("denied");
    let wrong = token(&server.secrets, "*:*.marked-secret-wrong");
    let config = UnleashConfig::new(server.api.clone().with_credential(wrong), "development");
    let store = Unleash::new(Arc::<Tape>::clone(&server.tape), config);
    let set = store.set(&id("search"), Ratio::ONE, &call()).await;
    let error = set.expect_err("denied");
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(!format!("{error:?} {store:?}").contains("marked-secret"));
    server.tape.finish(RECORDED).expect("all that was recorded");
    let kept = std::fs::read_to_string(server.tape.file()).expect("a recording");
    assert!(!kept.contains("marked-secret"));
}

#[tokio::test]
async fn every_misbehaviour_is_a_typed_error_in_bounded_time() {
    let client = http(Span::from_millis(500));
    let store = |url: String| {
        let config = UnleashConfig::new(HttpEndpoint::new(url), "development");
        Unleash::new(Arc::clone(&client), config)
    };
    let read = async |url| store(url).read(&id("checkout"), &call()).await;
    assert_eq!(withstand(&[], &read).await.expect("a port"), []);
    let set = async |url| store(url).set(&id("checkout"), Ratio::ONE, &call()).await;
    assert_eq!(withstand(&[], set).await.expect("a port"), []);
    let body = r#"{"enabled":true,"strategies":[]}"#;
    assert_eq!(mislabelled(body, read).await.expect("a port"), []);
}
