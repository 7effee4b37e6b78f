//! The view of a rollout: everything a report says, folded out of the records and nothing else. No
//! clock, no fetch, no evaluation: verdicts are shown as they were found.
//!
//! Each part of the view is a fold of its own over the same steps; [`State`] decides what a record means.
//! Cost: one clone of the engine's state per record, a few kilobytes, so a rollout of three weeks
//! (about ten thousand records) takes well under a second.

mod asks;
mod attested;
mod audit;
mod budgets;
mod causes;
mod criteria;
mod effects;
mod evidence;
mod exposure;
mod gates;
mod goals;
mod header;
mod incidents;
mod kpis;
mod moments;
mod phases;
mod rollbacks;
mod seen;
mod series;
mod slos;
mod stops;
mod triggers;

use phasegate_core::{PersonId, Timestamp};
use phasegate_engine::program::PlanLessons;
use phasegate_engine::record::{Body, Record, RecordError};
use phasegate_engine::state::{Misfit, State};
use serde::Serialize;

pub use audit::{Audit, ClockDisagreement, Head, Outage};
pub use budgets::{BudgetSort, BudgetView};
pub use criteria::{Counted, CriterionView, Reading, Scope};
pub use effects::{Conclusion, EffectEnd, EffectView};
pub use evidence::Evidence;
pub use exposure::{Doubt, Exposure, ExposurePoint};
pub use gates::{GateCheck, GateDecision, GateItem, GateView, Question, Said};
pub use goals::{GoalCheck, GoalNumber, GoalView};
pub use header::{Header, Standing};
pub use incidents::{FollowUp, IncidentMoment, IncidentView};
pub use kpis::{Actual, KpiStatus, KpiView};
pub use moments::{Moment, MomentSort};
pub use phases::{PhaseRun, PhaseStanding, PhaseView, StepRun, StepStanding};
pub use rollbacks::{Extension, RollbackView};
pub(crate) use seen::counted_of;
pub use series::{Bound, BoundChange, BoundSort, Percentile, Series, SeriesPoint};
pub use slos::SloView;
pub use stops::{Ended, Stop, StopSort};
pub use triggers::{Firing, Stretch, StretchSort, TriggerView};

/// Everything a report says of one rollout.
///
/// It serialises to the JSON report; fields are added over time, never renamed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct View {
    /// What it is, and how it stands.
    pub header: Header,
    /// The phases, in the order of the program.
    pub phases: Vec<PhaseView>,
    /// Who saw the new version when: one line per route or flag.
    pub exposure: Vec<Exposure>,
    /// Every criterion, also those nobody has looked at.
    pub criteria: Vec<CriterionView>,
    /// The declared numbers: baseline, target, last measured value.
    pub kpis: Vec<KpiView>,
    /// What the whole is to reach.
    pub goals: Vec<GoalView>,
    /// The objectives: what was measured of each, and its budget.
    pub slos: Vec<SloView>,
    /// What was measured over time.
    pub series: Vec<Series>,
    /// Gates, once for each time they were opened.
    pub gates: Vec<GateView>,
    /// Every trigger, also those that never stirred.
    pub triggers: Vec<TriggerView>,
    /// Each going back.
    pub rollbacks: Vec<RollbackView>,
    /// What was declared, with its clocks.
    pub incidents: Vec<IncidentView>,
    /// Everything that may take only so long, and how long it took.
    pub budgets: Vec<BudgetView>,
    /// When nothing moved forward, and why.
    pub stops: Vec<Stop>,
    /// Everything people were asked, approvals included.
    pub questions: Vec<Question>,
    /// Everything done outside.
    pub effects: Vec<EffectView>,
    /// What happened, in order.
    pub moments: Vec<Moment>,
    /// What the plan itself says of lessons.
    #[serde(skip_serializing_if = "PlanLessons::is_empty")]
    pub lessons: PlanLessons,
    /// What the report rests on.
    pub audit: Audit,
}

/// Why there is no view.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// There is no record.
    #[error("the journal holds no record of the rollout")]
    Empty,
    /// A record does not fit the ones before it.
    #[error("the journal is not that of one rollout, or is damaged")]
    Misfit(#[from] Misfit),
    /// A payload is not a record.
    #[error("failed to read record {seq}")]
    Unreadable {
        /// Its sequence.
        seq: u64,
        /// What is wrong with it.
        source: RecordError,
    },
}

/// One record, with what was so before it and after it.
pub(crate) struct Step<'s> {
    pub(crate) seq: u64,
    pub(crate) record: &'s Record,
    pub(crate) before: &'s State,
    pub(crate) after: &'s State,
    /// On what gates have decided until now.
    pub(crate) decided: &'s causes::Decided,
    /// What people have attested until now.
    pub(crate) attested: &'s attested::Attested,
}

