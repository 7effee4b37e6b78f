//! Runs of a workflow, page by page.

use std::collections::BTreeSet;

use phasegate_core::{Span, Timestamp};
use phasegate_provider::{Call, ProviderError};
use tokio::time::Instant;

use crate::answer::{Run, Runs};
use crate::api::Api;
use crate::config::WorkflowConfig;

/// How many runs a page holds at most.
const PER_PAGE: u64 = 100;
/// How many runs GitHub tells of a search: more pages are empty.
const TOLD_MAX: u64 = 1000;

/// Which runs are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Created {
    /// The first moment.
    pub(crate) from: Timestamp,
    /// The last one; `None` is now.
    pub(crate) to: Option<Timestamp>,
    /// Only runs that were dispatched?
    pub(crate) dispatched: bool,
}

impl Api {
    /// All runs of a workflow that were created then, newest first. More than GitHub tells of is an error.
    pub(crate) async fn runs(
        &self,
        workflow: &WorkflowConfig,
        created: Created,
        call: &Call,
        act: &str,
    ) -> Result<Vec<Run>, ProviderError> {
        let path = self.path(&workflow.file, "/runs", act)?;
        let seconds = |at: Timestamp| {
            Timestamp::from_unix_millis(at.as_unix_millis().div_euclid(1000) * 1000)
        };
        let from = seconds(created.from);
        let range = match created.to {
            Some(to) => format!("{from}..{}", seconds(to)),
            None => format!("%3E%3D{from}"),
        };
        let event = if created.dispatched {
            "&event=workflow_dispatch"
        } else {
            ""
        };
        let mut all: Vec<Run> = Vec::new();
        let began = Instant::now();
        for page in 1.. {
            let path = format!("{path}?created={range}{event}&per_page={PER_PAGE}&page={page}");
            let left = call.deadline.saturating_sub(Span::from(began.elapsed()));
            let call = call.clone().with_deadline(left);
            let answer = self.get(&path, None, &call, act).await?;
            let has_next = answer
                .header("link")
                .is_some_and(|link| link.contains("rel=\"next\""));
            let runs: Runs = answer.json(act)?;
            if runs.total_count > TOLD_MAX {
                let told = format!(
                    "{act}: there are {} runs, and GitHub tells of {TOLD_MAX}: ask about a shorter window",
                    runs.total_count
                );
                return Err(ProviderError::invalid(told));
            }
            let is_empty = runs.workflow_runs.is_empty();
            all.extend(runs.workflow_runs);
            if !has_next || is_empty || page * PER_PAGE >= TOLD_MAX {
                break;
            }
        }
        // Runs that begin while pages are read push others to the next page.
        let mut seen = BTreeSet::new();
        all.retain(|run| seen.insert(run.id));
        Ok(all)
    }
}
