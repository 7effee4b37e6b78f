//! Measurements give the phases of metrics, and these the phase of a run.

use serde::{Deserialize, Serialize};

use super::measure::Phase;
use super::pattern;

/// Errors in a row that are tolerated where nothing is said.
const DEFAULT_CONSECUTIVE_ERRORS: i64 = 4;

/// The limits of a metric; `None` where the format's default holds.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "written out by callers; the limits of the format"
)]
pub struct Limits {
    /// Errors in a row that are tolerated: 4.
    pub consecutive_errors: Option<i64>,
    /// Successes in a row that are enough; 0 (the default) for no such rule.
    pub consecutive_successes: Option<i64>,
    /// Measurements to take; 0 (the default) for one without an interval, for ever with one.
    pub count: Option<i64>,
    /// Failures that are tolerated: 0; −1 for any number.
    pub failures: Option<i64>,
    /// Inconclusive measurements that are tolerated: 0.
    pub inconclusive: Option<i64>,
}

/// A metric of an analysis run.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "written out by callers; the fields of the format"
)]
pub struct MetricSpec {
    /// Its name, unique in the run.
    pub name: String,
    /// Whether an interval is given, that is, whether it is measured again.
    pub has_interval: bool,
    /// Its limits.
    pub limits: Limits,
}

/// Why a run is not valid; its phase is then [`Phase::Error`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RunFault {
    /// A limit below its least value.
    #[error("metric '{metric}': {limit} is too small")]
    BelowLeast {
        /// The metric.
        metric: String,
        /// The limit.
        limit: &'static str,
    },
    /// Fewer measurements than the limits need.
    #[error("metric '{metric}': count must not be below {limit}")]
    CountTooSmall {
        /// The metric.
        metric: String,
        /// What it is below.
        limit: &'static str,
    },
    /// Two metrics of one name.
    #[error("metric '{metric}' is there twice")]
    Duplicate {
        /// The metric.
        metric: String,
    },
    /// Several measurements without an interval.
    #[error("metric '{metric}': an interval is needed for more than one measurement")]
    IntervalMissing {
        /// The metric.
        metric: String,
    },
    /// No metric at all.
    #[error("no metrics")]
    NoMetrics,
    /// A dry-run rule that no metric matches.
    #[error("dry-run rule {index} matches no metric")]
    NoSuchDryRun {
        /// The rule's place, from 0.
        index: usize,
    },
    /// Neither failures nor successes could ever end it.
    #[error("metric '{metric}': failure and success limits cannot both be off")]
    NothingDecides {
        /// The metric.
        metric: String,
    },
}

/// The counts and phase of one metric.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
struct Tally {
    taken: bool,
    failed: i64,
    inconclusive: i64,
    counted: i64,
    errors_in_a_row: i64,
    successes_in_a_row: i64,
    /// The phase it ended in.
    ended: Option<Phase>,
}

/// An analysis run: feed it each tick's measurements, read its phase.
///
/// Order of calls: as often as one likes, [`due`](Self::due), then [`record`](Self::record) for the due
/// metrics, then [`assess`](Self::assess). Assessing twice without new measurements changes nothing. Written and
/// read back it goes on where it was.
///
/// ```
/// use phasegate_sla::judge::argo::{AnalysisRun, Limits, MetricSpec, Phase};
/// let limits = Limits { count: Some(3), failures: Some(1), ..Limits::default() };
/// let metric = MetricSpec { name: "errors".into(), has_interval: true, limits };
/// let mut run = AnalysisRun::new(vec![metric], &[])?;
/// for phase in [Phase::Successful, Phase::Failed, Phase::Successful] {
///     run.record(0, phase);
///     run.assess();
/// }
/// assert_eq!(run.phase(), Phase::Successful);
/// # Ok::<(), phasegate_sla::judge::argo::RunFault>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct AnalysisRun {
    metrics: Vec<(MetricSpec, bool, Tally)>,
    terminated: bool,
    phase: Phase,
}

