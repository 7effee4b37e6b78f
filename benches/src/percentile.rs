//! What the percentile benches share: the ten distributions, and the harness that races contenders.
//!
//! Contenders run once per round, in an order that is shuffled anew, so that noise on a shared
//! machine hits all alike. The table gives each one's median and minimum, and the median of the
//! ratios within a round: a ratio is what can be carried to another machine.

use std::{hint::black_box, io::Write, time::Duration};

use cpu_time::ThreadTime;

/// The names of the ten distributions, in the order of the tables.
pub const DISTRIBUTIONS: [&str; 10] = [
    "lognormal",
    "pareto",
    "bimodal",
    "constant",
    "uniform",
    "sorted",
    "reversed",
    "wide",
    "spike",
    "narrow",
];

/// A small generator (SplitMix64): seeded, so that every run sees the same data.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in the open interval from 0 to 1.
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// A standard normal number.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// `n` values of a distribution, in milliseconds.
#[must_use]
pub fn sample(distribution: &str, n: usize, seed: u64) -> Vec<f64> {
    let mut random = Random(seed);
    let mut values: Vec<f64> = (0..n)
        .map(|_| match distribution {
            "lognormal" => random.normal().mul_add(1.0, 3.0).exp(),
            "pareto" => 5.0 / random.uniform().powf(1.0 / 1.5),
            "bimodal" if random.uniform() < 0.9 => random.normal().mul_add(2.0, 20.0).max(1.0),
            "bimodal" => random.normal().mul_add(50.0, 500.0).max(1.0),
            "constant" => 42.0,
            "wide" => 10_f64.powf(random.uniform().mul_add(18.0, -6.0)),
            "spike" if random.uniform() < 0.989 => 10.0,
            "spike" => random.normal().mul_add(1.5, 4.0).exp(),
            "narrow" => random.normal().mul_add(1.0, 1e6),
            _ => random.uniform().mul_add(999.0, 1.0),
        })
        .collect();
    match distribution {
        "sorted" => values.sort_by(f64::total_cmp),
        "reversed" => values.sort_by(|a, b| b.total_cmp(a)),
        _ => {}
    }
    values
}

/// One that takes part in a race: it does its work once and says how long that took, in
/// nanoseconds per operation.
pub struct Contender<'a> {
    name: String,
    run: Box<dyn FnMut() -> f64 + 'a>,
    times: Vec<f64>,
}

impl std::fmt::Debug for Contender<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contender")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<'a> Contender<'a> {
    /// One whose work is `operations` operations.
    pub fn new<R>(name: &str, operations: usize, mut work: impl FnMut() -> R + 'a) -> Self {
        Self::timed(name, move || {
            // The thread's own time: what others do on the machine hardly counts.
            let start = ThreadTime::now();
            black_box(work());
            nanos(start.elapsed(), operations)
        })
    }

    /// One that measures itself, because part of its work does not count.
    pub fn timed(name: &str, run: impl FnMut() -> f64 + 'a) -> Self {
        Self {
            name: name.to_owned(),
            run: Box::new(run),
            times: Vec::new(),
        }
    }
}

/// Nanoseconds per operation.
#[must_use]
pub fn nanos(elapsed: Duration, operations: usize) -> f64 {
    elapsed.as_nanos() as f64 / operations as f64
}

/// What a race found: each contender's times, round by round.
#[derive(Clone, Debug)]
pub struct Outcome {
    title: String,
    rows: Vec<(String, Vec<f64>)>,
}

impl Outcome {
    /// The title of its table.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// How many times faster than the fastest of some others one contender was: the median over the
    /// rounds. Contenders are named by the beginning of their names; `None` if one is not there.
    #[must_use]
    pub fn lead(&self, own: &str, others: &[&str]) -> Option<f64> {
        let times = |name: &str| {
            let row = self.rows.iter().find(|(known, _)| known.starts_with(name));
            row.map(|(_, times)| times)
        };
        let own = times(own)?;
        let others: Vec<_> = others
            .iter()
            .map(|name| times(name))
            .collect::<Option<_>>()?;
        let ratios = own.iter().enumerate().map(|(round, own)| {
            let fastest = others.iter().map(|times| times[round]);
            fastest.fold(f64::INFINITY, f64::min) / own
        });
        Some(median(ratios.collect()))
    }
}

/// Runs all contenders and prints the table; ratios are against the first one. `rounds` is 1 when
/// the bench runs as a test.
pub fn race(title: &str, rounds: usize, contenders: Vec<Contender<'_>>) -> Outcome {
    let mut contenders = contenders;
    let mut random = Random(7);
    for round in 0..=rounds {
        let mut order: Vec<usize> = (0..contenders.len()).collect();
        for place in (1..order.len()).rev() {
            let other = random.bits() % (place as u64 + 1);
            order.swap(place, usize::try_from(other).unwrap_or(0));
        }
        for index in order {
            let time = (contenders[index].run)();
            // The first round warms caches and branch predictors.
            if round > 0 {
                contenders[index].times.push(time);
            }
        }
    }
    let mut rows = format!(
        "\n### {title}\n\n| contender | median ns | min ns | x of first |\n|---|---:|---:|---:|\n"
    );
    let reference = contenders[0].times.clone();
    for contender in &contenders {
        let times = &contender.times;
        let ratios = times.iter().zip(&reference).map(|(own, first)| own / first);
        let ratio = median(ratios.collect());
        let least = times.iter().copied().fold(f64::INFINITY, f64::min);
        let middle = median(times.clone());
        rows += &format!(
            "| {} | {middle:.3} | {least:.3} | {ratio:.2} |\n",
            contender.name
        );
    }
    let _ = std::io::stdout().lock().write_all(rows.as_bytes());
    Outcome {
        title: title.to_owned(),
        rows: contenders
            .into_iter()
            .map(|contender| (contender.name, contender.times))
            .collect(),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// How a peers' bench was called: rounds, and which rows are wanted (all, unless some are named).
#[derive(Clone, Debug)]
pub struct Plan {
    /// Rounds per race.
    pub rounds: usize,
    /// Divides the number of values: 1, or more when run as a test.
    pub reduce: usize,
    wanted: Vec<String>,
}

impl Plan {
    /// From the command line: `--test` runs all once on little data, `--quick` a third of the rounds;
    /// other words pick rows.
    #[must_use]
    pub fn from_args() -> Self {
        let args: Vec<String> = std::env::args().skip(1).collect();
        // Cargo passes `--bench` when it is a bench; `cargo test` does not.
        let once =
            args.iter().any(|arg| arg == "--test") || !args.iter().any(|arg| arg == "--bench");
        let quick = args.iter().any(|arg| arg == "--quick");
        let wanted = args
            .into_iter()
            .filter(|arg| !arg.starts_with('-'))
            .collect();
        if once {
            Self {
                rounds: 1,
                reduce: 100,
                wanted,
            }
        } else {
            Self {
                rounds: if quick { 5 } else { 15 },
                reduce: 1,
                wanted,
            }
        }
    }

    /// Whether a row was asked for.
    #[must_use]
    pub fn wants(&self, row: &str) -> bool {
        self.wanted.is_empty()
            || self
                .wanted
                .iter()
                .any(|wanted| row.contains(wanted.as_str()))
    }
}
