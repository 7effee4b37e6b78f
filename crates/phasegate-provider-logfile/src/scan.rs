//! A window in the lines of a file and of those that it was before it was rotated.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use phasegate_core::{Timestamp, Wants, Window};
use phasegate_provider::{ErrorKind, ProviderError, Sent};

use crate::count::Count;
use crate::measure::Measure;
use crate::tail::Tail;

/// After so many lines it is asked whether there is time left.
const LINES_AT_ONCE: u32 = 4096;

/// What is looked for, and how much may be done for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scan<'a> {
    pub(crate) measure: &'a Measure,
    pub(crate) window: Window,
    pub(crate) wants: Wants,
    pub(crate) bytes_max: u64,
    pub(crate) began: Instant,
    pub(crate) within: Duration,
    pub(crate) act: &'a str,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) count: Count,
    /// The earliest time that any line has.
    pub(crate) first: Option<Timestamp>,
    /// Are there lines from before the window, so that none of its own is missing?
    pub(crate) is_covered: bool,
}

/// Why it has to be looked again.
struct Rotated;

impl Scan<'_> {
    /// Counts the window's events. Where the file is rotated meanwhile it is looked once more.
    pub(crate) fn run(&self) -> Result<Found, ProviderError> {
        for _ in 0..2 {
            if let Ok(found) = self.once()? {
                return Ok(found);
            }
        }
        let told = format!("{}: the file is rotated too often", self.act);
        Err(ProviderError::new(
            ErrorKind::Unavailable,
            Sent::Answered,
            told,
        ))
    }

    fn once(&self) -> Result<Result<Found, Rotated>, ProviderError> {
        let file = &self.measure.config.file;
        let mut found = Found::default();
        let mut read = 0;
        let mut newest = None;
        for number in 0..=self.measure.config.rotated_max {
            let path = numbered(file, number);
            let mut tail = match Tail::open(&path) {
                Ok(tail) => tail,
                // Older ones there need not be; between two names of a rotation there is no newest one.
                Err(error) if number > 0 && error.kind() == io::ErrorKind::NotFound => break,
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Ok(Err(Rotated));
                }
                Err(error) => return Err(self.failure(&path, &error)),
            };
            let is_through = match self.lines(&mut tail, read, &mut found) {
                Ok(is_through) => is_through?,
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Ok(Err(Rotated));
                }
                Err(error) => return Err(self.failure(&path, &error)),
            };
            read += tail.read();
            newest.get_or_insert(tail);
            if is_through {
                found.is_covered = true;
                break;
            }
        }
        Ok(match newest {
            Some(tail) if self.stands(&tail) => Ok(found),
            _ => Err(Rotated),
        })
    }

    /// Is the file that was read first still the one of that name, and no shorter? Else lines may have been counted
    /// twice or not at all.
    fn stands(&self, tail: &Tail) -> bool {
        let identity = |data: &std::fs::Metadata| (data.dev(), data.ino());
        let now = std::fs::metadata(&self.measure.config.file);
        let same = now.is_ok_and(|now| identity(&now) == identity(tail.data()));
        same && tail
            .length()
            .is_ok_and(|length| length >= tail.data().len())
    }

    /// Counts a file's lines from its end; says whether the window's beginning was reached.
    fn lines(
        &self,
        tail: &mut Tail,
        read: u64,
        found: &mut Found,
    ) -> io::Result<Result<bool, ProviderError>> {
        let Window { start, end, .. } = self.window;
        let (early, has_value) = (
            start.before(self.measure.config.disorder),
            self.measure.has_value(),
        );
        let mut lines = 0_u32;
        while let Some(line) = tail.line()? {
            lines = lines.wrapping_add(1);
            if lines.is_multiple_of(LINES_AT_ONCE) && self.began.elapsed() > self.within {
                let told = format!("{}: the file is too long for the time", self.act);
                return Ok(Err(ProviderError::new(
                    ErrorKind::Timeout,
                    Sent::Answered,
                    told,
                )));
            }
            if read + tail.read() > self.bytes_max {
                let most = self.bytes_max;
                let told = format!("{}: the window is in more than {most} bytes", self.act);
                return Ok(Err(ProviderError::invalid(told)));
            }
            let line = String::from_utf8_lossy(&line);
            let Some(at) = self.measure.time(&line) else {
                continue;
            };
            if at < early {
                return Ok(Ok(true));
            }
            found.first = Some(found.first.map_or(at, |first| first.min(at)));
            if at >= start
                && at < end
                && let Some(event) = self.measure.event(&line)
            {
                found.count.add(&event, has_value, self.wants);
            }
        }
        Ok(Ok(false))
    }

    fn failure(&self, path: &Path, error: &io::Error) -> ProviderError {
        let is = |kind: io::ErrorKind| error.kind() == kind;
        let kind = if is(io::ErrorKind::NotFound) {
            ErrorKind::NotFound
        } else if is(io::ErrorKind::PermissionDenied) {
            ErrorKind::Denied
        } else if is(io::ErrorKind::InvalidData) {
            ErrorKind::Invalid
        } else {
            ErrorKind::Unavailable
        };
        let told = format!("{}: {}: {error}", self.act, path.display());
        ProviderError::new(kind, Sent::Answered, told)
    }
}

/// `access.log`, `access.log.1`.
fn numbered(file: &Path, number: u32) -> PathBuf {
    if number == 0 {
        return file.to_owned();
    }
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}
