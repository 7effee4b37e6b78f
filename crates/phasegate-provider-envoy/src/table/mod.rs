//! Weights and copies in a `RouteConfiguration`, as it stands in a file and as Envoy tells it. Pure.
//!
//! Envoy reads field names in both forms of protobuf's JSON and writes the first.

mod fields;

use phasegate_core::Ratio;
use phasegate_provider::{ErrorKind, ProviderError, Sent};
use serde_json::{Value, json};

use self::fields::{field, list, put};
use crate::config::Route;

/// Weights are written as parts of this, so that every share is met exactly.
const WHOLE: u64 = 1_000_000;
/// What Envoy calls the kind of resource.
const TYPE: &str = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";

/// What is to stand in the file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wish {
    /// The share of requests that the shadow gets copies of.
    Copies(Ratio),
    /// The canary's share.
    Weights(Ratio),
}

/// How a route's requests are split, and copied.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Split {
    pub(crate) canary: u64,
    pub(crate) stable: u64,
    /// The share of requests that the shadow gets copies of.
    pub(crate) copies: Ratio,
}

impl Split {
    /// The canary's share, rounded to parts per million.
    pub(crate) fn share(&self) -> Option<Ratio> {
        rounded(self.canary, self.canary.checked_add(self.stable)?)
    }

    pub(crate) fn is(&self, wish: Wish) -> bool {
        match wish {
            Wish::Copies(share) => self.copies == share,
            Wish::Weights(share) => self.share() == Some(share),
        }
    }
}

/// A part of a whole; `None` where nothing is a whole, or the part is more.
fn rounded(part: u64, whole: u64) -> Option<Ratio> {
    let (part, whole) = (u128::from(part), u128::from(whole));
    let ppm = (part * u128::from(WHOLE) + whole / 2).checked_div(whole)?;
    Ratio::from_ppm(u32::try_from(ppm).ok()?).ok()
}

/// The file's text with the wish in it; the same text where it stands there already.
pub(crate) fn edited(
    text: &str,
    route: &Route,
    wish: Wish,
    act: &str,
) -> Result<String, ProviderError> {
    let named = |error: ProviderError| error.with_sent(Sent::Nothing);
    let mut file: Value = serde_json::from_str(text).map_err(|error| {
        let told = format!("{act}: {}: {error}", route.file.display());
        named(ProviderError::invalid(told).with_source(error))
    })?;
    let table = list(&mut file, "resources").iter_mut().find(|resource| {
        let is = |field: &str, text: &str| resource.get(field).is_some_and(|found| found == text);
        is("@type", TYPE) && is("name", &route.table)
    });
    let Some(table) = table else {
        let (table, file) = (&route.table, route.file.display());
        let told = format!("{act}: {file} has no RouteConfiguration '{table}' among its resources");
        return Err(ProviderError::new(ErrorKind::NotFound, Sent::Nothing, told));
    };
    let before = split(table, route, act).map_err(named)?;
    if before.is_some_and(|before| before.is(wish)) {
        return Ok(text.to_owned());
    }
    for action in actions(table) {
        let Some((canary, stable)) = clusters(action, route, act).map_err(named)? else {
            continue;
        };
        match wish {
            Wish::Weights(share) => {
                put(canary, "weight", json!(share.ppm()));
                put(stable, "weight", json!(WHOLE - u64::from(share.ppm())));
            }
            Wish::Copies(share) => copy(action, route, share),
        }
    }
    Ok(format!("{file:#}\n"))
}

/// How a table splits a route's requests; `None` if parts of it differ.
///
/// # Errors
/// `NotFound` where nothing in it has the route's clusters, `Invalid` where what it has depends on more than weights.
pub(crate) fn split(
    table: &mut Value,
    route: &Route,
    act: &str,
) -> Result<Option<Split>, ProviderError> {
    let mut found: Option<Split> = None;
    for action in actions(table) {
        let copies = copies(action, route, act)?;
        let Some((canary, stable)) = clusters(action, route, act)? else {
            continue;
        };
        let weight = |cluster: &Value| match cluster.get("weight") {
            None => Some(0),
            Some(weight) => weight
                .as_u64()
                .filter(|weight| *weight <= u64::from(u32::MAX)),
        };
        let (Some(canary), Some(stable)) = (weight(canary), weight(stable)) else {
            return Err(invalid(route, "a weight is no whole number", act));
        };
        let split = Split {
            canary,
            stable,
            copies,
        };
        if found.is_some_and(|found| found != split) {
            return Ok(None);
        }
        found = Some(split);
    }
    found.map(Some).ok_or_else(|| {
        let Route {
            table,
            canary,
            stable,
            ..
        } = route;
        let told =
            format!("{act}: nothing in table '{table}' splits between {canary} and {stable}");
        ProviderError::new(ErrorKind::NotFound, Sent::Answered, told)
    })
}

