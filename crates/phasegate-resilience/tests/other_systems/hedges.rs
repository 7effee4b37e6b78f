//! Hedges and timeouts: resilience4j's table of fast and slow, tower's, Polly's modes, failsafe-go's
//! warm-up and nesting. Time is tokio's, paused.
#![expect(clippy::expect_used, reason = "rows name themselves")]
#![expect(clippy::too_many_lines, reason = "tables of rows, read as one")]

use core::time::Duration;
use std::sync::Arc;

use phasegate_resilience::{
    Backoff, Call, ConcurrentBudget, ErrorKind, HedgeDelay, HedgePolicy, Latencies, OkOrFailure,
    Policy, Rate, RetryPolicy, StopReason, Timeout, TokioTimer,
};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What a request takes, in milliseconds, and whether it is good.
type Request = (u64, bool);

/// The winner, whether it is good, how many were made, and when it was over.
type Won = (u32, bool, u32, u64);

async fn hedge(policy: &HedgePolicy, call: Call, requests: &[Request]) -> Won {
    let timer = TokioTimer::new();
    let began = tokio::time::Instant::now();
    let hedged = policy.run(&timer, &call, &OkOrFailure, |number| {
        let place = usize::try_from(number)
            .expect("few")
            .min(requests.len() - 1);
        let (takes, good) = *requests.get(place).expect("the last at most");
        async move {
            tokio::time::sleep(ms(takes)).await;
            if good { Ok(number) } else { Err(number) }
        }
    });
    let hedged = hedged.await;
    let number = hedged.result.unwrap_or_else(|number| number);
    assert_eq!(number, hedged.winner);
    let took = u64::try_from(began.elapsed().as_millis()).expect("short");
    (hedged.winner, hedged.result.is_ok(), hedged.made, took)
}

#[tokio::test(start_paused = true)]
async fn fast_and_slow_first_and_second_requests() {
    let after = |millis| HedgePolicy::new(HedgeDelay::After(ms(millis)));
    let (fast, slow) = ((10, true), (200, true));
    let (fast_bad, slow_bad) = ((10, false), (200, false));
    let rows: &[(&str, HedgePolicy, &[Request], Won)] = &[
        (
            "resilience4j: fast first",
            after(50),
            &[fast, fast],
            (0, true, 1, 10),
        ),
        (
            "resilience4j: slow, then fast",
            after(50),
            &[slow, fast],
            (1, true, 2, 60),
        ),
        (
            "resilience4j: both slow",
            after(50),
            &[slow, slow],
            (0, true, 2, 200),
        ),
        (
            "resilience4j: slow and bad, slow and good: there the bad one",
            after(50),
            &[slow_bad, slow],
            (1, true, 2, 250),
        ),
        (
            "resilience4j: slow, then fast and bad: there the bad one",
            after(50),
            &[slow, fast_bad],
            (0, true, 2, 200),
        ),
        (
            "resilience4j: fast and bad: there no second",
            after(50),
            &[fast_bad, fast],
            (1, true, 2, 20),
        ),
        (
            "resilience4j: both bad",
            after(50),
            &[slow_bad, fast_bad],
            (0, false, 2, 200),
        ),
        (
            "tower: the first is done after the hedge began",
            after(10),
            &[(15, true), (15, true)],
            (0, true, 2, 15),
        ),
        (
            "tower: the hedge is done first",
            after(10),
            &[slow, (5, true)],
            (1, true, 2, 15),
        ),
        (
            "failsafe: two hedges, the first wins",
            after(20).extra(2),
            &[(100, true)],
            (0, true, 3, 100),
        ),
        (
            "failsafe: the third is good",
            after(10).extra(4),
            &[slow_bad, slow_bad, fast],
            (2, true, 3, 30),
        ),
        (
            "Polly: no delay, all at once",
            after(0).extra(2),
            &[slow, slow, fast],
            (2, true, 3, 10),
        ),
        (
            "Polly: only after a failure",
            HedgePolicy::new(HedgeDelay::After(Duration::MAX)).extra(2),
            &[slow_bad, slow_bad, slow],
            (2, true, 3, 600),
        ),
        (
            "Polly: only after a failure, and none came",
            HedgePolicy::new(HedgeDelay::After(Duration::MAX)),
            &[slow, fast],
            (0, true, 1, 200),
        ),
        (
            "Polly: all are bad, the first is last",
            after(1).extra(2),
            &[slow_bad, fast_bad, fast_bad],
            (0, false, 3, 200),
        ),
        (
            "Polly: MaxHedgedAttempts 0",
            after(1).extra(0),
            &[slow],
            (0, true, 1, 200),
        ),
    ];
    for (name, policy, requests, expected) in rows {
        assert_eq!(
            hedge(policy, Call::read(), requests).await,
            *expected,
            "{name}"
        );
    }
    // tower: a request that is not to be repeated.
    let unsafe_call = hedge(&after(10), Call::at_most_once(), &[slow, fast]).await;
    assert_eq!(unsafe_call, (0, true, 1, 200));
}

