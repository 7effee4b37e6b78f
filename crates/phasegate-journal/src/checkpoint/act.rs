//! What a person does to a rollout, signed with their own key.

use phasegate_core::{PersonId, RolloutId};

use super::key::{Signer, Verifier};
use super::note::{self, NoteError};
use crate::{Anchor, Head};

/// The first line of what is signed.
const FORMAT: &str = "phasegate-act/1";

/// What a person does, with all that it is bound to: a signature under it is good for this rollout, this plan, this
/// moment of the journal and these words alone. Whoever takes acts in reads it, asks whether it
/// [fits](Self::fits) now, and carries it out; the signed text, kept, is proof for whoever has the person's public key.
///
/// ```
/// use phasegate_journal::checkpoint::{SignedAct, Signer};
/// use phasegate_journal::{Anchor, Head};
///
/// // The person's key carries the person's id.
/// let key = Signer::new("ada", &[7; 32])?;
/// let rollout = "checkout".parse()?;
/// let now = Anchor { head: Head::genesis(&rollout), rollout };
/// let act = SignedAct {
///     anchor: now.clone(),
///     plan_digest: "5f1c".to_owned(),
///     by: "ada".parse()?,
///     act: "pause".to_owned(),
///     reason: "error rate of the canary".to_owned(),
/// };
/// let text = act.sign(&key)?;
///
/// // Where acts are taken in, and again whenever somebody doubts it.
/// let read = SignedAct::read(&text, &[key.verifier()])?;
/// read.fits(&now, "5f1c")?;
/// assert_eq!(read, act);
/// let forged = text.replace("pause", "abort");
/// assert!(SignedAct::read(&forged, &[key.verifier()]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "tools write it out")]
pub struct SignedAct {
    /// Which rollout, and where its journal ended when the person looked.
    pub anchor: Anchor,
    /// The digest of the plan that the person saw.
    pub plan_digest: String,
    /// Who. The key that signs has this name.
    pub by: PersonId,
    /// What they do, in words of whoever carries it out.
    pub act: String,
    /// Why.
    pub reason: String,
}

/// Why a signed act is not to be carried out, or proves nothing.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SignedActError {
    /// It is no note that somebody trusted has signed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Somebody else has signed it.
    #[error(
        "the act is {by}'s and {signed} signed it: it must be signed with the key of that name"
    )]
    NotTheirs {
        /// Whose act it says it is.
        by: PersonId,
        /// Who signed.
        signed: String,
    },
    /// It was signed for another plan than the one that is carried out.
    #[error(
        "the act of {by} was signed for plan {signed}, and the plan is {now}: look and sign anew"
    )]
    OtherPlan {
        /// Whose act it is.
        by: PersonId,
        /// The plan that it names.
        signed: String,
        /// The plan that is carried out.
        now: String,
    },
    /// It was signed for another rollout.
    #[error("the act of {by} was signed for rollout {signed}, not for {now}")]
    OtherRollout {
        /// Whose act it is.
        by: PersonId,
        /// The rollout that it names.
        signed: RolloutId,
        /// What it was held against.
        now: RolloutId,
    },
    /// The journal has another head: something happened since the person looked, the act itself perhaps.
    #[error(
        "the act of {by} was signed at {}:{} and the journal is at {}:{}: look and sign anew",
        .signed.next_seq, .signed.hash, .now.next_seq, .now.hash
    )]
    Stale {
        /// Whose act it is.
        by: PersonId,
        /// The head that it names.
        signed: Head,
        /// What it was held against.
        now: Head,
    },
    /// What is signed is no act, or one of a newer format.
    #[error(
        "what is signed is no act: its lines are {FORMAT}, ROLLOUT@RECORDS:HASH, and in JSON's quotes the plan's \
         digest, the person, the act and the reason"
    )]
    Text,
}

impl SignedAct {
    /// The act as a signed note.
    ///
    /// # Errors
    /// [`SignedActError::NotTheirs`] if the key has another name than the person.
    pub fn sign(&self, key: &Signer) -> Result<String, SignedActError> {
        let name = key.verifier().name().to_owned();
        match self.by.as_str() == name {
            true => Ok(note::sign(&self.text(), &[key])),
            false => Err(self.not_theirs(&[name])),
        }
    }

