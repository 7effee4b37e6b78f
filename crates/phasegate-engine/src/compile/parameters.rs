//! Values that are given when a rollout starts, filled into what asks for them by name.

use std::collections::BTreeMap;

use phasegate_core::Timestamp;
use phasegate_plan::MESSAGE_VARIABLES;
use phasegate_plan::model::{Parameter, ParameterType};

use super::{CompileError, Compiler};

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
        let mut text = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            text.push_str(before);
            let Some((name, tail)) = after.split_once("}}") else {
                text.push_str("{{");
                rest = after;
                continue;
            };
            match values.get(name.trim()) {
                Some(value) => text.push_str(value),
                None if MESSAGE_VARIABLES.contains(&name.trim()) => {
                    text.push_str("{{");
                    text.push_str(name);
                    text.push_str("}}");
                }
                None => return Err(CompileError::missing("parameter", name.trim())),
            }
            rest = tail;
        }
        text.push_str(rest);
        Ok(text)
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
