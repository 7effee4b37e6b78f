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
    /// The most that it may cost beyond the bare call, in nanoseconds on the reference machine, by
    /// one thread and by two.
    pub gates: [Option<f64>; 2],
    pub make: Box<dyn Fn() -> Work>,
}

impl Contender {
    /// Sets the gates by one thread and by two.
    pub fn gate(mut self, one: f64, two: Option<f64>) -> Self {
        self.gates = [Some(one), two];
        self
    }
}

/// The units on the reference machine, for which the gates are stated: what a machine does in more
/// time than that, it may do in the gates' rows too.
const REFERENCE: Units = Units {
    load: 0.24,
    modify: 4.7,
    contended: 14.2,
    coarse_clock: 2.75,
    standard_clock: 21.1,
};

/// The units of a run, in nanoseconds.
#[derive(Clone, Copy)]
pub struct Units {
    pub load: f64,
    pub modify: f64,
    /// A read-modify-write of a word that a second thread writes too.
    pub contended: f64,
    pub coarse_clock: f64,
    pub standard_clock: f64,
}

impl Units {
    /// How many times longer this run's machine takes than the reference machine: the geometric mean
    /// over load, read-modify-write and both clocks. (What two threads do to one word depends on where
    /// they run, so it is left out.)
    pub fn scale(self) -> f64 {
        let ratios = [
            self.load / REFERENCE.load,
            self.modify / REFERENCE.modify,
            self.coarse_clock / REFERENCE.coarse_clock,
            self.standard_clock / REFERENCE.standard_clock,
        ];
        ratios.iter().product::<f64>().powf(0.25)
    }
}

/// A gate, and what was found.
pub struct Goal {
    pub row: &'static str,
    pub name: &'static str,
    pub threads: usize,
    pub gate: f64,
    pub net: f64,
    pub peer: f64,
    pub own: f64,
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
    Contender {
        name,
        ours,
        gates: [None; 2],
        make,
    }
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
        // By reference: moving a large result once more is no part of what is measured.
        let result = call(n);
        black_box(&result);
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
        let result = call(input);
        black_box(&result);
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
/// Gives what was found for each gate.
pub fn run(row: &Row, units: Units, effort: Effort) -> Vec<Goal> {
    let mut goals = Vec::new();
    for &threads in row.threads {
        let plural = if threads == 1 { "" } else { "s" };
        println!("\n### {} ({threads} thread{plural})\n", row.title);
        let costs = measure(row, threads, effort);
        let nothing = Cost {
            median: 0.0,
            best: 0.0,
        };
        let bare = if row.net { costs[0] } else { nothing };
        let peers = row.contenders.iter().zip(&costs);
        let best_peer = peers
            .skip(usize::from(row.net))
            .filter(|(contender, _)| !contender.ours)
            .map(|(_, cost)| cost.median)
            .fold(f64::INFINITY, f64::min);
        println!(
            "| contender | median ns | net | best | net of best | best peer / this | loads | RMWs |"
        );
        println!("|---|---:|---:|---:|---:|---:|---:|---:|");
        for (contender, cost) in row.contenders.iter().zip(&costs) {
            let (net, best_net) = (cost.median - bare.median, cost.best - bare.best);
            let mark = if contender.ours { "**ours** " } else { "" };
            let ratio = if best_peer.is_finite() {
                format!("{:.2}x", best_peer / cost.median)
            } else {
                "-".into()
            };
            println!(
                "| {mark}{} | {:.2} | {net:.2} | {:.2} | {best_net:.2} | {ratio} | {:.1} | {:.2} |",
                contender.name,
                cost.median,
                cost.best,
                net / units.load,
                net / units.modify,
            );
            if let Some(gate) = contender.gates.get(threads - 1).copied().flatten() {
                goals.push(Goal {
                    row: row.title,
                    name: contender.name,
                    threads,
                    gate,
                    net,
                    peer: best_peer,
                    own: cost.median,
                });
            }
        }
    }
    goals
}

/// Prints the gates: as stated for the reference machine, and as long as this machine may take for
/// the same.
pub fn report(goals: &[Goal], units: Units) {
    let scale = units.scale();
    println!("\n### Goals (this machine takes {scale:.2} times as long as the reference)\n");
    println!("| row | threads | gate | gate here | found ns | met | best peer / this |");
    println!("|---|---:|---:|---:|---:|---|---:|");
    for goal in goals {
        let here = goal.gate * scale;
        // Differences below 0.3 ns are how the code happens to lie in memory.
        let met = match (goal.net <= goal.gate + 0.3, goal.net <= here + 0.3) {
            (true, _) => "yes, as stated",
            (false, true) => "yes, scaled",
            (false, false) => "no",
        };
        let ratio = if goal.peer.is_finite() {
            format!("{:.2}x", goal.peer / goal.own)
        } else {
            "-".into()
        };
        println!(
            "| {}: {} | {} | {:.1} | {here:.2} | {:.2} | {met} | {ratio} |",
            goal.row, goal.name, goal.threads, goal.gate, goal.net
        );
    }
}

/// Measures the units of this run.
pub fn units(effort: Effort) -> Units {
    use phasegate_resilience::{Clock, CoarseClock, StdClock};
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
            contender("coarse clock", false, (), |(), times| {
                repeat(times, |_| CoarseClock.now());
            }),
            contender("standard clock", false, (), |(), times| {
                repeat(times, |_| StdClock.now());
            }),
        ],
    };
    let (one, two) = (measure(&row, 1, effort), measure(&row, 2, effort));
    Units {
        load: one[0].median,
        modify: one[1].median,
        contended: two[1].median,
        coarse_clock: one[2].median,
        standard_clock: one[3].median,
    }
}
