//! Plan and bindings: those that were given, or those in the journal.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use phasegate::plan::{Catalog, Plan, PlanDocument, check};
use phasegate_examples::kept::{self, Kept};
use phasegate_examples::{lock, say};

use crate::Error;
use crate::args::Args;

const PLANS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/plans");

/// Both documents, checked, and as they were read.
pub struct Documents {
    pub plan: Plan,
    pub catalog: Catalog,
    pub document: PlanDocument,
    pub bindings: PlanDocument,
}

/// What is to be carried out: of a new rollout the documents that were given, of one that goes on those
/// in its journal. Everything that speaks against beginning or going on is said here, before anything is done.
pub fn documents(args: &Args, kept: Option<&Kept>) -> Result<Documents, Error> {
    let path = args.journal().display();
    let open = |path: &Path| {
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
    };
    match kept {
        None if args.resume => Err(format!(
            "there is no rollout at {path}: leave --resume out to begin one, or name its --journal"
        )
        .into()),
        Some(kept) if args.resume => {
            if let Some(plan) = &args.plan {
                kept::same("plan", plan, &open(plan)?, &kept.sources.plan)?;
            }
            if let Some(bindings) = &args.bindings {
                kept::same("bindings", bindings, &open(bindings)?, &kept.sources.bindings)?;
            }
            read(
                ("the recorded plan", &kept.sources.plan),
                ("the recorded bindings", &kept.sources.bindings),
            )
        }
        Some(Kept { outcome: None, .. }) => {
            // Perhaps because somebody is carrying it out now.
            lock::take(args.journal())?;
            Err(format!(
                "{path} holds a rollout that has not ended: go on with it by --resume, begin another one \
                 with another --journal, or remove the file if nobody needs it"
            )
            .into())
        }
        Some(_) if args.journal.is_some() => Err(format!(
            "{path} holds a finished rollout and is not written over: give --journal another path, remove \
             the file, or see by --resume how it ended"
        )
        .into()),
        Some(_) | None => {
            let or = |given: &Option<PathBuf>, name: &str| {
                given.clone().unwrap_or_else(|| Path::new(PLANS).join(name))
            };
            let plan = or(&args.plan, "first-rollout.yaml");
            let bindings = or(&args.bindings, "first-rollout.bindings.yaml");
            let (plan_text, bindings_text) = (open(&plan)?, open(&bindings)?);
            read(
                (&plan.display().to_string(), &plan_text),
                (&bindings.display().to_string(), &bindings_text),
            )
        }
    }
}

/// A revised plan, with the bindings that there are.
pub fn revised(plan: &Path, before: &Documents) -> Result<Documents, Error> {
    let name = plan.display().to_string();
    let text = std::fs::read_to_string(plan).map_err(|error| format!("{name}: {error}"))?;
    let bindings = String::from_utf8_lossy(before.catalog.bytes());
    read((&name, &text), (before.catalog.name(), &bindings))
}

/// Reads and checks both documents; everything that is wrong is said at once.
fn read(plan: (&str, &str), bindings: (&str, &str)) -> Result<Documents, Error> {
    let bound = Catalog::read(bindings.0, bindings.1.as_bytes());
    let document = PlanDocument::read(plan.0, plan.1.as_bytes());
    let checked = check(&document, bound.catalog.as_ref());
    match (checked.plan, bound.catalog) {
        (Some(plan), Some(catalog)) => {
            // What is left are warnings.
            for fault in &checked.faults {
                say::aside(format_args!("{}", fault.render()));
            }
            Ok(Documents {
                plan,
                bindings: PlanDocument::read(catalog.name(), catalog.bytes()),
                catalog,
                document,
            })
        }
        (plan, catalog) => {
            let mut said = String::new();
            if catalog.is_none() {
                said += &bound.faults.render();
            }
            if plan.is_none() {
                said += &checked.faults.render();
            }
            Err(said.into())
        }
    }
}

/// Looks whether a report can be written, and leaves no trace of the look.
pub fn can_write(report: &Path, journal: &Path) -> Result<(), Error> {
    let wanted = real(report)?;
    for ending in ["", "-wal", "-shm", "-journal", ".lock"] {
        let kept = lock::beside(journal, ending);
        if wanted == real(&kept)? || same_file(report, &kept) {
            let path = journal.display();
            return Err(format!(
                "the report would be written over the journal {path}, or what belongs to it: give --report another path"
            )
            .into());
        }
    }
    let existed = report.exists();
    if existed && !is_report(report)? {
        let path = report.display();
        return Err(format!(
            "{path} is there and is no report, so it is not written over: give --report another path"
        )
        .into());
    }
    let opened = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(report);
    opened.map_err(|error| {
        let path = report.display();
        format!("the report cannot be written to {path} ({error}): give --report another path")
    })?;
    if !existed {
        std::fs::remove_file(report)?;
    }
    Ok(())
}

/// Is it a page, or empty, or where nothing is kept? Anything else is somebody's work.
fn is_report(path: &Path) -> std::io::Result<bool> {
    let kind = std::fs::metadata(path)?.file_type();
    if !kind.is_file() {
        return Ok(path == Path::new("/dev/null"));
    }
    let mut start = Vec::new();
    std::fs::File::open(path)?
        .take(15)
        .read_to_end(&mut start)?;
    Ok(start.is_empty() || start.eq_ignore_ascii_case(b"<!doctype html>"))
}

/// Are both names of one file, by a hard link? Where one is not there they are not.
fn same_file(report: &Path, journal: &Path) -> bool {
    same_file::is_same_file(report, journal).unwrap_or(false)
}

/// The file that a path leads to, through links and `..`; of one that is not there yet, where it would be.
fn real(path: &Path) -> std::io::Result<PathBuf> {
    if let Ok(real) = std::fs::canonicalize(path) {
        return Ok(real);
    }
    let whole = std::path::absolute(path)?;
    match (whole.parent(), whole.file_name()) {
        (Some(folder), Some(name)) => {
            let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
            Ok(folder.join(name))
        }
        (_, _) => Ok(whole),
    }
}
