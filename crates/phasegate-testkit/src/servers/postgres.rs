//! A PostgreSQL server of one's own.

use std::io;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::process::{Folder, Process, find, free_port};

/// A server on a free loopback port, with the superuser `postgres` and no passwords. Dropping it ends it and throws
/// its data away.
///
/// ```no_run
/// use phasegate_testkit::servers::{Postgres, skipped};
/// # fn example() -> std::io::Result<()> {
/// let Some(server) = Postgres::start()? else {
///     skipped("PostgreSQL cannot be started here");
///     return Ok(());
/// };
/// let config = format!("host=127.0.0.1 port={} user=postgres dbname=postgres", server.port());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Postgres {
    process: Process,
    port: u16,
    // Removed last.
    _folder: Folder,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Immediate shutdown: the data is thrown away, the server's memory segments are not left behind.
        drop(self.process.signal("QUIT"));
    }
}

impl Postgres {
    /// Starts one; `None` where none is installed, or where this is root and there is no user `postgres` to run it.
    ///
    /// # Errors
    /// When it is there and does not start.
    pub fn start() -> io::Result<Option<Self>> {
        let Some(programs) = programs() else {
            return Ok(None);
        };
        let folder = Folder::new()?;
        let Some(prefix) = unprivileged(folder.path())? else {
            return Ok(None);
        };
        let data = folder.path().join("data");
        let made = command(prefix, &programs.join("initdb"))
            .args(["-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"])
            .args(["-U", "postgres", "-D"])
            .arg(&data)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .output()?;
        if !made.status.success() {
            let why = String::from_utf8_lossy(&made.stderr).into_owned();
            return Err(io::Error::other(why));
        }
        let port = free_port()?;
        let mut server = command(prefix, &programs.join("postgres"));
        server
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=127.0.0.1", "-p"])
            .arg(port.to_string())
            .arg("-k")
            .arg(folder.path())
            .current_dir(folder.path());
        let ready = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
        let process = Process::start(server, ready)?;
        Ok(Some(Self {
            process,
            port,
            _folder: folder,
        }))
    }

    /// Where it listens, on 127.0.0.1. It may refuse the first who ask, until it has recovered.
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// The newest installed server's programs.
fn programs() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&on_path).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        let mut versions: Vec<PathBuf> = versions
            .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
            .collect();
        versions.sort();
        folders.extend(versions.into_iter().rev());
    }
    let complete =
        |folder: &PathBuf| folder.join("initdb").exists() && folder.join("postgres").exists();
    folders.into_iter().find(complete)
}

/// What to put before a command: the server refuses to run as root. `None` where nobody else can run it.
fn unprivileged(folder: &Path) -> io::Result<Option<&'static [&'static str]>> {
    let output = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    if output("id", &["-u"]).as_deref() != Some("0") {
        return Ok(Some(&[]));
    }
    if output("id", &["-u", "postgres"]).is_none() || find("setpriv").is_none() {
        return Ok(None);
    }
    let owner = Command::new("chown").arg("postgres").arg(folder).status()?;
    if !owner.success() {
        return Err(io::Error::other("chown postgres"));
    }
    Ok(Some(&[
        "setpriv",
        "--reuid=postgres",
        "--regid=postgres",
        "--clear-groups",
    ]))
}

fn command(prefix: &[&str], program: &Path) -> Command {
    match prefix {
        [] => Command::new(program),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command.args(rest).arg(program);
            command
        }
    }
}
