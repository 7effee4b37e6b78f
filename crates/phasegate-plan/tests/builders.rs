//! A plan written in Rust: texts are read as in a document, and what cannot be read is told with all else
//! that is wrong, each with its path and with what the document's reader says of it.

use phasegate_core::{PhaseId, Span};
use phasegate_plan::model::{
    Channel, Checklist, Condition, Evaluation, Gate, GateWhen, Kpi, KpiShape, Phase, PlanDraft,
    PlanFormat, PlanRole, Queries, Response, Rollback, RollbackStep, RollbackTarget, Severity,
    Stage, Step, TrafficRamp, Trigger, Wait,
};
use phasegate_plan::{Code, Faults};

fn draft() -> PlanDraft {
    PlanDraft::new(PlanFormat::V1, "shop", "Shop")
        .roles([PlanRole::new("lead").members(["lena"])])
        .kpis([Kpi::new("errors", KpiShape::Ratio)
            .unit("%")
            .source("metrics")
            .query(Queries::new().whole("errors"))])
        .phases([Phase::new("ramp", "Ramp")
            .after(Vec::new())
            .steps([Step::new(
                "up",
                TrafficRamp::new("edge", "shop").stages(["50%", "100%"]),
            )])
            .criteria(["ratio(errors) < 1%"])
            .rollback(
                Rollback::new().steps([RollbackStep::new("down", Wait::new("1s")).budget("1m")]),
            )])
}

fn faults(draft: &PlanDraft) -> Faults {
    match draft.build() {
        Ok(_) => Faults::default(),
        Err(faults) => faults,
    }
}

fn paths(faults: &Faults) -> Vec<(&str, Code)> {
    faults
        .iter()
        .map(|fault| (fault.pointer.as_str(), fault.code))
        .collect()
}

#[test]
fn values_and_their_texts_make_the_same_plan() {
    let texts = Stage::new("25%")
        .bake("10m")
        .criteria(["ratio(errors) < 1%"]);
    let criterion: Condition = "ratio(errors) < 1%".parse().expect("a criterion");
    let bare: Stage = "25%".parse().expect("a share");
    assert_eq!(texts, bare.bake(Span::from_secs(600)).criteria([criterion]));
    let named: PhaseId = "build".parse().expect("an id");
    let owned = Phase::new("ship".to_owned(), "Ship").after(["build".to_owned()]);
    assert_eq!(owned, Phase::new("ship", "Ship").after([named]));
    assert_eq!(paths(&faults(&draft())), []);
}

#[test]
fn words_and_choices_can_be_texts_as_well() {
    let texts = Trigger::new("slow", "p95(latency) > 1s")
        .severity("critical")
        .respond([
            Response::rollback("previous-phase"),
            Response::rollback(RollbackTarget::phase("ramp")),
            Response::return_to("ramp"),
            Response::Hold.into(),
        ]);
    let ramp: PhaseId = "ramp".parse().expect("an id");
    let values = Trigger::new("slow", "p95(latency) > 1s")
        .severity(Severity::Critical)
        .respond([
            Response::Rollback(RollbackTarget::PreviousPhase),
            Response::Rollback(RollbackTarget::Phase(ramp.clone())),
            Response::Return(ramp),
            Response::Hold,
        ]);
    assert_eq!(texts, values);
    let step = "up".parse().expect("an id");
    assert_eq!(
        Gate::new("go").when(GateWhen::before_step("up")),
        Gate::new("go").when(GateWhen::BeforeStep(step))
    );
}

#[test]
fn words_and_choices_that_cannot_be_read_are_told_with_their_path() {
    let gate = |id| Gate::new(id).criteria(["ratio(errors) < 1%"]);
    let go = gate("go")
        .when(GateWhen::before_step("up there"))
        .on_timeout("perhaps")
        .no_go([
            Response::rollback("starts"),
            Response::rollback(RollbackTarget::phase("no phase")),
        ]);
    let plan = draft()
        .phases([Phase::new("more", "More").gates([go])])
        .gates([gate("last").when("acceptence")]);
    let found = faults(&plan);
    let expected = [
        ("/phases/1/gates/0/when/before-step", Code::InvalidId),
        ("/phases/1/gates/0/on-timeout", Code::UnknownChoice),
        ("/phases/1/gates/0/no-go/0/rollback", Code::UnknownChoice),
        ("/phases/1/gates/0/no-go/1/rollback/phase", Code::InvalidId),
        ("/gates/0/when", Code::UnknownChoice),
    ];
    assert_eq!(paths(&found), expected, "{}", found.render());
}

#[test]
fn everything_wrong_is_told_at_once_with_its_path() {
    let ramp = TrafficRamp::new("edge", "the shop").stages(["50 percent", "101%"]);
    let bad = Phase::new("bad", "Bad")
        .after(["ramp", "no such phase", "nobody"])
        .length("2 fortnights")
        .prerequisites([Checklist::new("Ready")
            .owner("lead!")
            .items(["All is well"])])
        .steps([Step::new("up", ramp)])
        .criteria(["ratio(errors) < 1%", "ratio(errors) <", "p99(errors) < 1s"])
        .gates([Gate::new("go")
            .approvals(["lead", "no lead"])
            .decide_within("soon")])
        .rollback(
            Rollback::new()
                .steps([RollbackStep::new("down", Wait::new("a while")).budget("1 min")]),
        );
    let plan = draft()
        .evaluation(Evaluation::new().every("15 sec"))
        .channels([Channel::new("", "chat")])
        .phases([bad]);
    let found = faults(&plan);
    let expected = [
        ("/channels/0/id", Code::InvalidId),
        ("/evaluation/every", Code::InvalidSpan),
        ("/phases/1/after/1", Code::InvalidId),
        ("/phases/1/after/2", Code::UnknownPhase),
        ("/phases/1/criteria/1", Code::InvalidCriterion),
        ("/phases/1/criteria/2/criterion", Code::FunctionForShape),
        ("/phases/1/gates/0/approvals/1", Code::InvalidId),
        ("/phases/1/gates/0/decide-within", Code::InvalidSpan),
        ("/phases/1/length", Code::InvalidMoment),
        ("/phases/1/prerequisites/0/owner", Code::InvalidId),
        ("/phases/1/rollback/steps/0/budget", Code::InvalidSpan),
        ("/phases/1/rollback/steps/0/wait", Code::InvalidSpan),
        ("/phases/1/steps/0/traffic/stages/0", Code::InvalidRatio),
        ("/phases/1/steps/0/traffic/stages/1", Code::InvalidRatio),
        ("/phases/1/steps/0/traffic/target", Code::InvalidId),
    ];
    let mut told = paths(&found);
    told.sort_unstable();
    assert_eq!(told, expected, "{}", found.render());
    let every = found
        .iter()
        .find(|fault| fault.pointer == "/evaluation/every");
    let help = every.and_then(|fault| fault.help.as_deref());
    assert_eq!(help, Some("did you mean '15s'?"));
}

#[test]
fn what_is_given_again_takes_the_place_of_what_could_not_be_read() {
    let phase = Phase::new("build", "Build")
        .length("long")
        .length("2d")
        .no_way_back("Nothing.");
    assert_eq!(
        phase,
        Phase::new("build", "Build")
            .length("2d")
            .no_way_back("Nothing.")
    );
    let plan = draft()
        .evaluation(Evaluation::new().every("never"))
        .evaluation(Evaluation::new());
    assert_eq!(paths(&faults(&plan)), []);
}
