//! Resolving names once, to addresses that were checked: the connection goes to one of them and nowhere
//! else, so a name that changes its mind between check and connect gains nothing.

use std::fmt;
use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::is_public;

/// A name or address leads to where a derived URL may not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Refused {
    host: String,
}

impl Refused {
    pub(crate) fn new(host: &str) -> Self {
        Self {
            host: host.chars().take(120).collect(),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' has an address that is not public", self.host)
    }
}

impl std::error::Error for Refused {}

/// Resolves by the system and lets only names through whose addresses are all public. One bad address
/// spoils the name: which one is tried is not ours to choose.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().all(|address| is_public(address.ip())) {
                let addresses: Addrs = Box::new(found.into_iter());
                Ok(addresses)
            } else {
                Err(Refused::new(name.as_str()).into())
            }
        })
    }
}
