//! What the registry makes of answers and failures of providers.

#![expect(
    clippy::expect_used,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "tests: tables, and helpers beside the test functions"
)]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use phasegate_core::{
    Absence, Arm, Capability, Decimal, Desired, Effect, EffectClass, EffectKey, EffectOutcome,
    Inspection, Measurement, Observed, Query, Ratio, Role, Span, Standing, TargetId, Timestamp,
    Wants, Window, WindowKind,
};
use phasegate_provider::{
    Call, CommandRun, CommandRunner, Effector, ErrorKind, Exit, Message, MetricSource, Notifier,
    Provider, ProviderError, Receipt, Registry, Retry, Sent, Traffic, TrafficRouter,
};

/// What a scripted provider answers next.
#[derive(Debug)]
struct Script {
    capabilities: BTreeSet<Capability>,
    stands: Mutex<Ratio>,
    set: Mutex<Option<ProviderError>>,
    /// Does a failing `set` change the state all the same?
    lands: bool,
    read_fails: bool,
    measured: Mutex<Option<Result<Measurement, ProviderError>>>,
    exit: Exit,
    seen: Mutex<Vec<Call>>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            capabilities: BTreeSet::from([Capability::ReadBack]),
            stands: Mutex::new(Ratio::ZERO),
            set: Mutex::new(None),
            lands: true,
            read_fails: false,
            measured: Mutex::new(None),
            exit: Exit::Code(0),
            seen: Mutex::new(Vec::new()),
        }
    }
}

impl Provider for Script {
    fn capabilities(&self) -> BTreeSet<Capability> {
        self.capabilities.clone()
    }
}

#[async_trait]
impl TrafficRouter for Script {
    async fn read(&self, _: &TargetId, call: &Call) -> Result<Traffic, ProviderError> {
        self.seen.lock().unwrap().push(call.clone());
        if self.read_fails {
            return Err(error(ErrorKind::Unavailable, Sent::Maybe));
        }
        let canary = *self.stands.lock().unwrap();
        Ok(Traffic {
            canary,
            native: canary.to_string(),
        })
    }

    async fn set(
        &self,
        _: &TargetId,
        canary: Ratio,
        call: &Call,
    ) -> Result<Receipt, ProviderError> {
        self.seen.lock().unwrap().push(call.clone());
        if self.lands {
            *self.stands.lock().unwrap() = canary;
        }
        match self.set.lock().unwrap().take() {
            Some(error) => Err(error),
            None => Ok(Receipt::new("taken")),
        }
    }
}

#[async_trait]
impl CommandRunner for Script {
    async fn run(&self, _: &str, _: &Call) -> Result<CommandRun, ProviderError> {
        Ok(CommandRun {
            exit: self.exit,
            stdout: String::new(),
            stderr: "first\nlast\n\n".to_owned(),
            truncated: false,
        })
    }
}

#[async_trait]
impl Notifier for Script {
    async fn send(&self, _: &Message, _: &Call) -> Result<Receipt, ProviderError> {
        match self.set.lock().unwrap().take() {
            Some(error) => Err(error),
            None => Ok(Receipt::new("handed over")),
        }
    }
}

#[async_trait]
impl MetricSource for Script {
    async fn measure(&self, _: &Query, _: &Call) -> Result<Measurement, ProviderError> {
        self.measured.lock().unwrap().take().expect("a script")
    }
}

fn error(kind: ErrorKind, sent: Sent) -> ProviderError {
    ProviderError::new(kind, sent, "scripted")
}

fn percent(percent: u32) -> Ratio {
    Ratio::from_percent(percent).expect("a ratio")
}

fn traffic(canary: Ratio) -> Desired {
    Desired::Traffic {
        target: "checkout".parse().expect("an id"),
        canary,
    }
}

fn effect(desired: Desired) -> Effect {
    Effect {
        number: 3,
        key: EffectKey::new(&"r1".parse().expect("an id"), 3),
        to: "edge".parse().expect("an id"),
        desired,
        before: Some(traffic(Ratio::ZERO)),
        class: EffectClass::AbsoluteWithReadBack,
        deadline: Timestamp::EPOCH + Span::from_secs(60),
    }
}

fn call() -> Call {
    Call::new(Timestamp::EPOCH, Span::from_secs(5))
}

fn routed(script: Script) -> (Registry, Arc<Script>) {
    let (mut registry, script) = (Registry::new(), Arc::new(script));
    let router: Arc<dyn TrafficRouter> = Arc::<Script>::clone(&script);
    registry
        .bind_traffic_router("edge".parse().expect("an id"), router)
        .expect("free");
    (registry, script)
}

