//! When each phase begins and ends, if all goes as planned.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use phasegate_core::{GateId, PhaseId, Span, StepId, Timestamp};

use super::layout::{Layout, Times};
use super::placing::{Placed, SlotAt};
use super::warnings::{Warning, Warnings};
use crate::calendar::{Date, WorkCalendar};
use crate::check::{Plan, dependencies, levelled, order};
use crate::document::PlanDocument;
use crate::fault::{Code, FAULTS_MAX, Faults};
use crate::model::{GateWhen, Phase, PlanDraft};

/// The planned times of one phase.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct PlannedPhase {
    /// The phase.
    pub id: PhaseId,
    /// When it begins.
    pub start: Timestamp,
    /// When its work is done; of an open length, at the earliest.
    pub done: Timestamp,
    /// When it ends: its work is done and the dates of its gates have come.
    pub end: Timestamp,
    /// It may go on for longer: its length is open.
    pub open: bool,
    /// Its gates.
    pub gates: Vec<PlannedGate>,
    /// Its steps and activities that have a time of their own.
    pub activities: Vec<PlannedActivity>,
}

/// When a gate is to be decided.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct PlannedGate {
    /// The gate.
    pub id: GateId,
    /// Not before this moment: what it is about has come, and its day and its date.
    pub at: Timestamp,
}

/// When something is to be done within a phase.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct PlannedActivity {
    /// The step, if it is one.
    pub step: Option<StepId>,
    /// What it is, for people.
    pub title: String,
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
}

/// A plan laid out in time.
///
/// ```
/// use phasegate_plan::model::{Phase, PlanDraft, PlanFormat};
/// use phasegate_plan::Schedule;
/// let draft = PlanDraft::new(PlanFormat::V1, "p", "P").phases([
///     Phase::new("build", "Build").length("5bd"),
///     Phase::new("ship", "Ship").length("2bd"),
/// ]);
/// let schedule = Schedule::of_draft(&draft, "2025-09-01".parse()?);
/// let end = schedule.phase(&"ship".parse()?).map(|phase| phase.end);
/// assert_eq!(end, Some("2025-09-09T17:00:00Z".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Schedule {
    phases: Vec<PlannedPhase>,
    index: BTreeMap<PhaseId, usize>,
    /// Which phase of the draft each is.
    pub(super) numbers: Vec<usize>,
    /// Which of them each phase of the draft waits for.
    pub(super) before: Vec<Vec<usize>>,
    warnings: Vec<(usize, Warning)>,
    calendar: WorkCalendar,
    pub(super) forward: WorkCalendar,
    pub(super) draft: Arc<PlanDraft>,
    pub(super) latest: OnceLock<BTreeMap<usize, Timestamp>>,
    start: Date,
}

impl Schedule {
    /// Lays a plan out from a day on.
    pub fn new(plan: &Plan, start: Date) -> Self {
        Self::of_draft(plan.draft(), start)
    }

    /// The same for a draft, whose faults may make parts of it meaningless.
    pub fn of_draft(draft: &PlanDraft, start: Date) -> Self {
        Self::delayed(&Arc::new(draft.clone()), start, None)
    }

    /// The same with one phase beginning so many business days later than it could.
    pub(super) fn delayed(draft: &Arc<PlanDraft>, start: Date, slip: Option<(usize, u32)>) -> Self {
        let calendar = WorkCalendar::new(&draft.calendar);
        let forward = draft.without_freezes(&calendar);
        let mut schedule = Self {
            phases: Vec::new(),
            index: BTreeMap::new(),
            numbers: Vec::new(),
            before: dependencies(draft),
            warnings: Vec::new(),
            calendar,
            forward,
            draft: Arc::clone(draft),
            latest: OnceLock::new(),
            start,
        };
        schedule.lay_out(slip);
        schedule
    }

