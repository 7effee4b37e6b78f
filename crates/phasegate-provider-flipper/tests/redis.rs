//! The store against a real Redis, in the layout of Flipper's Redis adapter.
#![cfg(feature = "redis")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests, and helpers beside them"
)]

use phasegate_core::{Ratio, Span, TargetId, Timestamp};
use phasegate_provider::{Call, ErrorKind, FlagStore as _, SecretSource, Sent};
use phasegate_provider_flipper::{FlipperRedis, FlipperRedisConfig};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::{Redis, free_port, skipped};

const PASSWORD: &str = "marked-secret-7f3a";

struct Server(Redis);

fn server() -> Option<Server> {
    let server = Redis::start(PASSWORD).expect("Redis starts");
    if server.is_none() {
        skipped("redis-server is not installed");
    }
    server.map(Server)
}

impl Server {
    fn config(&self) -> FlipperRedisConfig {
        let password = SecretSource::File(self.0.password_file());
        FlipperRedisConfig::new("127.0.0.1", self.0.port())
            .with_password(password)
            .with_key_prefix("shop:")
    }

    async fn run(&self, command: &[&str]) -> String {
        let client =
            redis::Client::open(format!("redis://:{PASSWORD}@127.0.0.1:{}/", self.0.port()))
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
    let wrong = server.0.folder().join("wrong");
    std::fs::write(&wrong, "not-it").expect("written");
    let wrong = SecretSource::File(wrong);
    for config in [
        server.config().with_password(wrong),
        FlipperRedisConfig::new("127.0.0.1", server.0.port()),
    ] {
        let store = FlipperRedis::new(config);
        let error = store
            .set(&id("checkout"), Ratio::ZERO, &call())
            .await
            .expect_err("denied");
        assert_eq!(error.kind(), ErrorKind::Denied, "{error:?}");
        assert!(!format!("{error:?} {store:?}").contains(PASSWORD));
    }
    // Who may come in and do nothing: not even begin a transaction.
    server
        .run(&["ACL", "SETUSER", "guest", "on", "nopass", "~*", "+ping"])
        .await;
    let mut guest = server.config();
    guest.user = Some("guest".to_owned());
    let store = FlipperRedis::new(guest);
    let read = store.read(&id("checkout"), &call()).await;
    assert_eq!(read.expect_err("denied").kind(), ErrorKind::Denied);
    let set = store.set(&id("checkout"), Ratio::ZERO, &call()).await;
    assert!(set.expect_err("denied").is_refusal());
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
