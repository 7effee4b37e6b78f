//! Resilience primitives beside their peers, in one run: `cargo bench --bench resilience` for ours
//! and the units, with `--features peers-resilience` for all.
//!
//! "best peer / this" is how many times the best peer of the row costs what this one costs, in
//! absolute time. "loads" and "RMWs" express the net cost in relaxed loads and in
//! uncontended read-modify-writes of this run, which travel between machines better than
//! nanoseconds.

mod harness;
mod ours;
#[cfg(feature = "peers-resilience")]
mod peers;

use harness::{
    Contender, Effort, Row, contender, now_or_never, operation, repeat, repeat_with_failures,
};

const BOTH: &[usize] = &[1, 2];
const ONE: &[usize] = &[1];

macro_rules! peers {
    ($($call:tt)*) => {{
        #[cfg(feature = "peers-resilience")]
        let peers = peers::$($call)*;
        #[cfg(not(feature = "peers-resilience"))]
        let peers: Vec<Contender> = Vec::new();
        peers
    }};
}

fn row(
    title: &'static str,
    threads: &'static [usize],
    bare: Option<Contender>,
    ours: Vec<Contender>,
    peers: Vec<Contender>,
) -> Row {
    let net = bare.is_some();
    Row {
        title,
        threads,
        net,
        contenders: bare.into_iter().chain(ours).chain(peers).collect(),
    }
}

fn bare() -> Option<Contender> {
    Some(contender("bare call", false, (), |(), times| {
        repeat(times, operation)
    }))
}

fn bare_failing() -> Option<Contender> {
    Some(contender("bare call", false, (), |(), times| {
        repeat_with_failures(times, operation)
    }))
}

fn bare_future() -> Option<Contender> {
    Some(contender("bare ready future", false, (), |(), times| {
        repeat(times, |n| now_or_never(async move { operation(n) }));
    }))
}

fn main() {
    let test = std::env::args().any(|argument| argument == "--test");
    let filter = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let effort = if test {
        Effort {
            rounds: 1,
            nanos_per_round: 1e4,
        }
    } else {
        Effort {
            rounds: 61,
            nanos_per_round: 2e6,
        }
    };
    let units = harness::units(effort);
    println!(
        "units: relaxed load {:.2} ns, read-modify-write {:.2} ns (with a second thread {:.2} ns), \
         coarse clock {:.2} ns, standard clock {:.2} ns",
        units.load, units.modify, units.contended, units.coarse_clock, units.standard_clock
    );
    let mut goals = Vec::new();
    let rows: Vec<Row> = vec![
        row(
            "1 breaker, permitted, healthy",
            BOTH,
            bare(),
            ours::breakers(false),
            peers!(breakers(false)),
        ),
        row(
            "2 breaker, permitted, 1% failures",
            BOTH,
            bare_failing(),
            ours::breakers(true),
            peers!(breakers(true)),
        ),
        row(
            "3 breaker, rejected",
            BOTH,
            None,
            ours::rejections(),
            peers!(rejections()),
        ),
        row(
            "4 async, permitted",
            ONE,
            bare_future(),
            ours::async_success(false),
            peers!(async_success()),
        ),
        row(
            "5 async, rejected",
            ONE,
            None,
            ours::async_success(true),
            Vec::new(),
        ),
        row(
            "6 retry, first try good",
            ONE,
            bare(),
            ours::retry_first_try(),
            peers!(retry_first_try()),
        ),
        row(
            "7 retry async, first try good",
            ONE,
            bare_future(),
            ours::retry_first_try_async(),
            peers!(retry_first_try_async()),
        ),
        row(
            "8 one jittered delay",
            ONE,
            None,
            ours::delays(),
            peers!(delays()),
        ),
        row(
            "9 budget, one success",
            BOTH,
            None,
            ours::budgets(),
            peers!(budgets()),
        ),
        row(
            "10 rate limiter, allowed",
            BOTH,
            None,
            ours::limiters(),
            peers!(limiters()),
        ),
        row(
            "11 bulkhead, in and out",
            BOTH,
            None,
            ours::bulkheads(),
            peers!(bulkheads()),
        ),
        row(
            "12 timeout, ready at once",
            ONE,
            bare_future(),
            ours::timeouts(),
            peers!(timeouts()),
        ),
    ];
    for row in rows.iter().filter(|row| {
        filter
            .as_ref()
            .is_none_or(|f| row.title.contains(f.as_str()))
    }) {
        goals.extend(harness::run(row, units, effort));
    }
    harness::report(&goals, units);
}