/// What a run looks like after an assessment.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct RunState {
    /// The run's phase.
    pub phase: Phase,
    /// Each metric's phase, in order; `None` for one that was never measured.
    pub metrics: Vec<Option<Phase>>,
}

impl AnalysisRun {
    /// A run of `metrics`; metrics whose name a pattern of `dry_run` matches are measured and not
    /// counted.
    ///
    /// # Errors
    /// When the run is not valid; Argo then ends it as [`Phase::Error`] at once.
    pub fn new(metrics: Vec<MetricSpec>, dry_run: &[String]) -> Result<Self, RunFault> {
        if metrics.is_empty() {
            return Err(RunFault::NoMetrics);
        }
        for (index, metric) in metrics.iter().enumerate() {
            if metrics
                .iter()
                .take(index)
                .any(|other| other.name == metric.name)
            {
                return Err(RunFault::Duplicate {
                    metric: metric.name.clone(),
                });
            }
            validate(metric)?;
        }
        let mut dry = vec![false; metrics.len()];
        for (index, rule) in dry_run.iter().enumerate() {
            let rule = pattern::compile(rule.as_bytes());
            let mut matched = false;
            for (metric, dry) in metrics.iter().zip(&mut dry) {
                if rule
                    .as_ref()
                    .is_some_and(|rule| rule.is_match(metric.name.as_bytes()))
                {
                    *dry = true;
                    matched = true;
                }
            }
            if !matched {
                return Err(RunFault::NoSuchDryRun { index });
            }
        }
        let metrics = metrics
            .into_iter()
            .zip(dry)
            .map(|(metric, dry)| (metric, dry, Tally::default()))
            .collect();
        Ok(Self {
            metrics,
            terminated: false,
            phase: Phase::Pending,
        })
    }

    /// Asks the run to end: no new measurements, and metrics without a verdict are successful.
    pub fn terminate(&mut self) {
        self.terminated = true;
    }

    /// The places of the metrics that are to be measured when their time has come.
    #[must_use]
    pub fn due(&self) -> Vec<usize> {
        if self.phase.is_completed() || self.is_terminating() {
            return Vec::new();
        }
        let is_due = |(metric, _, tally): &(MetricSpec, bool, Tally)| {
            let reached = effective_count(metric).is_some_and(|count| tally.counted >= count);
            tally.ended.is_none() && !(tally.taken && reached)
        };
        let places = self.metrics.iter().enumerate();
        places
            .filter(|(_, entry)| is_due(entry))
            .map(|(place, _)| place)
            .collect()
    }

    /// Takes in a completed measurement of the metric at `place`; ignored for a place that does not
    /// exist, a metric that ended, and a phase that is not completed.
    pub fn record(&mut self, place: usize, phase: Phase) {
        let Some((_, _, tally)) = self.metrics.get_mut(place) else {
            return;
        };
        if tally.ended.is_some() || !phase.is_completed() {
            return;
        }
        tally.taken = true;
        if phase == Phase::Error {
            tally.errors_in_a_row += 1;
            tally.successes_in_a_row = 0;
            return;
        }
        tally.counted += 1;
        tally.errors_in_a_row = 0;
        tally.successes_in_a_row = if phase == Phase::Successful {
            tally.successes_in_a_row + 1
        } else {
            0
        };
        tally.failed += i64::from(phase == Phase::Failed);
        tally.inconclusive += i64::from(phase == Phase::Inconclusive);
    }

    /// Whether a metric that counts has ended badly, or the run was asked to end.
    #[must_use]
    pub fn is_terminating(&self) -> bool {
        self.terminated
            || self.metrics.iter().any(|(_, dry, tally)| {
                !dry && tally.ended.is_some_and(|phase| phase != Phase::Successful)
            })
    }

