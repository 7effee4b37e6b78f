//! A Redis server of one's own.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::process::{Folder, Process, find, free_port};

/// A server on a free loopback port that asks for a password and keeps nothing on disk. Dropping it ends it.
///
/// ```no_run
/// use phasegate_testkit::servers::{Redis, skipped};
/// # fn example() -> std::io::Result<()> {
/// let Some(server) = Redis::start("marked-secret")? else {
///     skipped("redis-server is not installed");
///     return Ok(());
/// };
/// let url = format!("redis://:marked-secret@127.0.0.1:{}/", server.port());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Redis {
    _process: Process,
    port: u16,
    // Removed last.
    folder: Folder,
}

impl Redis {
    /// Starts one; `None` where none is installed. The password has no spaces.
    ///
    /// # Errors
    /// When it is there and does not start.
    pub fn start(password: &str) -> io::Result<Option<Self>> {
        Self::start_with(password, |_, _| Ok(()))
    }

    /// Starts one that speaks TLS on one more port, with this certificate and key as PEM. Tells that port, too.
    ///
    /// # Errors
    /// As [`Redis::start`].
    pub fn start_encrypted(
        password: &str,
        (certificate, key): (&str, &str),
    ) -> io::Result<Option<(u16, Self)>> {
        let encrypted = free_port()?;
        let started = Self::start_with(password, |command, folder| {
            folder.write("certificate.pem", certificate)?;
            folder.write("key.pem", key)?;
            command.args(["--tls-port", &encrypted.to_string()]);
            command.args([
                "--tls-cert-file",
                "certificate.pem",
                "--tls-key-file",
                "key.pem",
            ]);
            command.args(["--tls-auth-clients", "no"]);
            Ok(())
        })?;
        Ok(started.map(|server| (encrypted, server)))
    }

    fn start_with(
        password: &str,
        more: impl FnOnce(&mut Command, &Folder) -> io::Result<()>,
    ) -> io::Result<Option<Self>> {
        let Some(program) = find("redis-server") else {
            return Ok(None);
        };
        let folder = Folder::new()?;
        let port = free_port()?;
        let mut command = Command::new(program);
        command
            .args(["--bind", "127.0.0.1", "--save", "", "--port"])
            .arg(port.to_string())
            .args(["--requirepass", password])
            .current_dir(folder.path());
        more(&mut command, &folder)?;
        let process = Process::start(command, || answers(port))?;
        folder.write("password", &format!("{password}\n"))?;
        Ok(Some(Self {
            _process: process,
            port,
            folder,
        }))
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A file with the password and a line break.
    pub fn password_file(&self) -> PathBuf {
        self.folder.path().join("password")
    }

    /// A folder that is removed with the server.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Is it Redis that listens there, and does it answer yet?
fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
        return false;
    };
    let patience = stream.set_read_timeout(Some(Duration::from_secs(1)));
    let mut start = [0; 7];
    let asked = patience.and_then(|()| stream.write_all(b"PING\r\n"));
    asked.is_ok() && stream.read_exact(&mut start).is_ok() && start == *b"-NOAUTH"
}
