//! The plan as a whole.

use phasegate_core::{PlanId, Timestamp};

use super::{
    AccessPolicy, Alert, Channel, Checklist, Communication, Contingency, Environment, Escalation,
    Evaluation, Experiment, FactNote, Gate, Goal, IncidentPlan, Inspection, Kpi, Lessons, Level,
    LifeCycle, Maintenance, MatrixRow, Message, Parameter, Phase, PlanRole, Procedure, Recovery,
    Resource, Review, Risk, Rollback, Scaling, Signatures, Slo, Team, TestRun, TimelineEntry,
    Trigger, Watch,
};
use crate::calendar::{Date, DateWindow, Length, WorkWeek};
use crate::form::{record, words};

words! {
    /// The format of a plan document.
    pub enum PlanFormat {
        /// The first.
        V1 = "phasegate-plan/1",
    }
}

words! {
    /// How far a plan has come as a document.
    pub enum Status {
        /// It is being written.
        Draft = "draft",
        /// People read it.
        Review = "review",
        /// It may be carried out.
        Ready = "ready",
        /// It has been carried out.
        Done = "done",
        /// It will not be.
        Withdrawn = "withdrawn",
    }
}

record! {
    /// Something to read beside the plan.
    pub struct Reference {
        /// What it is.
        need title: String,
        /// Where it is.
        may link: String,
    }
}

record! {
    /// A stretch of time in which nothing moves forward. Going back is always allowed. It is no working time:
    /// business days and hours go on after it, while hours, days and weeks go on in it.
    pub struct Freeze {
        /// Why.
        need title: String,
        /// From this moment.
        need from: Timestamp,
        /// Until this moment.
        need until: Timestamp,
    }
}

record! {
    /// A plan as it is written, before it has been checked.
    pub struct PlanDraft {
        /// The format.
        need format: PlanFormat,
        /// Its name.
        need id: PlanId,
        /// What it is called, for people.
        need title: String,
        /// What it is about, for people.
        may summary: String,
        /// The document's own version.
        may version: String,
        /// How far it has come.
        or status: Status = Status::Draft,
        /// Who answers for the document.
        may owner: String,
        /// Where it happens, where a phase does not say.
        may environment: Environment,
        /// The day on which the document was written or last changed.
        may dated: Date,
        /// When it is looked at again.
        may review: Review,
        /// How much may go wrong.
        may risk: Level,
        /// How much users or others notice.
        may impact: Level,
        /// On which days the whole is to happen.
        may window: DateWindow,
        /// How long the whole takes, as the document states it.
        list lengths: Length,
        /// The timeline that the document gives beside its phases.
        list timeline: TimelineEntry,
        /// In which calendar its dates, days and hours are meant.
        or calendar: WorkWeek = WorkWeek::new(),
        /// Who is needed.
        list resources: Resource,
        /// Values that are given when the rollout starts.
        list parameters: Parameter,
        /// What to read beside it.
        list references: Reference,
        /// What people act as.
        list roles: PlanRole,
        /// What people sign, and with which keys.
        may signatures: Signatures,
        /// Places that messages go to.
        list channels: Channel,
        /// Message templates.
        list messages: Message,
        /// Named numbers.
        list kpis: Kpi,
        /// Service level objectives.
        list slos: Slo,
        /// Numbers that the plan starts from.
        list facts: FactNote,
        /// What the whole is to reach.
        list goals: Goal,
        /// What must be so before the first phase begins.
        list prerequisites: Checklist,
        /// How criteria are evaluated.
        or evaluation: Evaluation = Evaluation::new(),
        /// The phases.
        list phases: Phase,
        /// Decisions about the whole: before its start and at its acceptance.
        list gates: Gate,
        /// What is watched while the rollout runs.
        list triggers: Trigger,
        /// The way back of phases that have none of their own.
        may rollback: Rollback,
        /// Other ways back, for people to choose from.
        list procedures: Procedure,
        /// Who decides how fast when something happens.
        list matrix: MatrixRow,
        /// When nothing moves forward.
        list freezes: Freeze,
        /// Numbers with levels.
        list alerts: Alert,
        /// Commands that show how things stand.
        list inspections: Inspection,
        /// What may go wrong.
        list risks: Risk,
        /// What is done about what is no reason to go back.
        list contingencies: Contingency,
        /// Who is told what.
        list communications: Communication,
        /// How incidents are talked about.
        may incidents: IncidentPlan,
        /// How people are reached by severity.
        list escalation: Escalation,
        /// What is broken on purpose.
        list experiments: Experiment,
        /// How many there are of something.
        list scaling: Scaling,
        /// How fast things must work again after a disaster.
        may recovery: Recovery,
        /// Work that comes again and again.
        list maintenance: Maintenance,
        /// Which tests run when.
        list tests: TestRun,
        /// Who does the work.
        list teams: Team,
        /// Who may do what.
        may access: AccessPolicy,
        /// The states that things go through, such as a change request.
        list life_cycles: LifeCycle,
        /// What to watch and do when the rollout is done.
        list afterwards: Watch,
        /// What was learnt.
        may lessons: Lessons,
    }
}
