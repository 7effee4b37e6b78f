//! The in-process adapters against the suites of their roles, and broken ones that the suites must find.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use phasegate_core::{
    Arm, Capability, Decimal, Measurement, Observed, Query, Ratio, Span, TargetId, Timestamp,
    Wants, Window, WindowKind,
};
use phasegate_provider::{
    Call, MetricSource, Provider, ProviderError, Receipt, Traffic, TrafficRouter,
};
use phasegate_provider_inprocess::{Ended, Recorder, RecorderConfig, ShadowConfig};
use phasegate_testkit::conformance::{Violation, metric_source, mirror, traffic_router};

use support::{Upstream, call, config, start, target};

fn rules(violations: &[Violation]) -> BTreeSet<&'static str> {
    violations.iter().map(|violation| violation.rule).collect()
}

fn nowhere() -> TargetId {
    "nowhere".parse().expect("an id")
}

#[tokio::test]
async fn the_router_keeps_the_rules_of_routers() {
    let (stable, canary) = (Upstream::saying("s").await, Upstream::saying("c").await);
    let router = start(config(stable.address, canary.address)).await;
    let router = router.router();
    let found = traffic_router(router.as_ref(), &target(), &nowhere(), &call()).await;
    assert_eq!(found, []);
    assert_eq!(router.canary(), Ratio::ZERO);
}

#[tokio::test]
async fn the_router_keeps_the_rules_of_mirrors() {
    let (stable, canary) = (Upstream::saying("s").await, Upstream::saying("c").await);
    let config = config(stable.address, canary.address);
    let unshadowed = start(config.clone()).await;
    let found = mirror(
        &unshadowed.router().mirror(),
        &target(),
        &nowhere(),
        &call(),
    )
    .await;
    let found = rules(&found);
    assert!(found.contains("what sends copies says so"), "{found:?}");
    assert!(found.contains("a share of copies can be set"), "{found:?}");

    let shadow = Upstream::saying("shadow").await;
    let config = config.with_shadow(ShadowConfig::new(shadow.address.to_string()));
    let router = start(config).await;
    let found = mirror(&router.router().mirror(), &target(), &nowhere(), &call()).await;
    assert_eq!(found, []);
    assert_eq!(router.router().copying(), Ratio::ZERO);
}

/// A router with one thing wrong with it.
#[derive(Debug)]
struct Broken {
    fault: Fault,
    share: Mutex<Ratio>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    /// Acknowledges and does nothing.
    Forgets,
    /// Has every route.
    KnowsAll,
    /// Cuts to whole percents and says that it is what was wanted only where it is.
    Rounds,
    /// A second write of one state fails.
    SecondFails,
    /// Claims no weights.
    NoWeights,
}

impl Provider for Broken {
    fn capabilities(&self) -> BTreeSet<Capability> {
        let mut claimed = BTreeSet::from([Capability::ReadBack, Capability::Weights]);
        if self.fault == Fault::NoWeights {
            claimed.remove(&Capability::Weights);
        }
        claimed
    }
}

#[async_trait]
impl TrafficRouter for Broken {
    async fn read(&self, route: &TargetId, _: &Call) -> Result<Traffic, ProviderError> {
        if *route != target() && self.fault != Fault::KnowsAll {
            return Err(ProviderError::misuse("no such route"));
        }
        let canary = *self.share.lock().expect("no panic");
        let native = canary.to_string();
        Ok(Traffic { canary, native })
    }

    async fn set(
        &self,
        route: &TargetId,
        canary: Ratio,
        _: &Call,
    ) -> Result<Receipt, ProviderError> {
        if *route != target() && self.fault != Fault::KnowsAll {
            return Err(ProviderError::misuse("no such route"));
        }
        let mut share = self.share.lock().expect("no panic");
        match self.fault {
            Fault::Forgets => {}
            Fault::Rounds => *share = Ratio::from_percent(canary.ppm() / 10_000).expect("whole"),
            Fault::SecondFails if *share == canary && canary != Ratio::ZERO => {
                return Err(ProviderError::invalid("it is so already"));
            }
            Fault::KnowsAll | Fault::NoWeights | Fault::SecondFails => *share = canary,
        }
        Ok(Receipt::new("done"))
    }
}

