//! Copies of requests on real sockets: as many as wanted, whole, beside the requests, and at nobody's cost.

#![expect(
    clippy::expect_used,
    reason = "tests, and helpers beside the test functions"
)]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use phasegate_core::{Desired, Span};
use phasegate_provider::{Effector as _, ErrorKind};
use phasegate_provider_inprocess::{Drained, RunningRouter, ShadowConfig};

use support::{Upstream, arm, call, client, config, get, percent, set, start, target, text};

/// What a shadow was sent: path, whether it was marked, and the body.
type Seen = Arc<Mutex<Vec<(String, bool, Bytes)>>>;

async fn shadow() -> (Upstream, Seen) {
    let seen = Seen::default();
    let kept = Arc::clone(&seen);
    let upstream = Upstream::start(move |request: Request<hyper::body::Incoming>| {
        let kept = Arc::clone(&kept);
        async move {
            let path = request.uri().path().to_owned();
            let marked = request.headers().contains_key("x-phasegate-copy");
            let body = request.into_body().collect().await.expect("a body");
            let one = (path, marked, body.to_bytes());
            kept.lock().expect("no panic").push(one);
            text("nobody hears this")
        }
    });
    (upstream.await, seen)
}

async fn copying(router: &RunningRouter, share: u32) {
    let desired = Desired::Mirror {
        target: target(),
        share: percent(share),
    };
    let mirror = router.router().mirror();
    mirror.perform(&desired, &call()).await.expect("set");
}

