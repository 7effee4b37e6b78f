#!/usr/bin/env python3
"""Breaks the concurrent code in one place at a time and sees that a test notices.

Usage: mutants/run.py [name ...]   (from the crate's folder; works on a copy, never on the sources)

Each row: name, file, text, replacement, how to test. `loom` and `shuttle` run
tests/interleavings.rs under that checker, `models` runs tests/models.rs.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

MUTANTS = [
    ("stale-result-accepted", "src/breaker/word.rs",
     "(self.0 ^ ticket.0) & SAME == 0", "(self.0 ^ ticket.0) & SAME & 0 == 0", "loom"),
    ("probe-taken-without-exchange", "src/breaker/core.rs",
     "            .compare_exchange(word.0, taken.0, Ordering::AcqRel, Ordering::Acquire)\n            .ok()",
     "            .swap(taken.0, Ordering::AcqRel)\n            .checked_add(0)", "loom"),
    ("probing-begun-twice", "src/breaker/transition.rs",
     "            if word != seen {\n                return;\n            }\n            self.half_open",
     "            let _ = seen;\n            self.half_open", "loom"),
    ("open-time-reaches-a-later-opening", "src/breaker/transition.rs",
     "if is_open && word.generation() == change.generation {", "if is_open {", "loom"),
    ("clean-never-cleared", "src/breaker/record.rs",
     "            self.word.store(unclean.0, Ordering::Release);\n", "", "models"),
    ("one-position-counter", "src/breaker/record.rs",
     "usize::try_from(word.generation() & 3)", "usize::try_from(word.generation() & 0)", "loom"),
    ("position-drawn-in-two-steps", "src/breaker/record.rs",
     "let drawn = self.counter(word).fetch_add(1, Ordering::Relaxed) + 1;",
     "let drawn = self.counter(word).load(Ordering::Relaxed) + 1;\n"
     "                self.counter(word).store(drawn, Ordering::Relaxed);", "loom"),
    ("minimum-not-judged-by-success", "src/breaker/record.rs",
     "if drawn >= self.wake.load(Ordering::Relaxed) {", "if drawn > self.wake.load(Ordering::Relaxed) {", "models"),
    ("eviction-off-by-one", "src/breaker/count.rs",
     "drawn > self.oldest + u64::from(self.size)", "drawn >= self.oldest + u64::from(self.size)", "models"),
    ("extra-probe-gives-a-slot", "src/breaker/core.rs",
     "if !probing || full || extra ||", "let _ = extra;\n            if !probing || full ||", "models"),
    ("slot-given-back-twice", "src/breaker/core.rs",
     "word.with_permits(word.permits() + 1)", "word.with_permits(word.permits() + 2)", "loom"),
    ("time-window-loses-a-success", "src/breaker/slots.rs",
     "let before = word.fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {\n            Some(bumped(word, tag).0)\n        });",
     "let before: Result<u64, u64> = Ok(word.load(Ordering::Acquire));\n"
     "        word.store(bumped(word.load(Ordering::Acquire), tag).0, Ordering::Release);", "loom"),
    ("limiter-without-exchange", "src/limiter/gcra.rs",
     "match self.untouched_at.compare_exchange_weak(\n                state,\n                next,\n                Ordering::AcqRel,\n                Ordering::Relaxed,\n            ) {",
     "self.untouched_at.store(next, Ordering::Release);\n            match Ok::<u64, u64>(state) {", "loom"),
    ("reservation-without-exchange", "src/limiter/reserve.rs",
     "match self.untouched_at.compare_exchange_weak(\n                state,\n                next,\n                Ordering::AcqRel,\n                Ordering::Relaxed,\n            ) {",
     "self.untouched_at.store(next, Ordering::Release);\n            match Ok::<u64, u64>(state) {", "loom"),
    ("bulkhead-without-exchange", "src/bulkhead/permits.rs",
     "match self.word.compare_exchange_weak(\n                word,\n                word + 1,\n                Ordering::Acquire,\n                Ordering::Relaxed,\n            ) {",
     "self.word.store(word + 1, Ordering::Release);\n            match Ok::<u64, u64>(word) {", "loom"),
    ("joining-does-not-look-again", "src/bulkhead/queue.rs",
     "        self.bulkhead.let_in();\n        Ok(id)", "        Ok(id)", "loom"),
    ("granted-place-lost", "src/bulkhead/queue.rs",
     "Some(waiter) if waiter.granted => self.bulkhead.leave(),", "Some(waiter) if waiter.granted => {}", "loom"),
    ("leaving-wakes-nobody", "src/bulkhead/permits.rs",
     "        if before >= WAITER {\n            self.let_in();\n        }", "        let _ = before;", "loom"),
    ("token-budget-in-two-steps", "src/budget/token.rs",
     "        self.milli\n            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, next)\n            .ok()",
     "        let held = self.milli.load(Ordering::Acquire);\n"
     "        next(held).map(|milli| { self.milli.store(milli, Ordering::Release); held })", "loom"),
    ("deposit-in-two-steps", "src/budget/ring.rs",
     "match word.compare_exchange_weak(held, next, Ordering::AcqRel, Ordering::Relaxed) {",
     "word.store(next, Ordering::Release);\n            match Ok::<u64, u64>(held) {", "loom"),
    ("concurrent-budget-in-two-steps", "src/budget/concurrent.rs",
     ".fetch_update(Ordering::AcqRel, Ordering::Relaxed, |word| {",
     ".load(Ordering::Acquire).then_store(&self.word, |word| {", "loom"),
    ("open-limit-in-two-steps", "src/breaker/limit.rs",
     "        self.open\n            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, |open| {\n"
     "                (open < u64::from(self.most)).then_some(open + 1)\n            })\n            .ok()",
     "        let open = self.open.load(Ordering::Acquire);\n"
     "        let may = open < u64::from(self.most);\n"
     "        if may {\n            self.open.store(open + 1, Ordering::Release);\n        }\n"
     "        may.then_some(open)", "loom"),
    ("open-place-kept", "src/breaker/limit.rs",
     "        self.0.open.fetch_sub(1, Ordering::AcqRel);\n", "", "loom"),
    ("shorter-wait-wins", "src/not_before.rs",
     "self.at.fetch_max(at.as_nanos(), Ordering::AcqRel);", "self.at.store(at.as_nanos(), Ordering::Release);", "loom"),
]

# Support for a mutant that cannot be written as one expression.
EXTRA = {
    "concurrent-budget-in-two-steps": ("src/budget/concurrent.rs", """
