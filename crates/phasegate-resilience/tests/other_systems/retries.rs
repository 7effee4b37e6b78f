//! Retries: what resilience4j, Polly, failsafe-go, backon, backoff and tower try again, how often and
//! when, as rows of our own after their test suites.
#![expect(clippy::expect_used, reason = "rows name themselves")]
#![expect(clippy::too_many_lines, reason = "tables of rows, read as one")]

use core::cell::RefCell;
use core::time::Duration;

use phasegate_resilience::{
    Backoff, BackoffState, Call, Clock, ErrorKind, Jitter, Judgement, Misuse, Policy, Rate,
    RetryPolicy, Rng, Seed, Sleeper, StopReason, Tick, TickClock,
};

/// A clock that jumps where it is told to sleep, and remembers how far.
struct Jumping(TickClock, RefCell<Vec<u64>>);

impl Clock for Jumping {
    fn now(&self) -> Tick {
        self.0.now()
    }
}

impl Sleeper for Jumping {
    fn block_until(&self, at: Tick) {
        let slept = at.saturating_since(self.0.now()).as_millis();
        self.1
            .borrow_mut()
            .push(u64::try_from(slept).expect("short"));
        self.0.set(at);
    }
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What the operation gives in turn: a value, or an error; the last for ever.
type Given = Result<i32, &'static str>;

/// Retried: an error but "reject", and a negative value.
fn judge(result: &Given) -> Judgement {
    match result {
        Ok(value) if *value < 0 => Judgement::again(),
        Ok(_) => Judgement::success(),
        Err("reject") => Judgement::permanent(),
        Err(_) => Judgement::failure(),
    }
}

/// What comes out, after how many attempts, and the waits between them in milliseconds.
type Came = (Result<i32, (&'static str, StopReason)>, u32, &'static [u64]);

fn run(rows: &[(&str, RetryPolicy, u64, &[Given], Came)]) {
    for (name, retry, takes, given, (answer, attempts, waits)) in rows {
        let sleeper = Jumping(TickClock::new(Tick::from_secs(9)), RefCell::default());
        let policy = Policy::new().retry(retry.clone());
        let mut made = 0;
        let came = policy.run_blocking(&sleeper, &Call::read(), &judge, |attempt| {
            made += 1;
            assert_eq!(attempt.number, made, "{name}");
            sleeper.0.advance(ms(*takes));
            let place = usize::try_from(made).expect("few").min(given.len());
            *given.get(place - 1).expect("a row gives something")
        });
        let came = came.map_err(|error| {
            assert_eq!(
                (error.kind, error.attempts),
                (ErrorKind::Failed, made),
                "{name}"
            );
            (error.error.expect(name), error.stop)
        });
        assert_eq!((came, made), (*answer, *attempts), "{name}");
        assert_eq!(*sleeper.1.borrow(), *waits, "{name}");
    }
}

#[test]
fn attempts_waits_and_what_comes_out_are_those_of_other_systems() {
    let waits = |backoff: Backoff| RetryPolicy::default().backoff(backoff.jitter(Jitter::None));
    let each = |millis| waits(Backoff::constant(ms(millis)));
    let spent = Err(("no", StopReason::AttemptsSpent));
    run(&[
        (
            "resilience4j: good at once",
            each(500),
            0,
            &[Ok(1)],
            (Ok(1), 1, &[]),
        ),
        (
            "resilience4j: three in all by default",
            each(500),
            0,
            &[Err("no")],
            (spent, 3, &[500, 500]),
        ),
        (
            "resilience4j: one attempt",
            each(500).attempts(1),
            0,
            &[Err("no")],
            (spent, 1, &[]),
        ),
        (
            "resilience4j: an error that is not retried",
            each(500),
            0,
            &[Err("reject")],
            (Err(("reject", StopReason::NotRetryable)), 1, &[]),
        ),
        (
            "resilience4j: a result that is retried",
            each(500),
            0,
            &[Ok(-1), Ok(2)],
            (Ok(2), 2, &[500]),
        ),
        (
            "resilience4j: the last result, however bad",
            each(500),
            0,
            &[Ok(-1)],
            (Ok(-1), 3, &[500, 500]),
        ),
        (
            "resilience4j: the interval is a function of the attempt",
            waits(Backoff::list([ms(500), ms(250_000)]).expect("a list")),
            0,
            &[Err("no")],
            (spent, 3, &[500, 250_000]),
        ),
        (
            "Polly: MaxRetryAttempts 3 are four attempts",
            waits(Backoff::linear(ms(2000), ms(2000))).attempts(4),
            0,
            &[Err("no")],
            (spent, 4, &[2000, 4000, 6000]),
        ),
        (
            "Polly: MaxDelay",
            waits(Backoff::linear(ms(2000), ms(2000)).cap(ms(123))).attempts(4),
            0,
            &[Err("no")],
            (spent, 4, &[123, 123, 123]),
        ),
        (
            "Polly: no delay",
            each(0).attempts(4),
            0,
            &[Err("no"), Err("no"), Ok(3)],
            (Ok(3), 3, &[0, 0]),
        ),
        (
            "failsafe: unlimited attempts",
            each(1).attempts(u32::MAX),
            0,
            &[Err("no"), Err("no"), Err("no"), Err("no"), Err("no"), Ok(1)],
            (Ok(1), 6, &[1, 1, 1, 1, 1]),
        ),
        (
            "failsafe: WithBackoff(1, 10) and six retries",
            waits(Backoff::exponential(ms(1)).cap(ms(10))).attempts(7),
            0,
            &[Err("no")],
            (spent, 7, &[1, 2, 4, 8, 10, 10]),
        ),
        (
            "failsafe: the delay is longer than the rest of the time, which ends it here before the wait",
            each(100).attempts(9).total(ms(150)),
            30,
            &[Err("no")],
            (Err(("no", StopReason::TotalSpent)), 2, &[100]),
        ),
        (
            "failsafe: an attempt outlasts the time",
            each(0).attempts(9).total(ms(100)),
            60,
            &[Err("no")],
            (Err(("no", StopReason::TotalSpent)), 2, &[0]),
        ),
        (
            "tower: an error is looked at",
            each(0),
            0,
            &[Err("no"), Err("reject")],
            (Err(("reject", StopReason::NotRetryable)), 2, &[0]),
        ),
        (
            // backon counts delays only: three of a second, and a fourth attempt.
            "backon: total_delay counts what the attempts take, too",
            each(1000).attempts(9).total(ms(3500)),
            0,
            &[Err("no")],
            (Err(("no", StopReason::TotalSpent)), 4, &[1000, 1000, 1000]),
        ),
    ]);
}

fn delays(backoff: &Backoff, seed: u64, n: usize) -> Vec<u64> {
    let mut state = BackoffState::new(backoff, Rng::new(seed));
    (0..n)
        .map(|_| u64::try_from(state.next(backoff).as_nanos()).expect("in range"))
        .collect()
}

#[test]
fn long_schedules_grow_to_their_cap_and_never_overflow() {
    let exponential = |first, factor| {
        Backoff::exponential(first)
            .jitter(Jitter::None)
            .factor(factor)
    };
    let growing = exponential(ms(100), 1.5).expect("a factor");
    let long = delays(&growing, 1, 49);
    assert!(
        long.windows(2).all(|pair| pair[0] < pair[1]),
        "resilience4j: each longer than the last"
    );
    let capped = delays(
        &exponential(ms(100), 2.0)
            .expect("a factor")
            .cap(ms(100_000)),
        1,
        13,
    );
    assert!(capped[..11].windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(capped[11..], [100_000_000_000; 2]);
    let day = Duration::from_secs(86_400);
    let endless = delays(&exponential(day, 2.0).expect("a factor"), 1, 1001);
    assert_eq!(
        endless[1000],
        u64::MAX,
        "Polly: attempt 1000 is the longest delay there is"
    );
    let two_days = delays(
        &exponential(day, 2.0).expect("a factor").cap(day * 2),
        1,
        1001,
    );
    assert_eq!(Duration::from_nanos(two_days[1000]), day * 2);
    let constant = delays(&exponential(ms(1000), 1.0).expect("a factor"), 1, 10_000);
    assert!(
        constant.iter().all(|delay| *delay == 1_000_000_000),
        "backon: factor 1"
    );
    let fibonacci = Backoff::fibonacci(ms(1000))
        .jitter(Jitter::None)
        .cap(ms(2000));
    assert_eq!(
        delays(&fibonacci, 1, 4),
        [1, 1, 2, 2].map(|seconds| seconds * 1_000_000_000)
    );
    for bad in [0.5, 0.999, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(
            exponential(ms(100), bad),
            Err(Misuse::FactorOutOfRange),
            "factor {bad}"
        );
    }
}

#[test]
fn jitter_is_around_the_schedule_as_in_other_systems_and_below_the_cap_unlike_them() {
    let quarter = Jitter::Proportional(Rate::percent(25).expect("a rate"));
    let half = Jitter::Proportional(Rate::HALF);
    let mut wholly = Vec::new();
    for seed in 0..300 {
        // resilience4j ofRandomized(100, 0.5); Polly constant and linear with jitter: +-25 %.
        let constant = delays(&Backoff::constant(ms(100)).jitter(half), seed, 50);
        assert!(
            constant
                .iter()
                .all(|delay| (50_000_000..=150_000_000).contains(delay))
        );
        let linear = delays(
            &Backoff::linear(ms(1000), ms(1000)).jitter(quarter),
            seed,
            3,
        );
        assert!((2_250_000_000..=3_750_000_000).contains(&linear[2]));
        // The bounds grow with the schedule: nothing is added up.
        let mut middle = 100_000_000_u64;
        let growing = Backoff::exponential(ms(100))
            .jitter(half)
            .factor(1.5)
            .expect("a factor");
        for delay in delays(&growing, seed, 40) {
            assert!(
                delay >= middle / 2 && delay <= middle + middle / 2 + 1,
                "{delay} around {middle}"
            );
            middle = middle * 3 / 2;
        }
        // Polly at 2 s up to 30 s: never nothing, never above; there most are exactly 30 s.
        let capped = Backoff::exponential(ms(2000))
            .cap(ms(30_000))
            .jitter(Jitter::Equal);
        let drawn = delays(&capped, seed, 1025);
        assert!(
            drawn
                .iter()
                .all(|delay| (1..=30_000_000_000).contains(delay))
        );
        wholly.push(drawn[1024]);
    }
    wholly.sort_unstable();
    wholly.dedup();
    assert!(wholly.len() > 290, "jitter does not vanish at the cap");
}

#[test]
fn two_requests_of_one_policy_draw_different_delays() {
    // Polly's EnsureRandomness; tower's maker of backoffs gives every request the same.
    let backoff = Backoff::exponential(ms(7800));
    let seed = Seed::fixed(3);
    let draw = || {
        let mut state = BackoffState::new(&backoff, seed.stream());
        [(); 20].map(|()| state.next(&backoff))
    };
    assert_ne!(draw(), draw());
}
