//! Who signs what.

use phasegate_plan::{Plan, model};

use crate::program::{PlanKeys, Signatures, SignedActs};

pub(super) fn signatures(plan: &Plan) -> Option<Signatures> {
    plan.signatures.as_ref().map(|asked| Signatures {
        acts: match asked.acts {
            // What this version does not know is as strict as can be.
            model::SignedActs::Forward => SignedActs::Forward,
            model::SignedActs::All | _ => SignedActs::All,
        },
        keys: asked.keys.clone(),
    })
}

impl From<&Plan> for PlanKeys {
    fn from(plan: &Plan) -> Self {
        Self {
            plan_digest: plan.digest().to_string(),
            signatures: signatures(plan),
        }
    }
}
