//! Files that people leave in a folder: read whole through one handle, so that what was read, who owns it and
//! who may have written it belong together.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{ErrorKind as Io, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use phasegate_core::Timestamp;
use phasegate_provider::signed::{Key, sign};
use phasegate_provider::{ErrorKind, ProviderError, Sent, file};
use rustix::fs::{Mode, OFlags};

/// The longest file that is looked at, in bytes.
pub const FILE_BYTES_MAX: usize = 64 << 10;
/// The most files that are looked at in a folder: more are left for later, in the order of their names.
pub(crate) const FILES_MAX: usize = 1000;
/// Behind the name of a file that does not count: a file that says why.
const NOTE: &str = "why";
/// Behind the name of a file: the time and the signatures of its bytes.
const SIGNATURE: &str = "sig";

/// A file that somebody left.
#[derive(Debug)]
pub(crate) struct Dropped {
    pub(crate) name: String,
    pub(crate) body: Vec<u8>,
    /// The user that owns it.
    pub(crate) owner: u32,
    /// May users other than its owner have written it?
    pub(crate) is_shared: bool,
    pub(crate) modified: Timestamp,
    /// What stands in the file with its signature, where there is one.
    pub(crate) signature: Option<String>,
}

/// A file as it can be read: what is in it, or why it does not count.
pub(crate) type Looked = (PathBuf, Result<Dropped, String>);

/// The files of a folder whose names end in `.json`, by name. Those that begin with a dot are somebody's work in
/// progress; one that is written to while it is read comes another time.
pub(crate) fn look(folder: &Path, act: &str) -> Result<Vec<Looked>, ProviderError> {
    let mut found = Vec::new();
    for path in names(folder, "json", act)?.into_iter().take(FILES_MAX) {
        match read(&path) {
            Ok(Some(dropped)) => found.push((path, Ok(dropped))),
            Ok(None) => {}
            Err(why) => found.push((path, Err(why))),
        }
    }
    Ok(found)
}

/// The files of a folder with such an ending, in the order of their names.
pub(crate) fn names(folder: &Path, end: &str, act: &str) -> Result<Vec<PathBuf>, ProviderError> {
    let failed = |error: std::io::Error| failure(folder, act, &error);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let wanted = path.extension().is_some_and(|is| is == end);
        if wanted && name.is_some_and(|name| !name.starts_with('.')) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// One file; nothing where it has gone or is being written, the reason where it cannot count.
fn read(path: &Path) -> Result<Option<Dropped>, String> {
    let Some((mut file, before)) = open(path)? else {
        return Ok(None);
    };
    let Some(body) = bytes(&mut file)? else {
        return Ok(None);
    };
    let told = |error: std::io::Error| error.to_string();
    let after = file.metadata().map_err(told)?;
    let at = |of: &Metadata| (of.len(), of.mtime(), of.mtime_nsec(), of.ctime_nsec());
    if at(&before) != at(&after) {
        return Ok(None);
    }
    let signature = match open(&with(path, SIGNATURE))? {
        Some((mut file, _)) => match bytes(&mut file)? {
            Some(text) => String::from_utf8(text).ok(),
            None => return Ok(None),
        },
        None => None,
    };
    let millis = after.mtime().saturating_mul(1000) + after.mtime_nsec() / 1_000_000;
    let name = path.file_name().and_then(|name| name.to_str());
    Ok(Some(Dropped {
        name: name.unwrap_or_default().to_owned(),
        body,
        owner: after.uid(),
        is_shared: after.mode() & 0o022 != 0,
        modified: Timestamp::from_unix_millis(millis),
        signature,
    }))
}

/// Opens a plain file that has one name only; nothing where there is none.
fn open(path: &Path) -> Result<Option<(File, Metadata)>, String> {
    let how = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, how, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(rustix::io::Errno::LOOP) => return Err("it is a link".to_owned()),
        Err(error) => return Err(error.to_string()),
    };
    let data = file.metadata().map_err(|error| error.to_string())?;
    if !data.is_file() {
        return Err("it is no plain file".to_owned());
    }
    // Who has another name for it can put somebody else's old file here.
    if data.nlink() != 1 {
        return Err("it has several names".to_owned());
    }
    Ok(Some((file, data)))
}

