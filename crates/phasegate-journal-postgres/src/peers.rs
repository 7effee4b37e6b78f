//! Who works on this store. A hint for spreading work, by the server's clock; leases do not depend on it.

use phasegate_core::Span;
use phasegate_journal::{Holder, Peer, ReadError};
use tokio_postgres::Row;

use crate::link::Link;
use crate::read::Answer;
use crate::trouble::Trouble;
use crate::write::micros;

pub(crate) async fn announce(link: &Link, me: &Peer, ttl: Span) -> Answer<Vec<Peer>, ReadError> {
    let (name, running) = (me.holder.as_str(), i64::from(me.running));
    let rows = link
        .client
        .query(&link.statements.announce, &[&name, &running, &micros(ttl)])
        .await;
    let rows = rows.map_err(|e| Trouble::of(&e))?;
    // A row that somebody else's hand has spoilt names nobody that work could be left to.
    let mut peers: Vec<Peer> = rows.iter().filter_map(peer).collect();
    peers.sort();
    Ok(Ok(peers))
}

fn peer(row: &Row) -> Option<Peer> {
    let name: String = row.try_get(0).ok()?;
    let running: i64 = row.try_get(1).ok()?;
    Some(Peer {
        holder: Holder::new(name).ok()?,
        running: u32::try_from(running).ok()?,
    })
}
