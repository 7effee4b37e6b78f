//! The rule file: groups by how often they are evaluated, recordings before the alerts that need them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use phasegate_core::Span;
use phasegate_criterion::{GapPolicy, Length};
use phasegate_plan::Plan;

use super::alerts::{self, Alarm};
use super::expression::Writer;
use super::number::Numbers;
use super::options::PrometheusOptions;
use super::recording::expression;
use super::text::{duration, quoted, stands, template};
use crate::text::{clean, clip};

/// A rule file for Prometheus, and what of the plan is not in it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct PrometheusRules {
    /// The file: YAML, as `promtool check rules` takes it. What is left out stands at its top, too.
    pub text: String,
    /// How many alerts it has, those of queries that several series answer among them.
    pub alerts: usize,
    /// What has no `PromQL`, or says in `PromQL` not quite the same.
    pub untold: Vec<Untold>,
}

/// Something that rules cannot say.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Untold {
    /// Of what: `trigger data-loss (critical)`.
    pub of: String,
    /// What, and why.
    pub what: String,
    /// There is no alert for it at all. Otherwise there is one, which differs as `what` says.
    pub left_out: bool,
}

/// Writes the alerts, the triggers, the criteria by which procedures are taken, and the burn rates of a plan's
/// objectives as alert rules of Prometheus (2.42 and newer: `keep_firing_for`).
///
/// * Each question that a criterion asks becomes a recording rule with the labels `plan`, `kpi`, `arm` and,
///   where there is one, `part`: `phasegate:value` for a number, `phasegate:events:increase5m` for matching
///   and total events, `phasegate:buckets:increase5m` for a histogram.
/// * Alerts are called as the plan calls them and carry the labels `plan`, `phasegate` (`alert`, `procedure`, `slo` or
///   `trigger`) and `severity` (`warning` and `critical` for levels, `page` and `ticket` for burn rates), and the
///   annotations `summary`, `criterion`, `value`, `response`, `phases` and `link`.
/// * What has no data, a NaN or too few samples does not fire. A percentile against a threshold compares the
///   share of values below it, as ours does; the threshold must be the bound of a bucket.
/// * A number that several series answer cannot be told, here as in the rollout: alerts that need it are silent. An
///   alert of its own says so, called `KPI-is-several-series` with the label `phasegate: query`, after five minutes.
/// * Growth is Prometheus' `increase` over the steps of the adapter. It extrapolates to the ends of a window,
///   by the same factor for series that last for all of it, so that shares are ours; numbers of events
///   differ where series begin or end inside.
/// * A condition is looked at whenever the rule is, whatever phase the rollout is in; at a warning's level a
///   critical value fires, too.
///
/// The result depends on plan and options alone. Cost: some microseconds for each criterion.
///
/// ```
/// use phasegate_plan::{PlanDocument, check};
/// use phasegate_report::export::{PrometheusOptions, PrometheusServer, prometheus_rules};
/// let text = r#"
/// format: phasegate-plan/1
/// id: greeter
/// title: Greeter 2
/// kpis:
///   - {id: errors, shape: ratio, unit: "%", source: metrics, query: {whole: greeter_requests}}
/// phases:
///   - {id: canary, title: Canary, no-way-back: nothing is changed}
/// triggers:
///   - {id: too-many, criterion: ratio(errors) > 5% for 2m, respond: [hold]}
///   - {id: lost, criterion: on event(data_loss), respond: [hold]}
/// "#;
/// let plan = check(&PlanDocument::read("plan.yaml", text.as_bytes()), None).plan.ok_or("a fault")?;
/// let options = PrometheusOptions::new().with_server("metrics".parse()?, PrometheusServer::new());
/// let rules = prometheus_rules(&plan, &options);
/// assert!(rules.text.contains("- alert: \"too-many\""));
/// assert!(rules.text.contains("for: 2m"));
/// assert_eq!(rules.untold[0].of, "trigger lost (high)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn prometheus_rules(plan: &Plan, options: &PrometheusOptions) -> PrometheusRules {
    let mut untold = Vec::new();
    let mut alarms = alerts::all(plan, &mut untold);
    // Often evaluated groups come first: what they record, the others read.
    alarms.sort_by_key(|alarm| alarm.every);
    let mut numbers = Numbers::new(plan, options);
    let mut groups: BTreeMap<Span, (String, String)> = BTreeMap::new();
    let mut count = 0usize;
    for alarm in &alarms {
        let kept = numbers.recordings.len();
        let mut writer = Writer {
            numbers: &mut numbers,
            left_out: Vec::new(),
        };
        let found = writer.condition(&alarm.criterion.condition);
        let mut remarks = writer.left_out;
        match found {
            Ok(expr) => {
                let (records, rules) = groups.entry(alarm.every).or_default();
                for recording in numbers.recordings.since(kept) {
                    recording.write(records);
                    count += recording.write_guard(rules);
                }
                alert(rules, alarm, &expr, plan, options);
                remarks.extend(differences(alarm));
                let differs = |what| Untold {
                    of: alarm.named(),
                    what,
                    left_out: false,
                };
                untold.extend(remarks.into_iter().map(differs));
                count += 1;
            }
            Err(what) => {
                // What was recorded for it alone is not needed.
                numbers.recordings.cut(kept);
                untold.push(Untold {
                    of: alarm.named(),
                    what,
                    left_out: true,
                });
            }
        }
    }
    PrometheusRules {
        text: file(plan, &groups, &untold),
        alerts: count,
        untold,
    }
}