impl View {
    /// Reads a rollout from its records, the first one first. They may end anywhere: a rollout that is
    /// still running has a view too.
    ///
    /// # Errors
    /// If there is no record, or one does not fit the ones before it; the error names it.
    pub fn of(records: &[Record]) -> Result<Self, ViewError> {
        let (first, rest) = records.split_first().ok_or(ViewError::Empty)?;
        let mut state = State::created(first)?;
        let Body::Created { by, flags, .. } = &first.body else {
            let why = "record 0 is not a creation";
            return Err(Misfit {
                seq: 0,
                kind: first.kind(),
                why,
            }
            .into());
        };
        let mut folds = Folds::new(first, by, flags, &state);
        let mut decided = causes::Decided::default();
        let mut attested = attested::Attested::default();
        for (seq, record) in (1u64..).zip(rest) {
            let before = state.clone();
            state.apply(record)?;
            decided.take(record);
            attested.take(record, &before);
            folds.take(&Step {
                seq,
                record,
                before: &before,
                after: &state,
                decided: &decided,
                attested: &attested,
            });
        }
        Ok(folds.finish(&state))
    }

    /// Reads a rollout as it stood at a moment: from the records before it. The first record always
    /// counts.
    ///
    /// # Errors
    /// As [`View::of`].
    pub fn of_until(records: &[Record], until: Timestamp) -> Result<Self, ViewError> {
        let later = records
            .iter()
            .skip(1)
            .position(|record| record.at() >= until);
        let count = later.map_or(records.len(), |index| index.saturating_add(1));
        Self::of(records.get(..count).unwrap_or(records))
    }

    /// Reads a rollout from the kinds and payloads of its journal, the first one first.
    ///
    /// # Errors
    /// As [`View::of`], and if a payload is not a record.
    pub fn read<'j>(
        journal: impl IntoIterator<Item = (&'j str, &'j [u8])>,
    ) -> Result<Self, ViewError> {
        let decode = |(seq, (kind, payload)): (u64, (&str, &[u8]))| {
            Record::decode(kind, payload).map_err(|source| ViewError::Unreadable { seq, source })
        };
        let records: Result<Vec<Record>, ViewError> = (0u64..).zip(journal).map(decode).collect();
        Self::of(&records?)
    }

    /// Adds the head of the journal's hash chain, so that the report says on which records it rests.
    #[must_use]
    pub fn with_head(mut self, head: Head) -> Self {
        self.audit.head = Some(head);
        self
    }
}

/// All folds, side by side.
struct Folds {
    header: header::Fold,
    phases: phases::Fold,
    exposure: exposure::Fold,
    criteria: criteria::Fold,
    series: series::Fold,
    gates: gates::Fold,
    triggers: triggers::Fold,
    rollbacks: rollbacks::Fold,
    incidents: incidents::Fold,
    stops: stops::Fold,
    effects: effects::Fold,
    moments: moments::Fold,
    audit: audit::Fold,
}

impl Folds {
    fn new(first: &Record, by: &PersonId, flags: &[u32], state: &State) -> Self {
        Self {
            header: header::Fold::new(first, by, state),
            phases: phases::Fold::new(state),
            exposure: exposure::Fold::default(),
            criteria: criteria::Fold::new(state),
            series: series::Fold::new(state),
            gates: gates::Fold::default(),
            triggers: triggers::Fold::new(state),
            rollbacks: rollbacks::Fold::default(),
            incidents: incidents::Fold::default(),
            stops: stops::Fold::default(),
            effects: effects::Fold::default(),
            moments: moments::Fold::new(first, by),
            audit: audit::Fold::new(first, flags),
        }
    }

    fn take(&mut self, step: &Step<'_>) {
        self.header.take(step);
        self.phases.take(step);
        self.exposure.take(step);
        self.criteria.take(step);
        self.series.take(step);
        self.gates.take(step);
        self.triggers.take(step);
        self.rollbacks.take(step);
        self.incidents.take(step);
        self.stops.take(step);
        self.effects.take(step);
        self.moments.take(step);
        self.audit.take(step);
    }

    fn finish(self, state: &State) -> View {
        let criteria = self.criteria.finish();
        let (gates, questions) = self.gates.finish(state);
        let header = self.header.finish(state);
        let triggers = self.triggers.finish(header.last);
        let rollbacks = self.rollbacks.finish();
        let slos = slos::of(state, &criteria, &triggers);
        let goals = goals::of(state, &criteria, &triggers, &questions);
        let kpis = kpis::of(state, &criteria, &triggers, &rollbacks, &goals);
        let phases = self.phases.finish(state);
        let incidents = self.incidents.finish();
        let budgets = budgets::of(state, &phases, &rollbacks, &incidents);
        View {
            header,
            phases,
            exposure: self.exposure.finish(),
            kpis,
            goals,
            slos,
            criteria,
            series: self.series.finish(),
            gates,
            triggers,
            rollbacks,
            incidents,
            budgets,
            stops: self.stops.finish(),
            questions,
            effects: self.effects.finish(),
            moments: self.moments.finish(),
            lessons: state.program.lessons.clone(),
            audit: self.audit.finish(),
        }
    }
}
