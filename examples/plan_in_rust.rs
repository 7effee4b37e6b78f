//! Can a plan be written in Rust as comfortably as in YAML? The plan of the first rollout, both ways:
//! `cargo run --example plan_in_rust` builds it here and finds it equal to `plans/first-rollout.yaml`.
//!
//! What must be said goes into `new`; what may be said has a method of the key's name. Ids, spans,
//! shares and criteria are given as texts, as in YAML. What is wrong with them is told when the plan is
//! built: everything at once, each with its path.

use std::error::Error;

use phasegate_plan::PlanDocument;
use phasegate_plan::model::{
    Channel, Checklist, Evaluation, Gate, Given, Kpi, MatrixRow, Message, Notify, Part, Phase,
    PlanDraft, PlanRole, Queries, Response, Rollback, RollbackStep, Stage, Step, TrafficRamp,
    Trigger, Wait,
};

fn main() -> Result<(), Box<dyn Error>> {
    let draft = plan();
    match draft.build() {
        Ok(plan) => assert_eq!(plan.phases.len(), 2),
        Err(faults) => panic!("{}", faults.render()),
    }

    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/plans/first-rollout.yaml");
    let document = PlanDocument::read(file, &std::fs::read(file)?);
    let written = document.draft().ok_or("the YAML can be read")?;
    assert_eq!(draft, written, "both ways say the same");
    println!(
        "{} lines of YAML say the same",
        draft.to_yaml().lines().count()
    );

    for fault in &slips().build().expect_err("three slips") {
        println!("{}: {}", fault.pointer, fault.message);
    }
    Ok(())
}

/// Three texts that cannot be read: all are told.
fn slips() -> PlanDraft {
    let ramp = TrafficRamp::new("edge", "greeter").stages(["5 percent"]);
    let phase = Phase::new("canary", "Canary")
        .length("2 fortnights")
        .steps([Step::new("ramp", ramp)])
        .criteria(["ratio(errors) less than 1%"])
        .no_way_back("It is only an example.");
    PlanDraft::new("phasegate-plan/1", "slips", "Slips").phases([phase])
}

fn plan() -> PlanDraft {
    PlanDraft::new(
        "phasegate-plan/1",
        "first-rollout",
        "First rollout of the greeter service",
    )
    .summary(
        "Brings version 2 of the greeter to all of its traffic, as long as it is as fast and as \
                 reliable as version 1, and goes back by itself where it is not.",
    )
    .version("1.0")
    .status("ready")
    .owner("platform")
    .environment("production")
    .roles([
        PlanRole::new("release-manager")
            .title("Release manager")
            .members(["rosa", "milan"]),
        PlanRole::new("on-call")
            .title("Engineer on call")
            .members(["noor"]),
    ])
    .channels([Channel::new("rollouts", "chat")
        .title("Where the team follows rollouts")
        .address("#rollouts")])
    .messages(messages())
    .kpis(kpis())
    .evaluation(
        Evaluation::new()
            .every("500ms")
            .settle("500ms")
            .min_samples(20)
            .hold_at_most("10s")
            .then(back_to_the_start()),
    )
    .phases([internal(), canary()])
    .gates([Gate::new("acceptance")
        .title("Is version 2 accepted?")
        .when("acceptance")
        .criteria(["ratio(errors) < 1%"])])
    .triggers([
        trigger(
            "error-burst",
            "Version 2 fails requests",
            "ratio(errors) > 5% for 1s",
        )
        .severity("critical"),
        trigger(
            "slow",
            "Version 2 has become slow",
            "p95(latency) > 100ms and change(p95(latency)) > 100% vs control for 1500ms",
        ),
    ])
    .matrix([MatrixRow::new(
        "security-finding",
        "A vulnerability is found in version 2",
        "critical",
    )
    .decide_within("0s")
    .complete_within("20s")
    .undecided("no-go")
    .decider("on-call")
    .tell(["rollouts"])
    .respond([Response::rollback("start")])])
}

fn messages() -> [Message; 3] {
    [
        Message::new("starting", "{{plan}} begins").body(
            "Version 2 gets its first traffic now. The rollout goes back by itself if it has to.",
        ),
        Message::new("done", "{{plan}} is done").body("Version 2 serves everything."),
        Message::new("going-back", "{{plan}} goes back: {{reason}}").body(
            "Phase {{phase}} at {{weight}}. Nobody has to do anything; the report will say why.",
        ),
    ]
}