fn file(plan: &Plan, groups: &BTreeMap<Span, (String, String)>, untold: &[Untold]) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _written = writeln!(out, "# {}", line(&format!("{}: {}", plan.id, plan.title)));
    for one in untold {
        let how = if one.left_out { "left out" } else { "differs" };
        let _written = writeln!(
            out,
            "# {how}: {}",
            line(&format!("{}: {}", one.of, one.what))
        );
    }
    out.push_str(if groups.is_empty() {
        "groups: []\n"
    } else {
        "groups:\n"
    });
    for (every, (records, rules)) in groups {
        let every = duration(*every);
        let _written = writeln!(
            out,
            "  - name: {}",
            quoted(&format!("phasegate-{}-{every}", plan.id))
        );
        let _written = writeln!(out, "    interval: {every}");
        let _written = write!(out, "    rules:\n{records}{rules}");
    }
    out
}

/// A comment of one line.
fn line(text: &str) -> String {
    let text: String = clean(text).chars().filter(|c| stands(*c)).collect();
    clip(&text, 400)
}

fn alert(out: &mut String, alarm: &Alarm, expr: &str, plan: &Plan, options: &PrometheusOptions) {
    let span = |length: &Option<Length>| length.as_ref().and_then(Length::span);
    let hold = &alarm.criterion.hold;
    // So many evaluations on end take one interval less.
    let points = u64::from(hold.points_min.unwrap_or(0).saturating_sub(1));
    let points = Span::from_nanos(alarm.every.as_nanos().saturating_mul(points));
    let for_ = span(&hold.for_).unwrap_or(Span::ZERO).max(points);
    let _written = writeln!(out, "      - alert: {}", quoted(&alarm.id));
    expression(out, expr);
    if !for_.is_zero() {
        let _written = writeln!(out, "        for: {}", duration(for_));
    }
    if let Some(keep) = span(&hold.keep) {
        let _written = writeln!(out, "        keep_firing_for: {}", duration(keep));
    }
    let labels = [
        ("phasegate", alarm.kind.to_owned()),
        ("plan", plan.id.to_string()),
        ("severity", alarm.severity.clone()),
    ];
    fields(out, "labels", &labels);
    let mut annotations = vec![
        ("summary", template(&alarm.title)),
        ("criterion", template(&alarm.written)),
        ("value", "{{ $value }}".to_owned()),
    ];
    let texts = [
        ("response", alarm.response.clone()),
        ("phases", alarm.phases.join(", ")),
        ("link", options.link.clone().unwrap_or_default()),
    ];
    let said = texts.into_iter().filter(|(_, text)| !text.is_empty());
    annotations.extend(said.map(|(name, text)| (name, template(&text))));
    fields(out, "annotations", &annotations);
}

fn fields(out: &mut String, name: &str, all: &[(&str, String)]) {
    let _written = writeln!(out, "        {name}:");
    for (field, text) in all {
        let _written = writeln!(out, "          {field}: {}", quoted(text));
    }
}

/// What an alert of Prometheus does in another way than the rollout.
fn differences(alarm: &Alarm) -> Vec<String> {
    let mut all = Vec::new();
    match alarm.criterion.hold.gap {
        Some(GapPolicy::Freeze) => {
            all.push("without data its hold begins anew: Prometheus does not freeze it".to_owned());
        }
        Some(GapPolicy::Tolerate(points)) => all.push(format!(
            "without data its hold begins anew: Prometheus does not tolerate {points} gaps"
        )),
        Some(GapPolicy::Reset) | None => {}
    }
    let limits = alarm.criterion.limits;
    if limits.total.is_some() || limits.consecutive.is_some() {
        all.push("it fires at the first failure: Prometheus counts none".to_owned());
    }
    if !alarm.phases.is_empty() {
        all.push(format!(
            "it fires in every phase, and the rollout watches it in {}",
            alarm.phases.join(", ")
        ));
    }
    all
}
