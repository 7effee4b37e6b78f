//! Bodies of 64 MiB pass through both ways in bounded memory. Alone in its process, because it looks at
//! the process's peak.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]
#![cfg(target_os = "linux")]

mod support;

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;

use support::{Upstream, client, config, start};

const CHUNK: usize = 64 << 10;
const CHUNKS: usize = 1024;
/// More than client, router and upstream keep in flight together, and far less than one body.
const GROWTH_MAX_KIB: u64 = 24 << 10;

/// So many chunks, made when they are asked for.
struct Made(usize);

impl Body for Made {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if self.0 == 0 {
            return Poll::Ready(None);
        }
        self.0 -= 1;
        let byte = u8::try_from(self.0 % 251).unwrap_or(0);
        Poll::Ready(Some(Ok(Frame::data(vec![byte; CHUNK].into()))))
    }
}

/// The most memory that this process has had resident so far.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let line = line.expect("a kernel that tells");
    let kib = line.trim().trim_end_matches(" kB").parse();
    kib.expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_of_64_mib_pass_in_bounded_memory() {
    // Sends back what it gets, while it gets it.
    let echo = Upstream::start(|request: Request<hyper::body::Incoming>| async move {
        Response::new(request.into_body().boxed())
    })
    .await;
    let router = start(config(echo.address, echo.address)).await;
    let client = client();
    let uri = format!("http://{}/", router.address());
    let send = |chunks| {
        let request = Request::post(uri.as_str()).body(Made(chunks).boxed());
        client.request(request.expect("a request"))
    };
    // Once through with little: what any first request costs.
    let warm = send(4)
        .await
        .expect("an answer")
        .into_body()
        .collect()
        .await;
    assert_eq!(warm.expect("a body").to_bytes().len(), 4 * CHUNK);
    let before = peak_kib();
    let mut body = send(CHUNKS).await.expect("an answer").into_body();
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        for byte in frame.expect("a frame").into_data().expect("data") {
            let chunk = CHUNKS - 1 - bytes / CHUNK;
            assert_eq!(usize::from(byte), chunk % 251, "byte {bytes}");
            bytes += 1;
        }
    }
    assert_eq!(bytes, CHUNKS * CHUNK);
    let growth = peak_kib() - before;
    assert!(growth < GROWTH_MAX_KIB, "{growth} KiB more than before");
}
