//! What is printed reads back as the same plan, in every format, whatever its texts hold.
#![expect(clippy::expect_used, reason = "helpers of tests fail the test")]

use phasegate_core::{PhaseId, Ratio, Span};
use phasegate_plan::model::{
    Action, Activity, Checklist, Gate, Item, Notify, Phase, PlanDraft, PlanFormat, Resource,
    Response, Rollback, RollbackStep, RollbackTarget, Slot, Stage, Step, Task, TrafficRamp, Wait,
};
use phasegate_plan::{Format, PlanDocument};
use proptest::prelude::*;

fn id() -> impl Strategy<Value = String> {
    "[A-Za-z0-9][A-Za-z0-9_-]{0,20}"
}

/// Texts that printers get wrong: indicators, breaks, blanks at the ends, look-alikes of other types.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ -~]{1,30}",
        3 => "\\PC{1,20}",
        3 => any::<String>().prop_filter("not nothing", |text| !text.is_empty()),
        2 => proptest::sample::select(vec![
            "yes", "no", "null", "~", "1e3", "0x1f", "12:30", "2025-01-01", "- a", "a: b", "a #b", "#",
            " lead", "trail ", "two\nlines", "two\nlines\n", "two\n\nmore\n\n", "\n", "tab\there", "'", "\"",
            "{", "[a]", "&a", "*a", "!t", "|", ">", "%", "@", "`", "\u{85}", "\u{2028}", "\u{feff}x", "a\r\nb",
            "true", "on", "1_000", "0o7", ".5", "+1", "-", "?", ":", "a:", "=", "<<",
        ]).prop_map(str::to_owned),
    ]
}

/// What must say something.
fn words() -> impl Strategy<Value = String> {
    text().prop_filter("says something", |text| !text.trim().is_empty())
}

fn ratio() -> impl Strategy<Value = Ratio> {
    (0u32..=1_000_000).prop_map(|ppm| Ratio::from_ppm(ppm).expect("in range"))
}

fn step() -> impl Strategy<Value = Step> {
    let traffic = (
        id(),
        proptest::collection::vec((ratio(), any::<u64>()), 0..4),
    )
        .prop_map(|(target, stages)| {
            let stages = stages
                .into_iter()
                .map(|(weight, bake)| Stage::new(weight).bake(Span::from_nanos(bake)));
            let ramp = TrafficRamp::new("edge", target);
            Action::from(ramp.stages(stages))
        });
    let wait = any::<u64>().prop_map(|nanos| Action::from(Wait::new(Span::from_nanos(nanos))));
    let task = (id(), words()).prop_map(|(role, what)| Action::from(Task::new(role, what)));
    (
        id(),
        proptest::option::of(text()),
        prop_oneof![traffic, wait, task],
    )
        .prop_map(|(id, title, action)| {
            let step = Step::new(id, action);
            match title {
                Some(title) => step.title(title).slot(Slot::new(1)),
                None => step,
            }
        })
}

fn response() -> impl Strategy<Value = Response> {
    prop_oneof![
        Just(Response::Hold),
        Just(Response::Abort),
        Just(Response::Rollback(RollbackTarget::Start)),
        id().prop_map(|id| Response::Rollback(RollbackTarget::Phase(id.parse().expect("an id")))),
        id().prop_map(|id| Response::Return(id.parse().expect("an id"))),
        id().prop_map(|id| Response::Notify(Notify::new(id))),
    ]
}

fn phase() -> impl Strategy<Value = Phase> {
    (
        id(),
        words(),
        proptest::collection::vec(text(), 0..3),
        proptest::option::of(proptest::collection::vec(id(), 0..3)),
        proptest::collection::vec(step(), 0..4),
        proptest::collection::vec(response(), 0..3),
        any::<u64>(),
    )
        .prop_map(|(id, title, texts, after, steps, responses, nanos)| {
            let span = Span::from_nanos(nanos);
            let back = steps
                .first()
                .map(|step| RollbackStep::new(step.id.clone(), step.action.clone()).budget(span));
            let said = || texts.iter().filter(|text| !text.trim().is_empty());
            let items = said().map(|text| Item::new(text.clone()).valid_for(span));
            let list = Checklist::new(title.clone()).items(items);
            let activity = Activity::new(title.clone()).items(said().map(Item::new));
            let phase = Phase::new(id, title)
                .audience(Resource::new("users", 3).at_most(5))
                .objectives(texts)
                .prerequisites([list])
                .activities([activity])
                .steps(steps)
                .on_fail(responses.clone())
                .gates([Gate::new("g").no_go(responses)])
                .rollback(Rollback::new().limit(span).steps(back));
            match after {
                Some(after) => phase.after(
                    after
                        .iter()
                        .map(|id| id.parse().expect("an id"))
                        .collect::<Vec<PhaseId>>(),
                ),
                None => phase,
            }
        })
}

fn plan() -> impl Strategy<Value = PlanDraft> {
    let parts = (
        id(),
        words(),
        proptest::option::of(text()),
        proptest::collection::vec(phase(), 0..4),
    );
    parts.prop_map(|(id, title, summary, phases)| {
        let plan = PlanDraft::new(PlanFormat::V1, id, title).phases(phases);
        match summary {
            Some(summary) => plan.summary(summary.clone()).owner(summary),
            None => plan,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_reads_back_as_the_same_plan(plan in plan()) {
        for (name, format) in [
            ("a.yaml", Format::Yaml),
            ("a.json", Format::Json),
            ("a.toml", Format::Toml),
        ] {
            let printed = plan.to_text(format).expect("prints");
            let read = PlanDocument::read(name, printed.as_bytes());
            let again = read.draft();
            prop_assert!(again.is_some(), "{format}:\n{printed}\n{}", phasegate_plan::check(&read, None).faults.render());
            prop_assert_eq!(again.as_ref(), Some(&plan), "{}:\n{}", format, printed);
        }
    }

    #[test]
    fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in "\\PC{0,200}") {
        for name in ["a.yaml", "a.json", "a.toml"] {
            for bytes in [bytes.as_slice(), text.as_bytes()] {
                let faults = phasegate_plan::check(&PlanDocument::read(name, bytes), None).faults;
                prop_assert!(faults.has_errors());
                prop_assert!(!faults.render().is_empty());
            }
        }
    }
}
