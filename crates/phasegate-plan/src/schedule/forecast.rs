//! When each phase begins and ends, if all goes as planned.

use std::collections::BTreeMap;
use std::sync::Arc;

use phasegate_core::{GateId, PhaseId, Span, StepId, Timestamp};

use crate::calendar::{Date, Length, LengthUnit, Roll, TimeOfDay, WorkCalendar};
use crate::check::{Plan, dependencies, order};
use crate::model::{Action, Freeze, GateWhen, Phase, PlanDraft, Slot};

/// The planned times of one phase.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct PlannedPhase {
    /// The phase.
    pub id: PhaseId,
    /// When it begins.
    pub start: Timestamp,
    /// When it ends; of an open length, at the earliest.
    pub end: Timestamp,
    /// It may go on for longer: its length is open.
    pub open: bool,
    /// Its gates.
    pub gates: Vec<PlannedGate>,
    /// Its steps and activities that have a time of their own.
    pub activities: Vec<PlannedActivity>,
    pub(super) before: Vec<usize>,
}

/// When a gate is to be decided.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct PlannedGate {
    /// The gate.
    pub id: GateId,
    /// Not before this moment.
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
    pub(super) phases: Vec<PlannedPhase>,
    pub(super) index: BTreeMap<PhaseId, usize>,
    pub(super) calendar: WorkCalendar,
    pub(super) draft: Arc<PlanDraft>,
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
        let before = dependencies(draft);
        let layout = Layout {
            draft,
            calendar: &calendar,
            start,
        };
        let mut planned: Vec<Option<PlannedPhase>> = vec![None; draft.phases.len()];
        for phase in order(&before) {
            let (Some(model), Some(list)) = (draft.phases.get(phase), before.get(phase)) else {
                continue;
            };
            let ends = list
                .iter()
                .filter_map(|one| planned.get(*one)?.as_ref().map(|p| p.end));
            let late = slip
                .filter(|(which, _)| *which == phase)
                .map_or(0, |(_, days)| days);
            let one = layout.phase(model, ends.max(), late, list.clone());
            if let Some(slot) = planned.get_mut(phase) {
                *slot = Some(one);
            }
        }
        let phases: Vec<PlannedPhase> = planned.into_iter().flatten().collect();
        // Phases in a circle have no time; the others keep their places by name.
        let index = phases
            .iter()
            .enumerate()
            .map(|(index, phase)| (phase.id.clone(), index))
            .collect();
        Self {
            phases,
            index,
            calendar,
            draft: Arc::clone(draft),
            start,
        }
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
        self.index.get(id).and_then(|index| self.phases.get(*index))
    }

    /// The gates of the whole: before its start, and at its acceptance when the last phase has ended.
    pub fn gates(&self) -> Vec<PlannedGate> {
        let first = self.phases.iter().map(|phase| phase.start).min();
        let gates = self.draft.gates.iter();
        gates
            .filter_map(|gate| {
                let at = match gate.when {
                    GateWhen::BeforeStart | GateWhen::BeforeStep(_) => first,
                    GateWhen::End | GateWhen::Acceptance => self.end(),
                };
                let at = at?.max(gate.not_before.unwrap_or(Timestamp::EPOCH));
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

struct Layout<'a> {
    draft: &'a PlanDraft,
    calendar: &'a WorkCalendar,
    start: Date,
}

impl Layout<'_> {
    fn phase(
        &self,
        phase: &Phase,
        ready: Option<Timestamp>,
        late: u32,
        before: Vec<usize>,
    ) -> PlannedPhase {
        let zone = self.calendar.zone();
        let midnight = |date| zone.moment(date, TimeOfDay::MIDNIGHT);
        let mut start = midnight(self.start);
        if let Some(weeks) = phase.weeks {
            let weeks = i64::from(weeks.first()) - 1;
            start = start.max(midnight(self.start.plus_days(weeks * 7)));
        }
        if let Some(window) = phase.window {
            start = start.max(midnight(window.first()));
        }
        let planned = self.free(start);
        start = ready.map_or(planned, |ready| planned.max(self.free(ready)));
        if late > 0 {
            start = self.free(self.calendar.add_business_days(start, i64::from(late)));
        }
        let end = self.end(phase, planned, start);
        let date = zone.date(start);
        let activities: Vec<PlannedActivity> = phase
            .steps
            .iter()
            .filter_map(|step| {
                let title = step.title.clone().unwrap_or_else(|| step.id.to_string());
                let slot = step.slot.as_ref()?;
                Some(self.activity(Some(step.id.clone()), title, slot, phase, date))
            })
            .chain(phase.activities.iter().filter_map(|one| {
                Some(self.activity(None, one.title.clone(), one.slot.as_ref()?, phase, date))
            }))
            .collect();
        let gates = phase
            .gates
            .iter()
            .map(|gate| {
                let due = match &gate.when {
                    GateWhen::BeforeStart => start,
                    GateWhen::BeforeStep(step) => Self::begins(&activities, phase, step, start),
                    GateWhen::End | GateWhen::Acceptance => end,
                };
                PlannedGate {
                    id: gate.id.clone(),
                    at: gate.not_before.map_or(due, |earliest| earliest.max(due)),
                }
            })
            .collect();
        let open = phase.length.is_some_and(|length| length.most().is_none())
            || phase.weeks.is_some_and(|weeks| weeks.last().is_none());
        PlannedPhase {
            id: phase.id.clone(),
            start,
            end,
            open,
            gates,
            activities,
            before,
        }
    }

    /// When a step begins: at its slot, else when the last slot before it ends, else with the phase.
    fn begins(
        activities: &[PlannedActivity],
        phase: &Phase,
        step: &StepId,
        start: Timestamp,
    ) -> Timestamp {
        let planned = |id: &StepId| activities.iter().find(|one| one.step.as_ref() == Some(id));
        if let Some(own) = planned(step) {
            return own.start;
        }
        let before = phase.steps.iter().take_while(|one| one.id != *step);
        before
            .filter_map(|one| planned(&one.id).map(|one| one.end))
            .max()
            .unwrap_or(start)
    }

    /// The end by the stated length, else by the window, else by the weeks, else by what its steps
    /// take by themselves.
    fn end(&self, phase: &Phase, planned: Timestamp, start: Timestamp) -> Timestamp {
        let zone = self.calendar.zone();
        if let Some(length) = phase.length {
            return self.close(start, self.calendar.add(start, length), length);
        }
        if let Some(window) = phase.window {
            let end = zone.moment(window.last(), TimeOfDay::END);
            // What begins later than its window has less time in it, and needs what it needs: it ends later.
            let late = self.calendar.working_between(planned, start);
            if late.is_zero() {
                return end.max(start);
            }
            let close = self.calendar.last_close(end);
            return self.calendar.add_working(close, late).max(start);
        }
        if let Some(count) = phase.weeks.and_then(crate::model::Weeks::count) {
            let length = Length::new(count, LengthUnit::Weeks);
            return self.close(start, self.calendar.add(start, length), length);
        }
        start
            + phase.steps.iter().fold(Span::ZERO, |sum, step| {
                sum.saturating_add(step.action.machine_time())
            })
    }

    /// An end at an opening is the closing before it, where no work lies between; lengths by the clock
    /// stay as they are.
    fn close(&self, start: Timestamp, end: Timestamp, length: Length) -> Timestamp {
        match length.unit() {
            LengthUnit::Minutes | LengthUnit::Hours | LengthUnit::BusinessHours => end,
            LengthUnit::Days
            | LengthUnit::BusinessDays
            | LengthUnit::Weeks
            | LengthUnit::Months
            | LengthUnit::Quarters
            | LengthUnit::Years => self.calendar.last_close(end).max(start),
        }
    }

    /// The next moment at which people work and nothing is frozen.
    fn free(&self, moment: Timestamp) -> Timestamp {
        let mut at = self.calendar.next_open(moment);
        // Each freeze moves it at most once.
        for _ in 0..=self.draft.freezes.len() {
            let frozen = |freeze: &&Freeze| freeze.from <= at && at < freeze.until;
            match self.draft.freezes.iter().find(frozen) {
                Some(freeze) => at = self.calendar.next_open(freeze.until),
                None => break,
            }
        }
        at
    }

    fn activity(
        &self,
        step: Option<StepId>,
        title: String,
        slot: &Slot,
        phase: &Phase,
        first: Date,
    ) -> PlannedActivity {
        let by_calendar = phase.days_by_calendar();
        let day = |number: u32| {
            let offset = i64::from(number.clamp(1, 3660)) - 1;
            if by_calendar {
                first.plus_days(offset)
            } else {
                let found = self.calendar.offset(first, offset, Roll::Forward);
                found.unwrap_or_else(|| first.plus_days(offset))
            }
        };
        let (from, until) = (day(slot.day), day(slot.until_day.unwrap_or(slot.day)));
        let zone = self.calendar.zone();
        let (start, end) = match slot.time {
            Some(time) => (
                zone.moment(from, time.from()),
                zone.moment(until, time.until()),
            ),
            None => {
                let open = zone.moment(from, TimeOfDay::MIDNIGHT);
                let close = zone.moment(until, TimeOfDay::END);
                let start = self.calendar.next_open(open);
                (
                    start.min(close),
                    self.calendar.last_close(close).max(start.min(close)),
                )
            }
        };
        PlannedActivity {
            step,
            title,
            start,
            end,
        }
    }
}

impl Action {
    /// How long it takes by its own account: the bakes of a ramp, a wait.
    pub(crate) fn machine_time(&self) -> Span {
        let sum = |stages: &[crate::model::Stage]| {
            stages
                .iter()
                .fold(Span::ZERO, |sum, stage| sum.saturating_add(stage.bake))
        };
        match self {
            Self::Traffic(ramp) => sum(&ramp.rungs()),
            Self::Flag(ramp) => sum(&ramp.rungs()),
            Self::BlueGreen(switch) => {
                sum(&switch.stages).saturating_add(switch.watch.unwrap_or_default())
            }
            Self::Measure(measure) => measure.over,
            Self::Wait(wait) => wait.duration,
            Self::Waves(waves) => waves
                .waves
                .iter()
                .fold(Span::ZERO, |sum, wave| sum.saturating_add(wave.bake)),
            Self::Task(_)
            | Self::Command(_)
            | Self::Notify(_)
            | Self::Workflow(_)
            | Self::Config(_)
            | Self::Shadow(_)
            | Self::Parallel(_)
            | Self::Cohort(_)
            | Self::Deprecation(_)
            | Self::Experiment(_) => Span::ZERO,
        }
    }
}
