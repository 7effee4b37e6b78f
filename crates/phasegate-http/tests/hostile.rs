//! Whatever the other side does: a typed error in bounded time and memory, never a wrong answer.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::time::{Duration, Instant};

use phasegate_core::{Span, Timestamp};
use phasegate_http::{HttpClient, HttpConfig};
use phasegate_provider::{
    Call, ErrorKind, HttpRequest, HttpResponse, HttpTransport as _, Method, ProviderError, Retry,
    Secret, Sent,
};

use phasegate_testkit::servers::Hostile;

fn client() -> HttpClient {
    let mut config = HttpConfig::default();
    config.read_within = Span::from_millis(150);
    config.total_within = Span::from_millis(400);
    HttpClient::new(config).expect("a client")
}

fn get(url: impl Into<String>) -> HttpRequest {
    HttpRequest::new(Method::Get, url).with_response_bytes_max(1 << 20)
}

async fn send(request: HttpRequest) -> Result<HttpResponse, ProviderError> {
    let call = Call::new(Timestamp::EPOCH, Span::from_secs(5));
    client().send(request, &call).await
}

#[tokio::test]
async fn misbehaviour_is_a_typed_error_in_bounded_time() {
    use ErrorKind as K;
    let server = Hostile::start().await.expect("a port");
    for (path, kind, sent) in [
        ("/close", K::Unavailable, Sent::Maybe),
        ("/garbage", K::Unavailable, Sent::Maybe),
        ("/hang", K::Timeout, Sent::Maybe),
        ("/silent", K::Timeout, Sent::Answered),
        ("/drip", K::Timeout, Sent::Maybe),
        ("/short", K::Unavailable, Sent::Answered),
        ("/endless", K::Invalid, Sent::Answered),
        ("/claims", K::Invalid, Sent::Answered),
        ("/bomb", K::Invalid, Sent::Answered),
        ("/not-gzip", K::Invalid, Sent::Answered),
        ("/headers", K::Unavailable, Sent::Maybe),
        ("/to?/to?/to?/to?/to?/to?/fine", K::Invalid, Sent::Answered),
        ("/to?ftp://127.0.0.1/", K::Invalid, Sent::Answered),
    ] {
        let started = Instant::now();
        let error = send(get(server.url(path))).await.expect_err(path);
        assert_eq!(
            (error.kind(), error.sent()),
            (kind, sent),
            "{path}: {error}"
        );
        assert!(!error.is_refusal(), "{path}");
        // Four times the limit: a machine that does much else at the same time.
        assert!(started.elapsed() < Duration::from_millis(1600), "{path}");
    }
}

#[tokio::test]
async fn the_callers_deadline_is_kept_when_it_is_shorter() {
    let server = Hostile::start().await.expect("a port");
    let started = Instant::now();
    let client = HttpClient::new(HttpConfig::default()).expect("a client");
    let call = Call::new(Timestamp::EPOCH, Span::from_millis(50));
    let error = client
        .send(get(server.url("/hang")), &call)
        .await
        .expect_err("late");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(started.elapsed() < Duration::from_secs(3));
    let over = call.with_deadline(Span::ZERO);
    let error = client
        .send(get(server.url("/fine")), &over)
        .await
        .expect_err("over");
    assert_eq!(error.sent(), Sent::Nothing);
}

#[tokio::test]
async fn an_answer_is_passed_on_as_it_is() {
    let server = Hostile::start().await.expect("a port");
    let fine = send(get(server.url("/fine"))).await.expect("an answer");
    assert_eq!(
        (fine.status, fine.body.as_slice()),
        (200, b"fine".as_slice())
    );
    assert_eq!(fine.header("content-type"), Some("text/plain"));
    let busy = send(get(server.url("/status?429")))
        .await
        .expect("an answer");
    let error = busy.or_error("ask").expect_err("429");
    assert_eq!(error.retry(), Retry::After(Span::from_secs(7)));
    let body = HttpRequest::new(Method::Post, server.url("/fine")).with_body("text/x", "hi");
    send(body).await.expect("an answer");
    let asked = server.asked();
    let post = asked.last().expect("three requests");
    assert!(post.starts_with("POST /fine HTTP/1.1\r\n"), "{post}");
    assert!(post.contains("content-type: text/x\r\n") && post.contains("content-length: 2\r\n"));
    assert!(post.contains("user-agent: phasegate\r\n"), "{post}");
}

