//! Files and answers in all forms that Envoy reads and writes.

use super::*;

fn route() -> Route {
    Route::new("/f.json", "shop", "v2", "v1").with_shadow("dark")
}

fn file(action: &str) -> String {
    format!(
        r#"{{"resources": [{{"@type": "x", "name": "shop"}}, {{"@type": "{TYPE}", "name": "shop", "virtual_hosts": [
            {{"name": "v", "domains": ["*"], "routes": [
              {{"match": {{"prefix": "/old"}}, "route": {{"cluster": "v1"}}}},
              {{"match": {{"prefix": "/gone"}}, "direct_response": {{"status": 410}}}},
              {{"match": {{"prefix": "/"}}, "route": {action}}}]}}]}}]}}"#
    )
}

fn ratio(text: &str) -> Ratio {
    text.parse().expect("a ratio")
}

fn read(text: &str) -> Result<Option<Split>, ProviderError> {
    let mut file: Value = serde_json::from_str(text).expect("JSON");
    let table = list(&mut file, "resources").last_mut().expect("a table");
    split(table, &route(), "read")
}

#[test]
fn shares_are_written_exactly_and_the_rest_is_kept() {
    let action = r#"{"timeout": "3s", "weightedClusters": {"randomValueSpecifier": 1, "clusters": [
        {"name": "v1", "weight": 1, "hostRewriteLiteral": "one"}, {"name": "v2"}]},
        "requestMirrorPolicies": [{"cluster": "audit"}]}"#;
    let mut text = file(action);
    for share in ["0.0001%", "33.3333%", "100%", "0%"] {
        let wish = Wish::Weights(ratio(share));
        let new = edited(&text, &route(), wish, "set").expect("edited");
        let split = read(&new).expect("read").expect("one split");
        assert_eq!(split.share(), Some(ratio(share)), "{new}");
        assert_eq!(split.canary + split.stable, WHOLE);
        assert_eq!(edited(&new, &route(), wish, "set").expect("edited"), new);
        text = new;
    }
    for share in ["100%", "0.0007%", "0%"] {
        let wish = Wish::Copies(ratio(share));
        text = edited(&text, &route(), wish, "set").expect("edited");
        let split = read(&text).expect("read").expect("one split");
        assert_eq!((split.copies, split.canary), (ratio(share), 0), "{text}");
        assert_eq!(edited(&text, &route(), wish, "set").expect("edited"), text);
    }
    let wanted = file(
        r#"{"timeout": "3s", "weightedClusters": {"randomValueSpecifier": 1, "clusters": [
        {"name": "v1", "weight": 1000000, "hostRewriteLiteral": "one"}, {"name": "v2", "weight": 0}]},
        "requestMirrorPolicies": [{"cluster": "audit"}, {"cluster": "dark", "runtime_fraction":
        {"default_value": {"numerator": 0, "denominator": "MILLION"}}}]}"#,
    );
    let parsed = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    assert_eq!(parsed(&text), parsed(&wanted));
}

