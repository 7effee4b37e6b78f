#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod catalog;
mod check;
mod document;
pub mod fault;
mod form;
pub mod model;
mod print;
mod schemas;
mod value;

pub use catalog::{
    Binding, Catalog, CatalogDraft, CatalogFormat, CheckedCatalog, NamedCommand, RESERVED_BINDING,
};
pub use check::{Checked, Need, Plan, check};
pub use document::{Digest, Format, Limits, PlanDocument};
pub use fault::{Code, Fault, Faults, Place, Severity};
pub use print::PrintError;
pub use schemas::{catalog_schema, plan_schema};
pub use value::Value;
