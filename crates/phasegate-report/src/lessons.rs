//! What a journal teaches: what went well, what could be better with what to do about it, and what was done.
//!
//! It is what the records say and no more: why something was so, and what is worth doing, only people know.

use phasegate_core::Span;
use phasegate_engine::record::{GateReason, Outcome};
use serde::Serialize;

use crate::view::{
    BudgetSort, EffectEnd, GateView, KpiStatus, Standing, StepRun, StepStanding, StopSort, Stretch,
    StretchSort, View,
};
use crate::words;

/// Lessons and action items, in the order in which a reader needs them.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Lessons {
    /// What went well.
    pub went_well: Vec<String>,
    /// What could be better, each with what is to be done about it.
    pub to_improve: Vec<Improvement>,
    /// What people said that they have done after an incident.
    pub done: Vec<String>,
}

/// Something that could be better.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Improvement {
    /// What was not as it should be, with the numbers.
    pub what: String,
    /// What is to be done about it: an action item, whose owner people must name.
    pub action: String,
}

/// What the journal of a rollout teaches. The same view gives the same lessons.
///
/// ```
/// # fn items(view: &phasegate_report::View) {
/// for item in phasegate_report::lessons(view).to_improve {
///     println!("{}: {}", item.what, item.action);
/// }
/// # }
/// ```
#[must_use]
pub fn lessons(view: &View) -> Lessons {
    let mut found = Found(Lessons::default());
    found.stands_still(view);
    found.numbers(view);
    found.budgets(view);
    found.left_standing(view);
    found.goings_back(view);
    found.sources(view);
    found.people(view);
    found.incidents(view);
    found.effects(view);
    found.0
}

/// More names than this nobody reads in a sentence; the tables have all of them.
const NAMES_MAX: usize = 3;

struct Found(Lessons);

impl Found {
    fn well(&mut self, text: String) {
        self.0.went_well.push(text);
    }

    fn better(&mut self, what: impl Into<String>, action: impl Into<String>) {
        let (what, action) = (what.into(), action.into());
        self.0.to_improve.push(Improvement { what, action });
    }

    /// What holds it now comes first: until somebody acts, nothing else moves.
    fn stands_still(&mut self, view: &View) {
        for stop in view.stops.iter().filter(|stop| stop.ended.is_none()) {
            let lasts = words::span_text(view.header.last.since(stop.from));
            match &stop.sort {
                StopSort::Hold(reason) => self.better(
                    format!("It has been held for {lasts}: {}", stop.why),
                    words::to_release(reason),
                ),
                StopSort::Pause(by) => self.better(
                    format!("{by} paused it {lasts} ago: {}", stop.why),
                    "let it go on, or end it",
                ),
            }
        }
        if view.header.standing == Standing::RollbackFailed && view.header.ended.is_none() {
            self.better(
                "The rollback failed, and nothing moves by itself",
                "have it tried again, or take over and go back by hand",
            );
        }
    }

    /// KPIs and objectives that were missed, met or never measured.
    fn numbers(&mut self, view: &View) {
        let kpis = view.kpis.iter().map(|kpi| (kpi.title.clone(), kpi.status));
        let slos = view.slos.iter();
        let slos = slos.map(|slo| (format!("the objective {}", slo.slo), slo.status));
        let all: Vec<(String, KpiStatus)> = kpis.chain(slos).collect();
        let met = all.iter().filter(|(_, status)| *status == KpiStatus::Met);
        let met = met.count();
        if met > 0 {
            let all = all.len();
            self.well(format!("{met} of {all} KPIs and objectives were met"));
        }
        let missed = all
            .iter()
            .filter(|(_, status)| *status == KpiStatus::Missed);
        for (title, _) in missed {
            let action = "find out why, and mend it or the target";
            self.better(format!("{title}: missed"), action);
        }
        for kpi in view.kpis.iter().filter(|kpi| kpi.misses_target) {
            let target = kpi.target.as_deref().unwrap_or_default();
            self.better(
                format!(
                    "{}: its criteria hold, and its last value misses its target, {target}",
                    kpi.title
                ),
                "bring it there, or mend the target",
            );
        }
        // What went back early had no time to measure everything.
        let completed = view.header.outcome == Some(Outcome::Completed);
        let unseen = all
            .iter()
            .filter(|(_, status)| *status == KpiStatus::NotMeasured);
        let unseen: Vec<&str> = unseen.map(|(title, _)| title.as_str()).collect();
        if completed && !unseen.is_empty() {
            self.better(
                format!(
                    "{} of {} KPIs and objectives were not measured: {}",
                    unseen.len(),
                    all.len(),
                    words::few(&unseen, NAMES_MAX)
                ),
                "measure them, or take them out of the plan",
            );
        }
    }

