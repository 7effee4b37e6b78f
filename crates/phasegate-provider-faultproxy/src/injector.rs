//! The role: faults by name, one at a time, read back from the proxy that makes them.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::Capability;
use phasegate_provider::{
    Broken, Call, ErrorKind, FaultInjector, Provider, ProviderError, Receipt, Sent,
};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::active::Active;
use crate::config::{FaultConfig, ProxyConfig};

/// The faults of one proxy. One is on at a time; it belongs to the experiment that has started it.
#[derive(Clone, Debug)]
pub struct ProxyFaults {
    config: Arc<ProxyConfig>,
    active: Arc<watch::Sender<Option<Active>>>,
    listens: SocketAddr,
}

impl ProxyFaults {
    pub(crate) fn new(
        config: Arc<ProxyConfig>,
        active: Arc<watch::Sender<Option<Active>>>,
        listens: SocketAddr,
    ) -> Self {
        Self {
            config,
            active,
            listens,
        }
    }

    fn known(&self, fault: &str) -> Result<&FaultConfig, ProviderError> {
        self.config.faults.get(fault).ok_or_else(|| {
            let name: String = fault.chars().take(80).collect();
            ProviderError::misuse(format!("break something: no fault has the name '{name}'"))
        })
    }

    /// Is there a proxy behind this still?
    fn alive(&self, act: &str) -> Result<(), ProviderError> {
        // The proxy holds one receiver for itself.
        if self.active.receiver_count() > 0 {
            return Ok(());
        }
        let told = format!("{act}: the proxy on {} has ended", self.listens);
        Err(ProviderError::new(
            ErrorKind::Unavailable,
            Sent::Nothing,
            told,
        ))
    }

    fn told(&self, active: &Active) -> String {
        let (listens, upstream) = (self.listens, &self.config.upstream);
        format!(
            "{} on {} of the connections through {listens} to {upstream}",
            active.fault, active.share
        )
    }
}

/// What starting a fault met.
enum Met {
    Free,
    Same,
    Other(String),
}

impl Provider for ProxyFaults {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::ReadBack])
    }
}

#[async_trait]
impl FaultInjector for ProxyFaults {
    async fn read(&self, experiment: &str, _call: &Call) -> Result<Option<Broken>, ProviderError> {
        self.alive("read what is broken")?;
        let active = self.active.borrow();
        let ours = active
            .as_ref()
            .filter(|active| active.experiment == experiment && active.until > Instant::now());
        Ok(ours.map(|active| Broken {
            experiment: active.experiment.clone(),
            fault: active.name.clone(),
            native: self.told(active),
        }))
    }

    async fn start(
        &self,
        experiment: &str,
        fault: &str,
        _call: &Call,
    ) -> Result<Receipt, ProviderError> {
        let known = self.known(fault)?;
        self.alive("break something")?;
        let now = Instant::now();
        let new = Active {
            experiment: experiment.to_owned(),
            name: fault.to_owned(),
            fault: known.fault,
            share: known.share,
            until: now + known.at_most.to_duration(),
        };
        let told = self.told(&new);
        let mut met = Met::Free;
        self.active.send_if_modified(|active| {
            met = match active.as_ref().filter(|active| active.until > now) {
                None => Met::Free,
                Some(on) if on.experiment == experiment && on.name == fault => Met::Same,
                Some(on) => Met::Other(on.experiment.clone()),
            };
            let is_free = matches!(met, Met::Free);
            if is_free {
                *active = Some(new);
            }
            is_free
        });
        match met {
            Met::Free => Ok(Receipt::new(told)),
            Met::Same => Ok(Receipt::new(format!("{told}, since before"))),
            Met::Other(other) => {
                let told = format!("break something: it is broken for '{other}' already");
                Err(ProviderError::new(
                    ErrorKind::Conflict,
                    Sent::Answered,
                    told,
                ))
            }
        }
    }

    async fn stop(&self, experiment: &str, _call: &Call) -> Result<Receipt, ProviderError> {
        let mended = self.active.send_if_modified(|active| {
            let ours = active
                .as_ref()
                .is_some_and(|on| on.experiment == experiment);
            ours && active.take().is_some()
        });
        // Where the proxy has ended, nothing of its making is left either.
        Ok(Receipt::new(if mended {
            "mended"
        } else {
            "nothing was broken for it"
        }))
    }
}
