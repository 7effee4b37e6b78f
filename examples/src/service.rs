//! A small HTTP service in two versions, with regressions that can be switched on while it runs.
//!
//! Its latencies are drawn from a seeded generator: most answers take a few milliseconds, one in fifty takes
//! several times as long. It stands in for whatever is rolled out; nothing here knows phasegate.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// What goes wrong with a version.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Regression {
    /// Nothing.
    None,
    /// Every answer takes four times as long, and 120 ms more.
    Latency,
    /// One answer in eight is a 500.
    Errors,
}

/// How a version behaves.
#[derive(Clone, Debug)]
pub struct Version {
    /// Said in each answer's header `x-version`.
    pub name: &'static str,
    /// The usual time to answer.
    pub typical: Duration,
    /// Seeds the draws.
    pub seed: u64,
}

impl Version {
    /// The version that people have now.
    pub fn stable() -> Self {
        Self {
            name: "1.0",
            typical: Duration::from_millis(4),
            seed: 1,
        }
    }

    /// The version that is to be rolled out: as good as the stable one.
    pub fn canary() -> Self {
        Self {
            name: "1.1",
            typical: Duration::from_millis(4),
            seed: 2,
        }
    }
}

/// A version that serves on a free loopback port. It ends when it is dropped.
#[derive(Debug)]
pub struct Service {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    version: Version,
    regression: AtomicU8,
    served: AtomicU64,
}

impl Service {
    /// Starts a version.
    pub async fn start(version: Version) -> io::Result<Self> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            version,
            regression: AtomicU8::new(0),
            served: AtomicU64::new(0),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&state)));
        Ok(Self {
            address,
            state,
            task,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests it has answered.
    pub fn served(&self) -> u64 {
        self.state.served.load(Ordering::Relaxed)
    }

    /// Makes it go bad, or good again, from the next request on.
    pub fn regress(&self, regression: Regression) {
        let code = match regression {
            Regression::None => 0,
            Regression::Latency => 1,
            Regression::Errors => 2,
        };
        self.state.regression.store(code, Ordering::Relaxed);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    fn regression(&self) -> Regression {
        match self.regression.load(Ordering::Relaxed) {
            1 => Regression::Latency,
            2 => Regression::Errors,
            _ => Regression::None,
        }
    }

    /// What request `number` gets: how long it takes, and whether it works. A pure function of the version,
    /// the regression and the number.
    fn decide(&self, number: u64) -> (Duration, StatusCode) {
        let draw = |stream: u64| {
            let mixed = splitmix(self.version.seed ^ splitmix(number ^ (stream << 56)));
            // 53 bits: a float between 0 and 1.
            (mixed >> 11) as f64 / (1u64 << 53) as f64
        };
        let (spread, slow, luck) = (draw(1), draw(2), draw(3));
        // Half to one and a half times the typical time; one in fifty takes four times that.
        let mut times = 0.5 + spread;
        if slow < 0.02 {
            times *= 4.0;
        }
        let mut takes = self.version.typical.mul_f64(times);
        let mut status = StatusCode::OK;
        match self.regression() {
            Regression::None => {}
            Regression::Latency => takes = takes * 4 + Duration::from_millis(120),
            Regression::Errors if luck < 0.125 => status = StatusCode::INTERNAL_SERVER_ERROR,
            Regression::Errors => {}
        }
        (takes, status)
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let state = Arc::clone(&state);
                connections.spawn(async move {
                    let _ = stream.set_nodelay(true);
                    let answer = service_fn(move |request| answer(Arc::clone(&state), request));
                    // A client that breaks off is its own affair.
                    let _ = http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), answer)
                        .await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn answer(
    state: Arc<State>,
    _request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let number = state.served.fetch_add(1, Ordering::Relaxed);
    let (takes, status) = state.decide(number);
    tokio::time::sleep(takes).await;
    let name = state.version.name;
    let body = format!("{{\"version\":\"{name}\",\"order\":{number}}}\n");
    let response = Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .header("x-version", name)
        .body(Full::new(Bytes::from(body)));
    Ok(response.expect("fixed names and values"))
}

fn splitmix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(regression: u8) -> (Vec<Duration>, usize) {
        let state = State {
            version: Version::canary(),
            regression: AtomicU8::new(regression),
            served: AtomicU64::new(0),
        };
        let all: Vec<_> = (0..10_000).map(|number| state.decide(number)).collect();
        let failed = all.iter().filter(|(_, s)| s.is_server_error()).count();
        let mut times: Vec<_> = all.into_iter().map(|(takes, _)| takes).collect();
        times.sort();
        (times, failed)
    }

    #[test]
    fn a_regression_is_plain_to_see_and_a_good_version_is_good() {
        let millis = |times: &[Duration], rank: usize| times[rank].as_millis();
        let (good, failed) = sample(0);
        assert_eq!(failed, 0);
        assert!((3..=4).contains(&millis(&good, 5000)) && millis(&good, 9999) < 25);
        let (slow, failed) = sample(1);
        assert_eq!(failed, 0);
        assert!(millis(&slow, 0) >= 128 && millis(&slow, 9500) > 140);
        let (bad, failed) = sample(2);
        assert!((1100..1400).contains(&failed), "{failed}");
        assert_eq!(bad, good);
    }

    #[tokio::test]
    async fn a_version_says_who_it_is_and_goes_bad_on_command() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let service = Service::start(Version::stable()).await.expect("a port");
        service.regress(Regression::Errors);
        let mut failed = 0;
        for _ in 0..40 {
            let stream = tokio::net::TcpStream::connect(service.address()).await;
            let mut stream = stream.expect("it listens");
            let ask = b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
            stream.write_all(ask).await.expect("sent");
            let mut text = String::new();
            stream.read_to_string(&mut text).await.expect("an answer");
            assert!(text.contains("x-version: 1.0\r\n"), "{text}");
            failed += usize::from(text.starts_with("HTTP/1.1 500"));
        }
        assert_eq!(service.served(), 40);
        assert!((1..20).contains(&failed), "{failed}");
    }
}
