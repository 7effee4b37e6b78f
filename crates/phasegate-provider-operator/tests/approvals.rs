//! Answers as files: by whom they are, forged, misplaced, withdrawn, over restarts.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use phasegate_core::{Span, Timestamp};
use phasegate_provider::signed::sign;
use phasegate_provider::{ApprovalSource as _, Ask, AskId, Call, Decision, Reply, SecretSource};
use phasegate_provider_operator::{
    FILE_BYTES_MAX, FileApprovals, FolderConfig, PersonConfig, Saying, answer,
};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::Folder;
use support::{call, key, key_text, now};

fn me() -> u32 {
    rustix::process::getuid().as_raw()
}

/// Ada is who runs the test, bob is another user, eve signs.
fn open(folder: &Path) -> FileApprovals {
    fs::write(folder.join("eve.key"), key_text(1)).expect("written");
    let role = || ["release-lead".parse().expect("a role")].into();
    let owner = |uid| PersonConfig {
        roles: role(),
        uid: Some(uid),
        ..PersonConfig::default()
    };
    let eve = PersonConfig {
        roles: role(),
        keys: vec![SecretSource::File(folder.join("eve.key"))],
        ..PersonConfig::default()
    };
    let tester = PersonConfig {
        roles: ["tester".parse().expect("a role")].into(),
        ..owner(me())
    };
    let config = FolderConfig::new(folder)
        .with_person("ada".parse().expect("an id"), owner(me()))
        .with_person("bob".parse().expect("an id"), owner(me().wrapping_add(1)))
        .with_person("eve".parse().expect("an id"), eve)
        .with_person("tom".parse().expect("an id"), tester);
    FileApprovals::open(config).expect("a source")
}

fn ask() -> Ask {
    Ask {
        id: AskId::new("r1/7/release-lead"),
        gate: Some("gate-1".parse().expect("a gate")),
        role: "release-lead".parse().expect("a role"),
        question: "Go to 50 %?".to_owned(),
        plan_digest: "aa".to_owned(),
        journal_head: "41".to_owned(),
        expires: now() + Span::from_secs(3600),
        to_sign: None,
    }
}

fn saying(person: &str, decision: Decision) -> Saying {
    Saying {
        person: person.parse().expect("an id"),
        decision,
        comment: "fine".to_owned(),
        note: None,
    }
}

fn say(folder: &Path, person: &str, decision: Decision) -> std::path::PathBuf {
    let key = (person == "eve").then(|| key(1));
    let left = answer(
        folder,
        &ask().id,
        saying(person, decision),
        key.as_ref(),
        now(),
    );
    left.expect("left")
}

fn text(person: &str) -> String {
    format!(
        r#"{{"ask": "r1/7/release-lead", "person": "{person}", "decision": "yes", "plan_digest": "aa", "journal_head": "41"}}"#
    )
}

async fn polled(source: &FileApprovals) -> Vec<Reply> {
    source.poll(&call()).await.expect("polled")
}

