//! The lines of a transcript as they are written, apart from the types that the rest works with.

use phasegate_core::{RolloutId, Timestamp};
use serde::{Deserialize, Serialize};

use super::Transcript;
use crate::{Claim, Digest, Head, Record};

const FORMAT: &str = "phasegate-journal";
const VERSION: u32 = 1;

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    format: String,
    version: u32,
    pub(super) rollout: RolloutId,
    next_seq: u64,
    hash: Digest,
    pub(super) claims: Vec<Claim>,
    pub(super) wake_at: Option<Timestamp>,
    pub(super) finished: bool,
    pub(super) token: u64,
}

impl Header {
    pub(super) fn of(transcript: &Transcript) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            rollout: transcript.rollout().clone(),
            next_seq: transcript.head().next_seq,
            hash: transcript.head().hash,
            claims: transcript.claims().to_vec(),
            wake_at: transcript.wake_at(),
            finished: transcript.finished(),
            token: transcript.token(),
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if self.format != FORMAT {
            return Err(format!("format must be '{FORMAT}'"));
        }
        if self.version != VERSION {
            return Err(format!("version {} is not known here", self.version));
        }
        Ok(())
    }

    pub(super) fn head(&self) -> Head {
        Head {
            next_seq: self.next_seq,
            hash: self.hash,
        }
    }
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordLine {
    seq: u64,
    at: Timestamp,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payload: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payload_hex: Option<String>,
    prev: Digest,
    hash: Digest,
}

impl RecordLine {
    pub(super) fn of(record: &Record) -> Self {
        let text = std::str::from_utf8(&record.payload).ok();
        Self {
            seq: record.seq,
            at: record.at,
            kind: record.kind.clone(),
            payload: text.map(str::to_owned),
            payload_hex: text.is_none().then(|| hex(&record.payload)),
            prev: record.prev,
            hash: record.hash,
        }
    }

    pub(super) fn into_record(self) -> Result<Record, &'static str> {
        let payload = match (self.payload, self.payload_hex) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(digits)) => unhex(&digits).ok_or("payload_hex is not hexadecimal")?,
            (Some(_), Some(_)) | (None, None) => {
                return Err("a record has either payload or payload_hex");
            }
        };
        Ok(Record {
            seq: self.seq,
            at: self.at,
            kind: self.kind,
            payload,
            prev: self.prev,
            hash: self.hash,
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from_digit(u32::from(n), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| {
        let value = char::from(byte).to_digit(16)?;
        u8::try_from(value).ok()
    };
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let pair = |[high, low]: &[u8; 2]| Some((digit(*high)? << 4) | digit(*low)?);
    pairs.iter().map(pair).collect()
}
