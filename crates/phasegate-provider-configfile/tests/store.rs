//! The store on real files of each format.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use phasegate_core::{Ratio, Span, TargetId, Timestamp};
use phasegate_provider::{Call, ErrorKind, FlagStore as _};
use phasegate_provider_configfile::{ConfigFile, ConfigFileConfig, Format, Written};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::Folder;

fn id(text: &str) -> TargetId {
    text.parse().expect("an id")
}

fn call() -> Call {
    Call::new(Timestamp::EPOCH, Span::from_secs(5))
}

#[tokio::test]
async fn the_store_passes_the_suite_of_its_role_on_every_format_and_keeps_comments() {
    for (format, name, text) in [
        (
            Format::Yaml,
            "a.yaml",
            "# why\nfeatures:\n  checkout: 25 # now\n  other: [1, 2]\n",
        ),
        (
            Format::Toml,
            "a.toml",
            "# why\n[features]\ncheckout = 25 # now\nother = [1, 2]\n",
        ),
        (Format::Env, "a.env", "# why\ncheckout=25 # now\nother=1\n"),
    ] {
        for written in [Written::Percent, Written::Ratio] {
            let folder = Folder::new().expect("a folder");
            let start = if written == Written::Ratio {
                text.replace("25", "0.25")
            } else {
                text.to_owned()
            };
            let path = folder.write(name, &start).expect("written");
            let at: &[&str] = if format == Format::Env {
                &["checkout"]
            } else {
                &["features", "checkout"]
            };
            let config = ConfigFileConfig::new(&path, format)
                .with_flag(id("checkout"), at.iter().copied(), written)
                .with_flag(id("missing"), ["nope"], written);
            let store = ConfigFile::new(config);
            let quarter = Ratio::from_percent(25).expect("a share");
            assert_eq!(
                store
                    .read(&id("checkout"), &call())
                    .await
                    .expect("read")
                    .share,
                quarter
            );
            for unknown in ["nope", "missing"] {
                let violations =
                    conformance::flag_store(&store, &id("checkout"), Some(&id(unknown)), &call())
                        .await;
                assert_eq!(violations, [], "{name} {written:?}");
            }
            let end = std::fs::read_to_string(&path).expect("there");
            let old = if written == Written::Ratio {
                "0.25"
            } else {
                "25"
            };
            assert_eq!(end, start.replacen(old, "0", 1), "{name}");
        }
    }
}

#[tokio::test]
async fn a_switch_knows_nothing_between() {
    let folder = Folder::new().expect("a folder");
    let path = folder
        .write("a.toml", "[features]\nsearch = false\n")
        .expect("written");
    let config = ConfigFileConfig::new(&path, Format::Toml).with_flag(
        id("search"),
        ["features", "search"],
        Written::Switch,
    );
    let store = ConfigFile::new(config);
    store
        .set(&id("search"), Ratio::ONE, &call())
        .await
        .expect("set");
    assert_eq!(
        std::fs::read_to_string(&path).expect("there"),
        "[features]\nsearch = true\n"
    );
    let half = Ratio::from_percent(50).expect("a share");
    let error = store
        .set(&id("search"), half, &call())
        .await
        .expect_err("refused");
    assert!(
        error.is_refusal() && error.kind() == ErrorKind::Misuse,
        "{error}"
    );
    assert_eq!(
        store
            .read(&id("search"), &call())
            .await
            .expect("read")
            .share,
        Ratio::ONE
    );
}

#[tokio::test]
async fn a_value_that_is_no_share_is_no_number() {
    let folder = Folder::new().expect("a folder");
    for text in [
        "a: many\n",
        "a: 101\n",
        "a: -5\n",
        "a: [5]\n",
        "a: 5\na: 6\n",
        "b: 5\n",
        "a: [\n",
    ] {
        let path = folder.write("a.yaml", text).expect("written");
        let config =
            ConfigFileConfig::new(&path, Format::Yaml).with_flag(id("a"), ["a"], Written::Percent);
        let store = ConfigFile::new(config);
        assert!(store.read(&id("a"), &call()).await.is_err(), "{text}");
    }
}
