//! What holds of any API server: of the small one of these tests, and of a real one.

use std::path::PathBuf;

use phasegate_core::{Span, Standing, Timestamp};
use phasegate_provider::{CallClass, ErrorKind, Retry, Scaler as _, Sent, TrafficRouter as _};
use phasegate_testkit::conformance;
use serde_json::{Value, json};

use super::{LIMITS, call, config, id, percent, route, router, scaler};

/// A cluster where others do things, too.
pub(crate) trait World {
    fn kubeconfig(&self) -> PathBuf;
    /// Somebody applies a route; by force where that takes fields from others.
    fn apply(&self, manager: &str, route: Value, force: bool);
    /// The route as it is now.
    fn route(&self) -> Value;
    /// Somebody scales the deployment, now.
    fn scale(&self, count: u32);
    /// Does the server keep a record of who has scaled something?
    fn tells_scaling(&self) -> bool;
}

pub(crate) async fn routers_keep_the_promises_of_their_role(world: &impl World) {
    world.apply("owner", route(0, 100), true);
    let config = config(world.kubeconfig()).taking_over().without_waiting();
    let router = router(config).await;
    let (checkout, nowhere) = (id("checkout"), id("nowhere"));
    let violations = conformance::traffic_router(&router, &checkout, &nowhere, &call()).await;
    assert_eq!(violations, []);
}

pub(crate) async fn what_others_own_is_taken_only_where_that_is_allowed(world: &impl World) {
    world.apply("owner", route(0, 100), true);
    let polite = config(world.kubeconfig()).without_waiting();
    let firm = router(polite.clone().taking_over()).await;
    let polite = router(polite).await;
    let checkout = id("checkout");
    // What stands there already belongs to nobody's quarrel.
    let same = polite.set(&checkout, percent(0), &call()).await;
    assert_eq!(same.expect("the same").evidence, "stood there already");
    let error = polite.set(&checkout, percent(5), &call()).await;
    let error = error.expect_err("owned");
    assert_eq!(
        (error.kind(), error.sent()),
        (ErrorKind::Conflict, Sent::Answered)
    );
    let told = error.to_string();
    assert!(
        told.contains("\"owner\"") && told.contains(".spec.rules"),
        "{told}"
    );
    let found = polite.read(&checkout, &call()).await.expect("read");
    assert_eq!(found.canary, percent(0));

    firm.set(&checkout, percent(5), &call())
        .await
        .expect("taken");
    let found = world.route();
    let backends = &found["spec"]["rules"][1]["backendRefs"];
    assert_eq!(
        (&backends[0]["weight"], &backends[1]["weight"]),
        (&json!(95), &json!(5))
    );
    // All else stands as its owner left it.
    for field in ["hostnames", "parentRefs"] {
        assert_eq!(found["spec"][field], route(0, 0)["spec"][field], "{field}");
    }
    let docs = &found["spec"]["rules"][0]["backendRefs"][0];
    assert_eq!(
        (&docs["name"], &docs["weight"]),
        (&json!("docs"), &json!(1))
    );
    // It is ours now, so nothing needs to be taken.
    polite
        .set(&checkout, percent(25), &call())
        .await
        .expect("ours");

    // Somebody takes it back: drift, told apart from what was wanted and from what was before.
    world.apply("owner", route(50, 50), true);
    let found = polite.read(&checkout, &call()).await.expect("read");
    let judged = polite.judge(&checkout, percent(25), Some(percent(5)), &found);
    assert_eq!((judged, found.canary), (Standing::Other, percent(50)));
    let error = polite.set(&checkout, percent(0), &call()).await;
    assert_eq!(error.expect_err("owned").kind(), ErrorKind::Conflict);
    world.apply("owner", route(5, 95), true);
    let found = polite.read(&checkout, &call()).await.expect("read");
    let judged = polite.judge(&checkout, percent(25), Some(percent(5)), &found);
    assert_eq!(judged, Standing::AsBefore);
}

pub(crate) async fn what_is_not_there_is_not_made(world: &impl World) {
    let config = config(world.kubeconfig()).without_waiting();
    let (router, scaler) = (router(config.clone()).await, scaler(config).await);
    let nowhere = id("nowhere");
    for error in [
        router.read(&nowhere, &call()).await.expect_err("no route"),
        router
            .set(&nowhere, percent(5), &call())
            .await
            .expect_err("no route"),
        scaler
            .read(&nowhere, &call())
            .await
            .expect_err("no deployment"),
        scaler
            .set(&nowhere, 4, &call())
            .await
            .expect_err("no deployment"),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert!(
            error.is_refusal() && error.to_string().contains("nowhere"),
            "{error}"
        );
    }
}

pub(crate) async fn scalers_keep_the_promises_of_their_role(world: &impl World) {
    world.scale(3);
    let scaler = scaler(config(world.kubeconfig())).await;
    let (web, nowhere) = (id("web"), id("unknown"));
    // Long after whatever the server remembers of earlier changes.
    let mut later = call();
    later.at = later.at + Span::from_secs(3600 * 24 * 365 * 20);
    let violations = conformance::scaler(&scaler, &web, &nowhere, LIMITS, &later).await;
    assert_eq!(violations, []);
}

/// `now` is the server's time. Servers before 1.22 keep no record of who has scaled something.
pub(crate) async fn a_change_is_waited_for_after_a_restart(world: &impl World, now: Timestamp) {
    world.scale(3);
    let web = id("web");
    let mut soon = call();
    soon.at = now + Span::from_secs(3600);
    let first = scaler(config(world.kubeconfig())).await;
    first.set(&web, 5, &soon).await.expect("long after");
    // Another process, which knows only what the server tells.
    let second = scaler(config(world.kubeconfig())).await;
    let found = second.read(&web, &soon).await.expect("read");
    assert_eq!(found.count, 5);
    let Some(changed) = found.changed_at else {
        assert!(!world.tells_scaling(), "it is in the record");
        return;
    };
    assert!(world.tells_scaling());
    let early = changed + Span::from_secs(20);
    soon.at = early;
    let error = second.set(&web, 4, &soon).await.expect_err("too soon");
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert_eq!(error.retry(), Retry::After(Span::from_secs(40)));
    let back = soon.clone().with_class(CallClass::Safety);
    second.set(&web, 3, &back).await.expect("undoing harm");
    // What somebody else sets is drift.
    world.scale(7);
    let found = second.read(&web, &soon).await.expect("read");
    assert_eq!(second.judge(&web, 3, Some(5), &found), Standing::Other);
}

pub(crate) async fn all(world: &impl World, now: Timestamp) {
    what_is_not_there_is_not_made(world).await;
    what_others_own_is_taken_only_where_that_is_allowed(world).await;
    routers_keep_the_promises_of_their_role(world).await;
    scalers_keep_the_promises_of_their_role(world).await;
    a_change_is_waited_for_after_a_restart(world, now).await;
}
