//! Criteria, the declared numbers, and what was measured over time.

use std::collections::BTreeMap;

use phasegate_core::{PhaseId, Quantity, Ratio};
use phasegate_sla::{Finding, Means};

use crate::doc::bits::{Bits, Block, Clock, Section, Tone};
use crate::view::{Actual, CriterionView, KpiStatus, KpiView, Scope, Series, View, counted_of};
use crate::words;

pub(super) fn section(view: &View, clock: &Clock) -> Option<Section> {
    let rows = view.criteria.iter().map(|one| row(one, view, clock));
    let columns = &["Criterion", "Verdict", "Last", "Worst", "Recorded"];
    let table = Block::table(columns, rows)?;
    Some(Section::new("criteria", "Criteria", vec![table]))
}

/// Whose a criterion is: its phase, and the operation in which it is looked at, where it is one.
pub(crate) fn whose(criterion: &CriterionView, view: &View) -> String {
    let title = |id: &PhaseId| {
        let phase = view.phases.iter().find(|phase| phase.id == *id);
        phase.map_or_else(|| id.to_string(), |phase| format!("{} ({id})", phase.title))
    };
    let whose = match &criterion.scope {
        Scope::Phase(phase) => title(phase),
        Scope::Rollback(phase) => format!("{}, on the way back", title(phase)),
    };
    match &criterion.during {
        Some(during) => format!("{whose}, {during}"),
        None => whose,
    }
}

fn row(criterion: &CriterionView, view: &View, clock: &Clock) -> Vec<Bits> {
    let whose = format!(" {}", whose(criterion, view));
    let counted = criterion.counted;
    let counts = [
        (counted.fail, "fail"),
        (counted.inconclusive, "inconclusive"),
        (counted.warn, "warn"),
        (counted.pass, "pass"),
    ];
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    vec![
        Bits::code(criterion.rule.as_str()).and_quiet(whose),
        Bits::verdict(criterion.verdict()),
        seen(criterion.last.as_ref(), clock),
        seen(criterion.worst.as_ref(), clock),
        Bits::text(counts.join(", ")),
    ]
}

/// What was found, where so many of so many were asked for.
fn out_of(value: String, of: Option<u64>) -> String {
    match of {
        Some(of) => format!("{value} of {of}"),
        None => value,
    }
}

/// The number of a finding in words: `5 of 5`, `99.8% of values within 250ms`.
pub(crate) fn observed(finding: &Finding) -> Option<Bits> {
    let number = finding.observed.as_ref()?.shortened(finding.bound.as_ref());
    let bits = Bits::strong(out_of(number.to_string(), counted_of(finding)));
    let within = finding.bound.as_ref().filter(|_| is_share_within(finding));
    Some(match within {
        Some(bound) => bits.and_quiet(format!(" of values within {}", shown(bound))),
        None => bits,
    })
}

fn is_share_within(finding: &Finding) -> bool {
    finding.means == Some(Means::CountBelow)
}

/// What was measured, or the sentence where no one number says it.
pub(super) fn seen(finding: Option<&Finding>, clock: &Clock) -> Bits {
    let Some(finding) = finding else {
        return Bits::text("–");
    };
    let Some(mut bits) = observed(finding) else {
        return Bits::text(finding.sentence.as_str())
            .and_quiet(" ")
            .and(clock.at(finding.at));
    };
    if let Some(reference) = &finding.reference {
        bits = bits.and_quiet(format!(" against {}", shown(reference)));
    }
    let limit = finding.bound.as_ref().filter(|_| !is_share_within(finding));
    if let Some(limit) = limit {
        bits = bits.and_quiet(format!(", limit {}", shown(limit)));
    }
    if let Some(samples) = finding.samples {
        let word = if samples == 1 { "sample" } else { "samples" };
        bits = bits.and_quiet(format!(", {samples} {word}"));
    }
    bits.and_quiet(" ").and(clock.at(finding.at))
}

/// A quantity with few digits.
pub(crate) fn shown(quantity: &Quantity) -> String {
    quantity.shortened(None).to_string()
}

pub(crate) fn kpis(view: &View, clock: &Clock) -> Option<Section> {
    let rows = view.kpis.iter().map(|kpi| kpi_row(kpi, clock));
    let columns = &["KPI", "Baseline", "Target", "Measured last", "Status"];
    let table = Block::table(columns, rows)?;
    // What is still to come may decide otherwise.
    let open = view.header.ended.is_none();
    let last = view.header.last;
    let as_of = open.then(|| Block::Paragraph(Bits::text("As they stood at ").and(clock.at(last))));
    let blocks = as_of.into_iter().chain([table]).collect();
    Some(Section::new("kpis", "KPIs", blocks))
}

