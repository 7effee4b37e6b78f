//! A PostgreSQL server of the test's own, on a free loopback port, gone when the test ends.

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use phasegate_journal_postgres::{PostgresJournal, PostgresOptions};
use tempfile::TempDir;
use tokio_postgres::{Client, Config, NoTls};

/// How long the server may take to start on a busy machine.
const START_TIME_MAX: Duration = Duration::from_secs(60);

pub(crate) struct Server {
    postmaster: Child,
    port: u16,
    // Removed last.
    _folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Immediate shutdown: the data is thrown away, the server's memory segments are not left behind.
        signal("QUIT", self.postmaster.id());
        drop(self.postmaster.wait());
    }
}

pub(crate) fn signal(name: &str, process: u32) {
    let sent = Command::new("kill")
        .args(["-s", name, &process.to_string()])
        .status();
    assert!(
        sent.is_ok_and(|status| status.success()),
        "kill -s {name} {process}"
    );
}

fn skipped(why: &str) -> Option<Server> {
    writeln!(std::io::stdout(), "SKIPPED: {why}").expect("standard output");
    None
}

/// The newest installed server's programs.
fn programs() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&on_path).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        let mut versions: Vec<PathBuf> = versions
            .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
            .collect();
        versions.sort();
        folders.extend(versions.into_iter().rev());
    }
    let complete =
        |folder: &PathBuf| folder.join("initdb").exists() && folder.join("postgres").exists();
    folders.into_iter().find(complete)
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// What to put before a command: the server refuses to run as root.
fn unprivileged(folder: &Path) -> Option<&'static [&'static str]> {
    if output("id", &["-u"]).as_deref() != Some("0") {
        return Some(&[]);
    }
    output("id", &["-u", "postgres"])?;
    output("setpriv", &["--version"])?;
    let owner = Command::new("chown").arg("postgres").arg(folder).status();
    assert!(owner.is_ok_and(|status| status.success()), "chown");
    Some(&[
        "setpriv",
        "--reuid=postgres",
        "--regid=postgres",
        "--clear-groups",
    ])
}

impl Server {
    /// Starts a server; `None`, and a line that says why, where that is not possible.
    pub(crate) async fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            return skipped("no PostgreSQL server is installed");
        };
        let folder = tempfile::tempdir().expect("a folder");
        let Some(prefix) = unprivileged(folder.path()) else {
            return skipped("this is root, and there is no user 'postgres' or no setpriv");
        };
        let data = folder.path().join("data");
        let made = command(prefix, &programs.join("initdb"))
            .args([
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
                "-U",
                "postgres",
                "-D",
            ])
            .arg(&data)
            .current_dir(folder.path())
            .output()
            .expect("initdb");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        let port = free.expect("a free port").port();
        let postmaster = command(prefix, &programs.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args([
                "-c",
                "listen_addresses=127.0.0.1",
                "-p",
                &port.to_string(),
                "-k",
            ])
            .arg(folder.path())
            .current_dir(folder.path())
            .spawn()
            .expect("a server");
        let server = Self {
            postmaster,
            port,
            _folder: folder,
        };
        server.wait_until_ready().await;
        Some(server)
    }

    pub(crate) fn config(&self) -> Config {
        let mut config = Config::new();
        config
            .host("127.0.0.1")
            .port(self.port)
            .user("postgres")
            .dbname("postgres");
        config.connect_timeout(Duration::from_secs(2));
        config
    }

    async fn wait_until_ready(&self) {
        let start = Instant::now();
        while self.config().connect(NoTls).await.is_err() {
            assert!(start.elapsed() < START_TIME_MAX, "the server did not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A connection beside the journal's own.
    pub(crate) async fn client(&self) -> Client {
        let (client, connection) = self.config().connect(NoTls).await.expect("a connection");
        tokio::spawn(connection);
        client
    }

    pub(crate) async fn journal(&self, schema: &str) -> PostgresJournal {
        PostgresJournal::connect(self.config(), options(schema))
            .await
            .expect("a journal")
    }
}

pub(crate) fn options(schema: &str) -> PostgresOptions {
    PostgresOptions::default()
        .with_schema(schema)
        .expect("a name")
}

fn command(prefix: &[&str], program: &Path) -> Command {
    let mut command = match prefix {
        [] => Command::new(program),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command.args(rest).arg(program);
            command
        }
    };
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}
