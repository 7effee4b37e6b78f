//! Every role behind a guard: what policy and layers make of faults.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests, and helpers beside them"
)]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use phasegate_core::{
    Absence, Arm, Capability, Desired, Effect, EffectClass, EffectKey, EffectOutcome, Measurement,
    Observed, Query, Ratio, Span, Standing, TargetId, Timestamp, Wants, Window, WindowKind,
};
use phasegate_provider::{
    ApprovalSource, Ask, AskId, Call, CommandRun, CommandRunner, Effector, ErrorKind, EventId,
    EventSource, Exit, Exposure, Fault, Faults, FlagStore, Guard, Guarded, Health, HealthProbe,
    HealthState, Layer, Message, MetricSource, Notifier, Occurrence, Provider, ProviderError,
    Receipt, Recording, Registry, Replay, Reply, Retry, Sent, Trace, Traffic, TrafficRouter,
};
use phasegate_resilience::{
    Backoff, Breaker, BreakerConfig, Policy, RetryPolicy, TokioTimer, Window as Calls,
};

/// Has every role, answers everything and writes down what it was asked.
#[derive(Debug, Default)]
struct Everything {
    seen: Mutex<Vec<Call>>,
    throttles: bool,
}

impl Everything {
    fn saw(&self, call: &Call) -> Result<(), ProviderError> {
        self.seen.lock().unwrap().push(call.clone());
        if self.throttles {
            let error = ProviderError::new(ErrorKind::Throttled, Sent::Answered, "too much");
            return Err(error.with_retry(Retry::After(Span::from_secs(60))));
        }
        Ok(())
    }

    fn calls(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

impl Provider for Everything {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::MeasureScalar])
    }
}

#[async_trait]
impl TrafficRouter for Everything {
    async fn read(&self, _: &TargetId, call: &Call) -> Result<Traffic, ProviderError> {
        self.saw(call)?;
        Ok(Traffic {
            canary: Ratio::ONE,
            native: "n".to_owned(),
        })
    }
    async fn set(&self, _: &TargetId, c: Ratio, call: &Call) -> Result<Receipt, ProviderError> {
        self.saw(call)?;
        Ok(Receipt::new(c.to_string()))
    }
    fn judge(&self, _: &TargetId, _: Ratio, _: Option<Ratio>, _: &Traffic) -> Standing {
        Standing::Resting
    }
}

#[async_trait]
impl FlagStore for Everything {
    async fn read(&self, _: &TargetId, call: &Call) -> Result<Exposure, ProviderError> {
        self.saw(call)?;
        Ok(Exposure {
            share: Ratio::ONE,
            native: "n".to_owned(),
        })
    }
    async fn set(&self, _: &TargetId, s: Ratio, call: &Call) -> Result<Receipt, ProviderError> {
        self.saw(call)?;
        Ok(Receipt::new(s.to_string()))
    }
    fn judge(&self, _: &TargetId, _: Ratio, _: Option<Ratio>, _: &Exposure) -> Standing {
        Standing::Resting
    }
}

#[async_trait]
impl CommandRunner for Everything {
    async fn run(&self, command: &str, call: &Call) -> Result<CommandRun, ProviderError> {
        self.saw(call)?;
        Ok(CommandRun {
            exit: Exit::Code(0),
            stdout: command.to_owned(),
            stderr: String::new(),
            truncated: false,
        })
    }
}

#[async_trait]
impl Effector for Everything {
    async fn perform(&self, desired: &Desired, call: &Call) -> Result<Receipt, ProviderError> {
        self.saw(call)?;
        Ok(Receipt::new(desired.to_string()))
    }
}

#[async_trait]
impl Notifier for Everything {
    async fn send(&self, message: &Message, call: &Call) -> Result<Receipt, ProviderError> {
        self.saw(call)?;
        Ok(Receipt::new(message.subject.clone()))
    }
}

#[async_trait]
impl MetricSource for Everything {
    async fn measure(&self, query: &Query, call: &Call) -> Result<Measurement, ProviderError> {
        self.saw(call)?;
        Ok(Measurement {
            window: query.window,
            samples: 1,
            observed: Observed::Scalar { value: 7u64.into() },
        })
    }
}

#[async_trait]
impl HealthProbe for Everything {
    async fn probe(&self, _: &TargetId, call: &Call) -> Result<Health, ProviderError> {
        self.saw(call)?;
        Ok(Health {
            state: HealthState::Up,
            detail: "up".to_owned(),
        })
    }
}

