#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod calendar;
mod catalog;
mod check;
mod document;
pub mod fault;
mod form;
pub mod model;
mod print;
mod schedule;
mod schemas;
mod value;

pub use catalog::{
    Binding, Catalog, CatalogDraft, CatalogFormat, CheckedCatalog, NamedCommand, RESERVED_BINDING,
};
pub use check::{
    Checked, LintLevel, Lints, LintsError, MESSAGE_VARIABLES, Need, Plan, check, check_with,
};
pub use document::{Digest, Format, Limits, PlanDocument};
pub use fault::{Code, Fault, Faults, Place, Severity, code_list};
pub use print::PrintError;
pub use schedule::{PlannedActivity, PlannedGate, PlannedPhase, Schedule};
pub use schemas::{catalog_schema, plan_schema};
pub use value::Value;
