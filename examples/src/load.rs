//! An open-loop load generator: requests leave by a schedule that was fixed before, whatever the other side
//! does, and latency counts from the moment a request was meant to leave.
//!
//! A closed loop (send, wait, send) stops asking while the server stalls and so leaves out exactly the
//! requests that would have been slow. Here a stall of a second is seen by every request of that second.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use phasegate_percentile::Histogram;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until, timeout_at};

/// When requests are meant to leave.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Arrivals {
    /// At even distances.
    Even,
    /// At random distances with the same mean (a Poisson process), as many independent clients would.
    Random {
        /// Seeds the distances.
        seed: u64,
    },
}

/// Told of each request that has ended: what was answered, and how long after the moment at which it
/// was meant to leave.
#[derive(Clone)]
pub struct Observer(pub Arc<Observe>);

/// What an observer does.
pub type Observe = dyn Fn(&Answer, Duration) + Send + Sync;

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Observer")
    }
}

/// What to send, and how often.
#[derive(Clone, Debug)]
pub struct LoadConfig {
    /// Where to.
    pub address: SocketAddr,
    /// Path and query.
    pub path: String,
    /// Requests per second, at least 1.
    pub per_second: u32,
    /// How they are spread.
    pub arrivals: Arrivals,
    /// A request that has no complete answer this long after it was meant to leave has failed. With the rate
    /// it bounds how many are under way.
    pub patience: Duration,
    /// The answer's header that says which version served.
    pub arm_header: &'static str,
    /// Who is told of each request that has ended.
    pub observer: Option<Observer>,
}

impl LoadConfig {
    /// 200 requests per second at even distances, with two seconds of patience.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            path: "/".to_owned(),
            per_second: 200,
            arrivals: Arrivals::Even,
            patience: Duration::from_secs(2),
            arm_header: "x-phasegate-arm",
            observer: None,
        }
    }
}

/// What came back for one request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// Which version served, as the answer says; `None` where there was no answer.
    pub arm: Option<String>,
    /// Did it work?
    pub ok: bool,
}

/// The requests that one version served.
#[derive(Clone, Debug, Default)]
pub struct ArmReport {
    /// Answers that are no failure.
    pub ok: u64,
    /// Answers of 500 and above.
    pub failed: u64,
    /// Milliseconds from when requests were meant to leave to their last byte.
    pub latency: Histogram,
    /// Milliseconds from when they really left: what a closed loop would have shown.
    pub service_time: Histogram,
}

/// All requests so far.
#[derive(Clone, Debug, Default)]
pub struct LoadReport {
    /// By the name that answers gave; requests without an answer stand under `none`.
    pub arms: BTreeMap<String, ArmReport>,
    /// How many were meant to leave and did.
    pub sent: u64,
}

impl LoadReport {
    /// How many have ended.
    pub fn ended(&self) -> u64 {
        self.arms.values().map(|arm| arm.ok + arm.failed).sum()
    }

    /// How many had no complete answer in time.
    pub fn lost(&self) -> u64 {
        self.arms.get("none").map_or(0, |arm| arm.failed)
    }
}

/// A generator that runs until it is stopped. Dropping it ends it at once.
#[derive(Debug)]
pub struct Load {
    report: Arc<Mutex<LoadReport>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Load {
    /// Starts to send.
    pub fn start(config: LoadConfig) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let (uri, header) = (
            format!("http://{}{}", config.address, config.path),
            config.arm_header,
        );
        Self::drive(&config, move || {
            let (client, uri) = (client.clone(), uri.clone());
            async move {
                let nothing = Answer {
                    arm: None,
                    ok: false,
                };
                let Ok(request) = Request::get(uri).body(Empty::<Bytes>::new()) else {
                    return nothing;
                };
                let Ok(response) = client.request(request).await else {
                    return nothing;
                };
                let status = response.status();
                let arm = response.headers().get(header);
                let arm = arm.and_then(|value| value.to_str().ok()).map(str::to_owned);
                // A body that breaks off is no answer.
                match response.into_body().collect().await {
                    Ok(_) => Answer {
                        arm,
                        ok: !status.is_server_error(),
                    },
                    Err(_) => nothing,
                }
            }
        })
    }

