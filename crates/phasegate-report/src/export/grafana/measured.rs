//! The queries of a number's panel: one for each part and each arm that the plan asks about.

use phasegate_core::{Arm, Capability, Fraction, Unit, Wants};
use phasegate_criterion::{Kpi, Queries, Shape};
use phasegate_sla::Need;

use crate::export::prometheus::{PrometheusOptions, PrometheusServer, factor, growth, vector};

/// One line of a panel.
pub(super) struct Query {
    pub(super) expr: String,
    pub(super) legend: String,
}

/// What a panel shows of a number.
pub(super) struct Shown {
    pub(super) queries: Vec<Query>,
    /// How much one of what is drawn is, in the base of its dimension.
    pub(super) factor: Fraction,
    /// Grafana's word for the unit.
    pub(super) unit: String,
}

const ARMS: [Arm; 3] = [Arm::Whole, Arm::Canary, Arm::Stable];
/// The percentiles of a distribution that are drawn.
const PERCENTILES: [(&str, &str); 3] = [("0.5", "p50"), ("0.95", "p95"), ("0.99", "p99")];

/// What is shown of a number.
///
/// # Errors
/// Why nothing is.
pub(super) fn shown(kpi: &Kpi, options: &PrometheusOptions) -> Result<Shown, String> {
    let server = options.servers.get(&kpi.source);
    let server = server.ok_or_else(|| {
        format!(
            "it is measured by '{}', which is no Prometheus server",
            kpi.source
        )
    })?;
    let can = |capability| server.capabilities.contains(&capability);
    let share = kpi.shape == Shape::Ratio && can(Capability::MeasureShare);
    let values = kpi.shape == Shape::Distribution;
    let (factor, unit) = match (share, values) {
        (true, _) => (Fraction::ONE, "percentunit".to_owned()),
        (false, true) => (
            factor(&server.histogram_unit)?,
            word(&server.histogram_unit),
        ),
        (false, false) => (factor(&kpi.unit)?, word(&kpi.unit)),
    };
    let mut queries = Vec::new();
    let parts = kpi
        .parts
        .iter()
        .map(|(part, queries)| (part.as_str(), queries));
    for (part, texts) in std::iter::once(("", &kpi.queries)).chain(parts) {
        of_part(kpi, (part, texts), server, share, &mut queries)?;
    }
    if queries.is_empty() {
        return Err("the plan has no query for it".to_owned());
    }
    Ok(Shown {
        queries,
        factor,
        unit,
    })
}

fn of_part(
    kpi: &Kpi,
    (part, texts): (&str, &Queries),
    server: &PrometheusServer,
    share: bool,
    queries: &mut Vec<Query>,
) -> Result<(), String> {
    for arm in ARMS {
        let Some(text) = texts.of(arm) else {
            continue;
        };
        let need = Need {
            kpi: kpi.id.clone(),
            to: kpi.source.clone(),
            arm,
            text: text.to_owned(),
            unit: kpi.unit.to_string(),
            wants: Wants::Scalar,
            over: kpi.window,
        };
        // A part of a distribution that is called like a function is that function, made by the source.
        let values = kpi.shape == Shape::Distribution && part.is_empty();
        let named = [part, if arm == Arm::Whole { "" } else { legend(arm) }];
        let named: Vec<&str> = named.into_iter().filter(|name| !name.is_empty()).collect();
        let named = if named.is_empty() {
            kpi.id.to_string()
        } else {
            named.join(" ")
        };
        if share {
            let growth = growth(&need, server)?;
            let role = |role: &str| {
                format!(
                    "sum({growth} and on(phasegate) label_replace(vector(1), \"phasegate\", \"{role}\", \"\", \"\"))"
                )
            };
            let expr = format!("{} / {}", role("matching"), role("total"));
            queries.push(Query {
                expr,
                legend: named,
            });
        } else if values {
            let growth = growth(&need, server)?;
            for (quantile, word) in PERCENTILES {
                let expr = format!("histogram_quantile({quantile}, sum by (le) ({growth}))");
                queries.push(Query {
                    expr,
                    legend: format!("{word} {named}"),
                });
            }
        } else {
            let text = vector(&need)?;
            let expr = if need.text.contains("phasegate") {
                format!(
                    "{text} unless on(phasegate) label_replace(vector(1), \"phasegate\", \"samples\", \"\", \"\")"
                )
            } else {
                text
            };
            queries.push(Query {
                expr,
                legend: named,
            });
        }
    }
    Ok(())
}

const fn legend(arm: Arm) -> &'static str {
    match arm {
        Arm::Canary => "canary",
        Arm::Stable => "stable",
        Arm::Whole => "",
    }
}

/// Grafana's word for a unit; of one that it has no word for, the unit behind the number.
fn word(unit: &Unit) -> String {
    let text = unit.to_string();
    let known = match text.as_str() {
        "" => "short",
        "%" => "percent",
        "ns" => "ns",
        "us" => "µs",
        "ms" => "ms",
        "s" => "s",
        "m" | "min" => "m",
        "h" => "h",
        "d" => "d",
        "B" => "decbytes",
        "USD" | "$" => "currencyUSD",
        "EUR" | "€" => "currencyEUR",
        "GBP" | "£" => "currencyGBP",
        other => return format!("suffix: {other}"),
    };
    known.to_owned()
}