fn kpis() -> [Kpi; 3] {
    let both = |query: &str| Queries::new().canary(query).stable(query);
    let kpi = |id: &str, shape: &str, unit: &str, title: &str, query| -> Kpi {
        Kpi::new(id, shape)
            .title(title)
            .unit(unit)
            .direction("lower")
            .source("metrics")
            .query(query)
            .window("3s")
    };
    [
        kpi(
            "latency",
            "distribution",
            "ms",
            "Time from the intended send to the last byte of the answer",
            both("latency"),
        ),
        kpi(
            "errors",
            "ratio",
            "%",
            "Share of requests that were not answered, or with a 5xx",
            both("errors"),
        ),
        kpi(
            "service-errors",
            "ratio",
            "%",
            "Share of all requests, whichever version they met, that were not answered or with a 5xx",
            Queries::new().whole("errors"),
        ),
    ]
}

fn internal() -> Phase {
    Phase::new("internal", "Internal trial")
        .objectives(["One request in a hundred reaches version 2, so that the team can look at it before it gets more"])
        .prerequisites([Checklist::new("Before any traffic")
            .owner("release-manager")
            .items([
                "The release notes have been read by the release manager",
                "The engineer on call knows of this rollout",
            ])])
        .steps([
            Step::new("announce", tell("starting")).title("Tell the team"),
            Step::new("own-traffic", greeter([stage("1%", "2s")])).title("A little traffic"),
        ])
        .gates([Gate::new("go-canary")
            .title("Go on to the canary?")
            .approvals(["release-manager"])
            .decide_within("15s")
            .on_timeout("hold")
            .no_go(back_to_the_start())])
        .rollback(
            Rollback::new()
                .limit("10s")
                .steps([no_traffic("internal-off")]),
        )
}

fn canary() -> Phase {
    let no_worse = [
        "p95(latency) no worse than control margin 200% at most 4 consecutive failures",
        "p99(latency) no worse than control margin 400% at most 4 consecutive failures",
        "ratio(errors) no worse than control margin 2pp at most 4 consecutive failures",
    ];
    Phase::new("canary", "Canary ramp")
        .objectives(["Version 2 takes over the traffic while it is no worse than version 1"])
        .after(["internal"])
        .steps([
            Step::new(
                "ramp",
                greeter([
                    stage("5%", "5s").criteria(no_worse),
                    stage("25%", "6s").criteria(no_worse),
                    stage("50%", "6s").criteria(no_worse),
                    stage("100%", "4s"),
                ]),
            )
            .title("5, 25, 50, 100 percent"),
            Step::new("tell", tell("done")),
        ])
        .criteria([
            "p95(latency) < 100ms or p95(latency) no worse than control margin 100% at most 4 consecutive failures",
            "p99(latency) < 250ms or p99(latency) no worse than control margin 100% at most 4 consecutive failures",
            "ratio(errors) < 1% at most 4 consecutive failures",
        ])
        .rollback(
            Rollback::new()
                .limit("20s")
                .target("start")
                .steps([
                    no_traffic("traffic-back"),
                    RollbackStep::new("drained", Wait::new("1s"))
                        .budget("3s")
                        .title("Requests under way come to their end"),
                ])
                .validation(["ratio(service-errors) < 1%"])
                .validate_within("5s")
                .escalate_to("on-call")
                .escalate_via("rollouts"),
        )
}

fn trigger(id: &str, title: &str, criterion: &str) -> Trigger {
    Trigger::new(id, criterion)
        .title(title)
        .phases(["canary"])
        .respond(back_to_the_start())
        .blind_for("5s")
        .when_blind(["hold"])
}

fn back_to_the_start() -> [Part<Response>; 2] {
    [
        Response::rollback("start"),
        Response::notify(tell("going-back")),
    ]
}

fn tell(message: &str) -> Notify {
    Notify::new("rollouts").message(message)
}

fn stage(weight: &str, bake: &str) -> Stage {
    Stage::new(weight).bake(bake)
}

fn greeter(stages: impl IntoIterator<Item = impl Given<Stage>>) -> TrafficRamp {
    TrafficRamp::new("edge", "greeter").stages(stages)
}

fn no_traffic(id: &str) -> RollbackStep {
    let none = greeter(["0%"]);
    RollbackStep::new(id, none)
        .budget("5s")
        .title("All traffic to version 1")
}
