//! The dashboard of a plan: the rollout, its numbers, its objectives.

use phasegate_core::{Arm, Fraction, Ratio, Span, Wants};
use phasegate_criterion::{Direction, KpiRegistry, Slo};
use phasegate_plan::Plan;
use phasegate_sla::Need;
use serde_json::{Value, json};

use super::measured::{Query, shown};
use super::panels::{Look, Panels, datasource, equals, literal, of_rollout};
use super::steps::steps;
use crate::export::prometheus::{PrometheusOptions, growth};

/// The version of dashboards that is written: Grafana 10 reads it, later ones bring it up to date.
const SCHEMA_VERSION: u32 = 38;
/// The longest `uid` that Grafana takes.
const UID_LEN_MAX: usize = 40;

/// A dashboard, and what of the plan is not on it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GrafanaDashboard {
    /// The dashboard as JSON, ready for Grafana's import.
    pub text: String,
    /// Numbers and objectives without a panel, and why.
    pub left_out: Vec<(String, String)>,
}

/// Makes a Grafana dashboard of a plan, for Grafana 10 and newer:
///
/// * how the rollout stands, who sees the new version, the verdict of every criterion and the state of every
///   trigger over time, the last going back against its budget: from what [`crate::export::openmetrics`] says;
/// * a panel for each number of the plan that a Prometheus server measures, a line for each part and arm, with
///   its unit and with coloured steps: green, yellow beyond its target, orange at a warning, red at what a
///   trigger or a critical level fires at;
/// * each objective's budget and its burn rates.
///
/// The data source is a variable, and so is the rollout, so that one dashboard serves all rollouts of the
/// plan. Changes of exposure and goings back are drawn as annotations;
/// [`grafana_annotations`](crate::export::grafana_annotations) has all moments with their words.
///
/// The same plan and options give the same bytes. Cost: some microseconds for each number.
///
/// ```
/// use phasegate_plan::{PlanDocument, check};
/// use phasegate_report::export::{PrometheusOptions, PrometheusServer, grafana_dashboard};
/// let text = r#"
/// format: phasegate-plan/1
/// id: greeter
/// title: Greeter 2
/// kpis:
///   - {id: queue, title: Waiting, shape: gauge, direction: lower, target: < 10, source: metrics, query: {whole: queue_length}}
/// phases:
///   - {id: canary, title: Canary, no-way-back: nothing is changed}
/// "#;
/// let plan = check(&PlanDocument::read("plan.yaml", text.as_bytes()), None).plan.ok_or("a fault")?;
/// let options = PrometheusOptions::new().with_server("metrics".parse()?, PrometheusServer::new());
/// let dashboard = grafana_dashboard(&plan, &options);
/// let json: serde_json::Value = serde_json::from_str(&dashboard.text)?;
/// assert_eq!(json["title"], "Greeter 2");
/// assert!(json["panels"].as_array().is_some_and(|all| all.iter().any(|panel| panel["title"] == "Waiting")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn grafana_dashboard(plan: &Plan, options: &PrometheusOptions) -> GrafanaDashboard {
    let registry = plan.kpi_registry();
    let mut panels = Panels::default();
    let mut left_out = Vec::new();
    rollout(&mut panels);
    numbers(&mut panels, plan, &registry, options, &mut left_out);
    objectives(&mut panels, &registry, options, &mut left_out);
    let uid: String = format!("phasegate-{}", plan.id)
        .chars()
        .take(UID_LEN_MAX)
        .collect();
    let dashboard = json!({
        "uid": uid,
        "title": literal(&plan.title),
        "description": literal(plan.summary.as_deref().unwrap_or_default()),
        "tags": ["phasegate", plan.id.to_string()],
        "timezone": "browser",
        "editable": true,
        "graphTooltip": 1,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "schemaVersion": SCHEMA_VERSION,
        "templating": {"list": variables(plan)},
        "annotations": {"list": annotations()},
        "panels": panels.all,
    });
    // A value of maps and texts can always be written.
    let text = serde_json::to_string_pretty(&dashboard).unwrap_or_default();
    GrafanaDashboard {
        text: text + "\n",
        left_out,
    }
}

