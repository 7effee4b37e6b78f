//! From alerts, as the API and the webhook tell them, to occurrences. Pure.

use std::collections::BTreeMap;

use phasegate_core::Timestamp;
use phasegate_provider::text::one_line;
use phasegate_provider::{EventId, Occurrence};
use serde::Deserialize;

use crate::Rule;

/// The most characters of a text that are kept.
const TEXT_CHARS_MAX: usize = 300;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Alert {
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    fingerprint: String,
    #[serde(default, rename = "generatorURL")]
    generator_url: String,
    labels: BTreeMap<String, String>,
    starts_at: String,
    #[serde(default)]
    status: Status,
}

/// The API tells an object, the webhook a word.
#[derive(Default, Deserialize)]
#[serde(from = "serde_json::Value")]
struct Status(String);

impl From<serde_json::Value> for Status {
    fn from(value: serde_json::Value) -> Self {
        let text = value.as_str().or_else(|| value.get("state")?.as_str());
        Self(text.unwrap_or_default().to_owned())
    }
}

#[derive(Deserialize)]
struct Webhook {
    alerts: Vec<Alert>,
}

/// The occurrences in the body of an Alertmanager webhook (version 4), by these rules: those that fire.
///
/// Whoever takes the webhook in has to know where it comes from: Alertmanager signs nothing.
///
/// # Errors
/// When it is no such body.
pub fn from_webhook(body: &[u8], rules: &[Rule]) -> Result<Vec<Occurrence>, serde_json::Error> {
    let webhook: Webhook = serde_json::from_slice(body)?;
    Ok(occurrences(&webhook.alerts, rules))
}

/// The occurrences among alerts, oldest first. An alert without a readable start cannot be told from the next
/// and is left out.
pub(crate) fn occurrences(alerts: &[Alert], rules: &[Rule]) -> Vec<Occurrence> {
    let mut found: Vec<Occurrence> = alerts
        .iter()
        .filter_map(|alert| occurrence(alert, rules))
        .collect();
    found.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    found
}

fn occurrence(alert: &Alert, rules: &[Rule]) -> Option<Occurrence> {
    if !matches!(alert.status.0.as_str(), "active" | "firing") {
        return None;
    }
    let fits = |rule: &&Rule| {
        rule.labels
            .iter()
            .all(|(name, value)| alert.labels.get(name) == Some(value))
    };
    let rule = rules.iter().find(fits)?;
    // The webhook tells nanoseconds and the API milliseconds of the same start.
    let at: Timestamp = alert.starts_at.parse().ok()?;
    let at = Timestamp::from_unix_millis(at.as_unix_millis());
    let label = |name: &str| alert.labels.get(name).map(|text| shown(text));
    let told = alert
        .annotations
        .get("summary")
        .or(alert.annotations.get("description"));
    let name = label("alertname").unwrap_or_default();
    let evidence = match told {
        Some(text) => format!("{name}: {}", shown(text)),
        None => format!("{name} {}", shown(&alert.generator_url)),
    };
    Some(Occurrence {
        id: EventId::new(format!(
            "{}/{}",
            shown(&alert.fingerprint),
            at.as_unix_millis()
        )),
        scenario: rule.scenario.clone(),
        severity: label("severity").unwrap_or_else(|| "unknown".to_owned()),
        at,
        by: "alertmanager".to_owned(),
        evidence: evidence.trim().to_owned(),
    })
}

fn shown(text: &str) -> String {
    one_line(text, TEXT_CHARS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body that Alertmanager 0.25 posts, shortened to what is read and two alerts.
    const WEBHOOK: &str = r#"{"receiver":"hook","status":"firing","alerts":[
      {"status":"firing","labels":{"alertname":"RowsMissing","severity":"critical"},"annotations":{"summary":"3 rows\n\u001b[2Jgone"},
       "startsAt":"2026-11-28T14:00:00.500999999Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://p/g","fingerprint":"00aa"},
      {"status":"resolved","labels":{"alertname":"RowsMissing"},"annotations":{},
       "startsAt":"2026-11-28T13:00:00Z","endsAt":"2026-11-28T13:10:00Z","generatorURL":"","fingerprint":"00ab"},
      {"status":"firing","labels":{"alertname":"Other"},"annotations":{},
       "startsAt":"2026-11-28T13:00:00Z","endsAt":"","generatorURL":"","fingerprint":"00ac"}
    ],"version":"4"}"#;

    #[test]
    fn only_what_fires_and_has_a_rule_is_an_occurrence() {
        let rules = [Rule::new("data-loss").with_label("alertname", "RowsMissing")];
        let found = from_webhook(WEBHOOK.as_bytes(), &rules).expect("a webhook");
        assert_eq!(found.len(), 1);
        let one = &found[0];
        assert_eq!(
            (one.scenario.as_str(), one.severity.as_str()),
            ("data-loss", "critical")
        );
        assert_eq!(one.id.as_str(), "00aa/1795874400500");
        assert_eq!(one.at, Timestamp::from_unix_millis(1_795_874_400_500));
        assert_eq!(one.evidence, "RowsMissing: 3 rows  [2Jgone");
        let all = from_webhook(WEBHOOK.as_bytes(), &[Rule::new("any")]).expect("a webhook");
        let order: Vec<&str> = all.iter().map(|one| one.evidence.as_str()).collect();
        assert_eq!(order.len(), 2);
        assert_eq!(order[0], "Other", "oldest first");
        for bad in ["", "[]", "{\"alerts\": 1}", "{\"alerts\": [{}]}"] {
            assert!(from_webhook(bad.as_bytes(), &rules).is_err(), "{bad}");
        }
    }
}
