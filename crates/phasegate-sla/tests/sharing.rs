//! Alternatives share the chance of error: those of one criterion, and the triggers of a rollout.
#![expect(clippy::expect_used, reason = "helpers of tests may stop the test")]

use std::collections::BTreeMap;

use phasegate_core::{Answer, Measurement, Observed, Span, Timestamp, Window, WindowKind};
use phasegate_criterion::{Criterion, Direction, Kpi, KpiRegistry, Queries, Shape};
use phasegate_sla::{
    Finding, Need, Prepared, Testimony, Verdict, Why, evaluate, needs, sample_advice,
    sample_advice_shared,
};

const OPEN: Verdict = Verdict::Inconclusive(Why::Undecided);

fn registry() -> KpiRegistry {
    let mut registry = KpiRegistry::new();
    for (id, direction) in [
        ("errors", Direction::LowerIsBetter),
        ("hits", Direction::HigherIsBetter),
    ] {
        let mut kpi = Kpi::new(
            id.parse().expect("an id"),
            "%".parse().expect("a unit"),
            Shape::Ratio,
            "prom".parse().expect("an id"),
        );
        kpi.direction = direction;
        kpi.window = Some(Span::from_secs(60));
        kpi.queries = Queries::whole(id);
        registry.declare(kpi).expect("declared once");
    }
    registry
}

fn at() -> Timestamp {
    Timestamp::EPOCH + Span::from_secs(600)
}

fn since_start() -> Window {
    Window {
        start: Timestamp::EPOCH,
        end: at(),
        kind: WindowKind::SinceStart,
    }
}

/// The window of the KPIs.
fn last_minute() -> Window {
    Window {
        start: at().before(Span::from_secs(60)),
        end: at(),
        kind: WindowKind::Rolling,
    }
}

fn measured((matching, total): (u64, u64), window: Window) -> Measurement {
    Measurement {
        window,
        samples: total,
        observed: Observed::Share { matching, total },
    }
}

fn parsed(text: &str) -> Criterion {
    text.parse().expect(text)
}

fn run(text: &str, counts: &[(u64, u64)]) -> Finding {
    let (criterion, registry) = (parsed(text), registry());
    let needs = needs(&criterion, &registry, &|_, _| true).expect(text);
    assert_eq!(needs.len(), counts.len(), "{text}");
    let answers: BTreeMap<Need, Answer> = needs
        .into_iter()
        .zip(
            counts
                .iter()
                .copied()
                .map(|one| measured(one, since_start()))
                .map(Ok),
        )
        .collect();
    evaluate(&criterion, &registry, &answers, at())
}

/// As one of so many triggers; the verdict alone agrees with the finding.
fn of_triggers(text: &str, triggers: u32, counts: &[(u64, u64)]) -> Finding {
    let registry = registry();
    let prepared = Prepared::new(parsed(text), &registry, &|_, _| true)
        .expect(text)
        .of_trigger()
        .sharing(triggers);
    // What is literal is asked of the KPI's window.
    let literal = !text.contains("confidence");
    let window = if literal {
        last_minute()
    } else {
        since_start()
    };
    let counts = counts.iter().copied();
    let answers: Vec<Answer> = counts.map(|one| Ok(measured(one, window))).collect();
    let answers: Vec<Option<&Answer>> = answers.iter().map(Some).collect();
    let silent = Testimony::default();
    let finding = prepared.finding(&registry, &answers, &silent, at());
    let verdict = prepared.verdict(&registry, &answers, &silent, at());
    assert_eq!(verdict, finding.verdict, "{text}");
    finding
}

#[test]
fn alternatives_of_a_criterion_pass_after_as_many_samples_as_the_lint_says() {
    let text = "ratio(errors) < 1% confidence 95% or ratio(hits) > 99% confidence 95%";
    let advice = sample_advice(&parsed(text), &registry()).remove(0);
    let needed = advice.judged.expect("a share");
    assert_eq!(needed, 404);
    let found = run(text, &[(0, needed), (50, 100)]);
    assert_eq!(found.verdict, Verdict::Pass);
    assert_eq!(
        found.parts.first().and_then(|part| part.confidence),
        "97.5%".parse().ok()
    );
    assert!(
        found
            .sentence
            .contains("with 95% confidence shared by 2 alternatives, 97.5% each (rate): pass"),
        "{}",
        found.sentence
    );
    assert_eq!(run(text, &[(0, needed - 1), (50, 100)]).verdict, OPEN);
    // What must all hold shares nothing.
    let both = text.replace(" or ", " and ");
    let found = run(&both, &[(0, 338), (338, 338)]);
    assert_eq!(found.verdict, Verdict::Pass);
    assert_eq!(
        found.parts.first().and_then(|part| part.confidence),
        "95%".parse().ok()
    );
    assert!(found.sentence.contains("with 95% confidence (rate): pass"));
}

