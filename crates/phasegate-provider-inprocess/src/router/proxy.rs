//! One request through the router: decide, pass on, pass back.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use phasegate_core::Arm;
use tokio::time::timeout;

use super::Router;
use super::body::{Answer, FromClient, FromUpstream};
use super::copies::COPY;
use super::headers;
use super::tally::Tally;

/// Serves one request. Dropping the future (the client went away) ends the request to the upstream.
pub(super) async fn serve(
    router: Arc<Router>,
    request: Request<Incoming>,
) -> Result<Response<Answer>, Infallible> {
    let start = router.clock.now();
    if request.method() == Method::CONNECT {
        return Ok(own(StatusCode::NOT_IMPLEMENTED, "no tunnels", None));
    }
    let sticky = router.config.sticky_header.as_ref();
    let sticky = sticky.and_then(|name| request.headers().get(name));
    let arm = router.split.decide(sticky.map(HeaderValue::as_bytes));
    let Some(request) = forwarded(&router, arm, request) else {
        return Ok(own(StatusCode::BAD_REQUEST, "no path", None));
    };
    let mut tally = Tally::begin(Arc::clone(&router), arm, start);
    let (head, body) = request.into_parts();
    let copy = router.copy(&head);
    let (body, broken) = FromClient::new(body, copy);
    let sent = router
        .upstreams
        .client
        .request(Request::from_parts(head, Either::Left(body)));
    let within = router.config.answer_within.to_duration();
    let mark = router.config.arm_header.as_ref().map(|name| (name, arm));
    Ok(match timeout(within, sent).await {
        Ok(Ok(answer)) => {
            tally.answered(answer.status());
            let (mut head, body) = answer.into_parts();
            headers::strip(&mut head.headers);
            headers::add_via(&mut head.headers);
            if let Some((name, arm)) = mark {
                head.headers.insert(name, arm_value(arm));
            }
            head.version = Version::HTTP_11;
            Response::from_parts(head, Either::Left(FromUpstream::new(body, tally)))
        }
        Ok(Err(_)) if broken.load(Ordering::Acquire) => {
            own(StatusCode::BAD_REQUEST, "the request broke off", mark)
        }
        Ok(Err(_)) => {
            tally.fail();
            own(StatusCode::BAD_GATEWAY, "the upstream failed", mark)
        }
        Err(_) => {
            tally.fail();
            own(StatusCode::GATEWAY_TIMEOUT, "the upstream is late", mark)
        }
    })
}

/// The request as the upstream gets it; `None` if its target has no path.
fn forwarded(router: &Router, arm: Arm, request: Request<Incoming>) -> Option<Request<Incoming>> {
    let authority = match arm {
        Arm::Canary => &router.config.canary,
        Arm::Stable | Arm::Whole => &router.config.stable,
    };
    let (mut head, body) = request.into_parts();
    head.uri = upstream_uri(&head.uri, authority.clone())?;
    head.version = Version::HTTP_11;
    headers::strip(&mut head.headers);
    headers::settle_expectation(&mut head.headers);
    headers::add_via(&mut head.headers);
    if let Some(name) = &router.config.arm_header {
        // A client must not be able to pretend.
        head.headers.remove(name);
    }
    if router.config.shadow.is_some() {
        head.headers.remove(COPY);
    }
    Some(Request::from_parts(head, body))
}

pub(super) fn upstream_uri(uri: &Uri, authority: Authority) -> Option<Uri> {
    let path = match uri.path_and_query() {
        Some(path) => path.clone(),
        None => PathAndQuery::from_static("/"),
    };
    let mut parts = Parts::default();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(authority);
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).ok()
}

fn arm_value(arm: Arm) -> HeaderValue {
    HeaderValue::from_static(match arm {
        Arm::Canary => "canary",
        Arm::Stable => "stable",
        Arm::Whole => "whole",
    })
}

/// An answer of the router's own.
fn own(
    status: StatusCode,
    words: &'static str,
    mark: Option<(&http::HeaderName, Arm)>,
) -> Response<Answer> {
    let mut response = Response::new(Either::Right(Full::new(Bytes::from_static(
        words.as_bytes(),
    ))));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    headers::add_via(headers);
    if let Some((name, arm)) = mark {
        headers.insert(name, arm_value(arm));
    }
    response
}
