//! How long does the worst document take that fits into eight mebibytes and the other limits? Each kind is filled
//! up with what some check has to compare with much else. Reading and checking may take a second at most, and all
//! of it together 512 MiB of memory.
//!
//! `cargo bench -p phasegate-benches --bench hostile`; in tests it runs small documents and asserts that each of
//! them is answered.

mod around;
mod graphs;
mod times;

use std::time::{Duration, Instant};

use phasegate_plan::{Catalog, PlanDocument, check};
use serde_json::{Value, json};

/// The longest that reading and checking may take.
const TIME_MAX: Duration = Duration::from_secs(1);
/// What the process may need at its peak, the documents included.
const MEMORY_MAX_KIB: u64 = 512 << 10;
/// The largest document that is read.
const BYTES_MAX: usize = 8 << 20;
/// The shortest of so many runs counts: what else the machine does only adds.
const RUNS: usize = 3;

/// A kind of document, by the number of its items.
struct Kind {
    name: &'static str,
    file: &'static str,
    /// The most items that the limits let pass.
    items: usize,
    make: fn(usize) -> String,
}

impl Kind {
    const fn plan(name: &'static str, items: usize, make: fn(usize) -> String) -> Self {
        let file = "plan.json";
        Self {
            name,
            file,
            items,
            make,
        }
    }
}

/// A plan with one phase, two KPIs and a role, and with these parts instead of its own.
fn plan(parts: Value) -> String {
    let mut plan = json!({
        "format": "phasegate-plan/1", "id": "x", "title": "X",
        "roles": [{"id": "lead", "members": ["a", "b"]}],
        "channels": [{"id": "team", "binding": "chat"}],
        "kpis": [
            {"id": "latency", "shape": "distribution", "unit": "ms", "source": "m", "query": {"whole": "q"}},
            {"id": "load", "shape": "gauge", "source": "m", "query": {"whole": "q"}}
        ],
        "phases": [{"id": "p", "title": "P", "outline": true}],
    });
    if let (Value::Object(plan), Value::Object(parts)) = (&mut plan, parts) {
        plan.extend(parts);
    }
    plan.to_string()
}

/// A list of so many items.
fn list(items: usize, item: impl Fn(usize) -> Value) -> Value {
    (0..items).map(item).collect()
}

fn answered(kind: &Kind, text: &str) -> (Duration, usize) {
    let start = Instant::now();
    let faults = if kind.file.contains("bindings") {
        Catalog::read(kind.file, text.as_bytes()).faults
    } else {
        check(&PlanDocument::read(kind.file, text.as_bytes()), None).faults
    };
    (start.elapsed(), faults.len())
}

/// The most memory that this process had, where the system tells.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn main() {
    let test = !std::env::args().any(|argument| argument == "--bench");
    println!(
        "{:44} {:>7} {:>7} {:>9} {:>6}",
        "kind", "items", "KiB", "time", "faults"
    );
    let mut slow = Vec::new();
    for kind in graphs::KINDS
        .iter()
        .chain(times::KINDS)
        .chain(around::KINDS)
    {
        let items = if test {
            kind.items.div_ceil(100)
        } else {
            kind.items
        };
        let text = (kind.make)(items);
        assert!(
            text.len() <= BYTES_MAX,
            "{} has {} bytes",
            kind.name,
            text.len()
        );
        let runs = (0..if test { 1 } else { RUNS }).map(|_| answered(kind, &text));
        let (time, faults) = runs.min().unwrap_or_default();
        let kib = text.len() / 1024;
        println!(
            "{:44} {items:>7} {kib:>7} {time:>9.2?} {faults:>6}",
            kind.name
        );
        if time > TIME_MAX && !test {
            slow.push(kind.name);
        }
    }
    assert!(slow.is_empty(), "longer than {TIME_MAX:?}: {slow:?}");
    if let Some(peak) = peak_kib() {
        println!("memory at the peak: {} MiB", peak / 1024);
        assert!(peak <= MEMORY_MAX_KIB, "{peak} KiB");
    }
}
