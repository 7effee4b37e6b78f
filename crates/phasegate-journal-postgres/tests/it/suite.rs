//! What holds while the server is well.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use phasegate_core::Span;
use phasegate_journal::conformance::{Store, cases, differential};
use phasegate_journal::{AppendError, Change, Journal, Peer, ReadError, StorageKind};
use phasegate_journal_postgres::PostgresJournal;
use tokio_postgres::Client;

use crate::server::{Server, options};
use crate::{TTL, batch, holder, rollout};

static SCHEMAS: AtomicU32 = AtomicU32::new(0);

/// A schema of its own.
struct Schema<'a> {
    server: &'a Server,
    name: String,
    beside: Client,
}

impl<'a> Schema<'a> {
    async fn new(server: &'a Server) -> Self {
        let number = SCHEMAS.fetch_add(1, Ordering::Relaxed);
        Self {
            server,
            name: format!("store_{number}"),
            beside: server.client().await,
        }
    }

    async fn journal(&self) -> PostgresJournal {
        self.server.journal(&self.name).await
    }

    /// Runs SQL behind the journal's back.
    async fn run(&self, sql: &str) {
        let sql = format!("SET search_path TO {}; {sql}", self.name);
        self.beside.batch_execute(&sql).await.expect(&sql);
    }
}

