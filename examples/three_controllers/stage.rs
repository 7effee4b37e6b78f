//! A real PostgreSQL or SQLite for the journal and a real HAProxy for the traffic.

use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;

use phasegate_examples::haproxy;
use phasegate_testkit::servers::{Folder, Postgres, Process, find, free_port};

use crate::store::Store;
use crate::{Error, documents};

/// Everything outside. What is started ends when this is dropped.
pub struct Stage {
    store: Store,
    _postgres: Option<Postgres>,
    _haproxy: Process,
    folder: Folder,
}

impl Stage {
    /// Starts both, with so many backends; `None` if something is not installed.
    pub fn set(backends: usize, sqlite: bool) -> Result<Option<Self>, Error> {
        let folder = Folder::new()?;
        let (store, postgres) = if sqlite {
            (Store::Sqlite(folder.path().join("journal.sqlite")), None)
        } else {
            let Some(postgres) = Postgres::start()? else {
                return Ok(None);
            };
            (Store::Postgres(postgres.port()), Some(postgres))
        };
        let Some(program) = find("haproxy") else {
            return Ok(None);
        };
        let socket = folder.path().join("admin.sock");
        let front = free_port()?;
        let mut config = format!(
            "global\n  stats socket {} mode 600 level admin\n\
             defaults\n  mode http\n  timeout connect 500ms\n  timeout client 20s\n  timeout server 1s\n\
             frontend front\n  bind 127.0.0.1:{front}\n  default_backend {}\n",
            socket.display(),
            documents::name(0),
        );
        for backend in 0..backends {
            // Nobody has to answer there: what is looked at are the weights.
            config.push_str(&format!(
                "backend {}\n  server stable 127.0.0.1:{front} weight 100\n  server canary 127.0.0.1:{front} weight 0\n",
                documents::name(backend)
            ));
        }
        let config = folder.write("haproxy.cfg", &config)?;
        let mut command = Command::new(program);
        command.arg("-db").arg("-f").arg(config);
        let haproxy = Process::start(command, || UnixStream::connect(&socket).is_ok())?;
        Ok(Some(Self {
            store,
            _postgres: postgres,
            _haproxy: haproxy,
            folder,
        }))
    }

    /// Where the journal is.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Where HAProxy's runtime API is.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("admin.sock")
    }

    /// The share that the new version gets by the weights that HAProxy has, in percent, by backend.
    pub fn shares(&self) -> Result<BTreeMap<String, u32>, Error> {
        let share = |servers: &BTreeMap<String, u32>| {
            let of = |name: &str| servers.get(name).copied().unwrap_or_default();
            (100 * of("canary")).checked_div(of("canary") + of("stable"))
        };
        let all = haproxy::weights(&self.socket())?.into_iter();
        Ok(all
            .filter_map(|(backend, servers)| Some((backend, share(&servers)?)))
            .collect())
    }

    /// The new version is the one that was there: the next one begins with nothing.
    pub fn reset(&self, backend: usize) -> Result<(), Error> {
        let name = documents::name(backend);
        let socket = self.socket();
        haproxy::ask(&socket, &format!("set weight {name}/stable 100"))?;
        haproxy::ask(&socket, &format!("set weight {name}/canary 0"))?;
        Ok(())
    }
}

/// What HAProxy was seen to have: only what the plan says, and never less than before.
#[derive(Default)]
pub struct Watch(BTreeMap<String, u32>);

impl Watch {
    /// Looks at all backends once.
    pub fn look(&mut self, stage: &Stage) -> Result<(), Error> {
        for (backend, share) in stage.shares()? {
            let before = self.0.entry(backend.clone()).or_default();
            // A shift sets one server after the other: between the two the share lies between the two.
            if share < *before || share > 100 {
                return Err(format!("{backend} went from {before}% to {share}%").into());
            }
            *before = share;
        }
        Ok(())
    }

    /// A new version begins.
    pub fn forget(&mut self, backend: usize) {
        self.0.remove(&documents::name(backend));
    }
}
