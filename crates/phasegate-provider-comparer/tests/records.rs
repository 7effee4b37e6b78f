//! Records of two real commands and of files, with differences that were put in on purpose.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use phasegate_core::{Observed, Span};
use phasegate_provider::{ErrorKind, MetricSource as _, ProviderError};
use phasegate_provider_command::{CommandConfig, Commands, CommandsConfig};
use phasegate_provider_comparer::{Comparer, ComparerConfig, RecordsConfig, RecordsFrom};
use phasegate_shadow::{BodyRules, Place, Resolution, Verdict};

use support::{Kept, agreement, at, begin, compared, end, target};

/// Issues as a labeller prints them: thirty, one a line.
const OLD: &str = r#"i=1; while [ $i -le 30 ]; do
  echo "{\"issue\": $i, \"labels\": [\"bug\", \"ui\"], \"assignee\": \"ana\", \"seen\": $i}"; i=$((i+1)); done"#;
/// The new one has its own order, another assignee for issue 7, one label more at 8, does not know 9.
const NEW: &str = r#"i=1; while [ $i -le 30 ]; do who=ana; more=
  [ $i = 7 ] && who=olga; [ $i = 8 ] && more=', "api"'
  [ $i = 9 ] || echo "{\"issue\": $i, \"labels\": [\"ui\", \"bug\"$more], \"assignee\": \"$who\", \"seen\": 0}"
  i=$((i+1)); done"#;

fn commands(scripts: &[(&str, &str)], bytes: usize) -> Arc<Commands> {
    let mut config = CommandsConfig::default();
    for (name, script) in scripts {
        let mut command = CommandConfig::new("/bin/sh", ["-c", script]);
        command.output_bytes_max = bytes;
        config.commands.insert((*name).to_owned(), command);
    }
    Arc::new(Commands::new(config))
}

fn rules() -> BodyRules {
    serde_json::from_str(r#"{"ignore": ["/seen"], "unordered": [{"at": "/labels"}]}"#)
        .expect("rules")
}

fn comparer(old: RecordsFrom, new: RecordsFrom) -> (Comparer, Arc<Kept>) {
    let key = "/issue".parse().expect("a place");
    let config = RecordsConfig::new(old, new, key)
        .with_rules(rules())
        .with_every(Span::from_millis(50));
    let scripts = [
        ("old", OLD),
        ("new", NEW),
        ("broken", "echo '{'"),
        ("fails", "echo no >&2; exit 3"),
    ];
    let comparer = Comparer::new(ComparerConfig::default().with_records(target(), config))
        .with_commands(commands(&scripts, 1 << 20));
    let kept = Arc::new(Kept::default());
    let sink = Arc::clone(&kept);
    comparer.tell(sink);
    (comparer, kept)
}

fn by(name: &str) -> RecordsFrom {
    RecordsFrom::Command(name.to_owned())
}

fn file(path: &Path) -> RecordsFrom {
    RecordsFrom::File(path.to_owned())
}

#[tokio::test]
async fn records_of_two_commands_are_compared_by_key() {
    let (comparer, kept) = comparer(by("old"), by("new"));
    begin(&comparer, 0, Some(30), &["labels", "assignee"])
        .await
        .expect("begun");
    end(&comparer).await.expect("ended");
    let ids: Vec<String> = kept.counts().into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
    assert!(ids.iter().any(|id| id == "7: body/assignee"), "{ids:?}");
    assert!(
        ids.iter().any(|id| id.starts_with("8: body/labels")),
        "{ids:?}"
    );
    assert!(ids.iter().any(|id| id == "9: record"), "{ids:?}");
    let (query, ask) = agreement("agreement invoices");
    let found = comparer.measure(&query, &ask).await.expect("a share");
    let (matching, total) = (27, 30);
    assert_eq!(found.observed, Observed::Share { matching, total });

    let by = "ana".parse().expect("an id");
    let why = "olga has the area now".to_owned();
    let resolution = Resolution {
        at: at(),
        by,
        verdict: Verdict::Improvement,
        why,
    };
    let place = Place::BodyAt("/assignee".to_owned());
    comparer
        .resolve(&target(), "7", &place, resolution)
        .expect("known");
    let counts = comparer
        .tallied(&target())
        .expect("a target")
        .ledger
        .counts();
    assert_eq!((counts.accepted, counts.agreed), (28, 27));
}

#[tokio::test]
async fn the_words_of_the_plan_choose_what_is_compared() {
    let (comparer, kept) = comparer(by("old"), by("new"));
    begin(&comparer, 0, Some(30), &["assignee"])
        .await
        .expect("begun");
    end(&comparer).await.expect("ended");
    let ids: Vec<String> = kept.counts().into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["7: body/assignee", "9: record"]);
    // A member that no record has is a typing error, and nothing that all agree about.
    let error = begin(&comparer, 0, Some(30), &["asignee"])
        .await
        .expect_err("a typing error");
    assert!(
        error.to_string().contains("/asignee") && error.is_refusal(),
        "{error}"
    );
}

