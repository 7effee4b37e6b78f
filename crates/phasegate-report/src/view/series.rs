//! What was measured over time, by measure: one series for `p95(latency)`, whichever criteria and
//! triggers look at it, with the threshold of each.

use std::collections::BTreeMap;

use phasegate_core::{CriterionId, Quantity, Ratio, Timestamp, TriggerId};
use phasegate_criterion::{Aggregate, Condition, Criterion, Measure, Test};
use phasegate_engine::record::Body;
use phasegate_engine::state::State;
use phasegate_sla::Finding;
use serde::Serialize;

use super::Step;

/// What was measured of one measure.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Series {
    /// The measure, in the criterion language.
    pub measure: String,
    /// For a percentile that was decided by counting: the points are the share of values within this.
    pub within: Option<Quantity>,
    /// For a percentile that was measured itself: which one, of what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentile: Option<Percentile>,
    /// The points, by time.
    pub points: Vec<SeriesPoint>,
    /// When it could not be measured.
    pub gaps: Vec<Timestamp>,
    /// The thresholds that stood against it.
    pub bounds: Vec<Bound>,
}

/// Which percentile a series is of.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Percentile {
    /// Of what: `latency`, with its parts and its window as criteria write them. Percentiles of one thing are drawn
    /// as a band.
    pub of: String,
    /// The share of values that lie below.
    pub at: Ratio,
}

/// One recorded value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SeriesPoint {
    /// When it was evaluated.
    pub at: Timestamp,
    /// The new version, or the whole.
    pub observed: Quantity,
    /// What it was compared with: the old version, a baseline.
    pub reference: Option<Quantity>,
    /// Not less than this, where it is not exact.
    pub low: Option<Quantity>,
    /// Not more than this, where it is not exact.
    pub high: Option<Quantity>,
    /// How many samples stand behind it.
    pub samples: Option<u64>,
}

/// The threshold of one criterion or trigger.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Bound {
    /// Whose.
    pub by: String,
    /// A criterion's or a trigger's.
    pub sort: BoundSort,
    /// The rule.
    pub rule: String,
    /// What it was, from each moment on.
    pub changes: Vec<BoundChange>,
    /// When it was last held to.
    pub until: Timestamp,
}

/// Whose threshold it is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "nothing else has thresholds")]
pub enum BoundSort {
    /// A criterion's: beyond it, the rollout does not go on.
    Criterion,
    /// A trigger's: beyond it, a response begins.
    Trigger,
}

/// A threshold from a moment on.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct BoundChange {
    /// From when on.
    pub at: Timestamp,
    /// The threshold.
    pub value: Quantity,
}

pub(super) struct Fold {
    rules: BTreeMap<CriterionId, Criterion>,
    triggers: BTreeMap<TriggerId, Criterion>,
    series: Vec<Series>,
    index: BTreeMap<(String, Option<Quantity>), usize>,
}

impl Fold {
    pub(super) fn new(state: &State) -> Self {
        let program = &state.program;
        let checks = program.checks().into_iter();
        let triggers = program.triggers.iter();
        Self {
            rules: checks
                .map(|(id, check)| (id, check.criterion.clone()))
                .collect(),
            triggers: triggers
                .map(|t| (t.id.clone(), t.criterion.clone()))
                .collect(),
            series: Vec::new(),
            index: BTreeMap::new(),
        }
    }

    pub(super) fn take(&mut self, step: &Step<'_>) {
        let Body::Evaluated {
            judged, triggers, ..
        } = &step.record.body
        else {
            return;
        };
        for judged in judged {
            if let Some(rule) = self.rules.get(&judged.check).cloned() {
                let by = (BoundSort::Criterion, judged.check.as_str());
                self.condition(&rule.condition, &judged.finding, by);
            }
        }
        for progress in triggers {
            if let Some(rule) = self.triggers.get(&progress.trigger).cloned() {
                let by = (BoundSort::Trigger, progress.trigger.as_str());
                self.condition(&rule.condition, &progress.finding, by);
            }
        }
    }

    /// A joined condition and its finding have the same parts in the same order.
    fn condition(&mut self, condition: &Condition, finding: &Finding, by: (BoundSort, &str)) {
        if let Condition::Test(test) = condition {
            self.test(test, finding, by);
        }
        for (part, finding) in condition.parts().zip(&finding.parts) {
            self.condition(part, finding, by);
        }
    }

