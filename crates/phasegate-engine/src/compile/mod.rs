//! From a checked plan and its bindings to a program. This runs once, when a rollout is created; what it
//! makes stands in record 0, so it may change without changing any rollout that exists.

mod actions;
mod alarms;
mod alerts;
mod communications;
mod conditions;
mod contingencies;
mod figures;
mod gates;
mod matrix;
mod on_call;
mod parameters;
mod phases;
mod re_enable;
mod reactions;
mod samples;
mod scaling;
mod signatures;
mod strategies;
mod ways_back;

use std::collections::BTreeMap;

use phasegate_core::{BindingId, PersonId, RoleId, Span};
use phasegate_criterion::KpiRegistry;
use phasegate_plan::model::ParameterId;
use phasegate_plan::{Catalog, Plan};
use phasegate_sla::{NeedFault, needs};

use crate::program::{Binding, Freeze, Goal, PROGRAM_FORMAT, PlanLessons, Program, Timing};

pub use samples::sample_sizes;

/// What a compilation needs besides the documents.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "tools write it out")]
pub struct Start {
    /// Who starts the rollout: the author, where four eyes are asked for.
    pub by: PersonId,
    /// How often unchanged findings are recorded; every five minutes if nothing is said.
    pub roll_up: Option<Span>,
    /// Values of the plan's parameters. What is not given has its default; what has none must be given.
    pub parameters: BTreeMap<ParameterId, String>,
}

impl Start {
    /// A start by this person, with unchanged findings recorded every five minutes.
    pub fn new(by: PersonId) -> Self {
        Self {
            by,
            roll_up: None,
            parameters: BTreeMap::new(),
        }
    }
}

/// Why a checked plan cannot be compiled.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// Something the plan refers to is not there; the plan's checks should have found it.
    #[error(
        "the plan refers to {what} '{name}', which is not there: check the plan with its bindings"
    )]
    Missing {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A value that is given at the start does not fit the plan's parameters.
    #[error("parameter '{id}' {what}")]
    Parameter {
        /// Which.
        id: String,
        /// What is wrong, and how to mend it.
        what: String,
    },
    /// What these sources answer does not decide these criteria.
    #[error("{}", lines(.0))]
    Unmeasurable(Vec<Unmeasurable>),
    /// The plan says something that this version cannot carry out.
    #[error("{what} cannot be carried out by this version")]
    Unsupported {
        /// What.
        what: String,
    },
}

/// A criterion that the sources of the bindings document cannot decide.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the criterion '{criterion}' could never be decided: {why}")]
#[non_exhaustive]
pub struct Unmeasurable {
    /// As it stands in the plan.
    pub criterion: String,
    /// What is missing.
    #[source]
    pub why: NeedFault,
}

fn lines(faults: &[Unmeasurable]) -> String {
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

impl CompileError {
    pub(crate) fn missing(what: &'static str, name: impl ToString) -> Self {
        Self::Missing {
            what,
            name: name.to_string(),
        }
    }
}

/// Compiles a plan that was checked with this catalog.
///
/// # Errors
/// If the plan was not checked with this catalog, has criteria that its sources cannot decide, or says what
/// this version cannot carry out.
pub fn compile(plan: &Plan, catalog: &Catalog, start: &Start) -> Result<Program, CompileError> {
    let compiler = Compiler {
        plan,
        catalog,
        start,
    };
    compiler.parameters()?;
    let registry = plan.kpi_registry();
    compiler.measurable(&registry)?;
    Ok(Program {
        format: PROGRAM_FORMAT,
        plan: plan.id.clone(),
        title: plan.title.clone(),
        summary: plan.summary.clone(),
        plan_digest: plan.digest().to_string(),
        bindings_digest: catalog.digest().to_string(),
        kpis: registry.kpis().cloned().collect(),
        given_baselines: BTreeMap::new(),
        slos: registry.slos().cloned().collect(),
        bindings: compiler.bindings(),
        phases: compiler.phases()?,
        triggers: compiler.triggers()?,
        freezes: plan
            .freezes
            .iter()
            .map(|f| Freeze {
                title: f.title.clone(),
                from: f.from,
                until: f.until,
            })
            .collect(),
        timing: compiler.timing(),
        escalate_to: compiler.escalate_to()?,
        matrix: compiler.matrix()?,
        incidents: compiler.incident_clocks()?,
        on_call: compiler.on_call(),
        work_time: compiler.work_time(),
        recovery_time: plan.recovery.as_ref().and_then(|recovery| recovery.time),
        procedures: compiler.procedures()?,
        announcements: compiler.announcements()?,
        maintenance: compiler.maintenance()?,
        scaling: compiler.scaling()?,
        goals: plan.goals.iter().map(goal).collect(),
        lessons: plan.lessons.as_ref().map(lessons).unwrap_or_default(),
        signatures: signatures::signatures(plan),
    })
}

fn goal(goal: &phasegate_plan::model::Goal) -> Goal {
    let criteria = goal.criteria.iter();
    let checks = goal.checks.iter();
    Goal {
        title: goal.title.clone(),
        phase: goal.phase.clone(),
        criteria: criteria.map(|one| one.criterion.clone()).collect(),
        checks: checks.map(|item| item.statement.clone()).collect(),
    }
}

fn lessons(lessons: &phasegate_plan::model::Lessons) -> PlanLessons {
    PlanLessons {
        went_well: lessons.went_well.clone(),
        to_improve: lessons.to_improve.clone(),
        actions: lessons.actions.clone(),
    }
}

pub(crate) struct Compiler<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) catalog: &'a Catalog,
    pub(crate) start: &'a Start,
}

