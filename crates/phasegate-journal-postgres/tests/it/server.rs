//! A PostgreSQL server of the test's own, on a free loopback port, gone when the test ends.

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
