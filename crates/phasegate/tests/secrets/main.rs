//! A marked secret is given to every adapter that takes one, and looked for in everything that is shown, written or
//! kept: `Debug`, answers, errors with all their causes, configurations as text, log lines, the journal's files, its
//! transcript, and every report and export.
//!
//! The other side is as indiscreet as it can be: it says what it was sent in its answers, in every form that the
//! adapters read.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod adapters;
mod logs;
mod rollout;
mod wired;

use std::error::Error;
use std::fmt::Debug;

use phasegate::provider::{ProviderError, SecretSource};
use phasegate_testkit::servers::Folder;

const MARK: &str = "marked-secret-7f3a";
/// `u:` and the mark, as a basic credential has it.
const BASIC: &str = "dTptYXJrZWQtc2VjcmV0LTdmM2E";
/// The signing key behind its `whsec_`.
const KEY: &str = "bWFya2VkLXNlY3JldC03ZjNhLTAxMjM0";

/// What was told, and by whom.
#[derive(Debug, Default)]
struct Told(Vec<(String, String)>);

impl Told {
    fn add(&mut self, by: &str, text: impl Into<String>) {
        self.0.push((by.to_owned(), text.into()));
    }

    /// An answer as `Debug` shows it; an error in every way in which it can be shown.
    fn add_answer(&mut self, by: &str, answer: Result<impl Debug, ProviderError>) {
        let error = match answer {
            Ok(answer) => return self.add(by, format!("{answer:?}")),
            Err(error) => error,
        };
        self.add(by, format!("{error} {error:?} {}", error.detail()));
        let mut cause = error.source();
        while let Some(why) = cause {
            self.add(by, format!("{why} {why:?}"));
            cause = why.source();
        }
    }

    /// Who told the secret.
    fn tellers(&self) -> Vec<String> {
        let holds = |text: &str| [MARK, BASIC, KEY].iter().any(|form| text.contains(form));
        let bad = self.0.iter().filter(|(_, text)| holds(text));
        bad.map(|(by, text)| format!("{by}: {text:.300}")).collect()
    }
}

/// A reference to a secret in a file.
fn source(folder: &Folder, name: &str, text: &str) -> SecretSource {
    SecretSource::File(folder.write(name, text).expect("written"))
}

#[test]
fn the_mark_is_found_where_it_is_told() {
    let mut told = Told::default();
    told.add("one", "nothing");
    let error = ProviderError::misuse("refused").with_source(format!("it was {MARK}"));
    told.add_answer("two", Err::<(), _>(error));
    told.add_answer("three", Ok(format!("Basic {BASIC}=")));
    let tellers = told.tellers();
    // The error, its cause, and the answer.
    assert_eq!(tellers.len(), 3, "{tellers:?}");
    assert!(tellers[1].starts_with("two") && tellers[2].starts_with("three"));
}