/// Waits until so many copies have come.
async fn come(seen: &Seen, count: usize) {
    for _ in 0..500 {
        if seen.lock().expect("no panic").len() >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(seen.lock().expect("no panic").len() >= count, "of {count}");
}

async fn post(router: &RunningRouter, path: &str, body: &Bytes) -> StatusCode {
    let uri = format!("http://{}{path}", router.address());
    let body = Full::new(body.clone()).map_err(|never| match never {});
    let request = Request::post(uri).header("x-phasegate-copy", "pretended");
    let request = request.body(body.boxed()).expect("a request");
    let answer = client().request(request).await.expect("an answer");
    answer.status()
}

/// Five standard deviations, of requests to both versions alike.
#[tokio::test]
async fn as_many_are_copied_as_wanted_whatever_version_serves_them() {
    let (stable, canary) = (Upstream::saying("s").await, Upstream::saying("c").await);
    let (upstream, seen) = shadow().await;
    let shadow = ShadowConfig::new(upstream.address.to_string());
    let router = start(config(stable.address, canary.address).with_shadow(shadow)).await;
    set(&router, 50).await;
    let client = client();
    let mut versions = std::collections::BTreeMap::new();
    copying(&router, 25).await;
    let all = 2_000u32;
    for n in 0..all {
        let answer = client.request(get(&router, &format!("/{n}"))).await;
        let answer = answer.expect("an answer");
        versions.insert(format!("/{n}"), arm(&answer));
        answer.into_body().collect().await.expect("a body");
    }
    copying(&router, 0).await;
    for n in 0..100 {
        let answer = client.request(get(&router, &format!("/late/{n}"))).await;
        answer.expect("an answer");
    }
    let copied = usize::try_from(router.router().copied()).expect("a count");
    come(&seen, copied).await;
    let seen = seen.lock().expect("no panic");
    assert!(
        seen.iter()
            .all(|(path, marked, _)| *marked && !path.starts_with("/late"))
    );
    let is_near = |count: usize, of: f64, share: f64| {
        let count = f64::from(u32::try_from(count).expect("a count"));
        (count - of * share).abs() <= 5.0 * (of * share * (1.0 - share)).sqrt()
    };
    assert!(is_near(seen.len(), f64::from(all), 0.25), "{}", seen.len());
    let of_canary = seen
        .iter()
        .filter(|(path, ..)| versions.get(path) == Some(&phasegate_core::Arm::Canary));
    let (of_canary, of) = (
        of_canary.count(),
        f64::from(u32::try_from(seen.len()).expect("a count")),
    );
    assert!(is_near(of_canary, of, 0.5), "{of_canary} of {of}");
    assert_eq!(router.router().left_out(), 0);
}

#[tokio::test]
async fn bodies_come_whole_and_longer_ones_not_at_all() {
    let (stable, canary) = (Upstream::saying("s").await, Upstream::saying("c").await);
    let (upstream, seen) = shadow().await;
    let shadow = ShadowConfig::new(upstream.address.to_string());
    let router = start(config(stable.address, canary.address).with_shadow(shadow)).await;
    copying(&router, 100).await;
    let most = 64 * 1024;
    for (path, length) in [
        ("/none", 0),
        ("/some", 5_000),
        ("/most", most),
        ("/more", most + 1),
    ] {
        let body: Vec<u8> = (0..length)
            .map(|n| u8::try_from(n % 251).unwrap_or(0))
            .collect();
        assert_eq!(post(&router, path, &body.into()).await, StatusCode::OK);
    }
    come(&seen, 3).await;
    let counts = (router.router().copied(), router.router().left_out());
    assert_eq!(counts, (3, 1));
    let mut seen = seen.lock().expect("no panic").clone();
    seen.sort_by_key(|(_, _, body)| body.len());
    let shape = |(path, marked, body): &(String, bool, Bytes)| {
        let is_whole = body
            .iter()
            .zip(0usize..)
            .all(|(byte, n)| usize::from(*byte) == n % 251);
        (path.clone(), *marked && is_whole, body.len())
    };
    let shapes: Vec<_> = seen.iter().map(shape).collect();
    let shapes: Vec<_> = shapes
        .iter()
        .map(|(path, well, length)| (path.as_str(), *well, *length))
        .collect();
    assert_eq!(
        shapes,
        [
            ("/none", true, 0),
            ("/some", true, 5_000),
            ("/most", true, most)
        ]
    );
}

/// A shadow that never answers, one that is not there: no request is later or lost, and no more copies wait than may.
#[tokio::test]
async fn a_shadow_that_hangs_or_is_away_costs_nobody_anything() {
    let (stable, canary) = (Upstream::saying("s").await, Upstream::saying("c").await);
    let hangs = Upstream::start(|_| std::future::pending()).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let away = nobody.local_addr().expect("an address");
    drop(nobody);
    for (to, most_left) in [(hangs.address, 92), (away, 100)] {
        let mut shadow = ShadowConfig::new(to.to_string());
        shadow.at_once = 8;
        let router = start(config(stable.address, canary.address).with_shadow(shadow)).await;
        copying(&router, 100).await;
        let client = client();
        for n in 0..100 {
            let answer = client.request(get(&router, &format!("/{n}"))).await;
            assert_eq!(answer.expect("an answer").status(), StatusCode::OK);
        }
        let (copied, left_out) = (router.router().copied(), router.router().left_out());
        assert_eq!(copied + left_out, 100);
        assert!(
            copied >= 8 && left_out <= most_left,
            "{copied} and {left_out}"
        );
        if to == hangs.address {
            assert_eq!((copied, left_out), (8, 92));
        }
        assert_eq!(router.router().unreachable(), 0);
        // Nor does the end wait for them.
        assert_eq!(router.stop(Span::from_secs(10)).await, Drained::All);
    }
}

#[tokio::test]
async fn an_older_lease_sets_no_copies() {
    let (stable, canary) = (Upstream::saying("s").await, Upstream::saying("c").await);
    let shadow = ShadowConfig::new(stable.address.to_string());
    let router = start(config(stable.address, canary.address).with_shadow(shadow)).await;
    let mirror = router.router().mirror();
    let desired = |share| Desired::Mirror {
        target: target(),
        share: percent(share),
    };
    let by = |epoch| call().with_fencing(epoch);
    mirror.perform(&desired(10), &by(7)).await.expect("set");
    let stale = mirror.perform(&desired(20), &by(6)).await;
    assert_eq!(stale.expect_err("an old lease").kind(), ErrorKind::Conflict);
    assert_eq!(router.router().copying(), percent(10));
}
