//! The same scenarios against a real API server, where one is named: `PHASEGATE_KUBECONFIG` is a kubeconfig file that
//! `kubectl` can use as well. See the README for how one is started. In CI there is none.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests, and helpers beside them"
)]

mod support;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use phasegate_core::{Span, Timestamp};
use phasegate_provider::{ErrorKind, Retry, Sent, TrafficRouter as _};
use serde_json::{Value, json};

use support::scenarios::{self, World};
use support::{call, config, id, percent, route, router};

struct Real {
    kubeconfig: PathBuf,
}

impl Real {
    fn named() -> Option<Self> {
        let kubeconfig = std::env::var_os("PHASEGATE_KUBECONFIG")?;
        Some(Self {
            kubeconfig: kubeconfig.into(),
        })
    }

    fn kubectl(&self, arguments: &[&str], input: &str) -> String {
        let mut kubectl = Command::new("kubectl");
        kubectl
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .args(arguments);
        kubectl.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut running = kubectl.spawn().expect("kubectl");
        let mut stdin = running.stdin.take().expect("an input");
        stdin.write_all(input.as_bytes()).expect("written");
        drop(stdin);
        let done = running.wait_with_output().expect("it ends");
        assert!(done.status.success(), "kubectl {arguments:?}");
        String::from_utf8(done.stdout).expect("text")
    }

    /// What a gateway's controller would say of what the route says now.
    fn accept(&self, status: &str) {
        let mut route = self.route();
        let generation = route["metadata"]["generation"].clone();
        let condition = |kind: &str| {
            json!({"type": kind, "status": status, "reason": "Checked", "message": "by hand",
                "observedGeneration": generation, "lastTransitionTime": "2026-09-07T12:00:00Z"})
        };
        route["status"] = json!({"parents": [{"parentRef": {"name": "edge"},
            "controllerName": "example.com/gateway",
            "conditions": [condition("Accepted"), condition("ResolvedRefs")]}]});
        let path = format!("{}/checkout/status", support::ROUTES);
        self.kubectl(&["replace", "--raw", &path, "-f", "-"], &route.to_string());
    }
}

impl World for Real {
    fn kubeconfig(&self) -> PathBuf {
        self.kubeconfig.clone()
    }

    fn apply(&self, manager: &str, route: Value, force: bool) {
        let manager = format!("--field-manager={manager}");
        let force = format!("--force-conflicts={force}");
        let apply = [
            "apply",
            "--server-side",
            &manager,
            &force,
            "--validate=false",
            "-f",
            "-",
        ];
        self.kubectl(&apply, &route.to_string());
    }

    fn route(&self) -> Value {
        let path = format!("{}/checkout", support::ROUTES);
        let found = self.kubectl(&["get", "--raw", &path], "");
        serde_json::from_str(&found).expect("JSON")
    }

    fn scale(&self, count: u32) {
        let count = format!("--replicas={count}");
        self.kubectl(&["scale", "-n", "shop", "deployment/web", &count], "");
    }

    fn tells_scaling(&self) -> bool {
        let version: Value =
            serde_json::from_str(&self.kubectl(&["get", "--raw", "/version"], "")).expect("JSON");
        let minor = version["minor"].as_str().expect("a version");
        let minor: u32 = minor.trim_end_matches('+').parse().expect("a number");
        minor >= 22
    }
}

fn now() -> Timestamp {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.expect("after 1970").as_millis();
    Timestamp::from_unix_millis(i64::try_from(now).expect("a moment"))
}

#[tokio::test]
async fn a_real_server_is_as_the_small_one() {
    let Some(world) = Real::named() else {
        return;
    };
    scenarios::all(&world, now()).await;
    // The gateways' word, here said by hand.
    world.apply("owner", route(0, 100), true);
    let router = router(config(world.kubeconfig()).taking_over()).await;
    let checkout = id("checkout");
    let brief = call().with_deadline(Span::from_secs(1));
    let error = router
        .set(&checkout, percent(5), &brief)
        .await
        .expect_err("nobody looks");
    assert_eq!(
        (error.kind(), error.sent()),
        (ErrorKind::Timeout, Sent::Maybe),
        "{error}"
    );
    world.accept("True");
    let done = router
        .set(&checkout, percent(5), &brief)
        .await
        .expect("accepted");
    assert_eq!(
        done.evidence,
        "stood there already, and all gateways follow"
    );
    world.accept("False");
    let error = router.read(&checkout, &brief).await.expect_err("refused");
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Invalid, Retry::Never),
        "{error}"
    );
}
