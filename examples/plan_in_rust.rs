//! Can a plan be written in Rust as comfortably as in YAML? The plan of the first rollout, both ways:
//! `cargo run --example plan_in_rust` builds it here and finds it equal to `plans/first-rollout.yaml`.
//!
//! What must be said goes into `new`; what may be said has a method of the key's name. Ids, spans,
//! shares and criteria are read from their texts by `parse`, and so checked when the plan is built.

use std::error::Error;

use phasegate_plan::PlanDocument;
use phasegate_plan::model::{
    Approval, Channel, Checklist, Environment, Evaluation, Gate, GateWhen, Item, Kpi, KpiDirection,
    KpiShape, MatrixRow, Message, Notify, Phase, PlanDraft, PlanFormat, PlanRole, Queries,
    Response, Rollback, RollbackStep, RollbackTarget, Severity, Stage, Status, Step, TimeoutAnswer,
    TrafficRamp, Trigger, Wait,
};

type Fallible<T> = Result<T, Box<dyn Error>>;

fn main() -> Fallible<()> {
    let plan = plan()?;
    let checked = plan.check(None);
    print!("{}", checked.faults.render());
    assert!(checked.plan.is_some(), "nothing is wrong with it");

    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/plans/first-rollout.yaml");
    let document = PlanDocument::read(file, &std::fs::read(file)?);
    let written = document.draft().ok_or("the YAML can be read")?;
    assert_eq!(plan, written, "both ways say the same");
    println!(
        "{} lines of YAML say the same",
        plan.to_yaml().lines().count()
    );
    Ok(())
}

fn plan() -> Fallible<PlanDraft> {
    Ok(PlanDraft::new(
        PlanFormat::V1,
        "first-rollout".parse()?,
        "First rollout of the greeter service",
    )
    .summary(
        "Brings version 2 of the greeter to all of its traffic, as long as it is as fast and as \
                 reliable as version 1, and goes back by itself where it is not.",
    )
    .version("1.0")
    .status(Status::Ready)
    .owner("platform")
    .environment(Environment::Production)
    .roles([
        PlanRole::new("release-manager".parse()?)
            .title("Release manager")
            .members(["rosa".parse()?, "milan".parse()?]),
        PlanRole::new("on-call".parse()?)
            .title("Engineer on call")
            .members(["noor".parse()?]),
    ])
    .channels([Channel::new("rollouts".parse()?, "chat".parse()?)
        .title("Where the team follows rollouts")
        .address("#rollouts")])
    .messages(messages()?)
    .kpis(kpis()?)
    .evaluation(
        Evaluation::new()
            .every("500ms".parse()?)
            .settle("500ms".parse()?)
            .min_samples(20)
            .hold_at_most("10s".parse()?)
            .then(back_to_the_start()?),
    )
    .phases([internal()?, canary()?])
    .gates([Gate::new("acceptance".parse()?)
        .title("Is version 2 accepted?")
        .when(GateWhen::Acceptance)
        .criteria(["ratio(errors) < 1%".parse()?])])
    .triggers([
        trigger(
            "error-burst",
            "Version 2 fails requests",
            "ratio(errors) > 5% for 1s",
        )?
        .severity(Severity::Critical),
        trigger(
            "slow",
            "Version 2 has become slow",
            "p95(latency) > 60ms for 1500ms",
        )?,
    ])
    .matrix([MatrixRow::new(
        "security-finding".parse()?,
        "A vulnerability is found in version 2",
        Severity::Critical,
    )
    .decide_within("0s".parse()?)
    .complete_within("20s".parse()?)
    .undecided(TimeoutAnswer::NoGo)
    .decider("on-call".parse()?)
    .tell(["rollouts".parse()?])
    .respond([Response::Rollback(RollbackTarget::Start)])]))
}

fn messages() -> Fallible<[Message; 3]> {
    Ok([
        Message::new("starting".parse()?, "{{plan}} begins").body(
            "Version 2 gets its first traffic now. The rollout goes back by itself if it has to.",
        ),
        Message::new("done".parse()?, "{{plan}} is done").body("Version 2 serves everything."),
        Message::new("going-back".parse()?, "{{plan}} goes back: {{reason}}").body(
            "Phase {{phase}} at {{weight}}. Nobody has to do anything; the report will say why.",
        ),
    ])
}

