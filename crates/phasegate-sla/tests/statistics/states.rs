//! What is written down in the middle of a stream and read back goes on as if nothing had happened: also where the
//! state holds a number that JSON does not have.

use phasegate_sla::statistics::detect::{Detector, Recursion, bernoulli_increment};
use phasegate_sla::statistics::mean::{
    Bets, BettingInterval, BettingTest, MixtureBernstein, Moments, ValueRange,
};
use phasegate_sla::statistics::rate::{RateMonitor, RateStream, RateTest};
use phasegate_sla::statistics::{Counts, Interval, LogE};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::reference::{alpha, rate};

fn again<S: DeserializeOwned + Serialize>(state: &S) -> S {
    let text = serde_json::to_string(state).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|fault| panic!("{fault} in {text}"))
}

/// Both go on with the same values after every one of them, one of them read back before each.
fn goes_on<S>(fresh: S, values: &[f64], record: impl Fn(&mut S, f64))
where
    S: Clone + std::fmt::Debug + DeserializeOwned + Serialize,
{
    let (mut kept, mut read) = (fresh.clone(), again(&fresh));
    for value in values {
        record(&mut kept, *value);
        record(&mut read, *value);
        read = again(&read);
        // By their texts, in which NaN is equal to itself.
        assert_eq!(format!("{kept:?}"), format!("{read:?}"), "after {value}");
    }
}

fn zeros_then_ones() -> Vec<f64> {
    let mut values = vec![0.0; 60];
    values.extend([1.0, 0.0, 1.0, 1.0, 0.25]);
    values
}

#[test]
fn detectors_are_read_back_also_before_their_first_sample() {
    for recursion in [Recursion::Cusum, Recursion::ShiryaevRoberts] {
        goes_on(Detector::new(recursion), &zeros_then_ones(), |state, x| {
            state.record(bernoulli_increment(x > 0.5, rate(0.05), 5.0).unwrap());
        });
        let mut ruined = Detector::new(recursion);
        ruined.record(LogE::from_nats(f64::NEG_INFINITY));
        assert_eq!(again(&ruined), ruined);
        assert!(!again(&ruined).alarms(alpha(0.05)));
    }
}

#[test]
fn bets_are_read_back_also_after_all_was_won_or_lost() {
    let values = zeros_then_ones();
    let bold = BettingTest::new(ValueRange::unit(), 0.3, alpha(0.05)).unwrap();
    for test in [bold, bold.with_caution(1.0).unwrap()] {
        goes_on(test, &values, |state, x| state.record(x).unwrap());
    }
    for bets in [Bets::PlugIn, Bets::DiversifiedKelly { bets: 3 }] {
        let fresh = BettingInterval::new(ValueRange::unit(), 20, alpha(0.05), bets);
        goes_on(fresh, &values, |state, x| state.record(x).unwrap());
    }
    let lost = LogE::from_nats(f64::NEG_INFINITY);
    let won = LogE::from_nats(f64::INFINITY);
    assert_eq!((again(&lost), again(&won)), (lost, won));
    // Whoever writes a state by hand cannot bring in evidence that is no number.
    let written = serde_json::from_str::<LogE>("\"nan\"").unwrap();
    assert_eq!(written, lost);
    assert!(serde_json::from_str::<LogE>("\"much\"").is_err());
    assert!(serde_json::from_str::<LogE>("null").is_err());
    // A whole number is a number.
    assert_eq!(serde_json::from_str::<LogE>("3").unwrap().nats(), 3.0);
    assert_eq!(serde_json::to_string(&LogE::from_nats(0.5)).unwrap(), "0.5");
}

#[test]
fn means_are_read_back_also_after_a_value_that_is_no_number() {
    goes_on(
        Moments::default(),
        &[1.0, 0.1, f64::INFINITY, 2.0, f64::NAN, 3.0],
        Moments::record,
    );
    let bernstein = MixtureBernstein::tuned_for(10.0, alpha(0.05)).unwrap();
    goes_on(bernstein, &zeros_then_ones(), |state, x| {
        state.record(x).unwrap();
    });
    let open = Interval {
        lower: f64::NEG_INFINITY,
        upper: 0.3,
    };
    assert_eq!(again(&open), open);
}

#[test]
fn streams_and_monitors_of_a_rate_are_read_back_to_the_last_bit() {
    let test = RateTest::new(rate(0.1));
    for stream in [
        RateStream::new(test),
        RateStream::above(test),
        RateStream::below(test),
    ] {
        goes_on(stream, &zeros_then_ones(), |state, x| state.record(x > 0.5));
    }
    goes_on(RateMonitor::new(test), &zeros_then_ones(), |state, x| {
        state.record(Counts::new(u64::from(x > 0.5), 1).unwrap());
    });
}
