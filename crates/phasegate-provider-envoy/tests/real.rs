//! Against a real Envoy: the rules of routers, what it refuses, what others do.

mod support;

use std::sync::Arc;
use std::time::Duration;

use phasegate_core::{
    Capability, Desired, Effect, EffectClass, EffectKey, Ratio, Role, Span, Standing, Timestamp,
};
use phasegate_provider::{Effector as _, ErrorKind, Registry, Sent, TrafficRouter as _};
use phasegate_testkit::conformance::{self, traffic_router};
use serde_json::{Value, json};

use support::{Envoy, call, id, percent, table, target};

#[tokio::test]
async fn it_keeps_the_rules_of_routers() {
    let Some(envoy) = Envoy::start().await else {
        return;
    };
    let router = envoy.router();
    let found = traffic_router(&router, &target(), &id("nowhere"), &call()).await;
    assert_eq!(found, []);
    // The smallest share is met exactly, and what else is in the file is kept.
    let least = Ratio::from_ppm(1).expect("a ratio");
    router.set(&target(), least, &call()).await.expect("set");
    let found = router.read(&target(), &call()).await.expect("read");
    assert_eq!((found.canary, &*found.native), (least, "v2=1 v1=999999"));
    let wanted = table("shop", "v2", [999_999, 1], true);
    assert_eq!(envoy.written("shop.json"), wanted);
}

#[tokio::test]
async fn it_keeps_the_rules_of_mirrors() {
    let Some(envoy) = Envoy::start().await else {
        return;
    };
    let mirror = envoy.router().mirror();
    let found = conformance::mirror(&mirror, &target(), &id("nowhere"), &call()).await;
    assert_eq!(found, []);
}

