//! What was wanted, and what the races found: on lognormal data and on the distribution where it is
//! least.

use std::io::Write;

use phasegate_benches::percentile::Outcome;

/// A lead over the fastest of some peers.
struct Goal {
    operation: &'static str,
    /// How the titles of its tables begin, and what else they hold.
    table: &'static str,
    also: &'static str,
    own: &'static str,
    peers: &'static [&'static str],
    wanted: f64,
    /// On the worst distribution.
    wanted_least: f64,
}

const F64_SKETCHES: &[&str] = &[
    "sketches-rust cubic",
    "ddsketchy log",
    "ddsketchy cubic",
    "sketches-ddsketch",
    "quantile-sketch",
];
const IOP: &[&str] = &["histogram, counts only", "histogram to 2^42, counts only"];
const STD: &[&str] = &["std select_nth_unstable"];

#[rustfmt::skip]
const GOALS: [Goal; 17] = [
    Goal { operation: "record, counts and extremes, against f64 sketches", table: "record", also: "", own: "**ours** counts, min, max (f64)", peers: F64_SKETCHES, wanted: 10.0, wanted_least: 1.0 },
    Goal { operation: "the same against `histogram`, counts only", table: "record", also: "", own: "**ours** counts, min, max (f64)", peers: IOP, wanted: 1.3, wanted_least: 1.0 },
    Goal { operation: "the same against hdrhistogram", table: "record", also: "", own: "**ours** counts, min, max (f64)", peers: &["hdrhistogram"], wanted: 2.5, wanted_least: 1.0 },
    Goal { operation: "slice with sum and extremes, against f64 sketches", table: "record", also: "", own: "**ours** slice with exact sum", peers: F64_SKETCHES, wanted: 14.0, wanted_least: 1.0 },
    Goal { operation: "the same against hdrhistogram", table: "record", also: "", own: "**ours** slice with exact sum", peers: &["hdrhistogram"], wanted: 6.0, wanted_least: 1.0 },
    Goal { operation: "the same against `histogram`, counts only", table: "record", also: "", own: "**ours** slice with exact sum", peers: IOP, wanted: 1.8, wanted_least: 1.0 },
    Goal { operation: "shared by two threads, against quantile-sketch", table: "threads", also: "", own: "**ours** record(&self)", peers: &["quantile-sketch"], wanted: 20.0, wanted_least: 1.0 },
    Goal { operation: "a handle per thread, against hdrhistogram's recorders", table: "threads", also: "", own: "**ours** a handle per thread", peers: &["hdrhistogram recorders"], wanted: 4.0, wanted_least: 1.0 },
    Goal { operation: "the same against a `histogram` per thread", table: "threads", also: "", own: "**ours** a handle per thread", peers: &["histogram, one per thread"], wanted: 1.5, wanted_least: 1.0 },
    Goal { operation: "four quantiles, against ddsketchy", table: "query", also: "", own: "**ours**", peers: &["ddsketchy"], wanted: 2.5, wanted_least: 1.8 },
    Goal { operation: "the same against all others", table: "query", also: "", own: "**ours**", peers: &["sketches-ddsketch", "histogram", "histogram u32", "hdrhistogram", "base2histogram", "quantile-sketch"], wanted: 6.7, wanted_least: 1.0 },
    Goal { operation: "merge, against ddsketchy", table: "merge", also: "", own: "**ours** counts, min, max", peers: &["ddsketchy"], wanted: 2.0, wanted_least: 1.0 },
    Goal { operation: "exact, n = 1000, against std", table: "exact", also: "n = 1000:", own: "**ours**", peers: STD, wanted: 2.0, wanted_least: 1.0 },
    Goal { operation: "exact, n = 100 000, against std", table: "exact", also: "n = 100000:", own: "**ours**", peers: STD, wanted: 3.0, wanted_least: 1.0 },
    Goal { operation: "exact, n = 10 000 000, against std", table: "exact", also: "n = 10000000:", own: "**ours**", peers: STD, wanted: 4.0, wanted_least: 1.0 },
    Goal { operation: "window, against a ring by hand", table: "window", also: "", own: "**ours** counts, min, max", peers: &["histogram, a ring"], wanted: 2.0, wanted_least: 1.0 },
    Goal { operation: "window, against base2histogram", table: "window", also: "", own: "**ours** counts, min, max", peers: &["base2histogram"], wanted: 4.0, wanted_least: 1.0 },
];

pub fn print(outcomes: &[Outcome]) {
    let mut rows = String::from(
        "\n### goals: times faster than the fastest of the peers named, medians of ratios within rounds\n\n\
         | operation | wanted | lognormal | wanted at least | least | on | met |\n\
         |---|---:|---:|---:|---:|---|---|\n",
    );
    for goal in &GOALS {
        let leads: Vec<(&str, f64)> = outcomes
            .iter()
            .filter(|outcome| outcome.title().starts_with(goal.table))
            .filter(|outcome| outcome.title().contains(goal.also))
            .filter_map(|outcome| {
                let lead = outcome.lead(goal.own, goal.peers)?;
                let distribution = outcome.title().split([' ', ':', ',']).nth(1)?;
                Some((distribution, lead))
            })
            .collect();
        let usual = leads
            .iter()
            .find(|(distribution, _)| *distribution == "lognormal");
        let least = leads.iter().min_by(|a, b| a.1.total_cmp(&b.1));
        let (Some((_, usual)), Some((worst, least))) = (usual, least) else {
            continue;
        };
        let met = match (*usual >= goal.wanted, *least >= goal.wanted_least) {
            (true, true) => "yes",
            (true, false) => "on lognormal",
            (false, true) => "at worst",
            (false, false) => "no",
        };
        rows += &format!(
            "| {} | {} | {usual:.2} | {} | {least:.2} | {worst} | {met} |\n",
            goal.operation, goal.wanted, goal.wanted_least
        );
    }
    let _ = std::io::stdout().lock().write_all(rows.as_bytes());
}
