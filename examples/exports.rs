//! What other tools can be given of a plan: alert rules for Prometheus, a Grafana dashboard, a calendar.
//! `cargo run --example exports -- PLAN --bindings FILE [--adapter NAME] [--link URL]
//! [--start DATE] --out FOLDER`.
//! What cannot be said there is told. Ends with 1 if something is wrong with the documents.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use phasegate::core::{Clock as _, Role};
use phasegate::report::export::{
    PrometheusOptions, grafana_dashboard, icalendar, prometheus_rules,
};
use phasegate::runner::SystemClock;
use phasegate_examples::say;
use phasegate_plan::calendar::{Date, Zone};
use phasegate_plan::{Catalog, Plan, PlanDocument, Schedule, check};

/// Whose queries they are where nobody says.
const DEFAULT: &str = "prometheus";

const USAGE: &str = "usage: exports PLAN --bindings FILE [--adapter NAME] [--link URL] \
    [--start DATE] --out FOLDER";

fn main() -> ExitCode {
    run().map_or_else(
        |error| {
            let error = error.to_string();
            say::aside(format_args!("{error}"));
            ExitCode::from(if error.ends_with(USAGE) { 2 } else { 1 })
        },
        |()| ExitCode::SUCCESS,
    )
}

struct Asked {
    plan: String,
    bindings: String,
    adapter: Option<String>,
    link: Option<String>,
    start: Option<Date>,
    out: PathBuf,
}

fn asked() -> Result<Option<Asked>, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut plan, mut bindings, mut adapter) = (None, None, None);
    let (mut link, mut start, mut out) = (None, None, None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bindings" => bindings = Some(arguments.next().ok_or(USAGE)?),
            "--adapter" => adapter = Some(arguments.next().ok_or(USAGE)?),
            "--link" => link = Some(arguments.next().ok_or(USAGE)?),
            "--start" => start = Some(arguments.next().ok_or(USAGE)?.parse()?),
            "--out" => out = Some(PathBuf::from(arguments.next().ok_or(USAGE)?)),
            "--help" | "-h" => return Ok(None),
            option if option.starts_with('-') => {
                return Err(format!("there is no option {option}\n{USAGE}").into());
            }
            _ => plan = Some(argument),
        }
    }
    Ok(Some(Asked {
        plan: plan.ok_or(USAGE)?,
        bindings: bindings.ok_or(USAGE)?,
        adapter,
        link,
        start,
        out: out.ok_or(USAGE)?,
    }))
}

fn run() -> Result<(), Box<dyn Error>> {
    let Some(asked) = asked()? else {
        say::line(format_args!("{USAGE}"));
        return Ok(());
    };
    let (plan, catalog) = documents(&asked)?;
    let adapter = adapter(&catalog, asked.adapter.as_deref())?;
    std::fs::create_dir_all(&asked.out)?;
    let mut options = PrometheusOptions::new().with_catalog(&catalog, adapter);
    options.link = asked.link;
    rules(&plan, &options, &asked.out)?;
    dashboard(&plan, &options, &asked.out)?;
    calendar(&plan, asked.start, &asked.out)
}

/// The adapter whose bindings are Prometheus servers: one that a source of the plan has. Where nobody names one it is told
/// which is taken, and which there are.
fn adapter<'a>(catalog: &Catalog, asked: Option<&'a str>) -> Result<&'a str, String> {
    let bound = catalog.bindings().values();
    let sources = bound.filter(|one| one.roles.contains(&Role::MetricSource));
    let known: BTreeSet<&str> = sources.map(|one| one.adapter.as_str()).collect();
    let all: Vec<&str> = known.iter().copied().collect();
    let all = all.join(", ");
    match asked {
        Some(asked) if known.contains(asked) => Ok(asked),
        Some(asked) => Err(format!(
            "no source has the adapter '{asked}'; sources have: {all}"
        )),
        None => {
            let found = if known.contains(DEFAULT) {
                "is taken"
            } else {
                "is taken, which no source has"
            };
            say::line(format_args!(
                "adapter '{DEFAULT}' {found}; sources have: {all}; --adapter names another"
            ));
            Ok(DEFAULT)
        }
    }
}

fn documents(asked: &Asked) -> Result<(Plan, Catalog), Box<dyn Error>> {
    let read =
        |name: &str| std::fs::read(name).map_err(|error| format!("cannot read {name}: {error}"));
    let bindings = Catalog::read(&asked.bindings, &read(&asked.bindings)?);
    let catalog = bindings.catalog.ok_or(bindings.faults.render())?;
    let document = PlanDocument::read(&asked.plan, &read(&asked.plan)?);
    let checked = check(&document, Some(&catalog));
    Ok((checked.plan.ok_or(checked.faults.render())?, catalog))
}

fn rules(plan: &Plan, options: &PrometheusOptions, out: &Path) -> Result<(), Box<dyn Error>> {
    let rules = prometheus_rules(plan, options);
    let file = out.join("rules.yaml");
    std::fs::write(&file, &rules.text)?;
    say::line(format_args!("{}: {} alerts", file.display(), rules.alerts));
    if rules.alerts == 0 {
        say::line(format_args!(
            "  an alert is made of each entry of 'alerts', each trigger and each objective; there is none, or none can be told"
        ));
    }
    for one in &rules.untold {
        let how = if one.left_out { "left out" } else { "differs" };
        say::line(format_args!("  {how}: {}: {}", one.of, one.what));
    }
    assert_eq!(rules.text.matches("- alert:").count(), rules.alerts);
    Ok(())
}

fn dashboard(plan: &Plan, options: &PrometheusOptions, out: &Path) -> Result<(), Box<dyn Error>> {
    let dashboard = grafana_dashboard(plan, options);
    let file = out.join("dashboard.json");
    std::fs::write(&file, &dashboard.text)?;
    let panels = panels(&dashboard.text)?;
    say::line(format_args!("{}: {panels} panels", file.display()));
    for (what, why) in &dashboard.left_out {
        say::line(format_args!("  left out: {what}: {why}"));
    }
    assert!(panels > 0);
    Ok(())
}

/// Rows are no panels that anything is drawn in.
fn panels(dashboard: &str) -> Result<usize, serde_json::Error> {
    let dashboard: serde_json::Value = serde_json::from_str(dashboard)?;
    let all = dashboard.get("panels").and_then(|all| all.as_array());
    let drawn = |panel: &&serde_json::Value| {
        panel
            .get("type")
            .is_some_and(|sort| sort.as_str() != Some("row"))
    };
    Ok(all.map_or(0, |all| all.iter().filter(drawn).count()))
}

/// Without a start, from today on.
fn calendar(plan: &Plan, start: Option<Date>, out: &Path) -> Result<(), Box<dyn Error>> {
    let now = SystemClock::new().now().wall;
    let start = start.unwrap_or_else(|| Zone::utc().date(now));
    let text = icalendar(plan, &Schedule::new(plan, start), now);
    let file = out.join("calendar.ics");
    std::fs::write(&file, &text)?;
    // Texts of others stand within lines: one that begins so is the calendar's own.
    let kinds = text
        .lines()
        .filter_map(|line| line.strip_prefix("CATEGORIES:"));
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for kind in kinds {
        *counted.entry(kind).or_default() += 1;
    }
    let words: Vec<String> = counted
        .iter()
        .map(|(kind, count)| format!("{count} of {kind}"))
        .collect();
    let (file, words) = (file.display(), words.join(", "));
    say::line(format_args!("{file}, from {start} on: {words}"));
    assert_eq!(counted.get("phase"), Some(&plan.phases.len()));
    Ok(())
}
