//! Generated trees print to text that reads back as the same tree; no text makes the parser panic.
#![expect(clippy::expect_used, reason = "helpers of tests may stop the test")]

use phasegate_core::{Decimal, Quantity, Ratio};
use phasegate_criterion::{
    Action, Against, Aggregate, Assertion, Band, Choice, Cmp, Condition, Criterion, Date, Deadline,
    Fact, FactKind, FailureLimits, GapPolicy, Given, Group, HoldClause, Length, Measure, Name,
    Negated, Operand, Policy, Reference, Response, ScalingStep, Scope, Severity, Statement,
    Subject, Test, Text, Value, ValueRange, Weighted,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

fn name() -> impl Strategy<Value = Name> {
    "[a-zA-Z][a-zA-Z0-9_]{0,8}(-[a-z0-9_]{1,4})?"
        .prop_filter_map("a name", |text| Name::new(&text).ok())
}

fn text() -> impl Strategy<Value = Text> {
    prop_oneof!["[ -~]{0,12}", "\\PC{0,8}", "[a-z\"\\\\\n\t]{0,6}"]
        .prop_filter_map("a text", |text| Text::new(text).ok())
}

fn quantity() -> impl Strategy<Value = Quantity> {
    let unit = prop_oneof![
        Just(""),
        Just("%"),
        Just("pp"),
        Just("ms"),
        Just("s"),
        Just("m"),
        Just("mo"),
        Just("GB"),
        Just("M"),
        Just("$"),
        Just("CHF"),
        Just("CU"),
        Just("rows"),
        Just("/5"),
        Just("/day"),
        Just("GB/month"),
        Just("K/s"),
    ];
    (any::<i32>(), 0u32..6, unit).prop_map(|(mantissa, scale, unit)| {
        let number = Decimal::new(mantissa.into(), scale).expect("in range");
        Quantity::new(number, unit.parse().expect("a unit"))
    })
}

fn value() -> impl Strategy<Value = Value> {
    (quantity(), any::<bool>(), any::<bool>()).prop_map(|(quantity, about, plus)| {
        let value = Value::new(quantity);
        let value = if plus { value.with_plus() } else { value };
        if about { value.approximately() } else { value }
    })
}

fn range() -> impl Strategy<Value = ValueRange> {
    (value(), value()).prop_map(|(low, high)| ValueRange { low, high })
}

fn given() -> impl Strategy<Value = Given> {
    prop_oneof![
        value().prop_map(Given::Point),
        range().prop_map(Given::Range),
        Just(Given::Unknown),
    ]
}

fn exact_length() -> impl Strategy<Value = Length> {
    ("[0-9]{1,3}(\\.[0-9])?(ms|s|m|h|d|w)").prop_map(|text| text.parse().expect("a length"))
}

fn length() -> impl Strategy<Value = Length> {
    ("[0-9]{1,3}(s|h|w|mo|q|y)").prop_map(|text| text.parse().expect("a length"))
}

fn cmp() -> impl Strategy<Value = Cmp> {
    prop_oneof![
        Just(Cmp::Equal),
        Just(Cmp::Greater),
        Just(Cmp::GreaterOrEqual),
        Just(Cmp::Less),
        Just(Cmp::LessOrEqual),
        Just(Cmp::NotEqual),
    ]
}

fn reference() -> impl Strategy<Value = Reference> {
    let against = prop_oneof![
        Just(Against::Baseline),
        Just(Against::Control),
        Just(Against::Old),
        Just(Against::Previous),
    ];
    (against, of(given())).prop_map(|(against, given)| Reference { against, given })
}

fn choice() -> impl Strategy<Value = Choice> {
    (name(), vec(name(), 0..3)).prop_map(|(first, others)| Choice::new(first, others))
}

fn aggregate() -> impl Strategy<Value = Aggregate> {
    let share = (1u32..1_000_000).prop_map(|ppm| Ratio::from_ppm(ppm).expect("a share"));
    prop_oneof![
        share.prop_map(Aggregate::Percentile),
        Just(Aggregate::Average),
        Just(Aggregate::Median),
        Just(Aggregate::Count),
        Just(Aggregate::Ratio),
        Just(Aggregate::Time),
        Just(Aggregate::Deviation),
        Just(Aggregate::Equal),
        Just(Aggregate::Frequency),
        Just(Aggregate::Rating),
        Just(Aggregate::Usage),
        Just(Aggregate::Last),
    ]
}

fn measure() -> impl Strategy<Value = Measure> {
    let one = prop_oneof![
        (aggregate(), choice(), vec(choice(), 0..3))
            .prop_map(|(by, of, parts)| Measure::Aggregate { by, of, parts }),
        (name(), vec(choice(), 0..3)).prop_map(|(kpi, parts)| Measure::Plain { kpi, parts }),
        (name(), quantity()).prop_map(|(of, threshold)| Measure::Apdex { of, threshold }),
        (name(), quantity()).prop_map(|(of, threshold)| Measure::Below { of, threshold }),
        (name(), exact_length()).prop_map(|(slo, window)| Measure::BurnRate { slo, window }),
        name().prop_map(|slo| Measure::BudgetLeft { slo }),
        text().prop_map(Measure::Query),
    ];
    one.prop_recursive(3, 4, 1, |inner| {
        inner.prop_map(|of| Measure::Change(Box::new(of)))
    })
}

fn subject() -> impl Strategy<Value = Subject> {
    (measure(), of(name())).prop_map(|(measure, per)| Subject { measure, per })
}

fn band() -> impl Strategy<Value = Band> {
    (cmp(), value()).prop_map(|(op, value)| Band { op, value })
}

fn assertion() -> impl Strategy<Value = Assertion> {
    let operand = prop_oneof![
        value().prop_map(Operand::Value),
        Just(Operand::Baseline),
        Just(Operand::Budget),
        Just(Operand::Target),
    ];
    let bands =
        (of(band()), of(band())).prop_filter("one of the two", |(a, b)| a.is_some() || b.is_some());
    let start = of(prop_oneof![
        value().prop_map(Given::Point),
        range().prop_map(Given::Range)
    ]);
    prop_oneof![
        (cmp(), operand).prop_map(|(op, value)| Assertion::Compare(Band { op, value })),
        bands.prop_map(|(warn, crit)| Assertion::Bands { warn, crit }),
        reference().prop_map(Assertion::Comparable),
        reference().prop_map(Assertion::NoWorse),
        Just(Assertion::Stable),
        range().prop_map(Assertion::Within),
        (start, of(cmp()), value()).prop_map(|(from, op, to)| Assertion::Reach { from, op, to }),
    ]
}

fn test() -> impl Strategy<Value = Test> {
    let level = of((1u32..1_000_000).prop_map(|ppm| Ratio::from_ppm(ppm).expect("a share")));
    let flags = (any::<bool>(), any::<bool>());
    let rest = (
        of(reference()),
        of(value()),
        level,
        of(any::<u64>()),
        of(exact_length()),
        of(value()),
        of(value()),
    );
    (subject(), assertion(), flags, rest).prop_map(|(subject, assertion, flags, rest)| Test {
        against: rest.0,
        margin: rest.1,
        confidence: rest.2,
        samples_min: rest.3,
        over: rest.4,
        derived: rest.5,
        cap: rest.6,
        significant: flags.0,
        actual_unknown: flags.1,
        ..Test::new(subject, assertion)
    })
}

fn not(condition: Condition) -> Condition {
    Condition::Not(Negated::new(condition).expect("what people say and events show"))
}

fn condition() -> impl Strategy<Value = Condition> {
    let plain =
        (name(), vec(choice(), 0..2)).prop_map(|(kpi, parts)| Measure::Plain { kpi, parts });
    let leaf = prop_oneof![
        6 => test().prop_map(|test| Condition::Test(Box::new(test))),
        1 => name().prop_map(Condition::Approve),
        1 => text().prop_map(Condition::Check),
        1 => length().prop_map(Condition::Delivered),
        1 => length().prop_map(Condition::Monitor),
        1 => choice().prop_map(Condition::Event),
        1 => choice().prop_map(|events| not(Condition::Event(events))),
        1 => text().prop_map(|text| not(Condition::Check(text))),
        1 => of(name()).prop_map(Condition::Group),
        1 => (plain, text(), vec(name(), 0..3))
            .prop_map(|(of, satisfy, among)| Condition::ForAll { of, satisfy, among }),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        let group =
            vec(inner.clone(), 2..4).prop_map(|members| Group::new(members).expect("two or more"));
        let parts = vec((1u32..9, inner), 1..3);
        let share =
            || (0u32..=100).prop_map(|percent| Ratio::from_percent(percent).expect("a share"));
        prop_oneof![
            group.clone().prop_map(Condition::All),
            group.prop_map(Condition::Any),
            (parts, share(), of(share())).prop_map(|(parts, pass, warn)| {
                Condition::Score(Weighted::new(parts, pass, warn).expect("weights"))
            }),
        ]
    })
}

