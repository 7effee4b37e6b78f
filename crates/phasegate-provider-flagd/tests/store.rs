//! The store on a real file.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use phasegate_core::{Ratio, Span, TargetId, Timestamp};
use phasegate_provider::{Call, ErrorKind, FlagStore as _};
use phasegate_provider_flagd::{FlagdConfig, FlagdFile};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::Folder;

const FLAGS: &str = r#"{
  "flags": {
    "checkout": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off"},
    "search": {"targeting": {"if": [true, "on", "off"]}, "state": "ENABLED", "variants": {"on": 1, "off": 0}}
  }
}
"#;

fn id(text: &str) -> TargetId {
    text.parse().expect("an id")
}

fn call() -> Call {
    Call::new(Timestamp::EPOCH, Span::from_secs(5))
}

#[tokio::test]
async fn the_store_passes_the_suite_of_its_role() {
    let folder = Folder::new().expect("a folder");
    let path = folder.write("flags.json", FLAGS).expect("written");
    let store = FlagdFile::new(FlagdConfig::new(&path));
    let violations =
        conformance::flag_store(&store, &id("checkout"), Some(&id("nope")), &call()).await;
    assert_eq!(violations, []);
    let text = std::fs::read_to_string(&path).expect("there");
    let rule = r#""targeting": {"fractional": [["on", 0], ["off", 1000000]]}"#;
    assert!(text.contains(rule), "{text}");
    assert!(
        text.contains(r#"{"if": [true, "on", "off"]}"#),
        "the other flag is as it was"
    );
}

#[tokio::test]
async fn a_rule_that_somebody_wrote_is_not_lost() {
    let folder = Folder::new().expect("a folder");
    let path = folder.write("flags.json", FLAGS).expect("written");
    let store = FlagdFile::new(FlagdConfig::new(&path));
    let set = store
        .set(&id("search"), Ratio::ONE, &call())
        .await
        .expect_err("refused");
    assert!(set.is_refusal(), "{set}");
    assert_eq!(
        store
            .read(&id("search"), &call())
            .await
            .expect_err("no share")
            .kind(),
        ErrorKind::Invalid
    );
    assert_eq!(std::fs::read_to_string(&path).expect("there"), FLAGS);
    let missing = FlagdFile::new(FlagdConfig::new(folder.path().join("none.json")));
    let error = missing
        .read(&id("checkout"), &call())
        .await
        .expect_err("no file");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let other = FlagdFile::new(FlagdConfig::new(&path).with_variants("blue", "red"));
    assert!(other.read(&id("checkout"), &call()).await.is_err());
}
