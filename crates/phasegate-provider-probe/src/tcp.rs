//! A connection and, where that is asked for, a few words over it.

use std::io;

use phasegate_provider::{Health, HealthState};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::TcpProbe;

/// What is told of an answer that was not the one expected, in bytes.
const TOLD_BYTES_MAX: usize = 40;

pub(crate) async fn look(probe: &TcpProbe, within: std::time::Duration) -> Health {
    let address = &probe.address;
    let (state, detail) = match timeout(within, talk(probe)).await {
        Ok(Ok(None)) => (HealthState::Up, format!("{address} answers")),
        Ok(Ok(Some(said))) => {
            let said = String::from_utf8_lossy(&said).escape_debug().to_string();
            (HealthState::Down, format!("{address} said '{said}'"))
        }
        Ok(Err(error)) => (HealthState::Down, format!("{address}: {error}")),
        Err(_) => (
            HealthState::Down,
            format!("{address}: no answer in {within:?}"),
        ),
    };
    Health { state, detail }
}

/// `None` if all is as expected, else what was said instead.
async fn talk(probe: &TcpProbe) -> io::Result<Option<Vec<u8>>> {
    let mut stream = TcpStream::connect(probe.address.as_str()).await?;
    stream.write_all(probe.say.as_bytes()).await?;
    let expected = probe.expect.as_bytes();
    let mut said = vec![0; expected.len()];
    let mut filled = 0;
    while let Some(rest) = said.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match stream.read(rest).await? {
            0 => break,
            read => filled += read,
        }
    }
    said.truncate(filled);
    if said == expected {
        return Ok(None);
    }
    said.truncate(TOLD_BYTES_MAX);
    Ok(Some(said))
}
