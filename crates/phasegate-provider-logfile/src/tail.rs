//! The lines of a file from its end to its beginning, so that the last minutes of a long log cost what they hold.

use std::fs::{File, Metadata};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// The longest line, in bytes: more is no log of lines.
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// How much is read at once.
const BLOCK_BYTES: u64 = 64 << 10;

/// An open file, read backwards. What is appended meanwhile is not seen.
#[derive(Debug)]
pub(crate) struct Tail {
    file: File,
    data: Metadata,
    /// Where what was read begins.
    left: u64,
    /// What was read and not given yet: its end is the end of a line, without the line break.
    buffer: Vec<u8>,
    is_over: bool,
}

impl Tail {
    /// Opens a file. A last line that is not finished is left out: somebody writes it now.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let data = file.metadata()?;
        let mut tail = Self {
            left: data.len(),
            file,
            data,
            buffer: Vec::new(),
            is_over: false,
        };
        let _unfinished = tail.line()?;
        Ok(tail)
    }

    /// The file's data as it was opened.
    pub(crate) fn data(&self) -> &Metadata {
        &self.data
    }

    /// How long it is now.
    pub(crate) fn length(&self) -> io::Result<u64> {
        self.file.metadata().map(|data| data.len())
    }

    /// How many bytes have been read.
    pub(crate) fn read(&self) -> u64 {
        self.data.len().saturating_sub(self.left)
    }

    /// The line before the last one that was given; nothing at the beginning.
    ///
    /// # Errors
    /// When it cannot be read, was made shorter ([`UnexpectedEof`](io::ErrorKind::UnexpectedEof)), or a line is too long
    /// ([`InvalidData`](io::ErrorKind::InvalidData)).
    pub(crate) fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.is_over {
            return Ok(None);
        }
        // Where the last block has none, an older one may.
        let mut looked = 0;
        loop {
            let new = self.buffer.len() - looked;
            let fresh = self.buffer.get(..new).unwrap_or_default();
            if let Some(at) = fresh.iter().rposition(|byte| *byte == b'\n') {
                let line = self.buffer.split_off(at + 1);
                self.buffer.pop();
                return Ok(Some(line));
            }
            looked = self.buffer.len();
            if looked > LINE_BYTES_MAX {
                let why = "a line is longer than any of a log";
                return Err(io::Error::new(io::ErrorKind::InvalidData, why));
            }
            if self.left == 0 {
                self.is_over = true;
                return Ok((!self.buffer.is_empty()).then(|| std::mem::take(&mut self.buffer)));
            }
            self.fill()?;
        }
    }

    /// Puts the block before what is there.
    fn fill(&mut self) -> io::Result<()> {
        let size = BLOCK_BYTES.min(self.left);
        let start = self.left - size;
        let length = usize::try_from(size).map_err(io::Error::other)?;
        let mut block = vec![0; length];
        self.file.seek(SeekFrom::Start(start))?;
        self.file.read_exact(&mut block)?;
        block.extend_from_slice(&self.buffer);
        self.buffer = block;
        self.left = start;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        let name = format!("phasegate-tail-{}-{}", std::process::id(), text.len());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text)?;
        let mut tail = Tail::open(&path)?;
        let mut found = Vec::new();
        while let Some(line) = tail.line()? {
            found.push(line);
        }
        std::fs::remove_file(path)?;
        found.reverse();
        Ok(found)
    }

    #[test]
    fn every_finished_line_is_given_once_whatever_its_length() {
        for text in ["", "\n", "a", "a\n", "a\nb\nc", "\n\na\n\n", "a\r\nb\n"] {
            let finished = text.rfind('\n').map_or("", |end| &text[..end]);
            let want: Vec<&[u8]> = match finished {
                // One empty line is the same as none to whoever looks for times.
                "" => Vec::new(),
                some => some.split('\n').map(str::as_bytes).collect(),
            };
            let mut found = lines(text.as_bytes()).expect("read");
            if finished.starts_with('\n') {
                // Nor is an empty first one missed.
                found.insert(0, Vec::new());
            }
            assert_eq!(found, want, "{text:?}");
        }
        // Lines that end before, at and after the borders of blocks.
        let long: Vec<String> = (0..300)
            .map(|n| format!("{n:04}{}", "x".repeat(n * 7)))
            .collect();
        let text = format!("{}\n", long.join("\n"));
        assert!(text.len() > 4 * (64 << 10));
        let found = lines(text.as_bytes()).expect("read");
        assert_eq!(found, long.iter().map(String::as_bytes).collect::<Vec<_>>());
        let endless = vec![b'x'; 2 * LINE_BYTES_MAX];
        let error = lines(&endless).expect_err("no line");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
