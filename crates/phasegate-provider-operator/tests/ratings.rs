//! What people rate: by whom, when, and what does not count.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use phasegate_core::{
    Arm, Decimal, Measurement, Observed, Query, Span, Timestamp, Wants, Window, WindowKind,
};
use phasegate_provider::{ErrorKind, MetricSource, ProviderError, SecretSource};
use phasegate_provider_operator::{
    FolderConfig, PersonConfig, Rating, RatingConfig, Ratings, RatingsConfig, rate,
};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::Folder;
use support::{call, key, key_text, now};

const PEOPLE: [&str; 3] = ["bob", "cyd", "eve"];

/// Ada is known by her user, the others by keys; all are developers, Bob is a designer besides.
fn open(folder: &Path, people_min: u64) -> Ratings {
    let developer = "developer".parse().expect("an id");
    let ada = PersonConfig {
        roles: [developer].into(),
        uid: Some(rustix::process::getuid().as_raw()),
        ..PersonConfig::default()
    };
    let mut files =
        FolderConfig::new(folder).with_person("ada".parse().expect("an id"), ada.clone());
    for (person, byte) in PEOPLE.into_iter().zip(1..) {
        let file = folder.join(format!("{person}.key"));
        fs::write(&file, key_text(byte)).expect("written");
        let mut known = PersonConfig {
            uid: None,
            keys: vec![SecretSource::File(file)],
            ..ada.clone()
        };
        if person == "bob" {
            known.roles.insert("designer".parse().expect("an id"));
        }
        files = files.with_person(person.parse().expect("an id"), known);
    }
    let happiness = RatingConfig {
        scale: 5,
        roles: ["developer".parse().expect("an id")].into(),
        people_min,
    };
    let ratings = BTreeMap::from([("happiness".to_owned(), happiness)]);
    Ratings::open(RatingsConfig { files, ratings }).expect("a source")
}

fn rating(person: &str, given: u32) -> Rating {
    Rating {
        person: person.parse().expect("an id"),
        role: "developer".parse().expect("an id"),
        rating: "happiness".to_owned(),
        given,
        comment: "it is fast".to_owned(),
    }
}

/// Leaves it, signed if the person has a key.
fn give(folder: &Path, rating: &Rating, at: Timestamp) -> std::path::PathBuf {
    let byte = PEOPLE
        .into_iter()
        .zip(1..)
        .find(|(person, _)| *person == rating.person.as_str());
    let key = byte.map(|(_, byte)| key(byte));
    rate(folder, rating, key.as_ref(), at).expect("left")
}

fn query(back: u64, secs: u64) -> Query {
    let start = now().before(Span::from_secs(back));
    Query {
        to: "people".parse().expect("an id"),
        kpi: "happiness".parse().expect("an id"),
        text: "happiness".to_owned(),
        arm: Arm::Whole,
        window: Window {
            start,
            end: start + Span::from_secs(secs),
            kind: WindowKind::SinceStart,
        },
        unit: "/5".to_owned(),
        wants: Wants::Scalar,
    }
}

async fn mean(source: &Ratings, query: &Query) -> Result<(String, u64), ProviderError> {
    let found: Measurement = source.measure(query, &call()).await?;
    let Observed::Scalar { value } = found.observed else {
        return Err(ProviderError::invalid(format!("{found:?}")));
    };
    let value: Decimal = value.rounded(3);
    Ok((value.normalized().to_string(), found.samples))
}

fn ago(secs: u64) -> Timestamp {
    now().before(Span::from_secs(secs))
}

#[tokio::test]
async fn the_source_passes_the_suite_of_its_role() {
    let folder = Folder::new().expect("a folder");
    let ratings = open(folder.path(), 1);
    give(folder.path(), &rating("ada", 4), now());
    let source: Arc<dyn MetricSource> = Arc::new(ratings);
    let violations =
        conformance::metric_source(&source, &[query(60, 60)], "hapiness", &call()).await;
    assert_eq!(violations, []);
}

#[tokio::test]
async fn everybodys_last_word_in_the_window_is_what_is_measured() {
    let folder = Folder::new().expect("a folder");
    let (at, source) = (folder.path(), open(folder.path(), 3));
    for (person, given, secs) in [("bob", 5, 50), ("cyd", 2, 40)] {
        give(at, &rating(person, given), ago(secs));
    }
    let error = mean(&source, &query(60, 60))
        .await
        .expect_err("two of three");
    assert_eq!(error.kind(), ErrorKind::NoData);
    assert!(
        error.to_string().contains("2 people have rated it, of 3"),
        "{error}"
    );
    let eves = give(at, &rating("eve", 3), ago(30));
    let whole = query(60, 60);
    assert_eq!(
        mean(&source, &whole).await.expect("a mean"),
        ("3.333".to_owned(), 3)
    );
    // Under another name, so that the first lies there too: she thinks better of it.
    let first = eves.with_file_name("first.json");
    let signature = |path: &Path| path.with_extension("json.sig");
    fs::rename(signature(&eves), signature(&first)).expect("moved");
    fs::rename(&eves, &first).expect("moved");
    give(at, &rating("eve", 5), ago(20));
    // The signature is over the name too.
    let why = at.join("ratings-refused/first.json.why");
    assert_eq!(
        mean(&source, &whole).await.expect("a mean"),
        ("4".to_owned(), 3)
    );
    assert!(
        fs::read_to_string(&why)
            .expect("a reason")
            .contains("does not fit")
    );
    fs::remove_file(&first).expect("removed");
    assert_eq!(
        mean(&source, &whole).await.expect("a mean"),
        ("4".to_owned(), 3)
    );
    assert!(!why.exists());
    // Nobody said anything before, and Bob's fell out of a shorter window.
    assert!(mean(&source, &query(120, 60)).await.is_err());
    assert!(mean(&source, &query(45, 45)).await.is_err());
    fs::remove_file(eves).expect("removed");
    assert!(
        mean(&source, &whole).await.is_err(),
        "what was taken away was never said"
    );
}