    /// Time limits that were kept and that were not.
    fn budgets(&mut self, view: &View) {
        let ended = view.budgets.iter().filter(|b| b.over || b.took.is_some());
        let kept = ended.clone().filter(|budget| !budget.over).count();
        if kept > 0 {
            let all = ended.count();
            self.well(format!("{kept} of {all} time limits were kept"));
        }
        let steps = view.budgets.iter().filter(|budget| {
            budget.over && matches!(budget.sort, BudgetSort::RollbackStep | BudgetSort::Step)
        });
        for step in steps {
            let took = step.took.map_or_else(
                || "took more than".to_owned(),
                |took| format!("took {} of", words::span_text(took)),
            );
            self.better(
                format!("{}: {took} {}", step.what, words::span_text(step.budget)),
                "make it faster, or give it more time",
            );
        }
    }

    /// Shares that a rollout which went back has left standing above where they stood before.
    fn left_standing(&mut self, view: &View) {
        if view.header.outcome != Some(Outcome::RolledBack) {
            return;
        }
        for line in &view.exposure {
            let share = line.last().unwrap_or_default();
            if share > line.before.unwrap_or_default() {
                self.better(
                    format!("{share} of {} still see the new version", line.target),
                    "take it back, and let the way back do so",
                );
            }
        }
    }

    fn goings_back(&mut self, view: &View) {
        for rollback in &view.rollbacks {
            let took = rollback.took.map(words::span_text).unwrap_or_default();
            let cause = &rollback.sentence;
            match rollback.validated {
                Some(true) if !rollback.is_over_limit() => {
                    self.well(format!("It went back in {took}: {cause}"));
                }
                Some(true) => self.better(
                    format!("Going back took {took}, more than it may: {cause}"),
                    "make the way back shorter, or its limit true",
                ),
                Some(false) => self.better(
                    format!("Going back was not validated: {cause}"),
                    "mend the way back, and rehearse it",
                ),
                None => {}
            }
        }
        let calm = view.triggers.iter().filter(|one| one.last.is_some());
        let (all, fired) = (
            calm.clone().count(),
            calm.filter(|t| !t.firings.is_empty()).count(),
        );
        if all > fired {
            let quiet = all - fired;
            self.well(format!(
                "{quiet} of {all} triggers that were watched never fired"
            ));
        }
    }

    /// What could not be seen, and when nobody looked.
    fn sources(&mut self, view: &View) {
        for trigger in &view.triggers {
            let lasted = |stretch: &Stretch| {
                let until = stretch.until.unwrap_or(view.header.last);
                until.since(stretch.from)
            };
            let blind = trigger.stretches.iter();
            let blind = blind.filter(|stretch| stretch.sort == StretchSort::Blind);
            let long = blind
                .map(lasted)
                .filter(|span| *span >= trigger.blind_after);
            let (times, total) = long.fold((0u32, Span::ZERO), |(times, total), span| {
                (times.saturating_add(1), total.saturating_add(span))
            });
            if times > 0 {
                self.better(
                    format!(
                        "The trigger {} could not be told for longer than the plan bears, {}, for {} in all",
                        trigger.trigger,
                        if times == 1 { "once".to_owned() } else { format!("{times} times") },
                        words::span_text(total)
                    ),
                    "see that its source answers, and has numbers for it",
                );
            }
        }
        let outages = &view.audit.outages;
        if !outages.is_empty() {
            let total = outages.iter().map(|outage| outage.until.since(outage.from));
            let total = total.fold(Span::ZERO, Span::saturating_add);
            self.better(
                format!(
                    "No controller carried it out {} times, for at most {} in all",
                    outages.len(),
                    words::span_text(total)
                ),
                "find out why it stopped",
            );
        }
        if !view.audit.clocks.is_empty() {
            let times = view.audit.clocks.len();
            let what = format!("The clocks disagreed {times} times");
            self.better(what, "set the machine's clock by a server");
        }
    }

