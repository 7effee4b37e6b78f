//! Signed checkpoints: whoever has the public key finds a rewritten journal, and nobody else can make one.
#![expect(clippy::expect_used, reason = "tests may panic")]

use phasegate_core::Timestamp;
use phasegate_journal::checkpoint::{
    Checkpoint, CheckpointError, KeyError, NoteError, Signer, Verifier,
};
use phasegate_journal::{Anchor, Chain, Digest, Draft, Head};

fn signer(name: &str, seed: u8) -> Signer {
    Signer::new(name, &[seed; 32]).expect("a name")
}

fn checkpoint() -> Checkpoint {
    let rollout = "checkout".parse().expect("an id");
    let mut chain = Chain::start(&rollout);
    let draft = Draft {
        at: Timestamp::EPOCH,
        kind: "created".to_owned(),
        payload: b"{}".to_vec(),
    };
    chain.link(&draft);
    let head = chain.head();
    Checkpoint {
        anchor: Anchor { rollout, head },
        at: "2026-09-07T09:00:00.25Z".parse().expect("a moment"),
    }
}

#[test]
fn a_checkpoint_comes_back_as_it_was_with_all_who_signed_it() {
    let (old, new, stranger) = (signer("desk", 1), signer("desk", 2), signer("other", 3));
    let text = checkpoint().sign(&[&old, &new, &stranger]);
    for (trusted, by) in [
        (vec![old.verifier()], vec!["desk"]),
        (vec![new.verifier()], vec!["desk"]),
        (vec![old.verifier(), new.verifier()], vec!["desk"]),
        (
            vec![stranger.verifier(), new.verifier()],
            vec!["desk", "other"],
        ),
    ] {
        let (read, signed) = Checkpoint::read(&text, &trusted).expect("it is signed");
        assert_eq!(
            (read, signed),
            (checkpoint(), by.iter().map(ToString::to_string).collect())
        );
    }
    // A key of the same name is not the same key.
    let error = Checkpoint::read(&text, &[signer("desk", 4).verifier()]).expect_err("a stranger");
    assert_eq!(error, CheckpointError::Note(NoteError::Untrusted));
}

#[test]
fn a_change_of_any_byte_is_noticed() {
    let signer = signer("desk", 1);
    let text = checkpoint().sign(&[&signer]);
    let mut accepted = Vec::new();
    for (at, _) in text.char_indices() {
        for other in ['0', '1', 'a', 'B', '\n', ' ', '+', '/', '='] {
            let mut changed: String = text.chars().collect();
            let end = at + text[at..].chars().next().map_or(1, char::len_utf8);
            changed.replace_range(at..end, &other.to_string());
            if changed != text && Checkpoint::read(&changed, &[signer.verifier()]).is_ok() {
                accepted.push(changed);
            }
        }
    }
    assert_eq!(accepted, Vec::<String>::new());
    for cut in 0..text.len() {
        if let Some(short) = text.get(..cut) {
            assert!(
                Checkpoint::read(short, &[signer.verifier()]).is_err(),
                "{short}"
            );
        }
    }
}

#[test]
fn what_claims_to_be_by_a_trusted_key_and_is_not_refuses_the_whole() {
    let (desk, other) = (signer("desk", 1), signer("other", 2));
    let mut moved = checkpoint();
    moved.anchor.head = Head {
        next_seq: 1,
        hash: Digest::of(b"another"),
    };
    let good = checkpoint().sign(&[&desk]);
    let signature = good.lines().last().expect("a signature");
    let forged = format!("{}{signature}\n", moved.sign(&[&other]));
    let error = Checkpoint::read(&forged, &[other.verifier(), desk.verifier()]);
    let name = "desk".to_owned();
    assert_eq!(
        error,
        Err(CheckpointError::Note(NoteError::Forged { name }))
    );
}

#[test]
fn a_signed_text_that_is_no_checkpoint_is_none() {
    let verifier: Verifier = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        .parse()
        .expect("a key");
    let note = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    assert_eq!(
        Checkpoint::read(note, &[verifier]),
        Err(CheckpointError::Text)
    );
}

#[test]
fn texts_that_are_no_keys_are_refused_and_none_is_shown() {
    let signer = signer("desk", 1);
    let (secret, public) = (signer.secret_text(), signer.verifier().to_string());
    assert_eq!(
        secret.parse::<Signer>().expect("a key").verifier(),
        signer.verifier()
    );
    assert_eq!(public.parse::<Verifier>(), Ok(signer.verifier()));
    assert!(!format!("{signer:?}").contains(secret.rsplit('+').next().expect("a part")));
    let renamed = public.replace("desk", "disk");
    for (text, error) in [
        (renamed.as_str(), KeyError::Mixed),
        ("", KeyError::Form),
        ("desk+00000000+", KeyError::Form),
        (secret.as_str(), KeyError::Form),
        (
            "a b+00000000+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            KeyError::Name,
        ),
    ] {
        assert_eq!(text.parse::<Verifier>(), Err(error), "{text}");
    }
    assert_eq!(public.parse::<Signer>().err(), Some(KeyError::Form));
    for name in ["", "a b", "a+b", "a\nb"] {
        assert_eq!(
            Signer::new(name, &[1; 32]).err(),
            Some(KeyError::Name),
            "{name}"
        );
    }
}

#[test]
fn hostile_notes_are_refused_with_what_is_wrong() {
    let signer = signer("desk", 1);
    let good = checkpoint().sign(&[&signer]);
    let line = good.lines().last().expect("a signature");
    let many = format!("{}{}", good, format!("{line}\n").repeat(100));
    let long = format!("{}{good}", "a".repeat(1_000_000));
    for (text, wanted) in [
        ("", "empty line"),
        ("text\n", "empty line"),
        ("text\n\n", "does not end"),
        ("text\n\n\u{2014} desk", "does not end"),
        ("text\n\nno dash\n", "no signature"),
        ("text\n\n\u{2014} desk !!\n", "no signature"),
        ("te\u{7}xt\n\n\u{2014} desk AAAA\n", "control"),
        (many.as_str(), "more than 100"),
        (long.as_str(), "longer than"),
    ] {
        let error = Checkpoint::read(text, &[signer.verifier()]).expect_err("hostile");
        assert!(error.to_string().contains(wanted), "{error}");
    }
}
