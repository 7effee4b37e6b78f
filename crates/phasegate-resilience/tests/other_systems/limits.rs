//! Rate limits: Go's `x/time/rate`, Polly's token bucket, failsafe-go's smooth limiter, governor,
//! tower and resilience4j, in rows of our own after their test suites.
#![expect(clippy::expect_used, reason = "rows name themselves")]
#![expect(clippy::too_many_lines, reason = "tables of rows, read as one")]

use core::time::Duration;

use phasegate_resilience::{CallClass, Misuse, Quota, RateLimiter, Rejection, Tick};

const READ: CallClass = CallClass::Read;

/// What is asked at a moment (milliseconds), and the answer.
#[derive(Clone, Copy, Debug)]
enum Ask {
    /// So many cells are there, and are taken.
    Yes(u64, u32),
    /// They are not; they would be at this moment, if at any.
    No(u64, u32, Option<u64>),
    /// They are reserved for this moment.
    Turn(u64, u32, u64),
    /// They cannot be reserved before this moment.
    NoTurn(u64, u32, u64),
    /// A reservation is given up.
    Back(u32),
    Left(u64, u64),
}
use Ask::{Back, Left, No, NoTurn, Turn, Yes};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn quota(cells: u32, per: u64, burst: u32) -> Quota {
    Quota::new(cells, ms(per)).expect("a quota").burst(burst)
}

/// From a clock that is far from zero, so that nothing depends on where it began.
fn at(millis: u64) -> Tick {
    Tick::from_secs(1_000) + ms(millis)
}

fn back(refused: &Rejection) -> Option<u64> {
    let since = |tick: Tick| tick.saturating_since(at(0)).as_millis();
    refused
        .retry_at
        .map(|tick| u64::try_from(since(tick)).expect("short"))
}

fn run(rows: &[(&str, Quota, u64, &[Ask])]) {
    for &(name, quota, wait, asked) in rows {
        let limiter = RateLimiter::new(quota).longest_wait(ms(wait));
        for (step, ask) in asked.iter().enumerate() {
            let name = format!("{name}, step {step}: {ask:?}");
            match *ask {
                Yes(now, cells) => {
                    limiter.try_acquire(cells, READ, &at(now)).expect(&name);
                }
                No(now, cells, when) => {
                    let refused = limiter.try_acquire(cells, READ, &at(now));
                    assert_eq!(back(&refused.expect_err(&name)), when, "{name}");
                }
                Turn(now, cells, when) => {
                    let turn = limiter.reserve(cells, READ, &at(now));
                    assert_eq!(turn.expect(&name), at(when), "{name}");
                }
                NoTurn(now, cells, when) => {
                    let refused = limiter.reserve(cells, READ, &at(now));
                    assert_eq!(back(&refused.expect_err(&name)), Some(when), "{name}");
                }
                Back(cells) => limiter.refund(cells),
                Left(now, cells) => assert_eq!(limiter.left(&at(now)), cells, "{name}"),
            }
        }
    }
}

#[test]
fn go_rate_allows_and_refuses_as_here() {
    run(&[
        (
            "one at once",
            quota(10, 1000, 1),
            0,
            &[
                Left(0, 1),
                Yes(0, 1),
                Left(0, 0),
                No(0, 1, Some(100)),
                Yes(100, 1),
                No(100, 1, Some(200)),
                Left(200, 1),
                No(200, 2, None),
                Yes(200, 1),
            ],
        ),
        (
            "three at once",
            quota(10, 1000, 3),
            0,
            &[
                Yes(0, 2),
                No(0, 2, Some(100)),
                Yes(0, 1),
                No(0, 1, Some(100)),
                No(100, 4, None),
                Left(200, 2),
                Yes(200, 1),
                Left(300, 2),
                Yes(300, 1),
                Yes(400, 1),
                Yes(400, 1),
                No(400, 1, Some(500)),
                Left(900, 3),
                Yes(900, 3),
                Yes(900, 0),
            ],
        ),
        (
            // There: two more at 0, because only the cells are counted. Here the time that was
            // seen stands, and 4 of 5 pass in the whole sequence.
            "the clock goes back",
            quota(10, 1000, 3),
            0,
            &[
                Yes(100, 1),
                Yes(0, 1),
                No(0, 1, Some(100)),
                Yes(100, 1),
                No(100, 1, Some(200)),
                Yes(200, 1),
            ],
        ),
    ]);
}

