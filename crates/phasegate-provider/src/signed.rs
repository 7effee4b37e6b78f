//! Signing and checking: HMAC-SHA256 over id, time and body, as the Standard Webhooks convention has it, for
//! adapters of what comes signed, over a wire or in a file. Pure: the time is passed in.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use phasegate_core::{Span, Timestamp};
use sha2::Sha256;

use crate::Secret;

/// How far a webhook's time may lie from the receiver's: what the convention recommends.
pub const TOLERANCE: Span = Span::from_secs(300);

/// The convention's bounds on keys, in bytes.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Why a text is no key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not base64, with or without `whsec_` before it.
    #[error("a key is base64, with or without whsec_ before it")]
    Encoding,
    /// Too short to be safe, or longer than receivers take.
    #[error("a key has 24 to 64 bytes, this one has {bytes}")]
    Length {
        /// How many it has.
        bytes: usize,
    },
}

/// A key that signs. Never shown.
#[derive(Clone)]
pub struct Key(Vec<u8>);

impl Key {
    /// Reads a key in its usual form, `whsec_` and base64.
    ///
    /// # Errors
    /// [`KeyError`], which says nothing of the key.
    pub fn new(secret: &Secret) -> Result<Self, KeyError> {
        let text = secret.expose();
        let text = text.strip_prefix("whsec_").unwrap_or(text);
        let Ok(bytes) = STANDARD.decode(text) else {
            return Err(KeyError::Encoding);
        };
        if KEY_BYTES.contains(&bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(KeyError::Length { bytes: bytes.len() })
        }
    }

    fn mac(&self, id: &str, secs: i64, body: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(format!("{id}.{secs}.").as_bytes());
        mac.update(body);
        Some(mac)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key([redacted])")
    }
}

/// The header `webhook-signature` for a body: one signature for each key, so that keys can be changed
/// without a gap.
///
/// ```
/// use phasegate_core::Timestamp;
/// use phasegate_provider::Secret;
/// use phasegate_provider::signed::{Key, sign};
/// // The example of the convention's own libraries.
/// let key = Key::new(&Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))?;
/// let at = Timestamp::from_unix_millis(1_614_265_330_000);
/// let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
/// assert_eq!(
///     sign(&[key], id, at, br#"{"test": 2432232314}"#),
///     "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
/// );
/// # Ok::<(), phasegate_provider::signed::KeyError>(())
/// ```
pub fn sign(keys: &[Key], id: &str, at: Timestamp, body: &[u8]) -> String {
    let secs = at.as_unix_millis().div_euclid(1000);
    let signatures = keys.iter().filter_map(|key| {
        let mac = key.mac(id, secs, body)?;
        Some(format!(
            "v1,{}",
            STANDARD.encode(mac.finalize().into_bytes())
        ))
    });
    signatures.collect::<Vec<_>>().join(" ")
}

/// Why a webhook was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejected {
    /// The time is no number, or too far from now.
    #[error("the webhook's time is missing or too far from now")]
    Time,
    /// No signature fits any key.
    #[error("no signature of the webhook fits")]
    Signature,
}

/// Checks a webhook that came in. The id must still be checked against those that came before: a replay
/// within [`TOLERANCE`] has a good signature.
///
/// Signatures are compared in constant time.
///
/// # Errors
/// [`Rejected`], which does not say how close it was.
pub fn verify(
    keys: &[Key],
    id: &str,
    timestamp: &str,
    signatures: &str,
    body: &[u8],
    now: Timestamp,
) -> Result<(), Rejected> {
    let Ok(secs) = timestamp.parse::<i64>() else {
        return Err(Rejected::Time);
    };
    let at = Timestamp::from_unix_millis(secs.saturating_mul(1000));
    if at.since(now).max(now.since(at)) > TOLERANCE {
        return Err(Rejected::Time);
    }
    let mut fits = false;
    for signature in signatures
        .split(' ')
        .filter_map(|one| one.strip_prefix("v1,"))
    {
        let Ok(signature) = STANDARD.decode(signature) else {
            continue;
        };
        for key in keys {
            let mac = key.mac(id, secs, body);
            fits |= mac.is_some_and(|mac| mac.verify_slice(&signature).is_ok());
        }
    }
    if fits {
        Ok(())
    } else {
        Err(Rejected::Signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Key {
        let text = format!("whsec_{}", STANDARD.encode([byte; 32]));
        Key::new(&Secret::new(text)).expect("a key")
    }

    #[test]
    fn only_what_was_signed_is_taken_and_only_in_time() {
        let now = Timestamp::from_unix_millis(1_700_000_000_500);
        let keys = [key(1), key(2)];
        let good = sign(&keys, "id", now, b"body");
        let old = sign(&keys[..1], "id", now, b"body");
        for (id, time, signature, body, late, want) in [
            ("id", "1700000000", good.as_str(), "body", 0, Ok(())),
            ("id", "1700000000", &old, "body", 299, Ok(())),
            (
                "id",
                "1700000000",
                "v2,x v1,% nonsense",
                "body",
                0,
                Err(Rejected::Signature),
            ),
            ("id", "1700000000", "", "body", 0, Err(Rejected::Signature)),
            (
                "other",
                "1700000000",
                &good,
                "body",
                0,
                Err(Rejected::Signature),
            ),
            (
                "id",
                "1700000001",
                &good,
                "body",
                0,
                Err(Rejected::Signature),
            ),
            (
                "id",
                "1700000000",
                &good,
                "bodz",
                0,
                Err(Rejected::Signature),
            ),
            ("id", "1700000000", &good, "body", 301, Err(Rejected::Time)),
            ("id", "soon", &good, "body", 0, Err(Rejected::Time)),
            (
                "id",
                "9223372036854775807",
                &good,
                "body",
                0,
                Err(Rejected::Time),
            ),
        ] {
            let now = now + Span::from_secs(late);
            let found = verify(&keys[..1], id, time, signature, body.as_bytes(), now);
            assert_eq!(found, want, "{id} {time} {signature} {body} {late}");
        }
        assert_eq!(
            verify(&[key(3)], "id", "1700000000", &good, b"body", now),
            Err(Rejected::Signature)
        );
    }

    #[test]
    fn a_key_is_checked_and_not_shown() {
        for (text, error) in [
            ("whsec_%%%", KeyError::Encoding),
            ("whsec_c2hvcnQ=", KeyError::Length { bytes: 5 }),
            ("", KeyError::Length { bytes: 0 }),
        ] {
            assert_eq!(Key::new(&Secret::new(text)).err(), Some(error), "{text}");
        }
        assert_eq!(format!("{:?}", key(7)), "Key([redacted])");
    }
}
