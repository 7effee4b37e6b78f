//! Scaling through a binding: of what, between which counts and when is said, and of each thing once.

use std::collections::BTreeMap;

use phasegate_criterion::Policy;

use super::{At, Scope};
use crate::fault::Code;
use crate::model::Scaling;

/// What stands with the binding and counts for nothing without it.
const WITH_BINDING: [&str; 3] = ["target", "min", "max"];

pub(super) fn check(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let list = At::ROOT.key("scaling");
    let mut scaled = BTreeMap::new();
    for (index, one) in draft.scaling.iter().enumerate() {
        let here = list.index(index);
        whole(scope, one, here);
        if let (Some(min), Some(max)) = (one.min, one.max)
            && (min > max || max == 0)
        {
            let message = match max {
                0 => "there is to be none of it at most".to_owned(),
                _ => format!("there are to be {min} of it at least and {max} at most"),
            };
            let help = "let 'min' be at most 'max', and 'max' 1 at least";
            scope.report(Code::ScalingBounds, here.key("max"), message, help);
        }
        let (Some(binding), Some(target)) = (&one.binding, &one.target) else {
            continue;
        };
        let first = *scaled.entry((binding, target)).or_insert(index);
        if first != index {
            let message = format!("'{target}' of '{binding}' is scaled here a second time");
            let first = scope.written(&list.index(first).to_string());
            let help = format!("the first is at {first}; put all policies for it there");
            scope.report(Code::ScaledTwice, here.key("target"), message, &help);
        }
    }
}

/// Is all there that a binding needs, and nothing without one?
fn whole(scope: &mut Scope<'_>, one: &Scaling, here: At<'_>) {
    let given = [one.target.is_some(), one.min.is_some(), one.max.is_some()];
    let keys = || WITH_BINDING.into_iter().zip(given);
    if one.binding.is_none() {
        let given = keys().find(|(_, given)| *given);
        if let Some((key, _)) = given.filter(|_| !scope.is_unread(here, &["binding"])) {
            let message = format!("'{key}' counts for nothing: no scaler is named");
            let help = "name its 'binding'; without one people are told what would be changed";
            scope.report(Code::ScalingIncomplete, here.key(key), message, help);
        }
        return;
    }
    let lacking = keys().find(|(key, given)| !given && !scope.is_unread(here, &[*key]));
    if let Some((key, _)) = lacking {
        let message = format!("it is scaled through a binding, and '{key}' is not said");
        let help = "say of what ('target') and between which counts ('min', 'max')";
        scope.report(Code::ScalingIncomplete, here.key("binding"), message, help);
        return;
    }
    let steps = |policy: &Policy| matches!(policy, Policy::Scaling { up, down, .. } if up.is_some() || down.is_some());
    if !one.policies.iter().any(steps) && !scope.is_unread(here, &["policies"]) {
        let message = "it is scaled through a binding, and no policy says when";
        let help = "add one such as 'usage(cpu) target 70% up > 80% by 2 down < 50% by 1'";
        scope.report(Code::ScalingIncomplete, here.key("binding"), message, help);
    }
}