#[test]
fn go_rate_reserves_as_here() {
    let (long, two) = (10_000, quota(10, 1000, 2));
    run(&[
        (
            "simple",
            two,
            long,
            &[Turn(0, 2, 0), Turn(0, 2, 200), Turn(300, 2, 400)],
        ),
        (
            "mixed with asking",
            two,
            long,
            &[
                Turn(0, 2, 0),
                No(100, 2, Some(200)),
                Turn(100, 2, 200),
                No(100, 1, Some(300)),
                Yes(300, 1),
            ],
        ),
        (
            "the last is given up",
            two,
            long,
            &[Turn(0, 2, 0), Turn(0, 2, 200), Back(2), Turn(100, 2, 200)],
        ),
        (
            "bounded",
            two,
            100,
            &[
                Turn(0, 2, 0),
                Turn(0, 1, 100),
                NoTurn(0, 1, 100),
                Turn(100, 1, 200),
            ],
        ),
        (
            "wait",
            quota(10, 1000, 3),
            long,
            &[Turn(0, 2, 0), Turn(0, 3, 200)],
        ),
        // There 300 and 400: what was reserved behind the one that was given up is held back. It
        // need not be: by 200, and by 300, no more have passed than the limit lets.
        (
            "one in the middle is given up",
            two,
            long,
            &[
                Turn(0, 2, 0),
                Turn(0, 1, 100),
                Turn(0, 1, 200),
                Back(1),
                Turn(0, 1, 200),
            ],
        ),
        (
            "two in the middle are given up",
            two,
            long,
            &[
                Turn(0, 2, 0),
                Turn(0, 2, 200),
                Turn(0, 1, 300),
                Back(2),
                Turn(200, 2, 300),
            ],
        ),
        // There: refused. Here the whole is paid for by waiting, unless the wait is too long.
        (
            "more than the burst",
            two,
            150,
            &[Turn(0, 3, 100), NoTurn(0, 2, 150)],
        ),
    ]);
}

#[test]
fn failsafes_smooth_limiter_reserves_as_here() {
    // One permit per interval is a burst of one; `acquirePermits` takes its turn without bound.
    let long = 60_000;
    run(&[
        (
            "every 500 ms",
            quota(2, 1000, 1),
            long,
            &[
                Turn(0, 1, 0),
                Turn(0, 1, 500),
                Turn(0, 1, 1000),
                Turn(0, 1, 1500),
                Turn(0, 1, 2000),
                Turn(0, 1, 2500),
                Turn(0, 1, 3000),
                Turn(800, 3, 4500),
                Turn(2300, 1, 5000),
                Turn(3500, 3, 6500),
                Turn(9100, 3, 10_100),
            ],
        ),
        (
            "seven at once wait as long",
            quota(2, 1000, 1),
            long,
            &[Turn(0, 7, 3000), Turn(800, 3, 4500)],
        ),
        (
            "a longest wait",
            quota(10, 1000, 1),
            100,
            &[Turn(0, 1, 0), Turn(0, 1, 100), NoTurn(0, 1, 100)],
        ),
        (
            "asking",
            quota(10, 1000, 1),
            0,
            &[
                Yes(0, 1),
                No(0, 1, Some(100)),
                Yes(150, 1),
                No(150, 1, Some(250)),
                No(210, 1, Some(250)),
                Yes(250, 1),
            ],
        ),
    ]);
    // There the permit at 150 counts for the interval that began at 100, and one passes at 210.
}

#[test]
fn pollys_bucket_and_governors_cells_come_back_as_here() {
    for (interval, capacity) in [
        (1000, 1_u32),
        (2000, 1),
        (5000, 1),
        (1000, 10),
        (5000, 10),
        (1000, 100),
    ] {
        let limiter = RateLimiter::new(quota(1, interval, capacity));
        let take = |now| limiter.try_acquire(1, READ, &now);
        let refused = |now| take(now).expect_err("used up").retry_at;
        let mut now = at(0);
        (0..capacity).for_each(|_| take(now).expect("the burst"));
        assert_eq!(refused(now), Some(now + ms(interval)));
        for _ in 0..capacity * 3 {
            let next = now + ms(interval);
            let almost = Tick::from_nanos(next.as_nanos() - 1);
            assert_eq!(
                refused(almost),
                Some(next),
                "one short of {capacity} per {interval}"
            );
            take(next).expect("one each interval");
            assert_eq!(refused(next), Some(next + ms(interval)));
            now = next;
        }
        for (waits, fresh) in [
            (capacity / 2, capacity / 2),
            (capacity, capacity),
            (capacity * 5, capacity),
        ] {
            now = now + ms(interval) * waits;
            (0..fresh).for_each(|_| take(now).expect("came back"));
            refused(now).expect("no more than the burst");
        }
    }
}

