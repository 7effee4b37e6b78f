//! When one phase begins and ends, from the moment at which what it waits for is done. What the whole
//! amounts to is not known here.
//!
//! What a length means when a freeze lies in it: business days and hours count working time, and what is
//! frozen is none, so the phase ends later. Minutes, hours, days, weeks, months and years go by the clock and
//! the calendar, and so do windows and weeks of the plan: bakes go on in a freeze, and the phase ends when it
//! is said to; what it lost is told. Each step, and each rung of a ramp, is a move forward and waits for the
//! end of a freeze.

use std::collections::BTreeMap;

use phasegate_core::{Span, StepId, Timestamp};

use super::placing::{Placed, SlotAt, day, days_of_gates, place, slots};
use super::warnings::Warnings;
use crate::calendar::{Date, Length, LengthUnit, Roll, TimeOfDay, WorkCalendar};
use crate::model::{Action, Gate, GateWhen, Laid, Phase, PlanDraft};

/// Ten years: no phase and no plan takes longer and has numbered days.
pub(super) const DAYS_MAX: u32 = 3660;

/// What the layout of a plan starts from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout<'a> {
    pub(super) draft: &'a PlanDraft,
    /// When people work.
    pub(super) calendar: &'a WorkCalendar,
    /// When people work and nothing is frozen.
    pub(super) forward: &'a WorkCalendar,
    pub(super) start: Date,
}

/// The times of a phase.
#[derive(Clone, Debug)]
pub(super) struct Times {
    pub(super) start: Timestamp,
    /// When its work is done.
    pub(super) done: Timestamp,
    /// When its last gate may be decided.
    pub(super) end: Timestamp,
    /// Steps and activities with a slot, in the order of the model.
    pub(super) slots: Vec<Placed>,
    /// Of each gate, when it may be decided.
    pub(super) gates: Vec<Timestamp>,
}

