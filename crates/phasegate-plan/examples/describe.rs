//! Writes what is made from the types: both JSON Schemas and the list of fault codes.
//! `cargo run -p phasegate-plan --example describe`

use std::error::Error;
use std::fs;
use std::path::Path;

use phasegate_plan::{catalog_schema, code_list, plan_schema};

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().len() > 1 {
        return Err(
            "describe takes no arguments: it writes the schemas and CODES.md of this crate".into(),
        );
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::create_dir_all(here.join("schema"))?;
    fs::write(here.join("schema/plan.schema.json"), plan_schema())?;
    fs::write(here.join("schema/bindings.schema.json"), catalog_schema())?;
    fs::write(here.join("CODES.md"), code_list())?;
    Ok(())
}
