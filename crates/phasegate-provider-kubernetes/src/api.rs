//! Requests to the API server and what its answers mean. kube builds the requests and adds the credential; time and size
//! are bounded here.

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper_util::client::legacy;
use kube::Client;
use kube::client::Body;
use kube::core::Request;
use kube::core::params::{GetParams, Patch, PatchParams};
use phasegate_core::Span;
use phasegate_provider::text::one_line;
use phasegate_provider::{Call, ErrorKind, HttpResponse, ProviderError, Retry, Sent};
use serde::Deserialize;
use serde_json::Value;

/// The most bytes of an answer: an object has 1.5 MiB at most, its history of managers included.
const ANSWER_BYTES_MAX: usize = 4 << 20;
/// How many causes of an error are looked at.
const CAUSES_MAX: usize = 16;

/// One cluster.
pub(crate) struct Api {
    pub(crate) client: Client,
    pub(crate) within: Span,
}

/// One object: the path of its kind, and its name.
pub(crate) struct Object<'a> {
    pub(crate) path: String,
    pub(crate) name: &'a str,
    pub(crate) subresource: Option<&'static str>,
}

/// What became of a change.
pub(crate) enum Changed {
    /// It was made, and this is the object now.
    Made(Value),
    /// It was not: the object is no longer the one that was read.
    Overtaken,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    message: String,
    details: Details,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Details {
    causes: Vec<Cause>,
    retry_after_seconds: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cause {
    reason: String,
    message: String,
    field: String,
}

impl Api {
    pub(crate) async fn read(
        &self,
        object: &Object<'_>,
        call: &Call,
        act: &str,
    ) -> Result<Value, ProviderError> {
        let request = Request::new(object.path.as_str());
        let built = match object.subresource {
            Some(subresource) => request.get_subresource(subresource, object.name),
            None => request.get(object.name, &GetParams::default()),
        };
        let answer = self
            .send(built.map_err(|e| unbuilt(act, &e))?, call, act)
            .await;
        decode(&checked(answer?, act)?, act)
    }

    /// Changes an object that was read before; the patch names the version that was read.
    pub(crate) async fn change(
        &self,
        object: &Object<'_>,
        (manner, patch): (&PatchParams, &Patch<&Value>),
        call: &Call,
        act: &str,
    ) -> Result<Changed, ProviderError> {
        let request = Request::new(object.path.as_str());
        let built = match object.subresource {
            Some(part) => request.patch_subresource(part, object.name, manner, patch),
            None => request.patch(object.name, manner, patch),
        };
        let built = built.map_err(|error| unbuilt(act, &error))?;
        let answer = self.send(built, call, act).await?;
        if answer.status == 409 {
            let owners = owners(&answer);
            if owners.is_empty() {
                return Ok(Changed::Overtaken);
            }
            let told = format!("{act}: others own that: {owners}; take-over allows to take it");
            return Err(ProviderError::new(
                ErrorKind::Conflict,
                Sent::Answered,
                told,
            ));
        }
        // It was made, whatever the answer looks like.
        let made = decode(&checked(answer, act)?, act);
        made.map(Changed::Made)
            .map_err(|error| error.with_sent(Sent::Maybe))
    }

    async fn send(
        &self,
        request: http::Request<Vec<u8>>,
        call: &Call,
        act: &str,
    ) -> Result<HttpResponse, ProviderError> {
        let within = self.within.min(call.deadline);
        let exchange = async {
            let sent = self.client.send(request.map(Body::from)).await;
            let answer = sent.map_err(|error| failed(act, &error))?;
            let status = answer.status().as_u16();
            let text = |value: &http::HeaderValue| value.to_str().ok().map(str::to_owned);
            let headers = answer.headers().iter();
            let headers =
                headers.filter_map(|(name, value)| Some((name.to_string(), text(value)?)));
            let headers = headers.collect();
            let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX)
                .collect()
                .await;
            let body = body.map_err(|error| broken(act, error.as_ref()))?;
            let body = body.to_bytes().to_vec();
            Ok(HttpResponse {
                status,
                headers,
                body,
            })
        };
        let done = tokio::time::timeout(within.to_duration(), exchange).await;
        done.unwrap_or_else(|_elapsed| {
            let told = format!("{act}: no answer within {within}");
            Err(ProviderError::new(ErrorKind::Timeout, Sent::Maybe, told))
        })
    }
}

fn unbuilt(act: &str, error: &kube::core::request::Error) -> ProviderError {
    ProviderError::misuse(format!("{act}: {error}"))
}

/// Why there is no answer. Where no connection was made, certificates included, nothing was sent.
fn failed(act: &str, error: &kube::Error) -> ProviderError {
    let (mut told, mut is_unsent, mut is_tls) = (String::new(), false, false);
    let first: &(dyn std::error::Error + 'static) = if let kube::Error::Service(inner) = error {
        inner.as_ref()
    } else {
        error
    };
    let mut cause = Some(first);
    for _ in 0..CAUSES_MAX {
        let Some(error) = cause else { break };
        told = format!("{told}: {error}");
        let link = error.downcast_ref::<legacy::Error>();
        is_unsent |= link.is_some_and(legacy::Error::is_connect);
        is_unsent |= error.is::<kube::client::AuthError>();
        is_tls |= is_of_tls(error);
        cause = error.source();
    }
    let sent = if is_unsent {
        Sent::Nothing
    } else {
        Sent::Maybe
    };
    let told = format!("{act}{}", one_line(&told, 300));
    if matches!(error, kube::Error::Auth(_)) {
        // What a command or a file of credentials says is not told.
        let told = format!("{act}: the kubeconfig's credential cannot be had");
        return ProviderError::new(ErrorKind::Denied, Sent::Nothing, told);
    }
    let error = ProviderError::new(ErrorKind::Unavailable, sent, told);
    if is_tls {
        error.with_retry(Retry::Never)
    } else {
        error
    }
}

/// Is it what rustls says, however often it is wrapped? An error of input and output hides what is in it from `source`.
fn is_of_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut error = error;
    for _ in 0..CAUSES_MAX {
        let inner = error.downcast_ref::<std::io::Error>();
        match inner.and_then(std::io::Error::get_ref) {
            Some(inner) => error = inner,
            None => break,
        }
    }
    error.is::<rustls::Error>()
}