impl Compiler<'_> {
    /// Is there a form of answer for each criterion, in which its source can answer? What is wrong with the
    /// criterion itself is the plan's checks to say.
    fn measurable(&self, registry: &KpiRegistry) -> Result<(), CompileError> {
        let can = |binding: &BindingId, capability| {
            let bound = self.catalog.binding(binding);
            // What the engine itself measures is not bound.
            bound.is_none_or(|bound| bound.capabilities.contains(&capability))
        };
        let mut faults = Vec::new();
        let of_scaling = scaling::criteria(self.plan)?;
        for criterion in self.plan.criteria().into_iter().chain(&of_scaling) {
            if let Err(why @ (NeedFault::Form { .. } | NeedFault::NotPerArm { .. })) =
                needs(criterion, registry, &can)
            {
                let criterion = criterion.to_string();
                let fault = Unmeasurable { criterion, why };
                if !faults.contains(&fault) {
                    faults.push(fault);
                }
            }
        }
        if faults.is_empty() {
            return Ok(());
        }
        Err(CompileError::Unmeasurable(faults))
    }

    fn bindings(&self) -> BTreeMap<BindingId, Binding> {
        let facts = |binding: &phasegate_plan::Binding| Binding {
            roles: binding.roles.iter().copied().collect(),
            capabilities: binding.capabilities.iter().copied().collect(),
            lag: binding.source_lag,
            quiet: QUIET,
        };
        self.catalog
            .bindings()
            .iter()
            .map(|(id, binding)| (id.clone(), facts(binding)))
            .collect()
    }

    /// The shortest interval that anything in the plan asks for serves everything.
    fn timing(&self) -> Timing {
        let plan = &self.plan.evaluation;
        let own = self
            .plan
            .phases
            .iter()
            .filter_map(|phase| phase.evaluation.as_ref());
        let every = own
            .map(|evaluation| evaluation.every)
            .chain([plan.every])
            .chain(self.ramps_every())
            .min();
        let every = every.unwrap_or(plan.every);
        let standard = Timing::default();
        let mut own = (self.plan.phases.iter()).filter_map(|phase| phase.evaluation.as_ref());
        let of_phases = own.any(|evaluation| evaluation.hold_when_clocks_disagree);
        Timing {
            every,
            answer_within: standard
                .answer_within
                .min(every.saturating_mul(4))
                .max(ANSWER_MIN),
            roll_up: self.start.roll_up.unwrap_or(standard.roll_up),
            window: standard.window,
            settle: plan.settle,
            effect_within: standard
                .effect_within
                .min(every.saturating_mul(10))
                .max(EFFECT_MIN),
            hold_when_clocks_disagree: plan.hold_when_clocks_disagree || of_phases,
        }
    }

    /// How often single ramps are to be looked at.
    fn ramps_every(&self) -> impl Iterator<Item = Span> {
        let steps = self.plan.phases.iter().flat_map(|phase| &phase.steps);
        steps.filter_map(|step| match &step.action {
            phasegate_plan::model::Action::Traffic(ramp) => ramp.evaluate_every,
            phasegate_plan::model::Action::Flag(ramp) => ramp.evaluate_every,
            _ => None,
        })
    }

    /// Who is asked when nothing else says: the first role that any rollback escalates to, else the
    /// plan's first role.
    fn escalate_to(&self) -> Result<RoleId, CompileError> {
        let of_phases = self
            .plan
            .phases
            .iter()
            .filter_map(|phase| self.plan.rollback(phase));
        let named = of_phases
            .chain(&self.plan.rollback)
            .find_map(|r| r.escalate_to.clone());
        let first = || self.plan.roles.first().map(|role| role.id.clone());
        let operator = || RoleId::new("operator").ok();
        named
            .or_else(first)
            .or_else(operator)
            .ok_or_else(|| CompileError::missing("role", "operator"))
    }
}

/// How long after its deadline a request may still land in a system that has queued it. Adapters give
/// up at the deadline themselves; this covers what they had already sent.
const QUIET: Span = Span::from_secs(2);
/// No effect is expected to be faster than this.
const EFFECT_MIN: Span = Span::from_secs(5);
/// No source is expected to answer faster than this.
const ANSWER_MIN: Span = Span::from_secs(1);
