//! One connection through the proxy, from its first byte to its end or its reset.

use std::io;

use phasegate_core::Span;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::active::Seen;
use crate::way::{Way, pass};

/// Carries a client's connection to the other side and back. One that cannot be made, or that a side breaks off, is
/// reset: it must not look like an end.
pub(crate) async fn carry(mut client: TcpStream, upstream: &str, within: Span, mut seen: Seen) {
    let connecting = timeout(within.to_duration(), TcpStream::connect(upstream));
    let connected = tokio::select! {
        biased;
        () = seen.reset() => None,
        connected = connecting => connected.ok().and_then(Result::ok),
    };
    let Some(mut server) = connected else {
        return reset(&client);
    };
    let both = seen.clone();
    let carried = tokio::select! {
        biased;
        () = seen.reset() => Err(io::ErrorKind::ConnectionReset.into()),
        carried = both_ways(&mut client, &mut server, &both) => carried,
    };
    if carried.is_err() {
        reset(&client);
        reset(&server);
    }
}

async fn both_ways(client: &mut TcpStream, server: &mut TcpStream, seen: &Seen) -> io::Result<()> {
    // What passes is held back by faults only.
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let there = pass(Way::There, from_client, to_server, seen.clone());
    let back = pass(Way::Back, from_server, to_client, seen.clone());
    tokio::try_join!(there, back).map(|_| ())
}

/// Makes the system end the connection with a reset, once it is dropped.
fn reset(stream: &TcpStream) {
    // Where that cannot be, it is gone already.
    drop(stream.set_zero_linger());
}
