//! Retry budgets: the AWS clients' standard mode, gRPC's throttling, Finagle, failsafe-go and Envoy,
//! as sequences of calls through a policy or against the budget.
#![expect(clippy::expect_used, reason = "rows name themselves")]

use core::time::Duration;
use std::sync::Arc;

use phasegate_resilience::{
    Backoff, Call, CallClass, Clock, ConcurrentBudget, ErrorKind, ExpiringBudget, Hint, Judgement,
    Policy, Rate, RetryPolicy, Sleeper, StopReason, Tick, TickClock, TokenBudget,
    TokenBudgetConfig,
};

const READ: CallClass = CallClass::Read;

/// A clock that jumps where it is told to sleep.
struct Jumping(TickClock);

impl Clock for Jumping {
    fn now(&self) -> Tick {
        self.0.now()
    }
}

impl Sleeper for Jumping {
    fn block_until(&self, at: Tick) {
        self.0.set(at);
    }
}

/// What a server answers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    Good,
    /// An error that may pass.
    Bad,
    /// The caller's own mistake.
    Wrong,
    /// The server says not to come back.
    NotAgain,
}
use Answer::{Bad, Good, NotAgain, Wrong};

fn judge(result: &Result<(), Answer>) -> Judgement {
    match result {
        Ok(()) | Err(Good) => Judgement::success(),
        Err(Bad) => Judgement::failure(),
        Err(Wrong) => Judgement::permanent(),
        Err(NotAgain) => Judgement::failure().hint(Hint::Never),
    }
}

/// One call that is answered so in turn. Gives the attempts made and why there was no further one.
fn call(policy: &Policy, answers: &[Answer]) -> (usize, Option<StopReason>) {
    let mut made = 0;
    let sleeper = Jumping(TickClock::new(Tick::from_secs(1)));
    let result = policy.run_blocking(&sleeper, &Call::read(), &judge, |_| {
        let answer = answers.get(made).copied().unwrap_or(Bad);
        made += 1;
        if answer == Good { Ok(()) } else { Err(answer) }
    });
    (made, result.err().map(|error| error.stop))
}

