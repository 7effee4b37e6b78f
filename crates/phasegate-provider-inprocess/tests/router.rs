//! The router on real sockets: nothing lost while weights move, honest counts, clean ends.

#![expect(
    clippy::expect_used,
    reason = "tests, and helpers beside the test functions"
)]

mod support;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use phasegate_core::{
    Arm, Desired, Effect, EffectClass, EffectKey, EffectOutcome, Span, Standing, Timestamp,
};
use phasegate_provider::{ErrorKind, Registry, Traffic, TrafficRouter as _};
use phasegate_provider_inprocess::{Drained, Router};
use tokio::sync::Notify;

use support::{Upstream, arm, call, client, config, get, percent, set, start, target, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_lost_while_weights_move() {
    let (stable, canary) = (
        Upstream::saying("stable").await,
        Upstream::saying("canary").await,
    );
    let router = Arc::new(start(config(stable.address, canary.address)).await);
    let (workers, each) = (8u64, 400u64);
    let running = Arc::new(AtomicBool::new(true));
    let mover = tokio::spawn({
        let (router, running) = (Arc::clone(&router), Arc::clone(&running));
        async move {
            let mut weight = 0;
            while running.load(Ordering::Acquire) {
                weight = (weight + 7) % 101;
                set(&router, weight).await;
                tokio::task::yield_now().await;
            }
        }
    });
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..workers {
        let router = Arc::clone(&router);
        tasks.spawn(async move {
            let (client, mut seen) = (client(), [0u64; 2]);
            for _ in 0..each {
                let response = client.request(get(&router, "/")).await.expect("an answer");
                assert_eq!(response.status(), StatusCode::OK);
                let arm = arm(&response);
                let body = response.into_body().collect().await.expect("a body");
                assert_eq!(body.to_bytes(), arm.to_string(), "header and server agree");
                seen[usize::from(arm == Arm::Canary)] += 1;
            }
            seen
        });
    }
    let mut seen = [0u64; 2];
    while let Some(part) = tasks.join_next().await {
        let part = part.expect("no worker failed");
        seen = [seen[0] + part[0], seen[1] + part[1]];
    }
    running.store(false, Ordering::Release);
    mover.await.expect("the mover ended");
    assert_eq!(seen[0] + seen[1], workers * each);
    assert_eq!([stable.served(), canary.served()], seen);
    assert!(seen[0] > 0 && seen[1] > 0 && router.router().generation() > 2);
    let recorder = Arc::clone(router.router().recorder());
    let router = Arc::into_inner(router).expect("nobody else holds it");
    assert_eq!(router.stop(Span::from_secs(10)).await, Drained::All);
    let counted = [
        recorder.requests(Arm::Stable),
        recorder.requests(Arm::Canary),
    ];
    assert_eq!((counted, recorder.failures(Arm::Whole)), (seen, 0));
    // Connections to upstreams are kept: far fewer than requests.
    let connections = stable.connections.load(Ordering::Relaxed);
    assert!(connections <= workers * 2, "{connections} connections");
}

/// A body whose pieces come when the test sends them, and which ends when the test lets go.
struct Fed(tokio::sync::mpsc::UnboundedReceiver<Bytes>);

impl Body for Fed {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let piece = self.0.poll_recv(context);
        piece.map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}

#[tokio::test]
async fn a_body_that_streams_both_ways_stays_where_it_began_while_weights_move() {
    let echo =
        |request: Request<Incoming>| async move { Response::new(request.into_body().boxed()) };
    let (stable, canary) = (Upstream::start(echo).await, Upstream::start(echo).await);
    let router = start(config(stable.address, canary.address)).await;
    let (client, uri) = (client(), format!("http://{}/", router.address()));
    let mut streams = Vec::new();
    // Two streams, one begun at 0 % and one at 100 %.
    for (weight, expected) in [(0, Arm::Stable), (100, Arm::Canary)] {
        set(&router, weight).await;
        let (feed, body) = tokio::sync::mpsc::unbounded_channel();
        let request = Request::post(uri.as_str()).body(Fed(body).boxed());
        feed.send(Bytes::from("first")).expect("it is read");
        let response = client.request(request.expect("a request")).await;
        let response = response.expect("a head");
        assert_eq!(arm(&response), expected);
        streams.push((feed, response.into_body(), Vec::new()));
    }
    for weight in [50, 0, 100, 7, 100, 0] {
        set(&router, weight).await;
        for (feed, body, seen) in &mut streams {
            feed.send(Bytes::from(format!(" {weight}")))
                .expect("it is read");
            let frame = body.frame().await.expect("more").expect("no error");
            seen.extend(frame.into_data().expect("data"));
        }
    }
    for (feed, body, mut seen) in streams {
        drop(feed);
        seen.extend(body.collect().await.expect("its end").to_bytes());
        assert_eq!(seen, b"first 50 0 100 7 100 0");
    }
    assert_eq!((stable.served(), canary.served()), (1, 1));
    let recorder = router.router().recorder();
    assert_eq!(recorder.failures(Arm::Whole), 0);
    assert_eq!(recorder.requests(Arm::Whole), 2);
}

#[tokio::test]
async fn the_measured_share_lies_within_binomial_bounds_and_repeats_with_the_seed() {
    let (stable, canary) = (Upstream::saying("s").await, Upstream::saying("c").await);
    let mut runs = Vec::new();
    for _ in 0..2 {
        let mut config = config(stable.address, canary.address);
        config.resting = percent(25);
        config.seed = 42;
        let router = start(config).await;
        let (client, mut arms) = (client(), Vec::new());
        for _ in 0..1000 {
            let response = client.request(get(&router, "/")).await.expect("an answer");
            arms.push(arm(&response));
            response.into_body().collect().await.expect("a body");
        }
        runs.push(arms);
    }
    assert_eq!(runs[0], runs[1]);
    let hits = runs[0].iter().filter(|arm| **arm == Arm::Canary).count();
    // 250 expected, standard deviation 13.7; five of them.
    assert!((182..=318).contains(&hits), "{hits}");
}

#[tokio::test]
async fn the_same_header_value_goes_the_same_way() {
    let (stable, canary) = (Upstream::saying("s").await, Upstream::saying("c").await);
    let mut config = config(stable.address, canary.address);
    config.resting = percent(50);
    config.sticky_header = Some("x-user".to_owned());
    let router = start(config).await;
    let (client, mut ways) = (client(), std::collections::BTreeSet::new());
    for user in 0..20 {
        let mut first = None;
        for _ in 0..5 {
            let mut request = get(&router, "/");
            let value = user.to_string().parse().expect("a value");
            request.headers_mut().insert("x-user", value);
            let way = arm(&client.request(request).await.expect("an answer"));
            assert_eq!(*first.get_or_insert(way), way, "user {user}");
        }
        ways.insert(first);
    }
    assert_eq!(ways.len(), 2, "both ways are used");
}

#[tokio::test]
async fn an_upstream_that_cannot_be_reached_is_a_failure_of_its_arm() {
    let stable = Upstream::saying("s").await;
    // A port that was free a moment ago and is not listened on.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let nobody = listener.local_addr().expect("an address");
    drop(listener);
    let router = start(config(stable.address, nobody)).await;
    set(&router, 100).await;
    let response = client()
        .request(get(&router, "/"))
        .await
        .expect("an answer");
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(arm(&response), Arm::Canary);
    assert_eq!(router.router().unreachable(), 1);
    let recorder = router.router().recorder();
    assert_eq!(recorder.failures(Arm::Canary), 1);
    assert_eq!(recorder.requests(Arm::Stable), 0);
}

#[tokio::test]
async fn an_upstream_that_is_late_is_cut_off() {
    let stable = Upstream::start(|_| std::future::pending()).await;
    let mut config = config(stable.address, stable.address);
    config.answer_within = Span::from_millis(30);
    let router = start(config).await;
    let response = client()
        .request(get(&router, "/"))
        .await
        .expect("an answer");
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(router.router().recorder().failures(Arm::Stable), 1);
}

#[tokio::test]
async fn an_answer_that_says_the_server_failed_is_passed_on_and_counted() {
    let stable = Upstream::start(|request: Request<_>| async move {
        let mut response = text("…");
        *response.status_mut() = request.uri().path()[1..].parse().expect("a status");
        response
    })
    .await;
    let router = start(config(stable.address, stable.address)).await;
    let client = client();
    for (status, failures) in [(200, 0), (404, 0), (429, 0), (500, 1), (503, 2)] {
        let response = client.request(get(&router, &format!("/{status}"))).await;
        let response = response.expect("an answer");
        assert_eq!(response.status().as_u16(), status);
        response.into_body().collect().await.expect("a body");
        assert_eq!(
            router.router().recorder().failures(Arm::Stable),
            failures,
            "{status}"
        );
    }
    assert_eq!(router.router().unreachable(), 0);
}

/// A server that begins an answer, waits for `go` and breaks off; `gone` tells that the other side went
/// away before that.
async fn breaking(go: Arc<Notify>, gone: Arc<Notify>) -> std::net::SocketAddr {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut head = [0; 1024];
        let asked = stream.read(&mut head).await.expect("a request");
        assert_ne!(asked, 0);
        let begun = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegun";
        stream.write_all(begun).await.expect("sent");
        tokio::select! {
            () = go.notified() => {}
            read = stream.read(&mut head) => {
                assert_eq!(read.unwrap_or(0), 0, "nothing more is asked");
                gone.notify_one();
            }
        }
    });
    address
}

