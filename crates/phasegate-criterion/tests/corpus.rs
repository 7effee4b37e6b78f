//! Every statement of the five source plans reads, checks against its plan's KPIs, and prints back to the
//! same text from the tree alone.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may stop the test"
)]

use std::collections::{BTreeMap, BTreeSet};

use phasegate_criterion::{
    Fault, FaultCode, Kpi, KpiRegistry, Level, Statement, check_registry, check_statement,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Corpus {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    plan: String,
    line: u32,
    kind: String,
    normalised: String,
    r#type: String,
}

fn corpus() -> Vec<Entry> {
    let corpus: Corpus =
        serde_json::from_str(include_str!("data/criteria.json")).expect("the corpus");
    corpus.entries
}

fn registries() -> BTreeMap<String, KpiRegistry> {
    let plans: BTreeMap<String, Vec<Kpi>> =
        serde_json::from_str(include_str!("data/kpis.json")).expect("the KPIs");
    let registry = |kpis: Vec<Kpi>| {
        let mut registry = KpiRegistry::new();
        for kpi in kpis {
            registry.declare(kpi).expect("declared once");
        }
        registry.answer_inline_queries_from("metrics".parse().expect("an id"));
        registry
    };
    plans
        .into_iter()
        .map(|(plan, kpis)| (plan, registry(kpis)))
        .collect()
}

fn read(entry: &Entry) -> Statement {
    match entry.normalised.parse() {
        Ok(statement) => statement,
        Err(fault) => panic!(
            "{}:{} {}: {fault}",
            entry.plan, entry.line, entry.normalised
        ),
    }
}

fn faults(entry: &Entry, registries: &BTreeMap<String, KpiRegistry>) -> Vec<Fault> {
    check_statement(&read(entry), &registries[&entry.plan])
}

#[test]
fn every_statement_prints_back_to_the_same_text() {
    let entries = corpus();
    assert!(entries.len() >= 246, "{}", entries.len());
    for entry in &entries {
        // Only the tree is left when it prints.
        let tree = read(entry);
        let text = tree.to_string();
        assert_eq!(text, entry.normalised, "{}:{}", entry.plan, entry.line);
        assert_eq!(text.parse::<Statement>(), Ok(tree), "{text}");
    }
}

#[test]
fn every_statement_is_typed_as_what_it_is() {
    for entry in corpus() {
        let found = match read(&entry) {
            Statement::Criterion(_) => "criterion",
            Statement::Fact(_) => "fact",
            Statement::Policy(_) => "policy",
        };
        assert_eq!(
            found, entry.r#type,
            "{}:{} {}",
            entry.plan, entry.line, entry.normalised
        );
        let wanted = match entry.kind.as_str() {
            "baseline" | "budget" => Some("fact"),
            "utilization" => Some("policy"),
            _ => None,
        };
        assert!(
            wanted.is_none_or(|wanted| wanted == found),
            "{}",
            entry.normalised
        );
    }
}

#[test]
fn every_statement_checks_against_its_plans_kpis() {
    let registries = registries();
    for entry in corpus() {
        for fault in faults(&entry, &registries) {
            assert_eq!(
                fault.level,
                Level::Warning,
                "{}:{} {fault}",
                entry.plan,
                entry.line
            );
        }
    }
    for (plan, registry) in &registries {
        assert_eq!(check_registry(registry), Vec::new(), "{plan}");
    }
}

#[test]
fn what_the_plans_leave_open_is_pointed_out() {
    let registries = registries();
    let found: BTreeSet<FaultCode> = corpus()
        .iter()
        .flat_map(|entry| faults(entry, &registries))
        .map(|fault| fault.code)
        .collect();
    for code in [
        FaultCode::ApproximateEquality,
        FaultCode::BaselineRange,
        FaultCode::BaselineUnknown,
        FaultCode::ChangeRange,
        FaultCode::DecisionUnlimited,
        FaultCode::FractionAsNumber,
        FaultCode::HoldWithoutWindow,
        FaultCode::MarginMissing,
        FaultCode::SignificantWithoutConfidence,
        FaultCode::ThroughoutWithoutLimit,
    ] {
        assert!(found.contains(&code), "{code} in {found:?}");
    }
}
