//! Whether a route's gateways follow what it says: a route that none has taken up moves no traffic. All is pure.

use phasegate_provider::text::one_line;
use serde_json::Value;

use crate::route::value;

/// Whether the gateways follow what the route says now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Following {
    /// One refuses it, for this reason.
    No(String),
    /// One has not looked yet.
    NotYet,
    /// All do.
    Yes,
}

/// What must be so of each gateway's word, and what must not, where it is told.
const TRUE: [&str; 2] = ["Accepted", "ResolvedRefs"];
const NOT_TRUE: &str = "PartiallyInvalid";

/// Whether the gateways have taken up what the route says now.
pub(crate) fn following(route: &Value) -> Following {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let wanted = list(value(route, &["spec", "parentRefs"]));
    let told = list(value(route, &["status", "parents"]));
    let generation = value(route, &["metadata", "generation"]).as_u64();
    if told.is_empty() || told.len() < wanted.len() {
        return Following::NotYet;
    }
    let words = told.iter().map(|parent| one(parent, generation));
    let mut all = Following::Yes;
    for word in words {
        match word {
            Following::No(why) => return Following::No(why),
            Following::NotYet => all = Following::NotYet,
            Following::Yes => {}
        }
    }
    all
}

/// What one gateway says of this generation of the route.
fn one(parent: &Value, generation: Option<u64>) -> Following {
    let none = Vec::new();
    let conditions = value(parent, &["conditions"]);
    let conditions = conditions.as_array().unwrap_or(&none);
    let text = |of: &Value, name: &str| value(of, &[name]).as_str().unwrap_or_default().to_owned();
    let find = |kind: &str| {
        let found = conditions.iter().find(|one| text(one, "type") == kind)?;
        let seen = value(found, &["observedGeneration"]).as_u64();
        (seen >= generation).then_some(found)
    };
    let refused = |kind: &str, condition: &Value| {
        let name = text(value(parent, &["parentRef"]), "name");
        let (is, reason) = (text(condition, "status"), text(condition, "reason"));
        let message = text(condition, "message");
        let why = format!("gateway {name}: {kind} is {is}: {reason}: {message}");
        Following::No(one_line(&why, 300))
    };
    if let Some(condition) = find(NOT_TRUE)
        && text(condition, "status") == "True"
    {
        return refused(NOT_TRUE, condition);
    }
    let mut word = Following::Yes;
    for kind in TRUE {
        match find(kind).map(|condition| (condition, text(condition, "status"))) {
            Some((_, status)) if status == "True" => {}
            Some((condition, status)) if status == "False" => return refused(kind, condition),
            Some(_) | None => word = Following::NotYet,
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parent(accepted: &str, resolved: &str, observed: u64) -> Value {
        let condition = |kind: &str, status: &str| {
            json!({"type": kind, "status": status, "observedGeneration": observed,
                "reason": "BackendNotFound", "message": "service v9 is not there"})
        };
        json!({"parentRef": {"name": "edge"},
            "conditions": [condition("Accepted", accepted), condition("ResolvedRefs", resolved)]})
    }

    fn route(refs: usize, parents: &[Value]) -> Value {
        let refs: Vec<Value> = (0..refs).map(|_| json!({"name": "edge"})).collect();
        json!({"metadata": {"generation": 3}, "spec": {"parentRefs": refs}, "status": {"parents": parents}})
    }

    #[test]
    fn all_gateways_must_have_accepted_what_it_says_now() {
        use Following::{NotYet, Yes};
        let good = || parent("True", "True", 3);
        for (refs, parents, want) in [
            (1, vec![good()], Yes),
            (2, vec![good(), good()], Yes),
            (1, vec![], NotYet),
            (2, vec![good()], NotYet),
            (1, vec![parent("True", "True", 2)], NotYet),
            (1, vec![parent("Unknown", "True", 3)], NotYet),
            (1, vec![json!({"conditions": []})], NotYet),
            (1, vec![json!({})], NotYet),
            // What it said before was refused, which says nothing of what it says now.
            (1, vec![parent("False", "True", 2)], NotYet),
        ] {
            assert_eq!(
                following(&route(refs, &parents)),
                want,
                "{refs} {parents:?}"
            );
        }
        assert_eq!(following(&json!({})), NotYet);
        let mut partly = good();
        let condition = json!({"type": "PartiallyInvalid", "status": "True", "observedGeneration": 3,
            "reason": "UnsupportedValue", "message": "rule 2 of v9 is dropped"});
        partly["conditions"]
            .as_array_mut()
            .expect("a list")
            .push(condition);
        for parents in [
            vec![partly],
            vec![parent("False", "True", 3)],
            vec![good(), parent("True", "False", 3)],
        ] {
            let found = following(&route(1, &parents));
            let Following::No(why) = found else {
                panic!("{found:?}");
            };
            assert!(why.contains("edge") && why.contains("v9"), "{why}");
        }
    }
}
