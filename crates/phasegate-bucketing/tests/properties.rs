//! What holds for every scheme, whatever the actor and the flag.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use phasegate_bucketing::growthbook::HashVersion;
use phasegate_bucketing::{Actor, Cohort, Scheme};
use phasegate_core::Ratio;
use proptest::prelude::*;

fn schemes(flag: &str) -> Vec<Scheme> {
    let flag = flag.to_owned();
    vec![
        Scheme::Flagd { flag: flag.clone() },
        Scheme::Flipper {
            feature: flag.clone(),
        },
        Scheme::GrowthBook {
            seed: flag.clone(),
            version: HashVersion::V1,
        },
        Scheme::GrowthBook {
            seed: flag.clone(),
            version: HashVersion::V2,
        },
        Scheme::LaunchDarkly {
            key: flag.clone(),
            salt: "salt".to_owned(),
        },
        Scheme::Unleash { group: flag },
    ]
}

fn share(ppm: u32) -> Ratio {
    Ratio::from_ppm(ppm).expect("a share")
}

proptest! {
    #[test]
    fn raising_the_share_never_puts_anybody_out(flag in ".{0,12}", actor in ".{0,24}", a in 0..=1_000_000_u32, b in 0..=1_000_000_u32) {
        for scheme in schemes(&flag) {
            let low = scheme.exposes(&actor, share(a.min(b)));
            let high = scheme.exposes(&actor, share(a.max(b)));
            prop_assert!(!low || high, "{scheme:?}");
            prop_assert!(!scheme.exposes(&actor, Ratio::ZERO), "{scheme:?}");
            prop_assert!(scheme.exposes(&actor, Ratio::ONE), "{scheme:?}");
        }
    }

    #[test]
    fn a_cohort_is_read_back_as_it_was_written(flag in ".{0,12}", ppm in 0..=1_000_000_u32, ids in proptest::collection::btree_set(".{0,8}", 0..4)) {
        let mut parts: Vec<Cohort> = schemes(&flag).into_iter().map(|scheme| Cohort::Percent { share: share(ppm), scheme }).collect();
        parts.push(Cohort::List(ids));
        let cohort = Cohort::AnyOf(parts);
        let text = serde_json::to_string(&cohort).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<Cohort>(&text).expect("a cohort"), cohort);
    }
}

/// Chi-square of 20 000 actors over the ten tenths; 27.88 is exceeded once in a thousand by chance, and the
/// actors are the same in every run.
#[test]
fn buckets_are_uniform_and_flags_are_independent() {
    for (scheme, other) in schemes("checkout").iter().zip(schemes("search")) {
        let mut tenths = [0_u32; 10];
        let mut both = 0_u32;
        for n in 0..20_000 {
            let actor = format!("User;{n}");
            let tenth = (1..=10).position(|tenth| scheme.exposes(&actor, share(tenth * 100_000)));
            tenths[tenth.expect("100 % has all")] += 1;
            both += u32::from(
                scheme.exposes(&actor, share(500_000)) && other.exposes(&actor, share(500_000)),
            );
        }
        let chi: f64 = tenths
            .iter()
            .map(|n| (f64::from(*n) - 2000.0).powi(2) / 2000.0)
            .sum();
        assert!(chi < 27.88, "{scheme:?}: {chi} {tenths:?}");
        // A quarter of all are in both halves, within five standard deviations of 61.
        assert!(both.abs_diff(5000) < 306, "{scheme:?}: {both}");
    }
}

#[test]
fn labels_and_lists_are_exact() {
    let actor = Actor {
        id: "7".to_owned(),
        labels: [("ring".to_owned(), "early".to_owned())].into(),
    };
    for (text, holds) in [
        (r#"{"label": {"name": "ring", "value": "early"}}"#, true),
        (r#"{"label": {"name": "ring", "value": "Early"}}"#, false),
        (r#"{"label": {"name": "team", "value": "early"}}"#, false),
        (r#"{"list": ["6", "7"]}"#, true),
        (r#"{"list": ["77"]}"#, false),
        (r#"{"any-of": []}"#, false),
        (
            r#"{"any-of": [{"list": []}, {"percent": {"share": "100%", "scheme": {"growthbook": {"seed": "s"}}}}]}"#,
            true,
        ),
    ] {
        let cohort: Cohort = serde_json::from_str(text).expect("a cohort");
        assert_eq!(cohort.contains(&actor), holds, "{text}");
    }
    for bad in [
        r#"{"percent": {"share": "101%", "scheme": {"unleash": {"group": "g"}}}}"#,
        r#"{"list": ["1"], "label": 1}"#,
        r#"{"everybody": {}}"#,
    ] {
        assert!(serde_json::from_str::<Cohort>(bad).is_err(), "{bad}");
    }
}
