//! Something else where Envoy's admin interface should be: a typed error in bounded time, and a way back all the same.

mod support;

use phasegate_core::{Ratio, Span};
use phasegate_provider::{ErrorKind, Sent, TrafficRouter as _};
use phasegate_testkit::servers::{Folder, Hostile, mislabelled, withstand};
use serde_json::Value;
use tokio::task::JoinSet;

use support::{call, percent, router, table, target};

#[tokio::test]
async fn misbehaviour_is_a_typed_error_in_bounded_time() {
    let folder = Folder::new().expect("a folder");
    let file = folder.path().join("shop.json");
    let ask = async |url: String| {
        let call = call().with_deadline(Span::from_secs(2));
        router(&url, file.clone()).read(&target(), &call).await
    };
    assert_eq!(withstand(&[], ask).await.expect("ports"), []);
}

#[tokio::test]
async fn an_answer_that_is_none_is_no_share() {
    use ErrorKind as K;
    let clusters = |weights: [&str; 2]| {
        let [canary, stable] = weights;
        format!(
            r#"{{"configs":[{{"route_config":{{"name":"shop","virtual_hosts":[{{"routes":[{{"route":{{
            "weighted_clusters":{{"clusters":[{{"name":"v2","weight":{canary}}},{{"name":"v1","weight":{stable}}}]}}
            }}}}]}}]}}}}]}}"#
        )
        .replace(['\n', ' '], "")
    };
    let file = Folder::new().expect("a folder").path().join("shop.json");
    let read = async |json: &str| {
        let server = Hostile::always(&format!("/json?{json}")).await;
        let url = server.as_ref().expect("a port").url("");
        router(&url, file.clone()).read(&target(), &call()).await
    };
    let found = read(&clusters(["1", "3"])).await.expect("a share");
    assert_eq!(found.canary, percent(25));
    let ask = async |url: String| router(&url, file.clone()).read(&target(), &call()).await;
    let found = mislabelled(&clusters(["1", "3"]), ask).await;
    assert_eq!(found.expect("ports"), []);
    for (json, kind) in [
        (clusters(["0", "0"]), K::Invalid),
        (clusters(["-1", "1"]), K::Invalid),
        (clusters(["0.5", "1"]), K::Invalid),
        (clusters(["\"1\"", "1"]), K::Invalid),
        (clusters(["4294967296", "1"]), K::Invalid),
        (clusters(["1", "1"]).replace("v2", "v3"), K::Invalid),
        (clusters(["1", "1"]).replace("shop", "shoe"), K::NotFound),
        ("{}".to_owned(), K::NotFound),
        (r#"{"configs":[{}]}"#.to_owned(), K::NotFound),
        (
            r#"{"configs":[{"route_config":{"name":"shop"}}]}"#.to_owned(),
            K::NotFound,
        ),
        (r#"{"configs":7}"#.to_owned(), K::Invalid),
    ] {
        let error = read(&json).await.expect_err(&json);
        assert_eq!(error.kind(), kind, "{json}: {error}");
    }
}

#[tokio::test]
async fn a_way_back_does_not_wait_for_an_interface_that_is_silent() {
    let mut all = JoinSet::new();
    for way in ["/hang", "/close", "/status?500", "/json?{}"] {
        all.spawn(async move {
            let folder = Folder::new().expect("a folder");
            let text = table("shop", "v2", [50, 50], true).to_string();
            let file = folder.write("shop.json", &text).expect("written");
            let server = Hostile::always(way).await.expect("a port");
            let started = std::time::Instant::now();
            let router = router(&server.url(""), file.clone());
            let set = router.set(&target(), Ratio::ZERO, &call()).await;
            let error = set.expect_err("not loaded");
            let told = (error.kind(), error.sent());
            assert_eq!(told, (ErrorKind::Timeout, Sent::Maybe), "{way}: {error}");
            assert!(started.elapsed().as_secs() < 6, "{way}");
            let text = std::fs::read_to_string(&file).expect("there");
            let written: Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(written, table("shop", "v2", [1_000_000, 0], true), "{way}");
        });
    }
    while let Some(ended) = all.join_next().await {
        ended.expect("the way back was written");
    }
}
