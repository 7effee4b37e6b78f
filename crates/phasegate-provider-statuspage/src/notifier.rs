//! The notifier: looks for the rollout's incident, then opens or changes it.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::Capability;
use phasegate_provider::{
    Call, HttpEndpoint, HttpRequest, HttpTransport, Message, Method, Notifier, Provider,
    ProviderError, Receipt, Secret,
};
use tokio::sync::Mutex;

use crate::config::{Entry, Status, StatusPageConfig};
use crate::encode::{self, Mark};

/// Tells of rollouts as incidents on a status page.
#[derive(Clone, Debug)]
pub struct StatusPage {
    transport: Arc<dyn HttpTransport>,
    config: StatusPageConfig,
    turn: Arc<Mutex<()>>,
}

impl StatusPage {
    /// A notifier. Nothing is sent yet.
    pub fn new(transport: Arc<dyn HttpTransport>, config: StatusPageConfig) -> Self {
        let turn = Arc::new(Mutex::new(()));
        Self {
            transport,
            config,
            turn,
        }
    }

    fn request(
        &self,
        method: Method,
        entry: &Entry,
        under: &str,
        act: &str,
    ) -> Result<HttpRequest, ProviderError> {
        let key = entry.api_key.resolve_for(act)?;
        let path = format!("/v1/pages/{}/incidents{under}", entry.page);
        let request = HttpEndpoint::new(&self.config.api).request(method, &path, act)?;
        let value = Secret::new(format!("OAuth {}", key.expose()));
        Ok(request.with_secret_header("authorization", value))
    }
}

impl Provider for StatusPage {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::IdempotencyKey])
    }
}

#[async_trait]
impl Notifier for StatusPage {
    async fn send(&self, message: &Message, call: &Call) -> Result<Receipt, ProviderError> {
        let act = format!("tell status page channel {}", message.channel);
        let Some(entry) = self.config.channels.get(&message.channel) else {
            return Err(ProviderError::misuse(format!("{act}: no such channel")));
        };
        if !encode::is_id(&entry.page) {
            let detail = format!("{act}: the page's id has letters and digits, 64 at most");
            return Err(ProviderError::misuse(detail));
        }
        let mark = Mark::of(message, call);
        let _turn = self.turn.lock().await;
        let look = self.request(Method::Get, entry, "/unresolved", &act)?;
        let open = encode::listed(self.transport.send(look, call).await?, &act)?;
        let open = open.into_iter().find(|one| one.is_of(&mark));
        let request = match &open {
            Some(open) if open.has(&mark) => {
                return Ok(Receipt::new(format!("incident {}, told before", open.id)));
            }
            Some(open) => self.request(Method::Patch, entry, &format!("/{}", open.id), &act)?,
            None if entry.status == Status::Resolved => {
                return Ok(Receipt::new("no incident is open"));
            }
            None => self.request(Method::Post, entry, "", &act)?,
        };
        let body = encode::change(message, entry, &mark, open.as_ref()).to_string();
        let request = request.with_body("application/json", body);
        let answer = self.transport.send(request, call).await?;
        Ok(Receipt::new(encode::changed(answer, &act)?))
    }
}
