//! Opening a file: what has to hold before the first call.
//!
//! Write-ahead log with full synchronisation (a commit is one flush), no memory map (a failing disk is an
//! error, not a signal), no trust in what the schema says, and no writing into SQLite's own tables.

use std::path::Path;

use phasegate_journal::{StorageError, StorageKind};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::options::SqliteOptions;
use crate::trouble::Trouble;
use crate::{place, schema};

/// Older libraries can damage a file when two connections write and checkpoint at the same moment.
const LIBRARY_VERSION_MIN: i32 = 3_051_003;
/// SQLite's own default, and what the size limit counts in.
const PAGE_BYTES: u64 = 4096;
/// A log that has grown beyond this is cut back after a checkpoint.
const LOG_BYTES_KEPT: i64 = 16 * 1024 * 1024;

fn check_library(version: i32) -> Result<(), StorageError> {
    if version >= LIBRARY_VERSION_MIN {
        return Ok(());
    }
    let why = format!("SQLite {version} is too old, {LIBRARY_VERSION_MIN} is needed");
    Err(StorageError::new(StorageKind::Unsupported, why))
}

/// Opens a journal for writing, and makes it if there is none.
pub(crate) fn writer(path: &Path, options: &SqliteOptions) -> Result<Connection, StorageError> {
    check_library(rusqlite::version_number())?;
    let path = place::resolve(path)?;
    // A file appears with its tables or not at all, whenever this process is killed.
    place::create(&path, |new| to_write(new, options).map(drop))?;
    to_write(&path, options)
}

fn to_write(path: &Path, options: &SqliteOptions) -> Result<Connection, StorageError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags);
    connection
        .map_err(Trouble::from)
        .and_then(|connection| prepare_writer(connection, options))
        .map_err(Trouble::into_storage_error)
}

fn prepare_writer(
    mut connection: Connection,
    options: &SqliteOptions,
) -> Result<Connection, Trouble> {
    prepare(&connection, options)?;
    // Before anything is changed: the next setting is kept in the file.
    schema::recognise(&connection)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if !mode.eq_ignore_ascii_case("wal") {
        let why = format!("no write-ahead log here, journal mode is {mode}");
        return Err(Trouble::Storage(StorageError::new(
            StorageKind::Unsupported,
            why,
        )));
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    // On macOS a plain flush does not reach the disk.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES_KEPT)?;
    schema::upgrade(&mut connection)?;
    quick_check(&connection)?;
    if let Some(bytes) = options.size_max_bytes {
        let pages = i64::try_from(bytes.div_ceil(PAGE_BYTES)).unwrap_or(i64::MAX);
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    }
    Ok(connection)
}

/// Opens an existing journal for reading only.
pub(crate) fn reader(path: &Path, options: &SqliteOptions) -> Result<Connection, StorageError> {
    check_library(rusqlite::version_number())?;
    let path = place::resolve(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(&path, flags);
    connection
        .map_err(Trouble::from)
        .and_then(|connection| {
            prepare(&connection, options)?;
            schema::check(&connection)?;
            quick_check(&connection)?;
            Ok(connection)
        })
        .map_err(Trouble::into_storage_error)
}

/// What readers and writers have in common.
fn prepare(connection: &Connection, options: &SqliteOptions) -> Result<(), Trouble> {
    connection.busy_timeout(options.busy_timeout.to_duration())?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.pragma_update_and_check(None, "mmap_size", 0, |_| Ok(()))?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(())
}

fn quick_check(connection: &Connection) -> Result<(), Trouble> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" {
        return Ok(());
    }
    Err(Trouble::corrupt(found))
}

#[cfg(test)]
mod tests {
    use rusqlite::types::Value;

    use super::*;

    #[test]
    fn an_old_library_is_refused() {
        assert!(check_library(3_040_001).is_err());
        assert!(check_library(3_051_002).is_err());
        assert!(check_library(3_051_003).is_ok());
        assert!(check_library(rusqlite::version_number()).is_ok());
    }

    #[test]
    fn a_writer_has_all_the_settings_that_durability_needs() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal.db");
        let options = SqliteOptions::default();
        let connection = writer(&path, &options).expect("a journal");
        for (pragma, expected) in [
            ("synchronous", "2"),
            ("journal_mode", "wal"),
            ("mmap_size", "0"),
            ("trusted_schema", "0"),
            ("foreign_keys", "1"),
            ("application_id", "1349011316"),
            ("user_version", "1"),
            ("page_size", "4096"),
        ] {
            let found = connection.pragma_query_value(None, pragma, |row| row.get(0));
            let found = match found.expect(pragma) {
                Value::Integer(number) => number.to_string(),
                Value::Text(text) => text,
                Value::Blob(_) | Value::Null | Value::Real(_) => String::new(),
            };
            assert_eq!(found, expected, "{pragma}");
        }
        let defensive = connection.db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE);
        assert!(defensive.expect("a value"));
    }

    #[test]
    fn another_programs_database_is_refused_and_not_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("other.db");
        let other = Connection::open(&path).expect("a file");
        other
            .execute_batch("CREATE TABLE notes (text TEXT)")
            .expect("a table");
        drop(other);
        let before = std::fs::read(&path).expect("a file");
        let refused = writer(&path, &SqliteOptions::default()).expect_err("not ours");
        assert_eq!(refused.kind, StorageKind::Unsupported);
        assert_eq!(std::fs::read(&path).expect("a file"), before);
    }

    #[test]
    fn a_new_file_has_its_tables_from_the_moment_it_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal.db");
        let options = SqliteOptions::default();
        drop(writer(&path, &options).expect("a journal"));
        // Whoever comes second takes the file that is there, and nothing else is left in the folder.
        place::create(&path, |_| panic!("it is there")).expect("nothing to do");
        schema::check(&reader(&path, &options).expect("a journal")).expect("whole");
        let failed = folder.path().join("failed.db");
        let why = || StorageError::new(StorageKind::Io, "no".to_owned());
        place::create(&failed, |_| Err(why())).expect_err("it could not be made");
        // A reader leaves `-wal` and `-shm` beside the file that it must not change.
        for name in std::fs::read_dir(folder.path()).expect("a folder") {
            let name = name.expect("a name").file_name();
            let name = name.to_string_lossy();
            assert!(name.starts_with("journal.db"), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_reads_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal.db");
        let connection = writer(&path, &SqliteOptions::default()).expect("a journal");
        for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
            let file = folder.path().join(name).metadata().expect(name);
            assert_eq!(file.permissions().mode() & 0o777, 0o600, "{name}");
        }
        drop(connection);
    }
}
