//! Routes and workloads in a small API server that the published schemas check, and what only it can be made to do.

mod support;

use std::path::PathBuf;

use phasegate_core::Span;
use phasegate_provider::{ErrorKind, Retry, Scaler as _, Sent, TrafficRouter as _};
use phasegate_testkit::servers::{Folder, withstand};
use serde_json::{Value, json};

use support::scenarios::{self, World};
use support::{
    Cluster, Trouble, at, call, config, folder, id, kubeconfig, percent, route, router, scaler,
};

struct Small {
    cluster: Cluster,
    folder: Folder,
}

impl Small {
    async fn new() -> Self {
        let cluster = Cluster::start("owner", route(0, 100)).await;
        let folder = folder();
        kubeconfig(&folder, &cluster.server.url(""), &json!({}));
        Self { cluster, folder }
    }

    fn check(&self) {
        assert_eq!(self.cluster.state().faults, [""; 0]);
    }
}

impl World for Small {
    fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    fn apply(&self, manager: &str, route: Value, force: bool) {
        self.cluster.apply(manager, route, force);
    }

    fn route(&self) -> Value {
        self.cluster.state().route.clone()
    }

    fn scale(&self, count: u32) {
        self.cluster.scale("kubectl", count, "2026-09-07T12:00:00Z");
    }

    fn tells_scaling(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn the_small_server_is_as_the_real_one() {
    let world = Small::new().await;
    scenarios::all(&world, at()).await;
    world.check();
}

#[tokio::test]
async fn a_route_is_set_when_all_its_gateways_follow() {
    let world = Small::new().await;
    let router = router(config(world.kubeconfig()).taking_over()).await;
    let (checkout, brief) = (id("checkout"), call().with_deadline(Span::from_secs(1)));
    world.cluster.state().looks = Some(2);
    let done = router
        .set(&checkout, percent(5), &call())
        .await
        .expect("set");
    assert_eq!(done.evidence, "applied, and all gateways follow");
    assert_eq!(
        router.read(&checkout, &call()).await.expect("read").canary,
        percent(5)
    );
    // No controller looks: nobody knows where the traffic goes.
    world.cluster.state().looks = None;
    let error = router
        .set(&checkout, percent(10), &brief)
        .await
        .expect_err("nobody");
    assert_eq!(
        (error.kind(), error.sent()),
        (ErrorKind::Timeout, Sent::Maybe),
        "{error}"
    );
    let error = router.read(&checkout, &call()).await.expect_err("nobody");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    // The gateway refuses it.
    world.cluster.state().looks = Some(0);
    world.cluster.state().refusal = Some("BackendNotFound".to_owned());
    for error in [
        router
            .set(&checkout, percent(20), &brief)
            .await
            .expect_err("refused"),
        router.read(&checkout, &call()).await.expect_err("refused"),
    ] {
        assert_eq!(
            (error.kind(), error.sent()),
            (ErrorKind::Invalid, Sent::Maybe),
            "{error}"
        );
        assert!(error.to_string().contains("BackendNotFound"), "{error}");
    }
    world.cluster.state().refusal = None;
    router
        .set(&checkout, percent(0), &call())
        .await
        .expect("going back");
    world.check();
}

#[tokio::test]
async fn who_is_overtaken_looks_again_and_writes_over_nobody() {
    let world = Small::new().await;
    let config = config(world.kubeconfig()).taking_over().without_waiting();
    let (router, scaler) = (router(config.clone()).await, scaler(config).await);
    for _ in 0..2 {
        world.cluster.trouble("PATCH", Trouble::Overtake);
    }
    router
        .set(&id("checkout"), percent(5), &call())
        .await
        .expect("the third");
    assert_eq!(world.cluster.changes(), 3);
    world.cluster.trouble("PATCH", Trouble::Overtake);
    scaler
        .set(&id("web"), 5, &call())
        .await
        .expect("the second");
    assert_eq!(
        (world.cluster.changes(), world.cluster.replicas()),
        (5, json!(5))
    );
    for _ in 0..20 {
        world.cluster.trouble("PATCH", Trouble::Overtake);
    }
    let error = router.set(&id("checkout"), percent(6), &call()).await;
    let error = error.expect_err("always overtaken");
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Conflict, Retry::Maybe)
    );
    assert!(error.is_refusal(), "{error}");
    // What certainly did not happen starts no cooldown.
    let mut later = call();
    later.at = later.at + Span::from_secs(61);
    let error = scaler
        .set(&id("web"), 6, &later)
        .await
        .expect_err("always overtaken");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    world.cluster.state().trouble.clear();
    scaler.set(&id("web"), 7, &later).await.expect("at once");
    world.check();
}

