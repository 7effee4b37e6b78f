"""Makes tests/data/sources.json: which lines of the source plans have something on them, which have a
number outside code, which are code, and which numbers stand on each line. It holds none of the text.

    python3 crates/phasegate-plan/scripts/sources.py FOLDER_WITH_THE_FIVE_SOURCES
"""

import hashlib
import json
import pathlib
import re
import sys

NAMES = ["ci-pipeline", "unified-pipeline", "code-review", "fast-deployment", "enterprise-cicd"]
NUMBER = re.compile(r"(?<![A-Za-z0-9/_.-])[$~<>≥+-]{0,2}\d+(\.\d+)?(?![A-Za-z]*[A-Za-z]\d)")
COMMAND = re.compile(r"^(>|\$|\./|git |gh |rm |chmod |grep |redis-cli|sudo |watch |tail |wrangler |bin/|RAILS_ENV|\.github/scripts/\S+ |\S+ \S+ \* \* )")
STATED = re.compile(r"(?<![A-Za-z0-9_.,])(?<![A-Za-z]-)\d[\d,]*(?:\.\d+)*")


def stated(text):
    """The numbers of a line, without markers of lists and numbers of phases."""
    bare = re.sub(r"^(#+ )?(- |\d+\. |[├└]── |(//|#) \d+\. )?", "", text)
    bare = re.sub(r"\b(Phase|Phases|Section|Top|P|Tier) ?\d+\b|^\d+\. |'-3 ", "", bare)
    return [found.replace(",", "") for found in STATED.findall(bare)]


out = {}
for name, path in zip(NAMES, sorted(pathlib.Path(sys.argv[1]).glob("00*.txt"))):
    filled, numbers, code, found = [], [], [], {}
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    language = None
    for at, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        text = line.strip()
        if not text:
            continue
        filled.append(at)
        if text.startswith("```"):
            language = None if language is not None else text[3:]
            continue
        if stated(text):
            found[at] = stated(text)
        bare = re.sub(r"^(#+ )?(- |\d+\. |[├└]── )?(Phase \d+[:*]*|\d+\. )?", "", text)
        bare = re.sub(r"\b(Phase|Section|Top|P) ?\d+\b", "", bare)
        if language is None and NUMBER.search(bare):
            numbers.append(at)
        if language == "bash" and COMMAND.match(text):
            code.append(at)
        if language in ("yaml", "ruby", "typescript", "python") and not text.startswith(("#", "//")):
            code.append(at)
    count = len(path.read_text(encoding="utf-8").splitlines())
    out[name] = {"sha256": digest, "lines": count, "filled": filled, "numbers": numbers, "code": code, "stated": found}
target = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "sources.json"
target.write_text(json.dumps(out, separators=(",", ":")).replace('},"', '},\n"') + "\n")
