//! Against a real nginx under load.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::net::TcpStream as Blocking;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use phasegate_core::{Ratio, Span, Standing, TargetId, Timestamp};
use phasegate_http::{HttpClient, HttpConfig};
use phasegate_provider::{
    Call, CommandRun, CommandRunner, ErrorKind, Exit, HttpEndpoint, Provider, ProviderError, Sent,
    TrafficRouter as _,
};
use phasegate_provider_command::{CommandConfig, Commands, CommandsConfig};
use phasegate_provider_nginx::{NginxConfig, NginxRouter, Route};
use phasegate_testkit::conformance::traffic_router;
use phasegate_testkit::servers::{Folder, Process, find, free_port, skipped};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

#[derive(Debug)]
struct Nginx {
    front: u16,
    folder: Folder,
    router: NginxRouter,
    _process: Process,
}

fn id(text: &str) -> TargetId {
    text.parse().expect("an id")
}

fn percent(percent: u32) -> Ratio {
    Ratio::from_percent(percent).expect("a ratio")
}

fn call() -> Call {
    Call::new(Timestamp::EPOCH, Span::from_secs(10))
}

/// `None`, after a line that says why, where it is not installed.
fn start() -> Option<Nginx> {
    let Some(program) = find("nginx") else {
        skipped("nginx is not installed");
        return None;
    };
    let folder = Folder::new().expect("a folder");
    let [front, stable, canary] = [(); 3].map(|()| free_port().expect("a port"));
    let path = folder.path().display();
    let main = format!(
        "daemon off; pid {path}/n.pid; error_log {path}/error.log warn; worker_processes 2;\n\
         events {{ worker_connections 256; }}\n\
         http {{ access_log off;\n\
           client_body_temp_path {path}/t1; proxy_temp_path {path}/t2; fastcgi_temp_path {path}/t3;\n\
           uwsgi_temp_path {path}/t4; scgi_temp_path {path}/t5;\n\
           include {path}/*.route;\n\
           upstream v1 {{ server 127.0.0.1:{stable}; }} upstream v2 {{ server 127.0.0.1:{canary}; }}\n\
           server {{ listen 127.0.0.1:{stable}; location / {{ return 200 s; }} }}\n\
           server {{ listen 127.0.0.1:{canary}; location / {{ return 200 c; }} }}\n\
           server {{ listen 127.0.0.1:{front};\n\
             location / {{ proxy_pass http://$shop; }}\n\
             location = /phasegate/shop {{ return 200 \"$shop_share\\n\"; }} }} }}\n"
    );
    let main = folder.write("nginx.conf", &main).expect("written");
    let file = folder.path().join("shop.route");
    let first = "split_clients \"$request_id\" $shop { * v1; }\n\
                 map \"\" $shop_share { default \"0%\"; }\n";
    folder.write("shop.route", first).expect("written");
    let error_log = folder.path().join("error.log").display().to_string();
    let arguments = [
        "-c".to_owned(),
        main.display().to_string(),
        "-e".to_owned(),
        error_log,
    ];
    let mut command = Command::new(&program);
    command.args(&arguments);
    let ready = || Blocking::connect(("127.0.0.1", front)).is_ok();
    let process = Process::start(command, ready).expect("it starts");

    let mut commands = CommandsConfig::default();
    for (name, more) in [
        ("nginx-test", vec!["-t"]),
        ("nginx-reload", vec!["-s", "reload"]),
    ] {
        let more = more.into_iter().map(str::to_owned);
        let all = arguments.iter().cloned().chain(more);
        commands
            .commands
            .insert(name.to_owned(), CommandConfig::new(&program, all));
    }
    let endpoint = HttpEndpoint::new(format!("http://127.0.0.1:{front}"));
    let config = NginxConfig::new(endpoint)
        .with_route(id("shop"), Route::new(file, "shop", "v2", "v1"))
        // Passes every check of the adapter and none of nginx: no such variable.
        .with_route(
            id("broken"),
            Route::new(folder.path().join("broken.route"), "broken", "v2", "v1")
                .with_key("$no_such_variable"),
        );
    let http = Arc::new(HttpClient::new(HttpConfig::default()).expect("a client"));
    let router = NginxRouter::new(config, http, Arc::new(Commands::new(commands)));
    Some(Nginx {
        front,
        folder,
        router: router.expect("a router"),
        _process: process,
    })
}

/// Which version answered one request over a connection of its own. Anything but a complete 200 is a
/// failure of the test.
async fn ask(front: u16) -> char {
    let mut stream = TcpStream::connect(("127.0.0.1", front))
        .await
        .expect("a connection");
    let ask = b"GET / HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n";
    stream.write_all(ask).await.expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("an answer");
    assert!(text.starts_with("HTTP/1.1 200 "), "{text:?}");
    text.chars().last().expect("a body")
}