fn kpis() -> Fallible<[Kpi; 3]> {
    let both = |query: &str| Queries::new().canary(query).stable(query);
    let kpi = |id: &str, shape, unit: &str, title: &str, query| -> Fallible<Kpi> {
        Ok(Kpi::new(id.parse()?, shape)
            .title(title)
            .unit(unit)
            .direction(KpiDirection::Lower)
            .source("metrics".parse()?)
            .query(query)
            .window("3s".parse()?))
    };
    Ok([
        kpi(
            "latency",
            KpiShape::Distribution,
            "ms",
            "Time from the intended send to the last byte of the answer",
            both("latency"),
        )?,
        kpi(
            "errors",
            KpiShape::Ratio,
            "%",
            "Share of requests that were not answered, or with a 5xx",
            both("errors"),
        )?,
        kpi(
            "service-errors",
            KpiShape::Ratio,
            "%",
            "Share of all requests, whichever version they met, that were not answered or with a 5xx",
            Queries::new().whole("errors"),
        )?,
    ])
}

fn internal() -> Fallible<Phase> {
    Ok(Phase::new("internal".parse()?, "Internal trial")
        .objectives(["Only the team's own requests reach version 2, by way of a 1 % share"])
        .prerequisites([Checklist::new("Before any traffic")
            .owner("release-manager".parse()?)
            .items(
                [
                    "The release notes have been read by the release manager",
                    "Version 2 answers its health check",
                ]
                .map(Item::new),
            )])
        .steps([
            Step::new("announce".parse()?, tell("starting")?).title("Tell the team"),
            Step::new("own-traffic".parse()?, greeter([stage("1%", "2s")?])?)
                .title("A little traffic"),
        ])
        .gates([Gate::new("go-canary".parse()?)
            .title("Go on to the canary?")
            .approvals([Approval::new("release-manager".parse()?)])
            .decide_within("15s".parse()?)
            .on_timeout(TimeoutAnswer::Hold)
            .no_go([Response::Rollback(RollbackTarget::Start)])])
        .rollback(
            Rollback::new()
                .limit("10s".parse()?)
                .steps([no_traffic("internal-off")?]),
        ))
}

fn canary() -> Fallible<Phase> {
    let p95 = "p95(latency) no worse than control margin 200% at most 4 consecutive failures";
    let p99 = "p99(latency) no worse than control margin 400% at most 4 consecutive failures";
    Ok(Phase::new("canary".parse()?, "Canary ramp")
        .objectives(["Version 2 takes over the traffic while it is no worse than version 1"])
        .after(vec!["internal".parse()?])
        .steps([
            Step::new(
                "ramp".parse()?,
                greeter([
                    stage("5%", "5s")?.criteria([p95.parse()?]),
                    stage("25%", "6s")?.criteria([p95.parse()?, p99.parse()?]),
                    stage("50%", "6s")?.criteria([p95.parse()?, p99.parse()?]),
                    stage("100%", "4s")?,
                ])?,
            )
            .title("5, 25, 50, 100 percent"),
            Step::new("tell".parse()?, tell("done")?),
        ])
        .criteria([
            "p95(latency) < 60ms at most 4 consecutive failures".parse()?,
            "p99(latency) < 250ms at most 4 consecutive failures".parse()?,
            "ratio(errors) < 1% at most 4 consecutive failures".parse()?,
        ])
        .rollback(
            Rollback::new()
                .limit("20s".parse()?)
                .steps([
                    no_traffic("traffic-back")?,
                    RollbackStep::new("drained".parse()?, "3s".parse()?, "1s".parse::<Wait>()?)
                        .title("Requests under way come to their end"),
                    RollbackStep::new("tell-back".parse()?, "5s".parse()?, tell("going-back")?)
                        .title("Tell the team"),
                ])
                .validation(["ratio(service-errors) < 1%".parse()?])
                .validate_within("5s".parse()?)
                .escalate_to("on-call".parse()?)
                .escalate_via("rollouts".parse()?),
        ))
}

fn trigger(id: &str, title: &str, criterion: &str) -> Fallible<Trigger> {
    Ok(Trigger::new(id.parse()?, criterion.parse()?)
        .title(title)
        .phases(["canary".parse()?])
        .respond(back_to_the_start()?)
        .blind_for("5s".parse()?)
        .when_blind([Response::Hold]))
}

fn back_to_the_start() -> Fallible<[Response; 2]> {
    Ok([
        Response::Rollback(RollbackTarget::Start),
        Response::Notify(tell("going-back")?),
    ])
}

fn tell(message: &str) -> Fallible<Notify> {
    Ok(Notify::new("rollouts".parse()?).message(message.parse()?))
}

fn stage(weight: &str, bake: &str) -> Fallible<Stage> {
    Ok(Stage::new(weight.parse()?).bake(bake.parse()?))
}

fn greeter(stages: impl IntoIterator<Item = Stage>) -> Fallible<TrafficRamp> {
    Ok(TrafficRamp::new("edge".parse()?, "greeter".parse()?).stages(stages))
}

fn no_traffic(id: &str) -> Fallible<RollbackStep> {
    let none = greeter(["0%".parse()?])?;
    Ok(RollbackStep::new(id.parse()?, "5s".parse()?, none).title("All traffic to version 1"))
}
