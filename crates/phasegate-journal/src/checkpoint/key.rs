//! Keys of signed notes, in the text forms that Go's `note` package reads and writes.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use crate::Digest;

/// The number of Ed25519 among the algorithms of signed notes.
const ED25519: u8 = 1;
/// What the text of a key that signs begins with.
const PRIVATE: &str = "PRIVATE+KEY+";

/// Why something is no key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not the text form of a key.
    #[error(
        "a key is NAME+ID+KEY, with PRIVATE+KEY+ before it if it signs; ID has 8 hexadecimal digits and KEY is \
         base64 of an Ed25519 key"
    )]
    Form,
    /// The id in the text is another key's: a typing error, or two keys mixed.
    #[error("the id of the key does not fit its name and its bytes: copy the whole text anew")]
    Mixed,
    /// The name cannot stand in a signature.
    #[error("the name of a key is not empty and has no spaces, no control characters and no '+'")]
    Name,
}

/// A key that signs, with the name that its signatures carry. Its `Debug` says nothing of the key.
///
/// ```
/// use phasegate_journal::checkpoint::Signer;
/// // 32 bytes of good randomness, made once and kept as a secret.
/// let signer = Signer::new("release-desk", &[7; 32])?;
/// let kept = signer.secret_text();
/// assert_eq!(kept.parse::<Signer>()?.verifier(), signer.verifier());
/// # Ok::<(), phasegate_journal::checkpoint::KeyError>(())
/// ```
#[derive(Clone)]
pub struct Signer {
    name: String,
    key: SigningKey,
}

/// A key that checks signatures. Its text form is public and says whose it is: `NAME+ID+KEY`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verifier {
    name: String,
    key: VerifyingKey,
}

impl Signer {
    /// The key of a seed, under a name.
    ///
    /// # Errors
    /// [`KeyError::Name`].
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        Ok(Self {
            name: checked(name)?,
            key: SigningKey::from_bytes(seed),
        })
    }

    /// The key that checks what this one signs.
    pub fn verifier(&self) -> Verifier {
        Verifier {
            name: self.name.clone(),
            key: self.key.verifying_key(),
        }
    }

    /// The text form, **with the secret**, to be kept where secrets are kept.
    pub fn secret_text(&self) -> String {
        let id = hex(self.verifier().id());
        let key = text_of(&self.key.to_bytes());
        format!("{PRIVATE}{}+{id}+{key}", self.name)
    }

    pub(super) fn sign(&self, text: &str) -> [u8; 64] {
        self.key.sign(text.as_bytes()).to_bytes()
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({}, [redacted])", self.name)
    }
}

impl FromStr for Signer {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let text = text.trim_end().strip_prefix(PRIVATE);
        let (name, id, seed) = parts(text.ok_or(KeyError::Form)?)?;
        let signer = Self::new(name, &seed)?;
        match hex(signer.verifier().id()) == id {
            true => Ok(signer),
            false => Err(KeyError::Mixed),
        }
    }
}

impl Verifier {
    /// Whose key it is, as signatures name them.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What tells keys of the same name apart.
    pub(super) fn id(&self) -> [u8; 4] {
        let mut bytes = self.name.as_bytes().to_vec();
        bytes.extend([b'\n', ED25519]);
        bytes.extend(self.key.as_bytes());
        let [a, b, c, d, ..] = Digest::of(&bytes).0;
        [a, b, c, d]
    }

    pub(super) fn fits(&self, text: &str, signature: &[u8; 64]) -> bool {
        let signature = Signature::from_bytes(signature);
        self.key.verify_strict(text.as_bytes(), &signature).is_ok()
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, key) = (hex(self.id()), text_of(self.key.as_bytes()));
        write!(f, "{}+{id}+{key}", self.name)
    }
}

impl FromStr for Verifier {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (name, id, key) = parts(text.trim_end())?;
        let Ok(key) = VerifyingKey::from_bytes(&key) else {
            return Err(KeyError::Form);
        };
        let name = checked(name)?;
        let verifier = Self { name, key };
        match hex(verifier.id()) == id {
            true => Ok(verifier),
            false => Err(KeyError::Mixed),
        }
    }
}

pub(super) fn is_name(name: &str) -> bool {
    let is_odd = |sign: char| sign.is_whitespace() || sign.is_control() || sign == '+';
    !name.is_empty() && !name.contains(is_odd)
}

fn checked(name: &str) -> Result<String, KeyError> {
    match is_name(name) {
        true => Ok(name.to_owned()),
        false => Err(KeyError::Name),
    }
}

/// Name, id and the bytes of the key.
fn parts(text: &str) -> Result<(&str, &str, [u8; 32]), KeyError> {
    let read = || {
        // What follows the second '+' is base64, in which there may be more.
        let (name, rest) = text.split_once('+')?;
        let (id, key) = rest.split_once('+')?;
        let bytes = STANDARD.decode(key).ok()?;
        let (algorithm, key) = bytes.split_first()?;
        let key = (*algorithm == ED25519).then_some(key)?;
        Some((name, id, key.try_into().ok()?))
    };
    read().ok_or(KeyError::Form)
}

fn text_of(key: &[u8; 32]) -> String {
    let mut bytes = vec![ED25519];
    bytes.extend(key);
    STANDARD.encode(bytes)
}

fn hex([a, b, c, d]: [u8; 4]) -> String {
    format!("{a:02x}{b:02x}{c:02x}{d:02x}")
}