#[tokio::test]
async fn who_rates_twice_counts_once() {
    let folder = Folder::new().expect("a folder");
    let (at, source) = (folder.path(), open(folder.path(), 1));
    give(at, &rating("ada", 1), now());
    let again = at.join("ratings/a-second.json");
    std::thread::sleep(std::time::Duration::from_millis(20));
    fs::copy(at.join("ratings/happiness.ada.json"), &again).expect("copied");
    let text = fs::read_to_string(&again)
        .expect("there")
        .replace(": 1", ": 5");
    fs::write(&again, text).expect("written");
    assert_eq!(
        mean(&source, &query(60, 60)).await.expect("hers"),
        ("5".to_owned(), 1)
    );
}

#[tokio::test]
async fn what_does_not_count_is_told_beside_it() {
    let folder = Folder::new().expect("a folder");
    let (at, source) = (folder.path(), open(folder.path(), 1));
    give(at, &rating("bob", 4), ago(10));
    let designer = Rating {
        role: "designer".parse().expect("an id"),
        ..rating("bob", 1)
    };
    let other = Rating {
        role: "designer".parse().expect("an id"),
        ..rating("cyd", 1)
    };
    let elsewhere = Rating {
        rating: "sadness".to_owned(),
        ..rating("cyd", 1)
    };
    for (name, rating, why) in [
        ("zero", rating("eve", 0), "0 is not within 1 and 5"),
        ("six", rating("eve", 6), "6 is not within 1 and 5"),
        ("nobody", rating("zoe", 1), "nobody here is called zoe"),
        ("designer", designer, "the role designer does not rate it"),
        ("no-designer", other, "cyd is not in the role designer"),
        ("elsewhere", elsewhere, "'sadness'"),
    ] {
        let left = give(at, &rating, ago(5));
        let read = mean(&source, &query(60, 60)).await;
        let note = left
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let note = at.join("ratings-refused").join(format!("{note}.why"));
        let told = fs::read_to_string(&note).unwrap_or_default();
        assert!(told.contains(why), "{name}: {told}");
        // Bob's own was replaced by the one that he gave as a designer.
        let bobs = if name == "designer" {
            None
        } else {
            Some(("4".to_owned(), 1))
        };
        assert_eq!(read.ok(), bobs, "{name}");
        give(at, &self::rating("bob", 4), ago(10));
        if rating.person.as_str() != "bob" {
            fs::remove_file(left).expect("removed");
        }
    }
    // Ada's is hers only where nobody else may have written it.
    let adas = give(at, &rating("ada", 2), now());
    let shared = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666);
    fs::set_permissions(&adas, shared).expect("set");
    assert_eq!(
        mean(&source, &query(60, 60)).await.expect("Bob's"),
        ("4".to_owned(), 1)
    );
    fs::write(at.join("ratings/words.json"), "{\"given\": 4}").expect("written");
    fs::write(at.join("ratings/.draft.json"), "{").expect("written");
    assert_eq!(
        mean(&source, &query(60, 60)).await.expect("Bob's"),
        ("4".to_owned(), 1)
    );
}

#[tokio::test]
async fn more_files_than_are_looked_at_are_no_mean_of_some_of_them() {
    let folder = Folder::new().expect("a folder");
    let (at, source) = (folder.path(), open(folder.path(), 1));
    give(at, &rating("bob", 4), ago(10));
    for number in 0..1000 {
        fs::write(at.join(format!("ratings/a{number}.json")), "{}").expect("written");
    }
    let error = mean(&source, &query(60, 60)).await.expect_err("too many");
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
}

#[tokio::test]
async fn other_questions_are_misuse_and_so_is_a_scale_of_one() {
    let folder = Folder::new().expect("a folder");
    let source = open(folder.path(), 1);
    let share = Query {
        wants: Wants::Share,
        ..query(60, 60)
    };
    let unknown = Query {
        text: "hapiness".to_owned(),
        ..query(60, 60)
    };
    for question in [share, unknown] {
        let error = mean(&source, &question).await.expect_err("misuse");
        assert_eq!(error.kind(), ErrorKind::Misuse, "{error}");
    }
    let named = Rating {
        rating: "../x".to_owned(),
        ..rating("ada", 1)
    };
    assert!(rate(folder.path(), &named, None, now()).is_err());
    let one = RatingConfig {
        scale: 1,
        roles: [].into(),
        people_min: 1,
    };
    let files = FolderConfig::new(folder.path());
    let ratings = BTreeMap::from([("x".to_owned(), one)]);
    assert!(Ratings::open(RatingsConfig { files, ratings }).is_err());
}
