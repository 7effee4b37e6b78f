//! What is kept at a journal's path, looked at before anything is written there: a rollout is the one
//! thing that must not be lost to a second start.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use phasegate::core::{Clock, RolloutId};
use phasegate::engine::record::{Body, Outcome, Record};
use phasegate::engine::state::PhaseState;
use phasegate::engine::{Sources, State};
use phasegate::journal_sqlite::SqliteReader;

use crate::lock::beside;

type Error = Box<dyn std::error::Error>;

/// The one rollout in a journal's file, and what it was begun with.
#[derive(Debug)]
pub struct Kept {
    /// Which.
    pub rollout: RolloutId,
    /// The documents, byte for byte.
    pub sources: Sources,
    /// How it ended, if it did.
    pub outcome: Option<Outcome>,
}

/// Looks, and changes nothing. `None` where no rollout has begun: there is no file, or a journal without one.
///
/// # Errors
/// If what is there is no journal, is damaged, or holds several rollouts.
pub fn look(path: &Path, clock: Arc<dyn Clock>) -> Result<Option<Kept>, Error> {
    if std::fs::symlink_metadata(path).is_err() {
        return Ok(None);
    }
    let name = path.display();
    let no_journal = |error: &dyn std::error::Error| {
        format!(
            "{name} is no journal that could be read ({error}); it is left as it is: give --journal another path"
        )
    };
    let reader = SqliteReader::open(path, clock).map_err(|error| no_journal(&error))?;
    let rollouts = reader.rollouts().map_err(|error| no_journal(&error))?;
    let one = match &rollouts[..] {
        [] => return Ok(None),
        [one] => one,
        several => {
            let count = several.len();
            return Err(format!("{name} holds {count} rollouts, and this program keeps one in each journal: give --journal another path").into());
        }
    };
    let records = reader.read(&one.rollout, 0)?;
    let mut bodies = Vec::new();
    // A revised plan is what is carried out from its record on.
    let revised = records.iter().rev().find(|one| one.kind == "amended");
    for record in [revised.or(records.first()), records.last()]
        .into_iter()
        .flatten()
    {
        bodies.push(Record::decode(&record.kind, &record.payload)?.body);
    }
    let outcome = match bodies.pop() {
        Some(Body::Finished { outcome }) => Some(outcome),
        _ => None,
    };
    match bodies.pop() {
        Some(
            Body::Created {
                plan_source: plan,
                bindings_source: bindings,
                ..
            }
            | Body::Amended {
                plan_source: plan,
                bindings_source: bindings,
                ..
            },
        ) => Ok(Some(Kept {
            rollout: one.rollout.clone(),
            sources: Sources { plan, bindings },
            outcome,
        })),
        _ => Err(format!("{name} does not begin with the record that begins a rollout").into()),
    }
}

/// Moves a journal and what SQLite keeps beside it to the first free name, and says which.
///
/// # Errors
/// If the file system does not let it.
pub fn set_aside(path: &Path) -> std::io::Result<PathBuf> {
    let mut number = 1_u32;
    let free = loop {
        let mut name = path.file_stem().unwrap_or_default().to_owned();
        name.push(format!(".{number}."));
        name.push(path.extension().unwrap_or_default());
        let free = path.with_file_name(name);
        if std::fs::symlink_metadata(&free).is_err() {
            break free;
        }
        number += 1;
    };
    for ending in ["-wal", "-shm", ""] {
        let from = beside(path, ending);
        if from.exists() {
            std::fs::rename(from, beside(&free, ending))?;
        }
    }
    Ok(free)
}

