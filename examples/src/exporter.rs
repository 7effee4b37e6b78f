//! What a service says of itself to Prometheus: latencies and failures of both versions, in the text format.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use phasegate::core::Arm;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Each bucket is so much wider than the one before: narrow enough for a source to make percentiles.
const GROWTH: f64 = 1.09;
/// The least and the greatest bound, in seconds.
const RANGE: (f64, f64) = (0.000_5, 10.0);

/// Counters of both versions, served at a loopback port of their own. Ends when dropped.
#[derive(Debug)]
pub struct Exporter {
    address: SocketAddr,
    counters: Arc<Counters>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Counters {
    /// Upper bounds in seconds, growing.
    bounds: Vec<f64>,
    stable: Mutex<Of>,
    canary: Mutex<Of>,
}

/// One version's.
#[derive(Debug)]
struct Of {
    /// How many answers took at most so long; one more for those that took longer than any bound.
    buckets: Vec<u64>,
    seconds: f64,
    failed: u64,
}

impl Exporter {
    /// Serves counters. Thresholds that will be asked about become bounds, so that they are counted exactly.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(thresholds: &[Duration]) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let counters = Arc::new(Counters::new(thresholds));
        let task = tokio::spawn(serve(listener, Arc::clone(&counters)));
        Ok(Self {
            address,
            counters,
            task,
        })
    }

    /// Where it can be scraped.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes in one answer.
    pub fn record(&self, arm: Arm, latency: Duration, ok: bool) {
        self.counters.record(arm, latency, ok);
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Counters {
    fn new(thresholds: &[Duration]) -> Self {
        let (first, last) = RANGE;
        let grown = std::iter::successors(Some(first), |bound| Some(bound * GROWTH));
        let mut bounds: Vec<f64> = grown.take_while(|bound| *bound < last).collect();
        bounds.extend(thresholds.iter().map(Duration::as_secs_f64));
        bounds.sort_by(f64::total_cmp);
        bounds.dedup();
        let of = || {
            Mutex::new(Of {
                buckets: vec![0; bounds.len() + 1],
                seconds: 0.0,
                failed: 0,
            })
        };
        let (stable, canary) = (of(), of());
        Self {
            bounds,
            stable,
            canary,
        }
    }

    fn record(&self, arm: Arm, latency: Duration, ok: bool) {
        let seconds = latency.as_secs_f64();
        let bucket = self.bounds.partition_point(|bound| *bound < seconds);
        let mut of = self.of(arm).lock().unwrap_or_else(PoisonError::into_inner);
        of.buckets[bucket] += 1;
        of.seconds += seconds;
        of.failed += u64::from(!ok);
    }

    fn of(&self, arm: Arm) -> &Mutex<Of> {
        match arm {
            Arm::Canary => &self.canary,
            Arm::Stable | Arm::Whole => &self.stable,
        }
    }

    /// All of it in the text format, version 0.0.4.
    fn text(&self) -> String {
        let (mut latency, mut requests) = (String::new(), String::new());
        for arm in [Arm::Stable, Arm::Canary] {
            let of = self.of(arm).lock().unwrap_or_else(PoisonError::into_inner);
            let mut upto = 0;
            let bounds = self.bounds.iter().map(ToString::to_string);
            for (bound, count) in bounds.chain(["+Inf".to_owned()]).zip(&of.buckets) {
                upto += count;
                let labels = format!("version=\"{arm}\",le=\"{bound}\"");
                let _infallible = writeln!(latency, "greeter_seconds_bucket{{{labels}}} {upto}");
            }
            let _infallible = writeln!(
                latency,
                "greeter_seconds_sum{{version=\"{arm}\"}} {}\n\
                 greeter_seconds_count{{version=\"{arm}\"}} {upto}",
                of.seconds
            );
            for (result, count) in [("ok", upto - of.failed), ("failed", of.failed)] {
                let labels = format!("version=\"{arm}\",result=\"{result}\"");
                let _infallible = writeln!(requests, "greeter_requests_total{{{labels}}} {count}");
            }
        }
        format!(
            "# TYPE greeter_seconds histogram\n{latency}# TYPE greeter_requests_total counter\n{requests}"
        )
    }
}

async fn serve(listener: TcpListener, counters: Arc<Counters>) {
    while let Ok((stream, _)) = listener.accept().await {
        let counters = Arc::clone(&counters);
        let answer = service_fn(move |_request| {
            let response = Response::builder()
                .header("content-type", "text/plain; version=0.0.4")
                .body(Full::new(Bytes::from(counters.text())));
            async { Ok::<_, Infallible>(response.expect("fixed names and values")) }
        });
        tokio::spawn(async move {
            // A scraper that breaks off is its own affair.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), answer)
                .await;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_add_up_and_a_threshold_is_a_bound() {
        let counters = Counters::new(&[Duration::from_millis(100)]);
        let wide = counters
            .bounds
            .windows(2)
            .all(|pair| pair[1] <= pair[0] * 1.1);
        assert!(wide, "{:?}", counters.bounds);
        for millis in [5, 99, 100, 101, 20_000] {
            counters.record(Arm::Canary, Duration::from_millis(millis), millis < 200);
        }
        let text = counters.text();
        for line in [
            "greeter_seconds_bucket{version=\"canary\",le=\"0.1\"} 3",
            "greeter_seconds_bucket{version=\"canary\",le=\"+Inf\"} 5",
            "greeter_seconds_count{version=\"canary\"} 5",
            "greeter_requests_total{version=\"canary\",result=\"ok\"} 4",
            "greeter_requests_total{version=\"canary\",result=\"failed\"} 1",
            "greeter_requests_total{version=\"stable\",result=\"failed\"} 0",
        ] {
            assert!(text.lines().any(|one| one == line), "{line}\n{text}");
        }
    }
}
