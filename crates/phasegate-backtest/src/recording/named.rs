//! Which columns of a table answer which questions of a plan: by their names.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{Arm, BindingId, Capability};
use phasegate_criterion::{Kpi, Queries, Shape};

use super::{Recorded, Recording};
use crate::series::Series;

/// What the columns of a table answer.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Named {
    /// Everything that was recognised.
    pub recording: Recording,
    /// In which forms each source of the plan answers from it, or would if that were recorded.
    pub forms: BTreeMap<BindingId, BTreeSet<Capability>>,
    /// The names that would answer what no column answers.
    pub missing: Vec<String>,
    /// Columns that answer nothing.
    pub unused: Vec<String>,
}

/// Finds the columns that answer the questions of KPIs, by their names. A name begins with the KPI's id, then, each after
/// a point, its part if it is one and the side (`canary`, `stable`, `whole`; the whole may go without), or it begins with
/// the question's own text; then
///
/// | name | holds |
/// |---|---|
/// | `load`, `load.canary` | the number as it stood, in the KPI's unit: of a share in `%`, 1 is one per cent; of a counter, what it had counted in all |
/// | `errors.matching`, `errors.total` | what two counters had counted: those that match, and all |
/// | `latency.le.250`, `latency.le.inf` | how many values up to a bound had been counted in all, in the KPI's unit |
///
/// ```
/// use phasegate_backtest::{read_csv, recording_by_name};
/// use phasegate_criterion::{Kpi, Queries, Shape};
/// let mut errors = Kpi::new("errors".parse()?, "%".parse()?, Shape::Ratio, "metrics".parse()?);
/// errors.queries = Queries::arms("new_errors", "old_errors");
/// let columns = read_csv("time,errors.canary.matching,errors.canary.total,cpu\n1757408400,3,500,40\n")?;
/// let named = recording_by_name(&[errors], columns);
/// assert_eq!(named.unused, ["cpu"]);
/// assert_eq!(named.missing, ["errors.stable (or errors.stable.matching and errors.stable.total)"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn recording_by_name(kpis: &[Kpi], columns: BTreeMap<String, Series>) -> Named {
    let mut named = Named::default();
    let mut columns = Columns {
        all: columns,
        used: BTreeSet::new(),
    };
    for kpi in kpis {
        named.questions(kpi, None, &kpi.queries, &mut columns);
        for (part, queries) in &kpi.parts {
            named.questions(kpi, Some(part), queries, &mut columns);
        }
    }
    let unused = columns.all.into_keys();
    let unused = unused.filter(|name| !columns.used.contains(name));
    named.unused = unused.collect();
    named
}

struct Columns {
    all: BTreeMap<String, Series>,
    used: BTreeSet<String>,
}

impl Columns {
    fn take(&mut self, name: &str) -> Option<Series> {
        let series = self.all.get(name)?.clone();
        self.used.insert(name.to_owned());
        Some(series)
    }

    fn recorded(&mut self, base: &str, shape: Shape, plain: bool) -> Option<Recorded> {
        let (matching, total) = (format!("{base}.matching"), format!("{base}.total"));
        if self.all.contains_key(&matching) && self.all.contains_key(&total) {
            let (matching, total) = (self.take(&matching)?, self.take(&total)?);
            return Some(Recorded::Share { matching, total });
        }
        let buckets = self.buckets(&format!("{base}.le."));
        if buckets.last().is_some_and(|(bound, _)| bound.is_none()) {
            return Some(Recorded::Histogram(buckets));
        }
        let series = plain.then(|| self.take(base)).flatten()?;
        Some(if shape == Shape::Counter {
            Recorded::Counter(series)
        } else {
            Recorded::Gauge(series)
        })
    }

    /// Bounds in order; the last one has none.
    fn buckets(&mut self, head: &str) -> Vec<(Option<f64>, Series)> {
        let bound = |name: &String| -> Option<(f64, String)> {
            let bound = name.strip_prefix(head)?;
            let bound = match bound {
                "inf" | "+Inf" => f64::INFINITY,
                bound => bound.parse().ok()?,
            };
            Some((bound, name.clone()))
        };
        let mut found: Vec<(f64, String)> = self.all.keys().filter_map(bound).collect();
        found.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let of = |(bound, name): (f64, String)| {
            let bound = bound.is_finite().then_some(bound);
            Some((bound, self.take(&name)?))
        };
        found.into_iter().filter_map(of).collect()
    }
}

impl Named {
    fn questions(
        &mut self,
        kpi: &Kpi,
        part: Option<&String>,
        queries: &Queries,
        columns: &mut Columns,
    ) {
        let name = match part {
            Some(part) => format!("{}.{part}", kpi.id),
            None => kpi.id.to_string(),
        };
        for (arm, side) in [
            (Arm::Canary, "canary"),
            (Arm::Stable, "stable"),
            (Arm::Whole, "whole"),
        ] {
            let Some(text) = queries.of(arm) else {
                continue;
            };
            let sided = format!("{name}.{side}");
            let mut bases = vec![sided.clone()];
            bases.extend((arm == Arm::Whole).then(|| name.clone()));
            bases.extend((text != kpi.id.as_str()).then(|| text.to_owned()));
            // Percentiles are no numbers by themselves: a part of that name is.
            let plain = kpi.shape != Shape::Distribution || part.is_some();
            let mut found = bases
                .iter()
                .filter_map(|base| columns.recorded(base, kpi.shape, plain));
            let forms = self.forms.entry(kpi.source.clone()).or_default();
            let Some(recorded) = found.next() else {
                let told = if arm == Arm::Whole { &name } else { &sided };
                self.missing.push(asked_for(told, kpi.shape, plain));
                forms.extend(wanted(kpi.shape, plain));
                continue;
            };
            forms.extend(forms_of(&recorded));
            let recording = std::mem::take(&mut self.recording);
            self.recording = recording.with(text, Some(arm), recorded);
        }
    }
}

/// The names that would answer.
fn asked_for(name: &str, shape: Shape, plain: bool) -> String {
    match shape {
        _ if !plain => format!("{name}.le.BOUND for each bound, and {name}.le.inf"),
        Shape::Ratio => format!("{name} (or {name}.matching and {name}.total)"),
        _ => name.to_owned(),
    }
}

/// The form in which such a number is asked for first.
fn wanted(shape: Shape, plain: bool) -> Vec<Capability> {
    match shape {
        _ if !plain => vec![Capability::MeasureBelow, Capability::MeasureDistribution],
        Shape::Ratio => vec![Capability::MeasureShare],
        _ => vec![Capability::MeasureScalar],
    }
}

fn forms_of(recorded: &Recorded) -> Vec<Capability> {
    match recorded {
        Recorded::Counter(_) | Recorded::Gauge(_) => vec![Capability::MeasureScalar],
        Recorded::Share { .. } => vec![Capability::MeasureShare, Capability::MeasureScalar],
        Recorded::Histogram(_) => vec![Capability::MeasureBelow, Capability::MeasureDistribution],
    }
}
