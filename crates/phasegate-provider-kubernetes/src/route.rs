//! A route of the Gateway API as the server tells it: its weights, and its rules with others. All is pure.
//!
//! A route's rules are one list that has one owner, so they are applied whole: as they were read, with other weights.

use phasegate_core::Ratio;
use phasegate_provider::{ErrorKind, ProviderError, Sent};
use serde_json::{Value, json};

use crate::config::RouteConfig;

/// All of something, in parts per million. It is the most that a weight may be, too.
const WHOLE: u64 = 1_000_000;

/// How a rule is split.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Split {
    pub(crate) canary: u64,
    pub(crate) stable: u64,
}

impl Split {
    /// The smallest weights of 100, 1000, … that are this share exactly.
    pub(crate) fn of(canary: Ratio) -> Self {
        let ppm = u64::from(canary.ppm());
        let fits = |part: &u64| ppm.is_multiple_of(*part);
        let part = [10_000, 1000, 100, 10].into_iter().find(fits).unwrap_or(1);
        Self {
            canary: ppm / part,
            stable: (WHOLE - ppm) / part,
        }
    }

    /// The canary's share; `None` where nobody gets anything.
    pub(crate) fn share(self) -> Option<Ratio> {
        let (part, whole) = (self.canary, self.canary.checked_add(self.stable)?);
        let (part, whole) = (u128::from(part), u128::from(whole));
        let ppm = (part * u128::from(WHOLE) + whole / 2).checked_div(whole)?;
        Ratio::from_ppm(u32::try_from(ppm).ok()?).ok()
    }
}

/// How the route is split: all its rules with both versions must say the same.
pub(crate) fn split(route: &Value, of: &RouteConfig, act: &str) -> Result<Split, ProviderError> {
    let invalid = |why: &str| ProviderError::invalid(format!("{act}: {why}"));
    let mut found: Option<Split> = None;
    for rule in rules(route) {
        let Some(split) = split_of(rule, of, namespace(route), act)? else {
            continue;
        };
        match found {
            Some(before) if before.share() != split.share() => {
                return Err(invalid("its rules are split in different ways"));
            }
            Some(_) => {}
            None => found = Some(split),
        }
    }
    found.ok_or_else(|| invalid("no rule has both versions as its backends"))
}

/// Its rules with these weights.
pub(crate) fn with_weights(
    route: &Value,
    of: &RouteConfig,
    split: Split,
    act: &str,
) -> Result<Value, ProviderError> {
    let mut all = rules(route).to_vec();
    let (mut changed, namespace) = (0, namespace(route));
    for rule in &mut all {
        if split_of(rule, of, namespace, act)?.is_none() {
            continue;
        }
        for backend in backends_mut(rule) {
            let weight = match side(backend, of, namespace) {
                Some(Side::Canary) => split.canary,
                Some(Side::Stable) => split.stable,
                None => continue,
            };
            if let Some(members) = backend.as_object_mut() {
                members.insert("weight".to_owned(), json!(weight));
                changed += 1;
            }
        }
    }
    if changed == 0 {
        let told = format!("{act}: no rule has both versions as its backends");
        return Err(ProviderError::invalid(told));
    }
    Ok(Value::Array(all))
}

enum Side {
    Canary,
    Stable,
}

/// Which version a backend is; `None` of any other.
fn side(backend: &Value, of: &RouteConfig, namespace: &str) -> Option<Side> {
    let text = |name: &str| backend.get(name).and_then(Value::as_str);
    let is_service = text("group").is_none_or(str::is_empty)
        && text("kind").is_none_or(|kind| kind == "Service")
        && text("namespace").is_none_or(|found| found == namespace);
    let name = text("name").filter(|_| is_service)?;
    if name == of.canary {
        Some(Side::Canary)
    } else if name == of.stable {
        Some(Side::Stable)
    } else {
        None
    }
}

/// How a rule is split; `None` of a rule that has not both versions.
fn split_of(
    rule: &Value,
    of: &RouteConfig,
    namespace: &str,
    act: &str,
) -> Result<Option<Split>, ProviderError> {
    let none = Vec::new();
    let backends = rule.get("backendRefs").and_then(Value::as_array);
    let (mut canary, mut stable, mut others) = (None, None, 0);
    let invalid = |why: &str| ProviderError::invalid(format!("{act}: {why}"));
    for backend in backends.unwrap_or(&none) {
        let weight = match backend.get("weight") {
            // So says the Gateway API.
            None => 1,
            Some(weight) => match weight.as_u64().filter(|weight| *weight <= WHOLE) {
                Some(weight) => weight,
                None => return Err(invalid("a weight is no number up to 1000000")),
            },
        };
        let found = match side(backend, of, namespace) {
            Some(Side::Canary) => &mut canary,
            Some(Side::Stable) => &mut stable,
            None => {
                others += weight;
                continue;
            }
        };
        if found.replace(weight).is_some() {
            return Err(invalid("a rule has one version twice"));
        }
    }
    let (Some(canary), Some(stable)) = (canary, stable) else {
        return Ok(None);
    };
    if others > 0 {
        return Err(invalid("a third backend of a rule gets traffic, too"));
    }
    Ok(Some(Split { canary, stable }))
}