#[tokio::test]
async fn a_refusal_is_told_from_a_wait_and_from_doubt() {
    let world = Small::new().await;
    let config = config(world.kubeconfig()).taking_over().without_waiting();
    let (router, scaler) = (router(config.clone()).await, scaler(config).await);
    let wait = |secs| Retry::After(Span::from_secs(secs));
    for (trouble, kind, retry, is_refusal) in [
        (Trouble::Busy(7), ErrorKind::Throttled, Some(wait(7)), true),
        (
            Trouble::Later(3),
            ErrorKind::Unavailable,
            Some(wait(3)),
            false,
        ),
        (Trouble::Forbid, ErrorKind::Denied, Some(Retry::Never), true),
        (Trouble::Fail, ErrorKind::Unavailable, None, false),
        (Trouble::LoseAnswer, ErrorKind::Unavailable, None, false),
    ] {
        world.apply("owner", route(0, 100), true);
        world.cluster.trouble("PATCH", trouble);
        let set = router.set(&id("checkout"), percent(5), &call()).await;
        let error = set.expect_err("trouble");
        assert_eq!(
            (error.kind(), error.is_refusal()),
            (kind, is_refusal),
            "{trouble:?}: {error}"
        );
        assert!(
            retry.is_none_or(|retry| error.retry() == retry),
            "{trouble:?}: {error:?}"
        );
        // Where the look before it fails, nothing was sent.
        world.apply("owner", route(0, 100), true);
        world.cluster.trouble("GET", trouble);
        let error = router.set(&id("checkout"), percent(5), &call()).await;
        let error = error.expect_err("trouble");
        assert_eq!(
            (error.kind(), error.sent()),
            (kind, Sent::Nothing),
            "{trouble:?}: {error}"
        );
        world.cluster.trouble("GET", trouble);
        let error = scaler
            .set(&id("web"), 4, &call())
            .await
            .expect_err("trouble");
        assert_eq!(
            (error.kind(), error.sent()),
            (kind, Sent::Nothing),
            "{trouble:?}: {error}"
        );
    }
    // A change whose answer is lost counts: the same is there, another one waits.
    world.cluster.trouble("PATCH", Trouble::LoseAnswer);
    let lost = scaler.set(&id("web"), 4, &call()).await.expect_err("lost");
    assert!(!lost.is_refusal());
    scaler.set(&id("web"), 4, &call()).await.expect("there");
    let soon = scaler
        .set(&id("web"), 5, &call())
        .await
        .expect_err("too soon");
    assert_eq!(soon.kind(), ErrorKind::Rejected);
    world.check();
}

#[tokio::test]
async fn a_token_is_on_the_wire_and_nowhere_else() {
    let world = Small::new().await;
    let config = config(world.kubeconfig());
    let (router, scaler) = (router(config.clone()).await, scaler(config.clone()).await);
    router.read(&id("checkout"), &call()).await.expect("read");
    let asked = world.cluster.server.received();
    assert_eq!(
        asked[0].header("authorization"),
        Some("Bearer marked-secret-token")
    );
    let shown = format!("{router:?} {scaler:?} {config:?}");
    assert!(!shown.contains("marked-secret"), "{shown}");
    let broken = folder();
    broken
        .write("kubeconfig", "users: [{token: marked-secret-token}")
        .expect("written");
    let path = broken.path().join("kubeconfig");
    let error = phasegate_provider_kubernetes::KubernetesRouter::new(self::config(path)).await;
    let told = error.expect_err("no YAML").to_string();
    assert!(!told.contains("marked-secret"), "{told}");
}

#[tokio::test]
async fn misbehaviour_is_a_typed_error_in_bounded_time() {
    let brief = || call().with_deadline(Span::from_secs(2));
    let at = async |url: &str| {
        let folder = folder();
        let config = config(kubeconfig(&folder, url, &json!({})));
        (router(config.clone()).await, scaler(config).await)
    };
    let set = async |url: String| {
        at(&url)
            .await
            .0
            .set(&id("checkout"), percent(5), &brief())
            .await
    };
    assert_eq!(withstand(&[], set).await.expect("ports"), []);
    let read = async |url: String| at(&url).await.0.read(&id("checkout"), &brief()).await;
    assert_eq!(withstand(&[], read).await.expect("ports"), []);
    let scale = async |url: String| at(&url).await.1.set(&id("web"), 4, &brief()).await;
    assert_eq!(withstand(&[], scale).await.expect("ports"), []);
    // Nobody listens there: nothing was sent.
    let (router, _) = at("http://127.0.0.1:9").await;
    let error = router
        .read(&id("checkout"), &brief())
        .await
        .expect_err("nobody");
    assert_eq!(
        (error.kind(), error.sent()),
        (ErrorKind::Unavailable, Sent::Nothing),
        "{error}"
    );
}
