//! Queries by name reach their source in its own words, and only those that have some.
#![expect(clippy::expect_used, reason = "helpers of tests may panic")]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use phasegate_core::{
    Arm, Capability, Decimal, Measurement, Observed, Query, Span, Timestamp, Wants, Window,
    WindowKind,
};
use phasegate_provider::{
    Call, ErrorKind, MetricSource, NamedQueries, Provider, ProviderError, Texts,
};

/// Remembers what it was asked and answers one.
#[derive(Debug, Default)]
struct Source(Mutex<Vec<String>>);

impl Provider for Source {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::MeasureScalar])
    }
}

#[async_trait]
impl MetricSource for Source {
    async fn measure(&self, query: &Query, _call: &Call) -> Result<Measurement, ProviderError> {
        self.0.lock().expect("no panic").push(query.text.clone());
        Ok(Measurement {
            window: query.window,
            samples: 1,
            observed: Observed::Scalar {
                value: Decimal::ONE,
            },
        })
    }
}

fn query(text: &str, arm: Arm) -> Query {
    Query {
        to: "metrics".parse().expect("an id"),
        kpi: "latency".parse().expect("an id"),
        text: text.to_owned(),
        arm,
        window: Window {
            start: Timestamp::EPOCH,
            end: Timestamp::EPOCH + Span::from_secs(60),
            kind: WindowKind::Rolling,
        },
        unit: "ms".to_owned(),
        wants: Wants::Scalar,
    }
}

#[tokio::test]
async fn a_name_becomes_the_sources_own_text_and_what_has_none_is_a_misuse() {
    let source = Arc::new(Source::default());
    let latency: Texts =
        serde_json::from_str(r#"{"canary": "q{v=\"new\"}", "stable": "q{v=\"old\"}"}"#)
            .expect("it reads");
    let named = NamedQueries::new(
        Arc::<Source>::clone(&source),
        [("latency".to_owned(), latency)].into(),
    );
    let call = Call::new(Timestamp::EPOCH, Span::from_secs(1));
    for arm in [Arm::Canary, Arm::Stable] {
        let answer = named.measure(&query("latency", arm), &call).await;
        assert_eq!(answer.expect("an answer").samples, 1);
    }
    let asked = source.0.lock().expect("no panic").clone();
    assert_eq!(asked, [r#"q{v="new"}"#, r#"q{v="old"}"#]);

    for (text, arm, said) in [
        ("latncy", Arm::Canary, "there are: latency"),
        ("latency", Arm::Whole, "no text for whole"),
    ] {
        let error = named.measure(&query(text, arm), &call).await;
        let error = error.expect_err("it has none");
        assert_eq!(error.kind(), ErrorKind::Misuse);
        assert!(error.to_string().contains(said), "{error}");
    }
    assert_eq!(source.0.lock().expect("no panic").len(), 2);
    let both = BTreeSet::from([Capability::MeasurePerArm, Capability::MeasureScalar]);
    assert_eq!(named.capabilities(), both);
    let alike: Texts = serde_json::from_str(r#"{"canary": "q", "stable": "q"}"#).expect("it reads");
    let queries = [("latency".to_owned(), alike)].into();
    let alike = NamedQueries::new(Arc::<Source>::clone(&source), queries);
    assert_eq!(
        alike.capabilities(),
        source.capabilities(),
        "one text cannot tell them apart"
    );
    let unknown = serde_json::from_str::<Texts>(r#"{"canery": "q"}"#);
    assert!(unknown.is_err(), "a misspelt arm is no text");
}
