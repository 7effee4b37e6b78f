//! What operators declare: by whom, once, over restarts.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use std::fs;
use std::path::Path;

use phasegate_core::{Span, Timestamp};
use phasegate_provider::{EventSource as _, Occurrence, SecretSource};
use phasegate_provider_operator::{
    FolderConfig, OperatorCall, OperatorCalls, PersonConfig, declare,
};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::Folder;
use support::{call, key, key_text, now};

fn open(folder: &Path) -> OperatorCalls {
    fs::write(folder.join("eve.key"), key_text(5)).expect("written");
    let ada = PersonConfig {
        uid: Some(rustix::process::getuid().as_raw()),
        ..PersonConfig::default()
    };
    let eve = PersonConfig {
        keys: vec![SecretSource::File(folder.join("eve.key"))],
        ..PersonConfig::default()
    };
    let config = FolderConfig::new(folder)
        .with_person("ada".parse().expect("an id"), ada)
        .with_person("eve".parse().expect("an id"), eve);
    OperatorCalls::open(config).expect("a source")
}

fn say(folder: &Path, person: &str, evidence: &str, at: Timestamp) -> std::path::PathBuf {
    let call = OperatorCall {
        person: person.parse().expect("an id"),
        scenario: "data-loss".to_owned(),
        severity: "critical".to_owned(),
        evidence: evidence.to_owned(),
    };
    let key = (person == "eve").then(|| key(5));
    declare(folder, &call, key.as_ref(), at).expect("left")
}

async fn polled(source: &OperatorCalls) -> Vec<Occurrence> {
    source.poll(&call()).await.expect("polled")
}

#[tokio::test]
async fn the_source_passes_the_suite_of_its_role() {
    let folder = Folder::new().expect("a folder");
    let source = open(folder.path());
    let at = call();
    let violations = conformance::event_source(&source, &at, async || {
        say(
            folder.path(),
            "eve",
            "INC-7\nor so",
            now().before(Span::from_secs(60)),
        );
        say(folder.path(), "ada", "INC-8", now());
    });
    assert_eq!(violations.await, []);
}

#[tokio::test]
async fn a_declaration_counts_once_however_often_its_file_is_laid_there() {
    let folder = Folder::new().expect("a folder");
    let (at, source) = (folder.path(), open(folder.path()));
    let path = say(at, "eve", "INC-7", now().before(Span::from_secs(60)));
    let signature = path.with_extension("json.sig");
    let (body, signed) = (fs::read(&path), fs::read(&signature));
    let (body, signed) = (body.expect("there"), signed.expect("there"));
    let found = polled(&source).await;
    assert_eq!(found.len(), 1);
    assert!(found[0].by.starts_with("eve (file eve-"), "{}", found[0].by);
    source
        .acknowledge(&[found[0].id.clone()], &call())
        .await
        .expect("acknowledged");

    let again = |name: &str| {
        let to = path.with_file_name(name);
        fs::write(&to, &body).expect("written");
        fs::write(to.with_extension("json.sig"), &signed).expect("written");
    };
    // Replayed under its own name, and under another.
    again(
        path.file_name()
            .and_then(|name| name.to_str())
            .expect("a name"),
    );
    again("other.json");
    assert_eq!(polled(&open(at)).await, []);
    let notes = fs::read_dir(at.join("calls-refused")).expect("there");
    let mut told: Vec<_> = notes
        .map(|note| fs::read_to_string(note.expect("there").path()).expect("read"))
        .collect();
    told.sort();
    assert_eq!(
        told,
        ["it has been taken before\n", "its signature does not fit\n"]
    );
    let old = now().before(Span::from_secs(86_400 + 60));
    say(at, "eve", "INC-6", old);
    assert_eq!(polled(&source).await, [], "signed too long ago");
}

#[tokio::test]
async fn what_says_nothing_or_is_from_nobody_does_not_count() {
    let folder = Folder::new().expect("a folder");
    let (at, source) = (folder.path(), open(folder.path()));
    say(at, "ada", "  ", now());
    say(at, "mallory", "INC-9", now());
    fs::write(
        at.join("calls/eve.json"),
        fs::read(say(at, "eve", "x", now())).expect("there"),
    )
    .expect("written");
    let found = polled(&source).await;
    assert_eq!(found.len(), 1, "only what eve has signed: {found:?}");
    let notes = fs::read_dir(at.join("calls-refused"))
        .expect("there")
        .count();
    assert_eq!(notes, 3);
}
