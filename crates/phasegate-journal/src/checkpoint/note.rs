//! Signed notes: a text, an empty line, and a line for each signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::key::{Signer, Verifier, is_name};

/// What a line with a signature begins with: an em dash and a space.
const DASH: &str = "\u{2014} ";
/// More signatures than any change of keys needs; each costs a check.
const SIGNATURES_MAX: usize = 100;
/// As Go's `note` has it. A checkpoint has some hundred bytes.
const NOTE_BYTES_MAX: usize = 1_000_000;

/// Why a text is no note that somebody trusted has signed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// A key that is trusted is named and did not make the signature.
    #[error("the signature of '{name}' does not fit: the text was changed, or the key is another")]
    Forged {
        /// Whose it claims to be.
        name: String,
    },
    /// Not the form of a signed note.
    #[error("it is no signed note: {what}")]
    Form {
        /// What is wrong.
        what: &'static str,
    },
    /// No key that is trusted is named.
    #[error("nobody who is trusted has signed it")]
    Untrusted,
}

/// The text with signatures by all of them. It must end in a line end and have no empty last line.
pub(super) fn sign(text: &str, by: &[&Signer]) -> String {
    let mut note = format!("{text}\n");
    for signer in by {
        let verifier = signer.verifier();
        let mut bytes = verifier.id().to_vec();
        bytes.extend(signer.sign(text));
        let signature = STANDARD.encode(bytes);
        note.push_str(&format!("{DASH}{} {signature}\n", verifier.name()));
    }
    note
}

/// The text of a note, and who of the trusted have signed it: at least one. Signatures by other keys are passed over.
pub(super) fn open<'n>(
    note: &'n str,
    trusted: &[Verifier],
) -> Result<(&'n str, Vec<String>), NoteError> {
    let form = |what| NoteError::Form { what };
    if note.len() > NOTE_BYTES_MAX {
        return Err(form("it is longer than 1,000,000 bytes"));
    }
    if note.contains(|sign: char| sign.is_control() && sign != '\n') {
        return Err(form("it has control characters"));
    }
    let end = note.rfind("\n\n");
    let (text, signatures) = end
        .and_then(|end| note.split_at_checked(end.saturating_add(1)))
        .ok_or_else(|| form("there is no empty line between text and signatures"))?;
    let lines = signatures
        .strip_prefix('\n')
        .and_then(|rest| rest.strip_suffix('\n'));
    let lines = lines.ok_or_else(|| form("its last line does not end"))?;
    let mut by = Vec::new();
    for (count, line) in lines.split('\n').enumerate() {
        if count >= SIGNATURES_MAX {
            return Err(form("it has more than 100 signatures"));
        }
        let claim =
            Claimed::read(line).ok_or_else(|| form("a line is no signature: — NAME BASE64"))?;
        let Some(known) = trusted.iter().find(|key| claim.names(key)) else {
            continue;
        };
        let name = claim.name.to_owned();
        let signature = claim.signature.as_slice().try_into();
        if !signature.is_ok_and(|signature| known.fits(text, signature)) {
            return Err(NoteError::Forged { name });
        }
        if !by.contains(&name) {
            by.push(name);
        }
    }
    match by.is_empty() {
        true => Err(NoteError::Untrusted),
        false => Ok((text, by)),
    }
}

/// A line with a signature, as far as it claims.
struct Claimed<'n> {
    name: &'n str,
    id: [u8; 4],
    /// Of one of Ed25519 there are 64 bytes; other algorithms have other lengths.
    signature: Vec<u8>,
}

impl<'n> Claimed<'n> {
    fn read(line: &'n str) -> Option<Self> {
        let (name, signature) = line.strip_prefix(DASH)?.split_once(' ')?;
        let bytes = STANDARD.decode(signature).ok()?;
        let (id, signature) = bytes.split_first_chunk::<4>()?;
        is_name(name).then(|| Self {
            name,
            id: *id,
            signature: signature.to_vec(),
        })
    }

    fn names(&self, key: &Verifier) -> bool {
        key.name() == self.name && key.id() == self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Go's `golang.org/x/mod/sumdb/note`.
    const SECRET: &str =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n";
    const SIGNED: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn what_go_signs_is_signed_and_opened_here() {
        let signer: Signer = SECRET.parse().expect("a key that signs");
        let verifier: Verifier = PUBLIC.parse().expect("a key that checks");
        assert_eq!(
            (signer.secret_text(), verifier.to_string()),
            (SECRET.to_owned(), PUBLIC.to_owned())
        );
        assert_eq!(signer.verifier(), verifier);
        assert_eq!(sign(TEXT, &[&signer]), SIGNED);
        let by = vec!["PeterNeumann".to_owned()];
        assert_eq!(open(SIGNED, &[verifier]), Ok((TEXT, by)));
    }
}