#[tokio::test(start_paused = true)]
async fn a_quantile_is_used_once_enough_is_known() {
    // failsafe-go: quantile 0.95, 20 executions to warm up; before that no hedge.
    let delay = HedgeDelay::Quantile {
        latencies: Arc::new(Latencies::new(Duration::from_secs(60))),
        share: Rate::percent(95).expect("a rate"),
        samples: 20,
        at_first: Duration::MAX,
    };
    let policy = HedgePolicy::new(delay);
    for number in 0..20 {
        assert_eq!(
            hedge(&policy, Call::read(), &[(5, true)]).await,
            (0, true, 1, 5),
            "{number}"
        );
    }
    let (winner, good, made, took) = hedge(&policy, Call::read(), &[(200, true), (1, true)]).await;
    assert_eq!((winner, good, made), (1, true, 2));
    assert!((6..=8).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_hedge_that_the_budget_refuses_leaves_the_first_alone() {
    // failsafe-go: the first, which is not of the budget, still answers.
    for (at_least, made) in [(0, 1), (1, 2)] {
        let budget = Arc::new(ConcurrentBudget::new(Rate::ZERO, at_least));
        let policy = HedgePolicy::new(HedgeDelay::After(ms(10)))
            .extra(2)
            .budget(budget);
        let seen = hedge(&policy, Call::read(), &[(100, true)]).await;
        assert_eq!(seen, (0, true, made, 100));
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_ends_what_is_late_and_nothing_else() {
    // (limit, what it takes, whether it answers)
    for (limit, takes, answers) in [
        (2000, 4000, false),
        (2000, 1999, true),
        // Both are due: who is polled first is the operation.
        (2000, 2000, true),
        (2000, 0, true),
        // Polly: zero and less mean no limit. Here zero is no time, and no limit is none.
        (0, 1, false),
        (0, 0, true),
    ] {
        let timer = TokioTimer::new();
        let operation = async move {
            if takes > 0 {
                tokio::time::sleep(ms(takes)).await;
            }
        };
        let answer = Timeout::new(&timer, ms(limit), operation).await;
        assert_eq!(answer.is_ok(), answers, "{limit} ms for {takes} ms");
    }
    let timer = TokioTimer::new();
    let endless = Timeout::new(
        &timer,
        Duration::MAX,
        tokio::time::sleep(Duration::from_secs(9_999)),
    );
    assert!(endless.await.is_ok());
}

/// The kind of end and why there was no other attempt; attempts; milliseconds.
type Ended = (Option<(ErrorKind, StopReason)>, u32, u64);

/// Makes attempts that take so long and fail, and then one that is good.
async fn nested(policy: &Policy, takes: &[u64]) -> Ended {
    let timer = TokioTimer::new();
    let began = tokio::time::Instant::now();
    let call = Call::read();
    let mut made = 0;
    let answer = policy.run(&timer, &call, &OkOrFailure, |attempt| {
        made = attempt.number;
        let place = usize::try_from(made).expect("few") - 1;
        let takes = takes.get(place).copied();
        async move {
            let Some(takes) = takes else { return Ok(()) };
            tokio::time::sleep(ms(takes)).await;
            Err("no")
        }
    });
    let answer = answer.await;
    let took = u64::try_from(began.elapsed().as_millis()).expect("short");
    (
        answer.err().map(|error| (error.kind, error.stop)),
        made,
        took,
    )
}

#[tokio::test(start_paused = true)]
async fn retries_inside_and_outside_a_timeout_end_as_in_failsafe_or_earlier() {
    let waits = |millis| {
        let backoff = Backoff::constant(ms(millis));
        RetryPolicy::default().attempts(9).backoff(backoff)
    };
    let inner = |millis, limit| Policy::new().retry(waits(millis)).timeout(ms(limit));
    let outer = |millis, total| Policy::new().retry(waits(millis).total(ms(total)));
    let timed_out = (ErrorKind::TimedOut, StopReason::TotalSpent);
    let rows: &[(&str, Policy, &[u64], Ended)] = &[
        (
            "a timeout for each attempt: the third is good",
            inner(0, 50),
            &[100, 100],
            (None, 3, 100),
        ),
        (
            "the wait between attempts is not limited by it",
            inner(100, 50),
            &[0, 0],
            (None, 3, 200),
        ),
        (
            "a timeout around all, in the third attempt",
            outer(0, 150),
            &[60, 60, 60],
            (Some(timed_out), 3, 150),
        ),
        (
            "a wait longer than the rest is not begun: there 100 ms and a timeout",
            outer(1000, 100),
            &[0, 0],
            (Some((ErrorKind::Failed, StopReason::TotalSpent)), 1, 0),
        ),
    ];
    for (name, policy, takes, expected) in rows {
        assert_eq!(nested(policy, takes).await, *expected, "{name}");
    }
}
