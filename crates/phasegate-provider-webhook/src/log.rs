//! A file of lines that are durable before anybody hears of them; read whole at the start, then appended to.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use phasegate_provider::{ErrorKind, ProviderError, Sent, file};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The most bytes of a file: more is not written, since it could not be read again.
const LOG_BYTES_MAX: usize = 64 << 20;
/// How much a file may grow beyond what mattered when it was last rewritten.
const GROWTH_BYTES_MAX: usize = 1 << 20;

/// A file of lines. While it is rewritten nothing is open: whatever stands at the path then is opened anew.
#[derive(Debug)]
pub(crate) struct Log {
    file: Option<File>,
    path: PathBuf,
    bytes: usize,
    rewritten_bytes: usize,
}

impl Log {
    /// The lines of a file, none if there is no file. A torn last line is left out: nobody heard of it.
    pub(crate) fn read<L: DeserializeOwned>(
        path: &Path,
        act: &str,
    ) -> Result<Vec<L>, ProviderError> {
        let text = if path.exists() {
            file::read_within(path, LOG_BYTES_MAX, act)?
        } else {
            String::new()
        };
        let whole = text
            .rfind('\n')
            .map_or("", |end| text.get(..=end).unwrap_or_default());
        let line = |(at, line): (usize, &str)| {
            serde_json::from_str(line).map_err(|error| {
                let told = format!("{act}: {} line {} is none of ours", path.display(), at + 1);
                ProviderError::invalid(told).with_source(error)
            })
        };
        whole.lines().enumerate().map(line).collect()
    }

    /// Replaces the file by these lines, for more to be added to.
    pub(crate) fn begin<L: Serialize>(
        path: PathBuf,
        lines: &[L],
        act: &str,
    ) -> Result<Self, ProviderError> {
        let mut log = Self {
            file: None,
            path,
            bytes: 0,
            rewritten_bytes: 0,
        };
        log.rewrite(lines, act)?;
        Ok(log)
    }

    /// Has it grown so much that it should be [rewritten](Self::rewrite) with what matters still?
    pub(crate) fn is_overgrown(&self) -> bool {
        self.bytes > 2 * self.rewritten_bytes + GROWTH_BYTES_MAX
    }

    /// Replaces the file by these lines, all at once.
    pub(crate) fn rewrite<L: Serialize>(
        &mut self,
        lines: &[L],
        act: &str,
    ) -> Result<(), ProviderError> {
        let text = text(lines)?;
        self.file = None;
        file::replace(&self.path, text.as_bytes(), act)?;
        self.bytes = text.len();
        self.rewritten_bytes = text.len();
        Ok(())
    }

    /// Adds lines and makes them durable.
    pub(crate) fn append<L: Serialize>(
        &mut self,
        lines: &[L],
        act: &str,
    ) -> Result<(), ProviderError> {
        let text = text(lines)?;
        let bytes = self.bytes.saturating_add(text.len());
        if bytes > LOG_BYTES_MAX {
            let told = format!("{act}: {} would be too long", self.path.display());
            return Err(ProviderError::new(ErrorKind::Rejected, Sent::Nothing, told));
        }
        let file = match self.file.take() {
            Some(file) => Ok(file),
            None => OpenOptions::new().append(true).open(&self.path),
        };
        let mut file = file.map_err(|error| failure(&self.path, act, error))?;
        let before = file.metadata().map(|data| data.len());
        let written = file
            .write_all(text.as_bytes())
            .and_then(|()| file.sync_data());
        if let Err(error) = written {
            // Half a line must not stay before the next one.
            if let Ok(before) = before {
                drop(file.set_len(before));
            }
            return Err(failure(&self.path, act, error));
        }
        self.bytes = bytes;
        self.file = Some(file);
        Ok(())
    }
}

fn text<L: Serialize>(lines: &[L]) -> Result<String, ProviderError> {
    let mut text = String::new();
    for line in lines {
        let line = serde_json::to_string(line);
        text.push_str(
            &line.map_err(|error| ProviderError::misuse("a line is no JSON").with_source(error))?,
        );
        text.push('\n');
    }
    Ok(text)
}

fn failure(path: &Path, act: &str, error: io::Error) -> ProviderError {
    let told = format!("{act}: {}: {error}", path.display());
    ProviderError::new(ErrorKind::Unavailable, Sent::Nothing, told).with_source(error)
}