fn namespace(route: &Value) -> &str {
    let found = value(route, &["metadata", "namespace"]);
    found.as_str().unwrap_or_default()
}

fn rules(route: &Value) -> &[Value] {
    let found = value(route, &["spec", "rules"]).as_array();
    found.map_or(&[], Vec::as_slice)
}

fn backends_mut(rule: &mut Value) -> &mut [Value] {
    let found = rule.get_mut("backendRefs").and_then(Value::as_array_mut);
    found.map_or(&mut [], Vec::as_mut_slice)
}

/// What stands at a path; null where nothing does.
pub(crate) fn value<'a>(of: &'a Value, path: &[&str]) -> &'a Value {
    let mut found = of;
    for name in path {
        match found.get(name) {
            Some(next) => found = next,
            None => return &Value::Null,
        }
    }
    found
}

/// A text that each object has.
pub(crate) fn metadata<'a>(
    object: &'a Value,
    name: &str,
    act: &str,
) -> Result<&'a str, ProviderError> {
    let found = value(object, &["metadata", name]).as_str();
    found.ok_or_else(|| {
        let told = format!("{act}: the answer has no metadata.{name}");
        ProviderError::new(ErrorKind::Invalid, Sent::Answered, told)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(rules: &Value) -> Value {
        json!({"metadata": {"namespace": "shop", "name": "r"}, "spec": {"rules": rules}})
    }

    fn of() -> RouteConfig {
        RouteConfig::new("r", "v2", "v1")
    }

    #[test]
    fn weights_are_small_and_exact() {
        for (ppm, canary, stable) in [
            (0, 0, 100),
            (1_000_000, 100, 0),
            (50_000, 5, 95),
            (5000, 5, 995),
            (333_333, 333_333, 666_667),
            (1, 1, 999_999),
        ] {
            let share = Ratio::from_ppm(ppm).expect("a ratio");
            let split = Split::of(share);
            assert_eq!(split, Split { canary, stable }, "{ppm}");
            assert_eq!(split.share(), Some(share), "{ppm}");
        }
        let nothing = Split {
            canary: 0,
            stable: 0,
        };
        assert_eq!(nothing.share(), None);
    }

    #[test]
    fn a_rule_is_split_between_services_of_its_own_namespace() {
        let pair = |extra: Value| {
            let mut backends = vec![
                json!({"name": "v1", "port": 80, "weight": 3}),
                json!({"name": "v2", "port": 80}),
            ];
            backends.extend(extra.as_array().cloned().unwrap_or_default());
            json!({"backendRefs": backends})
        };
        for (rules, want) in [
            (json!([pair(json!([]))]), Some((1, 3))),
            (
                json!([{"backendRefs": [{"name": "docs"}]}, pair(json!([]))]),
                Some((1, 3)),
            ),
            (
                json!([pair(json!([{"name": "v0", "weight": 0}]))]),
                Some((1, 3)),
            ),
            (json!([pair(json!([{"name": "v0"}]))]), None),
            (json!([pair(json!([{"name": "v2", "weight": 0}]))]), None),
            // Another namespace's service of that name is another service.
            (
                json!([pair(
                    json!([{"name": "v2", "namespace": "beta", "weight": 0}])
                )]),
                Some((1, 3)),
            ),
            (
                json!([pair(json!([])), {"backendRefs": [{"name": "v1"}, {"name": "v2"}]}]),
                None,
            ),
            (
                json!([{"backendRefs": [{"name": "v1"}, {"name": "v2", "kind": "Import", "group": "x"}]}]),
                None,
            ),
            (
                json!([{"backendRefs": [{"name": "v1"}, {"name": "v2", "weight": -1}]}]),
                None,
            ),
            (
                json!([{"backendRefs": [{"name": "v1"}, {"name": "v2", "weight": "1"}]}]),
                None,
            ),
            (json!([{"backendRefs": 3}, 4, null]), None),
            (json!("rules"), None),
        ] {
            let found = split(&route(&rules), &of(), "read");
            let found = found.ok().map(|found| (found.canary, found.stable));
            assert_eq!(found, want, "{rules}");
        }
    }

    #[test]
    fn all_but_the_weights_stays_as_it_was() {
        let rules = |canary: u64, stable: u64| {
            json!([
                {"matches": [{"path": {"type": "PathPrefix", "value": "/docs"}}], "backendRefs": [{"name": "docs", "weight": 1}]},
                {"name": "main", "filters": [{"type": "RequestMirror"}], "timeouts": {"request": "5s"}, "backendRefs": [
                    {"name": "v1", "port": 80, "weight": stable, "filters": []},
                    {"name": "v0", "port": 80, "weight": 0},
                    {"name": "v2", "port": 81, "weight": canary},
                ]},
            ])
        };
        let share = Ratio::from_percent(25).expect("a ratio");
        let found = with_weights(&route(&rules(0, 1)), &of(), Split::of(share), "set");
        assert_eq!(found.expect("rules"), rules(25, 75));
        let none = route(&json!([{"backendRefs": [{"name": "v1"}]}]));
        assert!(with_weights(&none, &of(), Split::of(share), "set").is_err());
    }
}
