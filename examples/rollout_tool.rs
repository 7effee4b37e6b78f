//! Question: how do I write my own rollout tool with clap?
//!
//!     cargo run --example rollout_tool -- PLAN BINDINGS FOLDER
//!
//! Its world is a folder with the route's weight, an access log and the journal. Killed and started again,
//! it goes on. Without arguments it tries itself out: a good version goes out, a bad one comes back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use clap::Parser;
use phasegate::core::{Capability, Clock as _, Measurement, Observed};
use phasegate::core::{PersonId, Query, Ratio, TargetId};
use phasegate::engine::record::Outcome::{Completed, RolledBack};
use phasegate::engine::{Sources, Start, compile};
use phasegate::journal::{Holder, Journal, ReadError};
use phasegate::journal_sqlite::SqliteJournal;
use phasegate::plan::{Catalog, PlanDocument, check};
use phasegate::provider::{
    Call, MetricSource, Provider, ProviderError, Receipt, Registry, Sent, Traffic, TrafficRouter,
};
use phasegate::report::{View, markdown};
use phasegate::runner::{Ended, Runner, SystemClock, preflight};

/// Carries a plan out and prints the report.
#[derive(Debug, Parser)]
struct Tool {
    plan: PathBuf,
    bindings: PathBuf,
    folder: PathBuf,
}

/// The world: `weight` holds the canary's share, `access.log` a status a line.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn text(&self, name: &str) -> Result<String, ProviderError> {
        let text = std::fs::read_to_string(self.0.join(name));
        text.map_err(|why| ProviderError::misuse(format!("{name}: {why}")))
    }
}

impl Provider for Folder {
    fn capabilities(&self) -> std::collections::BTreeSet<Capability> {
        use Capability::{MeasureShare, ReadBack, Weights};
        [MeasureShare, ReadBack, Weights].into()
    }
}

#[async_trait]
impl TrafficRouter for Folder {
    async fn read(&self, _: &TargetId, _: &Call) -> Result<Traffic, ProviderError> {
        let native = self.text("weight")?.trim().to_owned();
        let invalid = |why| ProviderError::invalid(format!("weight '{native}': {why}"));
        let canary = native.parse().map_err(invalid)?;
        Ok(Traffic { canary, native })
    }

    async fn set(&self, _: &TargetId, canary: Ratio, _: &Call) -> Result<Receipt, ProviderError> {
        let written = std::fs::write(self.0.join("weight"), canary.to_string());
        written.map_err(|why| ProviderError::misuse(why.to_string()).with_sent(Sent::Maybe))?;
        Ok(Receipt::new(format!("weight {canary}")))
    }
}

#[async_trait]
impl MetricSource for Folder {
    async fn measure(&self, query: &Query, _: &Call) -> Result<Measurement, ProviderError> {
        let log = self.text("access.log")?;
        let count = |start: &str| log.lines().filter(|line| line.starts_with(start)).count() as u64;
        let (matching, total) = (count(&query.text), count(""));
        Ok(Measurement {
            window: query.window,
            samples: total,
            observed: Observed::Share { matching, total },
        })
    }
}

async fn run(tool: &Tool) -> Result<Ended, Box<dyn std::error::Error>> {
    let (plan, bindings) = (std::fs::read(&tool.plan)?, std::fs::read(&tool.bindings)?);
    let catalog = Catalog::read(&tool.bindings.to_string_lossy(), &bindings);
    let catalog = catalog.catalog.ok_or_else(|| catalog.faults.render())?;
    let document = PlanDocument::read(&tool.plan.to_string_lossy(), &plan);
    let checked = check(&document, Some(&catalog));
    let plan = checked.plan.ok_or_else(|| checked.faults.render())?;
    let world = Arc::new(Folder(tool.folder.clone()));
    let mut registry = Registry::new();
    registry.bind_traffic_router("edge".parse()?, world.clone())?;
    registry.bind_metric_source("log".parse()?, world)?;
    let clock = Arc::new(SystemClock::new());
    let journal = SqliteJournal::open(tool.folder.join("journal"), clock.clone())?;
    let journal: Arc<dyn Journal> = Arc::new(journal);
    let (now, registry) = (clock.now().wall, Arc::new(registry));
    let holder = Holder::new("rollout_tool")?;
    let runner = Runner::new(journal.clone(), registry.clone(), clock, holder);
    let (rollout, by) = (plan.id.as_str().parse()?, PersonId::new("operator")?);
    let handle = match journal.head(&rollout).await {
        Ok(_) => runner.resume(&rollout).await?,
        Err(ReadError::NotFound) => {
            let program = compile(&plan, &catalog, &Start::new(by.clone()))?;
            let refusals = preflight(&program, &registry, now).await;
            refusals
                .first()
                .map_or(Ok(()), |why| Err(why.to_string()))?;
            let sources = Sources::of(&plan, &catalog);
            runner.start(rollout.clone(), program, sources, by).await?
        }
        Err(error) => return Err(error.into()),
    };
    let ended = handle.ended().await;
    let records = journal.read(&rollout, 0).await?;
    let records = records.iter().map(|one| (&*one.kind, &*one.payload));
    println!("{}", markdown(&View::read(records)?));
    Ok(ended)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    let done = match std::env::args().len() {
        1 => try_out().await,
        _ => run(&Tool::parse()).await,
    };
    let code = |ended| 3 * u8::from(ended != Ended::Finished(Completed));
    let done = done.inspect_err(|error| eprintln!("{error}"));
    done.map_or(1, code).into()
}

async fn try_out() -> Result<Ended, Box<dyn std::error::Error>> {
    let plans = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans");
    for (bad, outcome, weight) in [(0, Completed, "100%"), (200, RolledBack, "0%")] {
        let folder = std::env::temp_dir().join(format!("phasegate-{}-{bad}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("weight"), "0%\n")?;
        let log = "200\n".repeat(1000 - bad) + &"500\n".repeat(bad);
        std::fs::write(folder.join("access.log"), log)?;
        let tool = Tool {
            plan: plans.join("tool.yaml"),
            bindings: plans.join("tool.bindings.yaml"),
            folder,
        };
        assert_eq!(run(&tool).await?, Ended::Finished(outcome));
        assert_eq!(std::fs::read_to_string(tool.folder.join("weight"))?, weight);
        std::fs::remove_dir_all(tool.folder)?;
    }
    Ok(Ended::Finished(Completed))
}
