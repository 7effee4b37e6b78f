//! Somebody's own plan over somebody's own recording.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use phasegate::backtest::{
    Backtest, Named, Options, Recording, Series, Traffic, alarms, backtest, comparison, ramp_of,
    read_csv, read_openmetrics, read_prometheus_range, recording_by_name, what_if,
    without_confidence,
};
use phasegate::core::{Capability, Timestamp};
use phasegate::engine::program::Program;
use phasegate::engine::record::Outcome;
use phasegate::engine::{Start, compile};
use phasegate_examples::say;
use phasegate_plan::{Catalog, Plan, PlanDocument, check};

use super::asked::{BadFrom, Own};

/// The column that counts all requests.
const REQUESTS: &str = "requests";

type Columns = BTreeMap<String, Series>;

pub(super) fn run(own: &Own) -> Result<(), Box<dyn Error>> {
    let plan = plan(&own.plan)?;
    let columns = columns(&own.recording, &own.columns)?;
    let named = recorded(&plan, &columns, own)?;
    let (start, until) = range(&columns, &own.recording)?;
    say::line(format_args!(
        "{}, with what {} holds from {start} to {until}\n",
        plan.title, own.recording
    ));
    if !named.unused.is_empty() {
        let unused = named.unused.join(", ");
        say::line(format_args!(
            "Columns that answer nothing in the plan: {unused}\n"
        ));
    }
    if !named.missing.is_empty() {
        say::line(format_args!(
            "No column answers these, and what nobody sees is never good:\n  {}\n",
            named.missing.join("\n  ")
        ));
    }
    let options = options(own, (start, until), &columns);
    if let Some(from) = options.bad_from
        && !(start..=until).contains(&from)
    {
        let told = format!("--bad-from: {from} is not within the recording, {start} to {until}");
        return Err(told.into());
    }
    let program = program(&plan, &named, own)?;
    let mut rows = vec![(
        own.plan.clone(),
        backtest(&program, &named.recording, &options)?,
    )];
    if own.without_confidence {
        let literal = without_confidence(&program);
        let row = backtest(&literal, &named.recording, &options)?;
        rows.push((format!("{} without confidence", own.plan), row));
    }
    if let Some(other) = &own.compare {
        let plan = self::plan(other)?;
        let named = recorded(&plan, &columns, own)?;
        let program = self::program(&plan, &named, own)?;
        let row = backtest(&program, &named.recording, &options)?;
        rows.push((other.clone(), row));
    }
    assert!(rows.iter().all(|(_, one)| !one.records.is_empty()));
    show(&rows, &options);
    other_ramps(own, &plan, &program, (&named, &options))?;
    if let Some(file) = &own.json {
        let rows: BTreeMap<&str, &Backtest> = rows
            .iter()
            .map(|(name, one)| (name.as_str(), one))
            .collect();
        let json = serde_json::to_vec_pretty(&rows)?;
        std::fs::write(file, json).map_err(|error| format!("cannot write {file}: {error}"))?;
    }
    Ok(())
}

/// Detection against duration.
fn other_ramps(
    own: &Own,
    plan: &Plan,
    program: &Program,
    (named, options): (&Named, &Options),
) -> Result<(), Box<dyn Error>> {
    if let Some(told) = told_of_shares(own) {
        say::line(format_args!("\n{told}"));
    }
    for (phase, ramp) in &own.ramps {
        let name = own.good.as_deref().unwrap_or_default();
        let columns = self::columns(name, &own.columns)?;
        let good = recorded(plan, &columns, own)?;
        let (start, until) = range(&columns, name)?;
        let mut clean = self::options(own, (start, until), &columns);
        clean.bad_from = None;
        let good = (&good.recording, &clean);
        let phase = phase.parse()?;
        let as_it_is = ramp_of(program, &phase).unwrap_or_default();
        let ramps = [as_it_is, ramp.clone()];
        let tried = what_if(program, &phase, &ramps, good, (&named.recording, options))?;
        say::line(format_args!(
            "\nOther shares and bakes in {phase}, bad from the first share on:"
        ));
        for one in &tried {
            say::line(format_args!("  {}", super::tried(one)));
        }
    }
    Ok(())
}

