"""Holds requests to NerdGraph against its schema: reads [{"query", "variables", "data"}] and says what is wrong with each.

The schema is the one that New Relic's NerdGraph tells of itself, as newrelic-sb-sdk carries it. A request must be valid by it,
its variables must fit, and the answer must be one that the schema allows to the request: carried out over the answer's own
data, the request gives that data again.
"""

import json
import re
import sys

from graphql import build_schema, execute, parse, validate
from newrelic_sb_sdk.graphql import nerdgraph, objects, scalars  # noqa: F401  (the types register themselves)

# The way to an account's queries; of these types only the fields on it are kept.
WAY = {"RootQueryType": "actor", "Actor": "account", "Account": "nrql"}

# A field on a line, whatever arguments it has.
one_line = lambda text: re.sub(r"\([^)]*\)", lambda found: " ".join(found[0].split()), text)  # noqa: E731
texts = {str(kind): one_line(repr(kind)) for kind in nerdgraph}
for name, field in WAY.items():
    lines = texts[name].splitlines()
    kept = [line for line in lines[1:-1] if re.match(rf"\s*{field}\b", line)]
    assert len(kept) == 1, (name, kept)
    texts[name] = "\n".join([f"type {name} {{", *kept, "}"])
needed, waiting = set(), ["RootQueryType"]
while waiting:
    name = waiting.pop()
    if name in needed or name not in texts:
        continue
    needed.add(name)
    waiting += re.findall(r"[A-Z]\w+", texts[name])
built_in = {"Int", "Float", "String", "Boolean", "ID"}
schema = build_schema("schema { query: RootQueryType }\n" + "\n".join(texts[name] for name in sorted(needed - built_in)))

out = []
for asked in json.load(sys.stdin):
    document = parse(asked["query"])
    wrong = [error.message for error in validate(schema, document)]
    if not wrong:
        done = execute(schema, document, root_value=asked["data"], variable_values=asked["variables"])
        wrong = [error.message for error in done.errors or []]
        if not wrong and done.data != asked["data"]:
            wrong = [f"the answer has more or less than was asked for: {done.data}"]
    out.append(wrong)
print(json.dumps(out))