#[tokio::test]
async fn a_sample_is_spread_and_one_that_is_too_small_is_told() {
    let (comparer, kept) = comparer(by("old"), by("new"));
    begin(&comparer, 0, Some(10), &[]).await.expect("begun");
    end(&comparer).await.expect("ended");
    let counts = comparer
        .tallied(&target())
        .expect("a target")
        .ledger
        .counts();
    assert_eq!(counts.compared, 10);
    assert!(kept.counts().iter().all(|(id, _)| id != "not compared"));
    begin(&comparer, 0, Some(35), &[]).await.expect("begun");
    end(&comparer).await.expect("ended");
    assert!(
        kept.counts().contains(&("not compared".to_owned(), 5)),
        "{:?}",
        kept.counts()
    );
}

#[tokio::test]
async fn new_work_is_compared_while_it_comes_in_and_once_more_at_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let replaced = |name: &str, text: &str| {
        let (new, path) = (folder.path().join("beside"), folder.path().join(name));
        std::fs::write(&new, text).expect("written");
        std::fs::rename(&new, &path).expect("renamed");
        path
    };
    let labels = |first: &str| {
        format!(
            "{{\"issue\": 1, \"labels\": [\"{first}\"]}}\n{{\"issue\": 2, \"labels\": [\"a\"]}}\n"
        )
    };
    let old = r#"[{"issue": 1, "labels": ["a"]}, {"issue": 2, "labels": ["a"]}]"#;
    let (old, new) = (replaced("old", old), replaced("new", &labels("a")));
    let (comparer, kept) = comparer(file(&old), file(&new));
    begin(&comparer, 100, None, &["labels"])
        .await
        .expect("begun");
    compared(&comparer, 6).await;
    assert_eq!(kept.counts(), []);
    // What cannot be read for a while breaks nothing and is no difference.
    replaced("new", "{\"issue\": 1, \"lab");
    tokio::time::sleep(Duration::from_millis(200)).await;
    replaced("new", &labels("b"));
    end(&comparer).await.expect("ended");
    let ids: Vec<String> = kept.counts().into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
    let of_first = |id: &String| id.starts_with("1: body/labels");
    assert!(ids.iter().all(of_first), "{ids:?}");
    let tallied = comparer.tallied(&target()).expect("a target");
    assert!(tallied.not_compared > 0);
}

#[tokio::test]
async fn a_source_that_is_gone_at_the_end_does_not_keep_it_from_ending() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("both");
    std::fs::write(&path, "{\"issue\": 1}\n").expect("written");
    let (comparer, kept) = comparer(file(&path), file(&path));
    begin(&comparer, 100, None, &[]).await.expect("begun");
    std::fs::remove_file(&path).expect("removed");
    end(&comparer).await.expect("ended");
    assert_eq!(kept.counts(), [("not compared".to_owned(), 1)]);
}

async fn refused(old: RecordsFrom, new: RecordsFrom) -> ProviderError {
    let (comparer, _) = comparer(old, new);
    begin(&comparer, 0, Some(5), &[])
        .await
        .expect_err("refused")
}

#[tokio::test]
async fn records_that_cannot_be_read_are_an_error_before_anything_begins() {
    use ErrorKind::{Invalid, NoData, NotFound, Unavailable};
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    let twice = write("twice", "{\"issue\": 1}\n{\"issue\": 1}\n");
    let (no_key, empty) = (write("no-key", "{\"id\": 1}\n"), write("empty", ""));
    for (new, kind, says) in [
        (by("nobody"), NotFound, "no command has this name"),
        (by("broken"), Invalid, "record 1"),
        (by("fails"), Unavailable, "ended with 3: no"),
        (file(&folder.path().join("none")), NotFound, "none"),
        (file(&twice), Invalid, "has the key '1'"),
        (file(&no_key), Invalid, "/issue"),
    ] {
        let error = refused(by("old"), new.clone()).await;
        assert_eq!(error.kind(), kind, "{new:?}: {error}");
        assert!(error.to_string().contains(says), "{new:?}: {error}");
        assert!(error.is_refusal(), "{new:?}");
    }
    assert_eq!(refused(file(&empty), file(&empty)).await.kind(), NoData);
}

#[tokio::test]
async fn a_command_that_prints_more_than_is_kept_is_not_compared_in_part() {
    let key = "/issue".parse().expect("a place");
    let config = RecordsConfig::new(by("old"), by("new"), key);
    let comparer = Comparer::new(ComparerConfig::default().with_records(target(), config))
        .with_commands(commands(&[("old", OLD), ("new", NEW)], 500));
    let error = begin(&comparer, 0, Some(5), &[])
        .await
        .expect_err("too much");
    assert!(error.to_string().contains("more than is kept"), "{error}");
}