fn criterion() -> impl Strategy<Value = Criterion> {
    let gap = prop_oneof![
        Just(GapPolicy::Freeze),
        Just(GapPolicy::Reset),
        any::<u32>().prop_map(GapPolicy::Tolerate),
    ];
    let hold = (
        of(exact_length()),
        of(exact_length()),
        of(gap),
        of(any::<u32>()),
    )
        .prop_map(|(for_, keep, gap, points_min)| HoldClause {
            for_,
            keep,
            gap,
            points_min,
        });
    let scope = prop_oneof![
        Just(Scope::AtGate),
        name().prop_map(Scope::During),
        Just(Scope::Throughout)
    ];
    let date =
        (1u16..=9999, 1u8..=12, 1u8..=28).prop_map(|(y, m, d)| Date::new(y, m, d).expect("a day"));
    let by = of(prop_oneof![
        length().prop_map(Deadline::In),
        date.prop_map(Deadline::On)
    ]);
    let action = prop_oneof![
        name().prop_map(Action::Named),
        text().prop_map(Action::Said)
    ];
    let response = (
        of(name().prop_map(Severity::from)),
        vec(action, 0..3),
        of(length()),
        of(length()),
    )
        .prop_map(|(severity, actions, decide_within, within)| Response {
            severity,
            actions,
            decide_within,
            within,
        });
    let limits = (of(any::<u32>()), of(any::<u32>()))
        .prop_map(|(total, consecutive)| FailureLimits { total, consecutive });
    (
        condition(),
        scope,
        of(exact_length()),
        hold,
        limits,
        by,
        response,
    )
        .prop_map(
            |(condition, scope, every, hold, limits, by, response)| Criterion {
                condition,
                scope,
                every,
                hold,
                limits,
                by,
                response,
            },
        )
}

