//! The vendors' vectors, bit for bit.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "tests, and helpers beside them"
)]

use phasegate_bucketing::growthbook::HashVersion;
use phasegate_bucketing::launchdarkly::Prefix;
use phasegate_bucketing::{flagd, flipper, growthbook, hash, launchdarkly, unleash};
use serde_json::Value;

fn read(name: &str) -> Value {
    let path = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("the vectors")).expect("JSON")
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} of {row}"))
}

fn number(row: &Value, name: &str) -> u32 {
    let number = row[name]
        .as_u64()
        .unwrap_or_else(|| panic!("{name} of {row}"));
    u32::try_from(number).expect("32 bits")
}

fn rows<'a>(all: &'a Value, name: &str) -> &'a [Value] {
    let rows = all[name].as_array().unwrap_or_else(|| panic!("{name}"));
    assert!(!rows.is_empty(), "{name}");
    rows
}

#[test]
fn flipper_has_the_same_buckets_and_answers() {
    let all = read("hash_bucketing.json");
    for row in rows(&all, "flipper") {
        let actors: Vec<&str> = rows(row, "actors")
            .iter()
            .map(|a| a.as_str().expect("text"))
            .collect();
        let feature = text(row, "feature");
        assert_eq!(
            flipper::bucket(feature, &actors),
            number(row, "bucket_of_100000"),
            "{row}"
        );
        let reversed: Vec<&str> = actors.iter().rev().copied().collect();
        assert_eq!(
            flipper::bucket(feature, &reversed),
            flipper::bucket(feature, &actors)
        );
        for (percentage, open) in row["enabled_at"].as_object().expect("answers") {
            let percentage: f64 = percentage.parse().expect("a number");
            assert_eq!(
                flipper::is_open(feature, &actors, percentage),
                *open,
                "{row} {percentage}"
            );
        }
    }
    for (percentage, count) in all["flipper_fast_deployment_User_1_to_500_counts"]
        .as_object()
        .expect("counts")
    {
        let percentage: f64 = percentage.parse().expect("a number");
        let open = (1..=500)
            .filter(|n| flipper::is_open("fast_deployment", &[&format!("User;{n}")], percentage));
        assert_eq!(Some(open.count() as u64), count.as_u64(), "{percentage}");
    }
}

#[test]
fn flipper_multiplies_percentages_as_ruby_does() {
    // Found by search: an actor whose bucket is exactly 2007 of 100 000. In Ruby 2.007 * 1_000 is
    // 2007.0000000000002, so it is in; by the exact decimal it would be out.
    let actor = (0..)
        .map(|n| format!("User;{n}"))
        .find(|a| flipper::bucket("search", &[a]) == 2007);
    let actor = actor.expect("one of them");
    assert!(flipper::is_open("search", &[&actor], 2.007));
    assert!(!flipper::is_open("search", &[&actor], 2.006));
    for (percentage, open) in [
        (0.0, false),
        (-5.0, false),
        (f64::NAN, false),
        (100.0, true),
        (250.0, true),
    ] {
        assert_eq!(
            flipper::is_open("search", &["User;1"], percentage),
            open,
            "{percentage}"
        );
    }
    assert!(!flipper::is_open("search", &[], 100.0), "nobody asks");
    assert_eq!(
        flipper::bucket("", &[""]),
        0,
        "an empty text has the checksum 0"
    );
}

#[test]
fn flipper_itself_gives_the_same_answers() {
    let all = read("flipper_itself.json");
    for row in rows(&all, "rows") {
        let actors: Vec<&str> = rows(row, "actors")
            .iter()
            .map(|a| a.as_str().expect("text"))
            .collect();
        let percentage: f64 = text(row, "percentage").parse().expect("a number");
        let open = flipper::is_open(text(row, "feature"), &actors, percentage);
        assert_eq!(open, row["open"], "{row}");
    }
}

