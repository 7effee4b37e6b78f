"""Makes tests/data/sources.json: which lines of the source plans have something on them, which are only form
(headings, fences, heads of tables, comments), which have a number outside code, which are code, which numbers stand on each line, and of which words commands and code
are made, with the thresholds (`>95%`), lengths of time, levels and days of the week of all lines. It holds no
sentence of the sources.

    python3 crates/phasegate-plan/scripts/sources.py FOLDER_WITH_THE_FIVE_SOURCES
"""

import hashlib
import json
import pathlib
import re
import sys

NAMES = ["ci-pipeline", "unified-pipeline", "code-review", "fast-deployment", "enterprise-cicd"]
NUMBER = re.compile(r"(?<![A-Za-z0-9/_.-])[$~<>≥+-]{0,2}\d+(\.\d+)?(?![A-Za-z]*[A-Za-z]\d)")
COMMAND = re.compile(r"^(>|-f |[A-Za-z_-]+:( |$)|\$|\./|git |gh |rm |chmod |grep |redis-cli|sudo |watch |tail |wrangler |bin/|RAILS_ENV|\.github/scripts/\S+ |\S+ \S+ \* \* )")
STATED = re.compile(r"(?<![A-Za-z0-9_.,])(?<![A-Za-z]-)\d[\d,]*(?:\.\d+)*")


def stated(text):
    """The numbers of a line, without markers of lists and numbers of phases."""
    bare = re.sub(r"^(#+ )?(- |\d+\. |[├└]── |(//|#) \d+\. )?", "", text)
    bare = re.sub(r"\b(Phase|Phases|Section|Top|P|Tier) ?\d+\b|^\d+\. |'-3 ", "", bare)
    return [found.replace(",", "") for found in STATED.findall(bare)]


TOKEN = re.compile(r"_*[A-Za-z][A-Za-z0-9_]*")
# What the language asks for, whatever the code says.
LANGUAGE = set(
    "args async await class const def do end error export if new promise raise return self string this throw void".split()
)
# In a text within code: names with a hyphen, a dot, a slash or an underscore in them, and options.
NAMES_IN_TEXT = re.compile(r"--[a-z]+|[A-Za-z0-9]+(?:[-_/.][A-Za-z0-9]+)+")
# Outside code: what is written as code, files, and names with an underscore in them.
NAMES_OF_THINGS = re.compile(r"`[^`]+`|(?<!\w)[./][\w-]+(?:/[\w.*-]+)+/?|[\w/-]+\.(?:md|yml|yaml|sh|ts|rb|log|optimized)\b|\w+_\w+")
COMMENT = {"bash": r"(^|\s)#.*$", "yaml": r"(^|\s)#.*$", "ruby": r"(^|\s)#.*$", "python": r"(^|\s)#.*$", "typescript": r"//.*$"}
TEXT = re.compile(r"(?<!f)([\"'])((?:(?!\1).)* (?:(?!\1).)*)\1")


def words(language, text):
    """The words of a line of code: names, keys and values, without comments and without sentences."""
    bare = re.sub(COMMENT[language], "", text)
    if language in ("python", "typescript"):
        bare = TEXT.sub(lambda found: " ".join(NAMES_IN_TEXT.findall(found[2])), bare)
    found = [word.lower() for word in TOKEN.findall(bare)]
    if language not in ("bash", "yaml"):
        found = [word for word in found if word not in LANGUAGE]
    return sorted(set(found))


# A heading, a label, a fence, a line, the rule of a table, a comment.
FORM = re.compile(r"#+ |\*\*[^*]+\*\*:?$|```|-{3,}$|\|[-|: ]+\|$|// ")
# What stands in a list or in a row of a table.
ITEM = re.compile(r"- |\d+\. |\|")
# Headings that say how often, and comments that say what should be.
SAYS_MORE = re.compile(r"\b(daily|weekly|monthly|quarterly|annually|should)\b", re.IGNORECASE)
UNITS = {"%": "%", "ms": "ms", "gb": "gb", "tb": "tb", "m/month": "m/month"}
TIMES = {"s": "s", "second": "s", "seconds": "s", "min": "m", "minute": "m", "minutes": "m", "hour": "h", "hours": "h", "m": "m"}
AMOUNT = re.compile(r"(?<![\w.,/*#-])((?:[<>≥]\s?|[+-])?)(\$?)(\d[\d,]*(?:\.\d+)?)(?:-(\d+))?[ -]?(%|[A-Za-z]+(?:/month)?|/month|/\d+)?")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
LEVEL = re.compile(r"(?:level|impact|priority|risk)\b[^|]*?:\W*(critical|high|medium|low|minimal)\b|\|\W*(critical|high|medium|low|minimal) (?=\|)")


