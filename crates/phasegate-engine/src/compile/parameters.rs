//! Values that are given when a rollout starts, filled into what asks for them by name.

use std::collections::BTreeMap;

use phasegate_core::Timestamp;
use phasegate_plan::MESSAGE_VARIABLES;
use phasegate_plan::model::{Parameter, ParameterType};

use super::{CompileError, Compiler};
use crate::template::fill;

impl Compiler<'_> {
    /// All parameters of the plan with their values. Every fault at once would be better; the first one
    /// says what to mend.
    pub(super) fn parameters(&self) -> Result<BTreeMap<&str, &str>, CompileError> {
        let given = &self.start.parameters;
        let declared = &self.plan.parameters;
        let unknown = given
            .keys()
            .find(|id| !declared.iter().any(|one| one.id == **id));
        if let Some(id) = unknown {
            return Err(CompileError::Parameter {
                id: id.to_string(),
                what: "is not declared under 'parameters'".to_owned(),
            });
        }
        let mut values = BTreeMap::new();
        for parameter in declared {
            let value = given.get(&parameter.id).or(parameter.default.as_ref());
            let value = value.ok_or_else(|| CompileError::Parameter {
                id: parameter.id.to_string(),
                what: "has no value and no default: give it when the rollout starts".to_owned(),
            })?;
            if !fits(parameter, value) {
                return Err(CompileError::Parameter {
                    id: parameter.id.to_string(),
                    what: format!("is a {}, and '{value}' is none", parameter.kind),
                });
            }
            values.insert(parameter.id.as_str(), value.as_str());
        }
        Ok(values)
    }

    /// A text with every `{{parameter}}` replaced by its value; what the engine fills in later is left. What is
    /// filled in is never looked through again.
    pub(super) fn filled(&self, template: &str) -> Result<String, CompileError> {
        let values = self.parameters()?;
        let mut missing = None;
        let text = fill(template, |name| {
            let value = values.get(name).map(|value| (*value).to_owned());
            if value.is_none() && missing.is_none() && !MESSAGE_VARIABLES.contains(&name) {
                missing = Some(name.to_owned());
            }
            value
        });
        match missing {
            Some(name) => Err(CompileError::missing("parameter", name)),
            None => Ok(text),
        }
    }
}

fn fits(parameter: &Parameter, value: &str) -> bool {
    match parameter.kind {
        ParameterType::Count => value.parse::<u64>().is_ok(),
        ParameterType::Flag => matches!(value, "true" | "false"),
        ParameterType::Moment => value.parse::<Timestamp>().is_ok(),
        ParameterType::Text | _ => true,
    }
}