#[test]
fn unleash_has_the_same_values() {
    let all = read("hash_bucketing.json");
    for row in rows(&all, "unleash")
        .iter()
        .chain(rows(&all, "unleash_published"))
    {
        let seed = row["seed"]
            .as_u64()
            .map_or(0, |seed| u32::try_from(seed).expect("32 bits"));
        let normalizer = if row["normalizer"].is_null() {
            100
        } else {
            number(row, "normalizer")
        };
        let found = unleash::normalized(text(row, "group"), text(row, "id"), normalizer, seed);
        assert_eq!(found, Some(number(row, "value")), "{row}");
    }
}

#[test]
fn unleash_answers_as_its_client_specification_demands() {
    let all = read("unleash_spec_buckets.json");
    for row in rows(&all, "rows") {
        let (group, id) = (text(row, "groupId"), text(row, "stickinessValue"));
        assert_eq!(
            unleash::normalized(group, id, 100, 0),
            Some(number(row, "bucket_1_to_100")),
            "{row}"
        );
        assert_eq!(
            unleash::is_enabled(group, id, number(row, "rollout")),
            row["enabled"],
            "{row}"
        );
    }
    for row in rows(&all, "variants")
        .iter()
        .filter(|row| !row["bucket"].is_null())
    {
        let total = number(row, "total_weight");
        let found = unleash::normalized(
            text(row, "feature"),
            text(row, "id"),
            total,
            unleash::VARIANT_SEED,
        );
        assert_eq!(found, Some(number(row, "bucket")), "{row}");
    }
    // Weights of Feature.Variants.D of the specification: 1, 49, 50.
    for (id, place) in [("712", 0), ("525", 1), ("537", 2)] {
        assert_eq!(
            unleash::variant("Feature.Variants.D", id, &[1, 49, 50]),
            Some(place),
            "{id}"
        );
    }
    assert_eq!(unleash::variant("f", "1", &[]), None);
    assert_eq!(
        unleash::variant("f", "1", &[0, 7, 0]),
        Some(1),
        "weight 0 is never chosen"
    );
    assert_eq!(
        unleash::variant("f", "1", &[u32::MAX, 1]),
        None,
        "weights that overflow"
    );
}

#[test]
fn flagd_distributes_as_it_does_and_as_it_did() {
    let all = read("hash_bucketing.json");
    for (name, old) in [("flagd_new", false), ("flagd_old", true)] {
        for row in rows(&all, name) {
            let variants = rows(row, "weights");
            let weights: Vec<u32> = variants
                .iter()
                .map(|v| u32::try_from(v[1].as_u64().expect("a weight")).expect("32 bits"))
                .collect();
            let value = text(row, "value");
            let found = if old {
                flagd::fractional_before(value, &weights)
            } else {
                flagd::fractional(value, &weights).expect("fit")
            };
            let wanted = if old {
                &row["result"]
            } else {
                &row["result"][0]
            };
            assert_eq!(&variants[found.expect("one")][0], wanted, "{row}");
            if !old {
                assert_eq!(
                    Some(u64::from(flagd::bucket(value, 100))),
                    row["result"][2].as_u64(),
                    "{row}"
                );
            }
        }
    }
    assert_eq!(flagd::fractional("x", &[0, 0]), Ok(None));
    assert_eq!(
        flagd::fractional("x", &[u32::MAX, 1]),
        Err(flagd::WeightsError)
    );
    assert_eq!(
        flagd::fractional("x", &[flagd::WEIGHT_SUM_MAX]),
        Ok(Some(0))
    );
    assert_eq!(flagd::fractional_before("x", &[0]), None);
}

