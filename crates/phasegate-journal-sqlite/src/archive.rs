//! Moving finished rollouts out of the file, into JSON lines beside it.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use phasegate_core::RolloutId;
use phasegate_journal::{ReadError, StorageError, Transcript, TranscriptError, Unavailable};
use rusqlite::Connection;

use crate::read::{self, Answer};
use crate::{place, write};

/// Why a rollout was not archived.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// Writing the file or reading it back failed. The records are still in the store.
    #[error("failed to write {}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        source: TranscriptError,
    },
    /// The rollout is still running.
    #[error("the rollout is not finished")]
    NotFinished,
    /// The rollout could not be read, is not there or is archived already.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The handle is poisoned.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Nothing was changed; the same call may be made again.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

pub(crate) fn archive(
    connection: &Connection,
    id: &RolloutId,
    folder: &Path,
) -> Answer<PathBuf, ArchiveError> {
    let transcript = match read::transcript(connection, id)? {
        Ok(transcript) => transcript,
        Err(error) => return Ok(Err(error.into())),
    };
    if !transcript.finished() {
        return Ok(Err(ArchiveError::NotFinished));
    }
    // What is noted as the place must hold for other processes too, wherever they run.
    let folder = match folder.canonicalize() {
        Ok(folder) => folder,
        Err(error) => {
            let (path, source) = (folder.to_path_buf(), error.into());
            return Ok(Err(ArchiveError::File { path, source }));
        }
    };
    let path = folder.join(format!("{id}.jsonl"));
    if let Err(source) = keep_once(&transcript, &path) {
        return Ok(Err(ArchiveError::File { path, source }));
    }
    let Some(found) = read::rollout(connection, id)?.transpose()? else {
        return Ok(Err(ReadError::NotFound.into()));
    };
    write::forget(connection, found.key, &path.to_string_lossy())?;
    Ok(Ok(path))
}

/// Keeps a transcript under a name where nothing else stands. The same records may stand there already: an
/// earlier attempt got as far as that.
fn keep_once(transcript: &Transcript, path: &Path) -> Result<(), TranscriptError> {
    if !path.try_exists()? {
        return keep(transcript, path);
    }
    let found = Transcript::read_from(BufReader::new(File::open(path)?))?;
    if found.rollout() == transcript.rollout() && found.head() == transcript.head() {
        return Ok(());
    }
    Err(std::io::Error::from(std::io::ErrorKind::AlreadyExists).into())
}

/// Writes a file that is either whole under its name or not there, and reads it back.
fn keep(transcript: &Transcript, path: &Path) -> Result<(), TranscriptError> {
    let unfinished = path.with_extension("jsonl.tmp");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = BufWriter::new(options.open(&unfinished)?);
    transcript.write_to(&mut out)?;
    out.flush()?;
    out.get_ref().sync_all()?;
    let kept = Transcript::read_from(BufReader::new(File::open(&unfinished)?))?;
    if kept != *transcript {
        return Err(std::io::Error::other("what was read back is not what was written").into());
    }
    fs::rename(&unfinished, path)?;
    place::sync_folder(path)?;
    Ok(())
}
