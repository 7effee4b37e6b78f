//! One process at a time for each journal. A lease names its holder and outlives it; this lock ends with the
//! process that has it, however that ends, so the next one need not wait.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Held for as long as it lives. The file stays: to remove it would let two processes lock two files of one
/// name. What is remembered stands in it.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Keeps a text for the next process that has the lock, instead of what was kept before.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn remember(&self, text: &str) -> io::Result<()> {
        self.file.set_len(0)?;
        (&self.file).write_all(text.as_bytes())
    }

    /// What was kept last; nothing at first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn remembered(&self) -> io::Result<String> {
        let mut text = String::new();
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))?;
        file.read_to_string(&mut text)?;
        Ok(text)
    }
}

/// The file beside the journal with this ending after its whole name.
pub fn beside(journal: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(journal);
    name.push(ending);
    PathBuf::from(name)
}

/// By how many names a file is known; 1 where it is not there.
fn names(path: &Path) -> u64 {
    #[cfg(unix)]
    if let Ok(file) = std::fs::metadata(path) {
        return std::os::unix::fs::MetadataExt::nlink(&file);
    }
    let _everywhere_else = path;
    1
}

/// Takes the lock of a journal.
///
/// # Errors
/// If another process has it, the file cannot be made, or the journal has a second name: SQLite's files and
/// this lock are beside the name, and two processes would write under two of them.
pub fn take(journal: &Path) -> Result<Lock, String> {
    if names(journal) > 1 {
        return Err(format!(
            "{} has more than one name (hard links): remove the others, or give --journal another path",
            journal.display()
        ));
    }
    let path = beside(journal, ".lock");
    let shown = path.display();
    let mut options = File::options();
    let file = options.create(true).read(true).append(true).open(&path);
    let file = file.map_err(|error| {
        format!("the journal cannot be locked by {shown} ({error}): give --journal another path")
    })?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { file }),
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
        assert_eq!(lock.remembered().expect("it reads"), "");
        for text in ["something longer", "text"] {
            lock.remember(text).expect("it is kept");
        }
        drop(lock);
        let lock = take(&journal).expect("nobody has it any more");
        assert_eq!(lock.remembered().expect("it reads"), "text");
        std::fs::remove_file(beside(&journal, ".lock")).expect("it stays");
    }
}
