//! Where the journal is that all of them share.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use phasegate::core::Span;
use phasegate::journal::Journal;
use phasegate::journal_postgres::{PostgresJournal, PostgresOptions};
use phasegate::journal_sqlite::SqliteJournal;
use phasegate::runner::SystemClock;

use crate::Error;

/// As an argument it is a port or a path.
#[derive(Clone, Debug)]
pub enum Store {
    /// A PostgreSQL that listens there.
    Postgres(u16),
    /// A SQLite file. Processes of one machine may have it open at the same time.
    Sqlite(PathBuf),
}

impl Store {
    /// Opens the journal.
    pub async fn open(&self) -> Result<Arc<dyn Journal>, Error> {
        match self {
            Self::Postgres(port) => {
                let config =
                    format!("host=127.0.0.1 port={port} user=postgres dbname=postgres").parse()?;
                let options = PostgresOptions::default().with_call_time_max(Span::from_secs(1));
                Ok(Arc::new(PostgresJournal::connect(config, options).await?))
            }
            Self::Sqlite(path) => {
                let clock = Arc::new(SystemClock::new());
                Ok(Arc::new(SqliteJournal::open(path, clock)?))
            }
        }
    }

    /// What it is called.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "PostgreSQL",
            Self::Sqlite(_) => "SQLite",
        }
    }

    /// As an argument.
    pub fn to_argument(&self) -> std::ffi::OsString {
        match self {
            Self::Postgres(port) => port.to_string().into(),
            Self::Sqlite(path) => path.into(),
        }
    }
}

impl FromStr for Store {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text
            .parse()
            .map_or_else(|_| Self::Sqlite(text.into()), Self::Postgres))
    }
}
