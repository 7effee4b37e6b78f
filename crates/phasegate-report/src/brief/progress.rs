//! What happened in a time: a day, a week, a shift.

use phasegate_core::{Quantity, Ratio, Timestamp};
use phasegate_sla::Verdict;
use serde::Serialize;

use super::executive::{phases, phases_words};
use super::open::{Next, Open, next, open};
use super::{Brief, Data};
use crate::doc::{self, Bits, Block, Clock, Document, Front, Section, Tone};
use crate::view::{
    CriterionView, Exposure, Header, KpiView, Moment, MomentSort, RollbackView, SloView,
    StretchSort, TriggerView, View,
};
use crate::words;

/// What it says, as data.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Progress {
    from: Timestamp,
    /// Excluded.
    until: Timestamp,
    header: Header,
    why: String,
    phases_done: usize,
    phases: usize,
    exposure: Vec<Shares>,
    kpis: Vec<KpiView>,
    slos: Vec<SloView>,
    criteria: Vec<LookedAt>,
    /// Goings back that were under way in this time.
    rollbacks: Vec<RollbackView>,
    /// Triggers that were not quiet in this time, each with how; blind only where the plan bears it no longer.
    risks: Vec<Risk>,
    moments: Vec<Moment>,
    open: Vec<Open>,
    next: Vec<Next>,
}

/// The share of one target at the beginning and at the end of the time.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Shares {
    target: String,
    from: Option<Ratio>,
    until: Option<Ratio>,
}

/// A criterion that was looked at in this time.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct LookedAt {
    rule: String,
    /// Its phase, for people.
    of: String,
    verdict: Verdict,
    observed: Option<Quantity>,
    readings: usize,
    failures: usize,
    /// The last number in words.
    #[serde(skip)]
    shown: Option<Bits>,
}

/// A trigger that was not quiet.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Risk {
    trigger: String,
    rule: String,
    from: Timestamp,
    until: Option<Timestamp>,
    how: &'static str,
}

/// What happened from one moment (inclusive) to another (exclusive): for a day, a week, a shift.
///
/// Standings are those of the view: for a report on a time that is over, make the view from the records
/// up to its end, with [`View::of_until`].
#[must_use]
pub fn progress(view: &View, from: Timestamp, until: Timestamp) -> Brief<'_> {
    let data = Progress::of(view, from, until);
    Brief {
        document: data.document(view),
        data: Data::Progress(Box::new(data)),
    }
}

impl Progress {
    fn of(view: &View, from: Timestamp, until: Timestamp) -> Self {
        let inside = |at: Timestamp| from <= at && at < until;
        let (phases_done, phases) = phases(view);
        let moments = view.moments.iter().filter(|moment| inside(moment.at));
        let back = |back: &&RollbackView| {
            back.started < until && back.ended.is_none_or(|ended| from <= ended)
        };
        let criteria = view.criteria.iter();
        Self {
            from,
            until,
            header: view.header.clone(),
            why: doc::why(view),
            phases_done,
            phases,
            exposure: view
                .exposure
                .iter()
                .map(|line| Shares::of(line, from, until))
                .collect(),
            kpis: view.kpis.clone(),
            slos: view.slos.clone(),
            criteria: criteria
                .filter_map(|criterion| LookedAt::of(criterion, view, &inside))
                .collect(),
            rollbacks: view.rollbacks.iter().filter(back).cloned().collect(),
            risks: view
                .triggers
                .iter()
                .flat_map(|trigger| Risk::of(trigger, (from, until), view.header.last))
                .collect(),
            moments: moments.cloned().collect(),
            open: open(view),
            next: next(view),
        }
    }

