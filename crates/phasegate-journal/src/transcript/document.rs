//! A whole rollout as JSON lines: to move it between stores, to keep it, to read it with other tools.
//!
//! The first line is a header that names the format and states the head; each further line is a record.
//! A payload that is text stands as a JSON string, because its bytes are hashed and must come back
//! exactly; any other stands in hexadecimal digits under `payload_hex`. A cut or changed file is refused.
//! Snapshots are left out: they are caches.

use std::io::{self, BufRead, Read, Write};

use phasegate_core::{RolloutId, Timestamp};

use crate::record::PAYLOAD_LEN_MAX;
use crate::{Chain, ChainFault, Claim, Head, Record};

use super::line::{Header, RecordLine};

/// The longest line that is read: a payload in which each byte is written as `\u0000`, and room for the rest.
const LINE_LEN_MAX: usize = 6 * PAYLOAD_LEN_MAX + 4096;

/// All that a store knows of one rollout, verified. Made by a store's export, or read from JSON lines.
///
/// ```
/// use phasegate_core::Timestamp;
/// use phasegate_journal::{Chain, Draft, Transcript};
/// let rollout = "r1".parse()?;
/// let mut chain = Chain::start(&rollout);
/// let draft = Draft { at: Timestamp::EPOCH, kind: "created".into(), payload: b"{}".to_vec() };
/// let records = vec![chain.link(&draft)];
///
/// let transcript = Transcript::new(rollout, records)?;
/// let mut lines = Vec::new();
/// transcript.write_to(&mut lines)?;
/// assert_eq!(Transcript::read_from(lines.as_slice())?, transcript);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Transcript {
    rollout: RolloutId,
    records: Vec<Record>,
    head: Head,
    claims: Vec<Claim>,
    wake_at: Option<Timestamp>,
    finished: bool,
    token: u64,
}