#[tokio::test]
async fn the_suite_of_routers_finds_what_is_broken() {
    for (fault, rule) in [
        (Fault::Forgets, "what was set is read back as desired"),
        (Fault::KnowsAll, "an unknown target has no state"),
        (Fault::NoWeights, "a traffic router splits by weight"),
        (Fault::Rounds, "what was set is read back as desired"),
        (
            Fault::SecondFails,
            "setting the same share twice is harmless",
        ),
    ] {
        let share = Mutex::new(Ratio::ZERO);
        let broken = Broken { fault, share };
        let found = traffic_router(&broken, &target(), &nowhere(), &call()).await;
        assert!(rules(&found).contains(rule), "{fault:?}: {found:?}");
    }
}

fn at(millis: u64) -> Timestamp {
    Timestamp::EPOCH + Span::from_millis(millis)
}

fn query(text: &str, unit: &str, wants: Wants) -> Query {
    Query {
        to: "recorder".parse().expect("an id"),
        kpi: "k".parse().expect("an id"),
        text: text.to_owned(),
        arm: Arm::Canary,
        window: Window {
            start: at(0),
            end: at(10_000),
            kind: WindowKind::Rolling,
        },
        unit: unit.to_owned(),
        wants,
    }
}

fn queries() -> Vec<Query> {
    let threshold = Decimal::from(50u64);
    vec![
        query(
            "latency",
            "ms",
            Wants::Below {
                threshold,
                inclusive: false,
            },
        ),
        query("latency", "ms", Wants::Distribution),
        query("p99(latency)", "ms", Wants::Scalar),
        query("errors", "%", Wants::Share),
        query("requests", "", Wants::Scalar),
    ]
}

fn later() -> Call {
    Call::new(at(60_000), Span::from_secs(1))
}

fn recorder() -> Recorder {
    let mut config = RecorderConfig::default();
    config.thresholds = BTreeSet::from([Span::from_millis(50)]);
    let recorder = Recorder::new(config).expect("a recorder");
    for n in 0..100 {
        recorder.record(
            Arm::Canary,
            at(n * 100),
            Span::from_millis(n),
            Ended::Served,
        );
    }
    recorder
}

#[tokio::test]
async fn the_recorder_keeps_the_rules_of_metric_sources() {
    let source: Arc<dyn MetricSource> = Arc::new(recorder());
    let found = metric_source(&source, &queries(), "nonsense", &later()).await;
    assert_eq!(found, []);
}

/// Answers anything with one fixed measurement.
#[derive(Debug)]
struct Liar(Observed);

impl Provider for Liar {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::MeasureScalar, Capability::MeasureShare])
    }
}

#[async_trait]
impl MetricSource for Liar {
    async fn measure(&self, query: &Query, _: &Call) -> Result<Measurement, ProviderError> {
        Ok(Measurement {
            window: query.window,
            samples: 7,
            observed: self.0.clone(),
        })
    }
}

#[tokio::test]
async fn the_suite_of_metric_sources_finds_what_is_broken() {
    let scalar = Observed::Scalar {
        value: Decimal::ONE,
    };
    let share = Observed::Share {
        matching: 9,
        total: 7,
    };
    for (lie, rule) in [
        (scalar.clone(), "a text without meaning has no answer"),
        (scalar.clone(), "tomorrow has no samples"),
        (scalar.clone(), "only claimed forms are asked for"),
        (scalar, "a query with data is answered"),
        (share, "a query with data is answered"),
    ] {
        let liar: Arc<dyn MetricSource> = Arc::new(Liar(lie.clone()));
        let found = metric_source(&liar, &queries(), "nonsense", &later()).await;
        assert!(rules(&found).contains(rule), "{lie:?}: {found:?}");
    }
    let liar: Arc<dyn MetricSource> = Arc::new(recorder());
    let few = metric_source(&liar, &queries()[..1], "nonsense", &later()).await;
    assert_eq!(rules(&few), BTreeSet::from(["each claimed form is shown"]));
}