fn variables(plan: &Plan) -> Value {
    let query = format!(
        "label_values(phasegate_rollout_info{{{}}}, rollout)",
        equals("plan", plan.id.as_str())
    );
    json!([
        {"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus", "hide": 0, "refresh": 1, "multi": false, "includeAll": false},
        {
            "type": "query", "name": "rollout", "label": "Rollout", "datasource": datasource(), "query": query,
            "hide": 0, "refresh": 2, "sort": 1, "multi": true, "includeAll": true, "allValue": ".*",
        },
    ])
}

fn annotations() -> Value {
    let exposure = of_rollout("phasegate_exposure_ratio", "");
    let rollbacks = of_rollout("phasegate_rollbacks_total", "");
    json!([
        {
            "name": "Exposure changes", "datasource": datasource(), "enable": true, "hide": false, "iconColor": "blue",
            "expr": format!("changes({exposure}[1m]) > 0"),
        },
        {
            "name": "Going back", "datasource": datasource(), "enable": true, "hide": false, "iconColor": "red",
            "expr": format!("changes({rollbacks}[1m]) > 0"),
        },
    ])
}

fn query(expr: String, legend: &str) -> Query {
    Query {
        expr,
        legend: legend.to_owned(),
    }
}

/// How the rollout stands.
fn rollout(panels: &mut Panels) {
    panels.row("The rollout");
    let standing = query(
        of_rollout("phasegate_rollout_standing", "") + " == 1",
        "{{rollout}}: {{phasegate_rollout_standing}}",
    );
    panels.add(
        "Standing",
        "How each rollout stands.",
        &[standing],
        Look::of("stat", 8),
    );
    let took = query(
        of_rollout("phasegate_rollback_duration_seconds", ""),
        "took",
    );
    let limit = query(of_rollout("phasegate_rollback_limit_seconds", ""), "budget");
    let look = Look {
        unit: "s".to_owned(),
        ..Look::of("stat", 8)
    };
    panels.add(
        "Last going back",
        "How long it took, and how long it may take.",
        &[took, limit],
        look,
    );
    let firings = query(
        format!("sum({})", of_rollout("phasegate_trigger_firings_total", "")),
        "firings",
    );
    panels.add(
        "Triggers that fired",
        "How often a trigger started its response.",
        &[firings],
        Look::of("stat", 8),
    );
    let exposure = query(
        of_rollout("phasegate_exposure_ratio", ""),
        "{{rollout}} {{target}}",
    );
    let look = Look {
        unit: "percentunit".to_owned(),
        range: Some((0.0, 1.0)),
        ..Look::of("timeseries", 24)
    };
    panels.add(
        "Exposure",
        "The share that sees the new version, as last known.",
        &[exposure],
        look,
    );
    over_time(panels);
}

/// Verdicts and triggers, as they were over time.
fn over_time(panels: &mut Panels) {
    let verdicts = [
        ("pass", "green"),
        ("warn", "orange"),
        ("fail", "red"),
        ("inconclusive", "purple"),
        ("not looked at", "text"),
    ];
    states(
        panels,
        ("Verdicts", "The last verdict of each criterion."),
        "phasegate_criterion_verdict",
        "phase, criterion, direction",
        &verdicts,
    );
    let stretches = [
        ("quiet", "green"),
        ("pending", "orange"),
        ("firing", "red"),
        ("blind", "purple"),
    ];
    states(
        panels,
        ("Triggers", "How each trigger stands."),
        "phasegate_trigger_state",
        "trigger",
        &stretches,
    );
}

/// A set of states over time, each with its colour.
fn states(
    panels: &mut Panels,
    (title, about): (&str, &str),
    name: &str,
    by: &str,
    all: &[(&str, &str)],
) {
    let mut parts = Vec::new();
    let mut words = serde_json::Map::new();
    for (number, (state, colour)) in all.iter().enumerate() {
        let series = of_rollout(name, &equals(name, state));
        parts.push(format!("({series} == 1) * {number}"));
        words.insert(
            number.to_string(),
            json!({"text": state, "color": colour, "index": number}),
        );
    }
    let expr = format!("max by (rollout, {by}) ({})", parts.join(" or "));
    let legend: Vec<String> = by
        .split(", ")
        .map(|label| format!("{{{{{label}}}}}"))
        .collect();
    let look = Look {
        mappings: json!([{"type": "value", "options": words}]),
        ..Look::of("state-timeline", 12)
    };
    panels.add(title, about, &[query(expr, &legend.join(" "))], look);
}

