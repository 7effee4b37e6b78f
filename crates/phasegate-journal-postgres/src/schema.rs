//! The tables, and how a schema of an older format becomes one of the newest.

use phasegate_journal::StorageKind;
use tokio_postgres::Client;

use crate::trouble::Trouble;

/// Older servers are no longer maintained by their makers.
const SERVER_VERSION_MIN: i32 = 120_000;

/// Step `n` makes format `n + 1` of format `n`; format 0 is an empty schema. Steps are never edited once
/// released, only added.
const STEPS: [&str; 2] = [
    "
    -- Never handed back and never used twice; one for all rollouts, so that targets can compare.
    CREATE SEQUENCE fencing_token AS bigint MINVALUE 1 START 1 NO CYCLE;
    CREATE TABLE rollout (
        key        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id         text COLLATE \"C\" NOT NULL,
        next_seq   bigint NOT NULL,     -- the head, apart from the records: a cut end shows
        head       bytea NOT NULL,
        wake_at    text,                -- exact
        wake_ms    bigint,              -- the same in milliseconds, for the index
        finished   boolean NOT NULL,
        token      bigint NOT NULL,     -- the highest one of this rollout
        holder     text,                -- NULL: nobody
        expires_at timestamptz,         -- by this server's clock
        CONSTRAINT rollout_id UNIQUE (id)
    );
    CREATE INDEX rollout_wake ON rollout (wake_ms) WHERE NOT finished AND wake_ms IS NOT NULL;
    CREATE TABLE record (
        rollout bigint NOT NULL,
        seq     bigint NOT NULL,
        at      text NOT NULL,
        kind    text NOT NULL,
        payload bytea NOT NULL,
        prev    bytea NOT NULL,
        hash    bytea NOT NULL,
        CONSTRAINT record_place PRIMARY KEY (rollout, seq)
    );
    CREATE TABLE claim (
        binding text COLLATE \"C\" NOT NULL,
        target  text COLLATE \"C\" NOT NULL,
        rollout bigint NOT NULL,
        CONSTRAINT claim_once PRIMARY KEY (binding, target)
    );
    CREATE INDEX claim_rollout ON claim (rollout);
    CREATE TABLE snapshot (
        rollout bigint PRIMARY KEY,
        seq     bigint NOT NULL,
        format  bigint NOT NULL,
        head    bytea NOT NULL,
        body    bytea NOT NULL
    );
    -- For people with a SQL shell.
    CREATE VIEW journal AS
        SELECT id AS rollout, seq, at, kind, encode(payload, 'escape') AS payload,
               encode(hash, 'hex') AS hash
        FROM record JOIN rollout ON rollout.key = record.rollout;
",
    "
    -- Who works on this store, for spreading work. Nothing depends on it being right.
    CREATE TABLE controller (
        name       text COLLATE \"C\" NOT NULL PRIMARY KEY,
        running    bigint NOT NULL,
        expires_at timestamptz NOT NULL -- by this server's clock
    );
",
];

async fn setting(client: &Client, name: &str) -> Result<String, Trouble> {
    let row = client
        .query_one("SELECT current_setting($1)", &[&name])
        .await;
    row.and_then(|row| row.try_get(0))
        .map_err(|e| Trouble::of(&e))
}

/// Refuses servers that acknowledge what is not on disk, and servers that are too old.
async fn check_server(client: &Client) -> Result<(), Trouble> {
    let unsupported = |why: String| Err(Trouble::storage(StorageKind::Unsupported, why));
    let version = setting(client, "server_version_num").await?;
    if version
        .parse::<i32>()
        .is_ok_and(|version| version < SERVER_VERSION_MIN)
    {
        return unsupported(format!("server {version} is too old, 12 is needed"));
    }
    for name in ["fsync", "full_page_writes"] {
        if setting(client, name).await? != "on" {
            return unsupported(format!(
                "the server runs with {name} off: a crash loses records"
            ));
        }
    }
    Ok(())
}

/// Makes the schema ready: checks the server, then brings the tables to the newest format.
pub(crate) async fn prepare(client: &Client, schema: &str) -> Result<(), Trouble> {
    check_server(client).await?;
    // A schema that is ready needs no right to make one.
    let meta = format!("{schema}.meta");
    let ready = client
        .query_one("SELECT to_regclass($1) IS NOT NULL", &[&meta])
        .await;
    let ready: bool = ready
        .and_then(|row| row.try_get(0))
        .map_err(|e| Trouble::of(&e))?;
    if ready && missing(format(client).await?)?.is_empty() {
        return Ok(());
    }
    upgrade(client, schema).await
}

async fn format(client: &Client) -> Result<i32, Trouble> {
    let format = client.query_one("SELECT format FROM meta", &[]).await;
    format
        .and_then(|row| row.try_get(0))
        .map_err(|e| Trouble::of(&e))
}

/// The steps from a format to the newest.
fn missing(format: i32) -> Result<&'static [&'static str], Trouble> {
    let missing = usize::try_from(format)
        .ok()
        .and_then(|format| STEPS.get(format..));
    missing.ok_or_else(|| {
        let newest = STEPS.len();
        let why = format!("the schema has format {format}, this library writes format {newest}");
        Trouble::storage(StorageKind::Unsupported, why)
    })
}

/// All steps in one transaction, which the server undoes when the connection is dropped half-way.
async fn upgrade(client: &Client, schema: &str) -> Result<(), Trouble> {
    // Two controllers may start at the same moment: the lock lets one after the other in.
    let begin = format!(
        "BEGIN; SELECT pg_advisory_xact_lock(hashtext('phasegate'), hashtext('{schema}')); \
         CREATE SCHEMA IF NOT EXISTS {schema}; \
         CREATE TABLE IF NOT EXISTS {schema}.meta \
             (only_row boolean PRIMARY KEY CHECK (only_row), format integer NOT NULL); \
         INSERT INTO {schema}.meta VALUES (true, 0) ON CONFLICT DO NOTHING"
    );
    run(client, &begin).await?;
    for step in missing(format(client).await?)? {
        run(client, step).await?;
    }
    let newest = STEPS.len();
    run(
        client,
        &format!("UPDATE meta SET format = {newest}; COMMIT"),
    )
    .await
}

async fn run(client: &Client, sql: &str) -> Result<(), Trouble> {
    client.batch_execute(sql).await.map_err(|e| Trouble::of(&e))
}
