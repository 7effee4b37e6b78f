//! The role of a metric source: runs of a workflow in a window.

use async_trait::async_trait;
use phasegate_core::{Measurement, Query, Wants, Window};
use phasegate_provider::{Call, MetricSource, ProviderError, Sent};

use crate::count::Counted;
use crate::host::Github;
use crate::list::Created;
use crate::text::Of;

#[async_trait]
impl MetricSource for Github {
    async fn measure(&self, query: &Query, call: &Call) -> Result<Measurement, ProviderError> {
        let act = &format!("count runs for {}", query.kpi);
        let (of, name) = Of::parse(&query.text);
        let workflow = self.api.workflow(name, act)?;
        let why = match (query.wants, of) {
            (Wants::Below { .. }, Of::Runs)
            | (Wants::Scalar, _)
            | (Wants::Share, Of::Failed | Of::Succeeded) => None,
            (Wants::Below { .. }, _) => {
                Some("how many took less is asked by the workflow's name alone")
            }
            (Wants::Share, _) => Some("a share is of those that failed or that succeeded"),
            _ => Some("runs are counted below a threshold, not told as a distribution"),
        };
        if let Some(why) = why {
            return Err(ProviderError::misuse(format!("{act}: {why}")));
        }
        if query.window.end > call.at {
            let told = format!("{act}: the window ends in the future");
            return Err(ProviderError::no_data(told).with_sent(Sent::Nothing));
        }
        let created = Created {
            from: query.window.start,
            to: Some(query.window.end),
            dispatched: false,
        };
        let runs = self.api.runs(workflow, created, call, act).await?;
        let counted = Counted::new(&runs, query.window);
        let samples = counted.total();
        if samples == 0 {
            return Err(ProviderError::no_data(format!("{act}: no run has ended")));
        }
        Ok(Measurement {
            window: Window {
                end: counted.end,
                ..query.window
            },
            samples,
            observed: counted.observed(of, query.wants, &query.unit, act)?,
        })
    }
}
