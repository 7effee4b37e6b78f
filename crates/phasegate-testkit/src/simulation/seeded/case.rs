//! A case: everything that a seed gives, open to be made smaller.

use phasegate_core::{Decimal, KpiId, PersonId, Ratio, RoleId, Span, Timestamp};
use phasegate_engine::program::Program;
use phasegate_engine::{Act, Person, Start, compile};
use phasegate_plan::{Catalog, PlanDocument, check};

use super::acts::acts;
use super::by_scaling;
use super::chance::Chance;
use super::plan::{BINDINGS, plan};
use crate::simulation::{AppendFault, Faults, Kill, Setup};
use crate::world::{Difference, Metric, Outage, OutageKind, People, Regression, Reply, World};

/// What a seed gives.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Case {
    /// The seed.
    pub seed: u64,
    /// The plan document.
    pub plan: String,
    /// The kinds of its steps.
    pub kinds: Vec<&'static str>,
    /// The world.
    pub world: World,
    /// Where the process dies.
    pub kills: Vec<Kill>,
    /// What else goes wrong.
    pub faults: Faults,
    /// What operators do, and when.
    pub acts: Vec<(Timestamp, Act)>,
    /// Revised plans that operators bring in, and when.
    pub amendments: Vec<(Timestamp, String)>,
}

/// Tells the chances of what came later from the others.
const LATER: u64 = 0x5ca1_ab1e;

const START: &str = "2026-09-07T09:00:00Z";

fn start() -> Timestamp {
    START.parse().unwrap_or(Timestamp::EPOCH)
}

/// So many minutes after the beginning.
pub(super) fn minutes(count: u64) -> Timestamp {
    start() + Span::from_secs(60 * count)
}

impl Case {
    /// The case of a seed. About every fourth has no faults of one sort, so that sorts are seen alone too.
    pub fn of(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let (mut plan, kinds) = plan(&mut chance);
        let mut world = world(&mut chance);
        let (kills, mut faults) = faults(&mut chance);
        // What came later has chances of its own, so that what a seed gives beside it stays what it was.
        let mut later = Chance::new(seed ^ LATER);
        if later.percent(50) {
            plan.push_str(&by_scaling::plan(&mut later));
            by_scaling::world(&mut later, &mut world, &mut faults);
        }
        if later.percent(20) {
            let asked = "hold-when-clocks-disagree: true, hold-at-most: ";
            plan = plan.replacen("hold-at-most: ", asked, 1);
        }
        let acts = acts(&mut chance);
        let amendments = amendments(&mut chance, &plan);
        Self {
            seed,
            plan,
            kinds,
            world,
            kills,
            faults,
            acts,
            amendments,
        }
    }

    /// As a simulation begins with it.
    ///
    /// # Errors
    /// If the plan does not pass its checks, which is a defect of the generator.
    pub fn setup(&self) -> Result<Setup, String> {
        let program = compiled(&self.plan, "author")?;
        let id = |error: phasegate_core::IdError| error.to_string();
        let mut setup = Setup::new(program, self.world.clone(), start());
        setup.kills.clone_from(&self.kills);
        setup.faults.clone_from(&self.faults);
        let olga = Person {
            id: PersonId::new("olga").map_err(id)?,
            roles: vec![RoleId::new("operator").map_err(id)?],
        };
        let acts = self.acts.iter().cloned();
        setup.acts = acts.map(|(at, act)| (at, olga.clone(), act)).collect();
        for (at, plan) in &self.amendments {
            let revised = compiled(plan, "olga")?;
            setup.amendments.push((*at, olga.clone(), revised));
        }
        Ok(setup)
    }
}

fn compiled(plan: &str, by: &str) -> Result<Program, String> {
    let bindings = Catalog::read("bindings.yaml", BINDINGS.as_bytes());
    let catalog = bindings.catalog.ok_or_else(|| bindings.faults.render())?;
    let document = PlanDocument::read("plan.yaml", plan.as_bytes());
    let checked = check(&document, Some(&catalog));
    let plan = checked.plan.ok_or_else(|| checked.faults.render())?;
    let by = PersonId::new(by).map_err(|error| error.to_string())?;
    let begin = Start {
        roll_up: Some(Span::from_secs(60)),
        ..Start::new(by)
    };
    compile(&plan, &catalog, &begin).map_err(|error| error.to_string())
}

/// Revised plans: with a phase more, with other limits, with another freeze, and with other steps, which phases that
/// have begun do not take.
fn amendments(chance: &mut Chance, plan: &str) -> Vec<(Timestamp, String)> {
    let mut amendments = Vec::new();
    let mut plan = plan.to_owned();
    if chance.percent(60) {
        return amendments;
    }
    for _ in 0..chance.between(1, 2) {
        let at = minutes(chance.between(1, 60));
        let revised = match chance.below(5) {
            0 | 1 => plan.replace(
                "triggers:\n",
                "  - id: late\n    title: More\n    steps:\n      - {id: more, wait: 3m}\n    no-way-back: It only waits.\ntriggers:\n",
            ),
            2 => plan.replace("], decide-within: ", "], decide-within: 1h"),
            3 => plan.replace("title: Quiet, from: '2026-09-07T09:", "title: Quieter, from: '2026-09-07T08:"),
            _ => plan.replace("bake: ", "bake: 1h"),
        };
        if revised != plan && revised.matches("id: late\n").count() <= 1 {
            amendments.push((at, revised.clone()));
            // The second revision is one of the first.
            plan = revised;
        }
    }
    amendments
}

