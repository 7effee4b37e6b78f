//! Seeds: plans, worlds, faults and operators from a number, and what must hold whatever happens.
//!
//! `SEEDS` says how many (600 if it is not set), `FIRST_SEED` from which on; a failing seed prints its
//! shrunk case and its history. Seeds that end with fewer than 200 records are looked at and not counted.
//! 5,000 or 100,000: `SEEDS=100000 cargo test --release -p phasegate-tests --test seeds -- --nocapture`.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use phasegate_testkit::simulation::seeded::{Case, countable, run, shrink};

const RECORDS_MIN: usize = 200;

fn number(name: &str, otherwise: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn whatever_a_seed_brings_the_invariants_hold() {
    let wanted = number("SEEDS", 600);
    let first = number("FIRST_SEED", 1);
    let next = AtomicU64::new(first);
    let counted = AtomicU64::new(0);
    let totals: Mutex<(BTreeMap<String, u64>, u64, u64)> = Mutex::default();
    let failed: Mutex<Option<u64>> = Mutex::default();
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while counted.load(Ordering::Relaxed) < wanted {
                    if failed.lock().expect("a lock").is_some() {
                        return;
                    }
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let report = run(&Case::of(seed));
                    if !report.violations.is_empty() {
                        let mut failed = failed.lock().expect("a lock");
                        *failed = Some(failed.map_or(seed, |other| other.min(seed)));
                        return;
                    }
                    let mut totals = totals.lock().expect("a lock");
                    totals.1 += report.records as u64;
                    if report.records >= RECORDS_MIN {
                        counted.fetch_add(1, Ordering::Relaxed);
                        totals.2 += report.records as u64;
                    }
                    for (name, count) in report.counts {
                        *totals.0.entry(name).or_default() += count;
                    }
                }
            });
        }
    });
    if let Some(seed) = *failed.lock().expect("a lock") {
        // Whoever only counts seeds does not want the smallest case.
        if number("SHRINK", 1) == 0 {
            let report = run(&Case::of(seed));
            panic!("seed {seed}: {:#?}", report.violations);
        }
        let (case, report) = shrink(&Case::of(seed));
        println!("seed {seed}, shrunk:\n{}", case.plan);
        println!("kills {:?}\nfaults {:?}", case.kills, case.faults);
        println!("outages {:?}\nacts {:?}", case.world.outages, case.acts);
        for line in &report.history {
            println!("{line}");
        }
        panic!("seed {seed}: {:#?}", report.violations);
    }
    let (counts, records, in_long) = totals.into_inner().expect("a lock");
    let tried = next.load(Ordering::Relaxed) - first;
    println!(
        "{tried} seeds, {records} records; {wanted} of them with {RECORDS_MIN} or more: {in_long}"
    );
    for name in countable() {
        println!("{:>9}  {name}", counts.get(&name).copied().unwrap_or(0));
    }
    if wanted >= 5_000 {
        let never: Vec<String> = countable()
            .into_iter()
            .filter(|name| counts.get(name).copied().unwrap_or(0) == 0)
            .collect();
        assert!(never.is_empty(), "never seen: {never:?}");
    }
}
