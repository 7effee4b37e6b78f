//! People, numbers, criteria, messages, and what cannot be read.

use serde_json::{Value, json};

use super::{Kind, list, plan};

pub(super) const KINDS: &[Kind] = &[
    Kind::plan("gates that ask a role of many", 49_000, one_role),
    Kind::plan("gates that ask pairs of roles", 49_000, pairs),
    Kind::plan(
        "gates that ask roles that are not there",
        49_000,
        unknown_roles,
    ),
    Kind::plan("gates before steps", 49_000, before_steps),
    Kind::plan("gates and steps on days", 30_000, on_days),
    Kind::plan(
        "things that two phases move and take back",
        9_000,
        moved_twice,
    ),
    Kind::plan("numbers measured at the start", 49_000, measured),
    Kind::plan("goals of numbers with parts", 10_000, goals),
    Kind::plan("long criteria", 155, long_criteria),
    Kind::plan("long criteria and long triggers", 70, criteria_and_triggers),
    Kind::plan("criteria of numbers that cannot be read", 45_000, doubtful),
    Kind::plan("phases of which many cannot be read", 39_000, unread),
    Kind::plan("targets of waves", 49_000, waves),
    Kind::plan("messages of many variables", 160, messages),
    Kind::plan("messages that nobody sends", 49_000, unsent),
    Kind {
        name: "texts under aliases",
        file: "plan.yaml",
        items: 120,
        make: aliases,
    },
    Kind {
        name: "bindings",
        file: "bindings.json",
        items: 41_000,
        make: bindings,
    },
    Kind {
        name: "commands without a program",
        file: "bindings.json",
        items: 49_000,
        make: commands,
    },
];

/// A plan of one phase with these gates.
fn gates(gates: &Value, roles: &Value) -> String {
    plan(json!({"roles": roles, "phases": [{"id": "p", "title": "P", "gates": gates}]}))
}

fn people(count: usize, role: usize) -> Value {
    list(count, |person| json!(format!("m{role}-{person}")))
}

fn one_role(items: usize) -> String {
    let asked = list(
        items,
        |gate| json!({"id": format!("g{gate}"), "approvals": ["lead"]}),
    );
    gates(
        &asked,
        &json!([{"id": "lead", "members": people(items, 0)}]),
    )
}

fn pairs(items: usize) -> String {
    const ROLES: usize = 224;
    let roles = list(
        ROLES,
        |role| json!({"id": format!("r{role}"), "members": people(900, role)}),
    );
    let ask = |role: usize| json!({"role": format!("r{}", role % ROLES), "quorum": 900});
    let asked = list(
        items,
        |gate| json!({"id": format!("g{gate}"), "approvals": [ask(gate), ask(gate / ROLES + 1 + gate)]}),
    );
    gates(&asked, &roles)
}

fn unknown_roles(items: usize) -> String {
    let name = |number: usize| format!("{}{number:06}{}", "a".repeat(40), "b".repeat(17));
    let roles = list(300, |role| json!({"id": name(role), "members": ["a"]}));
    let asked = list(
        items,
        |gate| json!({"id": format!("g{gate}"), "approvals": [name(100_000 + gate)]}),
    );
    gates(&asked, &roles)
}

fn before_steps(items: usize) -> String {
    let steps = list(
        items,
        |step| json!({"id": format!("s{step}"), "wait": "1h"}),
    );
    let asked = list(items, |gate| {
        let step = format!("s{}", items - 1 - gate);
        json!({"id": format!("g{gate}"), "checks": ["x"], "when": {"before-step": step}})
    });
    plan(json!({"phases": [{"id": "p", "title": "P", "steps": steps, "gates": asked}]}))
}

fn on_days(items: usize) -> String {
    let steps = list(
        items,
        |step| json!({"id": format!("s{step}"), "wait": "1s", "slot": {"day": 2}}),
    );
    let gates = list(items, |gate| {
        let step = format!("s{}", items - 1 - gate);
        let when = if gate % 2 == 0 {
            json!({"before-step": step})
        } else {
            json!("end")
        };
        json!({"id": format!("g{gate}"), "checks": ["x"], "when": when, "slot": {"day": 2}})
    });
    let phase = json!({"id": "a", "title": "A", "length": "5bd", "steps": steps, "gates": gates, "no-way-back": "x"});
    plan(json!({"phases": [phase]}))
}

fn moved_twice(items: usize) -> String {
    let step = |number: usize, stages: Value| json!({"id": format!("s{number}"), "flag": {"binding": "f", "flag": format!("t{number}"), "stages": stages}});
    let phase = |id: &str| {
        let back = list(items, |number| step(items - 1 - number, json!(["0%"])));
        json!({"id": id, "title": id, "steps": list(items, |number| step(number, json!(["5%", "100%"]))),
            "rollback": {"steps": back}})
    };
    plan(json!({"phases": [phase("a"), phase("b")]}))
}

fn kpi(number: usize) -> Value {
    json!({"id": format!("k{number}"), "shape": "gauge", "direction": "higher", "source": "m",
        "query": {"whole": "q"}})
}

fn measured(items: usize) -> String {
    let measured = list(items, |number| json!(format!("k{}", items - 1 - number)));
    let step = json!({"id": "s", "measure": {"over": "1h", "kpis": measured}});
    plan(json!({"kpis": list(items, kpi), "phases": [{"id": "p", "title": "P", "steps": [step]}]}))
}