def amounts(text):
    """Thresholds with their sign and unit, and lengths of time, as a plan writes them."""
    out = []
    for sign, currency, first, last, unit in AMOUNT.findall(text.replace("≥", ">=").replace(">=", "≥")):
        unit, sign = unit.lower(), "" if last else sign.strip().replace("≥", ">=")
        for number in filter(None, (first.replace(",", ""), last)):
            if unit in TIMES:
                out.append(f"{sign.strip('+-')}{number}{TIMES[unit]}")
            elif unit in UNITS or currency or unit.startswith("/") or sign[:1] in ("<", ">"):
                out.append(f"{sign}{currency}{number}{UNITS.get(unit, unit if unit.startswith('/') else '')}")
    return out


def kinds(text):
    """Levels, and the day of the week with which a stretch begins."""
    low = text.lower()
    days = sorted((low.find(day), day) for day in DAYS if day in low)
    return [first or second for first, second in LEVEL.findall(low)] + [day for _, day in days[:1]]


out = {}
for name, path in zip(NAMES, sorted(pathlib.Path(sys.argv[1]).glob("00*.txt"))):
    filled, numbers, code, found, made, amount, form, items = [], [], [], {}, {}, {}, set(), set()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    language, within, goes_on = None, False, False
    for at, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        text = line.strip()
        if not text:
            continue
        filled.append(at)
        if ITEM.match(text):
            items.add(at)
        if FORM.match(text) and language not in ("python", "yaml") and not SAYS_MORE.search(text) or text == "```":
            form.add(at)
        if re.match(r"\|[-|: ]+\|$", text):
            form.add(at - 1)
        if text.startswith("```"):
            language = None if language is not None else text[3:]
            continue
        if stated(text):
            found[at] = stated(text)
        bare = re.sub(r"^(#+ )?(- |\d+\. |[├└]── )?(Phase \d+[:*]*|\d+\. )?", "", text)
        bare = re.sub(r"\b(Phase|Section|Top|P) ?\d+\b", "", bare)
        if language is None and NUMBER.search(bare):
            numbers.append(at)
        shell = language == "bash" and (goes_on or COMMAND.match(text))
        goes_on = bool(shell) and text.endswith("\\")
        program = language in ("yaml", "ruby", "typescript", "python") and not text.startswith(("#", "//"))
        if shell or program:
            code.append(at)
        # Of a text over several lines only the names in it are code.
        if within and '"""' not in text:
            made[at] = sorted({word.lower() for name in NAMES_IN_TEXT.findall(text) for word in TOKEN.findall(name)})
        elif shell or program:
            made[at] = words(language, text)
        else:
            made[at] = sorted({word.lower() for name in NAMES_OF_THINGS.findall(text) for word in TOKEN.findall(name)})
        made[at] = sorted({*made[at], *kinds(text)})
        if language not in ("typescript", "yaml") and amounts(text):
            amount[at] = amounts(text)
        if text.count('"""') == 1:
            within = not within
    count = len(path.read_text(encoding="utf-8").splitlines())
    out[name] = {
        "sha256": digest,
        "lines": count,
        "filled": filled,
        # What says something else besides is not only form.
        "items": sorted(items - form - set(code)),
        "form": sorted(form - set(found) - set(code) - set(amount) - {at for at, some in made.items() if some}),
        "numbers": numbers,
        "code": code,
        "stated": found,
        "words": {at: some for at, some in made.items() if some},
        "amounts": amount,
    }
target = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "sources.json"
target.write_text(json.dumps(out, separators=(",", ":")).replace('},"', '},\n"') + "\n")