/// Why the answer of this name does not count.
fn why(folder: &Path, name: &str) -> String {
    let note = folder.join("refused").join(format!("{name}.why"));
    fs::read_to_string(note)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

#[tokio::test]
async fn the_source_passes_the_suite_of_its_role_by_owner_and_by_signature() {
    for person in ["ada", "eve"] {
        let folder = Folder::new().expect("a folder");
        let source = open(folder.path());
        let (asked, call) = (ask(), call());
        let violations = conformance::approval_source(&source, &asked, &call, async || {
            say(folder.path(), person, Decision::Yes);
        });
        assert_eq!(violations.await, [], "{person}");
    }
}

#[tokio::test]
async fn files_that_are_not_the_persons_do_not_count() {
    let folder = Folder::new().expect("a folder");
    let (at, source) = (folder.path(), open(folder.path()));
    source.ask(&ask(), &call()).await.expect("asked");
    let answers = at.join("answers");
    let put = |name: &str, text: &str| {
        let path = answers.join(name);
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
        path
    };
    put("bob.json", &text("bob"));
    put("nobody.json", &text("mallory"));
    put("tom.json", &text("tom"));
    put("eve.json", &text("eve"));
    let shared = put("shared.json", &text("ada"));
    fs::set_permissions(shared, fs::Permissions::from_mode(0o664)).expect("set");
    fs::write(at.join("elsewhere"), text("ada")).expect("written");
    symlink(at.join("elsewhere"), answers.join("link.json")).expect("linked");
    fs::hard_link(at.join("elsewhere"), answers.join("hard.json")).expect("linked");
    let pipe = Command::new("mkfifo")
        .arg(answers.join("pipe.json"))
        .status();
    assert!(pipe.expect("mkfifo runs").success());
    fs::create_dir(answers.join("folder.json")).expect("made");
    put("garbage.json", "{");
    put("long.json", &" ".repeat(FILE_BYTES_MAX + 1));
    put(".hidden.json", &text("ada"));
    put("ada.txt", &text("ada"));
    assert_eq!(polled(&source).await, []);
    for (name, want) in [
        ("bob.json", "who owns it, is not bob"),
        ("nobody.json", "nobody here is called mallory"),
        ("tom.json", "may not answer in the question's role"),
        ("eve.json", "no signature"),
        ("shared.json", "chmod go-w"),
        ("link.json", "it is a link"),
        ("hard.json", "several names"),
        ("pipe.json", "no plain file"),
        ("folder.json", "no plain file"),
        ("garbage.json", "no answer"),
        ("long.json", "longer than"),
    ] {
        let found = why(at, name);
        assert!(found.contains(want), "{name}: '{found}'");
    }
    let said = |file: &str| text("ada").replace("\"41\"", file);
    let moved = put("ada.json", &said("\"40\""));
    assert_eq!(polled(&source).await, []);
    assert!(why(at, "ada.json").contains("earlier state"));
    // What was wrong is mended, and nothing is said of it any more; nor of what is gone.
    fs::write(&moved, text("ada")).expect("written");
    fs::remove_file(answers.join("bob.json")).expect("removed");
    let found = polled(&source).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].verified, format!("file of user {}", me()));
    assert_eq!([why(at, "ada.json"), why(at, "bob.json")], ["", ""]);
}

#[tokio::test]
async fn a_signature_is_over_name_time_and_bytes_by_a_key_of_the_person() {
    let folder = Folder::new().expect("a folder");
    let (at, source) = (folder.path(), open(folder.path()));
    source.ask(&ask(), &call()).await.expect("asked");
    let answers = at.join("answers");
    let sign = |byte: u8, name: &str, body: &str, when: Timestamp| {
        let secs = when.as_unix_millis() / 1000;
        format!(
            "{secs} {}\n",
            sign(&[key(byte)], name, when, body.as_bytes())
        )
    };
    let (body, later) = (text("eve"), now() + Span::from_secs(3600));
    for (name, signature) in [
        ("key", sign(2, "key.json", &body, now())),
        ("name", sign(1, "other.json", &body, now())),
        ("body", sign(1, "body.json", &text("ada"), now())),
        (
            "time",
            sign(1, "time.json", &body, now()).replacen('1', "2", 1),
        ),
        ("future", sign(1, "future.json", &body, later)),
        ("none", String::new()),
    ] {
        fs::write(answers.join(format!("{name}.json")), &body).expect("written");
        fs::write(answers.join(format!("{name}.json.sig")), signature).expect("written");
    }
    assert_eq!(polled(&source).await, []);
    for name in ["key", "name", "body", "time", "future", "none"] {
        assert!(why(at, &format!("{name}.json")).contains("sign"), "{name}");
    }
    let early = now().before(Span::from_secs(7200));
    fs::write(answers.join("good.json"), &body).expect("written");
    let signature = sign(1, "good.json", &body, early);
    fs::write(answers.join("good.json.sig"), signature).expect("written");
    let found = polled(&source).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].verified, "file good.json signed by a key of eve");
    assert_eq!(
        found[0].at.as_unix_millis() / 1000,
        early.as_unix_millis() / 1000
    );
    // Her key is changed: what the old one has signed no longer counts.
    fs::write(at.join("eve.key"), key_text(3)).expect("written");
    assert_eq!(polled(&source).await, []);
    fs::remove_file(at.join("eve.key")).expect("removed");
    let unknown = source.poll(&call()).await;
    assert!(unknown.is_err(), "a key that is gone is not guessed");
}

