#!/usr/bin/env python3
"""Deliberate bugs, one by one, in a scratch copy: each must be found by the seeds.

    crates/phasegate-testkit/mutants/run.py [scratch folder] [name of a bug]...

Prints for each the number of seeds that were needed and what did not hold, and writes the table into
docs/simulation.md of the testkit: all of it, or the rows of the bugs that are named. A bug that is not found, or whose
text is no longer in the sources, ends it with an error, and the table stays as it was."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
ENGINE = "crates/phasegate-engine/src/"
DRIVER = "crates/phasegate-driver/src/driver.rs"
SEEDS = "20000"
TABLE = ROOT / "crates/phasegate-testkit/docs/simulation.md"
BEGIN, END = "<!-- deliberate bugs: written by mutants/run.py -->\n", "<!-- end -->\n"

BUGS = [
    ("an effect leaves before its intent is durable", ENGINE + "engine.rs",
     "if *seq >= self.durable_next {", "if *seq >= u64::MAX {"),
    ("what may happen once is repeated on a guess", ENGINE + "decide/doubt.rs",
     "EffectClass::AtMostOnce => self.ask_about_effect(number, &effect.desired),",
     "EffectClass::AtMostOnce => self.repeat(number),"),
    ("freezes are forgotten", ENGINE + "decide/mod.rs",
     "&& self.state.program.frozen_until(self.now().wall).is_none()", ""),
    ("a gate is passed before it is decided", ENGINE + "decide/gates.rs",
     "if self.state.decided.contains(place) {", "if !self.state.decided.contains(&Place::Aside) {"),
    ("a blown limit of a rollback is not told", ENGINE + "decide/phases.rs",
     "&& !(rollback.limit_blown || rollback.failed)\n", "&& rollback.limit.is_none()\n"),
    ("keys are given twice", ENGINE + "decide/effects.rs",
     "key: EffectKey::new(&self.state.rollout, number),",
     "key: EffectKey::new(&self.state.rollout, number / 2),"),
    ("more is exposed than the plan says", ENGINE + "decide/effects.rs",
     "_ => desired.clone(),",
     "Desired::Traffic { target, .. } => Desired::Traffic { target: target.clone(), canary: "
     "phasegate_core::Ratio::ONE },\n            _ => desired.clone(),"),
    ("a wait is never looked at again", ENGINE + "decide/timers.rs",
     "OpKind::Wait { span } => next.wait(now, elapsed, *span),", "OpKind::Wait { .. } => {}"),
    ("a controller acts after its lease has run out", DRIVER,
     "if !left.is_zero()\n            && let Some(effect)", "if let Some(effect)"),
    ("an operator is told before the sync", DRIVER,
     "pub fn durable_seq(&self) -> u64 {\n        self.durable\n",
     "pub fn durable_seq(&self) -> u64 {\n        self.engine.next_seq()\n"),
    ("a decided gate does not wait for the end of a freeze", ENGINE + "decide/gates.rs",
     "if self.may_move(place) && !self.asks_to_attest_again(place) {",
     "if self.state.rollback.is_none() && !self.asks_to_attest_again(place) {"),
    ("a gate decides by an old finding", ENGINE + "decide/gates.rs",
     "at <= now && now.since(at) <= self.state.program.timing.every", "at <= now"),
    ("a drill ends the rollout", ENGINE + "decide/back.rs",
     "} else if anything_left || only_a_part || is_drill {", "} else if anything_left || only_a_part {"),
    ("a drill of an incident is answered as the real thing", ENGINE + "decide/incidents.rs",
     "reaction.filter(|_| respond && !failed && !drill)", "reaction.filter(|_| respond && !failed)"),
    ("an unknown workflow is begun again", ENGINE + "compile/strategies.rs",
     "    } else {\n        EffectClass::AtMostOnce\n    }",
     "    } else {\n        EffectClass::FireAndForget\n    }"),
    ("a look that was under way when the thing was changed counts", ENGINE + "engine.rs",
     "inspections.retain(|_, (other, _)| *other != sight);", "inspections.retain(|_, _| true);"),
    ("a part that was switched off is forgotten", ENGINE + "state/rollback.rs",
     "self.wait_to_re_enable(&id);\n", ""),
    ("scaling forgets its cooldown", ENGINE + "decide/scaling.rs",
     "let cools = last.is_some_and(|last| now.elapsed_since(&last.at).low < one.cooldown);",
     "let cools = last.is_none() && now.elapsed_since(&now).low > one.cooldown;"),
    ("scaling goes beyond its bounds", ENGINE + "decide/scaling.rs",
     "let count = count.clamp(i64::from(one.min), i64::from(one.max));", ""),
]


def built(copy: pathlib.Path, env: dict[str, str]) -> str:
    """Builds the test `seeds` of the copy; its binary."""
    command = ["cargo", "test", "-q", "-p", "phasegate-tests", "--test", "seeds", "--no-run",
               "--message-format", "json-render-diagnostics"]
    ran = subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True)
    if ran.returncode != 0:
        sys.exit(f"the copy does not build:\n{ran.stderr}")
    told = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    return [one["executable"] for one in told if one.get("executable")][-1]


def tried(copy: pathlib.Path, bug: tuple[str, str, str, str], env: dict[str, str]) -> tuple[str, str] | None:
    """Puts a bug in, lets the seeds look for it and takes it out; the seed that found it, and by what."""
    name, file, old, new = bug
    path = copy / file
    text = path.read_text()
    if text.count(old) < 1:
        print(f"GONE      {name}: the text is no longer in {file}", flush=True)
        return None
    path.write_text(text.replace(old, new, 1))
    try:
        binary = built(copy, env)
    finally:
        path.write_text(text)
    ran = subprocess.run([binary, "--nocapture"], cwd=copy, env=env, capture_output=True, text=True)
    found = re.search(r"seed (\d+): \[\s*\"([^:\"]+)", ran.stdout + ran.stderr)
    if not found:
        last = (ran.stdout + ran.stderr).strip().splitlines()[-3:]
        print(f"NOT FOUND {name}: {last}", flush=True)
        return None
    print(f"{found.group(1):>6}    {name}: {found.group(2)}", flush=True)
    return found.group(1), found.group(2)


def main() -> int:
    scratch = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    copy = scratch / "copy"
    skip = shutil.ignore_patterns("target", ".git")
    shutil.copytree(ROOT, copy, ignore=skip, dirs_exist_ok=True)
    env = {**os.environ, "SEEDS": SEEDS, "SHRINK": "0"}
    env.setdefault("CARGO_TARGET_DIR", str(scratch / "target"))
    named = sys.argv[2:]
    unknown = set(named) - {bug[0] for bug in BUGS}
    if unknown:
        sys.exit(f"no such bug: {', '.join(sorted(unknown))}")
    found = {bug[0]: tried(copy, bug, env) for bug in BUGS if not named or bug[0] in named}
    if None in found.values():
        return 1
    text = TABLE.read_text()
    head, rest = text.split(BEGIN)
    before, tail = rest.split(END)
    known = {row.split(" | ")[0].removeprefix("| "): row for row in before.splitlines()[2:]}
    known |= {name: f"| {name} | {by[0]} | {by[1]} |" for name, by in found.items() if by}
    rows = "".join(f"{known[bug[0]]}\n" for bug in BUGS if bug[0] in known)
    table = f"| bug | seeds until it was found | what did not hold |\n|---|---|---|\n{rows}"
    TABLE.write_text(f"{head}{BEGIN}{table}{END}{tail}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