fn statement() -> impl Strategy<Value = Statement> {
    let kind = prop_oneof![
        Just(FactKind::Baseline),
        Just(FactKind::Budget),
        Just(FactKind::Estimate)
    ];
    let fact = (kind, subject(), cmp(), given()).prop_map(|(kind, subject, op, figure)| {
        // Nothing compares with what is unknown.
        let op = if figure == Given::Unknown {
            Cmp::Equal
        } else {
            op
        };
        Fact {
            kind,
            subject,
            op,
            figure,
        }
    });
    let step =
        || (cmp(), value(), any::<u32>()).prop_map(|(op, value, by)| ScalingStep { op, value, by });
    let policy = prop_oneof![
        (subject(), vec(value(), 2..5))
            .prop_map(|(subject, steps)| Policy::Ladder { subject, steps }),
        (subject(), range(), of(value())).prop_map(|(subject, range, target)| Policy::Limits {
            subject,
            range,
            target
        }),
        (subject(), value(), of(step()), of(step())).prop_map(|(subject, target, up, down)| {
            Policy::Scaling {
                subject,
                target,
                up,
                down,
            }
        }),
    ];
    prop_oneof![
        6 => criterion().prop_map(|criterion| Statement::Criterion(Box::new(criterion))),
        1 => fact.prop_map(Statement::Fact),
        1 => policy.prop_map(Statement::Policy),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_generated_tree_reads_back_as_it_prints(tree in statement()) {
        let text = tree.to_string();
        match text.parse::<Statement>() {
            Ok(read) => prop_assert_eq!(read, tree, "{}", text),
            // Only a text that is too long is refused.
            Err(fault) => prop_assert!(text.len() > phasegate_criterion::TEXT_LEN_MAX, "{}: {}", text, fault),
        }
    }

    #[test]
    fn a_generated_tree_survives_json(tree in statement()) {
        prop_assume!(tree.to_string().len() <= phasegate_criterion::TEXT_LEN_MAX);
        let json = serde_json::to_string(&tree).expect("text");
        prop_assert_eq!(serde_json::from_str::<Statement>(&json).expect("the same"), tree);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,60}") {
        match text.parse::<Statement>() {
            Ok(tree) => prop_assert_eq!(tree.to_string().parse::<Statement>(), Ok(tree)),
            Err(fault) => prop_assert!(text.get(fault.at).is_some()),
        }
    }

    #[test]
    fn a_damaged_criterion_reads_or_is_refused_at_a_place(
        tree in statement(), cut in 0usize..200, with in "[a-z0-9 <>=%()~.\"-]{0,3}"
    ) {
        let text = tree.to_string();
        let at = (0..=cut.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let (head, tail) = text.split_at(at);
        let skip = tail.chars().next().map_or(0, char::len_utf8);
        let damaged = format!("{head}{with}{}", &tail[skip..]);
        match damaged.parse::<Statement>() {
            Ok(tree) => prop_assert_eq!(tree.to_string().parse::<Statement>(), Ok(tree)),
            Err(fault) => prop_assert!(damaged.get(fault.at.clone()).is_some(), "{:?} in {}", fault.at, damaged),
        }
    }
}