fn goals(items: usize) -> String {
    let kpis = list(items, |number| {
        let mut kpi = kpi(number);
        if let Value::Object(kpi) = &mut kpi {
            let parts = (0..20).map(|part| (format!("p{part}"), json!({"whole": "q"})));
            kpi.insert("parts".to_owned(), Value::Object(parts.collect()));
            kpi.insert("target".to_owned(), json!(">= 5"));
        }
        kpi
    });
    let criteria = |least: u32| list(items, |number| json!(format!("k{number} > {least}")));
    plan(json!({
        "kpis": kpis,
        "phases": [{"id": "p", "title": "P", "criteria": criteria(7), "steps": [{"id": "s", "wait": "1h"}]}],
        "goals": [{"title": "g", "criteria": criteria(6)}],
    }))
}

/// A criterion as long as one may be.
fn long(joined: &str, compared: &str) -> String {
    let parts = (0..).map(|number| format!("load {compared} {number}"));
    let mut text = String::from("load > 0");
    for part in parts {
        if text.len() + joined.len() + part.len() + 2 > 4_096 {
            break;
        }
        text.push_str(&format!(" {joined} {part}"));
    }
    text
}

fn long_criteria(items: usize) -> String {
    let criteria = list(items, |_| json!(long("or", ">")));
    plan(json!({"goals": [{"title": "g", "criteria": criteria}]}))
}

fn criteria_and_triggers(items: usize) -> String {
    let triggers = list(
        items,
        |number| json!({"id": format!("t{number}"), "criterion": long("or", "<"), "respond": ["hold"]}),
    );
    let criteria = list(items, |_| json!(long("and", ">")));
    plan(json!({
        "triggers": triggers,
        "phases": [{"id": "p", "title": "P", "criteria": criteria, "steps": [{"id": "s", "wait": "1h"}]}],
    }))
}

fn doubtful(items: usize) -> String {
    let kpis = list(1_900.min(items), |number| {
        let mut kpi = kpi(number);
        if let Value::Object(kpi) = &mut kpi {
            kpi.insert("baseline".to_owned(), json!({"a": 1}));
        }
        kpi
    });
    let facts = list(items, |number| json!(format!("p95(latency) = {number}ms")));
    let criteria = list(items, |number| json!(format!("nobody{number} < 5")));
    plan(json!({"kpis": kpis, "facts": facts, "goals": [{"title": "g", "criteria": criteria}]}))
}

fn unread(items: usize) -> String {
    plan(json!({"phases": list(items, |phase| {
        let title = if phase < 1_900 { json!([]) } else { json!("P") };
        json!({"id": format!("p{phase}"), "title": title, "length": "2bd",
            "steps": [{"id": "s", "wait": "1h"}], "gates": [{"id": format!("g{phase}"), "checks": ["x"]}]})
    })}))
}

fn waves(items: usize) -> String {
    let waves = list(items, |wave| {
        let targets = list(10, |target| json!(format!("t{wave}-{target}")));
        json!({"targets": targets, "bake": "1h"})
    });
    let step = json!({"id": "s", "waves": {"binding": "r", "command": "c", "waves": waves}});
    plan(json!({"phases": [{"id": "p", "title": "P", "no-way-back": "x", "steps": [step]}]}))
}

fn messages(items: usize) -> String {
    let body = |message: usize| -> String {
        (0..6_000)
            .map(|variable| format!("{{{{v{}}}}}", (variable * 7 + message) % 2_000))
            .collect()
    };
    plan(json!({
        "parameters": list(2_000, |number| json!({"id": format!("v{number}"), "kind": "text"})),
        "messages": list(items, |number| json!({
            "id": format!("m{number}"), "subject": "x", "body": body(number),
        })),
    }))
}

fn unsent(items: usize) -> String {
    plan(
        json!({"messages": list(items, |number| json!({"id": format!("m{number}"), "subject": "x"}))}),
    )
}

/// A list of long texts, that many aliases stand for.
fn aliases(items: usize) -> String {
    let text = "x".repeat(65_000);
    let texts = vec![text.as_str(); items].join(", ");
    format!(
        "format: phasegate-plan/1\nid: x\ntitle: X\nphases: [{{id: a, title: A, outline: true}}]\nlessons: {{went-well: &t [{texts}], to-improve: *t}}\nreferences: [{}]\n",
        vec!["*t"; 700].join(", ")
    )
}

fn bindings(items: usize) -> String {
    let all = (0..items).map(|number| {
        let binding = json!({"adapter": "a", "roles": ["metric-source"], "capabilities": ["weights"],
            "config": {"k": [1, 2, 3]}, "commands": {"c": {"argv": ["x"]}}});
        (format!("b{number}"), binding)
    });
    let all: Value = Value::Object(all.collect());
    json!({"format": "phasegate-bindings/1", "bindings": all}).to_string()
}

fn commands(items: usize) -> String {
    let all = (0..items).map(|number| (format!("c{number}"), json!({"argv": []})));
    let all: Value = Value::Object(all.collect());
    let binding = json!({"adapter": "a", "roles": ["command-runner"], "commands": all});
    json!({"format": "phasegate-bindings/1", "bindings": {"b": binding}}).to_string()
}
