//! Many seeds, one after the other on some threads: how often what occurred, and the first that fails.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Case, countable, run, shrink};

/// Which seeds are tried.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "tests write it out")]
pub struct Sweep {
    /// The first seed.
    pub first: u64,
    /// How many seeds are to count.
    pub seeds: u64,
    /// A seed whose journal ends with fewer records is looked at all the same, and does not count.
    pub records_min: usize,
    /// On how many threads; at least one.
    pub threads: usize,
}

/// What came of a [`Sweep`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Swept {
    /// How many seeds were tried.
    pub tried: u64,
    /// How many of them count.
    pub counted: u64,
    /// The records of all.
    pub records: u64,
    /// The records of those that count.
    pub records_counted: u64,
    /// How often each fault struck, each step kind began and each act was taken.
    pub counts: BTreeMap<String, u64>,
    /// The lowest seed that was seen to fail. The others stop then.
    pub failed: Option<u64>,
}

impl Sweep {
    /// Tries seeds until enough of them count or one fails.
    ///
    /// ```
    /// use phasegate_testkit::simulation::seeded::Sweep;
    ///
    /// let swept = Sweep { first: 1, seeds: 2, records_min: 1, threads: 1 }.run();
    /// assert_eq!((swept.failed, swept.counted), (None, 2));
    /// ```
    pub fn run(&self) -> Swept {
        let next = AtomicU64::new(self.first);
        let swept = Mutex::new(Swept::default());
        std::thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(|| while self.one(&next, &swept) {});
            }
        });
        swept
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Tries one seed; false when no more are wanted.
    fn one(&self, next: &AtomicU64, swept: &Mutex<Swept>) -> bool {
        // A thread that panicked ends the scope with its panic; what it had counted stays.
        let swept = || {
            swept
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
        };
        let enough = |swept: &Swept| swept.failed.is_some() || swept.counted >= self.seeds;
        if enough(&swept()) {
            return false;
        }
        let seed = next.fetch_add(1, Ordering::Relaxed);
        let report = run(&Case::of(seed));
        let mut swept = swept();
        swept.tried += 1;
        if !report.violations.is_empty() {
            swept.failed = Some(swept.failed.map_or(seed, |other| other.min(seed)));
        }
        let records = u64::try_from(report.records).unwrap_or(u64::MAX);
        swept.records += records;
        if report.records >= self.records_min {
            swept.counted += 1;
            swept.records_counted += records;
        }
        for (name, count) in report.counts {
            *swept.counts.entry(name).or_default() += count;
        }
        !enough(&swept)
    }
}

impl Swept {
    /// A line for all that can occur, with how often it did.
    pub fn table(&self) -> String {
        countable().iter().fold(String::new(), |mut text, name| {
            let count = self.counts.get(name).copied().unwrap_or(0);
            // Writing into a string does not fail.
            _ = writeln!(text, "{count:>9}  {name}");
            text
        })
    }

    /// What can occur and never did.
    pub fn never(&self) -> Vec<String> {
        let mut all = countable();
        all.retain(|name| self.counts.get(name).copied().unwrap_or(0) == 0);
        all
    }
}

/// The smallest case that was found to fail as this seed does, and its history, to be printed: what a person needs
/// to see why. The seed replays it.
pub fn history(seed: u64) -> String {
    let (case, report) = shrink(&Case::of(seed));
    let mut text = format!("seed {seed}, shrunk:\n{}\n", case.plan);
    // Writing into a string does not fail.
    _ = writeln!(text, "kills {:?}\nfaults {:?}", case.kills, case.faults);
    _ = writeln!(
        text,
        "outages {:?}\nacts {:?}",
        case.world.outages, case.acts
    );
    for line in &report.history {
        _ = writeln!(text, "{line}");
    }
    _ = write!(text, "seed {seed}: {:#?}", report.violations);
    text
}
