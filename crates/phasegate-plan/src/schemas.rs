//! The JSON Schemas of both documents, made from the types.

use crate::catalog::CatalogDraft;
use crate::form::{Form as _, Schema};
use crate::model::PlanDraft;
use crate::print::json;

/// The JSON Schema (draft 2020-12) of a plan document, as JSON text.
///
/// ```
/// assert!(phasegate_plan::plan_schema().contains("\"objectives\""));
/// ```
pub fn plan_schema() -> String {
    let mut schema = Schema::default();
    let root = PlanDraft::schema(&mut schema);
    json(&schema.finish("urn:phasegate:plan:1", "A rollout plan", root))
}

/// The JSON Schema (draft 2020-12) of a bindings document, as JSON text.
pub fn catalog_schema() -> String {
    let mut schema = Schema::default();
    let root = CatalogDraft::schema(&mut schema);
    json(&schema.finish(
        "urn:phasegate:bindings:1",
        "Bindings of a rollout plan",
        root,
    ))
}
