//! Calls that must not happen twice, repeated by asking first.
#![cfg(all(feature = "tokio", not(any(loom, shuttle))))]
#![expect(clippy::expect_used, reason = "helpers of tests use sound locks")]

use core::time::Duration;
use std::sync::{Arc, Mutex};

use phasegate_resilience::{
    Attempt, Backoff, Breaker, BreakerConfig, Call, ErrorKind, Judgement, Policy, RetryPolicy,
    StdClock, StopReason, TokioTimer,
};

type Answer = Result<u32, &'static str>;
type Found = Result<Option<u32>, &'static str>;

/// What the operation answers in turn, what the question answers in turn, what is done in which
/// order (`s` sent, `a` asked), and what comes of it.
struct Row {
    name: &'static str,
    sends: Vec<Answer>,
    asks: Vec<Found>,
    order: &'static str,
    result: Result<u32, StopReason>,
}

fn rows() -> Vec<Row> {
    let lost: Answer = Err("lost");
    let row = |name, sends: &[Answer], asks: &[Found], order, result| Row {
        name,
        sends: sends.to_vec(),
        asks: asks.to_vec(),
        order,
        result,
    };
    let spent = Err(StopReason::AttemptsSpent);
    vec![
        row(
            "a good first attempt asks nothing",
            &[Ok(1)],
            &[],
            "s",
            Ok(1),
        ),
        row(
            "it happened: nothing is sent again",
            &[lost],
            &[Ok(Some(7))],
            "sa",
            Ok(7),
        ),
        row(
            "it did not: it is sent",
            &[lost, Ok(2)],
            &[Ok(None)],
            "sas",
            Ok(2),
        ),
        row(
            "asked before each repetition",
            &[lost, lost, Ok(3)],
            &[Ok(None), Ok(None)],
            "sasas",
            Ok(3),
        ),
        row(
            "nobody knows: nothing is sent, and it is asked again",
            &[lost],
            &[Err("down"), Ok(Some(7))],
            "saa",
            Ok(7),
        ),
        row(
            "never known: never sent",
            &[lost],
            &[Err("down"), Err("down")],
            "saa",
            spent,
        ),
        row(
            "the second attempt gets lost too, and had happened",
            &[lost, lost],
            &[Ok(None), Ok(Some(9))],
            "sasa",
            Ok(9),
        ),
        row(
            "a fault that another attempt cannot help asks nothing",
            &[Err("refused")],
            &[],
            "s",
            Err(StopReason::NotRetryable),
        ),
    ]
}

fn judge(result: &Answer) -> Judgement {
    match result {
        Ok(_) => Judgement::success(),
        Err("refused") => Judgement::permanent(),
        Err(_) => Judgement::failure(),
    }
}

fn policy() -> Policy {
    let backoff = Backoff::constant(Duration::from_millis(1));
    Policy::new().retry(RetryPolicy::default().attempts(3).backoff(backoff))
}

#[derive(Default)]
struct Log(Mutex<String>);

impl Log {
    fn add(&self, what: char) -> usize {
        let mut log = self.0.lock().expect("no panic under it");
        log.push(what);
        log.matches(what).count() - 1
    }

    fn text(&self) -> String {
        self.0.lock().expect("no panic under it").clone()
    }
}

#[tokio::test(start_paused = true)]
async fn an_unsafe_call_is_repeated_only_when_it_did_not_happen() {
    for row in rows() {
        let log = Log::default();
        let timer = TokioTimer::new();
        let sends = |_: Attempt| {
            let answer = row.sends[log.add('s')];
            async move { answer }
        };
        let asks = |_: Attempt| {
            let answer = row.asks[log.add('a')];
            async move { answer }
        };
        let call = Call::at_most_once();
        let result = policy()
            .run_checked(&timer, &call, &judge, sends, asks)
            .await;
        assert_eq!(
            result.map_err(|error| error.stop),
            row.result,
            "{}",
            row.name
        );
        assert_eq!(log.text(), row.order, "{}", row.name);
    }
}

#[test]
fn the_blocking_face_asks_in_the_same_order() {
    for row in rows() {
        let log = Log::default();
        let sends = |_: Attempt| row.sends[log.add('s')];
        let asks = |_: Attempt| row.asks[log.add('a')];
        let call = Call::at_most_once();
        let result = policy().run_checked_blocking(&StdClock, &call, &judge, sends, asks);
        assert_eq!(
            result.map_err(|error| error.stop),
            row.result,
            "{}",
            row.name
        );
        assert_eq!(log.text(), row.order, "{}", row.name);
    }
}

#[test]
fn without_the_question_an_unsafe_call_is_made_once() {
    let mut sent = 0;
    let lost = |_: Attempt| {
        sent += 1;
        Err::<u32, _>("lost")
    };
    let call = Call::at_most_once();
    let error = policy()
        .run_blocking(&StdClock, &call, &judge, lost)
        .expect_err("lost");
    assert_eq!((error.stop, sent), (StopReason::NotIdempotent, 1));
}

/// The question is part of the attempt: an open breaker lets neither question nor call through, and
/// a question without an answer runs into the attempt's timeout.
#[tokio::test(start_paused = true)]
async fn the_question_passes_the_same_pieces() {
    let timer = TokioTimer::new();
    let config = BreakerConfig::default().consecutive_failures(1);
    let breaker = Arc::new(Breaker::new(config).expect("valid"));
    let guarded = policy().breaker(breaker);
    let log = Log::default();
    let sends = |_: Attempt| {
        log.add('s');
        async { Answer::Err("lost") }
    };
    let asks = |_: Attempt| {
        log.add('a');
        async { Found::Ok(None) }
    };
    let call = Call::at_most_once();
    let error = guarded
        .run_checked(&timer, &call, &judge, sends, asks)
        .await;
    assert!(error.expect_err("the breaker opened").is_inconclusive());
    assert_eq!(log.text(), "s");

    let timed = policy().timeout(Duration::from_secs(1));
    let log = Log::default();
    let sends = |_: Attempt| {
        log.add('s');
        async { Answer::Err("lost") }
    };
    let asks = |_: Attempt| {
        log.add('a');
        core::future::pending::<Found>()
    };
    let error = timed.run_checked(&timer, &call, &judge, sends, asks).await;
    assert_eq!(error.expect_err("no answer").kind, ErrorKind::TimedOut);
    assert_eq!(log.text(), "saa");
}