/// A panel for each number.
fn numbers(
    panels: &mut Panels,
    plan: &Plan,
    registry: &KpiRegistry,
    options: &PrometheusOptions,
    left_out: &mut Vec<(String, String)>,
) {
    panels.row("Numbers");
    for declared in &plan.kpis {
        let Some(kpi) = registry.kpi(&declared.id) else {
            continue;
        };
        match shown(kpi, options) {
            Ok(shown) => {
                let title = if kpi.title.is_empty() {
                    kpi.id.as_str()
                } else {
                    &kpi.title
                };
                let target = kpi
                    .target
                    .as_ref()
                    .map(|target| format!("Target: {target}. "));
                let about = format!("{}{}", target.unwrap_or_default(), kpi.id);
                let look = Look {
                    unit: shown.unit,
                    thresholds: steps(plan, kpi, shown.factor),
                    ..Look::of("timeseries", 8)
                };
                panels.add(title, &about, &shown.queries, look);
            }
            Err(why) => left_out.push((format!("kpi {}", kpi.id), why)),
        }
    }
}

/// What is left of each budget, and how fast it burns.
fn objectives(
    panels: &mut Panels,
    registry: &KpiRegistry,
    options: &PrometheusOptions,
    left_out: &mut Vec<(String, String)>,
) {
    let mut begun = false;
    for slo in registry.slos() {
        match burned(slo, registry, options) {
            Ok([long, short, period]) => {
                if !begun {
                    panels.row("Objectives");
                    begun = true;
                }
                let promised = format!("{} over {}", slo.objective, slo.period);
                let look = Look {
                    unit: "percentunit".to_owned(),
                    thresholds: json!({"mode": "absolute", "steps": [
                        {"color": "red", "value": null}, {"color": "orange", "value": 0.0}, {"color": "green", "value": 0.25},
                    ]}),
                    ..Look::of("stat", 8)
                };
                panels.add(
                    &format!("Budget left: {}", slo.id),
                    &promised,
                    &[query(format!("1 - {period}"), "left")],
                    look,
                );
                let look = Look {
                    thresholds: json!({"mode": "absolute", "steps": [
                        {"color": "green", "value": null}, {"color": "yellow", "value": 1.0},
                        {"color": "orange", "value": 6.0}, {"color": "red", "value": 14.4},
                    ]}),
                    ..Look::of("timeseries", 16)
                };
                let rates = [query(long, "over 1h"), query(short, "over 5m")];
                panels.add(&format!("Burn rate: {}", slo.id), &promised, &rates, look);
            }
            Err(why) => left_out.push((format!("slo {}", slo.id), why)),
        }
    }
}

/// How fast the budget burns: over an hour, over five minutes, and over the whole period.
fn burned(
    slo: &Slo,
    registry: &KpiRegistry,
    options: &PrometheusOptions,
) -> Result<[String; 3], String> {
    let kpi = registry.kpi(&slo.kpi).ok_or("its number is not declared")?;
    let server = options.servers.get(&kpi.source);
    let server = server.ok_or_else(|| {
        format!(
            "it is measured by '{}', which is no Prometheus server",
            kpi.source
        )
    })?;
    let arm = if kpi.queries.canary.is_some() {
        Arm::Canary
    } else {
        Arm::Whole
    };
    let text = kpi.queries.of(arm).ok_or("the plan has no query for it")?;
    let budget = Fraction::from_decimal(Ratio::ONE.to_decimal())
        .zip(Fraction::from_decimal(slo.objective.to_decimal()))
        .and_then(|(one, objective)| one.checked_sub(objective)?.to_decimal())
        .ok_or("it has no budget")?;
    let over = |span: Span| -> Result<String, String> {
        let need = Need {
            kpi: kpi.id.clone(),
            to: kpi.source.clone(),
            arm,
            text: text.to_owned(),
            unit: kpi.unit.to_string(),
            wants: Wants::Share,
            over: Some(span),
        };
        let growth = growth(&need, server)?;
        let role = |role: &str| {
            format!(
                "sum({growth} and on(phasegate) label_replace(vector(1), \"phasegate\", \"{role}\", \"\", \"\"))"
            )
        };
        let share = format!("{} / {}", role("matching"), role("total"));
        let bad = if kpi.direction == Direction::LowerIsBetter {
            share
        } else {
            format!("(1 - {share})")
        };
        Ok(format!("{bad} / {}", budget.normalized()))
    };
    Ok([
        over(Span::from_secs(3_600))?,
        over(Span::from_secs(300))?,
        over(slo.period)?,
    ])
}
