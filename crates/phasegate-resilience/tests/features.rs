//! Registries, layers, interop and tracing, as their users use them.
#![cfg(not(any(loom, shuttle)))]

#[cfg(feature = "serde")]
mod registry {
    use core::time::Duration;
    use std::sync::Arc;

    use phasegate_resilience::config::{BreakerKey, Registry, RegistrySettings, SavedRegistry};
    use phasegate_resilience::{
        Call, CallClass, ErrorKind, Judgement, Misuse, RejectionKind, SavedBreaker, State,
        StdClock, Tick,
    };

    fn key(provider: &str, endpoint: &str, credential: &str) -> BreakerKey {
        let [provider, endpoint, credential] = [provider, endpoint, credential].map(String::from);
        BreakerKey {
            provider,
            endpoint,
            credential,
        }
    }

    const DOCUMENT: &str = r#"
        most_keys = 3
        [default.breaker]
        consecutive_failures = 5
        [policies.prometheus.breaker]
        window = { span = "1m", slots = 60 }
        failure_rate = 0.5
        slow = { over = "2s", rate = 0.8 }
        min_calls = 20
        probes = 3
        probe_wait = "30s"
        open_for = { schedule = "fibonacci", first = "5s", cap = "5m", jitter = { proportional = 0.1 } }
        [policies."prometheus/admin"]
        timeout = "1s500ms"
        retry = { attempts = 4, backoff = { schedule = "list", delays = ["1s", "5s"] } }
        limiter = { calls = 30, per = "1m", burst = 5, wait = "2s", reserve_safety = 1 }
        bulkhead = { limit = 4, queue = 8, wait = "1s" }
    "#;

    #[test]
    fn a_document_becomes_policies_and_comes_back_as_it_was() {
        let settings: RegistrySettings = toml::from_str(DOCUMENT).unwrap();
        let again: RegistrySettings =
            serde_json::from_str(&serde_json::to_string(&settings).unwrap()).unwrap();
        assert_eq!(settings, again);
        let registry = Registry::new(settings).unwrap();
        let query = registry.policy(&key("prometheus", "query", "a")).unwrap();
        assert!(Arc::ptr_eq(
            &query,
            &registry.policy(&key("prometheus", "query", "a")).unwrap()
        ));
        let other = registry.policy(&key("prometheus", "query", "b")).unwrap();
        assert!(!Arc::ptr_eq(
            query.breaker_ref().unwrap(),
            other.breaker_ref().unwrap()
        ));
        let admin = registry.policy(&key("prometheus", "admin", "a")).unwrap();
        assert!(admin.breaker_ref().is_none());
        let full = registry.policy(&key("github", "search", "a"));
        assert_eq!(full.err(), Some(Misuse::TooManyKeys));
        assert_eq!(registry.snapshots().len(), 2);
    }

    #[test]
    fn what_a_document_cannot_mean_is_refused() {
        let refused = [
            "unknown = 1",
            "[default]\nbreaker = { window = { calls = 10, span = \"1s\" } }",
            "[default]\nbreaker = { failure_rate = 1.5 }",
            "[default]\nbreaker = { window = { calls = 0 } }",
            "[default]\nbreaker = { probes = 5000 }",
            "[default]\nretry = { backoff = { schedule = \"list\" } }",
            "[default]\nretry = { backoff = { factor = 0.5, first = \"1s\" } }",
            "[default]\ntimeout = \"5\"",
            "[default]\ntimeout = \"5 parsecs\"",
            "[default]\nlimiter = { calls = 0, per = \"1s\" }",
        ];
        for text in refused {
            let made = toml::from_str::<RegistrySettings>(text)
                .map_err(|error| error.to_string())
                .and_then(|settings| Registry::new(settings).map_err(|misuse| misuse.to_string()));
            assert!(made.is_err(), "{text}");
        }
    }