    /// What people did beside the plan: it says where the plan does not fit.
    fn people(&mut self, view: &View) {
        for gate in &view.gates {
            self.gate(gate);
        }
        let runs = view.phases.iter().flat_map(|phase| &phase.runs);
        let steps = runs.flat_map(|run| &run.steps);
        for step in steps.chain(view.rollbacks.iter().flat_map(|rollback| &rollback.steps)) {
            self.step(step);
        }
        let ended = view.stops.iter();
        let ended = ended.filter_map(|stop| Some((stop, stop.ended.as_ref()?)));
        for (stop, end) in ended {
            let lasted = words::span_text(end.at.since(stop.from));
            let what = match &stop.sort {
                StopSort::Hold(_) => format!("It was held for {lasted}: {}", stop.why),
                StopSort::Pause(by) => format!("{by} paused it for {lasted}: {}", stop.why),
            };
            self.better(what, "see that it need not stop for this again");
        }
    }

    fn gate(&mut self, gate: &GateView) {
        let Some(decided) = &gate.decision else {
            return;
        };
        let what = format!("Gate {}: {}", gate.title, decided.sentence);
        match &decided.reason {
            GateReason::AllMet => {}
            GateReason::BrokenGlass { .. } => self.better(
                what,
                "do what the gate asks for, or take it out of the plan",
            ),
            GateReason::Criterion { .. } => self.better(what, "bring it to what the gate asks for"),
            GateReason::Rejected { .. } => self.better(what, "see to what was said"),
            GateReason::TimedOut => self.better(what, "see that somebody decides in time"),
        }
    }

    fn step(&mut self, step: &StepRun) {
        match &step.standing {
            StepStanding::Failed { reason } => self.better(
                format!("{}: failed: {reason}", step.title),
                "mend it, and try it out",
            ),
            StepStanding::Skipped { by, reason } => self.better(
                format!("{}: skipped by {by}: {reason}", step.title),
                "do it still, or take it out of the plan",
            ),
            StepStanding::Done
            | StepStanding::Left
            | StepStanding::NotNeeded
            | StepStanding::Running
            | StepStanding::TooLittle { .. }
            | StepStanding::Waiting => {}
        }
    }

    fn incidents(&mut self, view: &View) {
        for incident in &view.incidents {
            let word = if incident.drill { "Drill" } else { "Incident" };
            let name = format!("{word} {} ({})", incident.number, incident.scenario);
            let mine = format!("incident {}: {}", incident.number, incident.scenario);
            let late = view.budgets.iter().filter(|b| b.over && b.what == mine);
            for budget in late {
                self.better(
                    format!("{name}: late, {}", words::budget(budget.sort)),
                    "see that somebody is there, and knows",
                );
            }
            if incident.drill && incident.delivered.is_none() {
                let action = "mend the channels, and rehearse it again";
                self.better(format!("{name}: no message about it has arrived"), action);
            }
            if incident.follow_ups.is_empty() && !incident.drill {
                let action = "find the cause, and see that it does not happen again";
                self.better(format!("{name}: not followed up"), action);
            }
            let done = incident.follow_ups.iter();
            let done = done.map(|done| format!("{name}: {} ({})", done.text, done.by));
            self.0.done.extend(done);
        }
    }

    /// What nobody knows of the outside.
    fn effects(&mut self, view: &View) {
        for effect in &view.effects {
            let what = format!(
                "{} by {}: {}",
                effect.desired,
                effect.to,
                words::effect(effect.end)
            );
            match effect.end {
                EffectEnd::Applied | EffectEnd::NotApplied | EffectEnd::Open => {}
                EffectEnd::Abandoned | EffectEnd::Unknown => {
                    self.better(what, "look whether it happened");
                }
            }
        }
    }
}
