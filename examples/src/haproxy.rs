//! What a real HAProxy has, asked by another way than a rollout does.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// What its runtime API answers to a command.
///
/// # Errors
/// When nobody listens at the socket.
pub fn ask(socket: &Path, command: &str) -> io::Result<String> {
    let mut api = UnixStream::connect(socket)?;
    api.write_all(format!("{command}\n").as_bytes())?;
    let mut text = String::new();
    api.read_to_string(&mut text)?;
    Ok(text)
}

/// The weights of its servers, by backend and server.
///
/// # Errors
/// When nobody listens at the socket.
pub fn weights(socket: &Path) -> io::Result<BTreeMap<String, BTreeMap<String, u32>>> {
    let text = ask(socket, "show servers state")?;
    let mut all: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
    // A version line, a comment with the names of the columns, then a line for each server.
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = line.split(' ').collect();
        if let (Some(backend), Some(server), Some(weight)) =
            (columns.get(1), columns.get(3), columns.get(7))
            && let Ok(weight) = weight.parse()
        {
            let servers = all.entry((*backend).to_owned()).or_default();
            servers.insert((*server).to_owned(), weight);
        }
    }
    Ok(all)
}