impl Layout<'_> {
    /// Lays out one phase that may begin when `ready`, so many business days late.
    pub(super) fn phase(
        &self,
        phase: &Phase,
        ready: Option<Timestamp>,
        late: u32,
        warnings: &mut Warnings,
    ) -> Times {
        let planned = self.forward.next_open(self.earliest(phase));
        let mut start = ready.map_or(planned, |ready| planned.max(self.forward.next_open(ready)));
        let whole = self.draft.gates.iter();
        let whole = whole.map(|gate| (gate, self.held_until(gate)));
        let own = phase.gates.iter().map(|gate| (gate, gate.not_before));
        for (gate, moment) in whole.chain(own) {
            if let (GateWhen::BeforeStart, Some(moment)) = (&gate.when, moment) {
                start = start.max(self.forward.next_open(moment));
            }
        }
        let is_late = warnings.late(self, phase, start);
        start = self.on_its_weekday(phase, start, warnings);
        if late > 0 {
            let later = self.forward.add_business_days(start, i64::from(late));
            let later = self.forward.next_open(later);
            start = self.on_its_weekday(phase, later, &mut Warnings::none());
        }
        let stated = self.stated_end(phase, planned, start);
        let mut placed = place(self, phase, start, warnings);
        let days = days_of_gates(&placed);
        let walk = self.walk(phase, start, &mut placed, &days);
        let mut done = stated.unwrap_or(walk.end);
        if walk.waited {
            // A date or a freeze keeps steps from being over when the phase is said to be.
            done = done.max(walk.end);
        }
        if let Some(stated) = stated {
            let most = self.end_at_most(phase, start, stated);
            warnings.after_the_phase(self, &placed, most);
        }
        let worked = placed.iter();
        let worked = worked.filter(|slot| !matches!(slot.at, SlotAt::Gate(_)));
        let last_slot = worked.map(|slot| slot.end).max();
        done = done.max(last_slot.unwrap_or(done));
        // When everything that has a time of its own is over, whatever time the phase is given.
        let worked = last_slot.map_or(walk.end, |last| last.max(walk.end));
        if !is_late && late == 0 {
            warnings.over(self, phase, done);
        }
        warnings.frozen(self, phase, start, done);
        let over = Over { worked, done };
        let gates = self.gates(phase, (start, over), (&walk, &days), warnings);
        let end = (phase.gates.iter().zip(&gates))
            .filter(|(gate, _)| matches!(gate.when, GateWhen::End | GateWhen::Acceptance))
            .map(|(_, at)| *at)
            .fold(done, Timestamp::max);
        Times {
            start,
            done,
            end,
            slots: placed,
            gates,
        }
    }

    /// Not before the plan itself, its own weeks and its own days.
    fn earliest(&self, phase: &Phase) -> Timestamp {
        let mut date = self.start;
        if let Some(weeks) = phase.weeks {
            date = date.max(self.start.plus_days((i64::from(weeks.first()) - 1) * 7));
        }
        if let Some(window) = phase.window {
            date = date.max(window.first());
        }
        self.midnight(date)
    }

    /// Until when a gate of the whole is held by its date and by its day of the plan: a working day, counted from
    /// the first.
    pub(super) fn held_until(&self, gate: &Gate) -> Option<Timestamp> {
        let day = gate.slot.as_ref().map(|slot| {
            let offset = i64::from(slot.day.clamp(1, DAYS_MAX)) - 1;
            let date = self.forward.offset(self.start, offset, Roll::Forward);
            let date = date.unwrap_or_else(|| self.start.plus_days(offset));
            let open = self.forward.next_open(self.midnight(date));
            let time = slot
                .time
                .map(|time| self.calendar.zone().moment(date, time.from()));
            time.map_or(open, |time| time.max(open))
        });
        gate.not_before.max(day)
    }

    pub(super) fn midnight(&self, date: Date) -> Timestamp {
        self.calendar.zone().moment(date, TimeOfDay::MIDNIGHT)
    }

    /// The first moment from which on the days of the week that its slots name are those of their numbers.
    /// Days that are given go before: they are not moved.
    fn on_its_weekday(
        &self,
        phase: &Phase,
        start: Timestamp,
        warnings: &mut Warnings,
    ) -> Timestamp {
        /// Every day of a week, and another week because of holidays.
        const DAYS_TRIED: i64 = 14;
        let named = || slots(phase).filter(|(_, slot)| slot.weekday.is_some());
        if phase.window.is_some() || named().next().is_none() {
            return start;
        }
        let fits = |first: Date| {
            named()
                .all(|(_, slot)| slot.weekday == Some(day(self, phase, first, slot.day).weekday()))
        };
        let today = self.calendar.zone().date(start);
        for days in 0..DAYS_TRIED {
            let date = today.plus_days(days);
            if !self.forward.is_business_day(date) || !fits(date) {
                continue;
            }
            if days == 0 {
                return start;
            }
            warnings.waits_for_weekday(today, date, named().next());
            return self.forward.next_open(self.midnight(date));
        }
        start
    }

    /// The end by the stated length, else by the window, else by the weeks.
    fn stated_end(&self, phase: &Phase, planned: Timestamp, start: Timestamp) -> Option<Timestamp> {
        if let Some(length) = phase.length {
            return Some(self.after(start, length));
        }
        if let Some(window) = phase.window {
            let end = self.calendar.zone().moment(window.last(), TimeOfDay::END);
            if start <= planned {
                return Some(end.max(start));
            }
            // What begins later than its window needs the time that it would have had.
            let needed = self.forward.working_between(planned, end);
            return Some(self.forward.add_working(start, needed));
        }
        // Of an open number, one at least.
        let weeks = phase.weeks?.count().unwrap_or(1);
        Some(self.after(start, Length::new(weeks, LengthUnit::Weeks)))
    }

    /// The end of a length, at its least.
    fn after(&self, start: Timestamp, length: Length) -> Timestamp {
        match length.unit() {
            LengthUnit::BusinessHours => self.forward.add(start, length),
            LengthUnit::BusinessDays => {
                let after = self.forward.add(start, length);
                let end = self.forward.last_close(after).max(start);
                let lost = self.forward.partly_frozen(start, after);
                if lost.is_zero() {
                    return end;
                }
                self.forward.add_working(end, lost)
            }
            LengthUnit::Minutes | LengthUnit::Hours => self.calendar.add(start, length),
            // An end at an opening is the closing before it, where no work lies between.
            LengthUnit::Days
            | LengthUnit::Weeks
            | LengthUnit::Months
            | LengthUnit::Quarters
            | LengthUnit::Years => {
                let end = self.calendar.add(start, length);
                self.calendar.last_close(end).max(start)
            }
        }
    }

    /// Until when it may last; `None` if that is open.
    fn end_at_most(&self, phase: &Phase, start: Timestamp, stated: Timestamp) -> Option<Timestamp> {
        let Some(length) = phase.length else {
            let open = phase.window.is_none() && phase.weeks?.last().is_none();
            return (!open).then_some(stated);
        };
        let most = length.most()?;
        Some(self.after(start, Length::new(most, length.unit())))
    }

    /// Steps one after the other, by what they take by themselves, by their slots and by the dates of gates
    /// before them. Slots that a date or a freeze holds back are moved.
    fn walk(
        &self,
        phase: &Phase,
        start: Timestamp,
        slots: &mut [Placed],
        days: &BTreeMap<usize, Timestamp>,
    ) -> Walk {
        let mut walk = Walk {
            begins: Vec::with_capacity(phase.steps.len()),
            end: start,
            waited: false,
        };
        let held = dates_of_gates(phase, days);
        let mut slots = slots.iter_mut().peekable();
        for (number, step) in phase.steps.iter().enumerate() {
            let slot = slots.next_if(|slot| slot.at == SlotAt::Step(number));
            let due = slot.as_ref().map_or(walk.end, |slot| slot.start);
            walk.begins.push(due);
            let mut begin = walk.end.max(due);
            if let Some(moment) = held.get(&step.id).filter(|moment| **moment > begin) {
                walk.waited = true;
                begin = *moment;
            }
            let mut at = begin;
            for span in step.action.rests() {
                let thawed = self.forward.thaw(at);
                walk.waited |= thawed > at;
                at = thawed + span;
            }
            if let Some(slot) = slot {
                if walk.waited {
                    slot.not_before(self.forward, begin);
                }
                at = at.max(slot.end);
            }
            walk.end = at;
        }
        walk
    }

    fn gates(
        &self,
        phase: &Phase,
        (start, over): (Timestamp, Over),
        (walk, days): (&Walk, &BTreeMap<usize, Timestamp>),
        warnings: &mut Warnings,
    ) -> Vec<Timestamp> {
        let begins: BTreeMap<&StepId, Timestamp> = if phase.gates.is_empty() {
            BTreeMap::new()
        } else {
            let ids = phase.steps.iter().map(|step| &step.id);
            ids.zip(walk.begins.iter().copied()).collect()
        };
        let due = |gate: &Gate| match &gate.when {
            GateWhen::BeforeStart => start,
            GateWhen::BeforeStep(id) => begins.get(id).copied().unwrap_or(start),
            GateWhen::End | GateWhen::Acceptance => over.done,
        };
        // A date or a day of the phase says when the decision falls: no rollout waits for the rest of the days that the
        // phase may take.
        let from = |gate: &Gate, due: Timestamp, day: Option<Timestamp>| match &gate.when {
            GateWhen::End | GateWhen::Acceptance => {
                let dated = gate.not_before.max(day);
                dated.map_or(due, |moment| moment.max(over.worked))
            }
            GateWhen::BeforeStart | GateWhen::BeforeStep(_) => {
                gate.not_before.map_or(due, |moment| moment.max(due))
            }
        };
        let gates = phase.gates.iter().enumerate();
        gates
            .map(|(number, gate)| {
                let own = days.get(&number).copied();
                let day = own.unwrap_or(start);
                let due = day.max(due(gate));
                let at = day.max(from(gate, due, own));
                if gate.when != GateWhen::BeforeStart {
                    warnings.held_by_gate(self, (gate, number), due, at);
                }
                at
            })
            .collect()
    }
}