    fn lay_out(&mut self, slip: Option<(usize, u32)>) {
        let mut planned: BTreeMap<usize, PlannedPhase> = BTreeMap::new();
        let mut warnings = Vec::new();
        let layout = self.layout();
        for number in order(&self.before) {
            let (Some(phase), Some(list)) =
                (self.draft.phases.get(number), self.before.get(number))
            else {
                continue;
            };
            let ends = list.iter().filter_map(|one| planned.get(one));
            let ready = ends.map(|phase| phase.end).max();
            let late = slip.filter(|(which, _)| *which == number);
            let mut found = Warnings::kept();
            let times = layout.phase(phase, ready, late.map_or(0, |(_, days)| days), &mut found);
            warnings.extend(found.into_list().into_iter().map(|one| (number, one)));
            planned.insert(number, planned_phase(phase, times));
        }
        // Phases in a circle have no time; the others keep their places by name.
        (self.numbers, self.phases) = planned.into_iter().unzip();
        let names = self.phases.iter().enumerate();
        self.index = names
            .map(|(place, phase)| (phase.id.clone(), place))
            .collect();
        self.warnings = warnings;
    }

    pub(super) fn layout(&self) -> Layout<'_> {
        Layout {
            draft: &self.draft,
            calendar: &self.calendar,
            forward: &self.forward,
            start: self.start,
        }
    }

    /// What falls on another day than the plan says when it is laid out from this one, with its place in the
    /// document that the plan was read from (of one written in Rust, [`PlanDraft::to_yaml`]): days of the week
    /// and numbered days on which nothing may happen, windows and weeks that have begun when a phase can,
    /// freezes in phases that go by the calendar, gates whose date holds back what is ready; what lies before or
    /// after the days of the whole; and what falls outside of its weeks or days in the timeline. At most 2 000 of
    /// each.
    ///
    /// ```
    /// use phasegate_plan::{PlanDocument, Schedule};
    /// let text = "format: phasegate-plan/1\nid: p\ntitle: P\nphases:\n  - {id: a, title: A, length: 1w, \
    ///     activities: [{title: Look, slot: {day: 2}}]}\n";
    /// let document = PlanDocument::read("p.yaml", text.as_bytes());
    /// let draft = document.draft().ok_or("no draft")?;
    /// let friday = Schedule::of_draft(&draft, "2025-09-05".parse()?);
    /// let warnings = friday.warnings(&document);
    /// let first = warnings.iter().next().ok_or("no warning")?;
    /// assert_eq!(first.message, "day 2 is 2025-09-06, a saturday, when nobody works: planned for 2025-09-08");
    /// assert_eq!(first.pointer, "/phases/0/activities/0/slot/day");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn warnings(&self, document: &PlanDocument) -> Faults {
        let faults = self.warnings.iter().take(FAULTS_MAX).map(|(number, one)| {
            let pointer = format!("/phases/{number}{}", one.pointer);
            let message = one.message.clone();
            levelled(document, Code::NotAsPlanned, pointer, message, one.help)
        });
        let whole = self.beyond_window().into_iter().map(|message| {
            let help = "lay it out from another day, or correct the days of the whole";
            let pointer = "/window".to_owned();
            levelled(document, Code::NotAsPlanned, pointer, message, help)
        });
        let timeline = self.off_timeline().into_iter().take(FAULTS_MAX);
        let timeline = timeline.map(|(pointer, message)| {
            let help = "correct the timeline, or the lengths and weeks of the phases";
            levelled(document, Code::NotAsPlanned, pointer, message, help)
        });
        Faults::new(whole.chain(faults).chain(timeline).collect())
    }

    /// What lies before the days of the whole, and what after them.
    fn beyond_window(&self) -> Vec<String> {
        let Some(window) = self.draft.window else {
            return Vec::new();
        };
        let zone = self.calendar.zone();
        let moment = Span::from_secs(1);
        let early = self.phases.iter().min_by_key(|phase| phase.start);
        let early = early.map(|phase| ("begins", phase, zone.date(phase.start)));
        let early = early.filter(|(.., date)| *date < window.first());
        let late = self.phases.iter().max_by_key(|phase| phase.end);
        // What ends at midnight ends on the day before.
        let late = late.map(|phase| ("ends", phase, zone.date(phase.end.before(moment))));
        let late = late.filter(|(.., date)| *date > window.last());
        let found = early.into_iter().chain(late);
        found
            .map(|(word, phase, date)| {
                let id = &phase.id;
                format!("'{id}' {word} on {date}, and the whole is to lie in {window}")
            })
            .collect()
    }

    /// The day it was laid out from.
    pub fn start(&self) -> Date {
        self.start
    }

    /// All phases, in the order of the plan.
    pub fn phases(&self) -> &[PlannedPhase] {
        &self.phases
    }

    /// One phase.
    pub fn phase(&self, id: &PhaseId) -> Option<&PlannedPhase> {
        self.phases.get(self.place(id)?)
    }

    pub(super) fn place(&self, id: &PhaseId) -> Option<usize> {
        self.index.get(id).copied()
    }

    /// The gates of the whole: before its start, and at its acceptance when the last phase has ended.
    pub fn gates(&self) -> Vec<PlannedGate> {
        let first = self.phases.iter().map(|phase| phase.start).min();
        let layout = self.layout();
        let gates = self.draft.gates.iter();
        gates
            .filter_map(|gate| {
                let at = match gate.when {
                    GateWhen::BeforeStart | GateWhen::BeforeStep(_) => first,
                    GateWhen::End | GateWhen::Acceptance => self.end(),
                };
                let at = at?.max(layout.held_until(gate).unwrap_or(Timestamp::EPOCH));
                Some(PlannedGate {
                    id: gate.id.clone(),
                    at,
                })
            })
            .collect()
    }

    /// When the last phase ends.
    pub fn end(&self) -> Option<Timestamp> {
        self.phases.iter().map(|phase| phase.end).max()
    }

    /// The first phase that would go on beyond the year 9999, where no time can be told: its times and those
    /// of what waits for it mean nothing.
    ///
    /// ```
    /// use phasegate_plan::model::{Phase, PlanDraft, PlanFormat};
    /// use phasegate_plan::Schedule;
    /// let draft = PlanDraft::new(PlanFormat::V1, "p", "P").phases([Phase::new("build", "Build").length("2w")]);
    /// let late = Schedule::of_draft(&draft, "9999-12-24".parse()?);
    /// assert_eq!(late.beyond_calendar().map(|id| id.as_str()), Some("build"));
    /// assert!(Schedule::of_draft(&draft, "2025-09-01".parse()?).beyond_calendar().is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn beyond_calendar(&self) -> Option<&PhaseId> {
        let zone = self.calendar.zone();
        let last = |at: Timestamp| {
            let date = zone.date(at);
            // The last moment of all is on this day, in whatever zone.
            (date.year(), date.month(), date.day()) >= (9999, 12, 30)
        };
        let found = self.phases.iter().find(|phase| last(phase.end))?;
        Some(&found.id)
    }

    /// The calendar it was laid out in.
    pub fn calendar(&self) -> &WorkCalendar {
        &self.calendar
    }
}

