//! Metric sources: an answer fits its question, and what is no answer is no number.

use std::sync::Arc;

use phasegate_core::{Absence, Capability, Query, Span, Wants};
use phasegate_provider::{Call, MetricSource, Registry};

use super::{Findings, Violation};

/// The suite for metric sources. `answered` are queries that the source has data for, at least one for each
/// form that it claims; `unknown` is a text that means nothing to it.
pub async fn metric_source(
    source: &Arc<dyn MetricSource>,
    answered: &[Query],
    unknown: &str,
    call: &Call,
) -> Vec<Violation> {
    let mut findings = Findings::default();
    let capabilities = source.capabilities();
    for claimed in &capabilities {
        let asked = answered.iter().any(|query| needed(query) == Some(*claimed));
        let is_form = *claimed != Capability::MeasurePerArm && form(*claimed);
        findings.check("each claimed form is shown", asked || !is_form, claimed);
    }
    for query in answered {
        let mut registry = Registry::new();
        let bound = registry.bind_metric_source(query.to.clone(), Arc::clone(source));
        findings.check("a registry takes the source", bound.is_ok(), &bound);
        let claimed = needed(query).is_some_and(|needed| capabilities.contains(&needed));
        findings.check("only claimed forms are asked for", claimed, query);
        // The registry checks form, window and counts.
        let found = registry.measure(query, call).await;
        findings.check(
            "a query with data is answered",
            found.is_ok(),
            (query, &found),
        );
        let mut nonsense = query.clone();
        unknown.clone_into(&mut nonsense.text);
        let found = registry.measure(&nonsense, call).await;
        findings.check(
            "a text without meaning has no answer",
            found.is_err(),
            &found,
        );
        let mut future = query.clone();
        let length = query.window.span();
        future.window.start = call.at + Span::from_secs(86_400);
        future.window.end = future.window.start + length;
        let found = registry.measure(&future, call).await;
        let holds = match &found {
            Err(Absence::NoData | Absence::Invalid { .. }) => true,
            // Nothing has been counted there, which may be a number; nothing else may.
            Ok(measurement) => measurement.samples == 0,
            Err(_) => false,
        };
        findings.check("tomorrow has no samples", holds, &found);
    }
    findings.0
}

/// The capability that a query needs.
fn needed(query: &Query) -> Option<Capability> {
    match query.wants {
        Wants::Below { .. } => Some(Capability::MeasureBelow),
        Wants::Distribution => Some(Capability::MeasureDistribution),
        Wants::Scalar => Some(Capability::MeasureScalar),
        Wants::Share => Some(Capability::MeasureShare),
        _ => None,
    }
}

/// Is it a form of answers?
fn form(capability: Capability) -> bool {
    match capability {
        Capability::MeasureBelow
        | Capability::MeasureDistribution
        | Capability::MeasureScalar
        | Capability::MeasureShare => true,
        Capability::Conditional
        | Capability::IdempotencyKey
        | Capability::MeasurePerArm
        | Capability::Mirror
        | Capability::ReadBack
        | Capability::Weights
        | _ => false,
    }
}
