//! Question: how do I write my own rollout tool with clap?
//!
//!     cargo run --example rollout_tool -- PLAN BINDINGS FOLDER
//!
//! Its world is a folder: a file with the route's weight, an access log, and the journal. Kill the tool and
//! start it again: it goes on where the journal ends. Without arguments it tries itself out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use clap::Parser;
use phasegate::core::{Capability, Measurement, Observed, PersonId, Query, Ratio, TargetId};
use phasegate::engine::record::Outcome::{Completed, RolledBack};
use phasegate::engine::{Sources, Start, compile};
use phasegate::journal::{Holder, Journal, ReadError};
use phasegate::journal_sqlite::SqliteJournal;
use phasegate::plan::{Catalog, PlanDocument, check};
use phasegate::provider::{
    Call, ErrorKind, MetricSource, Provider, ProviderError, Receipt, Registry, Sent, Traffic,
    TrafficRouter,
};
use phasegate::report::{View, markdown};
use phasegate::runner::{Ended, Runner, SystemClock};

type Error = Box<dyn std::error::Error>;

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
        let path = self.0.join(name);
        std::fs::read_to_string(path).map_err(|why| failed(Sent::Nothing, &why))
    }
}

fn failed(sent: Sent, why: &std::io::Error) -> ProviderError {
    ProviderError::new(ErrorKind::Unavailable, sent, why.to_string())
}

impl Provider for Folder {
    fn capabilities(&self) -> BTreeSet<Capability> {
        use Capability::{MeasureShare, ReadBack, Weights};
        BTreeSet::from([MeasureShare, ReadBack, Weights])
    }
}

#[async_trait]
impl TrafficRouter for Folder {
    async fn read(&self, _: &TargetId, _: &Call) -> Result<Traffic, ProviderError> {
        let native = self.text("weight")?;
        let invalid = |_| ProviderError::invalid(native.as_str());
        let canary = native.parse().map_err(invalid)?;
        Ok(Traffic { canary, native })
    }

    async fn set(&self, _: &TargetId, canary: Ratio, _: &Call) -> Result<Receipt, ProviderError> {
        std::fs::write(self.0.join("weight"), canary.to_string())
            .map_err(|why| failed(Sent::Maybe, &why))?;
        Ok(Receipt::new(format!("weight {canary}")))
    }
}

#[async_trait]
impl MetricSource for Folder {
    async fn measure(&self, query: &Query, _: &Call) -> Result<Measurement, ProviderError> {
        let log = self.text("access.log")?;
        let count = |prefix: &str| log.lines().filter(|line| line.starts_with(prefix)).count();
        let (matching, total) = (count(&query.text) as u64, count("") as u64);
        Ok(Measurement {
            window: query.window,
            samples: total,
            observed: Observed::Share { matching, total },
        })
    }
}

async fn run(tool: &Tool) -> Result<Ended, Error> {
    let name = |path: &Path| path.display().to_string();
    let catalog = Catalog::read(&name(&tool.bindings), &std::fs::read(&tool.bindings)?);
    let catalog = catalog.catalog.ok_or_else(|| catalog.faults.render())?;
    let document = PlanDocument::read(&name(&tool.plan), &std::fs::read(&tool.plan)?);
    let checked = check(&document, Some(&catalog));
    let plan = checked.plan.ok_or_else(|| checked.faults.render())?;

    let world = Arc::new(Folder(tool.folder.clone()));
    let mut registry = Registry::new();
    registry.bind_traffic_router("edge".parse()?, world.clone())?;
    registry.bind_metric_source("log".parse()?, world)?;
    let clock = Arc::new(SystemClock::new());
    let journal = SqliteJournal::open(tool.folder.join("journal"), clock.clone())?;
    let journal: Arc<dyn Journal> = Arc::new(journal);
    let holder = Holder::new("rollout_tool")?;
    let runner = Runner::new(journal.clone(), registry.into(), clock, holder);

    let rollout = plan.id.as_str().parse()?;
    let by: PersonId = "operator".parse()?;
    let handle = match journal.head(&rollout).await {
        Ok(_) => runner.resume(&rollout).await?,
        Err(ReadError::NotFound) => {
            let program = compile(&plan, &catalog, &Start::new(by.clone()))?;
            let sources = Sources::of(&plan, &catalog);
            runner.start(rollout.clone(), program, sources, by).await?
        }
        Err(error) => return Err(error.into()),
    };
    let ended = handle.ended().await;
    let records = journal.read(&rollout, 0).await?;
    let view = View::read(records.iter().map(|one| (&*one.kind, &*one.payload)))?;
    println!("{}", markdown(&view));
    Ok(ended)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    if std::env::args().len() > 1 {
        println!("{:?}", run(&Tool::parse()).await?);
        return Ok(());
    }
    // A good version goes out; one that fails two requests in ten comes back.
    let plans = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans");
    for (bad, outcome, weight) in [(0, Completed, "100%"), (200, RolledBack, "0%")] {
        let folder = std::env::temp_dir().join(format!("phasegate-{}-{bad}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("weight"), "0%")?;
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
    Ok(())
}
