//! Every mapping: monotonic, bounds that hold, and the error that it proves.
#![expect(
    clippy::float_cmp,
    clippy::unwrap_used,
    reason = "exactness is what is tested"
)]

use phasegate_percentile::{
    MappedHistogram,
    mapping::{Base2, Cubic, LogLinear, Logarithmic, Mapping},
};
use proptest::prelude::*;

fn positive() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (1_u64..0x7FF0_0000_0000_0000)
            .prop_map(f64::from_bits)
            .prop_filter("normal", |value| value.is_normal()),
        2 => (-20.0..20.0_f64).prop_map(f64::exp2),
        1 => (-1000..1000_i32, -2..3_i64).prop_map(|(exponent, ulps)| {
            f64::from_bits((2_f64.powi(exponent).to_bits().cast_signed() + ulps).cast_unsigned())
        }),
        1 => prop::sample::select(vec![f64::MIN_POSITIVE, f64::MAX, 1.0, 2.0]),
    ]
}

fn check(mapping: &impl Mapping, value: f64, other: f64) {
    let key = mapping.key(value);
    assert!(
        (mapping.first_key()..=mapping.last_key()).contains(&key),
        "{mapping:?} {value:e}"
    );
    let (low, high) = (mapping.lower(key), mapping.upper(key));
    assert!(
        low <= value && value <= high,
        "{mapping:?} {low:e} {value:e} {high:e}"
    );
    let error = (mapping.representative(key) / value - 1.0).abs();
    assert!(
        error <= mapping.relative_error() * (1.0 + 1e-12),
        "{mapping:?} {value:e} {error}"
    );
    if value < other {
        assert!(key <= mapping.key(other), "{mapping:?} {value:e} {other:e}");
    }
    for odd in [
        0.0,
        -value,
        f64::NAN,
        f64::INFINITY,
        f64::MIN_POSITIVE / 2.0,
        5e-324,
        -0.0,
    ] {
        let key = mapping.key(odd);
        assert!(
            key < mapping.first_key() || key > mapping.last_key(),
            "{mapping:?} {odd:e}"
        );
    }
    assert_eq!(Mapping::from_id(mapping.id()).as_ref(), Some(mapping));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn keys_rise_and_buckets_hold_their_values_within_the_error(
        value in positive(), other in positive(),
    ) {
        check(&LogLinear::<0>, value, other);
        check(&LogLinear::<6>, value, other);
        check(&LogLinear::<12>, value, other);
        for scale in -4..=8 {
            check(&Base2::new(scale).unwrap(), value, other);
        }
        for error in [0.0001, 0.01, 0.05, 0.5] {
            check(&Logarithmic::new(error).unwrap(), value, other);
            check(&Cubic::new(error).unwrap(), value, other);
        }
        check(&Logarithmic::with_gamma(65.0 / 64.0, 1338.5).unwrap(), value, other);
    }

    #[test]
    fn histograms_of_every_mapping_keep_their_bound_and_survive_their_wire(
        values in prop::collection::vec(0.001..1e6_f64, 1..50), q in 0.0..=1.0_f64,
    ) {
        kept(Base2::default(), &values, q);
        kept(Base2::new(-2).unwrap(), &values, q);
        kept(Logarithmic::default(), &values, q);
        kept(Cubic::default(), &values, q);
        kept(LogLinear::<9>, &values, q);
    }
}

fn kept<M: Mapping>(mapping: M, values: &[f64], q: f64) {
    let mut histogram: MappedHistogram<M> = MappedHistogram::with_mapping(mapping);
    histogram.record_slice(values);
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let answer = histogram.quantile(q).unwrap();
    let bound = histogram.relative_error() * (1.0 + 1e-12);
    // Ranks are tested elsewhere; here any neighbour of the rank will do.
    let rank = q * values.len() as f64;
    let near = sorted.iter().zip(1..).any(|(value, place)| {
        (f64::from(place) - rank).abs() <= 1.0 + 1e-6
            && (answer.value / value - 1.0).abs() <= bound
            && answer.low <= *value
            && *value <= answer.high
    });
    assert!(near, "{answer:?} {q} {sorted:?}");
    assert_eq!(MappedHistogram::decode(&histogram.encode()), Ok(histogram));
}

#[test]
fn base_two_bounds_are_upper_inclusive_to_the_bit() {
    for scale in 0..=8 {
        let mapping = Base2::new(scale).unwrap();
        let parts = 1_i32 << scale;
        for index in -3 * parts..3 * parts {
            let key = mapping.key_of_index(index).unwrap();
            assert_eq!(mapping.index(key), index);
            let high = mapping.upper(key);
            assert_eq!(mapping.key(high), key, "{scale} {index}");
            assert_eq!(mapping.key(high.next_up()), key + 1, "{scale} {index}");
            // The bound is the greatest float not above the true one.
            let exact = f64::from(index + 1) / f64::from(parts);
            assert!((high / exact.exp2() - 1.0).abs() < 3e-16);
            assert_eq!(
                exact.fract() == 0.0,
                high.log2().fract() == 0.0 && high == exact.exp2()
            );
        }
    }
    for scale in -4..=0_i8 {
        let mapping = Base2::new(scale).unwrap();
        let key = mapping.key(1.0);
        assert_eq!((mapping.upper(key), mapping.index(key)), (1.0, -1));
        assert_eq!(mapping.key(1.0_f64.next_up()), key + 1);
    }
}

#[test]
fn settings_out_of_bounds_are_refused() {
    assert!(Base2::new(9).is_err() && Base2::new(-5).is_err());
    for error in [0.0, -0.1, 0.6, f64::NAN, 0.00001] {
        assert!(
            Logarithmic::new(error).is_err() && Cubic::new(error).is_err(),
            "{error}"
        );
    }
    assert!(Logarithmic::with_gamma(1.02, f64::NAN).is_err());
    assert!(Cubic::with_gamma(f64::NAN, 0.0).is_err());
}
