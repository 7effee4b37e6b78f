//! Contenders of a row run in turn, many short rounds each, so that a machine that slows down slows
//! all of them; medians over the rounds are compared.

use std::hint::black_box;
use std::sync::{Arc, Barrier};
use std::time::Instant;

/// Work that repeats itself so many times on one thread.
pub type Work = Box<dyn FnMut(u64) + Send>;

/// Makes the work of one thread around an object that all threads share.
pub struct Contender {
    pub name: &'static str,
    pub ours: bool,
    pub make: Box<dyn Fn() -> Work>,
}

/// One question, its contenders, and what it is measured against.
pub struct Row {
    pub title: &'static str,
    pub threads: &'static [usize],
    /// Whether the first contender is the bare call that is subtracted.
    pub net: bool,
    pub contenders: Vec<Contender>,
}

#[derive(Clone, Copy)]
pub struct Effort {
    pub rounds: usize,
    pub nanos_per_round: f64,
}

/// A contender with a shared object and the work on it.
pub fn contender<S, F>(name: &'static str, ours: bool, shared: S, work: F) -> Contender
where
    S: Send + Sync + 'static,
    F: Fn(&S, u64) + Send + Sync + Copy + 'static,
{
    let shared = Arc::new(shared);
    let make = Box::new(move || {
        let shared = Arc::clone(&shared);
        Box::new(move |times| work(black_box(&shared), times)) as Work
    });
    Contender { name, ours, make }
}

/// The operation that is guarded: not inlined, so that every contender calls the same code.
#[inline(never)]
pub fn operation(input: u64) -> Result<u64, Failed> {
    if black_box(input) == u64::MAX {
        Err(Failed)
    } else {
        Ok(input.wrapping_mul(3))
    }
}

/// The error of the operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Failed;

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

impl std::error::Error for Failed {}

/// Repeats a good call.
#[inline(always)]
pub fn repeat<R>(times: u64, mut call: impl FnMut(u64) -> R) {
    for n in 0..times {
        black_box(call(n));
    }
}

/// Repeats a call of which one in a hundred fails.
#[inline(always)]
pub fn repeat_with_failures<R>(times: u64, mut call: impl FnMut(u64) -> R) {
    let mut left = 100;
    for n in 0..times {
        left -= 1;
        let input = if left == 0 {
            left = 100;
            u64::MAX
        } else {
            n
        };
        black_box(call(input));
    }
}

/// Polls a future that is ready at once.
#[inline(always)]
pub fn now_or_never<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut cx) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("the future of a bench is ready at once"),
    }
}

fn timed(workers: &mut [Work], times: u64) -> f64 {
    let nanos = |from: Instant| from.elapsed().as_nanos() as f64 / times as f64;
    if let [one] = workers {
        let from = Instant::now();
        one(times);
        return nanos(from);
    }
    let barrier = Barrier::new(workers.len() + 1);
    std::thread::scope(|scope| {
        let threads: Vec<_> = workers
            .iter_mut()
            .map(|work| {
                scope.spawn(|| {
                    barrier.wait();
                    let from = Instant::now();
                    work(times);
                    nanos(from)
                })
            })
            .collect();
        barrier.wait();
        let each: Vec<f64> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        each.iter().sum::<f64>() / each.len() as f64
    })
}

/// The median and the best of the rounds.
#[derive(Clone, Copy)]
struct Cost {
    median: f64,
    best: f64,
}

fn cost(mut values: Vec<f64>) -> Cost {
    values.sort_by(f64::total_cmp);
    Cost {
        median: values[values.len() / 2],
        best: values[0],
    }
}

/// Nanoseconds per call, by contender.
fn measure(row: &Row, threads: usize, effort: Effort) -> Vec<Cost> {
    let mut workers: Vec<Vec<Work>> = row
        .contenders
        .iter()
        .map(|contender| (0..threads).map(|_| (contender.make)()).collect())
        .collect();
    let times: Vec<u64> = workers
        .iter_mut()
        .map(|work| {
            let probe = timed(work, 2_000).max(0.1);
            (effort.nanos_per_round / probe).clamp(100.0, 2e7) as u64
        })
        .collect();
    let mut rounds = vec![Vec::new(); workers.len()];
    for _ in 0..effort.rounds {
        for (at, work) in workers.iter_mut().enumerate() {
            rounds[at].push(timed(work, times[at]));
        }
    }
    rounds.into_iter().map(cost).collect()
}

/// Runs a row and prints it: each contender, net of the bare call, how many times the best peer
/// costs what this one costs, and the cost in relaxed loads and in read-modify-writes of this run.
pub fn run(row: &Row, load: f64, modify: f64, effort: Effort) {
    for &threads in row.threads {
        println!(
            "\n{} ({threads} thread{})",
            row.title,
            if threads == 1 { "" } else { "s" }
        );
        let costs = measure(row, threads, effort);
        let bare = if row.net {
            costs[0]
        } else {
            Cost {
                median: 0.0,
                best: 0.0,
            }
        };
        let best_peer = row
            .contenders
            .iter()
            .zip(&costs)
            .skip(usize::from(row.net))
            .filter(|(contender, _)| !contender.ours)
            .map(|(_, cost)| cost.median)
            .fold(f64::INFINITY, f64::min);
        println!(
            "  {:<40} {:>9} {:>9} {:>9} {:>9} {:>10} {:>7} {:>7}",
            "", "median", "net", "best", "net", "peer/this", "loads", "RMWs"
        );
        for (contender, cost) in row.contenders.iter().zip(&costs) {
            let (net, best_net) = (cost.median - bare.median, cost.best - bare.best);
            let mark = if contender.ours { "*" } else { " " };
            let ratio = if best_peer.is_finite() {
                format!("{:.2}x", best_peer / cost.median)
            } else {
                "-".into()
            };
            println!(
                "{mark} {:<40} {:>9.2} {net:>9.2} {:>9.2} {best_net:>9.2} {ratio:>10} {:>7.1} {:>7.2}",
                contender.name,
                cost.median,
                cost.best,
                net / load,
                net / modify,
            );
        }
    }
}

/// The two units of a run: a relaxed load and an uncontended read-modify-write, in nanoseconds.
pub fn units(effort: Effort) -> (f64, f64) {
    use std::sync::atomic::{AtomicU64, Ordering};
    let row = Row {
        title: "units",
        threads: &[1],
        net: false,
        contenders: vec![
            contender("relaxed load", false, AtomicU64::new(1), |word, times| {
                repeat(times, |_| word.load(Ordering::Relaxed));
            }),
            contender("fetch_add", false, AtomicU64::new(1), |word, times| {
                repeat(times, |_| word.fetch_add(1, Ordering::Relaxed));
            }),
        ],
    };
    let costs = measure(&row, 1, effort);
    (costs[0].median, costs[1].median)
}
