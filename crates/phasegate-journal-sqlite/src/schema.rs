//! The tables, and how a file of an older format becomes one of the newest.

use rusqlite::{Connection, TransactionBehavior};

use phasegate_journal::{StorageError, StorageKind};

use crate::trouble::Trouble;

/// Marks the file as ours: `PhGt` in ASCII.
pub(crate) const APPLICATION_ID: i32 = 0x5068_4774;

/// Step `n` makes format `n + 1` of format `n`; format 0 is an empty file. Steps are never edited once
/// released, only added. The file's format is its `user_version`.
const STEPS: [&str; 1] = ["
    CREATE TABLE meta (
        only_row   INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
        last_token INTEGER NOT NULL          -- the highest fencing token ever given out
    ) STRICT;
    INSERT INTO meta VALUES (1, 0);
    CREATE TABLE rollout (
        key              INTEGER NOT NULL PRIMARY KEY,
        id               TEXT NOT NULL UNIQUE,
        next_seq         INTEGER NOT NULL,   -- the head, apart from the records: a cut end shows
        head             BLOB NOT NULL,
        wake_at          TEXT,               -- exact
        wake_ms          INTEGER,            -- the same in milliseconds, for the index
        finished         INTEGER NOT NULL,
        token            INTEGER NOT NULL,   -- the highest one of this rollout
        holder           TEXT,               -- NULL: nobody
        lease_wall       TEXT,               -- when the lease was granted, by both clocks
        lease_boot       INTEGER,
        lease_since_boot INTEGER,
        lease_ttl        INTEGER,            -- nanoseconds, as lease_since_boot
        archived_to      TEXT                -- where its records are, if no longer here
    ) STRICT;
    CREATE INDEX rollout_wake ON rollout (wake_ms) WHERE finished = 0 AND wake_ms IS NOT NULL;
    CREATE TABLE record (
        rollout INTEGER NOT NULL REFERENCES rollout (key),
        seq     INTEGER NOT NULL,
        at      TEXT NOT NULL,
        kind    TEXT NOT NULL,
        payload BLOB NOT NULL,
        prev    BLOB NOT NULL,
        hash    BLOB NOT NULL,
        PRIMARY KEY (rollout, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE claim (
        binding TEXT NOT NULL,
        target  TEXT NOT NULL,
        rollout INTEGER NOT NULL REFERENCES rollout (key),
        PRIMARY KEY (binding, target)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX claim_rollout ON claim (rollout);
    CREATE TABLE snapshot (
        rollout INTEGER NOT NULL PRIMARY KEY REFERENCES rollout (key),
        seq     INTEGER NOT NULL,
        format  INTEGER NOT NULL,
        head    BLOB NOT NULL,
        body    BLOB NOT NULL
    ) STRICT;
    -- For people with a SQLite shell.
    CREATE VIEW journal AS
        SELECT id AS rollout, seq, at, kind, CAST(payload AS TEXT) AS payload,
               lower(hex(hash)) AS hash
        FROM record JOIN rollout ON rollout.key = record.rollout
        ORDER BY id, seq;
"];

/// What is in a file that was opened.
enum Content {
    Empty,
    Journal { format: usize },
}

fn unsupported(why: String) -> Trouble {
    Trouble::Storage(StorageError::new(StorageKind::Unsupported, why))
}

fn content(connection: &Connection) -> Result<Content, Trouble> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get(0));
    let application: i32 = number("application_id")?;
    let format: i32 = number("user_version")?;
    let objects: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application == 0 && format == 0 && objects == 0 {
        return Ok(Content::Empty);
    }
    if application != APPLICATION_ID {
        return Err(unsupported(
            "the file is another program's database".to_owned(),
        ));
    }
    match usize::try_from(format) {
        Ok(format) if format > 0 => Ok(Content::Journal { format }),
        Ok(_) | Err(_) => Err(Trouble::corrupt(format!("format {format} cannot be"))),
    }
}

/// Checks that the file is empty or a journal; for writers, before they change anything.
pub(crate) fn recognise(connection: &Connection) -> Result<(), Trouble> {
    content(connection).map(drop)
}

/// Checks that the file holds a journal of the newest format; for readers, who may change nothing.
pub(crate) fn check(connection: &Connection) -> Result<(), Trouble> {
    match content(connection)? {
        Content::Journal { format } if format == STEPS.len() => Ok(()),
        Content::Journal { format } => Err(unsupported(format!(
            "the file has format {format}, this library reads format {}",
            STEPS.len()
        ))),
        Content::Empty => Err(unsupported("the file is empty".to_owned())),
    }
}

/// Brings the file to the newest format, all steps in one transaction.
pub(crate) fn upgrade(connection: &mut Connection) -> Result<(), Trouble> {
    upgrade_by(connection, &STEPS)
}

fn upgrade_by(connection: &mut Connection, steps: &[&str]) -> Result<(), Trouble> {
    // Two processes may open a new file at the same moment: look again once nobody else can write.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let format = match content(&transaction)? {
        Content::Empty => 0,
        Content::Journal { format } => format,
    };
    let Some(missing) = steps.get(format..) else {
        return Err(unsupported(format!(
            "the file has format {format}, this library writes format {}",
            steps.len()
        )));
    };
    for step in missing {
        transaction.execute_batch(step)?;
    }
    if !missing.is_empty() {
        let newest = i32::try_from(steps.len()).unwrap_or(i32::MAX);
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", newest)?;
    }
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEXT: [&str; 2] = [STEPS[0], "ALTER TABLE meta ADD COLUMN owner TEXT"];

    #[test]
    fn an_older_file_is_upgraded_with_its_content() {
        let mut file = Connection::open_in_memory().expect("a file");
        upgrade(&mut file).expect("the released format");
        file.execute("UPDATE meta SET last_token = 7", [])
            .expect("content");
        upgrade_by(&mut file, &NEXT).expect("the next format");
        let row: (i64, Option<String>) = file
            .query_row("SELECT last_token, owner FROM meta", [], |r| {
                Ok((r.get(0)?, r.get(1)?))
            })
            .expect("a row");
        assert_eq!(row, (7, None));
        // And it is not upgraded twice.
        upgrade_by(&mut file, &NEXT).expect("the same format");
        check(&file).expect_err("a reader of the older format");
    }

    #[test]
    fn a_newer_file_is_refused_and_left_alone() {
        let mut file = Connection::open_in_memory().expect("a file");
        upgrade_by(&mut file, &NEXT).expect("the next format");
        let refused = upgrade(&mut file)
            .expect_err("a newer format")
            .into_storage_error();
        assert_eq!(refused.kind, StorageKind::Unsupported);
        upgrade_by(&mut file, &NEXT).expect("still the next format");
    }

    #[test]
    fn a_step_that_fails_changes_nothing() {
        let mut file = Connection::open_in_memory().expect("a file");
        upgrade(&mut file).expect("the released format");
        let broken = [STEPS[0], "CREATE TABLE more (a) STRICT; nonsense"];
        upgrade_by(&mut file, &broken).expect_err("a step that fails");
        check(&file).expect("still the released format");
    }
}