    /// Starts to call `send` by the schedule: the generator without its HTTP client.
    pub fn drive<S, F>(config: &LoadConfig, send: S) -> Self
    where
        S: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        let report = Arc::new(Mutex::new(LoadReport::default()));
        let (stop, stopped) = watch::channel(false);
        let schedule = Schedule::new(config, Instant::now());
        let task = tokio::spawn(run(
            schedule,
            config.patience,
            config.observer.clone(),
            send,
            Arc::clone(&report),
            stopped,
        ));
        Self { report, stop, task }
    }

    /// What has happened so far.
    pub fn report(&self) -> LoadReport {
        lock(&self.report).clone()
    }

    /// Sends nothing more, waits for what is under way and says what has happened.
    pub async fn stop(mut self) -> LoadReport {
        self.stop.send_replace(true);
        let ended = (&mut self.task).await;
        assert!(ended.is_ok(), "the generator ends without a panic");
        self.report()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The moments at which requests are meant to leave, fixed before the first one leaves.
#[derive(Clone, Debug)]
struct Schedule {
    next: Instant,
    mean: Duration,
    seed: Option<u64>,
}

impl Schedule {
    fn new(config: &LoadConfig, start: Instant) -> Self {
        Self {
            next: start,
            mean: Duration::from_secs(1) / config.per_second.max(1),
            seed: match config.arrivals {
                Arrivals::Even => None,
                Arrivals::Random { seed } => Some(seed),
            },
        }
    }
}

impl Iterator for Schedule {
    type Item = Instant;

    fn next(&mut self) -> Option<Instant> {
        let intended = self.next;
        let distance = match &mut self.seed {
            None => self.mean,
            Some(state) => {
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut z = *state;
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                z ^= z >> 31;
                // Between 0 and 1, never 0: the logarithm is finite.
                let uniform = ((z >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
                self.mean.mul_f64(-uniform.ln())
            }
        };
        self.next = intended + distance;
        Some(intended)
    }
}

async fn run<S, F>(
    schedule: Schedule,
    patience: Duration,
    observer: Option<Observer>,
    send: S,
    report: Arc<Mutex<LoadReport>>,
    mut stopped: watch::Receiver<bool>,
) where
    S: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let mut under_way = JoinSet::new();
    for intended in schedule {
        // When this task is late, all that are due leave at once, each with its own intended moment.
        tokio::select! {
            biased;
            _ = stopped.changed() => break,
            () = sleep_until(intended) => {}
        }
        lock(&report).sent += 1;
        let (answer, report, observer) = (send(), Arc::clone(&report), observer.clone());
        under_way.spawn(async move {
            let left = Instant::now();
            let answer = timeout_at(intended + patience, answer).await;
            let answer = answer.unwrap_or(Answer {
                arm: None,
                ok: false,
            });
            let now = Instant::now();
            if let Some(Observer(observe)) = &observer {
                observe(&answer, now - intended);
            }
            let mut report = lock(&report);
            let name = answer.arm.unwrap_or_else(|| "none".to_owned());
            let arm = report.arms.entry(name).or_default();
            arm.ok += u64::from(answer.ok);
            arm.failed += u64::from(!answer.ok);
            arm.latency.record(millis(now - intended));
            arm.service_time.record(millis(now - left));
        });
        while under_way.try_join_next().is_some() {}
    }
    while under_way.join_next().await.is_some() {}
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}

fn lock(report: &Mutex<LoadReport>) -> std::sync::MutexGuard<'_, LoadReport> {
    report.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> LoadConfig {
        LoadConfig::new(SocketAddr::from(([127, 0, 0, 1], 1)))
    }

    fn answer() -> Answer {
        Answer {
            arm: Some("stable".to_owned()),
            ok: true,
        }
    }

    /// The server answers at once, but stands still from second 1 to second 2. At 100 requests per second a
    /// hundred requests fall into that second and wait 1000, 990, 980, … ms.
    #[tokio::test(start_paused = true)]
    async fn a_stall_is_seen_by_every_request_that_was_meant_to_leave_in_it() {
        let mut config = config();
        config.per_second = 100;
        let start = Instant::now();
        let load = Load::drive(&config, move || async move {
            let now = Instant::now() - start;
            if (1..2).contains(&now.as_secs()) {
                sleep_until(start + Duration::from_secs(2)).await;
            }
            answer()
        });
        sleep_until(start + Duration::from_millis(3995)).await;
        let report = load.stop().await;
        let arm = &report.arms["stable"];
        assert_eq!((report.sent, arm.ok, report.lost()), (400, 400, 0));
        let slow = arm.latency.count_below(5.0);
        assert_eq!(400 - slow.high, 100, "a quarter of all requests were slow");
        assert!((arm.latency.max().expect("values") - 1000.0).abs() < 2.0);
        let p90 = arm.latency.quantile(0.9).expect("values").value;
        assert!((590.0..=610.0).contains(&p90), "{p90}");
    }

    /// A generator that is held up itself does not forgive the time: what it could not send in time was late.
    #[tokio::test(start_paused = true)]
    async fn a_generator_that_is_late_counts_from_the_intended_moment() {
        let mut config = config();
        config.per_second = 10;
        let start = Instant::now();
        let load = Load::drive(&config, || async { answer() });
        // Nobody runs while the clock jumps: half a second of requests leaves at its end.
        tokio::time::advance(Duration::from_millis(500)).await;
        sleep_until(start + Duration::from_millis(550)).await;
        let report = load.stop().await;
        let arm = &report.arms["stable"];
        assert_eq!(arm.latency.count(), 6);
        assert!(arm.latency.max().expect("values") >= 400.0);
        assert!(arm.service_time.max().expect("values") < 5.0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_never_answered_is_lost_after_the_patience() {
        let start = Instant::now();
        let load = Load::drive(&config(), std::future::pending);
        sleep_until(start + Duration::from_millis(99)).await;
        let report = load.stop().await;
        assert_eq!((report.sent, report.lost(), report.ended()), (20, 20, 20));
        assert_eq!(Instant::now() - start, Duration::from_millis(95 + 2000));
    }

    #[test]
    fn both_schedules_have_the_rate_that_was_asked_for() {
        let start = Instant::now();
        for arrivals in [Arrivals::Even, Arrivals::Random { seed: 3 }] {
            let mut config = config();
            config.arrivals = arrivals;
            let moments: Vec<Instant> = Schedule::new(&config, start).take(20_001).collect();
            let seconds = (moments[20_000] - start).as_secs_f64();
            // 100 s; the standard deviation of the random one is 0.71 s.
            assert!((96.5..=103.5).contains(&seconds), "{arrivals:?} {seconds}");
            assert!(moments.windows(2).all(|pair| pair[0] <= pair[1]));
            let again: Vec<Instant> = Schedule::new(&config, start).take(20_001).collect();
            assert_eq!(moments, again, "fixed before the first request");
        }
    }

    #[tokio::test]
    async fn answers_are_told_apart_by_their_header() {
        use crate::service::{Service, Version};
        let service = Service::start(Version::stable()).await.expect("a port");
        let mut config = LoadConfig::new(service.address());
        config.arm_header = "x-version";
        config.per_second = 500;
        config.patience = Duration::from_secs(30);
        let load = Load::start(config);
        while load.report().ended() < 50 {
            tokio::task::yield_now().await;
        }
        let report = load.stop().await;
        assert_eq!(report.sent, report.ended());
        assert_eq!((report.lost(), service.served()), (0, report.sent));
        assert_eq!(report.arms["1.0"].ok, report.sent);
        assert!(report.arms["1.0"].latency.min().expect("values") >= 2.0);
    }
}
