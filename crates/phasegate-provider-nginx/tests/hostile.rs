//! Whatever answers for the status page: a typed error in bounded time, never a share.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::sync::Arc;

use phasegate_core::{Ratio, Span, TargetId, Timestamp};
use phasegate_http::{HttpClient, HttpConfig};
use phasegate_provider::{Call, ErrorKind, HttpEndpoint, TrafficRouter as _};
use phasegate_provider_command::{Commands, CommandsConfig};
use phasegate_provider_nginx::{NginxConfig, NginxRouter, Route};
use phasegate_testkit::servers::{Folder, Hostile, withstand};

fn shop() -> TargetId {
    "shop".parse().expect("an id")
}

fn call() -> Call {
    Call::new(Timestamp::EPOCH, Span::from_secs(2))
}

fn router(url: &str, folder: &Folder) -> NginxRouter {
    let mut http = HttpConfig::default();
    http.read_within = Span::from_millis(500);
    http.total_within = Span::from_secs(2);
    let endpoint = HttpEndpoint::new(url).with_response_bytes_max(1 << 20);
    let file = folder.path().join("shop.route");
    let config =
        NginxConfig::new(endpoint).with_route(shop(), Route::new(file, "shop", "v2", "v1"));
    let http = Arc::new(HttpClient::new(http).expect("a client"));
    let commands = Arc::new(Commands::new(CommandsConfig::default()));
    NginxRouter::new(config, http, commands).expect("a router")
}

#[tokio::test]
async fn misbehaviour_is_a_typed_error_in_bounded_time() {
    let folder = Folder::new().expect("a folder");
    let ask = async |url: String| router(&url, &folder).read(&shop(), &call()).await;
    assert_eq!(withstand(&[], ask).await.expect("ports"), []);
}

#[tokio::test]
async fn an_answer_that_is_none_is_no_share() {
    let folder = Folder::new().expect("a folder");
    let read = async |text: &str| {
        let server = Hostile::always(&format!("/text?{text}")).await;
        let url = server.as_ref().expect("a port").url("");
        router(&url, &folder).read(&shop(), &call()).await
    };
    let found = read("25%\n").await.expect("a share");
    assert_eq!(found.canary, Ratio::from_percent(25).expect("a share"));
    for text in [
        "", "%", "101%", "-1%", "25% 30%", "NaN%", "25%\u{0}", "fine",
    ] {
        let error = read(text).await.expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Invalid, "{text}: {error}");
    }
}