/// What a what-if cannot know of shares other than the recorded one.
fn told_of_shares(own: &Own) -> Option<String> {
    let shares = own.ramps.iter().flat_map(|(_, ramp)| ramp);
    let most = shares.map(|(share, _)| *share).max()?;
    match own.canary_share {
        None => Some(
            "Every share is given as many requests as were recorded, so that only the bakes tell ramps apart: say \
             --canary-share, at which share the recordings were made."
                .to_owned(),
        ),
        Some(recorded) if most > recorded => Some(format!(
            "At shares above {recorded} no more requests are counted than were recorded: nobody knows how others would \
             have gone."
        )),
        Some(_) => None,
    }
}

/// From the first moment of any column to the last.
fn range(columns: &Columns, name: &str) -> Result<(Timestamp, Timestamp), String> {
    let ranges = columns.values().filter_map(Series::range);
    let range = ranges.reduce(|(a, b), (c, d)| (a.min(c), b.max(d)));
    range.ok_or_else(|| {
        format!("{name}: nothing was recorded: no column has a number at any time; what is infinite or NaN is none")
    })
}

/// What the columns are called, one that has no name too.
fn names(columns: &Columns) -> String {
    let names = columns.keys().map(|name| match name.as_str() {
        "" => "one without a name (give it one with --column NAME=)",
        name => name,
    });
    names.collect::<Vec<_>>().join(", ")
}

fn bytes(name: &str) -> Result<Vec<u8>, String> {
    std::fs::read(name).map_err(|error| format!("cannot read {name}: {error}"))
}

fn plan(name: &str) -> Result<Plan, Box<dyn Error>> {
    let checked = check(&PlanDocument::read(name, &bytes(name)?), None);
    Ok(checked.plan.ok_or_else(|| checked.faults.render())?)
}

/// The series of a file by their names, and again by the names that they are given.
fn columns(name: &str, given: &[(String, String)]) -> Result<Columns, Box<dyn Error>> {
    let bytes = bytes(name)?;
    let text = || {
        String::from_utf8(bytes.clone())
            .map_err(|_| format!("{name} is no text: write it as UTF-8"))
    };
    let extension = Path::new(name).extension().and_then(|end| end.to_str());
    let extension = extension.map(str::to_ascii_lowercase);
    let read = match extension.as_deref() {
        Some("csv") => read_csv(&text()?),
        Some("json") => read_prometheus_range(&bytes),
        _ => read_openmetrics(&text()?),
    };
    let mut columns = read.map_err(|error| format!("{name}: {error}"))?;
    for (wanted, series) in given {
        let Some(found) = columns.remove(series) else {
            let known = names(&columns);
            return Err(format!("{name} has no series {series}; it has: {known}").into());
        };
        columns.insert(wanted.clone(), found);
    }
    Ok(columns)
}

/// What the columns answer of the plan.
fn recorded(plan: &Plan, columns: &Columns, own: &Own) -> Result<Named, Box<dyn Error>> {
    let kpis: Vec<_> = plan.kpi_registry().kpis().cloned().collect();
    let mut others = columns.clone();
    let asked_for = kpis.iter().any(|kpi| kpi.id.as_str() == REQUESTS);
    if !asked_for {
        others.remove(REQUESTS);
    }
    let mut named = recording_by_name(&kpis, others);
    if named.recording == Recording::new() {
        let mut help = format!(
            "no column of {} answers a question of {}\n  it has: {}\n  the plan asks for:\n",
            own.recording,
            own.plan,
            names(columns)
        );
        for name in &named.missing {
            writeln!(help, "    {name}")?;
        }
        help.push_str("  rename the columns, or say --column NAME=SERIES");
        return Err(help.into());
    }
    if let Some(share) = own.canary_share {
        named.recording = named.recording.with_canary_share(share);
    }
    Ok(named)
}

/// The plan for sources that answer as it was recorded, and for everything else as the plan needs it.
fn program(plan: &Plan, named: &Named, own: &Own) -> Result<Program, Box<dyn Error>> {
    let mut text = "format: phasegate-bindings/1\nbindings:\n".to_owned();
    for (binding, need) in plan.needs() {
        let recorded = named.forms.get(&binding).into_iter().flatten();
        let others = need.capabilities.iter().filter(|one| !is_form(**one));
        let capabilities: Vec<String> = recorded.chain(others).map(ToString::to_string).collect();
        let roles: Vec<String> = need.roles.iter().map(ToString::to_string).collect();
        let commands = need.commands.iter();
        let commands: Result<Vec<String>, _> = commands
            .map(|name| {
                let name = serde_json::to_string(name)?;
                Ok::<_, serde_json::Error>(format!("{name}: {{argv: ['true'], idempotent: true}}"))
            })
            .collect();
        writeln!(
            text,
            "  {binding}: {{adapter: recorded, roles: [{}], capabilities: [{}], commands: {{{}}}}}",
            roles.join(", "),
            capabilities.join(", "),
            commands?.join(", ")
        )?;
    }
    let bindings = Catalog::read("bindings", text.as_bytes());
    let catalog = bindings.catalog.ok_or_else(|| bindings.faults.render())?;
    let mut start = Start::new("author".parse()?);
    for (name, value) in &own.parameters {
        start.parameters.insert(name.parse()?, value.clone());
    }
    let program = compile(plan, &catalog, &start);
    Ok(program.map_err(|error| format!("{}: {error}", own.plan))?)
}