    fn test(&mut self, test: &Test, finding: &Finding, (sort, by): (BoundSort, &str)) {
        let Some(observed) = finding.observed.clone() else {
            self.gap(&measure_of(test), finding.at);
            return;
        };
        let same = |bound: &&Quantity| bound.dimension() == observed.dimension();
        let counted = finding.bound.as_ref().filter(|bound| !same(bound));
        let within = counted.filter(|_| quantile(test).is_some()).cloned();
        let measure = measure_of(test);
        let bound = match &within {
            Some(_) => quantile(test),
            None => finding.bound.clone().filter(|bound| same(&bound)),
        };
        let ends = finding.interval.as_ref();
        let point = SeriesPoint {
            at: finding.at,
            reference: finding.reference.clone(),
            low: ends.and_then(|ends| ends.low.clone()),
            high: ends.and_then(|ends| ends.high.clone()),
            samples: finding.samples,
            observed,
        };
        let percentile = match &within {
            Some(_) => None,
            None => percentile(test),
        };
        let series = self.series(measure, within, percentile);
        series.point(point);
        if let Some(value) = bound {
            series.bound(
                sort,
                by,
                &finding.rule,
                BoundChange {
                    at: finding.at,
                    value,
                },
            );
        }
    }

    /// Whichever threshold it is counted against, what cannot be measured cannot be counted.
    fn gap(&mut self, measure: &str, at: Timestamp) {
        for series in self
            .series
            .iter_mut()
            .filter(|series| series.measure == measure)
        {
            if series.gaps.last().is_none_or(|last| *last < at) {
                series.gaps.push(at);
            }
        }
    }

    fn series(
        &mut self,
        measure: String,
        within: Option<Quantity>,
        percentile: Option<Percentile>,
    ) -> &mut Series {
        let key = (measure.clone(), within.clone());
        let index = *self.index.entry(key).or_insert(self.series.len());
        if index == self.series.len() {
            let (points, gaps, bounds) = (Vec::new(), Vec::new(), Vec::new());
            self.series.push(Series {
                measure,
                within,
                percentile,
                points,
                gaps,
                bounds,
            });
        }
        // The index is that of a series that is there.
        #[expect(
            clippy::indexing_slicing,
            reason = "pushed just above, or indexed before"
        )]
        &mut self.series[index]
    }

    pub(super) fn finish(self) -> Vec<Series> {
        self.series
    }
}

impl Series {
    /// All rules that look at one measure at one moment see one value; some see more beside it.
    fn point(&mut self, point: SeriesPoint) {
        match self.points.last_mut() {
            Some(last) if last.at >= point.at => {
                last.reference = last.reference.take().or(point.reference);
                last.low = last.low.take().or(point.low);
                last.high = last.high.take().or(point.high);
            }
            Some(_) | None => self.points.push(point),
        }
    }

    fn bound(&mut self, sort: BoundSort, by: &str, rule: &str, change: BoundChange) {
        let known = self
            .bounds
            .iter_mut()
            .find(|bound| bound.sort == sort && bound.by == by);
        match known {
            Some(bound) => {
                bound.until = change.at;
                if bound
                    .changes
                    .last()
                    .is_none_or(|last| last.value != change.value)
                {
                    bound.changes.push(change);
                }
            }
            None => {
                let (by, rule) = (by.to_owned(), rule.to_owned());
                self.bounds.push(Bound {
                    by,
                    sort,
                    rule,
                    until: change.at,
                    changes: vec![change],
                });
            }
        }
    }
}

/// What a test measures, in the criterion language.
fn measure_of(test: &Test) -> String {
    match &test.over {
        Some(over) => format!("{} over {over}", test.subject),
        None => test.subject.to_string(),
    }
}

/// Which percentile a test measures, and of what.
fn percentile(test: &Test) -> Option<Percentile> {
    let Measure::Aggregate { by, of, parts } = &test.subject.measure else {
        return None;
    };
    let at = by.quantile()?;
    let plain = Measure::Aggregate {
        by: Aggregate::Median,
        of: of.clone(),
        parts: parts.clone(),
    };
    // `median(latency, us)`, less the function: what stands between the parentheses.
    let plain = plain.to_string();
    let (_, inside) = plain.split_once('(')?;
    let inside = inside.strip_suffix(')').unwrap_or(inside);
    let of = match &test.over {
        Some(over) => format!("{inside} over {over}"),
        None => inside.to_owned(),
    };
    Some(Percentile { of, at })
}

/// Which share of values must lie within the threshold of a percentile.
fn quantile(test: &Test) -> Option<Quantity> {
    match &test.subject.measure {
        Measure::Aggregate { by, .. } => by.quantile()?.to_string().parse().ok(),
        Measure::Apdex { .. }
        | Measure::Below { .. }
        | Measure::BudgetLeft { .. }
        | Measure::BurnRate { .. }
        | Measure::Change(_)
        | Measure::Plain { .. }
        | Measure::Query(_) => None,
    }
}
