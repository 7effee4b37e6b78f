//! Labels of issues and pull requests as switches: 100 % is there, 0 % is not.

use phasegate_core::{Ratio, TargetId};
use phasegate_provider::{
    Call, ErrorKind, Exposure, HttpResponse, Method, ProviderError, Receipt, Sent,
};
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use crate::api::{Api, segment};
use crate::config::LabelConfig;
use crate::issue::left;

/// How many labels a page holds at most. An issue has 100 at most.
const PER_PAGE: usize = 100;

#[derive(Deserialize)]
struct Label {
    name: String,
}

impl Api {
    /// The label that is switched by this name, if there is one.
    pub(crate) fn label(
        &self,
        flag: &TargetId,
        act: &str,
    ) -> Result<Option<&LabelConfig>, ProviderError> {
        let found = self.config.labels.get(flag);
        if found.is_some() && self.config.workflows.contains_key(flag.as_str()) {
            let told = format!("{act}: it is a label and a workflow: give one another name");
            return Err(ProviderError::misuse(told));
        }
        Ok(found)
    }

    /// Whether an issue has its label.
    pub(crate) async fn has_label(
        &self,
        label: &LabelConfig,
        call: &Call,
        act: &str,
    ) -> Result<Exposure, ProviderError> {
        let path = format!("{}?per_page={PER_PAGE}", self.labels(label, act)?);
        let is_there = has(label, &self.get(&path, None, call, act).await?, act)?;
        let LabelConfig { issue, label } = label;
        let (share, is) = if is_there {
            (Ratio::ONE, "has")
        } else {
            (Ratio::ZERO, "lacks")
        };
        let native = format!("issue {issue} {is} '{label}'");
        Ok(Exposure { share, native })
    }

    /// Adds a label to its issue, or takes it off.
    pub(crate) async fn switch_label(
        &self,
        label: &LabelConfig,
        on: bool,
        call: &Call,
        act: &str,
    ) -> Result<Receipt, ProviderError> {
        let path = self.labels(label, act)?;
        if on {
            let added = json!({ "labels": [&label.label] });
            let request = self
                .request(Method::Post, &path, act)?
                .with_body("application/json", added.to_string());
            let answer = self.change(request, call, act).await?;
            let is_there = has(label, &answer, act).map_err(|e| e.with_sent(Sent::Maybe))?;
            if !is_there {
                let told = format!("{act}: GitHub took it and left the label off");
                return Err(ProviderError::new(
                    ErrorKind::Conflict,
                    Sent::Answered,
                    told,
                ));
            }
        } else {
            let began = Instant::now();
            let path = format!("{path}/{}", label.label);
            let request = self.request(Method::Delete, &path, act)?;
            match self.change(request, call, act).await {
                Ok(_) => {}
                // So says GitHub of a label that is not on the issue, and of an issue that is not there.
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    self.has_label(label, &left(call, began), act).await?;
                }
                Err(error) => return Err(error),
            }
        }
        let LabelConfig { issue, label } = label;
        let is = if on { "has" } else { "lacks" };
        Ok(Receipt::new(format!("issue {issue} {is} '{label}'")))
    }

    fn labels(&self, label: &LabelConfig, act: &str) -> Result<String, ProviderError> {
        segment(&label.label.replace(':', "-"), act)?;
        let repository = self.repository(act)?;
        Ok(format!("{repository}/issues/{}/labels", label.issue))
    }
}

/// Is it among those that GitHub tells? It does not tell letters apart by their case.
fn has(label: &LabelConfig, answer: &HttpResponse, act: &str) -> Result<bool, ProviderError> {
    let found: Vec<Label> = answer.json(act)?;
    let same = |one: &Label| one.name.eq_ignore_ascii_case(&label.label);
    Ok(found.iter().any(same))
}