const fn is_form(capability: Capability) -> bool {
    matches!(
        capability,
        Capability::MeasureBelow
            | Capability::MeasureDistribution
            | Capability::MeasureScalar
            | Capability::MeasureShare
    )
}

fn options(own: &Own, (start, until): (Timestamp, Timestamp), columns: &Columns) -> Options {
    let mut options = Options::new(start, until);
    options.bad_from = own.bad_from.map(|from| match from {
        BadFrom::After(after) => start + after,
        BadFrom::At(at) => at,
    });
    if let Some(requests) = columns.get(REQUESTS) {
        options.traffic = Some(Traffic {
            requests: requests.clone(),
            users: own.users,
        });
    }
    // Each false alarm counts, over all that was recorded.
    options.going_on()
}

fn show(rows: &[(String, Backtest)], options: &Options) {
    let table: Vec<(&str, &Backtest)> = rows
        .iter()
        .map(|(name, one)| (name.as_str(), one))
        .collect();
    say::line(format_args!("{}", comparison(&table)));
    if options.bad_from.is_none() {
        say::line(format_args!(
            "Say --bad-from to tell since when it was bad: without it each alarm counts as a false one.\n"
        ));
    }
    if options.traffic.is_none() {
        say::line(format_args!(
            "Nobody is counted: that needs a column '{REQUESTS}' with the count of all requests, and --users.\n"
        ));
    }
    for (name, one) in rows {
        let looks = match one.looks {
            1 => "1 look".to_owned(),
            looks => format!("{looks} looks"),
        };
        let ends = ends(one);
        say::line(format_args!("{name}: {looks} until {}; {ends}", one.until));
        let waits = one.stands_at.iter().filter(|_| one.detection().is_none());
        for place in waits {
            say::line(format_args!("It waits at {place}"));
        }
        if options.bad_from.is_some() {
            for line in alarms(one).lines().take(super::LINES_MAX) {
                say::line(format_args!("{line}"));
            }
        } else {
            for alarm in one.alarms.iter().take(super::LINES_MAX) {
                let until = match alarm.until > alarm.at {
                    true => format!(" until {}", alarm.until),
                    false => String::new(),
                };
                say::line(format_args!("* {}{until}: {}", alarm.at, alarm.cause));
            }
        }
        let more = one.alarms.len().saturating_sub(super::LINES_MAX);
        if more > 0 {
            say::line(format_args!("* and {more} more"));
        }
        say::line(format_args!(""));
        if !one.unrecorded.is_empty() {
            let texts = one
                .unrecorded
                .iter()
                .map(|(text, arm)| format!("{text} ({arm:?})"));
            let texts: Vec<String> = texts.collect();
            say::line(format_args!(
                "Nothing was recorded for, and what nobody sees is never good: {}\n",
                texts.join(", ")
            ));
        }
        for (text, arm, detail) in &one.unfit {
            say::line(format_args!(
                "Recorded in another form than is asked for: {text} ({arm:?}): {detail}\n"
            ));
        }
        super::over_time(one);
    }
}

/// How the rollouts ended: false alarms may have ended several before the last.
fn ends(one: &Backtest) -> String {
    let told = |(at, outcome): &(Timestamp, Outcome)| format!("{} at {at}", words(*outcome));
    match one.ends.as_slice() {
        [] => "the rollout was not over".to_owned(),
        [only] if one.rollouts == 1 => format!("the rollout {}", told(only)),
        [first, ..] => {
            let many = one.rollouts;
            let completed = one.ends.iter();
            let completed = completed.filter(|end| end.1 == Outcome::Completed).count();
            format!(
                "{many} rollouts, {completed} of them completed; the first {}",
                told(first)
            )
        }
    }
}

const fn words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Aborted => "was ended by a person",
        Outcome::Completed => "was completed",
        Outcome::RolledBack => "was rolled back",
        Outcome::RollbackFailed => "failed to go back",
    }
}
