//! Against a real Envoy under load: nothing is lost while weights move, shares are those that were set, and copies too.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use phasegate_core::{Capability, Desired, Standing};
use phasegate_provider::{Effector as _, Provider as _, TrafficRouter as _};
use phasegate_testkit::servers::KeptAlive;
use serde_json::json;
use tokio::task::JoinSet;

use support::{Envoy, call, percent, target};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_lost_while_weights_move() {
    let Some(envoy) = Envoy::start().await else {
        return;
    };
    let (router, front) = (envoy.router(), envoy.front);
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
    for round in 0..40u32 {
        let share = percent([0, 1, 25, 50, 100, 99, 33, 5][usize::try_from(round % 8).expect("8")]);
        router.set(&target(), share, &call()).await.expect("set");
        let found = router.read(&target(), &call()).await.expect("read");
        let standing = router.judge(&target(), share, None, &found);
        assert_eq!(standing, Standing::AsDesired);
    }
    running.store(false, Ordering::Release);
    while let Some(ended) = clients.join_next().await {
        ended.expect("no client saw anything but complete answers");
    }
    let [stable, canary] = answers.map(|count| count.load(Ordering::Relaxed));
    assert!(stable > 100 && canary > 100, "{stable} {canary}");
}

/// Asks so often over four connections, and says how often the canary answered.
async fn asked(front: u16, each: u32) -> u32 {
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
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
    canary
}

/// Five standard deviations: wrong by chance once in 1.7 million runs.
fn within_bounds(found: f64, of: f64, share: f64) {
    let off = (found - of * share).abs();
    let bound = 5.0 * (of * share * (1.0 - share)).sqrt();
    assert!(off <= bound, "{found} of {of} at {share}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_measured_share_lies_within_binomial_bounds_of_the_weight() {
    let Some(envoy) = Envoy::start().await else {
        return;
    };
    let router = envoy.router();
    for weight in [5, 25, 50] {
        let share = percent(weight);
        router.set(&target(), share, &call()).await.expect("set");
        let canary = asked(envoy.front, 500).await;
        within_bounds(f64::from(canary), 2000.0, share.to_f64());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_go_to_the_shadow_and_nobody_sees_its_answers() {
    let Some(envoy) = Envoy::start().await else {
        return;
    };
    let (router, mirror) = (envoy.router(), envoy.router().mirror());
    assert_eq!(mirror.capabilities(), [Capability::Mirror].into());
    let copies = |percent_of: u32| Desired::Mirror {
        target: target(),
        share: percent(percent_of),
    };
    // Both can be set at once: neither undoes the other.
    router
        .set(&target(), percent(50), &call())
        .await
        .expect("set");
    for share in [20, 100, 0] {
        mirror.perform(&copies(share), &call()).await.expect("set");
        mirror
            .perform(&copies(share), &call())
            .await
            .expect("set twice");
        let before = envoy.dark.asked();
        let canary = asked(envoy.front, 250).await;
        within_bounds(f64::from(canary), 1000.0, 0.5);
        // Copies may still be on their way when the answer is there.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let got = u32::try_from(envoy.dark.asked() - before).expect("not so many");
        within_bounds(f64::from(got), 1000.0, f64::from(share) / 100.0);
    }
    let found = router.read(&target(), &call()).await.expect("read");
    assert_eq!(found.canary, percent(50));
    let policies = envoy.written("shop.json");
    let policies =
        policies.pointer("/resources/0/virtual_hosts/0/routes/1/route/request_mirror_policies");
    let left = json!([{"cluster": "dark", "runtime_fraction":
        {"default_value": {"numerator": 0, "denominator": "MILLION"}}}]);
    assert_eq!(policies, Some(&left));
    let message = Desired::Traffic {
        target: target(),
        canary: percent(1),
    };
    let error = mirror.perform(&message, &call()).await;
    assert!(error.expect_err("no copies").is_refusal());
}
