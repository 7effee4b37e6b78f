//! How does code that is written for the crate `backoff` live beside ours, in both directions?
//!
//! `cargo run -p phasegate-resilience --features backoff --example backoff_interop`

#![expect(clippy::print_stdout, reason = "an example shows what came of it")]

use core::time::Duration;

use phasegate_resilience::{
    Backoff, Call, ForeignBackoff, IntoForeign, Jitter, Judgement, RetryDecision, RetryPolicy, Rng,
    Tick,
};

fn main() {
    // Their schedule, our limits: a schedule that somebody has already tuned.
    let theirs = backoff::ExponentialBackoffBuilder::new()
        .with_initial_interval(Duration::from_millis(200))
        .with_randomization_factor(0.0)
        .with_multiplier(3.0)
        .build();
    let policy = RetryPolicy::default()
        .attempts(10)
        .total(Duration::from_secs(2));
    let call = Call::read();
    let mut source = ForeignBackoff::new(theirs);
    let mut retry = source.begin(&policy, &call, Tick::ZERO);
    let mut now = Tick::ZERO;
    let mut attempts = 1;
    while let RetryDecision::Again { at, .. } = retry.after(&Judgement::failure(), now) {
        now = at;
        attempts += 1;
    }
    // 200 and 600 ms fit into two seconds, 1800 more do not.
    assert_eq!((attempts, now), (3, Tick::from_millis(800)));
    println!(
        "their schedule under our limits: {attempts} attempts, the last one 800 ms after the first"
    );

    // Our schedule, their loop: the cap holds with jitter, which theirs does not promise.
    let ours = Backoff::exponential(Duration::from_millis(1))
        .cap(Duration::from_millis(3))
        .jitter(Jitter::Equal);
    let mut made = 0;
    let answer = backoff::retry(IntoForeign::new(ours, 5, Rng::new(42)), || {
        made += 1;
        if made < 4 {
            Err(backoff::Error::transient("not yet"))
        } else {
            Ok(made)
        }
    });
    assert!(matches!(answer, Ok(4)));
    println!("our schedule in their loop: answered at attempt {made}");
}