/// What is done with requests, of each route in each virtual host.
fn actions(table: &mut Value) -> impl Iterator<Item = &mut Value> {
    let hosts = list(table, "virtual_hosts").iter_mut();
    let routes = hosts.flat_map(|host| list(host, "routes"));
    routes.filter_map(|route| field(route, "route"))
}

/// The two clusters, if this action splits between them.
fn clusters<'a>(
    action: &'a mut Value,
    route: &Route,
    act: &str,
) -> Result<Option<(&'a mut Value, &'a mut Value)>, ProviderError> {
    let Some(weighted) = field(action, "weighted_clusters") else {
        return Ok(None);
    };
    let by_runtime = field(weighted, "runtime_key_prefix").is_some();
    let (mut canary, mut stable, mut others) = (None, None, 0);
    for cluster in list(weighted, "clusters") {
        let is = |name: &str| cluster.get("name").is_some_and(|found| found == name);
        if canary.is_none() && is(&route.canary) {
            canary = Some(cluster);
        } else if stable.is_none() && is(&route.stable) {
            stable = Some(cluster);
        } else {
            others += 1;
        }
    }
    match (canary, stable) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) if by_runtime => {
            let why = "its weights may come from the runtime (runtime_key_prefix)";
            Err(invalid(route, why, act))
        }
        (Some(canary), Some(stable)) if others == 0 => Ok(Some((canary, stable))),
        (Some(_), _) | (_, Some(_)) => {
            let why = "its weighted clusters are not just canary and stable, each once";
            Err(invalid(route, why, act))
        }
    }
}

/// The share of requests of which the shadow gets copies.
fn copies(action: &mut Value, route: &Route, act: &str) -> Result<Ratio, ProviderError> {
    let Some(policy) = policy(action, route) else {
        return Ok(Ratio::ZERO);
    };
    let Some(fraction) = field(policy, "runtime_fraction") else {
        return Ok(Ratio::ONE);
    };
    if field(fraction, "runtime_key").is_some() {
        let why = "its copies may depend on the runtime (runtime_key)";
        return Err(invalid(route, why, act));
    }
    let Some(value) = field(fraction, "default_value") else {
        return Ok(Ratio::ZERO);
    };
    // What is 0, and what is the first of its kind, is left out.
    let part = value.get("numerator").map_or(Some(0), Value::as_u64);
    let whole = match value.get("denominator").map(Value::as_str) {
        None | Some(Some("HUNDRED")) => Some(100),
        Some(Some("TEN_THOUSAND")) => Some(10_000),
        Some(Some("MILLION")) => Some(WHOLE),
        Some(_) => None,
    };
    let share = part
        .zip(whole)
        .and_then(|(part, whole)| rounded(part, whole));
    share.ok_or_else(|| invalid(route, "the share of its copies is none", act))
}

/// The policy by which the shadow gets copies.
fn policy<'a>(action: &'a mut Value, route: &Route) -> Option<&'a mut Value> {
    let shadow = route.shadow.as_ref()?;
    let mut policies = list(action, "request_mirror_policies").iter_mut();
    policies.find(|policy| {
        policy
            .get("cluster")
            .is_some_and(|found| found == shadow.as_str())
    })
}

/// Lets the shadow get copies of this share; what else a policy says of them stays.
fn copy(action: &mut Value, route: &Route, share: Ratio) {
    let value = json!({"numerator": share.ppm(), "denominator": "MILLION"});
    let fraction = json!({ "default_value": value });
    if let Some(policy) = policy(action, route) {
        put(policy, "runtime_fraction", fraction);
        return;
    }
    let new = json!({"cluster": route.shadow, "runtime_fraction": fraction});
    match field(action, "request_mirror_policies").and_then(Value::as_array_mut) {
        Some(policies) => policies.push(new),
        None => put(action, "request_mirror_policies", json!([new])),
    }
}

fn invalid(route: &Route, why: &str, act: &str) -> ProviderError {
    ProviderError::invalid(format!("{act}: table '{}': {why}", route.table))
}

#[cfg(test)]
mod tests;