#[async_trait]
impl Store for Schema<'_> {
    async fn open(&self) -> Arc<dyn Journal> {
        Arc::new(self.journal().await)
    }

    /// The server's clock cannot be set; all leases are moved back instead.
    async fn pass(&self, span: Span) {
        let micros = span.as_nanos() / 1000;
        let back = format!(
            "UPDATE rollout SET expires_at = expires_at - {micros} * interval '1 microsecond'"
        );
        self.run(&back).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_journal_keeps_every_promise() {
    let Some(server) = Server::start().await else {
        return;
    };
    for case in cases() {
        if let Err(failure) = case.run(&Schema::new(&server).await).await {
            panic!("{failure}");
        }
    }
    for seed in 0..4 {
        if let Err(failure) = differential(&Schema::new(&server).await, seed, 300).await {
            panic!("{failure}");
        }
    }
    handles_never_write_over_each_other(&server).await;
    damage_names_the_record(&server).await;
    a_change_is_told_to_other_handles(&server).await;
    a_schema_of_format_1_is_upgraded_with_its_content(&server).await;
    controllers_know_of_each_other_until_they_leave_or_die(&server).await;
    unsafe_servers_and_newer_formats_are_refused(&server).await;
}

async fn a_schema_of_format_1_is_upgraded_with_its_content(server: &Server) {
    let schema = Schema::new(server).await;
    let journal = schema.journal().await;
    let id = rollout("r");
    let made = journal
        .create(&id, &holder("a"), TTL, &[], batch("0"))
        .await;
    let (lease, head) = made.expect("a rollout");
    drop(journal);
    // Format 1 had no table of controllers.
    schema
        .run("DROP TABLE controller; UPDATE meta SET format = 1")
        .await;
    let journal = schema.journal().await;
    assert_eq!(journal.head(&id).await, Ok(head));
    journal
        .append(&lease, 1, batch("1"))
        .await
        .expect("an append");
    let me = peer("a", 1);
    assert_eq!(journal.announce(&me, TTL).await, Ok(vec![me]));
}

fn peer(name: &str, running: u32) -> Peer {
    Peer {
        holder: holder(name),
        running,
    }
}

async fn controllers_know_of_each_other_until_they_leave_or_die(server: &Server) {
    let schema = Schema::new(server).await;
    let (one, two) = (schema.journal().await, schema.journal().await);
    let (a, b, c) = (peer("a", 3), peer("b", 0), peer("c", 1));
    assert_eq!(one.announce(&a, TTL).await, Ok(vec![a.clone()]));
    let both = vec![a.clone(), b.clone()];
    assert_eq!(two.announce(&b, TTL).await, Ok(both));
    let busier = peer("a", 4);
    let all = vec![busier.clone(), b.clone()];
    assert_eq!(one.announce(&busier, TTL).await, Ok(all));
    // One says goodbye, another is not heard of any more.
    assert_eq!(two.announce(&b, Span::ZERO).await, Ok(vec![busier]));
    schema
        .run("UPDATE controller SET expires_at = clock_timestamp() WHERE name = 'a'")
        .await;
    assert_eq!(two.announce(&c, TTL).await, Ok(vec![c]));
}

async fn handles_never_write_over_each_other(server: &Server) {
    let schema = Schema::new(server).await;
    let (id, me) = (rollout("r"), holder("a"));
    let first = schema.journal().await;
    first
        .create(&id, &me, TTL, &[], batch("0"))
        .await
        .expect("a rollout");
    // Four writers steal the lease from each other all the time and count what was acknowledged.
    let writer = async |n: u32| {
        let (journal, mut acknowledged) = (schema.journal().await, 0);
        for round in 0..50 {
            let lease = journal.acquire(&id, &me, TTL).await.expect("the lease");
            let head = journal.head(&id).await.expect("the head");
            let mine = batch(&format!("{n}-{round}"));
            match journal.append(&lease, head.next_seq, mine).await {
                Ok(_) => acknowledged += 1,
                Err(AppendError::Conflict { .. } | AppendError::Fenced { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        acknowledged
    };
    let (a, b, c, d) = tokio::join!(writer(1), writer(2), writer(3), writer(4));
    let records = first.read(&id, 0).await.expect("records");
    assert_eq!(records.len(), 1 + a + b + c + d);
    assert!(a + b + c + d > 0);
}

async fn damage_names_the_record(server: &Server) {
    for (sql, seq) in [
        (
            "UPDATE record SET at = '1970-01-01T00:00:00.000000001Z' WHERE seq = 3",
            3,
        ),
        ("UPDATE record SET at = 'yesterday' WHERE seq = 3", 3),
        ("UPDATE record SET kind = 'l' WHERE seq = 3", 3),
        ("UPDATE record SET payload = '' WHERE seq = 5", 5),
        ("UPDATE record SET prev = hash WHERE seq = 3", 3),
        ("UPDATE record SET hash = prev WHERE seq = 3", 3),
        ("UPDATE record SET hash = '' WHERE seq = 3", 3),
        ("UPDATE record SET seq = 9 WHERE seq = 3", 3),
        ("DELETE FROM record WHERE seq = 0", 0),
        ("DELETE FROM record WHERE seq >= 2", 2),
        ("DELETE FROM record", 0),
        (
            "INSERT INTO record SELECT rollout, 6, at, kind, payload, prev, hash FROM record WHERE seq = 5",
            6,
        ),
        ("UPDATE rollout SET next_seq = 4", 4),
        ("UPDATE rollout SET head = ''", 5),
    ] {
        let schema = Schema::new(server).await;
        let journal = schema.journal().await;
        let id = rollout("r");
        let made = journal
            .create(&id, &holder("a"), TTL, &[], batch("0"))
            .await;
        let (lease, _) = made.expect("a rollout");
        for n in 1..6 {
            journal
                .append(&lease, n, batch("x"))
                .await
                .expect("an append");
        }
        schema.run(sql).await;
        match journal.read(&id, 0).await {
            Err(ReadError::Corrupt { seq: found, .. }) => assert_eq!(found, seq, "{sql}"),
            other => panic!("{sql}: found {other:?}, expected damage"),
        }
    }
}

async fn a_change_is_told_to_other_handles(server: &Server) {
    let schema = Schema::new(server).await;
    let (writer, listener) = (schema.journal().await, schema.journal().await);
    let mut changes = listener.changes().expect("a server that tells");
    let id = rollout("r");
    let made = writer.create(&id, &holder("a"), TTL, &[], batch("0")).await;
    let (lease, _) = made.expect("a rollout");
    writer
        .append(&lease, 1, batch("1"))
        .await
        .expect("an append");
    writer.release(&lease).await.expect("a release");
    for (act, change) in [
        ("create", Change::Rollout(id.clone())),
        ("append", Change::Rollout(id.clone())),
        ("release", Change::Free(id.clone())),
    ] {
        assert_eq!(changes.next().await, Some(change), "{act}");
    }
    drop(listener);
    // The connection is gone, and then the journal is.
    assert_eq!(changes.next().await, Some(Change::Any));
    assert_eq!(changes.next().await, None);
}

async fn unsafe_servers_and_newer_formats_are_refused(server: &Server) {
    let schema = Schema::new(server).await;
    drop(schema.journal().await);
    let refused = async |name: &str| {
        let error = PostgresJournal::connect(server.config(), options(&schema.name)).await;
        match error {
            Err(ReadError::Storage(error)) => assert_eq!(error.kind, StorageKind::Unsupported),
            other => panic!("{name}: {other:?}"),
        }
    };
    schema.run("UPDATE meta SET format = 99").await;
    refused("a newer format").await;
    schema.run("UPDATE meta SET format = 2").await;
    drop(schema.journal().await);
    for setting in ["fsync", "full_page_writes"] {
        // Each by itself: the server takes it on in its own time.
        schema
            .beside
            .batch_execute(&format!("ALTER SYSTEM SET {setting} TO off"))
            .await
            .expect("off");
        schema
            .beside
            .batch_execute("SELECT pg_reload_conf()")
            .await
            .expect("reload");
        wait_for(&schema.beside, setting, "off").await;
        refused(setting).await;
        schema
            .beside
            .batch_execute(&format!("ALTER SYSTEM RESET {setting}"))
            .await
            .expect("on");
        schema
            .beside
            .batch_execute("SELECT pg_reload_conf()")
            .await
            .expect("reload");
        wait_for(&schema.beside, setting, "on").await;
    }
}

async fn wait_for(client: &Client, setting: &str, value: &str) {
    loop {
        let row = client
            .query_one("SELECT current_setting($1)", &[&setting])
            .await;
        if row.expect("a setting").get::<_, &str>(0) == value {
            return;
        }
        tokio::task::yield_now().await;
    }
}