#[test]
fn all_forms_of_a_share_of_copies_are_read() {
    let weights = r#""weighted_clusters": {"clusters": [{"name": "v2", "weight": 7}, {"name": "v1", "weight": 93}]}"#;
    for (policies, share) in [
        (r"[]", Some("0%")),
        (r#"[{"cluster": "audit"}]"#, Some("0%")),
        (r#"[{"cluster": "dark"}]"#, Some("100%")),
        (
            r#"[{"cluster": "dark", "runtime_fraction": {}}]"#,
            Some("0%"),
        ),
        (
            r#"[{"cluster": "dark", "runtimeFraction": {"defaultValue": {"numerator": 25}}}]"#,
            Some("25%"),
        ),
        (
            r#"[{"cluster": "dark", "runtime_fraction": {"default_value": {"numerator": 25, "denominator": "TEN_THOUSAND"}}}]"#,
            Some("0.25%"),
        ),
        (
            r#"[{"cluster": "dark", "runtime_fraction": {"default_value": {"denominator": "MILLION"}}}]"#,
            Some("0%"),
        ),
        (
            r#"[{"cluster": "dark", "runtime_fraction": {"default_value": {"numerator": 25}, "runtime_key": "x"}}]"#,
            None,
        ),
        (
            r#"[{"cluster": "dark", "runtime_fraction": {"default_value": {"numerator": 25, "denominator": 7}}}]"#,
            None,
        ),
        (
            r#"[{"cluster": "dark", "runtime_fraction": {"default_value": {"numerator": 101}}}]"#,
            None,
        ),
    ] {
        let action = format!(r#"{{{weights}, "request_mirror_policies": {policies}}}"#);
        let found = read(&file(&action))
            .map(|split| split.expect("one split").copies)
            .ok();
        assert_eq!(found, share.map(ratio), "{policies}");
    }
}

#[test]
fn what_does_not_split_by_weights_alone_is_refused_and_nothing_is_written() {
    use ErrorKind as K;
    let wish = Wish::Weights(ratio("5%"));
    let two = |rest: &str| {
        let clusters = r#"[{"name": "v2", "weight": 1}, {"name": "v1", "weight": 1}]"#;
        format!(r#"{{"weighted_clusters": {{"clusters": {clusters}{rest}}}}}"#)
    };
    assert!(edited(&file(&two("")), &route(), wish, "set").is_ok());
    let of = |clusters: &str| {
        file(&format!(
            r#"{{"weighted_clusters": {{"clusters": {clusters}}}}}"#
        ))
    };
    for (text, kind) in [
        ("{".to_owned(), K::Invalid),
        ("[]".to_owned(), K::NotFound),
        ("{}".to_owned(), K::NotFound),
        (file(&two("")).replace("shop", "shoe"), K::NotFound),
        (file(r#"{"cluster": "v2"}"#), K::NotFound),
        (
            of(r#"[{"name": "a", "weight": 1}, {"name": "b", "weight": 1}]"#),
            K::NotFound,
        ),
        (of(r#"[{"name": "v2", "weight": 1}]"#), K::Invalid),
        (
            of(r#"[{"name": "v1"}, {"name": "v2"}, {"name": "v3"}]"#),
            K::Invalid,
        ),
        (
            of(r#"[{"name": "v1"}, {"name": "v2"}, {"name": "v2"}]"#),
            K::Invalid,
        ),
        (
            of(r#"[{"name": "v1", "weight": -1}, {"name": "v2"}]"#),
            K::Invalid,
        ),
        (
            of(r#"[{"name": "v1", "weight": 0.5}, {"name": "v2"}]"#),
            K::Invalid,
        ),
        (file(&two(r#", "runtime_key_prefix": "r""#)), K::Invalid),
    ] {
        let error = edited(&text, &route(), wish, "set").expect_err(&text);
        assert_eq!(
            (error.kind(), error.sent()),
            (kind, Sent::Nothing),
            "{text}: {error}"
        );
    }
}

#[test]
fn parts_that_differ_are_told_and_made_one() {
    let part = |canary: u8| {
        format!(
            r#"{{"route": {{"weighted_clusters": {{"clusters":
            [{{"name": "v2", "weight": {canary}}}, {{"name": "v1", "weight": 100}}]}}}}}}"#
        )
    };
    let text = format!(
        r#"{{"resources": [{{"@type": "{TYPE}", "name": "shop", "virtual_hosts": [
        {{"routes": [{}]}}, {{"routes": [{}]}}]}}]}}"#,
        part(0),
        part(3)
    );
    assert_eq!(read(&text).expect("read"), None);
    let new = edited(&text, &route(), Wish::Weights(Ratio::ZERO), "set").expect("edited");
    let split = read(&new).expect("read").expect("one split");
    assert_eq!(split.share(), Some(Ratio::ZERO));
}