#[test]
fn of_several_triggers_each_is_decided_at_its_share() {
    // The other way round, so that the number of clean samples is that of the lint.
    let text = "ratio(hits) > 99% confidence 95%";
    for triggers in [1, 2, 5, 100] {
        let advice = sample_advice_shared(&parsed(text), &registry(), triggers).remove(0);
        let needed = advice.judged.expect("a share");
        let fired = of_triggers(text, triggers, &[(needed, needed)]);
        assert_eq!(fired.verdict, Verdict::Pass, "{triggers}");
        let quiet = of_triggers(text, triggers, &[(needed - 1, needed - 1)]);
        assert_eq!(quiet.verdict, OPEN, "{triggers}");
        // The level stands in both.
        for finding in [&fired, &quiet] {
            let level = finding.confidence.expect("a level").ppm();
            assert_eq!(level, 1_000_000 - 50_000 / triggers, "{triggers}");
        }
    }
    // Nobody is decided at less than it asked for, whoever shares with it.
    let third = of_triggers(text, 3, &[(1, 1)]).confidence.expect("a level");
    assert_eq!(third.ppm(), 983_333);
    let endless = of_triggers(text, u32::MAX, &[(1, 1)]);
    assert_eq!(endless.confidence.map(|level| level.ppm()), Some(999_999));
    assert_eq!(of_triggers(text, 0, &[(338, 338)]).verdict, Verdict::Pass);
}

#[test]
fn alternatives_within_a_trigger_share_its_share_and_literal_tests_share_nothing() {
    let either = "ratio(errors) > 5% confidence 95% or ratio(hits) < 50% confidence 90%";
    let found = of_triggers(either, 5, &[(1, 10), (5, 10)]);
    let levels: Vec<_> = found
        .parts
        .iter()
        .map(|part| part.confidence.map(|level| level.to_string()))
        .collect();
    assert_eq!(levels, [Some("99.5%".to_owned()), Some("99%".to_owned())]);
    let both = "ratio(errors) > 5% confidence 95% and ratio(hits) < 50%";
    let found = of_triggers(both, 5, &[(9, 10), (4, 10)]);
    let levels: Vec<_> = found.parts.iter().map(|part| part.confidence).collect();
    assert_eq!(levels, ["99%".parse().ok(), None]);
    let literal = "ratio(errors) > 5%";
    for triggers in [1, 5, 1_000] {
        let found = of_triggers(literal, triggers, &[(6, 100)]);
        assert_eq!(found.verdict, Verdict::Pass);
        assert_eq!(found, of_triggers(literal, 1, &[(6, 100)]));
        assert_eq!(found.confidence, None);
    }
}

#[test]
fn evidence_is_asked_of_all_samples_and_what_is_literal_of_its_window() {
    let registry = registry();
    let text = "ratio(errors) > 5% confidence 95% and ratio(hits) < 50%";
    let prepared = Prepared::new(parsed(text), &registry, &|_, _| true).expect(text);
    let asked: Vec<(String, bool, Option<Span>)> = prepared
        .needs()
        .iter()
        .enumerate()
        .map(|(index, need)| (need.kpi.to_string(), prepared.is_evidence(index), need.over))
        .collect();
    assert_eq!(
        asked,
        [
            ("errors".to_owned(), true, None),
            ("hits".to_owned(), false, Some(Span::from_secs(60)))
        ]
    );
    assert!(!prepared.is_evidence(7));
    // A finding that is written down has its level, and one of before has none.
    let found = of_triggers("ratio(errors) > 5% confidence 95%", 2, &[(9, 10)]);
    let text = serde_json::to_string(&found).expect("JSON");
    assert!(text.contains("\"confidence\":"), "{text}");
    let again: Finding = serde_json::from_str(&text).expect("a finding");
    assert_eq!(again, found);
    let literal = of_triggers("ratio(errors) > 5%", 2, &[(9, 10)]);
    let text = serde_json::to_string(&literal).expect("JSON");
    assert!(!text.contains("\"confidence\":"), "{text}");
}