    #[test]
    fn every_piece_can_be_named_in_a_document() {
        let settings: RegistrySettings = toml::from_str(
            r#"
            [default]
            not_before = "1h"
            budget = { grpc = { max_tokens = 10, ratio = 0.1 } }
            throttle = { window = "2m" }
            hedge = { quantile = 0.95, at_first = "1s", samples = 20 }
            bulkhead = { limit = 8, adaptive = { lowest = 2, highest = 64, slow_over = "1s" } }
            [default.breaker]
            mode = "metrics_only"
            failure_count = 5
            probes = 5
            probe_successes = 3
            half_open_at_most = "30s"
            only_failures_open = true
            open_ends_at_wait = true
            [policies.slow]
            budget = { expiring = { ttl = "10s", ratio = 0.2, reserve_per_second = 1 } }
            [policies.shared]
            budget = { concurrent = { share = 0.2, at_least = 3 } }
            [policies.aws]
            budget = { aws = { capacity = 500, cost = 5 } }
            "#,
        )
        .unwrap();
        let registry = Registry::new(settings).unwrap();
        let breaker = |provider| {
            let policy = registry.policy(&key(provider, "any", "bot")).unwrap();
            policy.breaker_ref().map(|breaker| breaker.state())
        };
        assert_eq!(breaker("prometheus"), Some(State::MetricsOnly));
        assert_eq!(breaker("aws"), None);
        for wrong in [
            "budget = { grpc = { max_tokens = 0, ratio = 0.1 } }",
            "budget = { expiring = { ttl = \"10s\", ratio = 1.5 } }",
            "hedge = { }",
            "bulkhead = { limit = 8, adaptive = { lowest = 9, highest = 2 } }",
            "breaker = { probes = 2, probe_successes = 3 }",
        ] {
            let settings: RegistrySettings =
                toml::from_str(&format!("[default]\n{wrong}")).unwrap();
            assert!(Registry::new(settings).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_registry_keeps_all_but_so_many_breakers_closed() {
        let text = r#"
            most_open = 1
            [default.breaker]
            consecutive_failures = 1
            "#;
        let settings: RegistrySettings = toml::from_str(text).unwrap();
        let registry = Registry::new(settings).unwrap();
        let now = Tick::from_secs(1);
        let states: Vec<State> = ["prometheus", "datadog", "statuspage"]
            .map(|provider| {
                let policy = registry.policy(&key(provider, "query", "bot")).unwrap();
                let breaker = policy.breaker_ref().unwrap();
                let permit = breaker.try_acquire(CallClass::Read, &now).unwrap();
                permit.failure(&now);
                breaker.state()
            })
            .into();
        assert_eq!(states, [State::Open, State::Closed, State::Closed]);
    }

    #[test]
    fn a_registry_survives_a_restart_and_no_clock_can_hold_it_back() {
        let text = r#"
            [default]
            not_before = "10m"
            breaker = { window = { calls = 1 }, min_calls = 1, open_for = { schedule = "constant", first = "1m" } }
            budget = { aws = { capacity = 10, cost = 5 } }
        "#;
        let make = || Registry::new(toml::from_str(text).unwrap()).unwrap();
        let (now, one, two) = (
            Tick::from_secs(50),
            key("github", "deployments", "bot"),
            key("github", "search", "bot"),
        );
        let before = make();
        let policy = before.policy(&one).unwrap();
        let judge = |_: &Result<u32, &str>| Judgement::throttled().after(Duration::from_secs(120));
        let answer =
            policy.run_blocking(&StdClock, &Call::read(), &judge, |_| Err::<u32, _>("429"));
        assert!(answer.is_err());
        let search = before.policy(&two).unwrap();
        let good = |_: &Result<u32, &str>| Judgement::success();
        let refused = search.run_blocking(&StdClock, &Call::read(), &good, |_| Ok::<u32, &str>(1));
        assert_eq!(
            refused.unwrap_err().kind,
            ErrorKind::Rejected(RejectionKind::NotBefore),
            "the endpoints of a credential wait together"
        );

        let text_saved = serde_json::to_string(&before.save(&StdClock)).unwrap();
        let saved: SavedRegistry = serde_json::from_str(&text_saved).unwrap();
        assert_eq!(saved.waits.len(), 1);
        let after = make();
        assert!(after.restore(&saved, Duration::from_secs(30), &now));
        let gate = after.not_before("github", "bot").unwrap();
        let left = gate
            .check(&now)
            .unwrap_err()
            .retry_at
            .unwrap()
            .saturating_since(now);
        assert!(
            left > Duration::from_secs(85) && left <= Duration::from_secs(91),
            "{left:?}"
        );
        let breaker = after.policy(&one).unwrap();
        assert_eq!(breaker.breaker_ref().unwrap().state(), State::Open);

        let wrong = text_saved.replace(
            &format!("\"left_millis\":{}", saved.waits[0].left_millis),
            "\"left_millis\":99999999999999",
        );
        let wrong: SavedRegistry = serde_json::from_str(&wrong).unwrap();
        let late = make();
        assert!(late.restore(&wrong, Duration::ZERO, &now));
        let gate = late.not_before("github", "bot").unwrap();
        let until = gate.check(&now).unwrap_err().retry_at.unwrap();
        assert_eq!(
            until,
            now + Duration::from_secs(600),
            "at most the configured longest"
        );
    }

    #[test]
    fn a_saved_breaker_survives_a_round_trip() {
        let registry = Registry::new(toml::from_str(DOCUMENT).unwrap()).unwrap();
        let policy = registry.policy(&key("prometheus", "query", "a")).unwrap();
        let breaker = policy.breaker_ref().unwrap();
        breaker.open_now(None, &StdClock);
        let saved = breaker.save(&StdClock);
        let text = serde_json::to_string(&saved).unwrap();
        assert_eq!(serde_json::from_str::<SavedBreaker>(&text).unwrap(), saved);
    }
}

#[cfg(all(feature = "tower", feature = "tokio"))]
mod layers {
    use core::task::{Context, Poll};
    use core::time::Duration;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use phasegate_resilience::tower::{
        BreakerLayer, BulkheadLayer, LayerError, RateLimitLayer, RetryLayer, TimeoutLayer,
    };
    use phasegate_resilience::{
        Backoff, Breaker, BreakerConfig, Bulkhead, BulkheadConfig, Call, CallClass, Judgement,
        OkOrFailure, Quota, RateLimiter, RejectionKind, RetryPolicy, State, Tick, TokioTimer,
    };
    use tower_layer::Layer;
    use tower_service::Service;

    /// Fails so many times; a request is how long it takes in milliseconds.
    #[derive(Clone)]
    struct Server(Arc<AtomicU32>);

    impl Service<u64> for Server {
        type Response = u64;
        type Error = &'static str;
        type Future = core::pin::Pin<Box<dyn Future<Output = Result<u64, &'static str>> + Send>>;
        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
            Poll::Ready(Ok(()))
        }
        fn call(&mut self, millis: u64) -> Self::Future {
            let left = self.0.load(Ordering::Relaxed);
            self.0.store(left.saturating_sub(1), Ordering::Relaxed);
            Box::pin(async move {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                if left == 0 { Ok(millis) } else { Err("down") }
            })
        }
    }

    fn server(failures: u32) -> Server {
        Server(Arc::new(AtomicU32::new(failures)))
    }

    #[tokio::test(start_paused = true)]
    async fn a_stack_of_layers_retries_times_out_and_rejects() {
        let timer = TokioTimer::new();
        let breaker = Arc::new(Breaker::new(BreakerConfig::default()).unwrap());
        let policy = RetryPolicy::default()
            .attempts(3)
            .backoff(Backoff::constant(Duration::ZERO));
        let judge = |result: &Result<u64, LayerError<LayerError<&str>>>| match result {
            Ok(_) => Judgement::success(),
            Err(LayerError::Rejected(_)) => Judgement::ignored(),
            Err(LayerError::TimedOut | LayerError::Inner(_)) => Judgement::failure(),
        };
        let stack = TimeoutLayer::new(timer, Duration::from_millis(50)).layer(server(2));
        let stack = BreakerLayer::new(Arc::clone(&breaker), timer, OkOrFailure).layer(stack);
        let mut stack = RetryLayer::new(policy, Call::read(), timer, judge).layer(stack);
        assert_eq!(stack.call(5).await, Ok(5));
        assert_eq!(breaker.snapshot().failures, 2);
        let late = stack.call(70).await.unwrap_err();
        assert_eq!(LayerError::flatten(late), LayerError::TimedOut);
        assert_eq!(breaker.snapshot().failures, 5);
        breaker.open_now(None, &timer);
        let Err(LayerError::Rejected(rejection)) = stack.call(5).await else {
            panic!("rejected");
        };
        assert_eq!(rejection.kind, RejectionKind::BreakerOpen);
        assert_eq!(
            breaker.snapshot().rejected,
            1,
            "a rejection is not repeated"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_response_gives_place_and_probe_back() {
        let timer = TokioTimer::new();
        let breaker = Arc::new(Breaker::new(BreakerConfig::default().probes(1)).unwrap());
        breaker.begin_half_open(&timer);
        let bulkhead = Arc::new(Bulkhead::new(BulkheadConfig::new(1)));
        let stack = BulkheadLayer::new(Arc::clone(&bulkhead), CallClass::Read).layer(server(0));
        let mut stack = BreakerLayer::new(Arc::clone(&breaker), timer, OkOrFailure).layer(stack);
        for _ in 0..3 {
            let response = stack.call(1_000);
            assert_eq!((breaker.snapshot().probes_left, bulkhead.inside()), (0, 1));
            drop(response);
            assert_eq!((breaker.snapshot().probes_left, bulkhead.inside()), (1, 0));
        }
        assert_eq!(stack.call(1).await, Ok(1));
        assert_eq!((breaker.state(), bulkhead.inside()), (State::Closed, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_limited_request_is_refused_with_its_time() {
        let limiter = Arc::new(RateLimiter::new(
            Quota::new(1, Duration::from_secs(1)).unwrap(),
        ));
        let now = Tick::from_secs(3);
        let mut service = RateLimitLayer::new(limiter, now, CallClass::Read).layer(server(0));
        assert_eq!(service.call(0).await, Ok(0));
        let Err(LayerError::Rejected(rejection)) = service.call(0).await else {
            panic!("refused");
        };
        assert_eq!(rejection.retry_at, Some(Tick::from_secs(4)));
    }
}

#[cfg(feature = "backoff")]
mod interop {
    use backoff::backoff::Backoff as _;
    use core::time::Duration;

    use phasegate_resilience::{
        Backoff, Call, ForeignBackoff, IntoForeign, Judgement, RetryDecision, RetryPolicy, Rng,
        StopReason, Tick,
    };

    #[test]
    fn a_foreign_schedule_obeys_our_limits() {
        let theirs = backoff::ExponentialBackoffBuilder::new()
            .with_initial_interval(Duration::from_millis(100))
            .with_randomization_factor(0.0)
            .with_multiplier(2.0)
            .with_max_elapsed_time(None)
            .build();
        let policy = RetryPolicy::default()
            .attempts(100)
            .total(Duration::from_secs(1));
        let call = Call::read();
        let mut source = ForeignBackoff::new(theirs);
        for _ in 0..2 {
            let mut retry = source.begin(&policy, &call, Tick::ZERO);
            let mut now = Tick::ZERO;
            let mut delays = Vec::new();
            let reason = loop {
                match retry.after(&Judgement::failure(), now) {
                    RetryDecision::Again { at, delay } => {
                        delays.push(delay.as_millis());
                        now = at;
                    }
                    RetryDecision::Stop { reason, .. } => break reason,
                }
            };
            assert_eq!(
                (delays, reason),
                (vec![100, 200, 400], StopReason::TotalSpent)
            );
        }
    }

    #[test]
    fn a_foreign_schedule_never_undercuts_the_server_and_may_end_the_retry() {
        let policy = RetryPolicy::default().attempts(100);
        let call = Call::read();
        let mut source = ForeignBackoff::new(backoff::backoff::Zero {});
        let busy = Judgement::throttled().after(Duration::from_secs(3));
        let RetryDecision::Again { delay, .. } = source
            .begin(&policy, &call, Tick::ZERO)
            .after(&busy, Tick::ZERO)
        else {
            panic!("again");
        };
        assert!(delay > Duration::from_secs(3));
        let mut source = ForeignBackoff::new(backoff::backoff::Stop {});
        let end = source
            .begin(&policy, &call, Tick::ZERO)
            .after(&busy, Tick::ZERO);
        assert!(matches!(end, RetryDecision::Stop { .. }));
    }

    #[test]
    fn our_schedule_drives_the_foreign_retry() {
        let ours = Backoff::constant(Duration::from_nanos(1));
        let mut made = 0;
        let end = backoff::retry(IntoForeign::new(ours.clone(), 4, Rng::new(3)), || {
            made += 1;
            Err::<(), _>(backoff::Error::transient("no"))
        });
        assert!(end.is_err());
        assert_eq!(made, 5);
        let mut delays = IntoForeign::new(ours, 1, Rng::new(3));
        assert!(delays.next_backoff().is_some() && delays.next_backoff().is_none());
    }
}