#[async_trait]
impl EventSource for Everything {
    async fn poll(&self, call: &Call) -> Result<Vec<Occurrence>, ProviderError> {
        self.saw(call)?;
        Ok(Vec::new())
    }
    async fn acknowledge(&self, _: &[EventId], call: &Call) -> Result<(), ProviderError> {
        self.saw(call)
    }
}

#[async_trait]
impl ApprovalSource for Everything {
    async fn ask(&self, ask: &Ask, call: &Call) -> Result<Receipt, ProviderError> {
        self.saw(call)?;
        Ok(Receipt::new(ask.id.as_str()))
    }
    async fn poll(&self, call: &Call) -> Result<Vec<Reply>, ProviderError> {
        self.saw(call)?;
        Ok(Vec::new())
    }
    async fn close(&self, _: &AskId, call: &Call) -> Result<(), ProviderError> {
        self.saw(call)
    }
}

fn target() -> TargetId {
    "t".parse().expect("an id")
}

fn call() -> Call {
    Call::new(Timestamp::EPOCH, Span::from_secs(30))
}

fn effect_call(class: EffectClass) -> Call {
    call().with_effect(EffectKey::new(&"r".parse().expect("an id"), 1), class)
}

fn query() -> Query {
    Query {
        to: "b".parse().expect("an id"),
        kpi: "k".parse().expect("an id"),
        text: "t".to_owned(),
        arm: Arm::Whole,
        window: Window {
            start: Timestamp::EPOCH,
            end: Timestamp::EPOCH + Span::from_secs(60),
            kind: WindowKind::Rolling,
        },
        unit: String::new(),
        wants: Wants::Scalar,
    }
}

fn retrying() -> Policy {
    let backoff = Backoff::exponential(Duration::from_millis(100));
    Policy::new()
        .retry(RetryPolicy::default().attempts(3).backoff(backoff))
        .timeout(Duration::from_secs(5))
}

fn guard(policy: Policy, layers: Vec<Arc<dyn Layer>>) -> Guard<TokioTimer> {
    Guard::new(policy, layers, TokioTimer::new())
}

fn faults(script: &[Fault]) -> Vec<Arc<dyn Layer>> {
    vec![Arc::new(Faults::new(script.iter().copied()))]
}

type Router = Guarded<dyn TrafficRouter, TokioTimer>;

fn router(script: &[Fault]) -> (Arc<Everything>, Router) {
    let inner = Arc::new(Everything::default());
    let role: Arc<dyn TrafficRouter> = Arc::<Everything>::clone(&inner);
    (inner, Router::new(role, guard(retrying(), faults(script))))
}

