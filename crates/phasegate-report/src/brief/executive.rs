//! The whole rollout on one page.

use std::collections::BTreeMap;

use phasegate_core::Span;
use phasegate_engine::program::holds_plan_gates;
use serde::Serialize;

use super::open::{Next, Open, next, open};
use super::{Brief, Data};
use crate::doc::{self, Bits, Block, Clock, Document, Front, Section, Tone};
use crate::lessons::{Lessons, lessons};
use crate::view::{
    Exposure, GoalView, Header, KpiStatus, KpiView, MomentSort, PhaseStanding, SloView, View,
};
use crate::words;

/// What it says, as data.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Executive {
    header: Header,
    why: String,
    phases_done: usize,
    phases: usize,
    exposure: Vec<Exposure>,
    /// Decisions of the plan and of people, and answers of people.
    decisions: usize,
    answers: usize,
    stood_still: Still,
    kpis: Vec<KpiView>,
    slos: Vec<SloView>,
    goals: Vec<GoalView>,
    open: Vec<Open>,
    next: Vec<Next>,
    lessons: Lessons,
}

/// For how long nothing moved forward, and how often.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Still {
    stops: usize,
    stopped: Span,
    outages: usize,
    down_at_most: Span,
}

/// The whole rollout on one page, for somebody who has a minute: counts, a few names, five points of each list at most.
#[must_use]
pub fn executive_summary(view: &View) -> Brief<'_> {
    let data = Executive::of(view);
    Brief {
        document: data.document(view),
        data: Data::ExecutiveSummary(Box::new(data)),
    }
}

/// Of a list, so many are told; the reports have all of it.
const FEW: usize = 5;
/// Of names in a sentence.
const NAMES: usize = 3;

/// How many phases of how many are done, in words. In one without steps, criteria and gates there is nothing to do.
pub(super) fn phases_words(view: &View) -> String {
    let (done, all) = phases(view);
    let own = view.phases.iter();
    let own = own.filter(|phase| !holds_plan_gates(&phase.id));
    let empty = own.filter(|phase| phase.runs.iter().any(|run| run.steps.is_empty()));
    match empty.count() {
        0 => format!("{done} of {all} done"),
        empty => format!("{done} of {all} done, {empty} with nothing to do"),
    }
}

/// So many of so many phases of the plan are done; gates of the whole plan are none.
pub(super) fn phases(view: &View) -> (usize, usize) {
    let own = view.phases.iter();
    let own = own.filter(|phase| !holds_plan_gates(&phase.id));
    let done = own
        .clone()
        .filter(|phase| phase.standing == PhaseStanding::Done);
    (done.count(), own.count())
}

/// How many decisions were taken. That it has ended, or that a way back is over, nobody decides.
fn taken(view: &View) -> usize {
    let all = doc::decisions(view).into_iter();
    let ends = |sort| matches!(sort, MomentSort::Finished | MomentSort::RollbackEnded);
    all.filter(|(_, moment)| !ends(moment.sort)).count()
}

impl Executive {
    fn of(view: &View) -> Self {
        let (phases_done, phases) = phases(view);
        let asked = view.questions.iter();
        Self {
            header: view.header.clone(),
            why: doc::why(view),
            phases_done,
            phases,
            exposure: view.exposure.clone(),
            decisions: taken(view),
            answers: asked.flat_map(|question| &question.answers).count(),
            stood_still: Still::of(view),
            kpis: view.kpis.clone(),
            slos: view.slos.clone(),
            goals: view.goals.clone(),
            open: open(view),
            next: next(view),
            lessons: lessons(view),
        }
    }