fn kpi_row(kpi: &KpiView, clock: &Clock) -> Vec<Bits> {
    vec![
        Bits::text(kpi.title.as_str())
            .and_text(" ")
            .and_code(kpi.kpi.as_str()),
        baseline(kpi),
        Bits::text(kpi.target.clone().unwrap_or_else(|| "–".to_owned())),
        measured_last(&kpi.actual, clock),
        status_why(kpi.status, kpi.why.as_ref()),
    ]
}

/// The baseline, and who gave it where the plan did not.
fn baseline(kpi: &KpiView) -> Bits {
    let baseline = Bits::text(kpi.baseline.as_str());
    match &kpi.baseline_by {
        Some(by) => baseline.and_quiet(format!(", given by {by}, not by the plan")),
        None => baseline,
    }
}

/// How a number or an objective stands, and why.
pub(crate) fn status_why(standing: KpiStatus, why: Option<&String>) -> Bits {
    let mark = status(standing);
    match why {
        Some(why) => mark.and_quiet(format!(": {why}")),
        None => mark,
    }
}

/// How a number or an objective stands.
pub(crate) fn status(status: KpiStatus) -> Bits {
    let tone = match status {
        KpiStatus::Met => Tone::Good,
        KpiStatus::Missed => Tone::Bad,
        KpiStatus::NotMeasured => Tone::Calm,
        KpiStatus::Open => Tone::Unsure,
    };
    Bits::mark(tone, words::kpi(status))
}

/// The last value of each measure, or a dash.
pub(super) fn measured_last(all: &[Actual], clock: &Clock) -> Bits {
    let one = |actual: &Actual| {
        let value = out_of(shown(&actual.observed), actual.of);
        let mut bits = Bits::code(actual.measure.as_str())
            .and_text(" ")
            .and(Bits::strong(value));
        if let Some(within) = &actual.within {
            bits = bits.and_text(format!(" of values within {}", shown(within)));
        }
        bits.and_text(" ").and(clock.at(actual.at))
    };
    let measured: Vec<Bits> = all.iter().map(one).collect();
    if measured.is_empty() {
        Bits::text("–")
    } else {
        Bits::joined(measured, "; ")
    }
}

pub(super) fn measured(view: &View, _clock: &Clock) -> Option<Section> {
    let bands = percentiles(&view.series).into_iter().map(Block::Bands);
    let blocks = bands.chain((0..view.series.len()).map(Block::Series));
    Section::of("measured", "What was measured", blocks)
}

/// Series of several percentiles of one thing, from the lowest to the highest: what a band is drawn of.
fn percentiles(all: &[Series]) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<&str, Vec<(Ratio, usize)>> = BTreeMap::new();
    for (index, series) in all.iter().enumerate() {
        if let Some(percentile) = &series.percentile {
            let of = groups.entry(percentile.of.as_str()).or_default();
            of.push((percentile.at, index));
        }
    }
    let several = groups.into_values().filter(|group| group.len() > 1);
    several
        .map(|mut group| {
            group.sort_unstable();
            group.into_iter().map(|(_, index)| index).collect()
        })
        .collect()
}

/// What a series is about, for headings.
pub(crate) fn series_title(series: &Series) -> Bits {
    match &series.within {
        Some(within) => Bits::text("Share of values within ")
            .and_code(within.to_string())
            .and_text(", for ")
            .and_code(series.measure.as_str()),
        None => Bits::code(series.measure.as_str()),
    }
}

/// The ends of a series in words, for a format without charts.
pub(crate) fn series_row(series: &Series) -> Vec<Bits> {
    let values = || series.points.iter().map(|point| &point.observed);
    let order = |a: &&Quantity, b: &&Quantity| a.compare(b).unwrap_or(std::cmp::Ordering::Equal);
    let one = |value: Option<&Quantity>| Bits::text(value.map_or_else(|| "–".to_owned(), shown));
    let reference = series
        .points
        .iter()
        .rev()
        .find_map(|point| point.reference.as_ref());
    let bounds: Vec<Bits> = series
        .bounds
        .iter()
        .filter_map(|bound| Some((bound, bound.changes.last()?)))
        .map(|(bound, last)| Bits::text(shown(&last.value)).and_quiet(format!(" {}", bound.by)))
        .collect();
    vec![
        series_title(series),
        one(values().min_by(order)),
        one(values().max_by(order)),
        one(values().next_back()),
        one(reference),
        Bits::joined(bounds, ", "),
        Bits::text(series.points.len().to_string()),
    ]
}

/// The columns of [`series_row`].
pub(crate) const SERIES_COLUMNS: &[&str] = &[
    "Measure",
    "Least",
    "Most",
    "Last",
    "Compared with",
    "Thresholds",
    "Points",
];