#[tokio::test(start_paused = true)]
async fn whether_an_attempt_is_repeated_depends_on_what_twice_would_do() {
    use EffectClass as C;
    use Fault as F;
    for (class, fault, calls, works) in [
        (C::AbsoluteWithReadBack, F::LoseResponse, 2, true),
        (C::IdempotentByKey, F::LoseResponse, 2, true),
        (C::FireAndForget, F::LoseResponse, 2, true),
        (C::AtMostOnce, F::LoseResponse, 1, false),
        (C::Conditional, F::LoseResponse, 1, false),
        (C::AtMostOnce, F::LoseRequest, 1, true),
        (C::Conditional, F::LoseRequest, 1, true),
        (C::AtMostOnce, F::Answer(ErrorKind::Denied), 0, false),
        (
            C::AbsoluteWithReadBack,
            F::Answer(ErrorKind::Denied),
            0,
            false,
        ),
        (
            C::AbsoluteWithReadBack,
            F::Answer(ErrorKind::Unavailable),
            1,
            true,
        ),
    ] {
        let (inner, router) = router(&[fault]);
        let set = router.set(&target(), Ratio::ONE, &effect_call(class)).await;
        assert_eq!(
            (inner.calls(), set.is_ok()),
            (calls, works),
            "{class:?} {fault:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_attempt_may_have_done_is_not_forgotten() {
    use Fault as F;
    let denied = F::Answer(ErrorKind::Denied);
    for (script, refusal) in [
        (vec![denied], true),
        (vec![F::LoseRequest, denied], true),
        (vec![F::LoseResponse, denied], false),
        (vec![F::Answer(ErrorKind::Unavailable), denied], false),
        (vec![F::LoseResponse, F::LoseRequest, denied], false),
        (vec![F::Hang, denied], false),
    ] {
        let (_, router) = router(&script);
        let call = effect_call(EffectClass::AbsoluteWithReadBack);
        let error = router
            .set(&target(), Ratio::ONE, &call)
            .await
            .expect_err("denied");
        assert_eq!(error.kind(), ErrorKind::Denied, "{script:?}");
        assert_eq!(error.is_refusal(), refusal, "{script:?}: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_hangs_ends_with_the_deadline_and_may_have_arrived() {
    let (_, router) = router(&[Fault::Hang; 9]);
    let started = tokio::time::Instant::now();
    let call = effect_call(EffectClass::AtMostOnce).with_deadline(Span::from_secs(3));
    let error = router
        .set(&target(), Ratio::ONE, &call)
        .await
        .expect_err("late");
    assert_eq!(
        (error.kind(), error.sent()),
        (ErrorKind::Timeout, Sent::Maybe)
    );
    assert!(
        started.elapsed() <= Duration::from_millis(3100),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_has_only_the_time_that_is_left() {
    let (inner, router) = router(&[Fault::Hang, Fault::None]);
    let call = effect_call(EffectClass::AbsoluteWithReadBack);
    router
        .set(&target(), Ratio::ONE, &call)
        .await
        .expect("the second one works");
    let seen = inner.seen.lock().unwrap();
    let left: Vec<u64> = seen
        .iter()
        .map(|call| call.deadline.as_millis() / 1000)
        .collect();
    assert!(left[0] >= 29 && left[1] <= 25, "{left:?}");
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_is_no_measurement_and_no_effect() {
    let config = BreakerConfig::default()
        .window(Calls::Calls(4))
        .min_calls(2);
    let breaker = Arc::new(Breaker::new(config).expect("a breaker"));
    let policy = Policy::new().breaker(breaker);
    let script = [Fault::Answer(ErrorKind::Unavailable); 4];
    let guard = guard(policy, faults(&script));
    let inner = Arc::new(Everything::default());
    let mut registry = Registry::new();
    let source: Arc<dyn MetricSource> = Arc::<Everything>::clone(&inner);
    let source = Guarded::<dyn MetricSource, _>::new(source, guard.clone());
    registry
        .bind_metric_source("b".parse().expect("an id"), Arc::new(source))
        .expect("free");
    let role: Arc<dyn TrafficRouter> = Arc::<Everything>::clone(&inner);
    let role = Router::new(role, guard);
    registry
        .bind_traffic_router("b".parse().expect("an id"), Arc::new(role))
        .expect("free");
    for _ in 0..4 {
        let answer = registry.measure(&query(), &call()).await;
        assert!(
            matches!(answer, Err(Absence::Unavailable { .. })),
            "{answer:?}"
        );
    }
    let effect = Effect {
        number: 1,
        key: EffectKey::new(&"r".parse().expect("an id"), 1),
        to: "b".parse().expect("an id"),
        desired: Desired::Traffic {
            target: target(),
            canary: Ratio::ONE,
        },
        before: None,
        class: EffectClass::AbsoluteWithReadBack,
        deadline: Timestamp::EPOCH,
    };
    let outcome = registry.perform(&effect, &call()).await;
    let EffectOutcome::NotApplied { reason } = outcome else {
        unreachable!("the breaker is open: {outcome:?}")
    };
    assert!(reason.contains("the breaker is open"), "{reason}");
    assert_eq!(inner.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_source_says_until_when() {
    let inner: Arc<dyn MetricSource> = Arc::new(Everything {
        throttles: true,
        ..Everything::default()
    });
    let source = Guarded::<dyn MetricSource, _>::new(inner, guard(retrying(), Vec::new()));
    let mut registry = Registry::new();
    registry
        .bind_metric_source("b".parse().expect("an id"), Arc::new(source))
        .expect("free");
    // The hint is longer than the deadline: it gives up at once and says so.
    let started = tokio::time::Instant::now();
    let answer = registry.measure(&query(), &call()).await;
    let Err(Absence::Throttled { until: Some(until) }) = answer else {
        unreachable!("throttled: {answer:?}")
    };
    // Not earlier than was asked, and a little later, so that not all come back at once.
    let wait = until.since(Timestamp::EPOCH);
    assert!(
        Span::from_secs(60) <= wait && wait < Span::from_secs(66),
        "{wait}"
    );
    assert!(started.elapsed() < Duration::from_secs(1));
}

fn ask() -> Ask {
    Ask {
        id: AskId::new("a"),
        gate: Some("g".parse().expect("an id")),
        role: "r".parse().expect("an id"),
        question: "?".to_owned(),
        plan_digest: "0".to_owned(),
        journal_head: "1".to_owned(),
        expires: Timestamp::EPOCH,
        to_sign: None,
    }
}

/// Calls every method of every role once and writes the answers down.
async fn tour(inner: &Arc<Everything>, layers: Vec<Arc<dyn Layer>>) -> Vec<String> {
    macro_rules! role {
        ($role:ident) => {{
            let inner: Arc<dyn $role> = Arc::<Everything>::clone(inner);
            Guarded::<dyn $role, _>::new(inner, guard(retrying(), layers.clone()))
        }};
    }
    let (target, call) = (target(), call());
    let message = Message {
        channel: "c".parse().expect("an id"),
        subject: "s".to_owned(),
        body: "b".to_owned(),
    };
    let mirror = Desired::Mirror {
        target: target.clone(),
        share: Ratio::ONE,
    };
    let (router, flags) = (role!(TrafficRouter), role!(FlagStore));
    let (events, approvals) = (role!(EventSource), role!(ApprovalSource));
    let traffic = router.read(&target, &call).await;
    let judged = traffic
        .as_ref()
        .map(|t| router.judge(&target, Ratio::ZERO, None, t));
    assert!(!matches!(judged, Ok(Standing::Other)), "the adapter judges");
    let exposure = flags.read(&target, &call).await;
    let judged = exposure
        .as_ref()
        .map(|e| flags.judge(&target, Ratio::ZERO, None, e));
    assert!(!matches!(judged, Ok(Standing::Other)), "the adapter judges");
    assert!(router.capabilities().contains(&Capability::MeasureScalar));
    vec![
        format!("{traffic:?}"),
        format!("{exposure:?}"),
        format!("{:?}", router.set(&target, Ratio::ONE, &call).await),
        format!("{:?}", flags.set(&target, Ratio::ONE, &call).await),
        format!("{:?}", role!(CommandRunner).run("c", &call).await),
        format!("{:?}", role!(Effector).perform(&mirror, &call).await),
        format!("{:?}", role!(Notifier).send(&message, &call).await),
        format!("{:?}", role!(MetricSource).measure(&query(), &call).await),
        format!("{:?}", role!(HealthProbe).probe(&target, &call).await),
        format!("{:?}", events.poll(&call).await),
        format!(
            "{:?}",
            events.acknowledge(&[EventId::new("e")], &call).await
        ),
        format!("{:?}", approvals.ask(&ask(), &call).await),
        format!("{:?}", approvals.poll(&call).await),
        format!("{:?}", approvals.close(&AskId::new("a"), &call).await),
    ]
}

#[tokio::test(start_paused = true)]
async fn what_was_recorded_is_replayed_without_the_other_side() {
    let recording = Arc::new(Recording::new(100));
    let inner = Arc::new(Everything::default());
    let trace = Arc::new(Trace::new("b".parse().expect("an id")));
    let live = tour(&inner, vec![trace, Arc::<Recording>::clone(&recording)]).await;
    assert!(live.iter().all(|line| line.starts_with("Ok(")), "{live:#?}");
    assert_eq!(inner.calls(), live.len());
    // Through JSON, as a fixture would.
    let stored = serde_json::to_string(&recording.take()).expect("JSON");
    let exchanges = serde_json::from_str(&stored).expect("the same");
    let replay = Arc::new(Replay::new(exchanges));
    let nobody = Arc::new(Everything::default());
    let again = tour(&nobody, vec![Arc::<Replay>::clone(&replay)]).await;
    assert_eq!((again, nobody.calls(), replay.left()), (live, 0, 0));
    let none = tour(&nobody, vec![replay]).await;
    assert!(none.iter().all(|line| line.contains("Misuse")), "{none:#?}");
}

#[tokio::test(start_paused = true)]
async fn failures_are_recorded_with_all_that_decides_about_them() {
    let recording = Arc::new(Recording::new(1));
    let inner = Arc::new(Everything {
        throttles: true,
        ..Everything::default()
    });
    tour(&inner, vec![Arc::<Recording>::clone(&recording)]).await;
    let exchanges = recording.take();
    assert_eq!(exchanges.len(), 1, "no more than asked for");
    let failure = exchanges[0].response.clone().expect_err("throttled");
    let error = ProviderError::from(failure);
    let hint = Retry::After(Span::from_secs(60));
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Throttled, hint));
    assert_eq!((error.sent(), error.detail()), (Sent::Answered, "too much"));
}
