//! The controllers: what such a process does, and the three of them.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use phasegate::core::{Clock as _, RolloutId, Span, Timestamp};
use phasegate::journal::{Holder, Journal};
use phasegate::provider::Registry;
use phasegate::provider_haproxy::{HaproxyConfig, HaproxyRouter, Route, Socket};
use phasegate::runner::{Fleet, Runner, SystemClock};

use crate::stage::Stage;
use crate::store::Store;
use crate::{Error, documents};

/// How long a rollout belongs to a controller that does not speak up.
pub const LEASE: Span = Span::from_secs(2);

/// Carries out whatever there is, until it is killed.
pub async fn run(name: &str, store: &Store, socket: &Path, backends: usize) -> Result<(), Error> {
    let mut config = HaproxyConfig::new(Socket::Unix(socket.to_owned()));
    for backend in 0..backends {
        let name = documents::name(backend);
        config = config.with_route(name.parse()?, Route::new(name, "canary", "stable"));
    }
    let mut registry = Registry::new();
    registry.bind_traffic_router("edge".parse()?, Arc::new(HaproxyRouter::new(config)?))?;
    let clock = Arc::new(SystemClock::new());
    let runner = Runner::new(
        store.open().await?,
        Arc::new(registry),
        clock,
        Holder::new(name)?,
    );
    let ended = Fleet::new(runner.with_lease(LEASE)).start().ended().await;
    Err(format!("{name}: {ended:?}").into())
}

/// What a controller had when it was killed.
pub struct Kill {
    pub at: Timestamp,
    pub held: Vec<RolloutId>,
}

/// Three controllers, each a process with a name. Those that are left end with this.
pub struct Pool {
    children: Vec<(String, Child)>,
    started: u32,
    backends: usize,
}

impl Pool {
    /// Starts them.
    pub fn start(stage: &Stage, backends: usize) -> Result<Self, Error> {
        let mut pool = Self {
            children: Vec::new(),
            started: 0,
            backends,
        };
        for _ in 0..3 {
            let child = pool.spawn(stage)?;
            pool.children.push(child);
        }
        Ok(pool)
    }

    pub fn len(&self) -> usize {
        self.children.len()
    }

    /// One under a new name: its predecessor may not have noticed yet that it is dead.
    fn spawn(&mut self, stage: &Stage) -> Result<(String, Child), Error> {
        self.started += 1;
        let name = format!("controller-{}", self.started);
        let child = Command::new(std::env::current_exe()?)
            .arg("--controller")
            .arg(&name)
            .arg("--store")
            .arg(stage.store().to_argument())
            .arg("--socket")
            .arg(stage.socket())
            .arg("--rollouts")
            .arg(self.backends.to_string())
            .stdin(Stdio::null())
            .spawn()?;
        Ok((name, child))
    }

    /// Kills one with SIGKILL and starts another.
    pub async fn kill(
        &mut self,
        index: usize,
        stage: &Stage,
        journal: &dyn Journal,
    ) -> Result<Kill, Error> {
        let next = self.spawn(stage)?;
        let (name, child) = self.children.get_mut(index).ok_or("no such controller")?;
        let all = journal.rollouts().await?.into_iter();
        let is_its = |holder: &Holder| holder.as_str() == name;
        let its = all.filter(|one| !one.finished && one.holder.as_ref().is_some_and(is_its));
        let held = its.map(|one| one.rollout).collect();
        let at = SystemClock::new().now().wall;
        if let Some(status) = child.try_wait()? {
            return Err(format!("a controller ended by itself, with {status}").into());
        }
        child.kill()?;
        child.wait()?;
        (*name, *child) = next;
        Ok(Kill { at, held })
    }

    /// Ends all of them.
    pub fn stop(&mut self) -> Result<(), Error> {
        for (_, child) in &mut self.children {
            child.kill()?;
            child.wait()?;
        }
        self.children.clear();
        Ok(())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for (_, child) in &mut self.children {
            // It may have ended already.
            drop(child.kill());
            drop(child.wait());
        }
    }
}
