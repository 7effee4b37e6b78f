//! A real server's process: found, started, waited for, ended with the test by its process id.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long a server may take to start on a busy machine.
const START_TIME_MAX: Duration = Duration::from_secs(60);
/// How long it has to end after the signal to terminate.
const END_TIME_MAX: Duration = Duration::from_secs(5);

/// The program of this name on the path or where administrators' programs are.
pub fn find(program: &str) -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&on_path)
        .chain(more)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// The Python that has this module: what the variable `PHASEGATE_PYTHON` names, else `python3`.
pub fn python(module: &str) -> Option<PathBuf> {
    let named = std::env::var_os("PHASEGATE_PYTHON").map(PathBuf::from);
    let program = named.or_else(|| find("python3"))?;
    let mut command = Command::new(&program);
    command.args(["-c", &format!("import {module}")]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let status = command.status().ok()?;
    status.success().then_some(program)
}

/// Says that a test was skipped, and why.
pub fn skipped(why: &str) {
    // Nobody to tell: the test ends either way.
    drop(writeln!(io::stdout(), "SKIPPED: {why}"));
}

/// Below the ports that systems give to clients by themselves, so that no connection of another test takes
/// one before the server does.
const PORTS: std::ops::Range<u32> = 20_000..32_000;

/// A port that is free on loopback now, another one at each call.
///
/// # Errors
/// When none is.
pub fn free_port() -> io::Result<u16> {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let width = PORTS.end - PORTS.start;
    // Processes that run at once begin far apart.
    let first = std::process::id().wrapping_mul(97);
    for _ in PORTS {
        let next = ASKED.fetch_add(1, Ordering::Relaxed);
        let port = PORTS.start + first.wrapping_add(next) % width;
        let port = u16::try_from(port).map_err(io::Error::other)?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::Error::other("no port is free"))
}

/// A new folder of a test's own, removed at its end.
#[derive(Debug)]
pub struct Folder(tempfile::TempDir);

impl Folder {
    /// Makes one.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new() -> io::Result<Self> {
        tempfile::tempdir().map(Self)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file in it and says where that is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.path().join(name);
        std::fs::write(&path, text)?;
        Ok(path)
    }
}

/// A server's process. Dropping it ends it: first by the signal to terminate, then by force.
///
/// ```no_run
/// use std::process::Command;
/// use phasegate_testkit::servers::{Process, find, free_port, skipped};
/// let Some(redis) = find("redis-server") else {
///     return skipped("redis-server is not installed");
/// };
/// let port = free_port().expect("a port").to_string();
/// let mut command = Command::new(redis);
/// command.args(["--bind", "127.0.0.1", "--port", &port]);
/// let server = Process::start(command, || std::net::TcpStream::connect(format!("127.0.0.1:{port}")).is_ok());
/// ```
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts a server and waits until it is ready, a minute at most. Its output goes nowhere.
    ///
    /// # Errors
    /// When it cannot be started, ends by itself, or is not ready in time.
    pub fn start(mut command: Command, mut ready: impl FnMut() -> bool) -> io::Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut process = Self { child };
        let started = Instant::now();
        while !ready() {
            if let Some(status) = process.child.try_wait()? {
                return Err(io::Error::other(format!("ended with {status}")));
            }
            if started.elapsed() > START_TIME_MAX {
                return Err(io::Error::other("it did not start in time"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(process)
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal by name: `HUP`, `USR2`.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn signal(&self, name: &str) -> io::Result<()> {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status()?;
        if status.success() {
            Ok(())
        } else {
            Err(io::Error::other(format!("kill -s {name} {id}: {status}")))
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _asked = self.signal("TERM");
        let asked = Instant::now();
        while asked.elapsed() < END_TIME_MAX {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _forced = self.child.kill();
        let _ended = self.child.wait();
    }
}