#[test]
fn launchdarkly_has_the_same_single_precision_floats() {
    let all = read("hash_bucketing.json");
    for row in rows(&all, "launchdarkly") {
        let prefix = Prefix::Salt {
            key: text(row, "key"),
            salt: text(row, "salt"),
        };
        let found = launchdarkly::bucket(prefix, Some(text(row, "id")));
        assert_eq!(Some(f64::from(found)), row["bucket"].as_f64(), "{row}");
    }
    for row in rows(&all, "launchdarkly_seed61") {
        let found = launchdarkly::bucket(Prefix::Seed(61), Some(text(row, "id")));
        assert_eq!(Some(f64::from(found)), row["bucket"].as_f64(), "{row}");
    }
    for (bucket, weights, place) in [
        (0.0, &[60_000, 40_000][..], Some(0)),
        (0.6, &[60_000, 40_000], Some(1)),
        (1.0, &[60_000, 40_000], Some(1)),
        (0.9, &[10_000, 10_000], Some(1)),
        (0.9, &[], None),
    ] {
        assert_eq!(
            launchdarkly::variation(bucket, weights),
            place,
            "{bucket} {weights:?}"
        );
    }
    let flag = Prefix::Salt {
        key: "k",
        salt: "s",
    };
    assert_eq!(
        launchdarkly::bucket(flag, None).to_bits(),
        0,
        "no attribute"
    );
}

#[test]
fn growthbook_hashes_code_units() {
    let all = read("hash_bucketing.json");
    for name in [
        "growthbook_fnv_mod1000_published",
        "growthbook_fnv_mod1000_computed",
    ] {
        for row in rows(&all, name) {
            let found = hash::fnv1a_32_utf16(row[0].as_str().expect("text")) % 1000;
            assert_eq!(Some(u64::from(found)), row[1].as_u64(), "{row}");
        }
    }
    for row in rows(&all, "growthbook_hash") {
        let version = match number(row, "version") {
            1 => HashVersion::V1,
            _ => HashVersion::V2,
        };
        let found = growthbook::hash(text(row, "seed"), text(row, "value"), version);
        assert_eq!(Some(found), row["n"].as_f64(), "{row}");
    }
}

#[test]
fn growthbook_lays_out_ranges() {
    // Rows of the vendor's own test table (`getBucketRange`): normal 50/50, reduced coverage, weights, bad ones.
    type Row<'a> = (u32, f64, &'a [f64], &'a [(f64, f64)]);
    let rows: &[Row<'_>] = &[
        (2, 1.0, &[], &[(0.0, 0.5), (0.5, 1.0)]),
        (2, 0.5, &[], &[(0.0, 0.25), (0.5, 0.75)]),
        (2, 0.0, &[], &[(0.0, 0.0), (0.5, 0.5)]),
        (
            4,
            1.0,
            &[],
            &[(0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.0)],
        ),
        (2, 1.0, &[0.4, 0.6], &[(0.0, 0.4), (0.4, 1.0)]),
        (2, 0.5, &[0.4, 0.6], &[(0.0, 0.2), (0.4, 0.7)]),
        (2, -1.0, &[], &[(0.0, 0.0), (0.5, 0.5)]),
        (2, 1.2, &[], &[(0.0, 0.5), (0.5, 1.0)]),
        (2, 1.0, &[0.4, 0.1], &[(0.0, 0.5), (0.5, 1.0)]),
        (2, 1.0, &[0.7, 0.6], &[(0.0, 0.5), (0.5, 1.0)]),
        (0, 1.0, &[], &[]),
    ];
    for (count, coverage, weights, wanted) in rows {
        assert_eq!(
            growthbook::ranges(*count, *coverage, weights),
            *wanted,
            "{count} {coverage} {weights:?}"
        );
    }
    assert_eq!(growthbook::choose(0.5, &[(0.0, 0.5), (0.5, 1.0)]), Some(1));
    assert_eq!(growthbook::choose(0.4, &[(0.0, 0.25), (0.5, 0.75)]), None);
}

#[test]
fn murmur_agrees_on_every_length_of_tail() {
    let all = read("hash_bucketing.json");
    for (input, wanted) in all["murmur3_x86_32_seed0"].as_object().expect("rows") {
        assert_eq!(
            Some(u64::from(hash::murmur3_x86_32(input.as_bytes(), 0))),
            wanted.as_u64(),
            "{input}"
        );
    }
}
