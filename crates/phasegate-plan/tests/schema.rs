//! The JSON Schemas, by an independent validator: every example fits, and what the reader would not
//! take does not.
#![expect(clippy::expect_used, reason = "helpers of tests fail the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use jsonschema::Validator;
use phasegate_plan::{Format, PlanDocument, catalog_schema, plan_schema};
use serde_json::{Value, json};

fn validator(schema: &str) -> Validator {
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    assert!(
        jsonschema::meta::is_valid(&schema),
        "the schema is a schema"
    );
    jsonschema::validator_for(&schema).expect("a schema")
}

fn errors(validator: &Validator, instance: &Value) -> Vec<String> {
    let found = validator.iter_errors(instance);
    found.map(|error| error.to_string()).collect()
}

/// What an editor sees of a document.
fn instance(name: &str, text: &str) -> Value {
    let document = PlanDocument::read(name, text.as_bytes());
    let value = document.value_at("").expect("it can be read");
    serde_json::to_value(value).expect("JSON")
}

fn examples() -> Vec<(String, String)> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["../../examples/plans", "tests/data"] {
        for entry in fs::read_dir(here.join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.to_string_lossy().into_owned();
            if name.ends_with(".yaml") {
                found.push((name, fs::read_to_string(path).expect("text")));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_example_validates_against_the_generated_schema() {
    let (plans, catalogs) = (validator(&plan_schema()), validator(&catalog_schema()));
    let mut failed = Vec::new();
    let mut seen = (0, 0);
    for (name, text) in examples() {
        let bindings = name.ends_with(".bindings.yaml");
        let (validator, count) = if bindings {
            (&catalogs, &mut seen.1)
        } else {
            (&plans, &mut seen.0)
        };
        *count += 1;
        for error in errors(validator, &instance(&name, &text)) {
            failed.push(format!("{name}: {error}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(seen.0 >= 7 && seen.1 >= 7, "{seen:?}");
}

#[test]
fn what_is_printed_in_any_format_validates_too() {
    let plans = validator(&plan_schema());
    for (name, text) in examples() {
        let document = PlanDocument::read(&name, text.as_bytes());
        let Some(draft) = document.draft() else {
            continue;
        };
        for (file, format) in [
            ("a.yaml", Format::Yaml),
            ("a.json", Format::Json),
            ("a.toml", Format::Toml),
        ] {
            let printed = draft.to_text(format).expect("it prints");
            let found = errors(&plans, &instance(file, &printed));
            assert!(found.is_empty(), "{name} as {format}: {found:#?}");
        }
    }
}

#[test]
fn what_the_reader_would_not_take_does_not_validate() {
    let plans = validator(&plan_schema());
    let base = json!({
        "format": "phasegate-plan/1", "id": "x", "title": "X",
        "phases": [{"id": "a", "title": "A", "steps": [{"id": "s", "wait": "1m"}]}]
    });
    assert!(plans.is_valid(&base));
    for (pointer, key, value) in [
        ("", "format", json!("phasegate-plan/9")),
        ("", "id", json!("a b")),
        ("", "tittle", json!("X")),
        ("", "status", json!("redy")),
        ("", "phases", json!({"id": "a"})),
        ("", "window", json!("2025-09-16 to 2025-09-30")),
        ("/phases/0", "length", json!("5 days")),
        ("/phases/0", "outline", json!("maybe")),
        ("/phases/0/steps/0", "wait", json!("soon")),
        (
            "/phases/0/steps/0",
            "task",
            json!({"role": "r", "instructions": "i"}),
        ),
    ] {
        let mut wrong = base.clone();
        let around = wrong.pointer_mut(pointer).expect("it is there");
        let around = around.as_object_mut().expect("a map");
        around.insert(key.to_owned(), value.clone());
        assert!(!plans.is_valid(&wrong), "{pointer}/{key}: {value}");
    }
    let mut without = base;
    without.as_object_mut().expect("a map").remove("title");
    assert!(!plans.is_valid(&without));
}

/// What of the schema's keys and words a value uses, by the definition that they stand in.
struct Used<'s> {
    definitions: &'s serde_json::Map<String, Value>,
    found: BTreeSet<(String, String)>,
}

impl Used<'_> {
    fn resolve<'a>(&'a self, schema: &'a Value, within: &str) -> (String, &'a Value) {
        let target = schema.get("$ref").and_then(Value::as_str);
        match target.and_then(|text| text.rsplit('/').next()) {
            Some(name) => (name.to_owned(), &self.definitions[name]),
            None => (within.to_owned(), schema),
        }
    }

    fn walk(&mut self, schema: &Value, value: &Value, within: &str) {
        let (name, schema) = self.resolve(schema, within);
        let schema = schema.clone();
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            for (key, inner) in value.as_object().into_iter().flatten() {
                if let Some(schema) = properties.get(key) {
                    self.found.insert((name.clone(), key.clone()));
                    self.walk(schema, inner, &name);
                }
            }
            return;
        }
        for key in ["anyOf", "oneOf"] {
            for choice in schema
                .get(key)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                if choice.get("const").is_some_and(|word| word == value) {
                    let word = value.as_str().unwrap_or_default().to_owned();
                    self.found.insert((name.clone(), word));
                } else if choice.get("const").is_none() {
                    self.walk(choice, value, &name);
                }
            }
        }
        for inner in value.as_array().into_iter().flatten() {
            if let Some(items) = schema.get("items") {
                self.walk(items, inner, &name);
            }
        }
        if let Some(inner) = schema
            .get("additionalProperties")
            .filter(|one| one.is_object())
        {
            for value in value
                .as_object()
                .into_iter()
                .flatten()
                .map(|(_, value)| value)
            {
                self.walk(inner, value, &name);
            }
        }
    }
}

/// Every key and word of a definition.
fn said(name: &str, schema: &Value, out: &mut BTreeSet<(String, String)>) {
    for key in ["anyOf", "oneOf"] {
        for choice in schema
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            if let Some(word) = choice.get("const").and_then(Value::as_str) {
                out.insert((name.to_owned(), word.to_owned()));
            }
            said(name, choice, out);
        }
    }
    for (key, _) in schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        out.insert((name.to_owned(), key.clone()));
    }
}

#[test]
fn whatever_a_plan_can_say_is_said_in_one_of_the_examples() {
    let schema: Value = serde_json::from_str(&plan_schema()).expect("JSON");
    let definitions = schema["$defs"].as_object().expect("a map");
    let mut all = BTreeSet::new();
    for (name, definition) in definitions {
        said(name, definition, &mut all);
    }
    let mut used = Used {
        definitions,
        found: BTreeSet::new(),
    };
    for (name, text) in examples() {
        if !name.ends_with(".bindings.yaml") {
            used.walk(
                &json!({"$ref": "#/$defs/PlanDraft"}),
                &instance(&name, &text),
                "",
            );
        }
    }
    // Going back has the same actions as going forward; a plan says one status, and which acts
    // are signed once.
    let elsewhere = |(name, key): &&(String, String)| {
        name != "SignedActs"
            && name != "Status"
            && !(name == "RollbackStep" && definitions["Step"]["properties"].get(key).is_some())
    };
    let missing: Vec<_> = all.difference(&used.found).filter(elsewhere).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