    /// Reads an act that the person who does it has signed with a trusted key. Whether it may be carried out now is
    /// for [`fits`](Self::fits).
    ///
    /// # Errors
    /// If it is no act, or not signed, or not by that person.
    pub fn read(text: &str, trusted: &[Verifier]) -> Result<Self, SignedActError> {
        let (text, signed) = note::open(text, trusted)?;
        let act = Self::parse(text).ok_or(SignedActError::Text)?;
        match signed.iter().any(|name| act.by.as_str() == name) {
            true => Ok(act),
            false => Err(act.not_theirs(&signed)),
        }
    }

    /// Was it signed for this rollout, this plan and this very head? Each act that is carried out moves the head, so
    /// an act fits once. Take acts in one at a time, and ask for the head anew once the one before is durable: two
    /// that are held against the same head both fit.
    ///
    /// # Errors
    /// What it was signed for instead.
    pub fn fits(&self, now: &Anchor, plan_digest: &str) -> Result<(), SignedActError> {
        let (by, anchor) = (self.by.clone(), &self.anchor);
        if anchor.rollout != now.rollout {
            let (signed, now) = (anchor.rollout.clone(), now.rollout.clone());
            return Err(SignedActError::OtherRollout { by, signed, now });
        }
        if self.plan_digest != plan_digest {
            let (signed, now) = (self.plan_digest.clone(), plan_digest.to_owned());
            return Err(SignedActError::OtherPlan { by, signed, now });
        }
        if anchor.head != now.head {
            let (signed, now) = (anchor.head, now.head);
            return Err(SignedActError::Stale { by, signed, now });
        }
        Ok(())
    }

    fn not_theirs(&self, signed: &[String]) -> SignedActError {
        let (by, signed) = (self.by.clone(), signed.join(", "));
        SignedActError::NotTheirs { by, signed }
    }

    /// What is signed. An act has one text only.
    fn text(&self) -> String {
        let mut text = format!("{FORMAT}\n{}\n", self.anchor);
        for words in [&self.plan_digest, self.by.as_str(), &self.act, &self.reason] {
            text.push_str(&quoted(words));
            text.push('\n');
        }
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_prefix(FORMAT)?.strip_prefix('\n')?.lines();
        let anchor = lines.next()?.parse().ok()?;
        let mut words = || serde_json::from_str::<String>(lines.next()?).ok();
        let act = Self {
            anchor,
            plan_digest: words()?,
            by: words()?.parse().ok()?,
            act: words()?,
            reason: words()?,
        };
        (act.text() == text).then_some(act)
    }
}

/// A text on one line, without control characters: a note has none.
fn quoted(text: &str) -> String {
    let mut line = String::new();
    for sign in serde_json::Value::from(text).to_string().chars() {
        match sign.is_control() {
            true => line.push_str(&format!("\\u{:04x}", u32::from(sign))),
            false => line.push(sign),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str, seed: u8) -> Signer {
        Signer::new(name, &[seed; 32]).expect("a name")
    }

    fn act() -> SignedAct {
        let rollout = "checkout".parse().expect("an id");
        let head = Head::genesis(&rollout);
        SignedAct {
            anchor: Anchor { rollout, head },
            plan_digest: "5f1c".to_owned(),
            by: "ada".parse().expect("an id"),
            act: "pause".to_owned(),
            reason: "it is late".to_owned(),
        }
    }

    #[test]
    fn a_good_signature_of_somebody_else_is_not_theirs() {
        let (ada, bob) = (key("ada", 1), key("bob", 2));
        let trusted = [ada.verifier(), bob.verifier()];
        // What `sign` refuses, a tool of his own writes.
        let his = note::sign(&act().text(), &[&bob]);
        let (by, signed) = (act().by, "bob".to_owned());
        assert_eq!(
            SignedAct::read(&his, &trusted),
            Err(SignedActError::NotTheirs { by, signed })
        );
        let both = note::sign(&act().text(), &[&bob, &ada]);
        assert_eq!(SignedAct::read(&both, &trusted), Ok(act()));
    }

    #[test]
    fn an_act_has_one_text_whoever_signs_it() {
        let ada = key("ada", 1);
        let text = act().text();
        for odd in [
            text.replace("pause", "p\\u0061use"),
            text.replace("\"pause\"", " \"pause\""),
            text.replace("@0:", "@00:"),
            text.replace("\"ada\"", "\"a da\""),
            text.replace("\"pause\"", "7"),
            format!("{text}\"more\"\n"),
            text.replace("\"it is late\"\n", ""),
        ] {
            assert_ne!(odd, text);
            let read = SignedAct::read(&note::sign(&odd, &[&ada]), &[ada.verifier()]);
            assert_eq!(read, Err(SignedActError::Text), "{odd}");
        }
    }
}
