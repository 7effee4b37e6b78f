//! Signed acts: who can read can check who did what, to which rollout and when, and nobody can use it elsewhere.
#![expect(clippy::expect_used, reason = "tests may panic")]

use std::sync::Arc;

use phasegate_core::{RolloutId, Span, Timestamp};
use phasegate_journal::checkpoint::{Checkpoint, NoteError, SignedAct, SignedActError, Signer};
use phasegate_journal::conformance::SteppedClock;
use phasegate_journal::{
    Anchor, Batch, Draft, Head, Journal, Lease, MemoryJournal, Soundness, verify,
};

const PLAN: &str = "sha256-of-the-plan";

fn key(name: &str, seed: u8) -> Signer {
    Signer::new(name, &[seed; 32]).expect("a name")
}

fn act(anchor: Anchor) -> SignedAct {
    SignedAct {
        anchor,
        plan_digest: PLAN.to_owned(),
        by: "ada".parse().expect("an id"),
        act: "roll-back start".to_owned(),
        reason: "orders fail".to_owned(),
    }
}

fn batch(payload: &str) -> Batch {
    Batch::of([Draft {
        at: Timestamp::EPOCH,
        kind: "k".to_owned(),
        payload: payload.as_bytes().to_vec(),
    }])
}

/// A store with one rollout of one record, and where it ends.
fn begun(payload: &str) -> (MemoryJournal, Lease, Anchor) {
    let journal = MemoryJournal::new(Arc::new(SteppedClock::default()));
    let rollout: RolloutId = "checkout".parse().expect("an id");
    let holder = "desk".parse().expect("a holder");
    let ttl = Span::from_secs(30);
    let made = journal.create(&rollout, &holder, ttl, &[], batch(payload));
    let (lease, head) = pollster::block_on(made).expect("a rollout");
    (journal, lease, Anchor { rollout, head })
}

fn sound(journal: &MemoryJournal, anchor: &Anchor) -> Soundness {
    let found = pollster::block_on(verify(journal, std::slice::from_ref(anchor))).expect("a list");
    found.into_values().next().expect("a rollout")
}

#[test]
fn any_words_come_back_as_they_were() {
    let ada = key("ada", 1);
    let (_, _, anchor) = begun("0");
    for words in [
        "",
        "\n\n\u{2014} ada AAAA\n",
        "two\r\nlines\u{0}\u{7f}\u{85}\u{9b}",
        "\"quoted\" \\ \u{2028} \u{202e} ü 🦀",
    ] {
        let mut one = act(anchor.clone());
        (one.act, one.reason) = (words.to_owned(), words.to_owned());
        one.plan_digest = words.to_owned();
        let text = one.sign(&ada).expect("her key");
        assert_eq!(SignedAct::read(&text, &[ada.verifier()]), Ok(one), "{text}");
    }
}

#[test]
fn a_change_of_each_thing_it_is_bound_to_is_noticed() {
    let ada = key("ada", 1);
    let (_, _, anchor) = begun("0");
    let signed = act(anchor.clone());
    let text = signed.sign(&ada).expect("her key");
    let hash = anchor.head.hash.to_string();
    let records = format!("@{}:", anchor.head.next_seq);
    let other = "f".repeat(hash.len());
    for (what, with) in [
        ("checkout", "checkin"),
        (records.as_str(), "@2:"),
        (hash.as_str(), other.as_str()),
        (PLAN, "sha256-of-another"),
        ("\"ada\"", "\"bob\""),
        ("roll-back start", "abort"),
        ("orders fail", "orders fall"),
        ("phasegate-act/1", "phasegate-act/2"),
    ] {
        let changed = text.replacen(what, with, 1);
        assert_ne!(changed, text, "{what}");
        let name = "ada".to_owned();
        let forged = SignedActError::Note(NoteError::Forged { name });
        let read = SignedAct::read(&changed, &[ada.verifier()]);
        assert_eq!(read, Err(forged), "{what}");
    }
    let unsigned = text
        .lines()
        .take(6)
        .fold(String::new(), |all, line| all + line + "\n")
        + "\n";
    assert!(SignedAct::read(&unsigned, &[ada.verifier()]).is_err());
}

#[test]
fn nobody_signs_for_somebody_else() {
    let (ada, bob, false_ada) = (key("ada", 1), key("bob", 2), key("ada", 3));
    let (_, _, anchor) = begun("0");
    let signed = act(anchor);
    let error = signed.sign(&bob).expect_err("his key");
    assert!(
        error.to_string().contains("ada's and bob signed it"),
        "{error}"
    );
    // Another key of her name is not hers.
    let text = signed.sign(&false_ada).expect("a key of that name");
    let untrusted = Err(SignedActError::Note(NoteError::Untrusted));
    assert_eq!(
        SignedAct::read(&text, &[ada.verifier(), bob.verifier()]),
        untrusted
    );
}

#[test]
fn an_act_fits_its_rollout_its_plan_and_its_head_and_only_once() {
    let ada = key("ada", 1);
    let (journal, lease, anchor) = begun("0");
    let text = act(anchor.clone()).sign(&ada).expect("her key");
    let read = SignedAct::read(&text, &[ada.verifier()]).expect("it is signed");
    assert_eq!(read.fits(&anchor, PLAN), Ok(()));
    let error = read.fits(&anchor, "another").expect_err("another plan");
    assert!(matches!(error, SignedActError::OtherPlan { .. }), "{error}");
    let rollout: RolloutId = "checkin".parse().expect("an id");
    let elsewhere = Anchor {
        head: Head::genesis(&rollout),
        rollout,
    };
    let error = read.fits(&elsewhere, PLAN).expect_err("another rollout");
    assert!(
        matches!(error, SignedActError::OtherRollout { .. }),
        "{error}"
    );
    // It is carried out, which is a record.
    let appended = journal.append(&lease, anchor.head.next_seq, batch("rolled back"));
    let head = pollster::block_on(appended).expect("an append");
    let now = Anchor { head, ..anchor };
    let error = read.fits(&now, PLAN).expect_err("a second time");
    assert!(matches!(error, SignedActError::Stale { .. }), "{error}");
    // Long after: it was signed within this very journal, and not within one with another beginning.
    assert_eq!(sound(&journal, &read.anchor), Soundness::Sound(head));
    let (rewritten, _, _) = begun("another beginning");
    let anchor = read.anchor.clone();
    assert_eq!(
        sound(&rewritten, &read.anchor),
        Soundness::Rewritten { anchor }
    );
}

#[test]
fn a_checkpoint_is_no_act() {
    let ada = key("ada", 1);
    let (_, _, anchor) = begun("0");
    let at = Timestamp::EPOCH;
    let text = Checkpoint { anchor, at }.sign(&[&ada]);
    let read = SignedAct::read(&text, &[ada.verifier()]);
    assert_eq!(read, Err(SignedActError::Text));
}
