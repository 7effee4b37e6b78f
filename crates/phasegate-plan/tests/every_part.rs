//! Plans made at random from the schema, so that none of their parts is forgotten: whatever can be written
//! is read, and reads back the same from every format.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail the test"
)]

use std::collections::BTreeSet;

use phasegate_plan::{Format, PlanDocument, check, plan_schema};
use serde_json::{Map, Value, json};

/// So many plans meet every part of the model several times.
const PLANS: u64 = 1_200;

/// A small generator of numbers (`SplitMix64`), so that a seed is all that a failure needs.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let end = u64::try_from(end.max(1)).expect("in range");
        usize::try_from((z ^ (z >> 31)) % end).expect("in range")
    }

    fn pick<'a>(&mut self, among: &[&'a str]) -> &'a str {
        among[self.below(among.len())]
    }
}

/// Makes values that fit a schema, and notes which of its parts it has made.
struct Maker<'s> {
    definitions: &'s Map<String, Value>,
    chance: Chance,
    made: &'s mut BTreeSet<String>,
}

const IDS: &[&str] = &["a", "B-2", "0", "no", "on", "1e3", "x_y"];
const TEXTS: &[&str] = &[
    "plain",
    "yes",
    "12:30",
    "- a",
    "a: b",
    "a #b",
    " lead",
    "trail ",
    "two\nlines\n",
    "tab\there",
    "'",
    "\"",
    "{{phase}}",
    "ü\u{2028}",
    "a\r\nb",
    "~",
    "null",
    "0x1f",
    "2025-01-01",
    "\u{1f600}",
];
const SPANS: &[&str] = &["0s", "90s", "1h30m", "2d", "250ms"];
const LENGTHS: &[&str] = &[
    "5bd", "12w..16w", "8w+", "3mo", "2q", "1y", "30m", "4h", "6bh", "10d",
];
const RECURRENCES: &[&str] = &[
    "daily",
    "quarterly",
    "0 */4 * * *",
    "@hourly",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU",
    "freq=daily;count=3",
    "FREQ=MONTHLY;BYDAY=MO,FR;BYSETPOS=-1",
];
const CRITERIA: &[&str] = &[
    "ratio(errors) < 1%",
    "p95(latency) < 200ms for 5m",
    "p50(latency) warn > 15s crit > 30s",
    "ratio(errors) > 5% or count(bugs, critical) > 0",
    "check \"all is quiet\"",
    "latency no worse than control margin 5%",
];

