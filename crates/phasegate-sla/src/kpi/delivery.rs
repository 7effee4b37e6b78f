//! Delivery performance in five figures, from a list of deployments and a list of incidents: lead time,
//! deployment frequency, failed deployment recovery time, change fail rate, rework rate.

use phasegate_core::{Fraction, Span, Timestamp};

/// A deployment to production.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct Deployment {
    /// When it was done.
    pub at: Timestamp,
    /// When its oldest change was committed.
    pub committed: Option<Timestamp>,
    /// Did it have to be mended at once, by a rollback or a hotfix?
    pub failed: bool,
    /// Was it unplanned, to mend a fault that users saw?
    pub rework: bool,
}

/// Something that went wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct Incident {
    /// When it began.
    pub began: Timestamp,
    /// When service was restored.
    pub restored: Option<Timestamp>,
    /// Was it caused by a change? Recovery of others is not delivery performance.
    pub from_change: bool,
}

/// The five figures. Each is `None` where nothing is there to make it from; none is zero by default.
///
/// ```
/// use phasegate_core::{Span, Timestamp};
/// use phasegate_sla::kpi::{DeliveryPerformance, Deployment};
/// let hour = |n: u64| Timestamp::EPOCH + Span::from_secs(3_600 * n);
/// let deployed = |at: u64, failed| Deployment { at: hour(at), committed: Some(hour(at - 2)), failed, rework: false };
/// let deployments = [deployed(10, false), deployed(20, true), deployed(30, false), deployed(40, false)];
/// let performance = DeliveryPerformance::over(hour(0), hour(48), &deployments, &[]);
/// assert_eq!(performance.deployments_per_day.map(|n| n.to_string()), Some("2".to_owned()));
/// assert_eq!(performance.change_fail_rate.map(|n| n.to_string()), Some("0.25".to_owned()));
/// assert_eq!(performance.lead_time, Some(Span::from_secs(7_200)));
/// assert_eq!(performance.recovery_time, None);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct DeliveryPerformance {
    /// From commit to production: the median.
    pub lead_time: Option<Span>,
    /// How many deployments a day; zero is a figure here.
    pub deployments_per_day: Option<Fraction>,
    /// From the beginning of a failure that a change caused to its end: the median of those that ended.
    pub recovery_time: Option<Span>,
    /// Failures that a change caused and that have not ended yet: recovery time says nothing of them.
    pub unrestored: usize,
    /// Records that cannot be so: an incident that ended before it began, a deployment of a change that was
    /// committed later. Neither recovery time nor lead time is made of them.
    pub impossible: usize,
    /// Which share of deployments failed.
    pub change_fail_rate: Option<Fraction>,
    /// Which share of deployments was unplanned, to mend a fault.
    pub rework_rate: Option<Fraction>,
}

impl DeliveryPerformance {
    /// The figures of a stretch of time, its end excluded. Deployments and incidents outside do not count;
    /// an incident counts where it began.
    #[must_use]
    pub fn over(
        start: Timestamp,
        end: Timestamp,
        deployments: &[Deployment],
        incidents: &[Incident],
    ) -> Self {
        let inside = |at: Timestamp| at >= start && at < end;
        let deployed: Vec<&Deployment> = deployments.iter().filter(|one| inside(one.at)).collect();
        let caused: Vec<&Incident> = incidents
            .iter()
            .filter(|one| one.from_change && inside(one.began))
            .collect();
        let share = |count: usize| {
            Fraction::of_counts(
                u64::try_from(count).ok()?,
                u64::try_from(deployed.len()).ok()?,
            )
        };
        let per_day = || {
            let days = Fraction::of_counts(end.since(start).as_nanos(), 86_400_000_000_000)?;
            Fraction::from(u64::try_from(deployed.len()).ok()?).checked_div(days)
        };
        let (lead, out_of_order) = lasted(deployed.iter().map(|one| (one.committed, Some(one.at))));
        let (recovery, ended_first) =
            lasted(caused.iter().map(|one| (Some(one.began), one.restored)));
        Self {
            lead_time: median(lead),
            deployments_per_day: per_day(),
            recovery_time: median(recovery),
            unrestored: caused.iter().filter(|one| one.restored.is_none()).count(),
            impossible: out_of_order + ended_first,
            change_fail_rate: share(deployed.iter().filter(|one| one.failed).count()),
            rework_rate: share(deployed.iter().filter(|one| one.rework).count()),
        }
    }
}

/// How long each lasted that began and ended, and how many are said to have ended before they began.
fn lasted(
    records: impl Iterator<Item = (Option<Timestamp>, Option<Timestamp>)>,
) -> (Vec<Span>, usize) {
    let (mut spans, mut impossible) = (Vec::new(), 0);
    for record in records {
        match record {
            (Some(from), Some(to)) if to < from => impossible += 1,
            (Some(from), Some(to)) => spans.push(to.since(from)),
            (None, _) | (_, None) => {}
        }
    }
    (spans, impossible)
}

/// The middle one, or the mean of the two in the middle.
pub(super) fn median(mut spans: Vec<Span>) -> Option<Span> {
    spans.sort_unstable();
    let middle = spans.len() / 2;
    let upper = *spans.get(middle)?;
    if spans.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *spans.get(middle.checked_sub(1)?)?;
    Some(Span::from_nanos(
        lower.as_nanos().midpoint(upper.as_nanos()),
    ))
}