#[test]
fn towers_and_resilience4js_periods_let_no_more_through_here() {
    // tower: the period ends at 100 and the three of it are whole again.
    run(&[(
        "tower",
        quota(3, 100, 3),
        0,
        &[Yes(0, 1), Yes(100, 3), No(100, 1, Some(133))],
    )]);
    // resilience4j, 3 per 10 ms, waits up to 12 ms: nine ask in the first nanoseconds. There three
    // pass, three are reserved for the next cycle, three are refused; here the three come one by one.
    let limiter = RateLimiter::new(quota(3, 10, 3)).longest_wait(ms(12));
    let start = Tick::from_secs(1);
    let turns: Vec<_> = (0..9)
        .map(|nano| limiter.reserve(1, READ, &(start + Duration::from_nanos(nano))))
        .map(|turn| turn.ok().map(|at| at.saturating_since(start).as_micros()))
        .collect();
    let some = |micros| Some(micros);
    assert_eq!(
        turns[3..],
        [some(3_333), some(6_666), some(9_999), None, None, None]
    );
    assert!(turns[..3].iter().all(|turn| *turn == Some(0)));
}

/// The most that pass in any stretch of `period` when everyone asks all the time.
fn most_in_any(limiter: &RateLimiter, period: u64, pause: u64) -> usize {
    let mut passed = Vec::new();
    for millis in 0..period * 6 {
        // A pause before the third period lets the burst come back.
        if (period * 2..period * 2 + pause).contains(&millis) {
            continue;
        }
        while limiter.try_acquire(1, READ, &at(millis)).is_ok() {
            passed.push(millis);
        }
    }
    let within = |from: u64| {
        passed
            .iter()
            .filter(|at| (from..=from + period).contains(*at))
            .count()
    };
    passed.iter().map(|from| within(*from)).max().unwrap_or(0)
}

#[test]
fn a_quota_within_a_period_is_never_exceeded_in_any_stretch() {
    for (cells, burst) in [(10, 1), (10, 5), (10, 9), (100, 30), (2, 1), (7, 3)] {
        for pause in [0, 137, 1000, 1500] {
            let quota = Quota::within(cells, ms(1000), burst).expect("a quota");
            let most = most_in_any(&RateLimiter::new(quota), 1000, pause);
            let cells = usize::try_from(cells).expect("few");
            assert!(
                most <= cells,
                "{most} of {cells}, burst {burst}, pause {pause}"
            );
            assert!(most + 1 >= cells, "{most} of {cells} wastes, burst {burst}");
        }
        // A pace with a burst lets more through, which is what the other form is for.
        let most = most_in_any(&RateLimiter::new(quota(10, 1000, 10)), 1000, 1000);
        assert!(most > 18, "{most}");
    }
    for (cells, burst) in [(5, 5), (5, 6), (5, 0), (0, 0)] {
        assert_eq!(Quota::within(cells, ms(1000), burst), Err(Misuse::Zero));
    }
}

#[test]
fn a_reservation_survives_a_limit_that_was_learnt_and_a_clock_that_goes_back() {
    let limiter = RateLimiter::new(quota(10, 1000, 1)).longest_wait(ms(500));
    limiter.learn(0, at(400), &at(0));
    assert_eq!(limiter.reserve(1, READ, &at(0)), Ok(at(400)));
    limiter.learn(0, at(700), &at(100));
    let refused = limiter.reserve(1, READ, &at(100)).expect_err("too long");
    assert_eq!(back(&refused), Some(700));
    let limiter = RateLimiter::new(quota(10, 1000, 1)).longest_wait(ms(500));
    limiter
        .reserve(6, READ, &at(0))
        .expect("500 ms are allowed");
    // A day back: the wait is no longer than a full use and the longest reservation.
    let refused = limiter
        .reserve(1, READ, &Tick::from_secs(10))
        .expect_err("all is reserved");
    assert_eq!(refused.retry_at, Some(Tick::from_secs(10) + ms(100)));
}