/// Refuses a document that is not the recorded one, and says where they part.
///
/// # Errors
/// If they differ.
pub fn same(what: &str, path: &Path, given: &str, recorded: &str) -> Result<(), String> {
    if given == recorded {
        return Ok(());
    }
    let digest = |text: &str| phasegate::journal::Digest::of(text.as_bytes()).to_string();
    let (mut new, mut old) = (given.lines(), recorded.lines());
    let mut line = 0;
    let (new, old) = loop {
        line += 1;
        match (new.next(), old.next()) {
            (None, None) => break (None, None),
            (new, old) if new != old => break (new, old),
            _ => {}
        }
    };
    let shown = |line: Option<&str>| {
        line.map_or_else(|| "nothing".to_owned(), |line| format!("`{}`", line.trim()))
    };
    Err(format!(
        "{} is not the {what} that the rollout in the journal was begun with (digest {}, recorded {}): \
         from line {line} on they differ, {} now and {} then.\n\
         Leave --{what} out to go on with the recorded one; to carry out the changed one, begin a new \
         rollout with another --journal",
        path.display(),
        &digest(given)[..12],
        &digest(recorded)[..12],
        shown(new),
        shown(old)
    ))
}

/// How long the bakes and waits that are still to come take at least, along the longest chain of
/// phases: what a plan says of its own length. Steps, gates and people come on top.
pub fn left_at_least(state: &State) -> phasegate::core::Span {
    use phasegate::core::Span;
    use phasegate::engine::program::OpKind;
    use phasegate::engine::record::Place;
    let mut ends = std::collections::BTreeMap::new();
    for phase in &state.program.phases {
        let from = match state.phases.get(&phase.id) {
            Some(PhaseState::Done | PhaseState::Idle) => phase.ops.len(),
            Some(PhaseState::Running { op, .. }) => *op,
            Some(PhaseState::Undone | PhaseState::Waiting) | None => 0,
        };
        let mut left = Span::ZERO;
        for (op, kind) in phase.ops.iter().map(|op| &op.kind).enumerate().skip(from) {
            let place = Place::Phase {
                phase: phase.id.clone(),
                op,
            };
            let covered = state.bakes.get(&place).map(|bake| bake.covered);
            left = left.saturating_add(match kind {
                OpKind::Bake { span, .. } => span.saturating_sub(covered.unwrap_or_default()),
                OpKind::Wait { span } => *span,
                _ => Span::ZERO,
            });
        }
        let before = phase.after.iter().filter_map(|id| ends.get(id)).max();
        let before: Span = before.copied().unwrap_or_default();
        ends.insert(phase.id.clone(), before.saturating_add(left));
    }
    ends.into_values().max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_document_is_refused_with_the_line_where_it_parts() {
        let path = Path::new("p.yaml");
        assert_eq!(same("plan", path, "a\nb\n", "a\nb\n"), Ok(()));
        for (given, recorded, said) in [
            (
                "a\nc\n",
                "a\nb\n",
                "from line 2 on they differ, `c` now and `b` then",
            ),
            (
                "a\n",
                "a\nb\n",
                "from line 2 on they differ, nothing now and `b` then",
            ),
        ] {
            let error = same("plan", path, given, recorded).expect_err("they differ");
            assert!(error.contains(said), "{error}");
            assert!(error.contains("--journal"), "{error}");
        }
    }

    #[test]
    fn a_journal_is_set_aside_under_the_first_free_name_with_what_lies_beside_it() {
        let folder = std::env::temp_dir().join(format!("phasegate-kept-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("j.sqlite");
        for name in ["j.sqlite", "j.sqlite-wal", "j.1.sqlite"] {
            std::fs::write(folder.join(name), name).expect("a file");
        }
        let free = set_aside(&path).expect("it can be moved");
        assert_eq!(free, folder.join("j.2.sqlite"));
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a file");
        assert_eq!(read("j.1.sqlite"), "j.1.sqlite", "left alone");
        assert_eq!(read("j.2.sqlite"), "j.sqlite");
        assert_eq!(read("j.2.sqlite-wal"), "j.sqlite-wal");
        assert!(!path.exists());
        std::fs::remove_dir_all(&folder).expect("a folder");
    }
}
