//! Delivery performance over many rollouts.

use phasegate_core::{Desired, Fraction, Ratio, RolloutId, Span, Timestamp};
use phasegate_engine::record::Outcome;
use phasegate_sla::kpi::{DeliveryPerformance, Deployment, Incident};
use serde::Serialize;

use super::{Brief, Data};
use crate::doc::{self, Bits, Block, Document, Front, Section};
use crate::setbacks::setbacks;
use crate::view::{EffectEnd, EffectView, Exposure, Standing, View};
use crate::words;

/// What it says, as data. What nothing is there to make of is absent.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Delivery {
    from: Timestamp,
    /// Excluded.
    until: Timestamp,
    lead_time: Option<Span>,
    deployments_per_day: Option<String>,
    recovery_time: Option<Span>,
    unrestored: usize,
    change_fail_rate: Option<String>,
    rework_rate: Option<String>,
    rollouts: Vec<Rollout>,
}

/// One of the rollouts.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Rollout {
    rollout: RolloutId,
    title: String,
    at: Timestamp,
    standing: Standing,
    deployed: bool,
    /// Whether the plan sets shares at all: else what changed anything outside, or was carried out, is a deployment.
    sets_shares: bool,
    setbacks: usize,
    recovered_in: Option<Span>,
    /// Whether the plan validated the end of each going back that is over.
    validated: bool,
}

/// Delivery performance over rollouts, each with its view: a rollout that exposed the new version to anybody
/// is a deployment, when it ended or was last seen, and has failed if it went back; each going back is an
/// incident that a change caused. Drills are neither. Where the plan sets no share at all, it is one that changed
/// anything outside or was carried out to its end. When changes were committed, and what was rework, no journal knows.
///
/// Moments from `from` (inclusive) to `until` (exclusive) count.
#[must_use]
pub fn delivery_performance(
    views: &[View],
    from: Timestamp,
    until: Timestamp,
) -> DeliveryPerformance {
    let mut deployments = Vec::new();
    let mut incidents = Vec::new();
    for view in views {
        if is_deployed(view) {
            deployments.push(Deployment {
                at: ended(view),
                committed: None,
                failed: view.rollbacks.iter().any(|back| !back.is_drill()),
                rework: false,
            });
        }
        incidents.extend(setbacks(view).into_iter().map(|one| Incident {
            began: one.began,
            restored: one.restored,
            from_change: true,
        }));
    }
    DeliveryPerformance::over(from, until, &deployments, &incidents)
}

/// The same as a report: the five figures of delivery performance (DORA), and the rollouts they are made of.
///
/// ```
/// # fn write(views: &[phasegate_report::View], from: phasegate_core::Timestamp, until: phasegate_core::Timestamp) {
/// let report = phasegate_report::delivery_report(views, from, until);
/// assert!(report.markdown().starts_with("# Delivery performance\n"));
/// # }
/// ```
#[must_use]
pub fn delivery_report(views: &[View], from: Timestamp, until: Timestamp) -> Brief<'static> {
    let found = delivery_performance(views, from, until);
    let number = |number: Option<Fraction>| number.map(decimal);
    let data = Delivery {
        from,
        until,
        lead_time: found.lead_time,
        deployments_per_day: number(found.deployments_per_day),
        recovery_time: found.recovery_time,
        unrestored: found.unrestored,
        change_fail_rate: number(found.change_fail_rate),
        // No journal knows what was rework: that none was would be a guess.
        rework_rate: None,
        rollouts: views.iter().map(Rollout::of).collect(),
    };
    Brief {
        document: data.document(&found),
        data: Data::DeliveryPerformance(Box::new(data)),
    }
}

fn is_deployed(view: &View) -> bool {
    if view.header.sets_shares {
        let shown = |line: &Exposure| line.points.iter().any(|point| point.share > Ratio::ZERO);
        return view.exposure.iter().any(shown);
    }
    let changed = |effect: &EffectView| {
        let is_message = matches!(effect.desired, Desired::Message { .. });
        effect.end == EffectEnd::Applied && !is_message
    };
    let completed = view.header.outcome == Some(Outcome::Completed);
    completed || view.effects.iter().any(changed)
}

