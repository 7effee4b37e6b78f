//! The role of a flag store: a workflow is on or off, a label is there or not, nothing between.

use async_trait::async_trait;
use phasegate_core::{Ratio, TargetId};
use phasegate_provider::{Call, ErrorKind, Exposure, FlagStore, ProviderError, Receipt, Sent};

use crate::host::Github;

#[async_trait]
impl FlagStore for Github {
    async fn read(&self, flag: &TargetId, call: &Call) -> Result<Exposure, ProviderError> {
        let act = &format!("read whether {flag} is on");
        if let Some(label) = self.api.label(flag, act)? {
            return self.api.has_label(label, call, act).await;
        }
        let workflow = self.api.workflow(flag.as_str(), act)?;
        let state = self.api.state(workflow, call, act).await?;
        let share = match state.as_str() {
            "active" => Ratio::ONE,
            "disabled_fork" | "disabled_inactivity" | "disabled_manually" => Ratio::ZERO,
            "deleted" => {
                let told = format!("{act}: it is deleted");
                return Err(ProviderError::new(
                    ErrorKind::NotFound,
                    Sent::Answered,
                    told,
                ));
            }
            _ => {
                return Err(ProviderError::invalid(format!(
                    "{act}: its state is none that is known"
                )));
            }
        };
        Ok(Exposure {
            share,
            native: state,
        })
    }

    async fn set(
        &self,
        flag: &TargetId,
        share: Ratio,
        call: &Call,
    ) -> Result<Receipt, ProviderError> {
        let act = &format!("switch {flag}");
        if share != Ratio::ZERO && share != Ratio::ONE {
            let told = format!("{act}: it is on or off, never {share}");
            return Err(ProviderError::misuse(told));
        }
        let on = share == Ratio::ONE;
        if let Some(label) = self.api.label(flag, act)? {
            return self.api.switch_label(label, on, call, act).await;
        }
        let workflow = self.api.workflow(flag.as_str(), act)?;
        self.api.switch(workflow, on, call, act).await?;
        let state = if on { "on" } else { "off" };
        Ok(Receipt::new(format!(
            "workflow {flag} ({}) is {state}",
            workflow.file
        )))
    }
}