/// The first word of an outcome.
fn word(outcome: &EffectOutcome) -> &'static str {
    match outcome {
        EffectOutcome::Applied { .. } => "applied",
        EffectOutcome::NotApplied { .. } => "not applied",
        EffectOutcome::Unknown { .. } => "unknown",
    }
}

#[tokio::test]
async fn an_outcome_is_certain_only_where_it_can_be() {
    use ErrorKind as K;
    let read_back = BTreeSet::from([Capability::ReadBack]);
    let none = BTreeSet::new();
    // Capabilities, error of the write, does it land all the same, does the read fail, outcome.
    let cases = [
        (&read_back, None, true, false, "applied"),
        (&none, None, true, false, "applied"),
        (&read_back, None, true, true, "applied"),
        (&read_back, None, false, false, "unknown"),
        (
            &read_back,
            Some((K::Timeout, Sent::Maybe)),
            true,
            false,
            "unknown",
        ),
        (
            &read_back,
            Some((K::Timeout, Sent::Nothing)),
            false,
            false,
            "not applied",
        ),
        (
            &read_back,
            Some((K::Unavailable, Sent::Answered)),
            false,
            false,
            "unknown",
        ),
        (
            &read_back,
            Some((K::Invalid, Sent::Answered)),
            true,
            false,
            "unknown",
        ),
        (
            &read_back,
            Some((K::Denied, Sent::Answered)),
            false,
            false,
            "not applied",
        ),
        (
            &read_back,
            Some((K::Denied, Sent::Maybe)),
            false,
            false,
            "unknown",
        ),
        (
            &read_back,
            Some((K::Throttled, Sent::Answered)),
            false,
            false,
            "not applied",
        ),
        (
            &read_back,
            Some((K::Rejected, Sent::Nothing)),
            false,
            false,
            "not applied",
        ),
        (
            &read_back,
            Some((K::Conflict, Sent::Answered)),
            false,
            false,
            "not applied",
        ),
        (
            &read_back,
            Some((K::Conflict, Sent::Answered)),
            true,
            false,
            "applied",
        ),
        (
            &read_back,
            Some((K::Conflict, Sent::Answered)),
            false,
            true,
            "unknown",
        ),
        (
            &none,
            Some((K::Conflict, Sent::Answered)),
            false,
            false,
            "not applied",
        ),
    ];
    for (capabilities, fails, lands, read_fails, want) in cases {
        let (registry, _) = routed(Script {
            capabilities: capabilities.clone(),
            set: Mutex::new(fails.map(|(kind, sent)| error(kind, sent))),
            lands,
            read_fails,
            ..Script::default()
        });
        let outcome = registry
            .perform(&effect(traffic(percent(25))), &call())
            .await;
        assert_eq!(
            word(&outcome),
            want,
            "{fails:?} {lands} {read_fails}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_write_carries_key_and_class_and_a_look_does_not() {
    let (registry, script) = routed(Script::default());
    let effect = effect(traffic(percent(5)));
    registry.perform(&effect, &call().with_fencing(9)).await;
    let seen = script.seen.lock().unwrap();
    let [write, look] = seen.as_slice() else {
        panic!("one write and one look: {seen:?}");
    };
    assert_eq!(write.key.as_ref(), Some(&effect.key));
    assert_eq!(write.effect, Some(EffectClass::AbsoluteWithReadBack));
    assert_eq!((look.key.as_ref(), look.effect), (None, None));
    assert_eq!((write.fencing, look.fencing), (Some(9), Some(9)));
}

#[tokio::test]
async fn nothing_is_sent_once_the_deadline_has_passed() {
    let (registry, script) = routed(Script::default());
    let late = call().with_deadline(Span::ZERO);
    let outcome = registry.perform(&effect(traffic(percent(5))), &late).await;
    assert_eq!(word(&outcome), "not applied");
    assert!(script.seen.lock().unwrap().is_empty());
}

/// Does workflows, and knows nothing else.
#[derive(Debug, Default)]
struct Workflows(Mutex<Vec<String>>);

impl Provider for Workflows {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::new()
    }
}

#[async_trait]
impl Effector for Workflows {
    async fn perform(&self, desired: &Desired, call: &Call) -> Result<Receipt, ProviderError> {
        let Desired::Workflow { name, .. } = desired else {
            return Err(ProviderError::invalid("this host has workflows only"));
        };
        let key = call.key.as_ref().map(ToString::to_string);
        let line = format!("{name} {}", key.unwrap_or_default());
        self.0.lock().expect("a lock").push(line);
        Ok(Receipt::new("ended well"))
    }
}

#[tokio::test]
async fn an_effector_does_what_no_other_role_does() {
    let workflow = Desired::Workflow {
        name: "build".to_owned(),
        inputs: std::collections::BTreeMap::new(),
    };
    let host = Arc::new(Workflows::default());
    let mut registry = Registry::new();
    let wanted = effect(workflow);
    let outcome = registry.perform(&wanted, &call()).await;
    assert_eq!(word(&outcome), "not applied", "nothing is bound");
    let role = Role::WorkflowHost;
    let bound = registry.bind_effector(wanted.to.clone(), role, Arc::<Workflows>::clone(&host));
    bound.expect("free");
    let again = registry.bind_effector(wanted.to.clone(), role, Arc::<Workflows>::clone(&host));
    again.expect_err("taken");
    assert!(registry.capabilities(&wanted.to, role).is_some());
    let outcome = registry.perform(&wanted, &call()).await;
    assert_eq!(word(&outcome), "applied");
    let done = host.0.lock().expect("a lock").clone();
    assert_eq!(done, [format!("build {}", wanted.key)]);
}

#[tokio::test]
async fn what_is_not_bound_is_not_applied_and_not_measured() {
    let registry = Registry::new();
    for desired in [
        traffic(percent(5)),
        Desired::Flag {
            flag: "f".parse().expect("an id"),
            exposure: percent(5),
        },
        Desired::Command {
            command: "c".to_owned(),
            on: None,
            check: None,
        },
        Desired::Message {
            channel: "c".parse().expect("an id"),
            subject: String::new(),
            body: String::new(),
        },
    ] {
        let outcome = registry.perform(&effect(desired), &call()).await;
        assert_eq!(word(&outcome), "not applied");
    }
    let answer = registry.measure(&query(Wants::Scalar), &call()).await;
    assert!(matches!(answer, Err(Absence::Unavailable { .. })));
}

#[tokio::test]
async fn a_command_says_by_its_status_whether_it_did_its_work() {
    for (exit, want) in [
        (Exit::Code(0), "applied"),
        (Exit::Code(3), "not applied"),
        (Exit::Signal(9), "unknown"),
    ] {
        let mut registry = Registry::new();
        let script = Arc::new(Script {
            exit,
            ..Script::default()
        });
        registry
            .bind_command_runner("edge".parse().expect("an id"), script)
            .expect("free");
        let desired = Desired::Command {
            command: "migrate".to_owned(),
            on: None,
            check: None,
        };
        let outcome = registry.perform(&effect(desired), &call()).await;
        assert_eq!(word(&outcome), want, "{exit:?}");
        if let EffectOutcome::NotApplied { reason } = outcome {
            assert_eq!(reason, "command migrate ended with status 3: last");
        }
    }
}

#[tokio::test]
async fn a_message_counts_by_its_answer() {
    for (fails, want) in [
        (None, "applied"),
        (Some(error(ErrorKind::Timeout, Sent::Maybe)), "unknown"),
        (
            Some(error(ErrorKind::NotFound, Sent::Answered)),
            "not applied",
        ),
    ] {
        let mut registry = Registry::new();
        let script = Arc::new(Script {
            set: Mutex::new(fails),
            ..Script::default()
        });
        registry
            .bind_notifier("edge".parse().expect("an id"), script)
            .expect("free");
        let desired = Desired::Message {
            channel: "ops".parse().expect("an id"),
            subject: "s".to_owned(),
            body: "b".to_owned(),
        };
        let outcome = registry.perform(&effect(desired), &call()).await;
        assert_eq!(word(&outcome), want);
    }
}

#[tokio::test]
async fn an_inspection_says_how_the_state_stands() {
    for (stands, read_fails, want) in [
        (percent(25), false, Standing::AsDesired),
        (percent(5), false, Standing::AsBefore),
        (percent(7), false, Standing::Other),
        (percent(25), true, Standing::Unknown),
    ] {
        let (registry, _) = routed(Script {
            stands: Mutex::new(stands),
            read_fails,
            ..Script::default()
        });
        let inspection = Inspection {
            number: 1,
            to: "edge".parse().expect("an id"),
            desired: traffic(percent(25)),
            before: Some(traffic(percent(5))),
        };
        let reading = registry.inspect(&inspection, &call()).await;
        assert_eq!(reading.standing, want);
        assert_eq!(reading.found.is_some(), !read_fails);
    }
}

fn query(wants: Wants) -> Query {
    Query {
        to: "edge".parse().expect("an id"),
        kpi: "latency".parse().expect("an id"),
        text: "p99".to_owned(),
        arm: Arm::Canary,
        window: window(0, 60),
        unit: "ms".to_owned(),
        wants,
    }
}

fn window(start: u64, end: u64) -> Window {
    Window {
        start: Timestamp::EPOCH + Span::from_secs(start),
        end: Timestamp::EPOCH + Span::from_secs(end),
        kind: WindowKind::Rolling,
    }
}

async fn measured(
    wants: Wants,
    scripted: Result<Measurement, ProviderError>,
) -> Result<Measurement, Absence> {
    let mut registry = Registry::new();
    let script = Arc::new(Script {
        measured: Mutex::new(Some(scripted)),
        ..Script::default()
    });
    registry
        .bind_metric_source("edge".parse().expect("an id"), script)
        .expect("free");
    registry.measure(&query(wants), &call()).await
}

#[tokio::test]
async fn a_failed_query_is_an_absence_and_never_a_value() {
    use ErrorKind as K;
    let wait = Span::from_secs(30);
    for (failure, want) in [
        (error(K::NoData, Sent::Answered), "no data"),
        (error(K::Throttled, Sent::Answered), "throttled"),
        (
            error(K::Throttled, Sent::Answered).with_retry(Retry::After(wait)),
            "throttled",
        ),
        (
            error(K::Invalid, Sent::Answered),
            "the answer is not usable",
        ),
        (error(K::Rejected, Sent::Nothing), "provider unavailable"),
        (error(K::Timeout, Sent::Maybe), "provider unavailable"),
        (
            error(K::NotFound, Sent::Answered),
            "the question is refused",
        ),
        (error(K::Denied, Sent::Answered), "the question is refused"),
        (error(K::Misuse, Sent::Nothing), "the question is refused"),
    ] {
        let until = match failure.retry() {
            Retry::After(wait) => Some(Timestamp::EPOCH + wait),
            Retry::Maybe | Retry::Never => None,
        };
        let absence = measured(Wants::Scalar, Err(failure)).await.expect_err(want);
        assert!(absence.to_string().starts_with(want), "{absence}");
        if let Absence::Throttled { until: found } = absence {
            assert_eq!(found, until);
        }
    }
}

#[tokio::test]
async fn an_answer_that_does_not_fit_its_question_is_not_used() {
    let five = Decimal::from(5u64);
    let below = Wants::Below {
        threshold: five,
        inclusive: true,
    };
    let counted = |threshold, below, total| Observed::Below {
        threshold,
        below,
        total,
    };
    let share = |matching, total| Observed::Share { matching, total };
    let scalar = Observed::Scalar { value: five };
    for (wants, observed, window, fits) in [
        (Wants::Scalar, scalar.clone(), window(0, 60), true),
        (Wants::Scalar, scalar.clone(), window(10, 50), true),
        (Wants::Scalar, scalar.clone(), window(0, 61), false),
        (Wants::Share, scalar, window(0, 60), false),
        (Wants::Share, share(1, 2), window(0, 60), true),
        (Wants::Share, share(3, 2), window(0, 60), false),
        (below, counted(five, 1, 2), window(0, 60), true),
        (below, counted(five, 3, 2), window(0, 60), false),
        (below, counted(Decimal::ONE, 1, 2), window(0, 60), false),
        (
            Wants::Distribution,
            Observed::Distribution { sketch: Vec::new() },
            window(0, 60),
            false,
        ),
    ] {
        let told = format!("{wants:?} {observed:?}");
        let found = measured(
            wants,
            Ok(Measurement {
                window,
                samples: 2,
                observed,
            }),
        )
        .await;
        assert_eq!(found.is_ok(), fits, "{told}: {found:?}");
    }
}

#[test]
fn a_binding_has_one_provider_in_each_role() {
    let (mut registry, script) = routed(Script::default());
    let edge: phasegate_core::BindingId = "edge".parse().expect("an id");
    let again: Arc<dyn TrafficRouter> = Arc::<Script>::clone(&script);
    assert!(registry.bind_traffic_router(edge.clone(), again).is_err());
    assert!(registry.bind_metric_source(edge.clone(), script).is_ok());
    assert!(registry.capabilities(&edge, Role::MetricSource).is_some());
    assert!(registry.capabilities(&edge, Role::Notifier).is_none());
}
