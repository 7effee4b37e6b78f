//! A plan from a seed: a document as a person would write it, so that checking and compiling are part of
//! what is tried. Every step kind has its turn.

use phasegate_core::Desired;

use super::chance::Chance;

/// The bindings of all seeded plans.
pub(super) const BINDINGS: &str = "format: phasegate-bindings/1
bindings:
  edge: {adapter: simulated, roles: [traffic-router], capabilities: [weights, read-back]}
  flags: {adapter: simulated, roles: [flag-store], capabilities: [read-back]}
  metrics:
    adapter: simulated
    roles: [metric-source]
    capabilities: [measure-below, measure-share, measure-scalar, measure-distribution, measure-per-arm]
    source-lag: 5s
  shell:
    adapter: simulated
    roles: [command-runner]
    commands:
      again: {argv: [again], idempotent: true}
      once: {argv: [once]}
      once-done: {argv: [once, --status]}
      upgrade: {argv: [upgrade], idempotent: true}
  settings: {adapter: simulated, roles: [flag-store]}
  host: {adapter: simulated, roles: [workflow-host]}
  mirror: {adapter: simulated, roles: [traffic-router], capabilities: [mirror]}
  comparer: {adapter: simulated, roles: [comparer]}
  chaos: {adapter: simulated, roles: [fault-injector]}
  chat: {adapter: simulated, roles: [notifier]}
  scaler: {adapter: simulated, roles: [scaler], capabilities: [read-back]}
";

const HEAD: &str = "roles:
  - {id: lead, members: [lena, leon]}
  - {id: operator, members: [olga]}
channels:
  - {id: team, binding: chat}
messages:
  - {id: going, subject: The old goes, body: Use the new.}
