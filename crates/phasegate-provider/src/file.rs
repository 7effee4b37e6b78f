//! Files that an adapter shares with others: read within a bound, replaced as a whole, never half.
//! Blocking, and short: the files are small and local.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::{ErrorKind, ProviderError, Sent};

/// The largest file that is read: 4 MiB hold the largest flag and configuration files that we met.
pub const FILE_BYTES_MAX: usize = 4 << 20;

/// Reads a text file of at most [`FILE_BYTES_MAX`]; `act` says what for.
///
/// # Errors
/// `NotFound`, `Denied`, `Unavailable` by what the system says; `Invalid` when it is too long or no text.
pub fn read(path: &Path, act: &str) -> Result<String, ProviderError> {
    read_within(path, FILE_BYTES_MAX, act)
}

/// The same with another bound.
///
/// # Errors
/// Those of [`read`].
pub fn read_within(path: &Path, bytes_max: usize, act: &str) -> Result<String, ProviderError> {
    let failed = |error: io::Error| failure(path, act, Sent::Nothing, error);
    let file = File::open(path).map_err(failed)?;
    let most = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    let shown = path.display();
    if bytes.len() > bytes_max {
        let told = format!("{act}: {shown} is longer than {bytes_max} bytes");
        return Err(ProviderError::invalid(told));
    }
    String::from_utf8(bytes).map_err(|error| {
        ProviderError::invalid(format!("{act}: {shown} is no UTF-8")).with_source(error)
    })
}

/// Replaces a file as a whole: a new file beside it, made durable, takes its name and its permissions.
/// Whoever reads sees the old text or the new one. A symbolic link is followed.
///
/// # Errors
/// As the system says. Until the new file has the name, nothing has happened; after that an error says
/// that it may have ([`Sent::Maybe`]).
pub fn replace(path: &Path, text: &[u8], act: &str) -> Result<(), ProviderError> {
    let before = |error: io::Error| failure(path, act, Sent::Nothing, error);
    let path = match path.canonicalize() {
        Ok(real) => real,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(before(error)),
    };
    let new = beside(&path, &format!("phasegate-{}.new", std::process::id()));
    let written = write_durably(&new, text, &path);
    let named = written.and_then(|()| std::fs::rename(&new, &path));
    if let Err(error) = named {
        // What is left of an attempt that failed is in nobody's way.
        drop(std::fs::remove_file(&new));
        return Err(before(error));
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let durable = File::open(folder).and_then(|folder| folder.sync_all());
    durable.map_err(|error| failure(&path, act, Sent::Maybe, error))
}

/// Reads a file, lets `edit` make the new text, and replaces the file if it is another one. Two editors of
/// this kind exclude each other by a lock on a file beside it.
///
/// Says whether anything was written.
///
/// # Errors
/// Those of [`read`], of `edit` and of [`replace`]; `Rejected` when another process is editing.
pub fn edit(
    path: &Path,
    act: &str,
    edit: impl FnOnce(&str) -> Result<String, ProviderError>,
) -> Result<bool, ProviderError> {
    let failed = |error: io::Error| failure(path, act, Sent::Nothing, error);
    // Nothing is locked, and no lock file made, where there is nothing to edit.
    read(path, act)?;
    let lock = beside(path, "phasegate.lock");
    let mut options = OpenOptions::new();
    let lock = options
        .create(true)
        .truncate(false)
        .write(true)
        .open(lock)
        .map_err(failed)?;
    let _locked = match lock.try_lock() {
        Ok(()) => Locked(&lock),
        Err(TryLockError::WouldBlock) => {
            let told = format!(
                "{act}: {} is being edited by another process",
                path.display()
            );
            return Err(ProviderError::new(ErrorKind::Rejected, Sent::Nothing, told));
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    };
    let old = read(path, act)?;
    let new = edit(&old)?;
    if new == old {
        return Ok(false);
    }
    replace(path, new.as_bytes(), act)?;
    Ok(true)
}

/// A lock that is held. Closing the file alone would not release it while a process that this one is just starting
/// has it open too.
struct Locked<'a>(&'a File);

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // Closing it is what is left to do.
        drop(self.0.unlock());
    }
}

/// [Edits](edit) a file so that something holds in it. `change` gives the new text, or nothing where it holds
/// already. It must give nothing for its own result: what was written must be what is read, whatever the rest
/// of the file does.
///
/// Says what was done, in words for a receipt.
///
/// # Errors
/// Those of [`edit`]; `Misuse` where the new text would say something else.
pub fn settle(
    path: &Path,
    act: &str,
    change: impl Fn(&str) -> Result<Option<String>, ProviderError>,
) -> Result<&'static str, ProviderError> {
    let written = edit(path, act, |old| {
        let Some(new) = change(old)? else {
            return Ok(old.to_owned());
        };
        match change(&new)? {
            None => Ok(new),
            Some(_) => Err(ProviderError::misuse(format!(
                "{act}: the edited file would say something else"
            ))),
        }
    })?;
    Ok(if written {
        "written"
    } else {
        "stood there already"
    })
}

