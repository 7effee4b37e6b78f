//! The store against a real Redis, in the layout of Flipper's Redis adapter.
#![cfg(feature = "redis")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests, and helpers beside them"
)]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use phasegate_core::{Ratio, Span, TargetId, Timestamp};
use phasegate_provider::{Call, ErrorKind, FlagStore as _, SecretSource, Sent};
use phasegate_provider_flipper::{FlipperRedis, FlipperRedisConfig};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::{Folder, Process, find, free_port, skipped};

const PASSWORD: &str = "marked-secret-7f3a";

struct Server {
    port: u16,
    folder: Folder,
    _process: Process,
}

fn server() -> Option<Server> {
    let Some(redis) = find("redis-server") else {
        skipped("redis-server is not installed");
        return None;
    };
    let folder = Folder::new().expect("a folder");
    let port = free_port().expect("a port");
    let mut command = Command::new(redis);
    command.args([
        "--bind",
        "127.0.0.1",
        "--port",
        &port.to_string(),
        "--save",
        "",
        "--requirepass",
        PASSWORD,
    ]);
    command.current_dir(folder.path());
    let process = Process::start(command, || answers(port)).expect("Redis starts");
    folder
        .write("password", &format!("{PASSWORD}\n"))
        .expect("written");
    Some(Server {
        port,
        folder,
        _process: process,
    })
}

/// Is it Redis that listens there, and does it answer yet?
fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return false;
    };
    let patience = stream.set_read_timeout(Some(Duration::from_secs(1)));
    let mut start = [0; 7];
    let asked = patience.and_then(|()| stream.write_all(b"PING\r\n"));
    asked.is_ok() && stream.read_exact(&mut start).is_ok() && start == *b"-NOAUTH"
}

impl Server {
    fn config(&self) -> FlipperRedisConfig {
        let password = SecretSource::File(self.folder.path().join("password"));
        FlipperRedisConfig::new("127.0.0.1", self.port)
            .with_password(password)
            .with_key_prefix("shop:")
    }

    async fn run(&self, command: &[&str]) -> String {
        let client = redis::Client::open(format!("redis://:{PASSWORD}@127.0.0.1:{}/", self.port))
            .expect("a client");
        let mut connection = client
            .get_multiplexed_async_connection()
            .await
            .expect("connected");
        let mut query = redis::cmd(command[0]);
        for part in &command[1..] {
            query.arg(*part);
        }
        let answer: redis::Value = query.query_async(&mut connection).await.expect("answered");
        format!("{answer:?}")
    }
}

fn id(text: &str) -> TargetId {
    text.parse().expect("an id")
}

fn call() -> Call {
    Call::new(Timestamp::EPOCH, Span::from_secs(5))
}

#[tokio::test]
async fn the_store_passes_the_suite_of_its_role_against_a_real_redis() {
    let Some(server) = server() else { return };
    server
        .run(&["SADD", "shop:flipper_features", "checkout"])
        .await;
    let store = FlipperRedis::new(server.config());
    let violations =
        conformance::flag_store(&store, &id("checkout"), Some(&id("nope")), &call()).await;
    assert_eq!(violations, []);
    // As the adapter's own `doc_for` reads it.
    let fields = server.run(&["HGETALL", "shop:checkout"]).await;
    assert!(fields.contains("percentage_of_actors"), "{fields}");
    server
        .run(&["HSET", "shop:checkout", "boolean", "true"])
        .await;
    assert_eq!(
        store
            .read(&id("checkout"), &call())
            .await
            .expect("read")
            .share,
        Ratio::ONE
    );
    let share = Ratio::from_percent(5).expect("a share");
    store
        .set(&id("checkout"), share, &call())
        .await
        .expect("set");
    assert_eq!(
        store
            .read(&id("checkout"), &call())
            .await
            .expect("read")
            .share,
        share
    );
    server
        .run(&["HSET", "shop:checkout", "groups/admins", "1"])
        .await;
    assert!(
        store
            .set(&id("checkout"), share, &call())
            .await
            .expect_err("groups")
            .is_refusal()
    );
}

#[tokio::test]
async fn what_goes_wrong_is_told_apart_and_no_secret_is_told() {
    let Some(server) = server() else { return };
    server
        .run(&["SADD", "shop:flipper_features", "checkout"])
        .await;
    server.run(&["SET", "shop:checkout", "text"]).await;
    let wrong_type = FlipperRedis::new(server.config())
        .read(&id("checkout"), &call())
        .await;
    assert_eq!(wrong_type.expect_err("no hash").kind(), ErrorKind::Invalid);
    server.folder.write("wrong", "not-it").expect("written");
    let wrong = SecretSource::File(server.folder.path().join("wrong"));
    for config in [
        server.config().with_password(wrong),
        FlipperRedisConfig::new("127.0.0.1", server.port),
    ] {
        let store = FlipperRedis::new(config);
        let error = store
            .set(&id("checkout"), Ratio::ZERO, &call())
            .await
            .expect_err("denied");
        assert_eq!(error.kind(), ErrorKind::Denied, "{error:?}");
        assert!(!format!("{error:?} {store:?}").contains(PASSWORD));
    }
    let nobody = FlipperRedisConfig::new("127.0.0.1", free_port().expect("a port"));
    let error = FlipperRedis::new(nobody)
        .set(&id("checkout"), Ratio::ZERO, &call())
        .await
        .expect_err("nobody");
    assert_eq!(
        (error.kind(), error.sent()),
        (ErrorKind::Unavailable, Sent::Nothing)
    );
    // A server that takes the connection and says nothing.
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("bound");
    let port = silent.local_addr().expect("bound").port();
    let store = FlipperRedis::new(FlipperRedisConfig::new("127.0.0.1", port));
    let call = call().with_deadline(Span::from_millis(300));
    let error = store
        .read(&id("checkout"), &call)
        .await
        .expect_err("silent");
    assert_eq!(error.kind(), ErrorKind::Timeout);
}