#[tokio::test]
async fn it_keeps_the_rules_of_routers() {
    let Some(nginx) = start() else { return };
    let found = traffic_router(&nginx.router, &id("shop"), &id("nowhere"), &call()).await;
    assert_eq!(found, []);
    // nginx refuses: the file is put back, nothing has changed.
    let error = nginx
        .router
        .set(&id("broken"), percent(5), &call())
        .await
        .expect_err("refused");
    assert_eq!(
        (error.kind(), error.sent()),
        (ErrorKind::Invalid, Sent::Nothing),
        "{error}"
    );
    assert!(error.to_string().contains("no_such_variable"), "{error}");
    assert!(!nginx.folder.path().join("broken.route").exists());
    nginx
        .router
        .set(&id("shop"), percent(25), &call())
        .await
        .expect("as well as before");
}

/// A command runner by whose names these happen.
#[derive(Debug)]
struct Instead {
    /// What the check does: passes, or never ends.
    hangs: bool,
}

impl Provider for Instead {
    fn capabilities(&self) -> std::collections::BTreeSet<phasegate_core::Capability> {
        std::collections::BTreeSet::new()
    }
}

#[async_trait::async_trait]
impl CommandRunner for Instead {
    async fn run(&self, command: &str, _: &Call) -> Result<CommandRun, ProviderError> {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        let failed = i32::from(command == "nginx-reload");
        Ok(CommandRun {
            exit: Exit::Code(failed),
            stdout: String::new(),
            stderr: String::new(),
            truncated: false,
        })
    }
}

/// Its check passes and its reload fails, or nobody waits for its check any more.
#[tokio::test]
async fn what_nginx_was_not_told_to_read_is_put_back() {
    let Some(nginx) = start() else { return };
    let file = nginx.folder.path().join("shop.route");
    let before = std::fs::read_to_string(&file).expect("there");
    for hangs in [false, true] {
        let endpoint = HttpEndpoint::new(format!("http://127.0.0.1:{}", nginx.front));
        let route = Route::new(file.clone(), "shop", "v2", "v1");
        let config = NginxConfig::new(endpoint).with_route(id("shop"), route);
        let http = Arc::new(HttpClient::new(HttpConfig::default()).expect("a client"));
        let router = NginxRouter::new(config, http, Arc::new(Instead { hangs }));
        let router = router.expect("a router");
        let (shop, call) = (id("shop"), call());
        let set = router.set(&shop, percent(50), &call);
        let set = tokio::time::timeout(Duration::from_millis(500), set).await;
        if hangs {
            set.expect_err("it waits");
        } else {
            let error = set.expect("an answer").expect_err("not reloaded");
            assert_eq!(
                (error.kind(), error.sent()),
                (ErrorKind::Invalid, Sent::Nothing),
                "{error}"
            );
        }
        assert_eq!(std::fs::read_to_string(&file).expect("there"), before);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_lost_while_weights_move() {
    let Some(nginx) = start() else { return };
    let (router, front) = (&nginx.router, nginx.front);
    let running = Arc::new(AtomicBool::new(true));
    let answers = [Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0))];
    let mut clients = JoinSet::new();
    for _ in 0..4 {
        let (running, answers) = (Arc::clone(&running), answers.clone());
        clients.spawn(async move {
            while running.load(Ordering::Acquire) {
                let side = usize::from(ask(front).await == 'c');
                answers[side].fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    for weight in [1, 25, 50, 100, 99, 33, 5, 0, 10, 100] {
        let share = percent(weight);
        router.set(&id("shop"), share, &call()).await.expect("set");
        let found = router.read(&id("shop"), &call()).await.expect("read");
        assert_eq!(
            router.judge(&id("shop"), share, None, &found),
            Standing::AsDesired
        );
    }
    running.store(false, Ordering::Release);
    while let Some(ended) = clients.join_next().await {
        ended.expect("no client saw anything but complete answers");
    }
    let [stable, canary] = answers.map(|count| count.load(Ordering::Relaxed));
    assert!(stable > 50 && canary > 50, "{stable} {canary}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_measured_share_lies_within_binomial_bounds_of_the_weight() {
    let Some(nginx) = start() else { return };
    for weight in [5, 50] {
        nginx
            .router
            .set(&id("shop"), percent(weight), &call())
            .await
            .expect("set");
        let (front, clients, each) = (nginx.front, 4u32, 400u32);
        let mut tasks = JoinSet::new();
        for _ in 0..clients {
            tasks.spawn(async move {
                let mut canary = 0u32;
                for _ in 0..each {
                    canary += u32::from(ask(front).await == 'c');
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