    fn document<'v>(&self, view: &'v View) -> Document<'v> {
        let clock = Clock::of(view);
        let phases = phases_words(view);
        let span = format!("{} to {}", clock.full(self.from), clock.full(self.until));
        let mut facts = vec![
            ("Time", Bits::text(span)),
            ("Phases", Bits::text(phases)),
            ("Happened", Bits::text(self.moments.len().to_string())),
        ];
        facts.extend(self.exposure.iter().map(|line| ("Exposure", line.bits())));
        let open = Block::list(self.open.iter().map(|one| one.bits(&clock)));
        let next = Block::list(self.next.iter().map(Next::bits));
        let chart = (!view.exposure.is_empty()).then_some(Block::ExposureChart);
        let sections = [
            Section::of("course", "Exposure until then", chart),
            Section::of("achieved", "Achieved", self.achieved(view, &clock)),
            doc::goings_back(self.rollbacks.iter(), &clock),
            Section::of("risks", "Risks", self.risks(&clock)),
            Section::of("open", "Open", open),
            Section::of("next", "Next", next),
            doc::kpis(view, &clock),
            Section::of("criteria", "Criteria", self.criteria()),
            Section::of("moments", "What happened", self.moments(&clock)),
        ];
        Document {
            front: Front {
                title: self.header.title.clone(),
                standing: Some((self.header.standing, self.why.clone())),
                summary: None,
                facts,
            },
            sections: sections.into_iter().flatten().collect(),
            view: Some(view),
        }
    }

    /// What brings the rollout forward. A phase in which the plan has nothing to do brings it nowhere.
    fn achieved(&self, view: &View, clock: &Clock) -> Option<Block> {
        let has_steps = |moment: &Moment| {
            let phases = view.phases.iter();
            let mut of = phases.filter(|phase| Some(&phase.id) == moment.phase.as_ref());
            of.any(|phase| phase.runs.iter().any(|run| !run.steps.is_empty()))
        };
        let forward = |moment: &&Moment| {
            let found = matches!(
                moment.sort,
                MomentSort::BaselineRecorded | MomentSort::BakePassed | MomentSort::GateGo
            );
            found || moment.sort == MomentSort::PhaseFinished && has_steps(moment)
        };
        let all = self.moments.iter().filter(forward).map(|moment| {
            Bits::mark(Tone::Good, words::moment(moment.sort))
                .and_text(format!(": {}, ", moment.text))
                .and(clock.at(moment.at))
        });
        Block::list(all)
    }

    fn risks(&self, clock: &Clock) -> Option<Block> {
        let rows = self.risks.iter().map(|risk| {
            vec![
                Bits::text(risk.trigger.as_str())
                    .and_text(" ")
                    .and_code(risk.rule.as_str()),
                Bits::text(risk.how),
                clock.at(risk.from),
                clock.maybe(risk.until),
            ]
        });
        Block::table(&["Trigger", "Was", "From", "Until"], rows)
    }

    fn criteria(&self) -> Option<Block> {
        let rows = self.criteria.iter().map(|one| {
            let observed = one
                .observed
                .as_ref()
                .map(|seen| Bits::strong(doc::shown(seen)));
            let observed = one.shown.clone().or(observed);
            vec![
                Bits::code(one.rule.as_str()).and_quiet(format!(" {}", one.of)),
                Bits::verdict(Some(&one.verdict)),
                observed.unwrap_or_else(|| Bits::text("–")),
                Bits::text(one.readings.to_string()),
                Bits::text(one.failures.to_string()),
            ]
        });
        let columns = &[
            "Criterion",
            "Stands at",
            "Last",
            "Recorded findings",
            "Failures",
        ];
        Block::table(columns, rows)
    }

    fn moments(&self, clock: &Clock) -> Option<Block> {
        let rows = self.moments.iter().map(|moment| {
            vec![
                clock.at(moment.at),
                Bits::mark(doc::tone(moment.sort), words::moment(moment.sort)),
                Bits::text(moment.text.as_str()),
            ]
        });
        Block::table(&["When", "What", "In words"], rows)
    }
}

impl Shares {
    fn of(line: &Exposure, from: Timestamp, until: Timestamp) -> Self {
        let at = |moment: Timestamp| {
            let points = line.points.iter().take_while(|point| point.at < moment);
            points.last().map(|point| point.share).or(line.before)
        };
        Self {
            target: line.target.to_string(),
            from: at(from),
            until: at(until),
        }
    }

    fn bits(&self) -> Bits {
        let word = |share: Option<Ratio>| {
            share.map_or_else(|| "unknown".to_owned(), |share| share.to_string())
        };
        Bits::text(format!(
            "{}: from {} to {}",
            self.target,
            word(self.from),
            word(self.until)
        ))
    }
}

impl LookedAt {
    fn of(
        criterion: &CriterionView,
        view: &View,
        inside: &impl Fn(Timestamp) -> bool,
    ) -> Option<Self> {
        let readings = criterion.readings.iter().filter(|one| inside(one.at));
        let last = readings.clone().last()?;
        let failures = readings.clone().filter(|one| one.verdict == Verdict::Fail);
        let finding = criterion.last.as_ref().filter(|one| one.at == last.at);
        Some(Self {
            shown: finding.and_then(doc::observed),
            rule: criterion.rule.clone(),
            of: doc::whose(criterion, view),
            verdict: last.verdict.clone(),
            observed: last.observed.clone(),
            failures: failures.count(),
            readings: readings.count(),
        })
    }
}

impl Risk {
    /// The stretches that reach into the time.
    fn of(
        trigger: &TriggerView,
        (from, until): (Timestamp, Timestamp),
        last: Timestamp,
    ) -> Vec<Self> {
        let reaches = trigger.stretches.iter().filter(|stretch| {
            let lasted = stretch.until.unwrap_or(last).since(stretch.from);
            let matters = match stretch.sort {
                StretchSort::Blind => lasted >= trigger.blind_after,
                StretchSort::Firing | StretchSort::Pending => true,
                // After each change there is nothing to see for a while.
                StretchSort::Settling => false,
            };
            matters && stretch.from < until && stretch.until.is_none_or(|end| from <= end)
        });
        let risk = reaches.map(|stretch| Self {
            trigger: trigger.trigger.to_string(),
            rule: trigger.rule.clone(),
            from: stretch.from,
            until: stretch.until,
            how: words::stretch(stretch.sort),
        });
        risk.collect()
    }
}
