//! JSON Schema (draft 2020-12) of the model, for editors. Made from the same definitions that read.

use super::lowering::kebab;
use crate::value::Value;

/// The definitions gathered so far.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    definitions: Vec<(String, Value)>,
}

impl Schema {
    /// Defines a type once and refers to it.
    pub(crate) fn define(&mut self, name: &str, make: impl FnOnce(&mut Self) -> Value) -> Value {
        if !self.definitions.iter().any(|(known, _)| known == name) {
            // First a place, so that a type that holds itself finds it.
            self.definitions.push((name.to_owned(), Value::Null));
            let made = make(self);
            if let Some((_, slot)) = self.definitions.iter_mut().find(|(known, _)| known == name) {
                *slot = made;
            }
        }
        Value::map([("$ref", Value::text(format!("#/$defs/{name}")))])
    }

    /// The whole document, with a root type.
    pub(crate) fn finish(mut self, id: &str, title: &str, root: Value) -> Value {
        self.definitions.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut out = vec![
            (
                "$schema".to_owned(),
                Value::text("https://json-schema.org/draft/2020-12/schema"),
            ),
            ("$id".to_owned(), Value::text(id)),
            ("title".to_owned(), Value::text(title)),
        ];
        if let Value::Map(entries) = root {
            out.extend(entries);
        }
        out.push(("$defs".to_owned(), Value::Map(self.definitions)));
        Value::Map(out)
    }
}

/// The schema of a record, as it grows.
#[derive(Debug)]
pub(crate) struct Object {
    description: String,
    properties: Vec<(String, Value)>,
    required: Vec<Value>,
    flat: Vec<String>,
    short: Option<String>,
}

impl Object {
    pub(crate) fn new(doc: &str) -> Self {
        Self {
            description: doc.trim().to_owned(),
            properties: Vec::new(),
            required: Vec::new(),
            flat: Vec::new(),
            short: None,
        }
    }

    pub(crate) fn field(&mut self, field: &str, schema: Value, doc: &str, required: bool) {
        let key = kebab(field);
        if required {
            self.required.push(Value::text(key.clone()));
        }
        self.properties.push((key, described(schema, doc)));
    }

    pub(crate) fn flat(&mut self, choices: Vec<(String, Value)>) {
        for (key, schema) in choices {
            self.flat.push(key.clone());
            self.properties.push((key, schema));
        }
    }

    pub(crate) fn short(&mut self, field: &str) {
        self.short = Some(kebab(field));
    }

    pub(crate) fn finish(self) -> Value {
        let scalar = self.short.as_ref().and_then(|short| {
            let found = self.properties.iter().find(|(key, _)| key == short);
            found.map(|(_, schema)| schema.clone())
        });
        let mut out = vec![
            ("type".to_owned(), Value::text("object")),
            ("description".to_owned(), Value::text(self.description)),
            ("properties".to_owned(), Value::Map(self.properties)),
        ];
        if !self.required.is_empty() {
            out.push(("required".to_owned(), Value::List(self.required)));
        }
        if !self.flat.is_empty() {
            let one = |key: &String| {
                Value::map([("required", Value::List(vec![Value::text(key.clone())]))])
            };
            out.push((
                "oneOf".to_owned(),
                Value::List(self.flat.iter().map(one).collect()),
            ));
        }
        out.push(("additionalProperties".to_owned(), Value::Bool(false)));
        match scalar {
            Some(scalar) => Value::map([("anyOf", Value::List(vec![scalar, Value::Map(out)]))]),
            None => Value::Map(out),
        }
    }
}

fn described(schema: Value, doc: &str) -> Value {
    match schema {
        Value::Map(mut entries) => {
            entries.retain(|(key, _)| key != "description");
            entries.push(("description".to_owned(), Value::text(doc.trim())));
            Value::Map(entries)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) => schema,
    }
}

/// Any number of something.
pub(crate) fn list(items: Value) -> Value {
    Value::map([("type", Value::text("array")), ("items", items)])
}

/// Text, perhaps of a pattern.
pub(crate) fn text(doc: &str, pattern: Option<&str>) -> Value {
    let mut out = vec![
        ("type".to_owned(), Value::text("string")),
        ("description".to_owned(), Value::text(doc)),
    ];
    if let Some(pattern) = pattern {
        out.push(("pattern".to_owned(), Value::text(pattern)));
    }
    Value::Map(out)
}

/// A value of a JSON type, or text of a pattern.
pub(crate) fn either(other: &str, doc: &str, pattern: &str) -> Value {
    // A pattern asks nothing of what is no text.
    Value::map([
        (
            "type",
            Value::List(vec![Value::text("string"), Value::text(other)]),
        ),
        ("description", Value::text(doc)),
        ("pattern", Value::text(pattern)),
    ])
}

/// Values of given JSON types.
pub(crate) fn types(types: &[&str]) -> Value {
    let types = types.iter().map(|name| Value::text(*name)).collect();
    Value::map([("type", Value::List(types))])
}

/// One word.
pub(crate) fn word(word: &str, doc: &str) -> Value {
    Value::map([
        ("const", Value::text(word)),
        ("description", Value::text(doc.trim())),
    ])
}

/// One of several words.
pub(crate) fn words(doc: &str, choices: &[(&str, &str)]) -> Value {
    one_of(
        doc,
        choices
            .iter()
            .map(|(choice, doc)| word(choice, doc))
            .collect(),
    )
}

/// A map with the one key.
pub(crate) fn keyed(key: &str, inner: Value, doc: &str) -> Value {
    Value::map([
        ("type", Value::text("object")),
        ("description", Value::text(doc.trim())),
        ("properties", Value::map([(key, inner)])),
        ("required", Value::List(vec![Value::text(key)])),
        ("additionalProperties", Value::Bool(false)),
    ])
}

/// Exactly one of some schemas.
pub(crate) fn one_of(doc: &str, choices: Vec<Value>) -> Value {
    Value::map([
        ("description", Value::text(doc.trim())),
        ("oneOf", Value::List(choices)),
    ])
}
