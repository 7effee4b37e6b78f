//! What holds for every pair of answers and every ledger.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use phasegate_core::{Observed, Timestamp};
use phasegate_shadow::{
    Answer, Difference, DifferenceKind, Ledger, Place, Resolution, Rules, Verdict, compare,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(".{0,4}", inner, 0..4).prop_map(|m| json!(m)),
        ]
    })
}

fn with_body(body: &Value) -> Answer {
    Answer {
        status: 200,
        body: body.to_string().into_bytes(),
        ..Answer::default()
    }
}

fn ledger() -> impl Strategy<Value = Ledger> {
    let step = (0..5_u8, 0..3_u8, 0..4_u8, 0..3_i64);
    proptest::collection::vec(step, 0..24).prop_map(|steps| {
        let mut ledger = Ledger::default();
        for (case, place, what, at) in steps {
            let place = Place::Header(place.to_string());
            let case = format!("case-{case}");
            match what {
                0 => ledger.record(&case, vec![]),
                1 => ledger.record(
                    &case,
                    vec![Difference {
                        place,
                        kind: DifferenceKind::Value,
                        old: Some(at.to_string()),
                        new: None,
                    }],
                ),
                _ => {
                    let verdict = if what == 2 {
                        Verdict::Bug
                    } else {
                        Verdict::Improvement
                    };
                    let by = "ada".parse().expect("a person");
                    let said = Resolution {
                        at: Timestamp::from_unix_millis(at),
                        by,
                        verdict,
                        why: String::new(),
                    };
                    // Nothing may be there yet.
                    drop(ledger.resolve(&case, &place, said));
                }
            }
        }
        ledger
    })
}

fn merged(parts: &[&Ledger]) -> Ledger {
    let mut whole = Ledger::default();
    for part in parts {
        whole.merge((*part).clone());
    }
    whole
}

proptest! {
    #[test]
    fn an_answer_agrees_with_itself_however_it_is_laid_out(value in json_value()) {
        let pretty = Answer { body: serde_json::to_vec_pretty(&value).expect("JSON"), ..with_body(&value) };
        prop_assert_eq!(compare(&with_body(&value), &pretty, &Rules::default()), vec![]);
    }

    #[test]
    fn both_directions_see_the_same_places(a in json_value(), b in json_value()) {
        let there = compare(&with_body(&a), &with_body(&b), &Rules::default());
        let back = compare(&with_body(&b), &with_body(&a), &Rules::default());
        prop_assert_eq!(there.is_empty(), a == b);
        let turned: Vec<_> = back.iter().map(|d| (&d.place, &d.new, &d.old)).collect();
        let straight: Vec<_> = there.iter().map(|d| (&d.place, &d.old, &d.new)).collect();
        prop_assert_eq!(straight, turned);
    }

    #[test]
    fn parts_merge_in_any_order_to_one_ledger(a in ledger(), b in ledger(), c in ledger()) {
        let whole = merged(&[&a, &b, &c]);
        prop_assert_eq!(&whole, &merged(&[&c, &a, &b]));
        prop_assert_eq!(&whole, &merged(&[&merged(&[&a, &b]), &c]));
        prop_assert_eq!(&whole, &merged(&[&a, &merged(&[&b, &c])]));
        let text = serde_json::to_string(&whole).expect("JSON");
        prop_assert_eq!(&serde_json::from_str::<Ledger>(&text).expect("a ledger"), &whole);
        let counts = whole.counts();
        prop_assert!(counts.agreed <= counts.accepted && counts.accepted <= counts.compared);
        let entries = u64::try_from(whole.entries().count()).expect("few");
        prop_assert_eq!(counts.open + counts.breaking + counts.bugs + counts.improvements, entries);
    }
}

#[test]
fn a_ledger_counts_by_what_people_said() {
    let status = || {
        vec![Difference {
            place: Place::Status,
            kind: DifferenceKind::Value,
            old: None,
            new: None,
        }]
    };
    let said = |verdict, at| Resolution {
        at: Timestamp::from_unix_millis(at),
        by: "ada".parse().expect("a person"),
        verdict,
        why: "seen".to_owned(),
    };
    let mut ledger = Ledger::default();
    assert_eq!(
        ledger.counts().agreement(),
        None,
        "nothing is not agreement"
    );
    ledger.record("same", vec![]);
    ledger.record("a", status());
    ledger.record("a", status());
    ledger.record("b", status());
    ledger
        .resolve("a", &Place::Status, said(Verdict::Improvement, 2))
        .expect("there");
    // An earlier word that comes late does not count.
    ledger
        .resolve("a", &Place::Status, said(Verdict::Bug, 1))
        .expect("there");
    let counts = ledger.counts();
    assert_eq!((counts.compared, counts.agreed, counts.accepted), (4, 1, 3));
    assert_eq!((counts.open, counts.bugs, counts.improvements), (1, 0, 1));
    assert_eq!(
        counts.acceptance(),
        Some(Observed::Share {
            matching: 3,
            total: 4
        })
    );
    assert_eq!(
        ledger.resolve_all(&Place::Status, &said(Verdict::Breaking, 3)),
        1,
        "only what is open"
    );
    assert_eq!(ledger.counts().breaking, 1);
    assert!(
        ledger
            .resolve("same", &Place::Status, said(Verdict::Bug, 4))
            .is_err()
    );
}
