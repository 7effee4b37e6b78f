//! SHA-256 digests as values: shown, read and serialised as 64 hexadecimal digits.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest. Text form: 64 lower-case hexadecimal digits.
///
/// ```
/// use phasegate_journal::Digest;
/// let digest = Digest::of(b"abc");
/// assert!(digest.to_string().starts_with("ba7816bf8f01cfea"));
/// assert_eq!(digest.to_string().parse(), Ok(digest));
/// ```
#[derive(Clone, Copy, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(pub [u8; 32]);

/// Why something is no [`Digest`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestError {
    /// Not 32 bytes long.
    #[error("a digest has 32 bytes, this one has {len}")]
    Length {
        /// Its length in bytes.
        len: usize,
    },
    /// Not 64 lower-case hexadecimal digits.
    #[error("a digest is written as 64 digits 0-9 a-f")]
    Text,
}

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        fn digit(byte: u8) -> Option<u8> {
            match byte {
                b'0'..=b'9' => byte.checked_sub(b'0'),
                b'a'..=b'f' => byte.checked_sub(b'a').and_then(|d| d.checked_add(10)),
                _ => None,
            }
        }
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let mut bytes = [0; 32];
        if pairs.len() != bytes.len() || !rest.is_empty() {
            return Err(DigestError::Text);
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let (Some(high), Some(low)) = (digit(*high), digit(*low)) else {
                return Err(DigestError::Text);
            };
            *byte = (high << 4) | low;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<&[u8]> for Digest {
    type Error = DigestError;
    fn try_from(bytes: &[u8]) -> Result<Self, DigestError> {
        match bytes.try_into() {
            Ok(bytes) => Ok(Self(bytes)),
            Err(_) => Err(DigestError::Length { len: bytes.len() }),
        }
    }
}

impl TryFrom<String> for Digest {
    type Error = DigestError;
    fn try_from(text: String) -> Result<Self, DigestError> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_64_lower_case_digits_are_a_digest() {
        let good = "0f".repeat(32);
        assert_eq!(good.parse(), Ok(Digest([0x0f; 32])));
        for bad in [
            "",
            "0f",
            &"0F".repeat(32),
            &"0g".repeat(32),
            &"0".repeat(65),
        ] {
            assert_eq!(bad.parse::<Digest>(), Err(DigestError::Text), "{bad:?}");
        }
    }

    #[test]
    fn bytes_of_another_length_are_refused() {
        assert_eq!(Digest::try_from([1; 32].as_slice()), Ok(Digest([1; 32])));
        let short = Digest::try_from([1; 31].as_slice());
        assert_eq!(short, Err(DigestError::Length { len: 31 }));
    }
}