fn write_durably(new: &Path, text: &[u8], like: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .open(new)?;
    if let Ok(old) = std::fs::metadata(like) {
        keep_owner(&file, &old)?;
        file.set_permissions(old.permissions())?;
    }
    file.write_all(text)?;
    file.sync_all()
}

/// Whoever reads the file by right of its owner or group goes on reading it. Who may not give it to them does not replace it.
#[cfg(unix)]
fn keep_owner(new: &File, old: &std::fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let own = new.metadata()?;
    if (own.uid(), own.gid()) == (old.uid(), old.gid()) {
        return Ok(());
    }
    fchown(new, Some(old.uid()), Some(old.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &std::fs::Metadata) -> io::Result<()> {
    Ok(())
}

/// `.name.suffix` in the same folder.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{suffix}"))
}

fn failure(path: &Path, act: &str, sent: Sent, error: io::Error) -> ProviderError {
    let is = |kind: io::ErrorKind| error.kind() == kind;
    let kind = if is(io::ErrorKind::NotFound) {
        ErrorKind::NotFound
    } else if is(io::ErrorKind::PermissionDenied) {
        ErrorKind::Denied
    } else {
        ErrorKind::Unavailable
    };
    ProviderError::new(kind, sent, format!("{act}: {}: {error}", path.display())).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("phasegate-file-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_and_keeps_its_permissions() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = folder("replace");
        let (path, link) = (folder.join("a.txt"), folder.join("link"));
        std::fs::write(&path, "old").expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("set");
        std::os::unix::fs::symlink(&path, &link).expect("linked");
        assert!(edit(&link, "edit", |old| Ok(format!("{old}er"))).expect("edited"));
        assert!(!edit(&link, "edit", |old| Ok(old.to_owned())).expect("nothing to do"));
        assert_eq!(read(&path, "read").expect("text"), "older");
        assert!(link.is_symlink());
        let mode = std::fs::metadata(&path)
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o640);
        let leftover = std::fs::read_dir(&folder)
            .expect("there")
            .filter_map(Result::ok);
        assert!(
            leftover
                .map(|e| e.file_name())
                .all(|n| !n.to_string_lossy().ends_with(".new"))
        );
        std::fs::remove_dir_all(&folder).expect("removed");
    }

    /// Only root may give files away; everybody else has none of others to edit here.
    #[test]
    fn a_file_keeps_its_owner_and_group() {
        use std::os::unix::fs::{MetadataExt as _, chown};
        let folder = folder("owner");
        let path = folder.join("a.txt");
        std::fs::write(&path, "old").expect("written");
        let is_root = std::fs::metadata(&folder).expect("there").uid() == 0;
        if is_root {
            chown(&path, Some(1234), Some(2345)).expect("given away");
        }
        let before = std::fs::metadata(&path).expect("there");
        assert!(edit(&path, "edit", |old| Ok(format!("{old}er"))).expect("edited"));
        let after = std::fs::metadata(&path).expect("there");
        assert_ne!(before.ino(), after.ino(), "it was replaced");
        assert_eq!((before.uid(), before.gid()), (after.uid(), after.gid()));
        std::fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn an_edit_leaves_no_lock_to_processes_that_are_started() {
        use std::sync::atomic::{AtomicBool, Ordering};
        let folder = folder("unlocked");
        let path = folder.join("a.txt");
        std::fs::write(&path, "0").expect("written");
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.load(Ordering::Acquire) {
                    let status = std::process::Command::new("true").status();
                    assert!(status.expect("it runs").success());
                }
            });
            let edits = (1..300).map(|round| edit(&path, "edit", |_| Ok(round.to_string())));
            let failed: Vec<_> = edits.filter_map(Result::err).collect();
            ended.store(true, Ordering::Release);
            assert!(
                failed.is_empty(),
                "{} of 299: {:?}",
                failed.len(),
                failed.first()
            );
        });
        std::fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn what_cannot_be_read_or_edited_is_refused() {
        let folder = folder("refuse");
        let path = folder.join("a.txt");
        let missing = edit(&path, "edit", |old| Ok(old.to_owned())).expect_err("missing");
        assert_eq!(
            (missing.kind(), missing.is_refusal()),
            (ErrorKind::NotFound, true)
        );
        std::fs::write(&path, [0xff, 0xfe]).expect("written");
        assert_eq!(
            read(&path, "read").expect_err("no text").kind(),
            ErrorKind::Invalid
        );
        std::fs::write(&path, "x".repeat(FILE_BYTES_MAX + 1)).expect("written");
        assert_eq!(
            read(&path, "read").expect_err("too long").kind(),
            ErrorKind::Invalid
        );
        std::fs::write(&path, "old").expect("written");
        let refused = edit(&path, "edit", |_| {
            let second = edit(&path, "edit", |old| Ok(old.to_owned())).expect_err("locked");
            assert_eq!(
                (second.kind(), second.sent()),
                (ErrorKind::Rejected, Sent::Nothing)
            );
            Err(ProviderError::misuse("no"))
        });
        assert_eq!(refused.expect_err("no").kind(), ErrorKind::Misuse);
        assert_eq!(read(&path, "read").expect("text"), "old");
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