fn ratio(text: &str) -> Ratio {
    text.parse().unwrap_or(Ratio::ZERO)
}

fn world(chance: &mut Chance) -> World {
    let mut world = World::default();
    let kpi = |id: &str| id.parse::<KpiId>();
    let share = |text: &str| Metric::Share {
        matching: ratio(text),
        per_second: 100,
    };
    let latency = Metric::Distribution {
        points: (1..=100).map(f64::from).collect(),
        per_second: 100,
    };
    let number = |value: u64| Metric::Scalar {
        value: Decimal::from(value),
    };
    for (id, metric) in [
        ("latency", latency),
        ("errors", share("0.1%")),
        ("service-errors", share("0.2%")),
        ("queue", number(12)),
    ] {
        if let Ok(id) = kpi(id) {
            world.metrics.insert(id, metric);
        }
    }
    if chance.percent(35)
        && let Ok(id) = kpi("errors")
    {
        world.regressions.push(Regression {
            kpi: id,
            from: Ratio::from_percent(u32::try_from(chance.between(1, 100)).unwrap_or(50))
                .unwrap_or(Ratio::ONE),
            becomes: share("30%"),
        });
    }
    if chance.percent(40)
        && let Ok(id) = kpi("queue")
    {
        world.while_broken.insert(id, number(500));
    }
    for _ in 0..chance.below(3) {
        outage(chance, &mut world);
    }
    for phase in 0..4 {
        for step in 0..5 {
            if chance.percent(25)
                && let Ok(target) = format!("m{phase}-{step}").parse()
            {
                world.unwilling.insert(target);
            }
            if chance.percent(25)
                && let Ok(target) = format!("t{phase}-{step}").parse()
            {
                world.differences.push(Difference {
                    from: minutes(chance.below(30)),
                    target,
                    id: "rounding".to_owned(),
                    count: chance.between(1, 9),
                    detail: "amounts differ".to_owned(),
                });
            }
        }
    }
    world.people = people(chance);
    world
}

fn outage(chance: &mut Chance, world: &mut World) {
    let bindings = [
        "edge", "flags", "metrics", "shell", "chat", "settings", "host",
    ];
    let binding = chance.pick(&bindings).and_then(|id| id.parse().ok());
    let kinds = [
        OutageKind::AnswersLost,
        OutageKind::KnowsNothing,
        OutageKind::Refuses,
        OutageKind::Unreachable,
    ];
    let kind = chance.pick(&kinds).copied();
    let from = chance.below(60);
    // Some last longer than any way back may take, be it of all phases.
    let until = from
        + match chance.percent(20) {
            true => chance.between(21, 240),
            false => chance.between(1, 20),
        };
    if let (Some(binding), Some(kind)) = (binding, kind) {
        world.outages.push(Outage {
            binding,
            kind,
            from: minutes(from),
            until: minutes(until),
            exposure: Ratio::ZERO,
        });
    }
}

fn people(chance: &mut Chance) -> People {
    let mut people = People::default();
    for (role, names) in [("lead", vec!["lena", "leon"]), ("operator", vec!["olga"])] {
        let Ok(role) = role.parse() else { continue };
        let mut replies = Vec::new();
        for name in names {
            let Ok(by) = name.parse() else { continue };
            replies.push(Reply {
                by,
                yes: chance.percent(93),
                after: Span::from_secs(chance.between(5, 900)),
            });
        }
        people.replies.insert(role, replies);
    }
    people
}

fn faults(chance: &mut Chance) -> (Vec<Kill>, Faults) {
    let mut faults = Faults::default();
    let mut kills = Vec::new();
    let mut at = 0;
    if chance.percent(75) {
        for _ in 0..chance.below(6) {
            at += chance.between(1, 60);
            kills.push(Kill {
                at,
                down_millis: chance.between(50, 400_000),
                reboot: chance.percent(40),
            });
        }
    }
    if chance.percent(75) {
        let kinds = [
            AppendFault::AnswerLost,
            AppendFault::DiskFull,
            AppendFault::RequestLost,
            AppendFault::SyncFailedKept,
            AppendFault::SyncFailedLost,
            AppendFault::Unreachable,
        ];
        for _ in 0..chance.below(6) {
            if let Some(kind) = chance.pick(&kinds) {
                faults.appends.insert(chance.between(1, 150), *kind);
            }
        }
    }
    if chance.percent(75) {
        for _ in 0..chance.below(8) {
            faults.doubled.insert(chance.below(400));
            faults.lost.insert(chance.below(400));
            let late = Span::from_millis(chance.between(100, 90_000));
            faults.slow.insert(chance.below(400), late);
        }
    }
    if chance.percent(40) {
        for _ in 0..chance.between(1, 2) {
            let by = i64::try_from(chance.between(1_000, 600_000)).unwrap_or(1_000);
            let by = if chance.percent(50) { -by } else { by };
            faults.clock_steps.push((minutes(chance.below(60)), by));
        }
    }
    if chance.percent(20)
        && let (Ok(binding), Ok(target)) = (
            "edge".parse(),
            format!("t{}-{}", chance.below(4), chance.below(5)).parse(),
        )
    {
        faults
            .meddling
            .push((minutes(chance.below(60)), binding, target));
    }
    if chance.percent(30) {
        faults.rivals.push(minutes(chance.below(60)));
    }
    (kills, faults)
}
