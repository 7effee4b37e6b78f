//! The percentile core and its peers in one run: how much faster or slower, on which data.
//!
//! `cargo bench -p phasegate-benches --features peers-percentile --bench percentile_peers` prints
//! all tables; words after `--` pick rows (`record`, `query`, `merge`, ...).

mod exact;
mod goals;
mod record;
mod size;
mod sketch;
mod threads;
mod window;

use phasegate_benches::percentile::Plan;

fn main() {
    let plan = Plan::from_args();
    let mut outcomes = record::run(&plan);
    outcomes.extend(sketch::run(&plan));
    outcomes.extend(exact::run(&plan));
    outcomes.extend(threads::run(&plan));
    outcomes.extend(window::run(&plan));
    size::run(&plan);
    goals::print(&outcomes);
}