#[tokio::test]
async fn what_envoy_refuses_is_put_back_and_nothing_has_changed() {
    let Some(envoy) = Envoy::start().await else {
        return;
    };
    let router = envoy.router();
    router
        .set(&target(), percent(25), &call())
        .await
        .expect("set");
    let before = envoy.written("shop.json");
    let copies = |target| Desired::Mirror {
        target,
        share: percent(10),
    };
    let refused = router
        .mirror()
        .perform(&copies(id("unknown-shadow")), &call())
        .await;
    let error = refused.expect_err("no such cluster");
    let told = (error.kind(), error.sent());
    assert_eq!(told, (ErrorKind::Invalid, Sent::Nothing), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
    assert_eq!(envoy.written("shop.json"), before);
    for (missing, kind) in [
        ("no-cluster", ErrorKind::Invalid),
        ("no-table", ErrorKind::NotFound),
        ("no-file", ErrorKind::NotFound),
        ("nowhere", ErrorKind::NotFound),
    ] {
        let error = router.set(&id(missing), percent(5), &call()).await;
        let error = error.expect_err(missing);
        assert_eq!(
            (error.kind(), error.is_refusal()),
            (kind, true),
            "{missing}: {error}"
        );
    }
    let error = router
        .mirror()
        .perform(&copies(id("no-shadow")), &call())
        .await;
    assert_eq!(error.expect_err("no shadow").kind(), ErrorKind::Misuse);
    assert_eq!(envoy.written("shop.json"), before);
    // As well as before.
    router
        .set(&target(), percent(50), &call())
        .await
        .expect("set");
}

#[tokio::test]
async fn a_restart_keeps_weights_and_a_stranger_is_other() {
    let Some(mut envoy) = Envoy::start().await else {
        return;
    };
    let router = envoy.router();
    router
        .set(&target(), percent(25), &call())
        .await
        .expect("set");
    let stands = async |envoy: &Envoy, wanted: Standing| {
        let mut standing = Standing::Unknown;
        for _ in 0..100 {
            let found = envoy.router().read(&target(), &call()).await.expect("read");
            standing = router.judge(&target(), percent(25), Some(percent(5)), &found);
            if standing == wanted {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(standing, wanted);
    };
    envoy.restart();
    stands(&envoy, Standing::AsDesired).await;
    envoy.write("shop.json", &table("shop", "v2", [93, 7], true));
    stands(&envoy, Standing::Other).await;
    envoy.write("shop.json", &table("shop", "v2", [95, 5], true));
    stands(&envoy, Standing::AsBefore).await;
    // A stranger's file that Envoy refuses: what is read is what Envoy does and not what the file says.
    envoy.write("shop.json", &table("shop", "v9", [75, 25], true));
    tokio::time::sleep(Duration::from_millis(300)).await;
    stands(&envoy, Standing::AsBefore).await;
    // Its canary is another cluster: nothing is written into it.
    let error = router.set(&target(), percent(25), &call()).await;
    let error = error.expect_err("another file");
    assert!(error.is_refusal(), "{error}");
    // Somebody mends it; from then on all is as it was.
    envoy.write("shop.json", &table("shop", "v2", [1, 0], true));
    router
        .set(&target(), percent(25), &call())
        .await
        .expect("set");
    stands(&envoy, Standing::AsDesired).await;
    // Weights of nobody are refused by Envoy, so what was loaded stays.
    envoy.write("shop.json", &table("shop", "v2", [0, 0], true));
    tokio::time::sleep(Duration::from_millis(300)).await;
    stands(&envoy, Standing::AsDesired).await;
}

#[tokio::test]
async fn a_file_that_envoy_has_missed_is_shown_to_it_again() {
    let Some(envoy) = Envoy::start().await else {
        return;
    };
    let router = envoy.router();
    // Written into the file, and not beside it: Envoy watches for new names only.
    let text = table("shop", "v2", [70, 30], true).to_string();
    std::fs::write(envoy.file("shop.json"), text).expect("written");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let found = router.read(&target(), &call()).await.expect("read");
    assert_eq!(found.canary, Ratio::ZERO);
    let receipt = router
        .set(&target(), percent(30), &call())
        .await
        .expect("set");
    assert_eq!(receipt.evidence, "stood there already, and loaded");
    let found = router.read(&target(), &call()).await.expect("read");
    assert_eq!(found.canary, percent(30));
}

/// Why `validate_clusters` belongs in a table: without it, Envoy takes weights for a cluster that it does not have.
#[tokio::test]
async fn only_a_validated_table_is_refused_for_its_clusters() {
    let Some(envoy) = Envoy::start().await else {
        return;
    };
    let loaded = async |name: &str, validated: bool| -> Value {
        envoy.write(
            &format!("{name}.json"),
            &table(name, "v9", [50, 50], validated),
        );
        tokio::time::sleep(Duration::from_millis(300)).await;
        let file = envoy.file(&format!("{name}.json"));
        let admin = format!("http://127.0.0.1:{}", envoy.admin);
        let router = support::single(&admin, file, name);
        let call = call().with_deadline(Span::from_secs(2));
        json!(router.read(&target(), &call).await.is_ok())
    };
    assert_eq!(loaded("shop", true).await, json!(false));
    assert_eq!(loaded("loose", false).await, json!(true));
}

/// As a rollout does it: by effects, through the registry.
#[tokio::test]
async fn effects_of_both_kinds_are_carried_out_and_traffic_is_read_back() {
    let Some(envoy) = Envoy::start().await else {
        return;
    };
    let router = envoy.router();
    let edge = || "edge".parse().expect("an id");
    let mut registry = Registry::new();
    let mirror = Arc::new(router.mirror());
    registry
        .bind_effector(edge(), Role::TrafficRouter, mirror)
        .expect("free");
    registry
        .bind_traffic_router(edge(), Arc::new(router))
        .expect("free");
    let able = registry.capabilities(&edge(), Role::TrafficRouter);
    let all = [
        Capability::Mirror,
        Capability::ReadBack,
        Capability::Weights,
    ];
    assert_eq!(able, Some(all.into()));
    let (target, canary) = (target(), percent(25));
    let share = percent(50);
    for (number, desired, told) in [
        (
            1,
            Desired::Traffic {
                target: target.clone(),
                canary,
            },
            "read back: traffic of shop at 25%",
        ),
        (2, Desired::Mirror { target, share }, "written, and loaded"),
    ] {
        let effect = Effect {
            number,
            key: EffectKey::new(&"r".parse().expect("an id"), number),
            to: edge(),
            desired,
            before: None,
            class: EffectClass::AbsoluteWithReadBack,
            deadline: Timestamp::EPOCH + Span::from_secs(10),
        };
        let outcome = format!("{:?}", registry.perform(&effect, &call()).await);
        assert!(
            outcome.starts_with("Applied") && outcome.contains(told),
            "{outcome}"
        );
    }
}
