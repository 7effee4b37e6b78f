"""Makes tests/data/sources.json: which lines of the source plans have something on them, which have a
number, and which are code. It holds line numbers only, none of the text.

    python3 crates/phasegate-plan/scripts/sources.py FOLDER_WITH_THE_FIVE_SOURCES
"""

import json
import pathlib
import re
import sys

NAMES = ["ci-pipeline", "unified-pipeline", "code-review", "fast-deployment", "enterprise-cicd"]
NUMBER = re.compile(r"(?<![A-Za-z0-9/_.-])[$~<>≥+-]{0,2}\d+(\.\d+)?(?![A-Za-z]*[A-Za-z]\d)")
COMMAND = re.compile(r"^(>|\$|\./|git |gh |rm |chmod |grep |redis-cli|sudo |watch |tail |wrangler |bin/|RAILS_ENV|\.github/scripts/\S+ |\S+ \S+ \* \* )")
out = {}
for name, path in zip(NAMES, sorted(pathlib.Path(sys.argv[1]).glob("00*.txt"))):
    filled, numbers, code = [], [], []
    language = None
    for at, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        text = line.strip()
        if not text:
            continue
        filled.append(at)
        if text.startswith("```"):
            language = None if language is not None else text[3:]
            continue
        bare = re.sub(r"^(#+ )?(- |\d+\. |[├└]── )?(Phase \d+[:*]*|\d+\. )?", "", text)
        bare = re.sub(r"\b(Phase|Section|Top|P) ?\d+\b", "", bare)
        if language is None and NUMBER.search(bare):
            numbers.append(at)
        if language == "bash" and COMMAND.match(text):
            code.append(at)
        if language in ("yaml", "ruby", "typescript", "python") and not text.startswith(("#", "//")):
            code.append(at)
    out[name] = {"filled": filled, "numbers": numbers, "code": code}
target = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "sources.json"
target.write_text(json.dumps(out, separators=(",", ":")).replace('},"', '},\n"') + "\n")