#[tokio::test]
async fn an_upstream_that_breaks_off_does_not_end_as_a_good_answer() {
    let (go, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let address = breaking(Arc::clone(&go), gone).await;
    let router = start(config(address, address)).await;
    let mut response = client().request(get(&router, "/")).await.expect("a head");
    assert_eq!(response.status(), StatusCode::OK);
    let first = response
        .body_mut()
        .frame()
        .await
        .expect("a frame")
        .expect("data");
    assert_eq!(first.into_data().expect("data"), "begun");
    go.notify_one();
    assert!(response.into_body().collect().await.is_err());
    assert_eq!(router.router().recorder().failures(Arm::Stable), 1);
    assert_eq!(
        (router.router().unreachable(), router.router().cancelled()),
        (1, 0)
    );
}

#[tokio::test]
async fn a_client_that_goes_away_ends_the_request_upstream_and_is_not_measured() {
    let (go, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let address = breaking(go, Arc::clone(&gone)).await;
    let router = start(config(address, address)).await;
    let client = client();
    let mut response = client.request(get(&router, "/")).await.expect("a head");
    response
        .body_mut()
        .frame()
        .await
        .expect("a frame")
        .expect("data");
    drop(response);
    drop(client);
    gone.notified().await;
    assert_eq!(router.router().cancelled(), 1);
    assert_eq!(router.router().recorder().requests(Arm::Whole), 0);
}

#[tokio::test]
async fn answers_without_a_body_are_counted_too() {
    let stable = Upstream::start(|request: Request<_>| async move {
        let mut response = text("");
        if request.uri().path() == "/empty" {
            *response.status_mut() = StatusCode::NO_CONTENT;
        }
        if request.method() == Method::HEAD {
            let length = "5".parse().expect("a value");
            response.headers_mut().insert("content-length", length);
        }
        response
    })
    .await;
    let router = start(config(stable.address, stable.address)).await;
    let client = client();
    for (at, (method, path)) in [
        (Method::GET, "/empty"),
        (Method::HEAD, "/"),
        (Method::GET, "/"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut request = get(&router, path);
        *request.method_mut() = method;
        let response = client.request(request).await.expect("an answer");
        response.into_body().collect().await.expect("a body");
        let counted = router.router().recorder().requests(Arm::Stable);
        assert_eq!(counted, u64::try_from(at).unwrap() + 1, "{path}");
    }
    assert_eq!(router.router().cancelled(), 0);
}

#[tokio::test]
async fn headers_of_one_connection_do_not_pass_and_the_rest_does() {
    let stable = Upstream::start(|request: Request<_>| async move {
        let mut names: Vec<String> = request
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}={}", value.to_str().unwrap()))
            .collect();
        names.sort();
        let mut response = text("");
        let headers = response.headers_mut();
        headers.insert("x-seen", names.join(";").parse().expect("a value"));
        headers.insert(
            "x-path",
            request.uri().to_string().parse().expect("a value"),
        );
        headers.insert("connection", "x-gone".parse().expect("a value"));
        headers.insert("x-gone", "1".parse().expect("a value"));
        headers.insert("x-phasegate-arm", "forged".parse().expect("a value"));
        response
    })
    .await;
    let router = start(config(stable.address, stable.address)).await;
    let mut request = get(&router, "/a%20b?c=d&e");
    let headers = request.headers_mut();
    for (name, value) in [
        ("host", "shop.example"),
        ("connection", "x-mine"),
        ("x-mine", "1"),
        ("x-phasegate-arm", "forged"),
        ("x-other", "kept"),
    ] {
        headers.insert(name, value.parse().expect("a value"));
    }
    let response = client().request(request).await.expect("an answer");
    let header = |name| response.headers().get(name).map(|v| v.to_str().unwrap());
    assert_eq!(
        header("x-seen"),
        Some("host=shop.example;via=1.1 phasegate;x-other=kept")
    );
    assert_eq!(header("x-path"), Some("/a%20b?c=d&e"));
    assert_eq!(header("via"), Some("1.1 phasegate"));
    assert_eq!(header("x-gone"), None);
    assert_eq!(arm(&response), Arm::Stable);
}

#[tokio::test]
async fn stopping_waits_for_requests_that_have_begun() {
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let stable = Upstream::start({
        let (begun, go) = (Arc::clone(&begun), Arc::clone(&go));
        move |_| {
            let (begun, go) = (Arc::clone(&begun), Arc::clone(&go));
            async move {
                begun.notify_one();
                go.notified().await;
                text("done")
            }
        }
    })
    .await;
    let router = start(config(stable.address, stable.address)).await;
    let address = router.address();
    let request = get(&router, "/");
    let waiting = tokio::spawn(async move { client().request(request).await });
    begun.notified().await;
    let stopping = tokio::spawn(router.stop(Span::from_secs(30)));
    // Nothing new is accepted: the listener is gone.
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    go.notify_one();
    let response = waiting.await.expect("no panic").expect("an answer");
    let body = response.into_body().collect().await.expect("a body");
    assert_eq!(body.to_bytes(), "done");
    assert_eq!(stopping.await.expect("no panic"), Drained::All);
}

#[tokio::test]
async fn stopping_cuts_what_does_not_end() {
    let begun = Arc::new(Notify::new());
    let stable = Upstream::start({
        let begun = Arc::clone(&begun);
        move |_| {
            begun.notify_one();
            std::future::pending()
        }
    })
    .await;
    let router = start(config(stable.address, stable.address)).await;
    let request = get(&router, "/");
    let waiting = tokio::spawn(async move { client().request(request).await });
    begun.notified().await;
    let drained = router.stop(Span::from_millis(1)).await;
    assert_eq!(drained, Drained::Cut { connections: 1 });
    assert!(waiting.await.expect("no panic").is_err());
}

#[tokio::test]
async fn tunnels_are_refused() {
    let stable = Upstream::saying("s").await;
    let router = start(config(stable.address, stable.address)).await;
    let stream = tokio::net::TcpStream::connect(router.address()).await;
    let mut stream = stream.expect("a connection");
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let ask = b"CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\nconnection: close\r\n\r\n";
    stream.write_all(ask).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 501 "), "{answer}");
    assert_eq!(stable.served(), 0);
}

#[tokio::test]
async fn what_was_set_is_read_back_and_judged() {
    let stable = Upstream::saying("s").await;
    let mut config = config(stable.address, stable.address);
    config.resting = percent(1);
    let running = start(config).await;
    let router = running.router();
    let mut registry = Registry::new();
    let bound: Arc<dyn phasegate_provider::TrafficRouter> = Arc::<Router>::clone(router);
    registry
        .bind_traffic_router("edge".parse().expect("an id"), bound)
        .expect("free");
    let traffic = |canary| Desired::Traffic {
        target: target(),
        canary,
    };
    let effect = Effect {
        number: 1,
        key: EffectKey::new(&"r".parse().expect("an id"), 1),
        to: "edge".parse().expect("an id"),
        desired: traffic(percent(5)),
        before: Some(traffic(percent(0))),
        class: EffectClass::AbsoluteWithReadBack,
        deadline: Timestamp::EPOCH,
    };
    for _ in 0..2 {
        let outcome = registry.perform(&effect, &call()).await;
        assert!(
            matches!(outcome, EffectOutcome::Applied { .. }),
            "{outcome:?}"
        );
        assert_eq!((router.canary(), router.generation()), (percent(5), 1));
    }
    for (found, want) in [
        (5, Standing::AsDesired),
        (0, Standing::AsBefore),
        (1, Standing::Resting),
        (7, Standing::Other),
    ] {
        let found = Traffic {
            canary: percent(found),
            native: String::new(),
        };
        let standing = router.judge(&target(), percent(5), Some(percent(0)), &found);
        assert_eq!(standing, want);
    }
}

#[tokio::test]
async fn an_older_lease_and_an_unknown_route_are_refused() {
    let stable = Upstream::saying("s").await;
    let running = start(config(stable.address, stable.address)).await;
    let router = running.router();
    let set = |epoch| {
        let call = call().with_fencing(epoch);
        async move { router.set(&target(), percent(5), &call).await }
    };
    assert!(set(3).await.is_ok());
    assert_eq!(set(2).await.expect_err("older").kind(), ErrorKind::Conflict);
    assert!(set(3).await.is_ok());
    let other = "other".parse().expect("an id");
    let error = router.read(&other, &call()).await.expect_err("unknown");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let error = router
        .set(&other, percent(5), &call())
        .await
        .expect_err("unknown");
    assert!(error.is_refusal());
}
