//! GitHub's description of its API: requests and answers are held against it.

use std::collections::BTreeMap;

use jsonschema::Validator;
use phasegate_testkit::servers::{Reaction, Received};
use serde_json::{Value, json};

const DESCRIPTION: &str = include_str!("../data/github-openapi.json");

/// An operation: its method, its path and what it says.
struct Operation {
    method: String,
    path: Vec<String>,
    says: Value,
}

pub(crate) struct Description {
    document: Value,
    operations: Vec<Operation>,
}

impl Description {
    pub(crate) fn read() -> Self {
        let mut document: Value = serde_json::from_str(DESCRIPTION).expect("JSON");
        nullable(&mut document);
        let paths = document["paths"].as_object().expect("paths").clone();
        let operations = paths.into_iter().flat_map(|(path, methods)| {
            let path: Vec<String> = path.split('/').map(str::to_owned).collect();
            let methods = methods.as_object().expect("methods").clone();
            methods.into_iter().map(move |(method, says)| Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                says,
            })
        });
        let operations = operations.collect();
        Self {
            document,
            operations,
        }
    }

    /// One of the description's own examples.
    pub(crate) fn example(&self, name: &str) -> Value {
        self.document["components"]["examples"][name]["value"].clone()
    }

    /// What is wrong with a request and its answer.
    pub(crate) fn faults(&self, request: &Received, reaction: &Reaction) -> Vec<String> {
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        let asked = format!("{} {path}", request.method);
        let found = self
            .operations
            .iter()
            .find(|one| one.method == request.method && fits(&one.path, path));
        let Some(operation) = found else {
            return vec![format!("{asked} is not described")];
        };
        let mut faults = self.query_faults(operation, query);
        let schema = &operation.says["requestBody"]["content"]["application/json"]["schema"];
        if schema.is_object() {
            let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
            faults.extend(self.invalid(schema, &body));
        } else if !request.body.is_empty() {
            faults.push("a body that is not described".to_owned());
        }
        let (status, _, body) = reaction;
        // Limits, refusals, failures and answers without news are the same for all operations.
        if *status < 300 {
            let answer = &operation.says["responses"][status.to_string()];
            if !answer.is_object() {
                faults.push(format!("{status} is not described"));
            }
            let schema = &answer["content"]["application/json"]["schema"];
            if schema.is_object() {
                let body: Value = serde_json::from_str(body).unwrap_or(Value::Null);
                faults.extend(self.invalid(schema, &body));
            }
        }
        faults
            .into_iter()
            .map(|fault| format!("{asked}: {fault}"))
            .collect()
    }

    fn query_faults(&self, operation: &Operation, query: &str) -> Vec<String> {
        let parameters = operation.says["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let mut known = BTreeMap::new();
        for parameter in parameters {
            let parameter = match parameter["$ref"].as_str() {
                Some(reference) => {
                    let name = reference.rsplit('/').next().unwrap_or_default();
                    &self.document["components"]["parameters"][name]
                }
                None => &parameter,
            };
            if parameter["in"] == "query" {
                let name = parameter["name"].as_str().unwrap_or_default().to_owned();
                known.insert(name, parameter["schema"].clone());
            }
        }
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .filter_map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                let Some(schema) = known.get(name) else {
                    return Some(format!("the parameter {name} is not described"));
                };
                let whole = schema["type"] == "integer" && value.parse::<u64>().is_err();
                let other = schema["enum"]
                    .as_array()
                    .is_some_and(|all| !all.contains(&json!(value)));
                (whole || other).then(|| format!("{name}={value} is none that is described"))
            })
            .collect()
    }

    fn invalid(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut whole = schema.clone();
        whole["components"] = self.document["components"].clone();
        let validator: Validator = jsonschema::validator_for(&whole).expect("a schema");
        let errors = validator.iter_errors(value);
        errors
            .map(|error| {
                let mut told = error.to_string();
                told.truncate(300);
                told
            })
            .collect()
    }
}

fn fits(pattern: &[String], path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let same = |(want, got): (&String, &&str)| want.starts_with('{') || want == got;
    parts.len() == pattern.len() && pattern.iter().zip(&parts).all(same)
}

/// `OpenAPI` 3.0 says `nullable: true` where JSON Schema lists `null` among the types.
fn nullable(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(nullable),
        Value::Object(members) => {
            members.values_mut().for_each(nullable);
            if members.get("nullable") == Some(&json!(true)) {
                if let Some(Value::String(kind)) = members.get("type") {
                    members.insert("type".to_owned(), json!([kind, "null"]));
                }
                if let Some(Value::Array(values)) = members.get_mut("enum") {
                    values.push(Value::Null);
                }
                // Beside a reference everything else is ignored.
                for of in ["allOf", "anyOf", "oneOf"] {
                    if let Some(Value::Array(_)) = members.get(of) {
                        let inner = members.remove(of).unwrap_or_default();
                        members
                            .insert("anyOf".to_owned(), json!([{ of: inner }, {"type": "null"}]));
                    }
                }
            }
        }
        Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => {}
    }
}
