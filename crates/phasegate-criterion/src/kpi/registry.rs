//! All KPIs and SLOs of a plan, by id.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use phasegate_core::{BindingId, KpiId};

use super::{Kpi, Slo};

/// The KPIs and SLOs that criteria may name.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct KpiRegistry {
    kpis: BTreeMap<KpiId, Arc<Kpi>>,
    slos: BTreeMap<KpiId, Slo>,
    inline_source: Option<BindingId>,
}

/// There already is a KPI or SLO of this id.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("'{id}' is declared twice")]
pub struct Duplicate {
    /// The id.
    pub id: KpiId,
}

impl KpiRegistry {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a KPI.
    ///
    /// # Errors
    /// [`Duplicate`] where the id is taken by another KPI.
    pub fn declare(&mut self, kpi: Kpi) -> Result<(), Duplicate> {
        match self.kpis.entry(kpi.id.clone()) {
            Entry::Occupied(_) => Err(Duplicate { id: kpi.id }),
            Entry::Vacant(place) => {
                place.insert(Arc::new(kpi));
                Ok(())
            }
        }
    }

    /// Adds an SLO. Its id may be that of a KPI: they are looked up apart.
    ///
    /// # Errors
    /// [`Duplicate`] where the id is taken by another SLO.
    pub fn declare_slo(&mut self, slo: Slo) -> Result<(), Duplicate> {
        match self.slos.contains_key(&slo.id) {
            true => Err(Duplicate { id: slo.id }),
            false => {
                self.slos.insert(slo.id.clone(), slo);
                Ok(())
            }
        }
    }

    /// Who answers `query "..."` in criteria. Without one, such criteria are faults.
    pub fn answer_inline_queries_from(&mut self, source: BindingId) {
        self.inline_source = Some(source);
    }

    /// Who answers `query "..."`.
    #[must_use]
    pub const fn inline_source(&self) -> Option<&BindingId> {
        self.inline_source.as_ref()
    }

    /// A KPI by its id.
    #[must_use]
    pub fn kpi(&self, id: &KpiId) -> Option<&Kpi> {
        self.kpis.get(id).map(AsRef::as_ref)
    }

    /// An SLO by its id.
    #[must_use]
    pub fn slo(&self, id: &KpiId) -> Option<&Slo> {
        self.slos.get(id)
    }

    /// All KPIs, by id.
    pub fn kpis(&self) -> impl Iterator<Item = &Kpi> {
        self.kpis.values().map(AsRef::as_ref)
    }

    /// All SLOs, by id.
    pub fn slos(&self) -> impl Iterator<Item = &Slo> {
        self.slos.values()
    }
}
