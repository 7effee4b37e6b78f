//! A real HAProxy before two small HTTP servers, and clients that keep their connections.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::expect_used,
    reason = "shared by test binaries that each use a part"
)]

use std::net::TcpStream as Blocking;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;

use phasegate_core::{Ratio, Span, TargetId, Timestamp};
use phasegate_provider::Call;
use phasegate_provider_haproxy::{HaproxyConfig, HaproxyRouter, Route, Socket};
use phasegate_testkit::servers::{Folder, Letters, Process, find, free_port, skipped};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[derive(Debug)]
pub(crate) struct Haproxy {
    pub(crate) front: u16,
    pub(crate) process: Process,
    folder: Folder,
    _backends: [Letters; 2],
}

impl Haproxy {
    /// `None`, after a line that says why, where it is not installed.
    pub(crate) async fn start(balance: &str) -> Option<Self> {
        let Some(program) = find("haproxy") else {
            skipped("haproxy is not installed");
            return None;
        };
        let [stable, canary] = ['s', 'c'].map(Letters::start);
        let backends = [stable.await.expect("a port"), canary.await.expect("a port")];
        let folder = Folder::new().expect("a folder");
        let front = free_port().expect("a port");
        let [stable, canary] = backends.each_ref().map(Letters::address);
        let path = folder.path().display();
        let config = format!(
            "global\n  stats socket {path}/admin.sock mode 600 level admin\n  \
               stats socket {path}/look.sock mode 600 level user\n\
             defaults\n  mode http\n  timeout connect 5s\n  timeout client 20s\n  \
               timeout server 20s\n\
             frontend f\n  bind 127.0.0.1:{front}\n  default_backend b\n\
             backend b\n  balance {balance}\n  server stable {stable} weight 100\n  \
               server canary {canary} weight 0\n"
        );
        let config = folder.write("haproxy.cfg", &config).expect("written");
        let mut command = Command::new(program);
        command.args(["-W", "-db", "-f"]).arg(config);
        // Its sockets may come later than its port.
        let sockets = ["admin.sock", "look.sock"].map(|name| folder.path().join(name));
        let ready = || {
            let answers = |socket: &PathBuf| UnixStream::connect(socket).is_ok();
            Blocking::connect(("127.0.0.1", front)).is_ok() && sockets.iter().all(answers)
        };
        let process = Process::start(command, ready).expect("it starts");
        Some(Self {
            front,
            process,
            folder,
            _backends: backends,
        })
    }

    pub(crate) fn socket(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn router(&self) -> HaproxyRouter {
        router(Socket::Unix(self.socket("admin.sock")))
    }

    /// Says a line to the runtime API, as a person would.
    pub(crate) async fn say(&self, line: &str) {
        let stream = tokio::net::UnixStream::connect(self.socket("admin.sock")).await;
        let mut stream = stream.expect("a connection");
        let line = format!("{line}\n");
        stream.write_all(line.as_bytes()).await.expect("said");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        assert_eq!(answer.trim(), "", "{line}");
    }
}

pub(crate) fn router(socket: Socket) -> HaproxyRouter {
    let config = HaproxyConfig::new(socket)
        .with_within(Span::from_millis(500))
        .with_route(target(), Route::new("b", "canary", "stable"))
        .with_route(id("no-backend"), Route::new("nope", "canary", "stable"))
        .with_route(id("no-server"), Route::new("b", "nope", "stable"));
    HaproxyRouter::new(config).expect("a router")
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
    Call::new(Timestamp::EPOCH, Span::from_secs(5))
}
