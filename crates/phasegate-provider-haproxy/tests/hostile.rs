//! Something else where the runtime API should be: a typed error in bounded time and memory.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use std::time::{Duration, Instant};

use phasegate_provider::{ErrorKind, Sent, TrafficRouter as _};
use phasegate_provider_haproxy::Socket;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use support::{call, percent, router, target};

/// What a server does to everybody who connects.
#[derive(Clone, Copy, Debug)]
enum Way {
    Close,
    Endless,
    Hang,
    Say(&'static [u8]),
}

async fn serve(way: Way) -> Socket {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            match way {
                Way::Close => drop(stream),
                Way::Hang => held.push(stream),
                Way::Say(text) => drop(stream.write_all(text).await),
                Way::Endless => {
                    tokio::spawn(
                        async move { while stream.write_all(&[b'x'; 4096]).await.is_ok() {} },
                    );
                }
            }
        }
    });
    Socket::Tcp(address.to_string())
}

#[tokio::test]
async fn what_is_no_runtime_api_gives_no_share() {
    use ErrorKind as K;
    for (way, kinds) in [
        (Way::Close, &[K::Unavailable][..]),
        (Way::Endless, &[K::Invalid]),
        (Way::Hang, &[K::Timeout]),
        // Closing with something unread may cut the connection before the text is read.
        (
            Way::Say(b"SSH-2.0-OpenSSH_9.2\r\n"),
            &[K::Invalid, K::Unavailable],
        ),
        (
            Way::Say(b"HTTP/1.0 200 OK\r\n\r\n1\n"),
            &[K::Invalid, K::Unavailable],
        ),
        (Way::Say(b"\xff\xfe"), &[K::Invalid, K::Unavailable]),
        (Way::Say(b"\n"), &[K::Invalid, K::Unavailable]),
    ] {
        let router = router(serve(way).await);
        let started = Instant::now();
        let error = router.read(&target(), &call()).await.expect_err("no share");
        assert!(kinds.contains(&error.kind()), "{way:?}: {error}");
        // Only a look came before, so nothing was changed.
        let error = router
            .set(&target(), percent(5), &call())
            .await
            .expect_err("not set");
        assert_eq!(error.sent(), Sent::Nothing, "{way:?}: {error}");
        assert!(started.elapsed() < Duration::from_secs(3), "{way:?}");
    }
    let nobody = router(Socket::Unix("/nonexistent/admin.sock".into()));
    let error = nobody.read(&target(), &call()).await.expect_err("nobody");
    assert_eq!(
        (error.kind(), error.sent()),
        (K::Unavailable, Sent::Nothing)
    );
}