fn planned_phase(phase: &Phase, times: Times) -> PlannedPhase {
    let gates = phase.gates.iter().zip(times.gates);
    let open = match (phase.length, phase.window) {
        (Some(length), _) => length.most().is_none(),
        (None, Some(_)) => false,
        (None, None) => phase.weeks.is_some_and(|weeks| weeks.last().is_none()),
    };
    PlannedPhase {
        id: phase.id.clone(),
        start: times.start,
        done: times.done,
        end: times.end,
        open,
        gates: gates
            .map(|(gate, at)| PlannedGate {
                id: gate.id.clone(),
                at,
            })
            .collect(),
        activities: (times.slots.into_iter())
            .filter_map(|slot| activity(phase, &slot))
            .collect(),
    }
}

fn activity(phase: &Phase, slot: &Placed) -> Option<PlannedActivity> {
    let (step, title) = match slot.at {
        SlotAt::Step(index) => {
            let step = phase.steps.get(index)?;
            let title = step.title.clone();
            let title = title.unwrap_or_else(|| step.id.to_string());
            (Some(step.id.clone()), title)
        }
        SlotAt::Activity(index) => (None, phase.activities.get(index)?.title.clone()),
        // It stands among the gates.
        SlotAt::Gate(_) => return None,
    };
    Some(PlannedActivity {
        step,
        title,
        start: slot.start,
        end: slot.end,
    })
}