trait ThenStore {
    fn then_store(self, to: &AtomicU64, next: impl Fn(u64) -> Option<u64>) -> Result<u64, u64>;
}
impl ThenStore for u64 {
    fn then_store(self, to: &AtomicU64, next: impl Fn(u64) -> Option<u64>) -> Result<u64, u64> {
        match next(self) {
            Some(value) => { to.store(value, Ordering::Release); Ok(self) }
            None => Err(self),
        }
    }
}
"""),
}


def command(kind):
    base = ["cargo", "test", "--offline", "-q", "-p", "phasegate-resilience"]
    if kind == "models":
        return base + ["--test", "models"], {}
    return base + ["--release", "--test", "interleavings"], {"RUSTFLAGS": f"--cfg {kind}"}


def main():
    crate = pathlib.Path(__file__).resolve().parent.parent
    root = crate.parent.parent
    wanted = set(sys.argv[1:])
    survived = []
    with tempfile.TemporaryDirectory() as scratch:
        copy = pathlib.Path(scratch) / "workspace"
        (copy / "crates").mkdir(parents=True)
        manifest = (root / "Cargo.toml").read_text()
        manifest = manifest.replace('members = ["crates/*", "examples", "benches", "tests"]',
                                    'members = ["crates/phasegate-resilience"]')
        (copy / "Cargo.toml").write_text(manifest)
        shutil.copy(root / "Cargo.lock", copy / "Cargo.lock")
        here = copy / "crates" / "phasegate-resilience"
        shutil.copytree(crate, here)
        for name, file, text, replacement, kind in MUTANTS:
            if wanted and name not in wanted:
                continue
            source = here / file
            original = source.read_text()
            assert original.count(text) == 1, f"{name}: {original.count(text)} places in {file}"
            mutated = original.replace(text, replacement)
            if name in EXTRA:
                mutated += EXTRA[name][1]
            source.write_text(mutated)
            arguments, variables = command(kind)
            environment = {**os.environ, **variables}
            environment.setdefault("CARGO_TARGET_DIR", str(root / "target" / "mutants"))
            environment["CARGO_TARGET_DIR"] += f"-{kind}"
            done = subprocess.run(arguments, cwd=copy, env=environment, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900)
            source.write_text(original)
            failed = [line.split()[1] for line in done.stdout.splitlines()
                      if line.startswith("test ") and line.endswith("FAILED")]
            failed += [line.strip() for line in done.stdout.splitlines()
                       if line.startswith("    ") and line.strip().isidentifier()]
            if "could not compile" in done.stdout:
                print(f"BROKEN   {name}: does not compile\n{done.stdout}")
                survived.append(name)
            elif done.returncode == 0:
                print(f"SURVIVED {name} ({kind})")
                survived.append(name)
            else:
                print(f"killed   {name} ({kind}) by {', '.join(sorted(set(failed))) or 'abort'}")
            sys.stdout.flush()
    if survived:
        sys.exit(f"{len(survived)} mutants survived")


if __name__ == "__main__":
    main()