/// The days and dates of gates before steps, by step.
fn dates_of_gates<'p>(
    phase: &'p Phase,
    days: &BTreeMap<usize, Timestamp>,
) -> BTreeMap<&'p StepId, Timestamp> {
    let mut dates: BTreeMap<&StepId, Timestamp> = BTreeMap::new();
    for (number, gate) in phase.gates.iter().enumerate() {
        let moment = gate.not_before.max(days.get(&number).copied());
        if let (GateWhen::BeforeStep(step), Some(moment)) = (&gate.when, moment) {
            let date = dates.entry(step).or_insert(moment);
            *date = (*date).max(moment);
        }
    }
    dates
}

/// When a phase is over.
#[derive(Clone, Copy)]
struct Over {
    /// What has a time of its own is done.
    worked: Timestamp,
    /// The time that it is given has passed as well.
    done: Timestamp,
}

/// Steps laid out one after the other.
struct Walk {
    /// When each is due.
    begins: Vec<Timestamp>,
    /// When the last is over.
    end: Timestamp,
    /// Did a gate's date or a freeze hold one back?
    waited: bool,
}

impl Action {
    /// How long each of its moves forward rests by its own account: the bakes of a ramp, a wait. What does not
    /// say so is one move that takes no time.
    fn rests(&self) -> Vec<Span> {
        let mut moves = self.bakes();
        if moves.is_empty() {
            moves.push(Span::ZERO);
        }
        moves
    }

    fn bakes(&self) -> Vec<Span> {
        match self {
            Self::Traffic(ramp) => ramp.laid().bakes(),
            Self::Flag(ramp) => ramp.laid().bakes(),
            Self::BlueGreen(switch) => {
                let mut moves = Laid::Out(&switch.stages).bakes();
                moves.extend(switch.watch);
                moves
            }
            Self::Measure(measure) => vec![measure.over],
            Self::Wait(wait) => vec![wait.duration],
            Self::Waves(waves) => waves.waves.iter().map(|wave| wave.bake).collect(),
            Self::Task(_)
            | Self::Command(_)
            | Self::Notify(_)
            | Self::Workflow(_)
            | Self::Config(_)
            | Self::Shadow(_)
            | Self::Parallel(_)
            | Self::Cohort(_)
            | Self::Deprecation(_)
            | Self::Experiment(_) => Vec::new(),
        }
    }

    /// How long it takes by its own account.
    pub(crate) fn machine_time(&self) -> Span {
        let bakes = self.bakes().into_iter();
        bakes.fold(Span::ZERO, Span::saturating_add)
    }
}
