//! How a KPI stands on its way from baseline to target.

use phasegate_core::{Fraction, Quantity, Timestamp};
use phasegate_criterion::{Baseline, Cmp, Direction, Given, Kpi};
use serde::{Deserialize, Serialize};

/// How a KPI stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "reports have a word for each")]
pub enum KpiStatus {
    /// The target is reached.
    Met,
    /// Nothing was measured, or nothing says what to reach.
    NotMeasured,
    /// Not reached, and late: less of the way is done than of the time, or the deadline is over.
    OffTrack,
    /// Not reached yet, and at least as much of the way is done as of the time.
    OnTrack,
}

/// How a KPI stands, with its figures.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct KpiStanding {
    /// How it stands.
    pub status: KpiStatus,
    /// What was measured.
    pub actual: Option<Quantity>,
    /// Which part of the way from baseline to target is done, in percent; of a range, from its farther end.
    pub progress: Option<Quantity>,
    /// Which part of the time is over, in percent.
    pub elapsed: Option<Quantity>,
    /// In words.
    pub sentence: String,
}

/// How a KPI stands at a moment, measured against its target. `started` and `deadline` say how much of the
/// time is over; without a deadline or a baseline nobody can say that a target not reached is on track, and
/// it is off track.
///
/// ```
/// use phasegate_core::{Span, Timestamp};
/// use phasegate_criterion::{Direction, Kpi, Shape};
/// use phasegate_sla::kpi::{KpiStatus, standing};
/// let mut lead_time = Kpi::new("lead_time".parse()?, "d".parse()?, Shape::Duration, "engine".parse()?);
/// lead_time.direction = Direction::LowerIsBetter;
/// lead_time.baseline = "5d".parse()?;
/// lead_time.target = Some("1d".parse()?);
/// let day = |n: u64| Timestamp::EPOCH + Span::from_secs(n * 86_400);
/// // Half of the way, a third of the time.
/// let stands = standing(&lead_time, Some(&"3d".parse()?), day(0), Some(day(90)), day(30));
/// assert_eq!(stands.status, KpiStatus::OnTrack);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn standing(
    kpi: &Kpi,
    actual: Option<&Quantity>,
    started: Timestamp,
    deadline: Option<Timestamp>,
    at: Timestamp,
) -> KpiStanding {
    let elapsed = deadline.and_then(|deadline| {
        let (over, all) = (
            at.since(started).as_nanos(),
            deadline.since(started).as_nanos(),
        );
        Fraction::of_counts(over.min(all), all)
    });
    let progress = actual.and_then(|actual| progress(kpi, actual));
    let late = deadline.is_some_and(|deadline| at > deadline);
    let status = match actual.and_then(|actual| met(kpi, actual)) {
        None => KpiStatus::NotMeasured,
        Some(true) => KpiStatus::Met,
        Some(false) => match (late, progress, elapsed) {
            (false, Some(progress), Some(elapsed)) if progress >= elapsed => KpiStatus::OnTrack,
            (true | false, _, _) => KpiStatus::OffTrack,
        },
    };
    let percent = |share: Option<Fraction>| {
        let number = share?
            .checked_mul(Fraction::from(100))?
            .to_decimal_rounded(2)?;
        Some(Quantity::new(number, phasegate_core::Unit::PERCENT))
    };
    let (progress, elapsed) = (percent(progress), percent(elapsed));
    let sentence = sentence(kpi, status, actual, progress.as_ref(), elapsed.as_ref());
    KpiStanding {
        status,
        actual: actual.cloned(),
        progress,
        elapsed,
        sentence,
    }
}

/// Is the target reached? `None` without target, in another unit, or where nobody said which way is better.
fn met(kpi: &Kpi, actual: &Quantity) -> Option<bool> {
    let target = kpi.target.as_ref()?;
    let op = match (target.op, kpi.direction) {
        (Some(op), _) => op,
        (None, Direction::HigherIsBetter) => Cmp::GreaterOrEqual,
        (None, Direction::LowerIsBetter) => Cmp::LessOrEqual,
        (None, Direction::Neither) => return None,
    };
    Some(op.holds(actual.compare(&target.value)?))
}

/// The part of the way from the baseline to the target that is done; of a range, whichever is less.
fn progress(kpi: &Kpi, actual: &Quantity) -> Option<Fraction> {
    let target = &kpi.target.as_ref()?.value;
    let done = |from: &Quantity| -> Option<Fraction> {
        if from.dimension() != actual.dimension() || target.dimension() != actual.dimension() {
            return None;
        }
        let from = from.base()?;
        let way = target.base()?.checked_sub(from)?;
        actual.base()?.checked_sub(from)?.checked_div(way)
    };
    match &kpi.baseline {
        Baseline::Figure(Given::Point(value)) => done(value.quantity()),
        Baseline::Figure(Given::Range(range)) => {
            let (low, high) = (done(range.low.quantity())?, done(range.high.quantity())?);
            Some(low.min(high))
        }
        Baseline::Figure(Given::Unknown) | Baseline::Control | Baseline::Previous => None,
    }
}

fn sentence(
    kpi: &Kpi,
    status: KpiStatus,
    actual: Option<&Quantity>,
    progress: Option<&Quantity>,
    elapsed: Option<&Quantity>,
) -> String {
    let words = match (status, actual) {
        (KpiStatus::Met, _) => "met",
        // What was measured cannot be held against the target, or there is none.
        (KpiStatus::NotMeasured, Some(_)) => "measured, and held against nothing,",
        (KpiStatus::NotMeasured, None) => "not measured",
        (KpiStatus::OffTrack, _) => "off track",
        (KpiStatus::OnTrack, _) => "on track",
    };
    let limit = kpi.target.as_ref().map(|target| &target.value);
    let actual = actual.map_or(String::new(), |actual| {
        format!(" at {}", actual.shortened(limit))
    });
    let target = kpi
        .target
        .as_ref()
        .map_or(String::new(), |target| format!(", target {target}"));
    let way = match (progress, elapsed) {
        (Some(progress), Some(elapsed)) => {
            format!(", {progress} of the way in {elapsed} of the time")
        }
        (Some(progress), None) => format!(", {progress} of the way"),
        (None, _) => String::new(),
    };
    format!("{} {words}{actual}{target}{way}", kpi.id)
}

#[cfg(test)]
mod tests {
    use phasegate_criterion::Shape;

    use super::*;

    #[test]
    fn what_was_measured_is_not_called_not_measured() {
        let (unit, source) = ("".parse().unwrap(), "engine".parse().unwrap());
        let mut kpi = Kpi::new("bugs".parse().unwrap(), unit, Shape::Gauge, source);
        let now = Timestamp::EPOCH;
        let said =
            |kpi: &Kpi, actual: Option<&Quantity>| standing(kpi, actual, now, None, now).sentence;
        let seven = "7.333333333333333".parse().unwrap();
        let held = "bugs measured, and held against nothing, at 7.333";
        assert_eq!(said(&kpi, Some(&seven)), held);
        assert_eq!(said(&kpi, None), "bugs not measured");
        kpi.target = Some("< 8".parse().unwrap());
        assert_eq!(said(&kpi, Some(&seven)), "bugs met at 7.333, target < 8");
    }
}