fn broken(act: &str, error: &(dyn std::error::Error + Send + Sync + 'static)) -> ProviderError {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    if error.is::<LengthLimitError>() {
        let told = format!("{act}: the answer has more than {ANSWER_BYTES_MAX} bytes");
        return ProviderError::invalid(told).with_sent(Sent::Maybe);
    }
    let told = format!("{act}: the answer broke off: {error} {cause}");
    ProviderError::new(ErrorKind::Unavailable, Sent::Maybe, one_line(&told, 300))
}

fn status(answer: &HttpResponse) -> Status {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

/// Who owns fields that were to be set, in the server's words; nothing if that is not why it refused.
fn owners(answer: &HttpResponse) -> String {
    let causes = status(answer).details.causes;
    let conflicts = causes
        .iter()
        .filter(|cause| cause.reason == "FieldManagerConflict");
    let told: Vec<String> = conflicts
        .map(|cause| format!("{} ({})", cause.message, cause.field))
        .collect();
    one_line(&told.join(", "), 300)
}

fn checked(answer: HttpResponse, act: &str) -> Result<HttpResponse, ProviderError> {
    if answer.is_success() {
        return Ok(answer);
    }
    let Status { message, details } = status(&answer);
    let (code, has_header) = (answer.status, answer.retry_after().is_some());
    let usual = match answer.or_error(act) {
        // Cannot be: it is no success.
        Ok(answer) => return Ok(answer),
        Err(error) => error,
    };
    let told = format!("{act}: HTTP {code}: {}", one_line(&message, 300));
    let error = ProviderError::new(usual.kind(), usual.sent(), told).with_retry(usual.retry());
    Err(match (usual.retry(), details.retry_after_seconds) {
        (Retry::Maybe | Retry::After(_), Some(secs)) if !has_header => {
            error.with_retry(Retry::After(Span::from_secs(secs)))
        }
        _ => error,
    })
}

fn decode(answer: &HttpResponse, act: &str) -> Result<Value, ProviderError> {
    let object: Value = answer.json(act)?;
    if object.is_object() {
        return Ok(object);
    }
    Err(ProviderError::invalid(format!(
        "{act}: the answer is no object"
    )))
}
