//! Question: how do I connect a system that phasegate has no adapter for?
//!
//! Implement the trait of its role; here a flag store that keeps each flag's share as a line of a file.
//! Then let the conformance suite look for what it does wrong, and put a policy around it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind::NotFound;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use phasegate::core::{Capability, Clock as _, Ratio, Role, Span, TargetId};
use phasegate::provider::{
    Call, ErrorKind, Exposure, FlagStore, Guard, Guarded, Provider, ProviderError, Receipt,
    Registry, Sent, Trace,
};
use phasegate::resilience::{Backoff, Policy, RetryPolicy, TokioTimer};
use phasegate::runner::SystemClock;
use phasegate_testkit::conformance::flag_store;

/// Flags in a file, one a line: `new-checkout 25%`.
#[derive(Debug)]
struct FlagFile {
    path: PathBuf,
    /// One writer at a time, or two would each undo what the other did.
    writing: Mutex<()>,
}

impl FlagFile {
    fn load(&self) -> Result<BTreeMap<TargetId, Ratio>, ProviderError> {
        let text = match std::fs::read_to_string(&self.path) {
            Err(error) if error.kind() == NotFound => String::new(),
            other => other.map_err(|error| failed(error, Sent::Nothing))?,
        };
        let line = |line: &str| {
            let (flag, share) = line.split_once(' ')?;
            Some((flag.parse().ok()?, share.parse().ok()?))
        };
        // What cannot be read is no number: the engine then holds instead of guessing.
        let flags = text.lines().map(|one| {
            line(one).ok_or_else(|| ProviderError::invalid(format!("not a flag: {one:?}")))
        });
        flags.collect()
    }
}

/// `sent` says whether something may have happened on the other side: that decides whether the engine
/// repeats, reads back or asks a person.
fn failed(error: std::io::Error, sent: Sent) -> ProviderError {
    ProviderError::new(ErrorKind::Unavailable, sent, error.to_string()).with_source(error)
}

impl Provider for FlagFile {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::ReadBack])
    }
}

#[async_trait]
impl FlagStore for FlagFile {
    async fn read(&self, flag: &TargetId, _: &Call) -> Result<Exposure, ProviderError> {
        let share = self.load()?.get(flag).copied().unwrap_or(Ratio::ZERO);
        let native = format!("{flag} {share}");
        Ok(Exposure { share, native })
    }

    async fn set(&self, flag: &TargetId, share: Ratio, _: &Call) -> Result<Receipt, ProviderError> {
        let _one = self.writing.lock().expect("no writer broke");
        let mut flags = self.load()?;
        flags.insert(flag.clone(), share);
        let lines = flags
            .iter()
            .map(|(flag, share)| format!("{flag} {share}\n"));
        // Whoever reads sees the old file or the new one, whole.
        let fresh = self.path.with_extension("new");
        std::fs::write(&fresh, lines.collect::<String>()).map_err(|e| failed(e, Sent::Nothing))?;
        std::fs::rename(&fresh, &self.path).map_err(|e| failed(e, Sent::Maybe))?;
        Ok(Receipt::new(format!("{flag} {share}")))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("phasegate-flags-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let store = Arc::new(FlagFile {
        path: folder.join("flags"),
        writing: Mutex::new(()),
    });

    // What every adapter of the role must do, whatever stands behind it.
    let call = Call::new(SystemClock::new().now().wall, Span::from_secs(5));
    let flag: TargetId = "new-checkout".parse()?;
    let violations = flag_store(&*store, &flag, None, &call).await;
    println!("{} violations", violations.len());
    assert_eq!(violations, []);

    // Around it: three attempts, a time limit, a trace. An engine meets only the guarded one.
    let policy = Policy::new()
        .retry(
            RetryPolicy::default()
                .attempts(3)
                .backoff(Backoff::exponential(Duration::from_millis(50))),
        )
        .timeout(Duration::from_secs(2));
    let guard = Guard::new(
        policy,
        vec![Arc::new(Trace::new("flags".parse()?))],
        TokioTimer::new(),
    );
    let guarded: Arc<dyn FlagStore> = Arc::new(Guarded::<dyn FlagStore, TokioTimer>::new(
        store.clone(),
        guard,
    ));
    let mut registry = Registry::new();
    registry.bind_flag_store("flags".parse()?, guarded.clone())?;
    let can = registry.capabilities(&"flags".parse()?, Role::FlagStore);
    assert_eq!(can, Some(BTreeSet::from([Capability::ReadBack])));

    guarded.set(&flag, "25%".parse()?, &call).await?;
    let found = guarded.read(&flag, &call).await?;
    println!("{}", found.native);
    assert_eq!(found.share, "25%".parse()?);

    // A file that somebody broke gives an error, never a share.
    std::fs::write(&store.path, "new-checkout a quarter\n")?;
    let error = guarded.read(&flag, &call).await.expect_err("no number");
    println!("{error}");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
