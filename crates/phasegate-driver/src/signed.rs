//! Is what a person does signed, by them, for this rollout, plan and moment, in these words?

use phasegate_core::Timestamp;
use phasegate_engine::event::amendment_words;
use phasegate_engine::program::{Program, Signatures};
use phasegate_engine::{Act, EventError};
use phasegate_journal::Anchor;
use phasegate_journal::checkpoint::{KeyError, SignedAct, Verifier};

use crate::heads::Heads;
use crate::request::{Done, Said};

/// What an act is held against.
pub(crate) struct Against<'d> {
    pub(crate) anchor: Anchor,
    pub(crate) program: &'d Program,
    pub(crate) heads: &'d Heads,
    pub(crate) now: Timestamp,
}

/// Does the note say that this person does this, now?
pub(crate) fn check(
    note: &str,
    said: &Said,
    act: &Done<'_>,
    against: &Against<'_>,
) -> Result<(), EventError> {
    let words = words(act);
    let refused = |why: String| EventError::SignatureRefused {
        act: words.clone(),
        why,
    };
    let Some(asked) = &against.program.signatures else {
        return Err(refused(
            "the plan has no keys to check it with: send it unsigned".to_owned(),
        ));
    };
    let keys = verifiers(asked).map_err(|(key, why)| refused(format!("key '{key}': {why}")))?;
    let signed = SignedAct::read(note, &keys).map_err(|error| refused(error.to_string()))?;
    if signed.by != said.by.id {
        let (who, by) = (&signed.by, &said.by.id);
        return Err(refused(format!("{who} has signed it, and {by} does it")));
    }
    if signed.act != words {
        return Err(refused(format!(
            "what is signed is '{}': sign these words",
            signed.act
        )));
    }
    if signed.reason != said.reason {
        return Err(refused(
            "another reason is signed: give the same".to_owned(),
        ));
    }
    // Rollout and plan; of the head more than the present one is good.
    let present = against.anchor.clone();
    let (heads, head) = (against.heads, &signed.anchor.head);
    let answers = matches!(act, Done::Act(Act::Answer { .. } | Act::Withdraw { .. }));
    let now = match heads.is_good(head, against.now) || answers && heads.is_question(head) {
        true => Anchor {
            head: signed.anchor.head,
            ..present
        },
        false => present,
    };
    let fits = signed.fits(&now, &against.program.plan_digest);
    fits.map_err(|error| refused(error.to_string()))?;
    match act {
        Done::Act(Act::Answer { seen, .. }) if *seen != signed.anchor.head.next_seq => {
            let (seen, head) = (*seen, signed.anchor.head.next_seq);
            let why =
                format!("it is signed over {head} records, and the answer was given to {seen}");
            Err(refused(why))
        }
        Done::Act(_) | Done::Amendment(_) => Ok(()),
    }
}

/// The act in the words that are signed.
fn words(act: &Done<'_>) -> String {
    match act {
        Done::Act(act) => act.to_string(),
        Done::Amendment(program) => amendment_words(&program.plan_digest, &program.bindings_digest),
    }
}

/// The keys of a plan; the text of the first that is none.
pub(crate) fn verifiers(asked: &Signatures) -> Result<Vec<Verifier>, (String, KeyError)> {
    let read = |text: &String| text.parse().map_err(|error| (text.clone(), error));
    asked.keys.iter().map(read).collect()
}
