//! A real PostgreSQL with one table, and questions about it.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::panic,
    reason = "shared by test binaries that each use a part"
)]

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::time::Duration;

use phasegate_core::{Arm, Query, Span, Timestamp, Wants, Window, WindowKind};
use phasegate_provider::Call;
use phasegate_provider_sql::PostgresConfig;
use phasegate_testkit::servers::{Postgres, skipped};
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// One request each second of a minute; the n-th took n + 0.5 ms, each twentieth failed.
const TABLE: &str = "
    CREATE TABLE requests AS SELECT
        '2026-09-07T12:00:00Z'::timestamptz + n * interval '1 s' AS at,
        '2026-09-07T12:00:00'::timestamp + n * interval '1 s' AS at_plain,
        n + 0.5 AS took,
        n % 20 = 19 AS failed
    FROM generate_series(0, 59) n;
    CREATE ROLE reader LOGIN;
    GRANT SELECT ON requests TO reader;
    ALTER DATABASE postgres SET TimeZone TO 'Asia/Tokyo'";

#[derive(Debug)]
pub(crate) struct Database {
    server: Postgres,
}

impl Database {
    /// `None`, after a line that says why, where there is no server.
    pub(crate) async fn start() -> Option<Self> {
        let Some(server) = Postgres::start().expect("it starts") else {
            skipped("PostgreSQL cannot be started here");
            return None;
        };
        let database = Self { server };
        database.run(TABLE).await;
        Some(database)
    }

    pub(crate) fn config(&self, user: &str) -> PostgresConfig {
        PostgresConfig::new("127.0.0.1", "postgres", user).with_port(self.server.port())
    }

    /// Makes a user whom the server asks for a password.
    pub(crate) async fn ask_for_password(&self, user: &str, password: &str) {
        let folder = self.run("SHOW data_directory").await;
        let rules = format!(
            "host all {user} 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"
        );
        std::fs::write(format!("{folder}/pg_hba.conf"), rules).expect("written");
        let made = format!("CREATE ROLE {user} LOGIN PASSWORD '{password}'");
        self.run(&made).await;
        self.run("SELECT pg_reload_conf()").await;
        // The server reads its rules when it comes to it.
        let strange = format!(
            "host=127.0.0.1 port={} user={user} dbname=postgres",
            self.server.port()
        );
        for _ in 0..200 {
            if tokio_postgres::connect(&strange, NoTls).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{user} is let in without a password");
    }

    /// Makes the server use a certificate and its key, both in PEM, from now on.
    pub(crate) async fn encrypt(&self, name: &str, certificate: &str, key: &str) {
        let folder = self.run("SHOW data_directory").await;
        let owner = std::fs::metadata(&folder).expect("the server's folder");
        for (what, end, pem) in [("cert", "crt", certificate), ("key", "key", key)] {
            let path = format!("{folder}/{name}.{end}");
            std::fs::write(&path, pem).expect("written");
            std::fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("private");
            chown(&path, Some(owner.uid()), Some(owner.gid())).expect("the server's own");
            let set = format!("ALTER SYSTEM SET ssl_{what}_file = '{name}.{end}'");
            self.run(&set).await;
        }
        self.run("ALTER SYSTEM SET ssl = on").await;
        self.run("SELECT pg_reload_conf()").await;
        // The server reads its settings when it comes to it.
        for _ in 0..200 {
            let used =
                self.run("SELECT current_setting('ssl') || current_setting('ssl_cert_file')");
            if used.await == format!("on{name}.crt") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{name} is not used");
    }

    pub(crate) fn port(&self) -> u16 {
        self.server.port()
    }

    /// Runs statements as the superuser; the last one's first column as text.
    async fn run(&self, statements: &str) -> String {
        let to = format!(
            "host=127.0.0.1 port={} user=postgres dbname=postgres",
            self.server.port()
        );
        let mut connected = tokio_postgres::connect(&to, NoTls).await;
        for _ in 0..200 {
            if connected.is_ok() {
                break;
            }
            // It may still recover.
            tokio::time::sleep(Duration::from_millis(50)).await;
            connected = tokio_postgres::connect(&to, NoTls).await;
        }
        let (client, traffic) = connected.expect("connected");
        let task = tokio::spawn(traffic);
        let said = client.simple_query(statements).await.expect(statements);
        drop(client);
        task.await.expect("no panic").expect("closed");
        let mut last = String::new();
        for message in said {
            if let SimpleQueryMessage::Row(row) = message {
                last = row.get(0).unwrap_or_default().to_owned();
            }
        }
        last
    }
}

/// A moment of 7 September 2026, so many seconds after noon.
pub(crate) fn at(secs: u64) -> Timestamp {
    let noon: Timestamp = "2026-09-07T12:00:00Z".parse().expect("a moment");
    noon + Span::from_secs(secs)
}

pub(crate) fn call(at: Timestamp) -> Call {
    Call::new(at, Span::from_secs(10))
}

/// A question about so much time before a moment.
pub(crate) fn query(text: &str, end: Timestamp, back: Span, wants: Wants) -> Query {
    Query {
        to: "sql".parse().expect("an id"),
        kpi: "k".parse().expect("an id"),
        text: text.to_owned(),
        arm: Arm::Canary,
        window: Window {
            start: end.before(back),
            end,
            kind: WindowKind::Rolling,
        },
        unit: "ms".to_owned(),
        wants,
    }
}