/// All that is in it; nothing where it cannot be read through just now.
fn bytes(file: &mut File) -> Result<Option<Vec<u8>>, String> {
    let mut read = Vec::new();
    let most = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX);
    match file.take(most.saturating_add(1)).read_to_end(&mut read) {
        Ok(_) if read.len() > FILE_BYTES_MAX => {
            Err(format!("it is longer than {FILE_BYTES_MAX} bytes"))
        }
        Ok(_) => Ok(Some(read)),
        Err(error) if matches!(error.kind(), Io::Interrupted | Io::WouldBlock) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// Says in a folder that only this side writes why a file does not count, or no longer says so. Whoever left the
/// file looks there.
pub(crate) fn note(
    refused: &Path,
    of: &Path,
    why: Option<&str>,
    act: &str,
) -> Result<(), ProviderError> {
    let name = of.file_name().unwrap_or_default();
    let note = with(&refused.join(name), NOTE);
    match why {
        Some(why) => {
            let text = format!("{why}\n");
            if std::fs::read_to_string(&note).is_ok_and(|old| old == text) {
                return Ok(());
            }
            file::replace(&note, text.as_bytes(), act)
        }
        None => remove(&note, act),
    }
}

/// Takes back what was said of files that are no longer in their folder.
pub(crate) fn forget_notes(refused: &Path, folder: &Path, act: &str) -> Result<(), ProviderError> {
    for note in names(refused, NOTE, act)? {
        let of = note.file_stem().unwrap_or_default();
        if std::fs::symlink_metadata(folder.join(of)).is_err() {
            remove(&note, act)?;
        }
    }
    Ok(())
}

/// Moves a file and its signature out of the way. What is there already is replaced.
pub(crate) fn put_away(path: &Path, to: &Path, act: &str) -> Result<(), ProviderError> {
    for end in [Some(SIGNATURE), None] {
        let named = |path: &Path| end.map_or_else(|| path.to_owned(), |end| with(path, end));
        match std::fs::rename(named(path), named(to)) {
            Err(error) if error.kind() != Io::NotFound => return Err(failure(path, act, &error)),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// Removes a file that may be gone already.
pub(crate) fn remove(path: &Path, act: &str) -> Result<(), ProviderError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != Io::NotFound => Err(failure(path, act, &error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Makes a folder and those above it, where they are missing.
pub(crate) fn make(folder: &Path, act: &str) -> Result<(), ProviderError> {
    std::fs::create_dir_all(folder).map_err(|error| failure(folder, act, &error))
}

/// Writes a file that nobody sees before it is whole, with its signature before it. Its owner alone may change it.
pub(crate) fn leave(
    path: &Path,
    body: &[u8],
    key: Option<&Key>,
    now: Timestamp,
    act: &str,
) -> Result<(), ProviderError> {
    if let Some(key) = key {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let secs = now.as_unix_millis().div_euclid(1000);
        let signature = sign(std::slice::from_ref(key), &name, now, body);
        let signed = format!("{secs} {signature}\n");
        place(&with(path, SIGNATURE), signed.as_bytes(), act)?;
    }
    place(path, body, act)
}

/// A new file takes the name; links that somebody has put there are not followed.
fn place(path: &Path, bytes: &[u8], act: &str) -> Result<(), ProviderError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let new = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let mut how = OpenOptions::new();
    how.write(true).create_new(true).mode(0o644);
    let written = how.open(&new).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let placed = written.and_then(|()| std::fs::rename(&new, path));
    placed.map_err(|error| {
        // What is left of an attempt that failed is in nobody's way.
        drop(std::fs::remove_file(&new));
        failure(path, act, &error)
    })
}

/// `name.json.end`.
fn with(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(end);
    PathBuf::from(name)
}

pub(crate) fn failure(path: &Path, act: &str, error: &std::io::Error) -> ProviderError {
    let kind = if error.kind() == Io::PermissionDenied {
        ErrorKind::Denied
    } else {
        ErrorKind::Unavailable
    };
    let told = format!("{act}: {}: {error}", path.display());
    ProviderError::new(kind, Sent::Nothing, told)
}
