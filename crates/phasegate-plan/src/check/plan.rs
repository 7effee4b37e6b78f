//! The checked plan. It cannot be changed; whoever has one knows that it holds together.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::Arc;

use phasegate_core::{BindingId, CriterionId, PhaseId, StepId};

use phasegate_criterion::{Criterion, KpiRegistry};

use super::needs::{Need, needs};
use super::walk::{Met, walk};
use crate::calendar::WorkCalendar;
use crate::document::{Digest, Format, PlanDocument};
use crate::form::Form as _;
use crate::model::{Evaluation, Item, Phase, PlanDraft, Rollback, Step};
use crate::print::{PrintError, print};

/// A plan that has been checked. It lends everything that a [`PlanDraft`] says; cloning is cheap.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Freed first: a large piece that is freed after many small ones makes an allocator join all of them.
    bytes: Arc<[u8]>,
    draft: Arc<PlanDraft>,
    name: String,
}

impl Plan {
    pub(super) fn new(draft: Arc<PlanDraft>, document: &PlanDocument) -> Self {
        Self {
            bytes: document.shared_bytes(),
            draft,
            name: document.name().to_owned(),
        }
    }

    /// What the plan says.
    pub fn draft(&self) -> &PlanDraft {
        &self.draft
    }

    /// Every criterion in it, in the order of the model: of phases, steps, gates, triggers and alerts. For
    /// what speaks about criteria without their places, as the sample-size lint of `phasegate-sla` does.
    pub fn criteria(&self) -> Vec<&Criterion> {
        let mut criteria = Vec::new();
        walk(&self.draft, &mut |_, met| {
            if let Met::Criterion(criterion) = met {
                criteria.push(criterion);
            }
        });
        criteria
    }

    /// The name of the document it was read from.
    pub fn source_name(&self) -> &str {
        &self.name
    }

    /// The bytes it was read from.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The digest of those bytes: what approvals are bound to.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }

    /// A phase by name.
    pub fn phase(&self, id: &PhaseId) -> Option<&Phase> {
        self.draft.phases.iter().find(|phase| phase.id == *id)
    }

    /// A step by name, in its phase.
    pub fn step(&self, phase: &PhaseId, step: &StepId) -> Option<&Step> {
        self.phase(phase)?
            .steps
            .iter()
            .find(|found| found.id == *step)
    }

    /// Which phases must be done before this one begins, whether said or by order.
    pub fn dependencies(&self, id: &PhaseId) -> Vec<PhaseId> {
        self.draft.dependencies(id)
    }

    /// How criteria of a phase are evaluated: as it says itself, else as the plan says.
    pub fn evaluation(&self, phase: &Phase) -> Evaluation {
        let own = phase.evaluation.clone();
        own.unwrap_or_else(|| self.draft.evaluation.clone())
    }

    /// The way back of a phase: its own, else the plan's.
    pub fn rollback<'a>(&'a self, phase: &'a Phase) -> Option<&'a Rollback> {
        phase.rollback.as_ref().or(self.draft.rollback.as_ref())
    }

    /// The KPIs as the criterion language declares them.
    pub fn kpi_registry(&self) -> KpiRegistry {
        self.draft.kpi_registry()
    }

    /// The plan's calendar, ready for arithmetic.
    pub fn work_calendar(&self) -> WorkCalendar {
        WorkCalendar::new(&self.draft.calendar)
    }

    /// What each binding must be able to do.
    pub fn needs(&self) -> BTreeMap<BindingId, Need> {
        needs(&self.draft)
    }
}

impl Deref for Plan {
    type Target = PlanDraft;
    fn deref(&self) -> &PlanDraft {
        &self.draft
    }
}

impl PlanDraft {
    /// The KPIs as the criterion language declares them; the first of each id.
    pub fn kpi_registry(&self) -> KpiRegistry {
        let mut registry = KpiRegistry::new();
        for kpi in &self.kpis {
            // Two of one id are a fault of their own.
            drop(registry.declare(kpi.declaration()));
        }
        for slo in &self.slos {
            drop(registry.declare_slo(slo.declaration()));
        }
        registry
    }

    /// The phases by id; of two with one id, the second.
    pub(crate) fn phases_by_id(&self) -> BTreeMap<&str, &Phase> {
        let phases = self.phases.iter();
        phases.map(|one| (one.id.as_str(), one)).collect()
    }

    /// When people work by a calendar and nothing is frozen.
    pub(crate) fn without_freezes(&self, calendar: &WorkCalendar) -> WorkCalendar {
        let freezes = self.freezes.iter();
        calendar.without(freezes.map(|freeze| (freeze.from, freeze.until)))
    }

    /// Which phases must be done before this one begins: those it names, else the one before it.
    pub fn dependencies(&self, id: &PhaseId) -> Vec<PhaseId> {
        let Some(index) = self.phases.iter().position(|phase| phase.id == *id) else {
            return Vec::new();
        };
        self.dependencies_at(index).into_iter().cloned().collect()
    }

    pub(crate) fn dependencies_at(&self, index: usize) -> Vec<&PhaseId> {
        match self.phases.get(index).map(|phase| &phase.after) {
            Some(Some(named)) => {
                // One that is named twice is waited for once.
                let mut seen = BTreeSet::new();
                named.iter().filter(|id| seen.insert(*id)).collect()
            }
            Some(None) => index
                .checked_sub(1)
                .and_then(|before| self.phases.get(before))
                .map(|phase| vec![&phase.id])
                .unwrap_or_default(),
            None => Vec::new(),
        }
    }

    /// As a YAML document that reads back as the same plan.
    pub fn to_yaml(&self) -> String {
        print(&self.write(), Format::Yaml).unwrap_or_default()
    }

    /// As a document in some format that reads back as the same plan.
    ///
    /// # Errors
    /// If the format's library refuses; none of the plan's own values gives it a reason to.
    pub fn to_text(&self, format: Format) -> Result<String, PrintError> {
        print(&self.write(), format)
    }

    /// The plan, if nothing is wrong with what was written in Rust; else everything that is wrong, texts
    /// that could not be read among it. Each fault has its path in `pointer`, and its place in the YAML
    /// text that says the same ([`PlanDraft::to_yaml`]).
    ///
    /// # Errors
    /// All faults, warnings included, if one of them is an error.
    pub fn build(&self) -> Result<Plan, crate::Faults> {
        let checked = self.check(None);
        checked.plan.ok_or(checked.faults)
    }

    /// Checks a plan written in Rust. Places in faults refer to its YAML text.
    pub fn check(&self, catalog: Option<&crate::Catalog>) -> super::Checked {
        let text = self.to_yaml();
        let document = PlanDocument::read("plan.yaml", text.as_bytes());
        super::check(&document, catalog)
    }
}

impl Phase {
    /// The prerequisites with the id each is known by: its own, else `prerequisite-<list>-<item>`,
    /// both counted from 1.
    pub fn prerequisite_items(&self) -> Vec<(CriterionId, &Item)> {
        let mut out = Vec::new();
        for (list, checklist) in self.prerequisites.iter().enumerate() {
            for (number, item) in checklist.items.iter().enumerate() {
                let derived = format!("prerequisite-{}-{}", list + 1, number + 1);
                let id = item
                    .id
                    .clone()
                    .map_or_else(|| CriterionId::new(derived), Ok);
                out.extend(id.ok().map(|id| (id, item)));
            }
        }
        out
    }
}
