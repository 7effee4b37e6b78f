//! What a criterion can ask of a comparison: how often both sides agreed.

use async_trait::async_trait;
use phasegate_core::{Measurement, Observed, Query, TargetId, Wants};
use phasegate_provider::text::one_line;
use phasegate_provider::{Call, MetricSource, ProviderError, Sent};

use crate::comparer::Comparer;

impl Comparer {
    /// The target of `agreement TARGET`.
    fn asked(&self, text: &str) -> Option<TargetId> {
        let id = text.strip_prefix("agreement ")?.trim().parse().ok()?;
        self.target(&id).is_some().then_some(id)
    }
}

#[async_trait]
impl MetricSource for Comparer {
    async fn measure(&self, query: &Query, call: &Call) -> Result<Measurement, ProviderError> {
        let act = format!("count comparisons for {}", query.kpi);
        let target = self.asked(&query.text);
        let Some(target) = target.and_then(|id| self.target(&id)) else {
            let text = one_line(&query.text, 80);
            let told = format!("{act}: '{text}' is not 'agreement' and a target's name");
            return Err(ProviderError::misuse(told));
        };
        if query.wants != Wants::Share {
            let told = format!("{act}: agreement is a share of the comparisons");
            return Err(ProviderError::misuse(told));
        }
        let no_data = |why: &str| {
            let told = format!("{act}: {why}");
            Err(ProviderError::no_data(told).with_sent(Sent::Nothing))
        };
        if query.window.end > call.at {
            return no_data("the window ends in the future");
        }
        let Some((window, matching, total)) = target.tally().within(query.window) else {
            return no_data("nothing was compared in the window");
        };
        Ok(Measurement {
            window,
            samples: total,
            observed: Observed::Share { matching, total },
        })
    }
}
