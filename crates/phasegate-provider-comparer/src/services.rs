//! One request, two services, what differs.

use std::sync::Arc;

use phasegate_core::{Span, Timestamp};
use phasegate_provider::{
    Call, ErrorKind, HttpEndpoint, HttpTransport, Method, ProviderError, Sent,
};
use phasegate_shadow::{Answer, Difference, DifferenceKind, Place, Rules, compare};
use tokio::time::Instant;

use crate::config::ServicesConfig;
use crate::request::{self, CopiedRequest};

/// What came of one request.
#[derive(Debug)]
pub(crate) enum Compared {
    /// Both sides answered, or the new one did not: what differs, which may be nothing.
    Found(Vec<Difference>),
    /// There is nothing to compare with.
    Not,
}

/// Two services, and how they are asked.
#[derive(Clone, Debug)]
pub(crate) struct Services {
    pub(crate) config: Arc<ServicesConfig>,
    pub(crate) transport: Arc<dyn HttpTransport>,
}

impl Services {
    /// Asks both at once and compares. An answer of the old side that is there already is not asked for again.
    pub(crate) async fn compare(
        &self,
        copy: &CopiedRequest,
        old: Option<Answer>,
        rules: &Rules,
        at: Timestamp,
    ) -> Compared {
        let Some(method) = copy.method(self.config.writes) else {
            return Compared::Not;
        };
        let asked = async {
            match old {
                Some(old) => Ok(old),
                None => self.ask(&self.config.old, copy, method, at).await,
            }
        };
        let (old, new) = tokio::join!(asked, self.ask(&self.config.new, copy, method, at));
        match (old, new) {
            (Ok(old), Ok(new)) => Compared::Found(compare(&old, &new, rules)),
            // Our own doing: the new side was not asked.
            (Ok(_), Err(error))
                if matches!(error.kind(), ErrorKind::Misuse | ErrorKind::Rejected) =>
            {
                Compared::Not
            }
            (Ok(old), Err(_)) => Compared::Found(vec![Difference {
                place: Place::Record,
                kind: DifferenceKind::Removed,
                old: Some(format!("status {}", old.status)),
                new: None,
            }]),
            (Err(_), _) => Compared::Not,
        }
    }

    async fn ask(
        &self,
        side: &HttpEndpoint,
        copy: &CopiedRequest,
        method: Method,
        at: Timestamp,
    ) -> Result<Answer, ProviderError> {
        let request = copy.to(side, method, "compare answers")?;
        let call = Call::new(at, self.config.within);
        let began = Instant::now();
        let answer = self.transport.send(request, &call).await?;
        Ok(Answer {
            status: answer.status,
            headers: answer.headers,
            body: answer.body,
            latency: Span::from(began.elapsed()),
        })
    }
}

/// So many of the file's requests, evenly spread over it; all where there are fewer.
pub(crate) async fn chosen(
    config: &ServicesConfig,
    sample: u64,
    act: &str,
) -> Result<Vec<CopiedRequest>, ProviderError> {
    let Some(path) = config.requests.clone() else {
        let told = format!("{act}: there is no file of requests to take a sample from");
        return Err(ProviderError::misuse(told));
    };
    let (writes, told) = (config.writes, act.to_owned());
    let reading = tokio::task::spawn_blocking(move || request::read(&path, writes, &told));
    let (all, kept_out) = reading.await.map_err(|error| {
        let told = format!("{act}: the reading of the requests broke");
        ProviderError::new(ErrorKind::Unavailable, Sent::Nothing, told).with_source(error)
    })??;
    if all.is_empty() {
        let told =
            format!("{act}: the file has no requests that may be sent, {kept_out} that may not");
        return Err(ProviderError::misuse(told));
    }
    let there = u128::try_from(all.len()).unwrap_or(u128::MAX);
    let most = u128::from(sample).min(there);
    let before = |number: u128| number * most / there;
    let numbered = (0..).zip(all);
    let chosen = numbered.filter(|(number, _)| before(number + 1) > before(*number));
    Ok(chosen.map(|(_, request)| request).collect())
}