fn ended(view: &View) -> Timestamp {
    view.header.ended.unwrap_or(view.header.last)
}

impl Rollout {
    fn of(view: &View) -> Self {
        let all = setbacks(view);
        let recovered = all
            .iter()
            .filter_map(crate::setbacks::Setback::time_to_restore);
        Self {
            rollout: view.header.rollout.clone(),
            title: view.header.title.clone(),
            at: ended(view),
            standing: view.header.standing,
            deployed: is_deployed(view),
            sets_shares: view.header.sets_shares,
            setbacks: all.len(),
            recovered_in: recovered.max(),
            validated: all
                .iter()
                .all(|one| one.validated || one.restored.is_none()),
        }
    }

    fn row(&self) -> Vec<Bits> {
        let deployed = Bits::text(if self.deployed { "yes" } else { "no" });
        let deployed = if self.sets_shares {
            deployed
        } else {
            deployed.and_quiet(", the plan sets no share")
        };
        let recovered = self
            .recovered_in
            .map_or_else(|| "–".to_owned(), words::span_text);
        let unseen = if self.validated {
            ""
        } else {
            ", not validated"
        };
        vec![
            Bits::text(self.title.as_str())
                .and_text(" ")
                .and_code(self.rollout.as_str()),
            Bits::text(words::moment_text(self.at, false)),
            Bits::mark(
                doc::standing_tone(self.standing),
                words::stands(self.standing),
            ),
            deployed,
            Bits::text(self.setbacks.to_string()),
            Bits::text(recovered).and_quiet(unseen),
        ]
    }
}

impl Delivery {
    fn document(&self, found: &DeliveryPerformance) -> Document<'static> {
        let span = |span: Option<Span>| span.map(words::span_text);
        let figure = |name: &'static str, figure: Option<String>, why: &str| {
            let said = figure.map_or_else(
                || Bits::text("not known").and_quiet(format!(": {why}")),
                Bits::strong,
            );
            (name, said)
        };
        let share = |share: Option<Fraction>| share.map(percent);
        let mut facts = vec![
            figure(
                "Deployments a day",
                self.deployments_per_day.clone(),
                "no time",
            ),
            figure(
                "Change fail rate",
                share(found.change_fail_rate),
                "nothing was deployed",
            ),
            figure(
                "Failed deployment recovery time",
                span(self.recovery_time),
                "nothing was restored",
            ),
            figure(
                "Lead time",
                None,
                "no journal holds when changes were committed",
            ),
            figure("Rework rate", None, "no journal holds what was rework"),
        ];
        if self.unrestored > 0 {
            facts.push((
                "Not restored yet",
                Bits::strong(self.unrestored.to_string()),
            ));
        }
        let rows = self.rollouts.iter().map(Rollout::row);
        let columns = &[
            "Rollout",
            "Ended or last seen (UTC)",
            "Stands",
            "Deployed",
            "Went back",
            "Longest recovery",
        ];
        let moment = |at| words::moment_text(at, false);
        let summary = format!(
            "From {} to {} UTC, from the journals of {} rollouts.",
            moment(self.from),
            moment(self.until),
            self.rollouts.len()
        );
        Document {
            front: Front {
                title: "Delivery performance".to_owned(),
                standing: None,
                summary: Some(summary),
                facts,
            },
            sections: Section::of("rollouts", "Rollouts", Block::table(columns, rows))
                .into_iter()
                .collect(),
            view: None,
        }
    }
}

/// With four decimals at most.
fn decimal(number: Fraction) -> String {
    let text = format!("{:.4}", number.to_f64());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A share in percent, with one decimal.
fn percent(share: Fraction) -> String {
    format!("{:.1}%", share.to_f64() * 100.0)
}
