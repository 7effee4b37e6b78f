//! Makes the coverage files beside a plan from the marks in it:
//! `cargo run -p phasegate-plan --example coverage -- examples/plans/ci-pipeline.yaml ...`
#![expect(clippy::print_stderr, reason = "an example talks to a person")]

#[path = "../tests/support/coverage.rs"]
mod coverage;

use std::error::Error;
use std::fs;
use std::path::Path;

use phasegate_plan::PlanDocument;

fn main() -> Result<(), Box<dyn Error>> {
    for argument in std::env::args().skip(1) {
        let text = fs::read_to_string(&argument)?;
        let document = PlanDocument::read(&argument, text.as_bytes());
        let entries = coverage::of(&document, &text);
        let path = Path::new(&argument);
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or("plan");
        fs::write(
            path.with_extension("coverage.json"),
            coverage::json(&entries),
        )?;
        fs::write(
            path.with_extension("coverage.md"),
            coverage::markdown(name, &document, &entries),
        )?;
        eprintln!("{argument}: {} entries", entries.len());
    }
    Ok(())
}