#[tokio::test]
async fn nobody_there_means_nothing_was_sent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    for url in [
        format!("http://{address}/"),
        "http://nowhere.invalid/".to_owned(),
    ] {
        let error = send(get(url.as_str())).await.expect_err("nobody");
        assert_eq!(
            (error.kind(), error.sent()),
            (ErrorKind::Unavailable, Sent::Nothing),
            "{url}"
        );
    }
}

#[tokio::test]
async fn a_url_that_came_from_elsewhere_leads_to_public_addresses_only() {
    let server = Hostile::start().await.expect("a port");
    let port = server.address().port();
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f.1",
        "169.254.169.254",
        "10.0.0.1",
    ] {
        let request = get(format!("http://{host}:{port}/fine")).with_derived_url();
        let error = send(request).await.expect_err(host);
        assert_eq!(
            (error.kind(), error.sent()),
            (ErrorKind::Denied, Sent::Nothing),
            "{host}: {error}"
        );
        assert_eq!(error.retry(), Retry::Never);
    }
    assert_eq!(server.asked().len(), 0);
    // The same address from the configuration is the operator's choice.
    let request = get(format!("http://localhost:{port}/fine"));
    assert!(send(request).await.is_ok());
}

#[tokio::test]
async fn a_redirect_takes_credentials_nowhere_else() {
    let (one, other) = (
        Hostile::start().await.expect("a port"),
        Hostile::start().await.expect("a port"),
    );
    let with = |url| get(url).with_secret_header("authorization", Secret::new("Bearer s3cr3t"));
    // Same origin: followed, with credentials.
    let answer = send(with(one.url("/to?/fine"))).await.expect("an answer");
    assert_eq!(answer.body, b"fine");
    let asked = one.asked();
    assert!(asked.len() == 2 && asked.iter().all(|head| head.contains("Bearer s3cr3t")));
    // Another origin on a private address: refused, and never asked.
    let error = send(with(one.url(&format!("/to?{}", other.url("/fine"))))).await;
    let error = error.expect_err("private");
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert_eq!(other.asked().len(), 0);
    // Where nobody wants to follow, the redirect is the answer.
    let stay = get(one.url(&format!("/to?{}", other.url("/fine")))).without_redirects();
    let answer = send(stay).await.expect("a redirect");
    assert_eq!((answer.status, other.asked().len()), (302, 0));
    // Not what the caller asked for.
    let post = HttpRequest::new(Method::Post, one.url("/to?/fine"));
    assert_eq!(
        send(post).await.expect_err("POST").kind(),
        ErrorKind::Invalid
    );
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_and_no_secret_is_told() {
    for url in [
        "fine",
        "ftp://a.example/",
        "http://user:s3cr3t@a.example/",
        "http://",
    ] {
        let error = send(get(url)).await.expect_err(url);
        assert_eq!(
            (error.kind(), error.sent()),
            (ErrorKind::Misuse, Sent::Nothing),
            "{url}"
        );
        assert!(!format!("{error:?}").contains("s3cr3t"));
    }
    let split = get("http://127.0.0.1:1/").with_secret_header("x", Secret::new("s3cr3t\r\nx: y"));
    let error = send(split).await.expect_err("a header in a header");
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(!format!("{error:?}").contains("s3cr3t"));
    let server = Hostile::start().await.expect("a port");
    let error = send(get(server.url("/close?token=s3cr3t")))
        .await
        .expect_err("closed");
    assert!(
        !format!("{error} {error:?}").contains("s3cr3t"),
        "{error:?}"
    );
}