/// Why JSON lines are no [`Transcript`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TranscriptError {
    /// The chain is broken, or does not end at the head that the header states.
    #[error(transparent)]
    Chain(#[from] ChainFault),
    /// Reading or writing failed.
    #[error("failed to read or write a transcript")]
    Io(#[from] io::Error),
    /// A line is not what it should be.
    #[error("line {line} of the transcript: {why}")]
    Line {
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
}

impl Transcript {
    /// Verifies records from the first one on and makes them a transcript of an unfinished rollout.
    pub fn new(rollout: RolloutId, records: Vec<Record>) -> Result<Self, ChainFault> {
        let head = Chain::start(&rollout).verify(&records)?;
        Ok(Self {
            rollout,
            records,
            head,
            claims: Vec::new(),
            wake_at: None,
            finished: false,
            token: 0,
        })
    }

    /// The same, with the resources that the rollout holds.
    #[must_use]
    pub fn with_claims(self, claims: Vec<Claim>) -> Self {
        Self { claims, ..self }
    }

    /// The same, with the moment at which somebody has to look at the rollout.
    #[must_use]
    pub fn with_wake_at(self, wake_at: Option<Timestamp>) -> Self {
        Self { wake_at, ..self }
    }

    /// The same, finished or not. A finished rollout holds no resources.
    #[must_use]
    pub fn with_finished(mut self, finished: bool) -> Self {
        self.finished = finished;
        if finished {
            self.claims.clear();
        }
        self
    }

    /// The same, with the highest fencing token that the store had given out. A store that takes the
    /// transcript in gives out higher ones only.
    #[must_use]
    pub fn with_token(self, token: u64) -> Self {
        Self { token, ..self }
    }

    /// Which rollout.
    pub const fn rollout(&self) -> &RolloutId {
        &self.rollout
    }

    /// Its records, from the first one on.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Where its chain ends.
    pub const fn head(&self) -> Head {
        self.head
    }

    /// The resources that it holds.
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// When somebody has to look at it.
    pub const fn wake_at(&self) -> Option<Timestamp> {
        self.wake_at
    }

    /// Is it over?
    pub const fn finished(&self) -> bool {
        self.finished
    }

    /// The highest fencing token that the store had given out.
    pub const fn token(&self) -> u64 {
        self.token
    }

    /// Writes it as JSON lines. The caller flushes and syncs.
    pub fn write_to(&self, mut out: impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut out, &Header::of(self))?;
        for record in &self.records {
            out.write_all(b"\n")?;
            serde_json::to_writer(&mut out, &RecordLine::of(record))?;
        }
        out.write_all(b"\n")
    }

    /// Reads JSON lines and verifies them.
    pub fn read_from(mut input: impl BufRead) -> Result<Self, TranscriptError> {
        let mut number = 1;
        let first = next_line(&mut input, number)?;
        let first = first.ok_or_else(|| fault(number, "the header is missing"))?;
        let header: Header = parse(&first, number)?;
        header.check().map_err(|why| fault(number, why))?;
        let mut records = Vec::new();
        loop {
            number = number.saturating_add(1);
            let Some(line) = next_line(&mut input, number)? else {
                break;
            };
            let line: RecordLine = parse(&line, number)?;
            records.push(line.into_record().map_err(|why| fault(number, why))?);
        }
        let mut chain = Chain::start(&header.rollout);
        chain.verify(&records)?;
        chain.ends_at(header.head())?;
        Ok(Self {
            head: header.head(),
            rollout: header.rollout,
            records,
            claims: header.claims,
            wake_at: header.wake_at,
            finished: header.finished,
            token: header.token,
        })
    }
}

fn fault(line: u64, why: impl Into<String>) -> TranscriptError {
    let why = why.into();
    TranscriptError::Line { line, why }
}

fn parse<T: serde::de::DeserializeOwned>(line: &[u8], number: u64) -> Result<T, TranscriptError> {
    serde_json::from_slice(line).map_err(|e| fault(number, e.to_string()))
}

fn next_line(input: &mut impl BufRead, number: u64) -> Result<Option<Vec<u8>>, TranscriptError> {
    let mut line = Vec::new();
    let limit = u64::try_from(LINE_LEN_MAX).unwrap_or(u64::MAX);
    input.take(limit).read_until(b'\n', &mut line)?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) => Err(fault(
            number,
            "does not end: the file was cut, or the line is too long",
        )),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Draft;

    fn transcript() -> Transcript {
        let rollout: RolloutId = "golden".parse().expect("an id");
        let mut chain = Chain::start(&rollout);
        let payloads: [&[u8]; 4] = [b"{\"a\":1}", b"", b"\xff\x00", "\u{e4}\n\"".as_bytes()];
        let records = payloads.map(|payload| {
            chain.link(&Draft {
                at: "2026-09-16T12:00:00.000000001Z".parse().expect("a time"),
                kind: "kind".to_owned(),
                payload: payload.to_vec(),
            })
        });
        let claim = Claim {
            binding: "proxy".parse().expect("an id"),
            target: "checkout".parse().expect("an id"),
        };
        Transcript::new(rollout, records.to_vec())
            .expect("a chain")
            .with_claims(vec![claim])
            .with_wake_at(Some(Timestamp::EPOCH))
            .with_token(7)
    }

    fn lines(transcript: &Transcript) -> String {
        let mut bytes = Vec::new();
        transcript.write_to(&mut bytes).expect("a vector takes all");
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn lines_of_old_releases_are_read_for_ever() {
        let golden = include_str!("../../tests/data/transcript-v1.jsonl");
        let read = Transcript::read_from(golden.as_bytes()).expect("a transcript");
        assert_eq!(read, transcript());
        assert_eq!(lines(&read), golden);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(
            noise in prop::collection::vec(any::<u8>(), 0..80),
            fields in prop::collection::vec("\"(seq|at|kind|payload|prev|hash)\":(\"[0-9a-fTZ:-]{0,64}\"|[0-9]{1,25})", 0..7),
            with_header: bool,
        ) {
            let mut text = Vec::new();
            if with_header {
                // It promises records that do not come.
                text.extend(lines(&transcript()).split_inclusive('\n').take(1).flat_map(str::bytes));
            }
            text.extend(format!("{{{}}}\n", fields.join(",")).bytes());
            text.extend(noise);
            prop_assert!(Transcript::read_from(text.as_slice()).is_err());
        }
    }

    #[test]
    fn a_finished_rollout_holds_nothing() {
        let finished = transcript().with_finished(true);
        assert!(finished.claims().is_empty());
        let read = Transcript::read_from(lines(&finished).as_bytes()).expect("a transcript");
        assert_eq!(read, finished);
    }

    #[test]
    fn cut_or_changed_lines_are_refused() {
        let good = lines(&transcript());
        for cut in 0..good.len() {
            let read = Transcript::read_from(&good.as_bytes()[..cut]);
            assert!(read.is_err(), "cut at {cut}");
        }
        for (name, from, to) in [
            ("payload", "\\\"a\\\":1", "\\\"a\\\":2"),
            ("hex", "ff00", "ff01"),
            ("bad hex", "ff00", "ff0"),
            ("kind", "\"kind\":\"kind\"", "\"kind\":\"king\""),
            ("unknown field", "\"token\"", "\"tokem\""),
            ("version", "\"version\":1", "\"version\":2"),
            ("format", "phasegate-journal", "phasegate-jovrnal"),
            ("rollout", "golden", "goldem"),
            (
                "both payloads",
                "\"payload_hex\"",
                "\"payload\":\"\",\"payload_hex\"",
            ),
            ("no payload", ",\"payload_hex\":\"ff00\"", ""),
            ("count", "\"next_seq\":4", "\"next_seq\":3"),
        ] {
            let bad = good.replace(from, to);
            assert_ne!(bad, good, "{name}");
            assert!(Transcript::read_from(bad.as_bytes()).is_err(), "{name}");
        }
    }
}
