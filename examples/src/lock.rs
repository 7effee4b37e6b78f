//! One process at a time for each journal. A lease names its holder and outlives it; this lock ends with the
//! process that has it, however that ends, so the next one need not wait.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// Held for as long as it lives. The file stays, empty: to remove it would let two processes lock two files
/// of one name.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// The file beside the journal that is locked.
pub fn beside(journal: &Path) -> PathBuf {
    let mut name = OsString::from(journal);
    name.push(".lock");
    PathBuf::from(name)
}

/// Takes the lock of a journal.
///
/// # Errors
/// If another process has it, or the file cannot be made.
pub fn take(journal: &Path) -> Result<Lock, String> {
    let path = beside(journal);
    let shown = path.display();
    let mut options = File::options();
    let file = options.create(true).append(true).open(&path);
    let file = file.map_err(|error| {
        format!("the journal cannot be locked by {shown} ({error}): give --journal another path")
    })?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(format!(
            "another process carries out the rollout in {}: wait for it, or stop it (Ctrl-C) and go on by \
             --resume",
            journal.display()
        )),
        Err(TryLockError::Error(error)) => Err(format!("{shown} cannot be locked ({error})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_is_had_once_until_its_holder_lets_go() {
        let name = format!("phasegate-lock-{}.sqlite", std::process::id());
        let journal = std::env::temp_dir().join(name);
        let lock = take(&journal).expect("nobody has it");
        let refused = take(&journal).expect_err("somebody has it");
        assert!(refused.contains("another process"), "{refused}");
        drop(lock);
        take(&journal).expect("nobody has it any more");
        std::fs::remove_file(beside(&journal)).expect("it stays");
    }
}