#[tokio::test]
async fn the_last_word_counts_until_the_question_is_closed_or_expires() {
    let folder = Folder::new().expect("a folder");
    let (at, source) = (folder.path(), open(folder.path()));
    let asked = ask();
    source.ask(&asked, &call()).await.expect("asked");
    let path = say(at, "ada", Decision::Yes);
    assert_eq!(polled(&source).await[0].decision, Decision::Yes);
    say(at, "ada", Decision::Withdraw);
    let source = open(at);
    let found = polled(&source).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].decision, Decision::Withdraw);
    say(at, "ada", Decision::No);
    say(at, "eve", Decision::Yes);
    // Of two files of one person the later counts.
    let old = path.with_file_name("old.json");
    fs::write(&old, text("ada")).expect("written");
    let long_ago = SystemTime::now() - std::time::Duration::from_secs(60);
    let dated = fs::File::options().write(true).open(&old);
    dated
        .and_then(|file| file.set_modified(long_ago))
        .expect("dated");
    let found = polled(&source).await;
    let said: Vec<_> = found
        .iter()
        .map(|r| (r.person.as_str(), r.decision))
        .collect();
    assert!(said.contains(&("ada", Decision::No)) && said.contains(&("eve", Decision::Yes)));
    assert_eq!(said.len(), 2);
    assert!(why(at, "old.json").contains("later than this"));

    let another = Ask {
        question: "Go to 90 %?".to_owned(),
        ..asked.clone()
    };
    assert!(
        source.ask(&another, &call()).await.is_err(),
        "one id, one question"
    );
    source.close(&asked.id, &call()).await.expect("closed");
    assert_eq!(polled(&source).await, []);
    let kept = fs::read_dir(at.join("done")).expect("there").count();
    assert_eq!(kept, 4, "three answers and a signature");
    // Put back by hand, an answer that was used answers nothing, not even the same question asked anew.
    fs::write(&path, text("ada")).expect("written");
    assert_eq!(polled(&source).await, []);
    let anew = Ask {
        journal_head: "57".to_owned(),
        expires: now() + Span::from_secs(60),
        to_sign: None,
        ..asked
    };
    source.ask(&anew, &call()).await.expect("asked");
    assert_eq!(polled(&source).await, []);
    say(at, "ada", Decision::Yes);
    assert_eq!(polled(&source).await.len(), 1);
    let late = Call::new(now() + Span::from_secs(61), Span::from_secs(5));
    assert_eq!(source.poll(&late).await.expect("polled"), []);
    let gone = answer(at, &anew.id, saying("ada", Decision::Yes), None, now());
    assert!(gone.is_err(), "the question is gone");
}

/// Whoever may write beside an answer may lay links there.
#[tokio::test]
async fn nothing_is_written_through_links_that_others_have_laid() {
    let folder = Folder::new().expect("a folder");
    let (at, source) = (folder.path(), open(folder.path()));
    source.ask(&ask(), &call()).await.expect("asked");
    let precious = folder.write("precious", "precious").expect("written");
    let name = "r1.7.release-lead.ada.json";
    symlink(&precious, at.join("answers").join(name)).expect("linked");
    say(at, "ada", Decision::Yes);
    assert_eq!(polled(&source).await.len(), 1);
    assert_eq!(fs::read_to_string(&precious).expect("there"), "precious");
}