impl Maker<'_> {
    fn make(&mut self, schema: &Value, key: &str, path: &str) -> Value {
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            let name = name.trim_start_matches("#/$defs/");
            return self.make(&self.definitions[name], key, name);
        }
        if let Some(word) = schema.get("const") {
            return word.clone();
        }
        let alone = |name: &str| schema.get(name).and_then(Value::as_array);
        if schema.get("properties").is_none()
            && let Some(choices) = alone("oneOf").or_else(|| alone("anyOf"))
        {
            let which = self.chance.below(choices.len());
            self.made.insert(format!("{path}|{which}"));
            return self.make(&choices[which], key, path);
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("object") => self.object(schema, path),
            Some("array") => {
                let count = 1 + self.chance.below(2);
                (0..count)
                    .map(|_| self.make(&schema["items"], key, path))
                    .collect()
            }
            Some("boolean") => json!(self.chance.below(2) == 0),
            Some("integer") => json!(self.chance.below(5000)),
            Some("string") => json!(self.text(schema["pattern"].as_str(), key)),
            // Anything at all: what only adapters know.
            None if schema.get("type").is_none() => json!({"k": [1.5, true, "x"], "l": {"m": "n"}}),
            Some(_) | None => json!(self.scalar(key)),
        }
    }

    fn object(&mut self, schema: &Value, path: &str) -> Value {
        let mut out = Map::new();
        let list = |name: &str| {
            schema
                .get(name)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
        };
        let required: Vec<&str> = list("required").filter_map(Value::as_str).collect();
        // Of the actions one.
        let flat: Vec<&str> = list("oneOf")
            .filter_map(|one| one["required"][0].as_str())
            .collect();
        let action = (!flat.is_empty()).then(|| self.chance.pick(&flat));
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            for (key, inner) in properties {
                let wanted = match action {
                    Some(action) if flat.contains(&key.as_str()) => action == key,
                    Some(_) | None => {
                        // Most of the model stands under these.
                        let often = matches!(key.as_str(), "phases" | "steps");
                        let one_in = if often { 1 } else { 4 };
                        required.contains(&key.as_str()) || self.chance.below(one_in) == 0
                    }
                };
                if wanted {
                    self.made.insert(format!("{path}/{key}"));
                    out.insert(key.clone(), self.make(inner, key, &format!("{path}/{key}")));
                }
            }
        } else {
            let key = self.chance.pick(IDS);
            out.insert(
                key.to_owned(),
                self.make(&schema["additionalProperties"], key, path),
            );
        }
        Value::Object(out)
    }

    fn text(&mut self, pattern: Option<&str>, key: &str) -> &'static str {
        let among: &[&str] = match (pattern.unwrap_or_default(), key) {
            (_, "every" | "schedule" | "recurrence")
                if pattern.is_some_and(|one| one.contains("=")) =>
            {
                RECURRENCES
            }
            (_, "zone") => &["UTC", "Europe/Berlin"],
            ("", "deadline") => &["3mo", "2025-12-31"],
            ("", _) => TEXTS,
            (_, "per") => &["issue", "request"],
            (id, _) if id.contains("_-]") => IDS,
            (span, _) if span.contains("|ns") => SPANS,
            (length, _) if length.contains("|bd|") => LENGTHS,
            (moment, _) if moment.ends_with('T') => {
                &["2026-09-16T12:00:00Z", "2026-03-01T00:00:00+02:00"]
            }
            (window, _) if window.contains("\\.\\.") => &["2025-09-16..2025-09-30", "2025-09-16"],
            (date, _) if date.starts_with("^[0-9]{4}") => &["2025-09-16", "2028-02-29"],
            (range, _) if range.contains("-[0-9]{2}:") => &["09:00-17:00"],
            (time, _) if time.starts_with("^[0-9]{2}:") => &["09:00", "23:59"],
            (day, _) if day.contains("satur") => &["monday", "sunday"],
            (other, _) => panic!("no text fits {other} of {key}"),
        };
        self.chance.pick(among)
    }

    /// Where only the language of criteria, or the number's own reader, knows what fits.
    fn scalar(&mut self, key: &str) -> &'static str {
        let among: &[&str] = match key {
            "stages" | "weight" | "share" | "quantile" | "objective" | "from" | "to" => {
                &["25%", "0.5", "99.9%"]
            }
            "weeks" => &["3", "1..3", "8+"],
            "baseline" => &["~180ms", "30m..40m", "control", "unknown"],
            "target" => &["< 200ms", "95%"],
            "facts" | "fact" => &["baseline latency = 180ms", "budget usage(storage) = 100GB"],
            "policies" => &["usage(cpu) target 70% up > 80% by 2 down < 50% by 1"],
            _ => CRITERIA,
        };
        self.chance.pick(among)
    }
}

/// Every part of the schema that a plan can have: keys of maps, and choices.
fn parts(schema: &Value, path: &str, out: &mut BTreeSet<String>) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        for (key, inner) in properties {
            out.insert(format!("{path}/{key}"));
            parts(inner, &format!("{path}/{key}"), out);
        }
    } else {
        for choices in ["oneOf", "anyOf"] {
            let list = schema.get(choices).and_then(Value::as_array);
            for (which, choice) in list.into_iter().flatten().enumerate() {
                out.insert(format!("{path}|{which}"));
                parts(choice, path, out);
            }
        }
    }
    for inner in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get(inner) {
            parts(inner, path, out);
        }
    }
}

#[test]
fn whatever_the_schema_allows_is_read_and_reads_back_the_same() {
    let schema: Value = serde_json::from_str(&plan_schema()).expect("a schema");
    let definitions = schema["$defs"].as_object().expect("definitions");
    let mut wanted = BTreeSet::new();
    for (name, one) in definitions {
        parts(one, name, &mut wanted);
    }
    let mut made = BTreeSet::new();
    for seed in 0..PLANS {
        let mut maker = Maker {
            definitions,
            chance: Chance(seed),
            made: &mut made,
        };
        let text = maker.make(&schema, "", "").to_string();
        let document = PlanDocument::read("a.json", text.as_bytes());
        let Some(draft) = document.draft() else {
            panic!("seed {seed}: {}", check(&document, None).faults.render());
        };
        for (name, format) in [
            ("a.yaml", Format::Yaml),
            ("a.json", Format::Json),
            ("a.toml", Format::Toml),
        ] {
            let printed = draft.to_text(format).expect("prints");
            let again = PlanDocument::read(name, printed.as_bytes());
            let same = again.draft().as_ref() == Some(&draft);
            assert!(
                same,
                "seed {seed}, {format}:\n{printed}\n{}",
                check(&again, None).faults.render()
            );
        }
    }
    let missing: Vec<&String> = wanted.difference(&made).collect();
    assert!(
        missing.is_empty(),
        "of {} never made: {missing:?}",
        wanted.len()
    );
    assert!(wanted.len() > 400, "{}", wanted.len());
}
