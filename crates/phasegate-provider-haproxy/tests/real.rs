//! Against a real HAProxy under load.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use phasegate_core::{Ratio, Standing};
use phasegate_provider::{ErrorKind, TrafficRouter as _};
use phasegate_provider_haproxy::Socket;
use phasegate_testkit::conformance::traffic_router;
use phasegate_testkit::servers::KeptAlive;
use tokio::task::JoinSet;

use support::{Haproxy, call, id, percent, router, target};

#[tokio::test]
async fn it_keeps_the_rules_of_routers() {
    let Some(proxy) = Haproxy::start("roundrobin").await else {
        return;
    };
    let router = proxy.router();
    let found = traffic_router(&router, &target(), &id("nowhere"), &call()).await;
    assert_eq!(found, []);
    // Not only routes that the configuration lacks: also backends and servers that the proxy lacks.
    for missing in ["no-backend", "no-server"] {
        let error = router
            .set(&id(missing), percent(10), &call())
            .await
            .expect_err(missing);
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert!(error.is_refusal());
    }
    let fine = Ratio::from_ppm(1000).expect("a ratio");
    let error = router
        .set(&target(), fine, &call())
        .await
        .expect_err("too fine");
    assert_eq!(error.kind(), ErrorKind::Misuse, "{error}");
}

/// Eight clients ask without a break while weights go up and down, to nothing and to all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_lost_while_weights_move() {
    let Some(proxy) = Haproxy::start("roundrobin").await else {
        return;
    };
    let (router, front) = (proxy.router(), proxy.front);
    let running = Arc::new(AtomicBool::new(true));
    let answers = [Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0))];
    let mut clients = JoinSet::new();
    for _ in 0..8 {
        let (running, answers) = (Arc::clone(&running), answers.clone());
        clients.spawn(async move {
            let mut client = KeptAlive::connect(front).await.expect("a connection");
            while running.load(Ordering::Acquire) {
                let side = usize::from(client.ask().await.expect("a complete answer") == 'c');
                answers[side].fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    for round in 0..200u32 {
        let share = percent([0, 1, 25, 50, 100, 99, 33, 5][usize::try_from(round % 8).expect("8")]);
        router.set(&target(), share, &call()).await.expect("set");
        let found = router.read(&target(), &call()).await.expect("read");
        assert_eq!(
            router.judge(&target(), share, None, &found),
            Standing::AsDesired
        );
    }
    running.store(false, Ordering::Release);
    while let Some(ended) = clients.join_next().await {
        ended.expect("no client saw anything but complete answers");
    }
    let [stable, canary] = answers.map(|count| count.load(Ordering::Relaxed));
    assert!(stable > 100 && canary > 100, "{stable} {canary}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_measured_share_lies_within_binomial_bounds_of_the_weight() {
    let Some(proxy) = Haproxy::start("roundrobin").await else {
        return;
    };
    let (router, front) = (proxy.router(), proxy.front);
    for weight in [5, 25, 50] {
        router
            .set(&target(), percent(weight), &call())
            .await
            .expect("set");
        let (clients, each) = (4u32, 500u32);
        let mut tasks = JoinSet::new();
        for _ in 0..clients {
            tasks.spawn(async move {
                let (mut client, mut canary) =
                    (KeptAlive::connect(front).await.expect("a connection"), 0u32);
                for _ in 0..each {
                    canary += u32::from(client.ask().await.expect("a complete answer") == 'c');
                }
                canary
            });
        }
        let mut canary = 0;
        while let Some(part) = tasks.join_next().await {
            canary += part.expect("no client failed");
        }
        let (n, p) = (f64::from(clients * each), f64::from(weight) / 100.0);
        // Five standard deviations: wrong by chance once in 1.7 million runs.
        let off = (f64::from(canary) - n * p).abs();
        assert!(
            off <= 5.0 * (n * p * (1.0 - p)).sqrt(),
            "{canary} of {n} at {weight} %"
        );
    }
}

#[tokio::test]
async fn a_reload_rests_and_a_stranger_is_other() {
    let Some(proxy) = Haproxy::start("roundrobin").await else {
        return;
    };
    let router = proxy.router();
    let stands = async |desired, before| {
        let found = router.read(&target(), &call()).await.expect("read");
        router.judge(&target(), percent(desired), Some(percent(before)), &found)
    };
    router
        .set(&target(), percent(5), &call())
        .await
        .expect("set");
    router
        .set(&target(), percent(25), &call())
        .await
        .expect("set");
    assert_eq!(stands(25, 5).await, Standing::AsDesired);
    assert_eq!(stands(50, 25).await, Standing::AsBefore);
    proxy.say("set weight b/canary 7").await;
    assert_eq!(stands(25, 5).await, Standing::Other);
    proxy.say("set server b/canary state maint").await;
    let found = router.read(&target(), &call()).await.expect("read");
    assert_eq!(found.canary, Ratio::ZERO, "{}", found.native);
    assert!(found.native.contains("maintenance"), "{}", found.native);
    proxy.say("set server b/canary state ready").await;

    let mut standing = Standing::Other;
    for round in 0..200 {
        // A master that has just started loses the signal.
        if round % 20 == 0 {
            proxy.process.signal("USR2").expect("a reload");
        }
        if let Ok(found) = router.read(&target(), &call()).await {
            standing = router.judge(&target(), percent(25), Some(percent(5)), &found);
            if standing == Standing::Resting {
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(standing, Standing::Resting);
}

#[tokio::test]
async fn what_the_proxy_refuses_is_an_error_and_says_why() {
    let Some(proxy) = Haproxy::start("static-rr").await else {
        return;
    };
    let error = proxy.router().set(&target(), percent(25), &call()).await;
    let error = error.expect_err("a static algorithm");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("static"), "{error}");
    // A socket that may only look.
    let looking = router(Socket::Unix(proxy.socket("look.sock")));
    let error = looking
        .set(&target(), percent(25), &call())
        .await
        .expect_err("not allowed");
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    let found = proxy.router().read(&target(), &call()).await.expect("read");
    assert_eq!(found.canary, Ratio::ZERO);
}