kpis:
  - id: latency
    shape: distribution
    direction: lower
    window: 2m
    unit: ms
    source: metrics
    query: {canary: latency, stable: latency, whole: latency}
  - id: errors
    shape: ratio
    direction: lower
    window: 2m
    unit: \"%\"
    source: metrics
    query: {canary: errors, stable: errors, whole: errors}
  - id: service-errors
    shape: ratio
    direction: lower
    window: 2m
    unit: \"%\"
    source: metrics
    query: {whole: errors}
  - id: queue
    shape: gauge
    direction: lower
    window: 2m
    source: metrics
    query: {whole: queue}
  - {id: load, shape: gauge, direction: lower, window: 2m, unit: \"%\", source: metrics, query: {whole: load}}
experiments:
  - {id: no-cache, fault: The cache is gone, length: 3m, abort-when: [queue > 400], criteria: [ratio(service-errors) < 60%]}
";

/// The step kinds, as the table of what happened names them.
pub(super) const KINDS: [&str; 16] = [
    "traffic",
    "flag",
    "wait",
    "task",
    "command",
    "command-once",
    "command-checked",
    "notify",
    "workflow",
    "config",
    "shadow",
    "parallel-run",
    "blue-green",
    "cohort",
    "experiment",
    "waves",
];
/// Kinds that each plan has at fixed places.
pub(super) const FIXED: [&str; 2] = ["measure", "deprecation"];

/// Does the plan say that this may happen only once? The names say it too.
pub(super) fn may_happen_once(desired: &Desired) -> bool {
    let name = match desired {
        Desired::Command { command, .. } => command,
        Desired::Workflow { name, .. } => name,
        _ => return false,
    };
    name.starts_with("once")
}

/// A plan and the kinds of its steps.
pub(super) fn plan(chance: &mut Chance) -> (String, Vec<&'static str>) {
    let every = chance.pick(&["15s", "30s", "60s"]).unwrap_or(&"15s");
    let mut kinds = Vec::new();
    let mut text = format!(
        "format: phasegate-plan/1\nid: seeded\ntitle: From a seed\n{HEAD}\
         evaluation: {{every: {every}, settle: {}s, hold-at-most: {}m}}\n",
        chance.between(0, 20),
        chance.between(4, 15),
    );
    if chance.percent(60) {
        let from = chance.between(10, 50);
        let until = from + chance.between(2, 9);
        text.push_str(&format!(
            "freezes:\n  - {{title: Quiet, from: '2026-09-07T09:{from:02}:00Z', until: '2026-09-07T09:{until:02}:00Z'}}\n"
        ));
    }
    text.push_str("phases:\n");
    let phases = chance.between(3, 5);
    for phase in 0..phases {
        text.push_str(&self::phase(chance, phase, phases, &mut kinds));
    }
    text.push_str(&triggers(chance));
    text.push_str(&procedures(chance));
    text.push_str(&matrix(chance));
    text.push_str(&communications(chance));
    if chance.percent(30) {
        text.push_str("gates:\n  - {id: start, when: before-start, approvals: [{role: lead}]}\n");
    }
    (text, kinds)
}

fn phase(chance: &mut Chance, number: u64, phases: u64, kinds: &mut Vec<&'static str>) -> String {
    let mut text = format!("  - id: p{number}\n    title: Phase {number}\n");
    // The second and third may run side by side.
    if number == 2 && chance.percent(40) {
        text.push_str("    after: [p0]\n");
    }
    if chance.percent(40) {
        text.push_str(&format!(
            "    prerequisites:\n      - title: Before\n        owner: lead\n        items:\n          - {{statement: It is ready, evidence: a link, valid-for: {}m}}\n",
            chance.between(2, 30)
        ));
    }
    text.push_str("    steps:\n");
    if number == 0 {
        text.push_str(
            "      - {id: today, measure: {kpis: [latency, service-errors], over: 3m}}\n",
        );
        kinds.push("measure");
    }
    let mut undo = Vec::new();
    for step in 0..chance.between(3, 6) {
        let kind = chance.pick(&KINDS).copied().unwrap_or("wait");
        kinds.push(kind);
        text.push_str(&self::step(chance, kind, number, step, &mut undo));
    }
    if number + 1 == phases {
        text.push_str("      - {id: old, deprecation: {binding: settings, target: old, stage: warn, message: going, channels: [team]}}\n");
        kinds.push("deprecation");
    }
    if chance.percent(50) {
        text.push_str("    criteria: [ratio(service-errors) < 40%]\n");
    }
    if chance.percent(50) {
        let answer = chance.pick(&["go", "no-go", "hold"]).unwrap_or(&"hold");
        let other = if chance.percent(40) {
            ", {role: operator}"
        } else {
            ""
        };
        // Every other gate asks for a number as well as for people.
        let criteria = match number % 2 {
            0 => "criteria: [ratio(service-errors) < 40%], ",
            _ => "",
        };
        text.push_str(&format!(
            "    gates:\n      - {{id: g{number}, {criteria}approvals: [{{role: lead, quorum: {}}}{other}], decide-within: {}m, on-timeout: {answer}, no-go: [{{rollback: start}}]}}\n",
            chance.between(1, 2),
            chance.between(5, 60),
        ));
    }
    text.push_str(&way_back(chance, number, undo));
    text
}

/// How a phase goes back.
fn way_back(chance: &mut Chance, number: u64, mut undo: Vec<String>) -> String {
    let mut text = "    rollback:\n".to_owned();
    let target = match number {
        0 => "start",
        2 => "start",
        _ => chance
            .pick(&["start", "previous-phase"])
            .unwrap_or(&"start"),
    };
    undo.push(format!(
        "        - {{id: told-{number}, budget: 1m, notify: {{channel: team}}}}\n"
    ));
    let validated = chance.percent(50);
    let staged = validated && target == "previous-phase" && chance.percent(60);
    // Every other way back has no more time than its steps and what is looked at behind them may take.
    let most = match (number % 2, staged) {
        (_, true) => 70,
        (0, false) => undo.len() + if validated { 4 } else { 0 },
        (_, false) => 20,
    };
    text.push_str(&format!("      target: {target}\n      limit: {most}m\n      escalate-to: operator\n      escalate-via: team\n      steps:\n"));
    text.push_str(&undo.concat());
    if validated {
        text.push_str(
            "      validation: [ratio(service-errors) < 30%]\n      validate-within: 4m\n",
        );
    }
    if staged {
        text.push_str("      staged: true\n");
    }
    text
}

fn step(
    chance: &mut Chance,
    kind: &'static str,
    phase: u64,
    step: u64,
    undo: &mut Vec<String>,
) -> String {
    let id = format!("s{step}");
    let thing = format!("t{phase}-{step}");
    let bake = chance.between(1, 4);
    let first = chance.between(1, 20);
    let mut back =
        |line: String| undo.push(format!("        - {{id: u{step}, budget: 1m, {line}}}\n"));
    let line = match kind {
        "traffic" => {
            back(format!(
                "traffic: {{binding: edge, target: {thing}, stages: [0%]}}"
            ));
            format!(
                "traffic: {{binding: edge, target: {thing}, stages: [{{weight: {first}%, bake: {bake}m}}, {{weight: 50%, bake: {bake}m}}, 100%]}}"
            )
        }
        "flag" => {
            back(format!(
                "flag: {{binding: flags, flag: {thing}, stages: [0%]}}"
            ));
            format!(
                "flag: {{binding: flags, flag: {thing}, stages: [{{weight: {first}%, bake: {bake}m}}, 100%]}}"
            )
        }
        "task" => "task: {role: operator, instructions: Look at it}".to_owned(),
        "command" => "command: {binding: shell, name: again}".to_owned(),
        "command-once" => "command: {binding: shell, name: once}".to_owned(),
        "command-checked" => "command: {binding: shell, name: once, check: once-done}".to_owned(),
        "notify" => "notify: {channel: team}".to_owned(),
        "workflow" => match chance.percent(50) {
            true => format!("workflow: {{binding: host, name: again-{step}, idempotent: true}}"),
            false => format!("workflow: {{binding: host, name: once-{step}, idempotent: false}}"),
        },
        "config" => {
            back(format!(
                "config: {{binding: settings, target: {thing}, set: {{on: false}}}}"
            ));
            format!("config: {{binding: settings, target: {thing}, set: {{on: true}}}}")
        }
        "shadow" => format!(
            "shadow: {{binding: mirror, target: {thing}, comparer: comparer, compare: [answers], length: {bake}m}}"
        ),
        "parallel-run" => format!(
            "parallel-run: {{binding: comparer, target: {thing}, share: 5%, length: {bake}m}}"
        ),
        "blue-green" => {
            back(format!(
                "traffic: {{binding: edge, target: {thing}, stages: [0%]}}"
            ));
            format!(
                "blue-green: {{binding: edge, target: {thing}, runner: shell, deploy: again, smoke-test: again, promote: again, stages: [{{weight: 10%, bake: {bake}m}}, 100%], watch: {bake}m}}"
            )
        }
        "cohort" => {
            back(format!(
                "flag: {{binding: flags, flag: {thing}, stages: [0%]}}"
            ));
            format!("cohort: {{binding: flags, flag: {thing}, labels: [friends], share: {first}%}}")
        }
        "experiment" => "experiment: {binding: chaos, id: no-cache}".to_owned(),
        "waves" => format!(
            "waves: {{binding: shell, command: upgrade, at-once: 2, failures-max: 1, waves: [{{targets: [n{phase}-{step}, m{phase}-{step}], bake: {bake}m, failures-max: 1}}, {{targets: [o{phase}-{step}]}}]}}"
        ),
        _ => format!("wait: {}m", chance.between(1, 12)),
    };
    format!("      - {{id: {id}, {line}}}\n")
}

fn procedures(chance: &mut Chance) -> String {
    let staged = chance.percent(50);
    let number = if chance.percent(20) { 11 } else { 300 };
    let most = chance.pick(&["30%", "30%", "0.1%"]).unwrap_or(&"30%");
    let over = chance.between(1, 3);
    format!(
        "procedures:
  - id: part
    title: Only a part
    criteria: [queue > {number}]
    rollback:
      limit: 30m
      escalate-via: team
      staged: {staged}
      steps:
        - {{id: part-off, budget: 1m, config: {{binding: settings, target: part, set: {{on: false}}}}}}
        - {{id: rest-off, budget: 1m, flag: {{binding: flags, flag: part, stages: [0%]}}}}
      validation: [ratio(service-errors) < 30%]
      validate-within: 3m
    re-enable:
      criteria: [ratio(service-errors) < {most}]
      over: {over}m
      steps:
        - {{id: part-on, budget: 1m, config: {{binding: settings, target: part, set: {{on: true}}}}}}
        - {{id: rest-on, budget: 1m, flag: {{binding: flags, flag: part, stages: [100%]}}}}
  - id: home
    title: All of it, by another way
    rollback:
      target: start
      steps:
        - {{id: all-off, budget: 1m, config: {{binding: settings, target: part, set: {{on: false}}}}}}
"
    )
}

fn matrix(chance: &mut Chance) -> String {
    let undecided = chance.pick(&["go", "no-go", "hold"]).unwrap_or(&"hold");
    let decide = chance.between(1, 20);
    format!(
        "matrix:
  - {{id: data-loss, scenario: Data are lost, severity: critical, decide-within: 0s, complete-within: 5m, respond: [{{rollback: start}}], decider: operator, tell: [team]}}
  - {{id: slow, scenario: The team gets less done, severity: medium, decide-within: {decide}m, complete-within: 10m, undecided: {undecided}, respond: [hold], decider: operator, tell: [team]}}
  - {{id: part, scenario: A part is wrong, severity: medium, decide-within: 0s, respond: [{{procedure: part}}], decider: operator}}
  - {{id: later, scenario: It can wait for the next phase, severity: low, decide-at: next-phase, undecided: {undecided}, respond: [{{rollback: start}}], decider: operator}}
  - {{id: minor, scenario: A small fault, severity: low, respond: [{{notify: {{channel: team}}}}], decider: operator}}
incidents: {{acknowledge-within: 5m, update-every: 15m, channels: [team]}}
teams:
  - {{id: first, role: operator, on-call: {{order: 1, turns: {{every: day, from: 2026-09-07}}}}}}
  - {{id: second, role: lead, on-call: {{order: 2, turns: {{every: week, from: 2026-09-01, at: '09:30'}}}}}}
"
    )
}

fn communications(chance: &mut Chance) -> String {
    let (often, while_it_runs) = (chance.between(5, 20), chance.between(3, 12));
    format!(
        "communications:
  - {{title: Beginning, channels: [team], message: going, occasion: phase-start}}
  - {{title: First is done, channels: [team], occasion: phase-end, phases: [p0]}}
  - {{title: Often, channels: [team], every: '*/{often} * * * *'}}
  - {{title: While it runs, channels: [team], every: '*/{while_it_runs} * * * *', phases: [p1]}}
  - {{title: Trouble, channels: [team], occasion: incident}}
maintenance:
  - {{title: Sweep, recurrence: '7 * * * *', length: 10m, notice: 20m, channels: [team]}}
"
    )
}

fn triggers(chance: &mut Chance) -> String {
    let mut text = "triggers:\n".to_owned();
    let response = chance
        .pick(&["hold", "{rollback: start}", "{rollback: start}"])
        .unwrap_or(&"hold");
    text.push_str(&format!(
        "  - {{id: errors-high, criterion: ratio(errors) over 1m > 10% for {}s, respond: [{response}, {{notify: {{channel: team}}}}], blind-for: {}m, when-blind: [hold]}}\n",
        chance.between(15, 90),
        chance.between(2, 12),
    ));
    text
}
