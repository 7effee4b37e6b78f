//! The whole rollout on half a page.

use std::collections::BTreeMap;

use phasegate_core::Span;
use phasegate_engine::program::holds_plan_gates;
use serde::Serialize;

use super::open::{Next, Open, next, open};
use super::{Brief, Data};
use crate::doc::{self, Bits, Block, Clock, Document, Front, Section};
use crate::lessons::{Lessons, lessons};
use crate::view::{Exposure, GoalView, Header, KpiStatus, KpiView, PhaseStanding, SloView, View};
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

/// The whole rollout on half a page, for somebody who has a minute.
#[must_use]
pub fn executive_summary(view: &View) -> Brief<'_> {
    let data = Executive::of(view);
    Brief {
        document: data.document(view),
        data: Data::ExecutiveSummary(Box::new(data)),
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
            decisions: doc::decisions(view).len(),
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
        let phases = format!("{} of {} done", self.phases_done, self.phases);
        front.facts.insert(0, ("Phases", Bits::text(phases)));
        let decided = format!(
            "{} decisions, {} answers of people",
            self.decisions, self.answers
        );
        front.facts.push(("Decided", Bits::text(decided)));
        front
            .facts
            .push(("Stood still", Bits::text(self.stood_still.words())));
        if let Some(goals) = self.goals() {
            front.facts.push(("Goals", goals));
        }
        let charts = [Block::ExposureChart, Block::Timeline];
        let open = Block::list(self.open.iter().map(|one| one.bits(&clock)));
        let next = Block::list(self.next.iter().map(Next::bits));
        let sections = [
            Some(Section::new("course", "Course", charts.to_vec())),
            Section::of("missed", "Numbers that are not met", self.missed()),
            Section::of("open", "Open", open),
            Section::of("next", "Next", next),
            Section::of("actions", "What to do", doc::lists(&self.lessons)),
        ];
        Document {
            front,
            sections: sections.into_iter().flatten().collect(),
            view: Some(view),
        }
    }

    /// How many of the numbers that the whole is to reach stand how.
    fn goals(&self) -> Option<Bits> {
        let numbers = self.goals.iter().flat_map(|goal| &goal.numbers);
        let mut counted: BTreeMap<KpiStatus, u32> = BTreeMap::new();
        for number in numbers {
            let count = counted.entry(number.status).or_default();
            *count = count.saturating_add(1);
        }
        let parts = counted.into_iter();
        let parts =
            parts.map(|(status, count)| Bits::text(format!("{count} ")).and(doc::status(status)));
        let parts: Vec<Bits> = parts.collect();
        (!parts.is_empty()).then(|| Bits::joined(parts, ", "))
    }

    fn missed(&self) -> Option<Block> {
        let kpis = self.kpis.iter();
        let kpis = kpis.map(|kpi| (Bits::text(kpi.title.as_str()), kpi.status));
        let slos = self.slos.iter();
        let slos = slos.map(|slo| (Bits::code(slo.slo.as_str()), slo.status));
        let all: Vec<(Bits, KpiStatus)> = kpis.chain(slos).collect();
        let (unseen, seen): (Vec<_>, Vec<_>) = all
            .into_iter()
            .filter(|(_, status)| *status != KpiStatus::Met)
            .partition(|(_, status)| *status == KpiStatus::NotMeasured);
        let seen = seen.into_iter();
        let mut items: Vec<Bits> = seen
            .map(|(name, status)| name.and_text(": ").and(doc::status(status)))
            .collect();
        if !unseen.is_empty() {
            let names = unseen.into_iter().map(|(name, _)| name).collect();
            let not_measured = doc::status(KpiStatus::NotMeasured).and_text(": ");
            items.push(not_measured.and(Bits::joined(names, ", ")));
        }
        Block::list(items)
    }
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
        format!(
            "{} holds and pauses, {} in all; {} down times, at most {} in all",
            self.stops,
            words::span_text(self.stopped),
            self.outages,
            words::span_text(self.down_at_most)
        )
    }
}
