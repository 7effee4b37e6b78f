//! Texts with names in double braces: messages and the inputs of workflows. Is there something for each name?

use std::collections::BTreeSet;

use super::walk::{Met, walk};
use super::{At, Scope};
use crate::fault::Code;
use crate::form::closest;
use crate::model::Action;

/// What the engine fills into the subjects and bodies of messages, besides the plan's parameters: the gate that is
/// open, the moment, the titles of phase and plan, why it goes back or is held, the id of the rollout, the step, the
/// trigger that fired, the largest share that sees what is new. What there is none of is filled with nothing.
///
/// ```
/// assert!(phasegate_plan::MESSAGE_VARIABLES.contains(&"phase"));
/// ```
pub const MESSAGE_VARIABLES: [&str; 9] = [
    "gate", "moment", "phase", "plan", "reason", "rollout", "step", "trigger", "weight",
];

pub(super) fn check(scope: &mut Scope<'_>) {
    messages(scope);
    inputs(scope);
}

fn messages(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let parameters: BTreeSet<&str> = draft.parameters.iter().map(|one| one.id.as_str()).collect();
    let list = At::ROOT.key("parameters");
    for (index, parameter) in draft.parameters.iter().enumerate() {
        let name = parameter.id.as_str();
        if MESSAGE_VARIABLES.contains(&name) {
            let text = format!("'{name}' in a message is what the engine fills in, not this");
            let help = "call the parameter differently";
            scope.report(Code::DuplicateId, list.index(index).key("id"), text, help);
        }
    }
    let mut sent = BTreeSet::new();
    walk(draft, &mut |_, met| {
        if let Met::Message(id) = met {
            sent.insert(id.as_str());
        }
    });
    let list = At::ROOT.key("messages");
    let known: BTreeSet<&str> = draft.messages.iter().map(|one| one.id.as_str()).collect();
    let unknown: Vec<&str> = sent.difference(&known).copied().collect();
    for (index, message) in draft.messages.iter().enumerate() {
        let here = list.index(index);
        for (key, text) in [("subject", &message.subject), ("body", &message.body)] {
            closed(scope, text, here.key(key));
            for name in variables(text) {
                if scope.is_full() {
                    return;
                }
                if MESSAGE_VARIABLES.contains(&name)
                    || parameters.contains(name)
                    || scope.may_name("parameters", name)
                {
                    continue;
                }
                let near = closest(name, MESSAGE_VARIABLES);
                let help = near.map_or_else(
                    || {
                        format!(
                            "there are {}, and the plan's parameters",
                            MESSAGE_VARIABLES.join(", ")
                        )
                    },
                    |near| format!("did you mean '{near}'?"),
                );
                let shown: String = name.chars().take(40).collect();
                let text = format!("nothing fills in '{shown}'");
                scope.report(Code::UnknownVariable, here.key(key), text, &help);
            }
        }
        // What could not be read may send it, and a name that is mistyped may mean it.
        let id = message.id.as_str();
        let is_meant = || unknown.iter().any(|name| closest(name, [id]).is_some());
        if !sent.contains(id) && scope.is_whole() && !is_meant() {
            let text = format!("nothing sends the message '{}'", message.id);
            scope.report(
                Code::UnusedMessage,
                here.key("id"),
                text,
                "name it in a 'notify' or a communication, or remove it",
            );
        }
    }
}

/// The names in double braces.
fn variables(text: &str) -> BTreeSet<&str> {
    text.split("{{")
        .skip(1)
        .filter_map(|part| part.split_once("}}").map(|(name, _)| name.trim()))
        .collect()
}

/// What is not closed is no variable: it would be sent as it stands.
fn closed(scope: &mut Scope<'_>, text: &str, at: At<'_>) {
    let open = text.split("{{").skip(1).find(|part| !part.contains("}}"));
    if let Some(part) = open {
        let shown: String = part.chars().take(40).collect();
        let message = format!("'{{{{{shown}' is not closed");
        let help = "write '}}' behind the name, as in '{{phase}}'";
        scope.report(Code::UnknownVariable, at, message, help);
    }
}

/// Inputs of workflows may be parameters of the plan: `{{name}}`.
fn inputs(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let parameters: BTreeSet<&str> = draft.parameters.iter().map(|one| one.id.as_str()).collect();
    let phases = At::ROOT.key("phases");
    for (index, phase) in draft.phases.iter().enumerate() {
        let here = phases.index(index);
        let steps = here.key("steps");
        for (number, step) in phase.steps.iter().enumerate() {
            let Action::Workflow(run) = &step.action else {
                continue;
            };
            let here = steps.index(number);
            let here = here.key("workflow");
            let here = here.key("inputs");
            for (key, value) in &run.inputs {
                closed(scope, value, here.key(key));
                for name in variables(value) {
                    if scope.is_full() {
                        return;
                    }
                    if parameters.contains(name) || scope.may_name("parameters", name) {
                        continue;
                    }
                    let shown: String = name.chars().take(40).collect();
                    let near = closest(name, parameters.iter().copied());
                    let help = near.map_or_else(
                        || format!("declare '{shown}' under 'parameters'"),
                        |near| format!("did you mean '{near}'?"),
                    );
                    let message = format!("there is no parameter '{shown}' in this plan");
                    scope.report(Code::UnknownVariable, here.key(key), message, &help);
                }
            }
        }
    }
}