type Rows<'a> = &'a [(&'a str, TokenBudgetConfig, &'a [(&'a [Answer], usize, u64)])];

/// Each row: calls with their answers, the attempts that are made, the tokens left after.
fn run(rows: Rows<'_>) {
    for &(name, config, calls) in rows {
        let budget = Arc::new(TokenBudget::new(config).expect(name));
        let retry = RetryPolicy::default()
            .attempts(3)
            .backoff(Backoff::constant(Duration::from_secs(1)));
        let policy = Policy::new().retry(retry).budget(Arc::clone(&budget));
        for (at, &(answers, attempts, left)) in calls.iter().enumerate() {
            let (made, stop) = call(&policy, answers);
            assert_eq!(
                (made, budget.left_milli()),
                (attempts, left),
                "{name}, call {at}, {stop:?}"
            );
        }
    }
}

#[test]
fn aws_standard_mode_pays_for_retries_and_gets_back_what_a_good_one_took() {
    let aws = TokenBudgetConfig::aws;
    run(&[
        (
            "the first try is good",
            aws(500, 5),
            &[(&[Good], 1, 500_000)],
        ),
        (
            "the third is good: what it took comes back",
            aws(500, 5),
            &[(&[Bad, Bad, Good], 3, 495_000)],
        ),
        (
            "all three are bad",
            aws(500, 5),
            &[(&[Bad, Bad, Bad], 3, 490_000)],
        ),
        (
            "the bucket holds one retry",
            aws(5, 5),
            &[(&[Bad, Bad, Bad], 2, 0)],
        ),
        (
            "fed again by good calls",
            aws(15, 5),
            &[
                (&[Bad, Bad, Good], 3, 10_000),
                (&[Bad, Good], 2, 10_000),
                (&[Bad, Bad, Bad], 3, 0),
                (&[Bad], 1, 0),
                (&[Good], 1, 1_000),
                (&[Bad], 1, 1_000),
            ],
        ),
        (
            "a call that cannot be mended costs nothing",
            aws(10, 5),
            &[(&[Wrong], 1, 10_000)],
        ),
    ]);
}

#[test]
fn grpc_throttling_counts_what_another_attempt_could_mend_and_what_is_pushed_back() {
    let grpc = TokenBudgetConfig::grpc;
    run(&[
        (
            "three failures leave seven",
            grpc(10, 100),
            &[(&[Bad, Bad, Bad], 3, 7_000)],
        ),
        (
            "at half no more retries",
            grpc(4, 100),
            &[(&[Bad, Bad, Bad], 2, 2_000), (&[Bad], 1, 1_000)],
        ),
        (
            "a success adds the ratio, after a retry too",
            grpc(4, 500),
            &[(&[Bad, Good], 2, 3_500), (&[Good], 1, 4_000)],
        ),
        (
            "a status that is not retried says nothing",
            grpc(10, 100),
            &[(&[Wrong], 1, 10_000)],
        ),
        (
            "a pushback that forbids it counts",
            grpc(10, 100),
            &[(&[NotAgain], 1, 9_000)],
        ),
    ]);
}

#[test]
fn a_safety_call_gets_back_what_it_took_and_no_more() {
    let budget = Arc::new(TokenBudget::new(TokenBudgetConfig::aws(10, 5)).expect("a budget"));
    budget.restore_milli(2_000);
    let policy = Policy::new()
        .retry(RetryPolicy::default())
        .budget(Arc::clone(&budget));
    let sleeper = Jumping(TickClock::new(Tick::from_secs(1)));
    let undo = Call::read().class(CallClass::Safety);
    let answer = policy.run_blocking(&sleeper, &undo, &judge, |attempt| {
        if attempt.number < 3 { Err(Bad) } else { Ok(()) }
    });
    assert!(answer.is_ok(), "an empty budget lets safety through");
    // The first retry took the 2 that were there, the second nothing: what a good call gives is more.
    assert_eq!(budget.left_milli(), 1_000);
}

/// An attempt without an answer, then one that is judged.
#[cfg(feature = "tokio")]
#[tokio::test(start_paused = true)]
async fn a_retry_after_a_timeout_takes_twice_and_gets_twice_back() {
    for (good, left) in [(true, 100_000), (false, 90_000)] {
        let budget = Arc::new(TokenBudget::new(TokenBudgetConfig::aws(100, 5)).expect("a budget"));
        let policy = Policy::new()
            .retry(RetryPolicy::default().attempts(2))
            .timeout(Duration::from_secs(1))
            .budget(Arc::clone(&budget));
        let timer = phasegate_resilience::TokioTimer::new();
        let call = Call::read();
        let answer = policy.run(&timer, &call, &judge, |attempt| async move {
            if attempt.number == 1 {
                core::future::pending::<()>().await;
            }
            if good { Ok(()) } else { Err(Bad) }
        });
        assert_eq!(answer.await.is_ok(), good);
        assert_eq!(budget.left_milli(), left);
    }
}

#[test]
fn finagles_budget_pays_its_share_of_any_number_of_calls() {
    let percent = |text: f64| Rate::new(text).expect("a rate");
    for share in [
        0.1, 0.5, 0.25, 0.75, 0.99, 0.999, 0.9999, 0.01, 0.001, 0.0001, 0.0,
    ] {
        for (ttl, per_second) in [(60, 0), (1, 10), (2, 5)] {
            let budget = ExpiringBudget::new(Duration::from_secs(ttl), percent(share), per_second);
            let (budget, now) = (budget.expect("a budget"), Tick::from_secs(500));
            let reserve = ttl * u64::from(per_second);
            assert_eq!(budget.left(&now), reserve);
            let mut retried = 0;
            for _ in 0..10_000 {
                budget.deposit(&now);
                match budget.try_retry(READ, &now) {
                    Ok(()) => retried += 1,
                    Err(_) => assert_eq!(budget.left(&now), 0),
                }
            }
            // One retry a call at most is asked for.
            let wanted = (percent(share).of(10_000) + reserve).min(10_000);
            assert_eq!(
                retried, wanted,
                "share {share}, {per_second} a second, ttl {ttl}"
            );
        }
    }
    assert!(ExpiringBudget::new(Duration::ZERO, Rate::HALF, 5).is_err());
}

#[test]
fn failsafes_and_envoys_shares_are_of_calls_without_their_retries_here() {
    // (share, at least, calls under way, retries that are allowed at once)
    // failsafe-go counts a retry among the calls and lets one more through than its share: 2, 2, 2.
    for (percent, least, calls, retries) in [
        (50, 1, 2, 1),
        (50, 2, 1, 2),
        (50, 1, 4, 2),
        (20, 3, 100, 20),
        (0, 0, 9, 0),
    ] {
        let budget = ConcurrentBudget::new(Rate::percent(percent).expect("a rate"), least);
        let under_way: Vec<_> = (0..calls).map(|_| budget.begin_call()).collect();
        let mut held: Vec<_> = core::iter::from_fn(|| budget.try_retry(READ).ok()).collect();
        assert_eq!(
            held.len(),
            retries,
            "{percent} % of {calls}, at least {least}"
        );
        // One ends, one begins.
        if held.pop().is_some() {
            let _again = budget.try_retry(READ).expect("a place came back");
            assert!(budget.try_retry(READ).is_err());
        }
        drop(under_way);
    }
}

#[test]
fn an_empty_budget_keeps_the_last_error_and_does_not_wait() {
    // failsafe-go waits first, and its refusal takes the place of the error.
    let budget = Arc::new(ConcurrentBudget::new(Rate::ZERO, 0));
    let policy = Policy::new()
        .retry(RetryPolicy::default().backoff(Backoff::constant(Duration::from_secs(60))))
        .budget(budget);
    let sleeper = Jumping(TickClock::new(Tick::from_secs(1)));
    let failing = |_| Err::<(), _>(Bad);
    let error = policy.run_blocking(&sleeper, &Call::read(), &judge, failing);
    let error = error.expect_err("it fails");
    assert_eq!(
        (error.kind, error.stop),
        (ErrorKind::Failed, StopReason::BudgetEmpty)
    );
    assert_eq!((error.error, error.attempts), (Some(Bad), 1));
    assert_eq!(sleeper.now(), Tick::from_secs(1));
    assert_eq!(error.retry_at, Some(Tick::from_secs(61)));
}
