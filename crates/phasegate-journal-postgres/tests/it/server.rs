//! A PostgreSQL server of the test's own, on a free loopback port, gone when the test ends.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::process::Command;
use std::time::{Duration, Instant};

use phasegate_journal_postgres::{PostgresJournal, PostgresOptions};
use phasegate_testkit::servers::{Postgres, skipped};
use tokio_postgres::{Client, Config, NoTls};

/// How long the server may take to start on a busy machine.
const START_TIME_MAX: Duration = Duration::from_secs(60);

pub(crate) struct Server {
    server: Postgres,
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

impl Server {
    /// Starts a server; `None`, and a line that says why, where that is not possible.
    pub(crate) async fn start() -> Option<Self> {
        let Some(server) = Postgres::start().expect("a server") else {
            skipped("no PostgreSQL server is installed, or nobody may run it");
            return None;
        };
        let server = Self { server };
        server.wait_until_ready().await;
        Some(server)
    }

    pub(crate) fn config(&self) -> Config {
        let mut config = Config::new();
        config
            .host("127.0.0.1")
            .port(self.server.port())
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

    /// Makes the server use a certificate and its key, both in PEM, from now on.
    pub(crate) async fn encrypt(&self, name: &str, certificate: &str, key: &str) {
        let client = self.client().await;
        let folder = client.query_one("SHOW data_directory", &[]).await;
        let folder: String = folder.expect("a folder").get(0);
        let owner = std::fs::metadata(&folder).expect("the server's folder");
        for (what, end, pem) in [("cert", "crt", certificate), ("key", "key", key)] {
            let path = format!("{folder}/{name}.{end}");
            std::fs::write(&path, pem).expect("written");
            std::fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("private");
            chown(&path, Some(owner.uid()), Some(owner.gid())).expect("the server's own");
            let set = format!("ALTER SYSTEM SET ssl_{what}_file = '{name}.{end}'");
            client.batch_execute(&set).await.expect("set");
        }
        self.set_ssl(&client, "on", &format!("{name}.crt")).await;
    }

    /// Makes the server refuse encryption from now on.
    pub(crate) async fn stop_encryption(&self, client: &Client) {
        self.set_ssl(client, "off", "").await;
    }

    async fn set_ssl(&self, client: &Client, ssl: &str, certificate: &str) {
        let set = format!("ALTER SYSTEM SET ssl = {ssl}");
        client.batch_execute(&set).await.expect("set");
        let reload = client.batch_execute("SELECT pg_reload_conf()").await;
        reload.expect("a reload");
        let wanted = format!("{ssl} {certificate}");
        let start = Instant::now();
        // The server takes its settings on in its own time; a new connection has those of the moment.
        loop {
            let asked = self.client().await;
            let said = "SELECT current_setting('ssl') || ' ' || current_setting('ssl_cert_file')";
            let said: String = asked.query_one(said, &[]).await.expect("settings").get(0);
            if said.starts_with(&wanted) {
                return;
            }
            assert!(start.elapsed() < START_TIME_MAX, "{said}, not {wanted}");
            tokio::time::sleep(Duration::from_millis(20)).await;
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