    /// Assesses metrics and run on what was recorded so far.
    ///
    /// Whether the run is ending is judged before: a metric that fails in this assessment ends the
    /// others in the next one.
    pub fn assess(&mut self) -> RunState {
        if self.phase.is_completed() {
            return self.state();
        }
        let terminating = self.is_terminating();
        let mut worst: Option<Phase> = None;
        let mut all_ended = true;
        for (metric, dry, tally) in &mut self.metrics {
            if !tally.taken {
                all_ended = false;
                continue;
            }
            let phase = tally
                .ended
                .unwrap_or_else(|| assess_metric(metric, tally, terminating));
            if !phase.is_completed() {
                all_ended = false;
                continue;
            }
            tally.ended = Some(phase);
            let counted = if *dry { Phase::Successful } else { phase };
            if worst.is_none_or(|worst| !*dry && counted.badness() > worst.badness()) {
                worst = Some(counted);
            }
        }
        self.phase = match worst {
            None if terminating => Phase::Successful,
            Some(worst) if terminating || all_ended => worst,
            _ => Phase::Running,
        };
        self.state()
    }

    /// The run's phase after the last assessment.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    fn state(&self) -> RunState {
        let metrics = self
            .metrics
            .iter()
            .map(|(_, _, tally)| tally.taken.then(|| tally.ended.unwrap_or(Phase::Running)))
            .collect();
        RunState {
            phase: self.phase,
            metrics,
        }
    }
}

fn assess_metric(metric: &MetricSpec, tally: &Tally, terminating: bool) -> Phase {
    let limits = metric.limits;
    let failures = limits.failures.unwrap_or(0);
    let successes = limits.consecutive_successes.unwrap_or(0);
    // In this order: an error in a row outweighs being inconclusive, and that a failure.
    if tally.errors_in_a_row
        > limits
            .consecutive_errors
            .unwrap_or(DEFAULT_CONSECUTIVE_ERRORS)
    {
        return Phase::Error;
    }
    if tally.inconclusive > limits.inconclusive.unwrap_or(0) {
        return Phase::Inconclusive;
    }
    if failures >= 0 && tally.failed > failures {
        return Phase::Failed;
    }
    if successes > 0 && tally.successes_in_a_row >= successes {
        return Phase::Successful;
    }
    if effective_count(metric).is_some_and(|count| tally.counted >= count) {
        return match (failures >= 0, successes > 0) {
            (true, true) => Phase::Inconclusive,
            (false, true) => Phase::Failed,
            (_, false) => Phase::Successful,
        };
    }
    if terminating {
        Phase::Successful
    } else {
        Phase::Running
    }
}

/// How many measurements end the metric; none if it runs for ever.
fn effective_count(metric: &MetricSpec) -> Option<i64> {
    match metric.limits.count.unwrap_or(0) {
        0 => (!metric.has_interval).then_some(1),
        count => Some(count),
    }
}

fn validate(metric: &MetricSpec) -> Result<(), RunFault> {
    let name = || metric.name.clone();
    let limits = metric.limits;
    let count = limits.count.unwrap_or(0);
    let failures = limits.failures.unwrap_or(0);
    let successes = limits.consecutive_successes.unwrap_or(0);
    let inconclusive = limits.inconclusive.unwrap_or(0);
    for (limit, value, least) in [
        ("the success limit", successes, 0),
        ("the failure limit", failures, -1),
        ("the inconclusive limit", inconclusive, 0),
        ("the error limit", limits.consecutive_errors.unwrap_or(0), 0),
    ] {
        if value < least {
            return Err(RunFault::BelowLeast {
                metric: name(),
                limit,
            });
        }
    }
    if successes == 0 && failures == -1 {
        return Err(RunFault::NothingDecides { metric: name() });
    }
    if count > 0 {
        let needed = successes.saturating_add(failures.max(0));
        if count < needed {
            let limit = "failures and successes together";
            return Err(RunFault::CountTooSmall {
                metric: name(),
                limit,
            });
        }
        if count < inconclusive {
            return Err(RunFault::CountTooSmall {
                metric: name(),
                limit: "the inconclusive limit",
            });
        }
    }
    if count > 1 && !metric.has_interval {
        return Err(RunFault::IntervalMissing { metric: name() });
    }
    Ok(())
}
