//! Documents of component health, in the forms that frameworks write. Pure.
//!
//! Read are `{"status": …, "components": {name: {"status": …}}}` (Spring Boot's health endpoint), the same
//! with `checks`, `details` or `dependencies`, values that are words, and lists under a name (the health+json
//! draft of the IETF). The worst part decides; a server that says it is up while a part is down is lying.

use std::collections::BTreeSet;

use phasegate_provider::HealthState;
use serde_json::{Map, Value};

/// The names under which components stand.
const PARTS: [&str; 4] = ["checks", "components", "dependencies", "details"];
/// How deep components lie in components.
const DEPTH_MAX: usize = 8;
/// The most that is told of the components that are not up.
const TOLD_CHARS_MAX: usize = 200;

/// Each part with its state; none where it has a status that is no word for health.
type Parts = Vec<(String, Option<HealthState>)>;

/// The state of the whole, and which parts are not up.
pub(crate) fn read(
    body: &[u8],
    critical: &BTreeSet<String>,
) -> Result<(HealthState, String), String> {
    let document: Value =
        serde_json::from_slice(body).map_err(|error| format!("no JSON: {error}"))?;
    let Value::Object(document) = document else {
        return Err("not an object".to_owned());
    };
    let own = document.get("status").ok_or("no status in it")?;
    let own = own.as_str().and_then(word).ok_or_else(|| {
        let told: String = own.to_string().chars().take(40).collect();
        format!("the status {told} is no word for health")
    })?;
    let mut parts = Vec::new();
    components(&document, DEPTH_MAX, &mut parts)?;
    if let Some(missing) = critical
        .iter()
        .find(|name| !parts.iter().any(|(of, _)| of == *name))
    {
        return Err(format!("the critical component '{missing}' is not in it"));
    }
    let mut worst = own;
    let mut told = Vec::new();
    for (name, state) in parts {
        let (counts, word) = match state {
            Some(HealthState::Up) => continue,
            Some(HealthState::Down) if critical.contains(&name) => (HealthState::Down, "down"),
            Some(HealthState::Down) => (HealthState::Degraded, "down"),
            Some(HealthState::Degraded) => (HealthState::Degraded, "degraded"),
            // Nobody knows whether it works.
            None if critical.contains(&name) => (HealthState::Down, "of unknown health"),
            None => (HealthState::Degraded, "of unknown health"),
        };
        worst = worst.max(counts);
        told.push(format!("{name} is {word}"));
    }
    let told: String = told.join(", ").chars().take(TOLD_CHARS_MAX).collect();
    Ok((worst, told.replace(['\n', '\r'], " ")))
}

/// The words of frameworks, whatever their case.
fn word(text: &str) -> Option<HealthState> {
    Some(match text.to_ascii_lowercase().as_str() {
        "healthy" | "ok" | "pass" | "passing" | "ready" | "up" => HealthState::Up,
        "degraded" | "warn" | "warning" => HealthState::Degraded,
        "critical" | "down" | "error" | "fail" | "failed" | "failing" | "out_of_service"
        | "unhealthy" => HealthState::Down,
        _ => return None,
    })
}

fn components(document: &Map<String, Value>, depth: usize, into: &mut Parts) -> Result<(), String> {
    for part in PARTS {
        let Some(Value::Object(parts)) = document.get(part) else {
            continue;
        };
        if depth == 0 {
            return Err("components lie too deep".to_owned());
        }
        for (name, value) in parts {
            component(name, value, depth - 1, into)?;
        }
    }
    Ok(())
}

fn component(name: &str, value: &Value, depth: usize, into: &mut Parts) -> Result<(), String> {
    match value {
        // Other words are what a component tells of itself: its version, its name.
        Value::String(text) => into.extend(word(text).map(|state| (name.to_owned(), Some(state)))),
        Value::Bool(up) => into.push((
            name.to_owned(),
            Some(if *up {
                HealthState::Up
            } else {
                HealthState::Down
            }),
        )),
        Value::Object(of) => {
            let status = of.get("status").map(Value::as_str);
            into.extend(status.map(|status| (name.to_owned(), status.and_then(word))));
            components(of, depth, into)?;
        }
        Value::Array(several) if depth > 0 => {
            for one in several {
                component(name, one, depth - 1, into)?;
            }
        }
        Value::Array(_) | Value::Null | Value::Number(_) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_part_decides_and_what_is_no_health_is_an_error() {
        use HealthState as S;
        let critical = BTreeSet::from(["db".to_owned()]);
        for (body, state, told) in [
            (
                r#"{"status":"UP","components":{"db":{"status":"UP"}}}"#,
                Some(S::Up),
                "",
            ),
            (
                r#"{"status":"UP","components":{"db":{"status":"DOWN"}}}"#,
                Some(S::Down),
                "db is down",
            ),
            (
                r#"{"status":"UP","components":{"db":"ok","mail":{"status":"DOWN"}}}"#,
                Some(S::Degraded),
                "mail is down",
            ),
            (
                r#"{"status":"pass","checks":{"db":[{"status":"pass"},{"status":"warn"}]}}"#,
                Some(S::Degraded),
                "db is degraded",
            ),
            (
                r#"{"status":"DOWN","components":{"db":true}}"#,
                Some(S::Down),
                "",
            ),
            (
                r#"{"status":"ok","details":{"x":{"status":"ok","details":{"db":false}}}}"#,
                Some(S::Down),
                "db is down",
            ),
            (
                r#"{"status":"UP","components":{"db":true,"mail":{"status":"UNKNOWN"}}}"#,
                Some(S::Degraded),
                "mail is of unknown health",
            ),
            (
                r#"{"status":"UP","components":{"db":{"status":7,"details":{"version":"16.1"}}}}"#,
                Some(S::Down),
                "db is of unknown health",
            ),
            (r#"{"status":"UP"}"#, None, "'db' is not in it"),
            (
                r#"{"status":"maybe","components":{"db":"ok"}}"#,
                None,
                "no word",
            ),
            (r#"{"components":{"db":"ok"}}"#, None, "no status"),
            (r#"{"status":1}"#, None, "no word"),
            ("[]", None, "not an object"),
            ("<html>", None, "no JSON"),
        ] {
            match (read(body.as_bytes(), &critical), state) {
                (Ok((found, detail)), Some(state)) => {
                    assert_eq!((found, detail.as_str()), (state, told), "{body}");
                }
                (Err(why), None) => assert!(why.contains(told), "{body}: {why}"),
                (found, _) => panic!("{body}: {found:?}"),
            }
        }
    }
}