    fn document<'v>(&self, view: &'v View) -> Document<'v> {
        let clock = Clock::of(view);
        let mut front = Front::of(view);
        front.facts.retain(|(name, _)| *name != "Criteria");
        let phases = Bits::text(phases_words(view));
        front.facts.insert(0, ("Phases", phases));
        let decided = format!(
            "{} decisions, {} answers of people",
            self.decisions, self.answers
        );
        let stood_still = Bits::text(self.stood_still.words());
        let counts = [
            ("KPIs", counted(self.kpis.iter().map(|kpi| kpi.status))),
            (
                "Objectives",
                counted(self.slos.iter().map(|slo| slo.status)),
            ),
            ("Goals of the plan", self.goals()),
            ("Decided", Some(Bits::text(decided))),
            ("Stood still", Some(stood_still)),
        ];
        let counts = counts.into_iter();
        let counts = counts.filter_map(|(name, bits)| Some((name, bits?)));
        front.facts.extend(counts);
        // One picture: phases where nobody could be counted.
        let chart = if view.exposure.is_empty() {
            Block::Timeline
        } else {
            Block::ExposureChart
        };
        let open = self.open.iter().map(|one| one.bits(&clock));
        let next = self.next.iter().map(Next::bits);
        let sections = [
            Section::of("missed", "What is not as it should be", self.missed()),
            Section::of("open", "What it waits for", first(open)),
            Section::of("next", "Next", first(next)),
            Section::of("actions", "What to do", self.actions()),
            Section::of("course", "Course", [chart]),
        ];
        Document {
            front,
            sections: sections.into_iter().flatten().collect(),
            view: Some(view),
        }
    }

    /// How many of the numbers that the whole is to reach stand how, and how many statements people attested.
    fn goals(&self) -> Option<Bits> {
        let numbers = self.goals.iter().flat_map(|goal| &goal.numbers);
        let numbers = counted(numbers.map(|number| number.status));
        let checks: Vec<_> = self.goals.iter().flat_map(|goal| &goal.checks).collect();
        let word = |said: Option<bool>| {
            let of = checks
                .iter()
                .filter(|check| check.said.as_ref().map(|said| said.yes) == said);
            of.count()
        };
        let words = [
            (word(Some(true)), Tone::Good, "attested"),
            (word(Some(false)), Tone::Bad, "denied"),
            (word(None), Tone::Calm, "not asked"),
        ];
        let words = words.into_iter().filter(|(count, ..)| *count > 0);
        let words = words
            .map(|(count, tone, word)| Bits::text(format!("{count} ")).and(Bits::mark(tone, word)));
        let all: Vec<Bits> = numbers.into_iter().chain(words).collect();
        (!all.is_empty()).then(|| Bits::joined(all, ", "))
    }

    /// KPIs and objectives that are missed with why; how many are open or were not measured, with a few names.
    fn missed(&self) -> Option<Block> {
        let kpis = self.kpis.iter();
        let kpis = kpis.map(|kpi| (kpi.title.as_str(), kpi.status, kpi.why.as_ref()));
        let slos = self.slos.iter();
        let slos = slos.map(|slo| (slo.slo.as_str(), slo.status, slo.why.as_ref()));
        let all: Vec<_> = kpis.chain(slos).collect();
        let of = |wanted: KpiStatus| all.iter().filter(move |(_, status, _)| *status == wanted);
        let missed = of(KpiStatus::Missed).map(|(name, status, why)| {
            let name = Bits::text(*name).and_text(": ");
            name.and(doc::status_why(*status, *why))
        });
        let missed: Vec<Bits> = missed.collect();
        let others = [KpiStatus::Open, KpiStatus::NotMeasured].map(|status| {
            let names: Vec<&str> = of(status).map(|(name, ..)| *name).collect();
            let count = Bits::text(format!("{} ", names.len())).and(doc::status(status));
            let few = words::few(&names, NAMES);
            (!names.is_empty()).then(|| count.and_text(format!(": {few}")))
        });
        let items = cut(missed).into_iter().chain(others.into_iter().flatten());
        Block::list(items)
    }

    /// The first action items.
    fn actions(&self) -> Vec<Block> {
        let mut few = self.lessons.clone();
        few.to_improve.truncate(FEW);
        let more = self.lessons.to_improve.len().saturating_sub(FEW);
        let more = Bits::none().and_quiet(format!("And {more} more, in the full report."));
        let cut = self.lessons.to_improve.len() > FEW;
        let rest = cut.then_some(Block::Paragraph(more));
        doc::lists(&few).into_iter().chain(rest).collect()
    }
}

/// How many stand how.
fn counted(all: impl Iterator<Item = KpiStatus>) -> Option<Bits> {
    let mut counted: BTreeMap<KpiStatus, u32> = BTreeMap::new();
    for status in all {
        let count = counted.entry(status).or_default();
        *count = count.saturating_add(1);
    }
    let parts = counted.into_iter();
    let parts =
        parts.map(|(status, count)| Bits::text(format!("{count} ")).and(doc::status(status)));
    let parts: Vec<Bits> = parts.collect();
    (!parts.is_empty()).then(|| Bits::joined(parts, ", "))
}

fn first(items: impl Iterator<Item = Bits>) -> Option<Block> {
    Block::list(cut(items.collect()))
}

/// The first few, and how many more there are.
fn cut(mut items: Vec<Bits>) -> Vec<Bits> {
    let more = items.len().saturating_sub(FEW);
    if more > 0 {
        items.truncate(FEW);
        items.push(Bits::none().and_quiet(format!("and {more} more")));
    }
    items
}

impl Still {
    fn of(view: &View) -> Self {
        let until = |stop: &crate::view::Stop| {
            let ended = stop.ended.as_ref();
            ended.map_or(view.header.last, |ended| ended.at)
        };
        let stopped = view.stops.iter().map(|stop| until(stop).since(stop.from));
        let outages = &view.audit.outages;
        let down = outages.iter().map(|outage| outage.until.since(outage.from));
        Self {
            stops: view.stops.len(),
            stopped: stopped.fold(Span::ZERO, Span::saturating_add),
            outages: outages.len(),
            down_at_most: down.fold(Span::ZERO, Span::saturating_add),
        }
    }

    fn words(self) -> String {
        if self.stops == 0 && self.outages == 0 {
            return "never".to_owned();
        }
        let stops = format!(
            "{} holds and pauses, {} in all",
            self.stops,
            words::span_text(self.stopped)
        );
        let outages = format!(
            "{} down times, at most {} in all",
            self.outages,
            words::span_text(self.down_at_most)
        );
        let parts = [(self.stops, stops), (self.outages, outages)].into_iter();
        let parts: Vec<String> = parts
            .filter(|(count, _)| *count > 0)
            .map(|(_, words)| words)
            .collect();
        parts.join("; ")
    }
}
